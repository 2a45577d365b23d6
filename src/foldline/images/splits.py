"""Parting rows into train, val and test: the source's own split, or a stratified, seeded draw."""

from collections.abc import Collection, Sequence

import numpy as np
from jaxtyping import Int, Int32

from foldline.core.checks import number
from foldline.core.errors import DataError
from foldline.core.seeds import generator_from_seed

PARTS = ("train", "val", "test")
DEFAULT_TEST = 0.2

Rows = Int[np.ndarray, " _"]


def split_rows(
    labels: Int32[np.ndarray, " n"],
    class_names: Sequence[str],
    *,
    partition: Sequence[str] | None,
    test: float | None,
    val: float | None,
    seed: int,
) -> tuple[Rows, ...]:
    """Give the rows of (train, test) or, with `val`, of (train, val, test), each in rising order.

    Args and conventions: those of `ImageSet.split`.
    """
    generator = generator_from_seed(seed)
    for name, fraction in (("test", test), ("val", val)):
        if fraction is not None:
            number(fraction, name=name, low=0, high=1, above=True, below=True)
    if test is not None or not is_split(partition):
        all_rows, fraction = np.arange(len(labels)), DEFAULT_TEST if test is None else test
        _check_sizes(labels, class_names, n_parts=2 if val is None else 3)
        # Validation, if it comes, needs one image of each class and training another.
        train_rows, test_rows = _draw(all_rows, labels, fraction, leave=1 if val is None else 2, generator=generator)
        own_val: Rows = np.empty(0, dtype=np.intp)
    else:
        train_rows, own_val, test_rows = _own_split(np.asarray(partition))
    if val is None:
        return np.sort(np.concatenate([train_rows, own_val])), test_rows
    if len(own_val):
        return train_rows, own_val, test_rows
    _check_sizes(labels[train_rows], class_names, n_parts=2)
    train_rows, val_rows = _draw(train_rows, labels, val, leave=1, generator=generator)
    return train_rows, val_rows, test_rows


def is_split(partition: Collection[str] | None) -> bool:
    """Tell whether a source's marks part it: some images train and some do not."""
    return partition is not None and "train" in partition and ("test" in partition or "val" in partition)


def _own_split(partition: np.ndarray) -> tuple[Rows, Rows, Rows]:
    train_rows, val_rows, test_rows = (np.flatnonzero(partition == part) for part in PARTS)
    if not len(test_rows):
        # A source with a single held-out part keeps it for the numbers that are reported.
        val_rows, test_rows = test_rows, val_rows
    return train_rows, val_rows, test_rows


def _check_sizes(labels: Int32[np.ndarray, " _"], class_names: Sequence[str], *, n_parts: int) -> None:
    counts = np.bincount(labels, minlength=len(class_names))
    too_small = np.flatnonzero((counts > 0) & (counts < n_parts))
    if len(too_small):
        k = too_small[0]
        others = f" ({len(too_small)} classes have too few)" if len(too_small) > 1 else ""
        parts = "training and testing" if n_parts == 2 else "training, validation and testing"
        raise DataError(
            f"class {class_names[k]!r} has {counts[k]} {'image' if counts[k] == 1 else 'images'} to split{others}; "
            f"expected at least {n_parts}, one for each of {parts}. Add images or leave the class out."
        )


def _draw(
    rows: Rows, labels: Int32[np.ndarray, " n"], fraction: float, *, leave: int, generator: np.random.Generator
) -> tuple[Rows, Rows]:
    """Draw a fraction of each class from these rows, at least one and leaving some: (the rest, the drawn)."""
    drawn = []
    for label in np.unique(labels[rows]):
        of_class = generator.permutation(rows[labels[rows] == label])
        n_drawn = min(max(int(fraction * len(of_class) + 0.5), 1), len(of_class) - leave)
        drawn.append(of_class[:n_drawn])
    drawn_rows = np.sort(np.concatenate(drawn)) if drawn else rows[:0]
    return np.setdiff1d(rows, drawn_rows, assume_unique=True), drawn_rows
