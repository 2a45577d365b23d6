"""What is left of a training run, cut into calls of the compiled program."""

from collections.abc import Generator, Iterator, Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Int32

from foldline.training.batches import epoch_batches
from foldline.training.epoch import Rows
from foldline.training.settings import TrainingSettings
from foldline.training.streamed import CALL_NUMBERS, StreamedRows, one_ahead

CALLS_AN_EPOCH = 8  # where somebody waits for checkpoints, an epoch is cut into so many


class Call(NamedTuple):
    """Steps that are taken in one call.

    Args:
        rows: on the device.
        batches: of them, a row a step.
        within: which rows of `batches` are to be taken.
        steps: which steps of the epoch these are.
        orders: the generator of the orders of rows, as it is before the next epoch's.
    """

    rows: Rows
    batches: Int[Array, "steps batch"]
    within: slice
    steps: slice
    orders: Mapping[str, Any]


def calls_of(
    train: Rows, *, settings: TrainingSettings, generator: np.random.Generator, epoch: int, step: int, in_parts: bool
) -> Generator[tuple[Call, float], None, None]:
    """Cut what is left of a training run into calls; those on rows of a file are read ahead, the next epoch's too.

    Args:
        train: rows to learn from.
        settings: how to train.
        generator: draws the order of each epoch; nobody else's until the last call is taken, or what is given closed.
        epoch: the one to begin with, from 0.
        step: its first step that is left.
        in_parts: whether an epoch of rows on the device is several calls.
    Yields: a call, and the seconds that were waited for its rows.
    """
    calls = _calls(train, settings=settings, generator=generator, epoch=epoch, step=step, in_parts=in_parts)
    if isinstance(train.X, StreamedRows):
        yield from one_ahead(calls)
    else:
        yield from ((call, 0.0) for call in calls)


def _calls(
    train: Rows, *, settings: TrainingSettings, generator: np.random.Generator, epoch: int, step: int, in_parts: bool
) -> Iterator[Call]:
    y, n_columns = np.asarray(train.y), train.X.shape[1]
    batch_size = settings.rows_a_step(len(y))
    n_steps = -(-len(y) // batch_size)
    steps_a_call = -(-n_steps // CALLS_AN_EPOCH) if in_parts else n_steps
    if isinstance(train.X, StreamedRows):
        steps_a_call = min(max(CALL_NUMBERS // (batch_size * n_columns), 1), steps_a_call)
    for _ in range(epoch, settings.epochs):
        order = epoch_batches(y, settings=settings, generator=generator)
        orders = generator.bit_generator.state
        on_device = None if isinstance(train.X, StreamedRows) else jnp.asarray(order)
        for first in range(step, n_steps, steps_a_call):
            steps = slice(first, min(first + steps_a_call, n_steps))
            if on_device is not None:
                yield Call(train, on_device, steps, steps, orders)
            else:
                # The last call is filled up to the length of the others, whose program it shares.
                wanted = np.resize(order[steps], (steps_a_call, batch_size))
                rows, batches = _read(train, wanted)
                yield Call(rows, batches, slice(0, steps.stop - first), steps, orders)
                del rows  # or it stays in memory while the next one's are read
        step = 0


def _read(train: Rows, wanted: Int32[np.ndarray, "steps batch"]) -> tuple[Rows, Int[Array, "steps batch"]]:
    """Put some batches of rows of a file on the device: the rows in the order of the file, and where each is now."""
    assert isinstance(train.X, StreamedRows)
    index = train.X.in_file_order(wanted.ravel())
    places = np.empty(len(train.y), np.int32)
    places[index] = np.arange(len(index), dtype=np.int32)
    numbers = jnp.asarray(train.X.rows(index)).block_until_ready()
    weights = None if train.weights is None else jnp.asarray(np.asarray(train.weights)[index])
    return Rows(numbers, jnp.asarray(np.asarray(train.y)[index]), weights), jnp.asarray(places[wanted])
