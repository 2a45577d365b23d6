"""The training loop seen from outside: a model and rows in, a fitted model and its history out."""

from collections.abc import Callable, Sequence
from contextlib import closing

import jax
import numpy as np
from jaxtyping import Float32, PRNGKeyArray

from foldline.core.errors import DivergedError
from foldline.core.progress import tracking
from foldline.models import Net
from foldline.training.calls import calls_of
from foldline.training.checkpoints import Checkpoints, CheckpointWriter, Snapshot
from foldline.training.curves import Curves
from foldline.training.epoch import Rows, first_state, run_steps
from foldline.training.history import EpochReport, History
from foldline.training.settings import Hyper, Plan, TrainingSettings

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
    batch_size = settings.rows_a_step(len(train.y))
    n_steps = -(-len(train.y) // batch_size)
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

    calls = calls_of(
        train, settings=settings, generator=generator, epoch=run.epoch, step=run.step, in_parts=writer is not None
    )
    with closing(calls), tracking("training", settings.epochs) as advance:
        advance(run.epoch, "")
        while not is_over():
            while run.step < n_steps:
                call, waited_s = next(calls)
                first, last = call.within.start, call.within.stop
                run.state, new = run_steps(run.state, call.rows, call.batches, first, last, hyper, plan=plan)
                # This waits for the device: it has nothing to do while rows are waited for after it.
                run.losses[call.steps] = np.asarray(new.mean_loss)[call.within]
                run.n_right[call.steps] = np.asarray(new.n_right)[call.within]
                run.step = call.steps.stop
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
            run.epoch, run.step, run.orders = run.epoch + 1, 0, call.orders
            advance(1, run.curves.note())
            for callback in callbacks:
                run.is_stopped |= bool(callback(run.curves.report(run.state.model)))
            if writer is not None and (is_over() or writer.is_due(at_end_of_epoch=run.epoch)):
                _check_finite_weights(run.state.model, settings=settings)
                writer.write(run)
    _check_finite_weights(run.curves.best_model, settings=settings)
    return run.curves.best_model, run.curves.history()


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
