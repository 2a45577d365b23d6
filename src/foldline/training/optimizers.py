"""Optimisers and learning-rate schedules, from optax."""

import equinox as eqx
import jax
import optax

from foldline.models import Net
from foldline.training.settings import Hyper, Plan

STEP_FACTOR = 0.1  # He et al. (2016), section 3.4: divide by ten at fixed points of the run


def optimizer(plan: Plan, hyper: Hyper) -> optax.GradientTransformation:
    """Give optax's SGD or AdamW with the plan's schedule.

    Convention: AdamW's weight decay is 2 * l2, decoupled from the gradient and on weights alone, so that it is the
        gradient of the same penalty; beta = (0.9, 0.999), epsilon = 1e-8.
    Source: Sutskever et al. (2013), section 2, for momentum and Nesterov; Loshchilov and Hutter (2019) for AdamW.
    """
    rate = schedule(plan, hyper)
    if plan.optimizer == "sgd":
        steps = optax.sgd(rate, momentum=hyper.momentum, nesterov=plan.nesterov)
    else:
        steps = optax.adamw(rate, weight_decay=2.0 * hyper.l2, mask=_learned_weights)
    return optax.chain(optax.clip_by_global_norm(hyper.clip_norm), steps) if plan.has_clip_norm else steps


def schedule(plan: Plan, hyper: Hyper) -> optax.Schedule:
    """Give the learning rate as a function of the step.

    Source: Loshchilov and Hutter (2017), eq. 5, one period, for the cosine; Smith and Topin (2018), section 3, for the
        one cycle, with optax's cosines, first and last rate.
    """
    after_warmup = _after_warmup(plan, hyper)
    if not plan.warmup_steps:
        return after_warmup
    rise = optax.linear_schedule(hyper.lr / (plan.warmup_steps + 1), hyper.lr, plan.warmup_steps)
    return optax.join_schedules([rise, after_warmup], [plan.warmup_steps])


def _after_warmup(plan: Plan, hyper: Hyper) -> optax.Schedule:
    n_steps = max(plan.total_steps - plan.warmup_steps, 1)
    if plan.schedule == "constant":
        return optax.constant_schedule(hyper.lr)
    if plan.schedule == "step":
        # The first step has the full rate even in the shortest run; equal boundaries would be one key.
        half = max(n_steps // 2, 1)
        boundaries = {half: STEP_FACTOR, max(3 * n_steps // 4, half + 1): STEP_FACTOR}
        return optax.piecewise_constant_schedule(hyper.lr, boundaries)
    if plan.schedule == "one_cycle":
        return optax.cosine_onecycle_schedule(n_steps, hyper.lr)
    return optax.cosine_decay_schedule(hyper.lr, n_steps)


def _learned_weights(model: Net) -> Net:
    nothing = jax.tree.map(lambda _: False, model)
    mask: Net = eqx.tree_at(lambda net: [layer.W for layer in net.learned], nothing, replace_fn=lambda _: True)
    return mask
