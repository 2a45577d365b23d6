"""What the net sees of a point where that is the plane itself, and the points of a picture of it."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64


def selection(inputs: Sequence[str]) -> Float64[np.ndarray, "d 2"] | None:
    """Give the matrix that takes (x, y) to the inputs; None if one of them is not a coordinate."""
    if not set(inputs) <= {"x", "y"}:
        return None
    return np.array([[name == "x", name == "y"] for name in inputs], np.float64)


def window_grid(window: tuple[float, float, float, float], *, side: int) -> Float64[np.ndarray, "n 2"]:
    """Give the middles of side x side pixels of a window, the top row first."""
    left, right, bottom, top = window
    share = (np.arange(side) + 0.5) / side
    x, y = np.meshgrid(left + share * (right - left), top - share * (top - bottom))
    return np.stack([x.ravel(), y.ravel()], axis=1)
