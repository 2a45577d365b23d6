"""Parting rows into train, val and test: the source's own split, or a stratified, seeded draw."""

from collections.abc import Collection, Sequence

import numpy as np
from jaxtyping import Int, Int32

from foldline.core.checks import integer, number
from foldline.core.errors import DataError

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
    integer(seed, name="seed", low=0, high=2**32 - 1)
    for name, fraction in (("test", test), ("val", val)):
        if fraction is not None:
            number(fraction, name=name, low=0, high=1, above=True, below=True)
    if test is not None or not is_split(partition):
        fraction = DEFAULT_TEST if test is None else test
        train_rows, test_rows = _draw(np.arange(len(labels)), labels, class_names, fraction, seed, part="test")
        own_val: Rows = np.empty(0, dtype=np.intp)
    else:
        train_rows, own_val, test_rows = _own_split(np.asarray(partition))
    if val is None:
        return np.sort(np.concatenate([train_rows, own_val])), test_rows
    if len(own_val):
        return train_rows, own_val, test_rows
    train_rows, val_rows = _draw(train_rows, labels, class_names, val, seed, part="val")
    return train_rows, val_rows, test_rows


def is_split(partition: Collection[str] | None) -> bool:
    """Tell whether a source's marks part it: some images train and some do not."""
    return partition is not None and "train" in partition and ("test" in partition or "val" in partition)


def _own_split(partition: np.ndarray) -> tuple[Rows, Rows, Rows]:
    train_rows, val_rows, test_rows = (np.flatnonzero(partition == part) for part in ("train", "val", "test"))
    if not len(test_rows):
        # A source with a single held-out part keeps it for the numbers that are reported.
        val_rows, test_rows = test_rows, val_rows
    return train_rows, val_rows, test_rows


def _draw(
    rows: Rows, labels: Int32[np.ndarray, " n"], class_names: Sequence[str], fraction: float, seed: int, *, part: str
) -> tuple[Rows, Rows]:
    """Draw a fraction of each class from these rows: (the rest, the drawn)."""
    from sklearn.model_selection import StratifiedShuffleSplit  # slow to import, and not needed to load images

    counts = np.bincount(labels[rows], minlength=len(class_names))
    # With one expected image in each part, scikit-learn's rounding leaves no part without the class.
    needed = int(np.ceil(1 / min(fraction, 1 - fraction) - 1e-9))
    too_small = [k for k, count in enumerate(counts) if 0 < count < needed]
    if too_small:
        k = too_small[0]
        others = f" ({len(too_small)} classes have too few)" if len(too_small) > 1 else ""
        raise DataError(
            f"class {class_names[k]!r} has {counts[k]} images to split{others}; expected at least {needed} for "
            f"{part}={fraction:g}. Add images, leave the class out, or choose another fraction."
        )
    n_drawn = int(np.ceil(fraction * len(rows) - 1e-9))
    drawing = StratifiedShuffleSplit(n_splits=1, test_size=n_drawn, random_state=seed)
    rest, drawn = next(drawing.split(rows, labels[rows]))
    return np.sort(rows[rest]), np.sort(rows[drawn])
