"""Nets of one hidden layer built by hand: bumps side by side or overlapping, hats, and steps."""

from collections.abc import Callable
from typing import Literal

import numpy as np

from foldline.insight.fewest_units import net_of_lines
from foldline.insight.targets import Column, Target
from foldline.insight.unit_sums import UnitSum

RAMP = 0.1  # share of a bump's width that its two ramps take
STEEPNESS = 16.0  # of a step: from 2 to 98 % within half the distance of two steps


def bump_units(s1: float, s2: float, s3: float, s4: float, t: float) -> UnitSum:
    """Make one bump of four ReLUs: from 0 at s1 up to t at s2, and from s3 down to 0 at s4.

    m1 relu(x - s1) - m1 relu(x - s2) - m2 relu(x - s3) + m2 relu(x - s4), m1 = t / (s2 - s1), m2 = t / (s4 - s3).

    Convention: m1 and m2 are slopes; the ramps need not be equally wide.
    Example:
        >>> bump_units(0.0, 1.0, 2.0, 4.0, 3.0)(np.array([0.5, 1.5, 3.0, 5.0]))
        array([1.5, 3. , 1.5, 0. ])
    """
    m1, m2 = t / (s2 - s1), t / (s4 - s3)
    return UnitSum(np.ones(4), -np.array([s1, s2, s3, s4]), np.array([m1, -m1, -m2, m2]), 0.0)


def bumps_net(f: Target, *, low: float, high: float, n_bumps: int) -> UnitSum:
    """Put bumps side by side, each as high as f at its middle; where they meet they are 0."""
    edges, heights, ramp = _row_of_bumps(f, low, high, n_bumps)
    knots = np.stack([edges[:-1], edges[:-1] + ramp, edges[1:] - ramp, edges[1:]], axis=1)
    slopes = np.stack([heights / (knots[:, 1] - knots[:, 0]), heights / (knots[:, 3] - knots[:, 2])], axis=1)
    u = slopes[:, [0, 0, 1, 1]] * [1, -1, -1, 1]
    return UnitSum(np.ones(4 * n_bumps), -knots.ravel(), u.ravel(), 0.0)


def overlapping_net(f: Target, *, low: float, high: float, n_bumps: int) -> UnitSum:
    """Let each bump rise while the one before it falls, so that bumps of height 1 sum to one.

    A falling and a rising ramp have the same folds, so that two of their four units are left.
    """
    edges, heights, ramp = _row_of_bumps(f, low, high, n_bumps)
    knots = np.stack([edges[1:-1] - ramp / 2, edges[1:-1] + ramp / 2], axis=1)
    slopes = np.diff(heights) / (knots[:, 1] - knots[:, 0])
    return UnitSum(np.ones(2 * n_bumps - 2), -knots.ravel(), (slopes[:, None] * [1, -1]).ravel(), float(heights[0]))


def _row_of_bumps(f: Target, low: float, high: float, n_bumps: int) -> tuple[Column, Column, float]:
    edges = np.linspace(low, high, n_bumps + 1)
    return edges, f.sample((edges[:-1] + edges[1:]) / 2), RAMP / 2 * (high - low) / n_bumps


def hats_net(f: Target, *, low: float, high: float, n_units: int) -> UnitSum:
    """Join points of f that lie evenly by lines: hats as high as f, whose units at one knot are merged."""
    x = np.linspace(low, high, n_units + 1)
    return net_of_lines(x, f.sample(x))


def steps_net(
    f: Target, *, low: float, high: float, n_units: int, activation: Literal["sigmoid", "tanh"] = "sigmoid"
) -> UnitSum:
    """Go from height to height by steep steps; a bump is a step up and a step down."""
    edges = np.linspace(low, high, n_units + 2)
    heights = f.sample((edges[:-1] + edges[1:]) / 2)
    w = np.full(n_units, STEEPNESS * (n_units + 1) / (high - low))
    b, u, p = -w * edges[1:-1], np.diff(heights), float(heights[0])
    if activation == "tanh":  # sigmoid(z) = 1/2 + tanh(z / 2) / 2
        w, b, u, p = w / 2, b / 2, u / 2, p + float(u.sum()) / 2
    return UnitSum(w, b, u, p, activation)


KINDS: dict[str, Callable[..., UnitSum]] = {
    "hats": lambda f, low, high, n: hats_net(f, low=low, high=high, n_units=n),
    "overlapping bumps": lambda f, low, high, n: overlapping_net(f, low=low, high=high, n_bumps=n),
    "bumps": lambda f, low, high, n: bumps_net(f, low=low, high=high, n_bumps=n),
    "sigmoid steps": lambda f, low, high, n: steps_net(f, low=low, high=high, n_units=n),
    "tanh steps": lambda f, low, high, n: steps_net(f, low=low, high=high, n_units=n, activation="tanh"),
}
