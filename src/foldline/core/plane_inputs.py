"""Functions of a point of the plane: what a net may see of it besides x and y."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Float32

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


def plane_inputs(xy: Float[np.ndarray, "n 2"], inputs: Sequence[str]) -> Float32[np.ndarray, "n d"]:
    """Compute functions of points, a column each.

    Args:
        xy: (N, 2) points.
        inputs: keys of TRANSFORMS.
    Convention: the angle is in radians, from -pi to pi, against the clock from the x-axis.
    Example:
        >>> plane_inputs(np.array([[3.0, 4.0]]), ["y", "x2", "r"])
        array([[4., 9., 5.]], dtype=float32)
    """
    x, y = xy[:, 0], xy[:, 1]
    return np.stack([TRANSFORMS[name](x, y) for name in inputs], axis=1).astype(np.float32)
