"""Which rows the steps of an epoch meet."""

import numpy as np
from jaxtyping import Int, Int32

from foldline.training.settings import TrainingSettings


def epoch_batches(
    y: Int[np.ndarray, " n"], *, settings: TrainingSettings, generator: np.random.Generator
) -> Int32[np.ndarray, "steps batch"]:
    """Draw the rows of one epoch, a batch a step, as the settings say; an epoch hangs on the generator alone."""
    batch_size = settings.rows_a_step(len(y))
    if settings.sampling == "balanced":
        return balanced_batches(y, batch_size, generator=generator)
    return shuffled_batches(len(y), batch_size, generator=generator)


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


def balanced_batches(
    y: Int[np.ndarray, " n"], batch_size: int, *, generator: np.random.Generator
) -> Int32[np.ndarray, "steps batch"]:
    """Draw as many batches as N rows fill, in which every class is met as often as any other.

    Args:
        y: (N,) labels; classes without a row are left out.
        batch_size: rows a step, at most N.
        generator: draws the order.
    Convention: of K classes, every K rows in turn hold one of each, in a random order; an epoch, and any part of it,
        has them as often as each other up to one row, or up to two where the part begins within such a turn.
    Convention: a class's rows are met pass after pass, each in a new random order, until its share is full: none is met
        again before all others of its class were.
    Example:
        >>> order = balanced_batches(np.array([0, 0, 0, 0, 0, 1]), 3, generator=np.random.default_rng(0))
        >>> int(np.count_nonzero(order == 5)), order.shape
        (3, (2, 3))
    """
    n_steps = -(-len(y) // batch_size)
    by_class = np.split(np.argsort(y, kind="stable").astype(np.int32), np.cumsum(np.bincount(y))[:-1])
    by_class = [rows for rows in by_class if len(rows)]
    classes = _in_passes(np.arange(len(by_class)), n_steps * batch_size, generator=generator)
    order = np.empty(len(classes), np.int32)
    # Stable: the places of a class stay in their order, and its passes one after the other.
    order[np.argsort(classes, kind="stable")] = np.concatenate(
        [_in_passes(rows, n, generator=generator) for rows, n in zip(by_class, np.bincount(classes), strict=True)]
    )
    return order.reshape(n_steps, batch_size)


def _in_passes(
    items: Int[np.ndarray, " m"], n: int | np.integer, *, generator: np.random.Generator
) -> Int[np.ndarray, " n"]:
    """Give n items: all of them again and again, each time in a new random order."""
    passes = np.tile(items, (-(-int(n) // len(items)), 1))
    return generator.permuted(passes, axis=1).ravel()[:n]
