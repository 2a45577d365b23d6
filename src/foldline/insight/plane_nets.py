"""Towers and pyramids: nets of two inputs and two hidden layers, and what can be said of them on boxes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float64

from foldline.insight.formula import Formula
from foldline.insight.intervals import Interval, hull
from foldline.insight.targets import Column
from foldline.insight.unit_sums import HALF_ULP

if TYPE_CHECKING:
    from foldline.models import MLP

RAMP = 0.1  # share of a tower's width that its two ramps take
Box = tuple[tuple[float, float], tuple[float, float]]
Matrix = Float64[np.ndarray, "_ _"]


@dataclass(frozen=True, eq=False)
class PlaneNet:
    """y = u . relu(W2 relu(W1 (x, y) + b1) + b2)."""

    W1: Matrix
    b1: Column
    W2: Matrix
    b2: Column
    u: Column

    @property
    def n_units(self) -> tuple[int, int]:
        """How many units the two hidden layers have."""
        return len(self.b1), len(self.b2)

    def __call__(self, points: Matrix) -> Column:
        """Give values at points (n, 2), in float64."""
        h = np.maximum(points @ self.W1.T + self.b1, 0.0)
        return np.asarray(np.maximum(h @ self.W2.T + self.b2, 0.0) @ self.u)

    def mlp(self) -> "MLP":
        """Make it a foldline net, with weights rounded to float32."""
        import jax.numpy as jnp

        from foldline.models import MLP
        from foldline.models.linear import Linear

        layers = ((self.W1, self.b1), (self.W2, self.b2), (self.u[None], np.zeros(1)))
        return MLP(tuple(Linear(jnp.asarray(W, jnp.float32), jnp.asarray(b, jnp.float32)) for W, b in layers), "relu")

    def rounding(self, reach: float) -> float:
        """Bound what rounding can do to y where |x| and |y| are at most `reach`.

        That of weights counts as that of evaluation: each is within 4 half units in the last place of what is meant.
        """
        half = HALF_ULP["double"]

        def gamma(n: int) -> float:
            return 1.01 * (n + 8) * half

        sizes = np.abs(self.W1) @ np.full(2, reach) + np.abs(self.b1)
        of_first = gamma(3) * sizes
        inside = np.abs(self.W2) @ sizes + np.abs(self.b2)
        of_second = np.abs(self.W2) @ of_first + gamma(len(self.b1)) * inside
        # No tower and no pyramid is higher than 1.
        return float(1.01 * np.abs(self.u) @ (of_second + gamma(len(self.b2))))


class Boxes(NamedTuple):
    """Boxes side by side: their corners with the least and the largest x and y."""

    x0: Column
    x1: Column
    y0: Column
    y1: Column


class OnBoxes(NamedTuple):
    """What is known of a net on boxes: values at the four corners, all values, slopes; dd is 0 on both triangles."""

    corners: tuple[Interval, Interval, Interval, Interval]
    v: Interval
    dx: Interval
    dy: Interval


@dataclass(frozen=True, eq=False)
class Pyramids:
    """Six-sided pyramids over a grid of points, which join the function's values by triangles."""

    edges: tuple[Column, Column]
    heights: Matrix

    @classmethod
    def of(cls, f: Formula, box: Box, n: int) -> "Pyramids":
        """Put n cells a side over a box."""
        edges = _edges(box, n)
        x, y = np.meshgrid(*edges, indexing="ij")
        return cls(edges, np.asarray(f.values(x.ravel(), y.ravel()).middle).reshape(n + 1, n + 1))

    def net(self) -> PlaneNet:
        """Make the net: a pyramid is relu(1 - (|r| + |s| + |r - s|) / 2), r and s being steps of the grid from its top.

        |r| + |s| + |r - s| is twice the distance between the largest and the least of 0, r and s, so the sides lie over
        triangles cut along the diagonal; |z| is relu(z) + relu(-z).
        """
        n = len(self.edges[0]) - 1
        over = [1.0 / (edge[-1] - edge[0]) * n for edge in self.edges]
        shifts = [edge[0] * steps for edge, steps in zip(self.edges, over, strict=True)]
        at = np.arange(n + 1.0)
        # r - i for each column, s - j for each row, (r - s) - k for each diagonal; each and its negative.
        along_x = np.stack([np.full(n + 1, over[0]), np.zeros(n + 1)], axis=1), -shifts[0] - at
        along_y = np.stack([np.zeros(n + 1), np.full(n + 1, over[1])], axis=1), -shifts[1] - at
        k = np.arange(-n, n + 1.0)
        across = np.stack([np.full(len(k), over[0]), np.full(len(k), -over[1])], axis=1), shifts[1] - shifts[0] - k
        W = np.concatenate([along_x[0], along_y[0], across[0]])
        b = np.concatenate([along_x[1], along_y[1], across[1]])
        i, j = (index.ravel() for index in np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij"))
        W2 = np.zeros((len(i), len(b)))
        rows = np.arange(len(i))
        for column in (i, n + 1 + j, 2 * (n + 1) + n + i - j):
            W2[rows, column] = -0.5
        return PlaneNet(
            np.concatenate([W, -W]),
            np.concatenate([b, -b]),
            np.concatenate([W2, W2], axis=1),
            np.ones(len(i)),
            self.heights.ravel(),
        )

    def cells(self) -> Boxes:
        """Give the cells of the grid."""
        return _products(self.edges[0][:-1], self.edges[0][1:], self.edges[1][:-1], self.edges[1][1:])

    def on(self, boxes: Boxes) -> OnBoxes:
        """Bound it on boxes whose diagonals lie along those of the cells, or that lie in one triangle."""
        i, j = (
            np.searchsorted(edge, start, side="right") - 1 for edge, start in zip(self.edges, boxes[::2], strict=True)
        )
        a, b, c, d = (Interval.exactly(self.heights[i + p, j + q]) for p, q in ((0, 0), (1, 0), (0, 1), (1, 1)))
        x, y = (Interval.exactly(edge[at]) for edge, at in zip(self.edges, (i, j), strict=True))
        width, height = (
            Interval.exactly(edge[at + 1]) - s for edge, at, s in zip(self.edges, (i, j), (x, y), strict=True)
        )

        def value(px: Column, py: Column) -> Interval:
            r, s = (Interval.exactly(px) - x) / width, (Interval.exactly(py) - y) / height
            below, above = a + r * (b - a) + s * (d - b), a + s * (c - a) + r * (d - c)
            # On either side of the diagonal one of the two counts; where it cannot be told which, both do.
            both = hull(below, above)
            is_below, is_above = r.lo > s.hi, s.lo > r.hi
            return Interval(
                np.where(is_below, below.lo, np.where(is_above, above.lo, both.lo)),
                np.where(is_below, below.hi, np.where(is_above, above.hi, both.hi)),
            )

        corners = tuple(value(px, py) for px in boxes[:2] for py in boxes[2:])
        v = hull(hull(corners[0], corners[1]), hull(corners[2], corners[3]))
        return OnBoxes(
            (corners[0], corners[1], corners[2], corners[3]), v, hull(b - a, d - c) / width, hull(c - a, d - b) / height
        )


@dataclass(frozen=True, eq=False)
class Towers:
    """Towers side by side, each as high as the function at its middle: relu(a bump of x + a bump of y - 1)."""

    edges: tuple[Column, Column]
    heights: Matrix

    @classmethod
    def of(cls, f: Formula, box: Box, n: int) -> "Towers":
        """Put n towers a side over a box."""
        edges = _edges(box, n)
        x, y = np.meshgrid(*((edge[:-1] + edge[1:]) / 2 for edge in edges), indexing="ij")
        return cls(edges, np.asarray(f.values(x.ravel(), y.ravel()).middle).reshape(n, n))

    def net(self) -> PlaneNet:
        """Make the net: four units for each bump of x and of y, and one for each tower."""
        n = len(self.heights)
        knots = [_knots(edge) for edge in self.edges]
        b1 = -np.concatenate([k.ravel() for k in knots])
        W1 = np.zeros((8 * n, 2))
        W1[: 4 * n, 0], W1[4 * n :, 1] = 1.0, 1.0
        W2 = np.zeros((n, n, 8 * n))
        for axis, k in enumerate(knots):
            rise, fall = 1 / (k[:, 1] - k[:, 0]), 1 / (k[:, 3] - k[:, 2])
            for at in range(n):
                units = slice(4 * (axis * n + at), 4 * (axis * n + at) + 4)
                rows = (at, slice(None)) if axis == 0 else (slice(None), at)
                W2[(*rows, units)] = [rise[at], -rise[at], -fall[at], fall[at]]
        return PlaneNet(W1, b1, W2.reshape(n * n, 8 * n), np.full(n * n, -1.0), self.heights.ravel())

    def cells(self) -> Boxes:
        """Give the parts of the towers on which bumps rise, stay or fall."""
        x, y = (_knots(edge) for edge in self.edges)
        return _products(x[:, :-1].ravel(), x[:, 1:].ravel(), y[:, :-1].ravel(), y[:, 1:].ravel())

    def on(self, boxes: Boxes) -> OnBoxes:
        """Bound it on boxes that each lie in one part."""
        at = []
        bumps = []
        for edge, start, end in zip(self.edges, boxes[::2], boxes[1::2], strict=True):
            k = np.clip(np.searchsorted(edge, start, side="right") - 1, 0, len(edge) - 2)
            at.append(k)
            s1, s2, s3, s4 = (Interval.exactly(column) for column in _knots(edge)[k].T)
            ends = []
            for p in (Interval.exactly(start), Interval.exactly(end)):
                up, down = (p - s1) / (s2 - s1), (s4 - p) / (s4 - s3)
                low, high = np.minimum(up.lo, down.lo), np.minimum(up.hi, down.hi)
                ends.append(Interval(np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)))
            bumps.append(ends)
        height = Interval.exactly(self.heights[at[0], at[1]])

        def tower(p: Interval, q: Interval) -> Interval:
            over = p + q - Interval.exactly(1.0)
            return height * Interval(np.maximum(over.lo, 0.0), np.maximum(over.hi, 0.0))

        corners = tuple(tower(p, q) for p in bumps[0] for q in bumps[1])
        v = hull(hull(corners[0], corners[1]), hull(corners[2], corners[3]))
        infinite = Interval(np.full(len(boxes.x0), -np.inf), np.full(len(boxes.x0), np.inf))
        return OnBoxes((corners[0], corners[1], corners[2], corners[3]), v, infinite, infinite)


def _edges(box: Box, n: int) -> tuple[Column, Column]:
    (x0, x1), (y0, y1) = box
    return np.linspace(x0, x1, n + 1), np.linspace(y0, y1, n + 1)


def _knots(edges: Column) -> Float64[np.ndarray, "n 4"]:
    ramp = RAMP / 2 * np.diff(edges)
    return np.stack([edges[:-1], edges[:-1] + ramp, edges[1:] - ramp, edges[1:]], axis=1)


def _products(x0: Column, x1: Column, y0: Column, y1: Column) -> Boxes:
    i, j = (index.ravel() for index in np.meshgrid(np.arange(len(x0)), np.arange(len(y0)), indexing="ij"))
    return Boxes(x0[i], x1[i], y0[j], y1[j])
