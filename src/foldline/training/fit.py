"""The training loop seen from outside: a model and rows in, a fitted model and its history out."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int32, PRNGKeyArray

from foldline.core.errors import DivergedError
from foldline.core.progress import tracking
from foldline.models import MLP
from foldline.training.curves import Curves
from foldline.training.epoch import Rows, first_state, run_epoch
from foldline.training.history import History
from foldline.training.objective import BatchProgress
from foldline.training.settings import Hyper, Plan, TrainingSettings


def fit_model(
    model: MLP,
    train: Rows,
    *,
    settings: TrainingSettings,
    key: PRNGKeyArray,
    val: Rows | None = None,
) -> tuple[MLP, History]:
    """Minimise the regularised loss by mini-batch descent.

    Every epoch is one compiled program over a new random order of the rows. With validation rows, the weights of the
    epoch with the best validation accuracy are kept and `settings.patience` may stop early; without, the last
    epoch's.

    Args:
        model: net with its first weights.
        train: rows to learn from.
        settings: how to train.
        key: PRNG key; decides the order of the rows and dropout.
        val: rows that are only looked at.
    Returns: the fitted net and its learning curves.
    Raises: DivergedError if the loss becomes NaN or infinite.
    Convention: when the batch size does not divide N, the last batch of an epoch is filled up with rows from the
        epoch's beginning; a set smaller than one batch is one batch.
    """
    n_rows = len(train.y)
    batch_size = settings.rows_a_step(n_rows)
    n_steps = -(-n_rows // batch_size)
    plan, hyper = Plan.of(settings, total_steps=n_steps * settings.epochs), Hyper.of(settings)
    order_key, dropout_key = jax.random.split(key)
    generator = np.random.default_rng(np.asarray(jax.random.key_data(order_key)))

    state = first_state(model, hyper, dropout_key, plan=plan)
    curves = Curves(model)
    with tracking("training", settings.epochs) as advance:
        for epoch in range(settings.epochs):
            order = shuffled_batches(n_rows, batch_size, generator=generator)
            state, progress = run_epoch(state, train, jnp.asarray(order), hyper, plan=plan)
            _check_finite(progress, first_step=epoch * n_steps, settings=settings)
            mean_loss = float(np.mean(np.asarray(progress.mean_loss), dtype=np.float64))
            curves.add(loss=mean_loss, accuracy=float(np.mean(np.asarray(progress.n_right)) / batch_size))
            if val is None:
                curves.keep(state.model)
            else:
                curves.judge(state.model, val, loss=settings.loss)
            advance(1, curves.note())
            if curves.has_stalled(settings.patience):
                break
    _check_finite_weights(curves.best_model, settings=settings)
    return curves.best_model, curves.history()


def shuffled_batches(
    n_rows: int, batch_size: int, *, generator: np.random.Generator
) -> Int32[np.ndarray, "steps batch"]:
    """Draw a random order of the rows, cut into batches; the last is filled up from the beginning.

    Example:
        >>> shuffled_batches(5, 2, generator=np.random.default_rng(0)).shape
        (3, 2)
    """
    n_steps = -(-n_rows // batch_size)
    order = generator.permutation(n_rows).astype(np.int32)
    return np.concatenate([order, order[: n_steps * batch_size - n_rows]]).reshape(n_steps, batch_size)


def _check_finite(progress: BatchProgress, *, first_step: int, settings: TrainingSettings) -> None:
    losses = np.asarray(progress.mean_loss)
    bad = np.flatnonzero(~np.isfinite(losses))
    if len(bad):
        raise _diverged(f"the loss became {losses[bad[0]]} at step {first_step + bad[0] + 1}", settings)


def _check_finite_weights(model: MLP, *, settings: TrainingSettings) -> None:
    # The last update of a run has no loss after it that would show its damage.
    if not all(np.isfinite(np.asarray(leaf)).all() for leaf in jax.tree.leaves(model)):
        raise _diverged("the weights became infinite or NaN in the last step", settings)


def _diverged(what: str, settings: TrainingSettings) -> DivergedError:
    return DivergedError(
        f"{what}; expected finite numbers. Lower lr (now {settings.lr:g}), for example to {settings.lr / 10:g}, or "
        f"scale the features."
    )
