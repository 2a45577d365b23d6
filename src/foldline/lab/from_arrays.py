"""Points of arrays, for the lab: in their own units, with the window that shows them."""

import math

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

from foldline.core.checks import axes
from foldline.core.errors import DataError
from foldline.core.text import printable
from foldline.lab.points import PointTable, check_spread
from foldline.lab.state import FARTHEST
from foldline.lab.tables import check_n_classes, check_n_points, shown

AXES = ("x", "y")
MARGIN = 0.1  # of the window, on each side


def points_from_arrays(X: ArrayLike, y: ArrayLike, classes: np.ndarray | None = None) -> PointTable:
    """Take points and their classes as they are, after the checks that a CSV file gets.

    Args:
        X: (N, 2) finite numbers, N from 2 to 5,000.
        y: (N,) labels of any type, 2 to 8 different ones.
        classes: the labels that a net knows, in the order of its scores; None for those of y, sorted.
    Raises: ShapeError for other shapes; DataError for other numbers and labels.
    """
    try:
        xy, labels = np.asarray(X, np.float64), np.asarray(y)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"X has something that is no number ({printable(str(error))[:80]}); expected two finite numbers a row. "
            f"Convert it."
        ) from error
    n, _ = axes(xy, "n 2", name="X", fix="Give two columns, or the first two principal components of more.")
    axes(labels, str(n), name="y", fix="Give one label for each row of X.")
    check_n_points(n, name="X")
    wrong = np.flatnonzero(~(np.abs(xy) <= FARTHEST).all(axis=1))
    if len(wrong):
        found = ",".join(f"{number:g}" for number in xy[wrong[0]])
        raise DataError(
            f"X has {found!r} in row {wrong[0]}; expected two finite numbers, up to {FARTHEST:,.0f}. Mend that row, or "
            f"scale X before the model is fitted."
        )
    known = _different(labels) if classes is None else classes
    check_n_classes(len(known), name="y" if classes is None else "model")
    check_spread(xy, AXES, name="X")
    places = {label: place for place, label in enumerate(known.tolist())}
    strange = [label for label in labels.tolist() if label not in places]
    if strange:
        raise DataError(
            f"y has the class {shown(strange[0])!r}, which the model does not know; expected "
            f"{', '.join(map(shown, places))}. Leave these rows out."
        )
    return PointTable(
        columns=AXES,
        numbers=xy,
        labels=np.array([places[label] for label in labels.tolist()], np.int32),
        class_names=tuple(map(shown, places)),
        middle=np.zeros(2),
        unit=np.ones(2),
    )


def window_of(xy: Float64[np.ndarray, "n 2"]) -> tuple[float, float, float, float]:
    """Give left, right, bottom and top of a window with all points in it, of few digits."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    margin = MARGIN * (high - low)
    (left, right), (bottom, top) = (
        _rounded_out(a, b) for a, b in zip((low - margin).tolist(), (high + margin).tolist(), strict=True)
    )
    return left, right, bottom, top


def _rounded_out(low: float, high: float) -> tuple[float, float]:
    digits = 2 - math.floor(math.log10(high - low))
    step = 10.0**-digits
    ends = round(math.floor(low / step) * step, digits), round(math.ceil(high / step) * step, digits)
    return max(ends[0], -FARTHEST), min(ends[1], FARTHEST)


def _different(labels: np.ndarray) -> np.ndarray:
    try:
        return np.unique(labels)
    except TypeError as error:  # a number beside a text
        raise DataError("y has labels of several kinds; expected one kind. Convert them to text.") from error
