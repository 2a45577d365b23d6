"""What the net sees of a point: its coordinates and functions of them."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Float32, Float64

Column = Float[np.ndarray, " n"]

TRANSFORMS: dict[str, Callable[[Column, Column], Column]] = {
    "x": lambda x, y: x,
    "y": lambda x, y: y,
    "x2": lambda x, y: x * x,
    "y2": lambda x, y: y * y,
    "xy": lambda x, y: x * y,
    "sinx": lambda x, y: np.sin(x),
    "siny": lambda x, y: np.sin(y),
    "r": np.hypot,
    "angle": lambda x, y: np.arctan2(y, x),
}


def net_inputs(xy: Float[np.ndarray, "n 2"], inputs: Sequence[str]) -> Float32[np.ndarray, "n d"]:
    """Compute what the net sees of points.

    Args:
        xy: (N, 2) points.
        inputs: keys of TRANSFORMS.
    Convention: the angle is in radians, from -pi to pi, against the clock from the x-axis.
    """
    x, y = xy[:, 0], xy[:, 1]
    return np.stack([TRANSFORMS[name](x, y) for name in inputs], axis=1).astype(np.float32)


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
