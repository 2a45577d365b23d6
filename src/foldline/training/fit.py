"""The training loop seen from outside: a model and rows in, a fitted model and its history out."""

from collections.abc import Callable, Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32, Int, Int32, PRNGKeyArray

from foldline.core.errors import DivergedError
from foldline.core.progress import tracking
from foldline.models import Net
from foldline.training.batches import epoch_batches
from foldline.training.checkpoints import Checkpoints, CheckpointWriter, Snapshot
from foldline.training.curves import Curves
from foldline.training.epoch import Rows, first_state, run_steps
from foldline.training.history import EpochReport, History
from foldline.training.settings import Hyper, Plan, TrainingSettings
from foldline.training.streamed import CALL_NUMBERS, StreamedRows, read_ahead

CALLS_AN_EPOCH = 8  # where somebody waits for checkpoints, an epoch is cut into so many

Callback = Callable[[EpochReport], bool | None]


def fit_model(
    model: Net,
    train: Rows,
    *,
    settings: TrainingSettings,
    key: PRNGKeyArray,
    val: Rows | None = None,
    checkpoints: Checkpoints | None = None,
    callbacks: Sequence[Callback] = (),
) -> tuple[Net, History]:
    """Minimise the regularised loss by mini-batch descent.

    Every epoch is one compiled program over a new random order of the rows, or of as many that have each class equally
    often. With validation rows, the weights of the
    epoch with the best validation accuracy are kept and `settings.patience` may stop early; without, the last
    epoch's.

    Args:
        model: net with its first weights.
        train: rows to learn from.
        settings: how to train.
        key: PRNG key; decides the order of the rows, dropout and augmentation.
        val: rows that are only looked at.
        checkpoints: where the run is written down, and goes on from if it was; None for nowhere.
        callbacks: called with every epoch's report; one that gives True ends the training.
    Returns: the fitted net and its learning curves.
    Raises: DivergedError if the loss becomes NaN or infinite; SaveError if a checkpoint cannot be written;
        ModelFileError or SettingError if the newest one is damaged or of another run.
    Convention: when the batch size does not divide N, the last batch of an epoch is filled up with rows from the
        epoch's beginning; a set smaller than one batch is one batch.
    """
    labels = np.asarray(train.y)
    batch_size = settings.rows_a_step(len(labels))
    n_steps = -(-len(labels) // batch_size)
    plan, hyper = Plan.of(settings, total_steps=n_steps * settings.epochs), Hyper.of(settings)
    order_key, chance_key = jax.random.split(key)
    generator = np.random.default_rng(np.asarray(jax.random.key_data(order_key)))

    run = Snapshot(
        state=first_state(model, hyper, chance_key, plan=plan),
        curves=Curves(model),
        losses=np.zeros(n_steps, np.float32),
        n_right=np.zeros(n_steps, np.int32),
        orders=generator.bit_generator.state,
    )
    writer = None
    if checkpoints is not None:
        writer = CheckpointWriter.of(checkpoints, model=model, train=train, val=val, settings=settings, key=key)
        run = writer.newest(run) or run
        generator.bit_generator.state = run.orders

    def is_over() -> bool:
        return run.is_stopped or run.epoch == settings.epochs or run.curves.has_stalled(settings.patience)

    with tracking("training", settings.epochs) as advance:
        advance(run.epoch, "")
        while not is_over():
            order = epoch_batches(labels, settings=settings, generator=generator)
            for rows, batches, some, waited_s in _calls(train, order, first_step=run.step, in_parts=writer is not None):
                n_first, n_last = (0, some.stop - some.start) if rows is not train else (some.start, some.stop)
                run.state, new = run_steps(run.state, rows, batches, n_first, n_last, hyper, plan=plan)
                # This waits for the device: it has nothing to do while rows are waited for after it.
                run.losses[some] = np.asarray(new.mean_loss)[n_first:n_last]
                run.n_right[some] = np.asarray(new.n_right)[n_first:n_last]
                run.step = some.stop
                run.curves.waited_s += waited_s
                _check_finite(run.losses[: run.step], first_step=run.epoch * n_steps, settings=settings)
                if writer is not None and run.step < n_steps and writer.is_due():
                    writer.write(run)
            run.curves.add(
                loss=float(np.mean(run.losses, dtype=np.float64)),
                accuracy=float(np.mean(run.n_right) / batch_size),
            )
            if val is None:
                run.curves.keep(run.state.model)
            else:
                run.curves.judge(run.state.model, val, loss=settings.loss)
            run.epoch, run.step, run.orders = run.epoch + 1, 0, generator.bit_generator.state
            advance(1, run.curves.note())
            for callback in callbacks:
                run.is_stopped |= bool(callback(run.curves.report(run.state.model)))
            if writer is not None and (is_over() or writer.is_due(at_end_of_epoch=run.epoch)):
                _check_finite_weights(run.state.model, settings=settings)
                writer.write(run)
    _check_finite_weights(run.curves.best_model, settings=settings)
    return run.curves.best_model, run.curves.history()


def _calls(
    train: Rows, order: Int32[np.ndarray, "steps batch"], *, first_step: int, in_parts: bool
) -> Iterator[tuple[Rows, Int[Array, "steps batch"], slice, float]]:
    """Cut what is left of an epoch into calls.

    Yields: rows on the device, batches of them, which steps these are, and the seconds that were waited for the rows.
    """
    n_steps, batch_size = order.shape
    steps_a_call = -(-n_steps // CALLS_AN_EPOCH) if in_parts else n_steps
    if not isinstance(train.X, StreamedRows):
        on_device = jnp.asarray(order)
        for first in range(first_step, n_steps, steps_a_call):
            yield train, on_device, slice(first, min(first + steps_a_call, n_steps)), 0.0
        return
    steps_a_call = min(max(CALL_NUMBERS // (batch_size * train.X.shape[1]), 1), steps_a_call)
    some = [slice(first, min(first + steps_a_call, n_steps)) for first in range(first_step, n_steps, steps_a_call)]
    # The last call is filled up to the length of the others, whose program it shares. Rows are read in the order of the
    # file and numbered anew by it.
    filled = [np.resize(order[part].ravel(), steps_a_call * batch_size) for part in some]
    read = [train.X.in_file_order(index) for index in filled]
    y, weights = np.asarray(train.y), None if train.weights is None else np.asarray(train.weights)
    places = np.empty(len(y), np.int32)
    for part, wanted, index, (numbers, waited_s) in zip(some, filled, read, read_ahead(train.X, read), strict=True):
        places[index] = np.arange(len(index), dtype=np.int32)
        batches = jnp.asarray(places[wanted].reshape(steps_a_call, batch_size))
        picked_weights = None if weights is None else jnp.asarray(weights[index])
        yield Rows(numbers, jnp.asarray(y[index]), picked_weights), batches, part, waited_s


def _check_finite(losses: Float32[np.ndarray, " steps"], *, first_step: int, settings: TrainingSettings) -> None:
    bad = np.flatnonzero(~np.isfinite(losses))
    if len(bad):
        raise _diverged(f"the loss became {losses[bad[0]]} at step {first_step + bad[0] + 1}", settings)


def _check_finite_weights(model: Net, *, settings: TrainingSettings) -> None:
    # The last update of a run has no loss after it that would show its damage.
    if not all(np.isfinite(np.asarray(leaf)).all() for leaf in jax.tree.leaves(model)):
        raise _diverged("the weights became infinite or NaN in the last step", settings)


def _diverged(what: str, settings: TrainingSettings) -> DivergedError:
    return DivergedError(
        f"{what}; expected finite numbers. Lower lr (now {settings.lr:g}), for example to {settings.lr / 10:g}, or "
        f"scale the features."
    )
