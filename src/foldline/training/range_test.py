"""Batch losses while the learning rate grows from step to step: the range test, of several first weights at once."""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Float64, Int, Key, PRNGKeyArray

from foldline.core.errors import SettingError
from foldline.models import Net
from foldline.training.batches import epoch_batches
from foldline.training.epoch import Rows, TrainingState, first_state, training_step
from foldline.training.settings import Hyper, Plan, TrainingSettings
from foldline.training.streamed import StreamedRows


def range_losses(
    models: Sequence[Net],
    train: Rows,
    *,
    settings: TrainingSettings,
    keys: Sequence[PRNGKeyArray],
    rates: Float64[np.ndarray, " steps"],
) -> Float64[np.ndarray, "seeds steps"]:
    """Take one step at each rate, from the first to the last, and note the loss of the batch before it.

    All seeds and steps are one compiled program. It goes on where a seed diverges; losses after that mean nothing.

    Args:
        models: first weights, one net a seed, of one architecture.
        train: rows to learn from, in memory.
        settings: how to train; schedule, warm-up and epochs do not count.
        keys: PRNG keys, one a seed.
        rates: learning rates, above 0.
    Returns: mean losses of the batches, without the penalty.
    Raises: SettingError if the rows are in a file.
    """
    if isinstance(train.X, StreamedRows):
        raise SettingError(
            "the rows stay in their file; expected some of them in memory, to look for a rate. Give "
            "numpy.array(X[:10000]) or the like, with its labels."
        )
    # Every step is told its rate: the plan's own schedule stands still.
    plan = Plan.of(settings, total_steps=len(rates))._replace(schedule="constant", warmup_steps=0)
    hyper = Hyper.of(settings)
    order_keys, chance_keys = zip(*(jax.random.split(key) for key in keys), strict=True)
    orders = [_order(np.asarray(train.y), len(rates), settings=settings, key=key) for key in order_keys]
    stacked: Net = jax.tree.map(lambda *leaves: jnp.stack(leaves), *models)
    losses = _run(
        stacked,
        train,
        jnp.asarray(np.stack(orders, axis=1)),
        jnp.asarray(rates, jnp.float32),
        hyper,
        jnp.stack(chance_keys),
        plan=plan,
    )
    return np.asarray(losses, np.float64).T


def _order(
    y: Int[np.ndarray, " n"], n_steps: int, *, settings: TrainingSettings, key: PRNGKeyArray
) -> Int[np.ndarray, "steps batch"]:
    """Draw as many epochs as the steps need."""
    generator = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    n_epochs = -(-n_steps // -(-len(y) // settings.rows_a_step(len(y))))
    epochs = [epoch_batches(y, settings=settings, generator=generator) for _ in range(n_epochs)]
    return np.concatenate(epochs)[:n_steps]


@partial(jax.jit, static_argnames=("plan",))
def _run(
    models: Net,
    rows: Rows,
    orders: Int[Array, "steps seeds batch"],
    rates: Float32[Array, " steps"],
    hyper: Hyper,
    keys: Key[Array, " seeds"],
    *,
    plan: Plan,
) -> Float[Array, "steps seeds"]:
    of_seeds = jax.vmap(partial(training_step, plan=plan), in_axes=(0, None, 0, None))

    def step(
        states: TrainingState, now: tuple[Int[Array, "seeds batch"], Float[Array, ""]]
    ) -> tuple[TrainingState, Float[Array, " seeds"]]:
        batches, rate = now
        states, progress = of_seeds(states, rows, batches, hyper._replace(lr=rate))
        return states, progress.mean_loss

    states = jax.vmap(partial(first_state, plan=plan), in_axes=(0, None, 0))(models, hyper, keys)
    losses: Float[Array, "steps seeds"] = jax.lax.scan(step, states, (orders, rates))[1]
    return losses
