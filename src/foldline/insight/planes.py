"""Flat slices of a net's input space, and the window on them that is looked at."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from foldline.core.checks import axes, is_list, number
from foldline.core.errors import DataError, SettingError

MARGIN = 0.25  # of the extent of what is in the window, on each side
FARTHEST = 1e30
# Of a window's largest end, or 1e-30: corners far out are off by 1e-16 of that, which is then 1e-7 of the window.
NARROWEST = 1e-9


@dataclass(frozen=True, kw_only=True)
class Plane:
    """A plane through a space of D dimensions: x = origin + axes (a, b).

    Args:
        origin: (D,) where (a, b) is (0, 0).
        axes: (D, 2) directions of a and b, of length 1 and at right angles.
        window: smallest a, largest a, smallest b, largest b; from -1e30 to 1e30, and each side at least 1e-9 of its
            larger end.
    Raises: SettingError for another window; ShapeError for axes of another space than the origin's.
    """

    origin: Float64[np.ndarray, " d"]
    axes: Float64[np.ndarray, "d 2"]
    window: tuple[float, float, float, float]

    def __post_init__(self) -> None:
        axes(self.origin, "d", name="origin", fix="Give one vector.")
        axes(self.axes, f"{len(self.origin)} 2", name="axes", fix="Give two directions of the origin's space.")
        if not is_list(self.window) or len(self.window) != 4:
            raise SettingError(
                f"window is {self.window!r}; expected smallest a, largest a, smallest b, largest b. Give four numbers."
            )
        ends = [number(end, name="an end of window", low=-FARTHEST, high=FARTHEST) for end in self.window]
        for low, high in (ends[:2], ends[2:]):
            if high - low < NARROWEST * max(abs(low), abs(high), 1 / FARTHEST):
                raise SettingError(
                    f"window is {self.window}; expected (smallest a, largest a, smallest b, largest b), the larger "
                    f"ends clearly above the smaller. Exchange ends, or look at a wider window."
                )

    @classmethod
    def whole(cls, window: tuple[float, float, float, float] = (-1.0, 1.0, -1.0, 1.0)) -> "Plane":
        """Take the plane itself, for nets of two inputs.

        Args:
            window: smallest and largest first input, smallest and largest second one.
        """
        return cls(origin=np.zeros(2), axes=np.eye(2), window=window)

    @classmethod
    def around(cls, X: Float[np.ndarray, "n d"]) -> "Plane":
        """Take the plane itself with a window around points, for nets of two inputs.

        Raises: DataError if the points have no extent in one direction.
        """
        axes(X, "n 2", name="X", fix="Give points of the plane.")
        return cls(origin=np.zeros(2), axes=np.eye(2), window=_window(_finite(X)))

    @classmethod
    def through(cls, points: Float[np.ndarray, "n d"]) -> "Plane":
        """Take the plane through three points, such as the feature vectors of three images.

        Args:
            points: (3, D), the first becomes the origin, the second lies on the first axis.
        Raises: DataError if the points are not distinct or lie on one line.
        """
        axes(points, "3 d", name="points", fix="Give three vectors.")
        first, second, third = _finite(points)
        toward, beside = second - first, third - first
        lengths = np.linalg.norm(toward), np.linalg.norm(beside), np.linalg.norm(third - second)
        if min(lengths) <= 1e-9 * float(np.abs(points).max()):
            raise DataError(
                "two of the three points of the plane are the same; expected three different ones. Choose others."
            )
        u = toward / lengths[0]
        across = beside - (beside @ u) * u
        if np.linalg.norm(across) <= 1e-7 * max(lengths):
            raise DataError(
                "the three points of the plane lie on one line, through which there are many planes; expected a "
                "triangle. Choose others."
            )
        plane = np.column_stack([u, across / np.linalg.norm(across)])
        return cls(origin=first, axes=plane, window=_window((_finite(points) - first) @ plane))

    @classmethod
    def principal(cls, X: Float[np.ndarray, "n d"]) -> "Plane":
        """Take the plane through the mean along the two directions in which vectors differ most.

        Args:
            X: (N, D), three or more.
        Raises: DataError for fewer, or if they lie on one line.
        """
        n, _ = axes(X, "n d", name="X", fix="Give one vector a row.")
        if n < 3:
            raise DataError(f"X has {n} rows; expected at least 3 to lay a plane through. Give more.")
        X = _finite(X)
        origin = X.mean(axis=0)
        _, strengths, directions = np.linalg.svd(X - origin, full_matrices=False)
        if len(strengths) < 2 or strengths[1] <= 1e-7 * strengths[0] or strengths[0] == 0:
            raise DataError("the rows of X lie on one line; expected them to spread over a plane. Give others.")
        # The sign of a principal direction is free; the largest entry is made positive, so that it is not by chance.
        directions = directions[:2]
        signs = np.sign(directions[[0, 1], np.abs(directions).argmax(axis=1)])
        plane = (directions * signs[:, None]).T
        return cls(origin=origin, axes=plane, window=_window((X - origin) @ plane))

    def at(self, points: Float[np.ndarray, "n d"]) -> Float64[np.ndarray, "n _"]:
        """Give the vectors at points of the plane."""
        axes(points, "n 2", name="points", fix="Give points of the plane.")
        return np.asarray(self.origin + np.asarray(points, np.float64) @ self.axes.T)

    def coordinates(self, X: Float[np.ndarray, "n d"]) -> Float64[np.ndarray, "n 2"]:
        """Give the points of the plane that are nearest to vectors."""
        axes(X, f"n {len(self.origin)}", name="X", fix="Give vectors of the plane's space.")
        return np.asarray((np.asarray(X, np.float64) - self.origin) @ self.axes)


def _finite(X: Float[np.ndarray, "n d"]) -> Float64[np.ndarray, "n _"]:
    X = np.asarray(X, np.float64)
    if not np.isfinite(X).all():
        raise DataError("the points of the plane hold NaN or infinity; expected finite numbers. Leave these out.")
    return X


def _window(points: Float64[np.ndarray, "n 2"]) -> tuple[float, float, float, float]:
    if not len(points):
        raise DataError("there are no points; expected some, to make a window around. Give two or more.")
    low, high = points.min(axis=0), points.max(axis=0)
    if not (low < high).all():
        raise DataError("the points have no extent in one direction; expected some, to make a window of. Give others.")
    low, high = low - MARGIN * (high - low), high + MARGIN * (high - low)
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])
