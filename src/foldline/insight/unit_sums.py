"""Two-layer nets of one input, y = sum u_i a(w_i x + b_i) + p, as functions whose bounds are exact."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Bool, Float64

from foldline.core.errors import SettingError
from foldline.insight import intervals
from foldline.insight.formula import FUNCTIONS, Jet
from foldline.insight.intervals import Interval
from foldline.insight.targets import Column, OnCells

if TYPE_CHECKING:
    from foldline.models import MLP

HALF_ULP = {"double": 2.0**-53, "single": 2.0**-24}
_SMALLEST = {"double": 2.0**-1022, "single": 2.0**-126}
LARGEST_SINGLE = float(np.finfo(np.float32).max)
CELLS_AT_ONCE = 128
SETTLED = 40.0  # a sigmoid of more is 1 but for 4e-18
Precision = Literal["double", "single"]


@dataclass(frozen=True, eq=False)
class UnitSum:
    """A net with one hidden layer and one input: y = sum u_i a(w_i x + b_i) + p.

    Args:
        w: (n,) weight of the input in each unit.
        b: (n,) bias of each unit.
        u: (n,) weight of each unit in the output.
        p: bias of the output.
        activation: a; "relu", "sigmoid" or "tanh".
    """

    w: Float64[np.ndarray, " n"]
    b: Float64[np.ndarray, " n"]
    u: Float64[np.ndarray, " n"]
    p: float
    activation: Literal["relu", "sigmoid", "tanh"] = "relu"

    @property
    def n_units(self) -> int:
        """How many hidden units it has."""
        return len(self.w)

    def __call__(self, x: Column) -> Column:
        """Give values at points, in float64."""
        from scipy.special import expit

        act = {"relu": lambda z: np.maximum(z, 0.0), "sigmoid": expit, "tanh": np.tanh}[self.activation]
        y = np.empty(len(x))
        for start in range(0, len(x), 1024):  # many units at many points would fill the memory
            rows = slice(start, start + 1024)
            y[rows] = act(x[rows, None] * self.w + self.b) @ self.u + self.p
        return y

    def mlp(self) -> "MLP":
        """Make it a foldline net, with weights in float32 (see `single`)."""
        import jax.numpy as jnp

        from foldline.models import MLP
        from foldline.models.linear import Linear

        hidden = Linear(jnp.asarray(self.w[:, None], jnp.float32), jnp.asarray(self.b, jnp.float32))
        output = Linear(jnp.asarray(self.u[None], jnp.float32), jnp.asarray([self.p], jnp.float32))
        return MLP((hidden, output), self.activation)

    def single(self) -> "UnitSum":
        """Round the weights to float32: what `mlp` holds, as a function of real numbers.

        Raises: SettingError for a number that float32 does not hold.
        """
        largest = max(abs(self.p), *(float(np.abs(weights).max(initial=0.0)) for weights in (self.w, self.b, self.u)))
        if largest > LARGEST_SINGLE:
            raise SettingError(
                f"the net has numbers up to {largest:.3g}; expected at most {LARGEST_SINGLE:.2g}, the largest of "
                f"float32. Scale the function, or choose another interval."
            )
        w, b, u = (np.asarray(weights, np.float32).astype(np.float64) for weights in (self.w, self.b, self.u))
        return UnitSum(w, b, u, float(np.float32(self.p)), self.activation)

    def rounding(self, *, low: float, high: float, precision: Precision = "double") -> float:
        """Bound how far the rounding of one evaluation can move y, for x from low to high.

        Source: Higham (2002), "Accuracy and stability of numerical algorithms", lemma 3.1 and section 3.1: products
            and sums of n terms, in any order, are right within n u / (1 - n u) of the sum of magnitudes. Functions
            other than ReLU are taken to be right within 8 units in the last place.
        """
        half = HALF_ULP[precision]
        reach = max(abs(low), abs(high))
        sizes = np.abs(self.w) * reach + np.abs(self.b)
        # x - k is one rounding of what it is; w x + b for another w is two of what may cancel.
        before = 2 * half * np.where(np.abs(self.w) == 1, 0.0, sizes) * 1.01
        if self.activation == "relu":
            after = np.maximum(np.maximum(self.w * low + self.b, self.w * high + self.b), 0.0) * 1.01 + before
        else:
            before = before + half * np.where(np.abs(self.w) == 1, sizes, 0.0) * 1.01 + 16 * half
            after = np.ones_like(self.u)
        n = (self.n_units + 4) * half
        gamma = n / (1 - n) if n < 0.5 else np.inf
        moved = np.abs(self.u) @ before + gamma * (np.abs(self.u) @ after + abs(self.p))
        return float(1.01 * moved + (self.n_units + 2) * _SMALLEST[precision] * (1 + np.abs(self.u).sum()))

    def function(self, *, low: float, high: float) -> "Lines | Steps":
        """Make it a function that can be bounded on cells from low to high."""
        return lines_of(self, low=low, high=high) if self.activation == "relu" else Steps(self)


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines side by side, joined or not.

    Args:
        x: (n + 1,) where they begin and end.
        left: (n,) values where they begin.
        slope: (n,) slopes.
        slack: how far the function meant may be from this one.
    """

    x: Column
    left: Interval
    slope: Interval
    slack: float = 0.0

    def breaks(self) -> Column:
        """Where one line ends and the next begins."""
        return self.x

    def on(self, lo: Column, hi: Column) -> OnCells:
        """Bound the line of each cell."""
        at = np.clip(np.searchsorted(self.x, lo, side="right") - 1, 0, len(self.x) - 2)
        left, slope = (
            Interval(np.asarray(bounds.lo)[at], np.asarray(bounds.hi)[at]) for bounds in (self.left, self.slope)
        )
        start = Interval.exactly(self.x[at])
        slack = Interval.exactly(0.0) if self.slack == 0 else Interval(-self.slack, self.slack)
        at_lo, at_hi = (left + slope * (Interval.exactly(x) - start) + slack for x in (lo, hi))
        nothing = Interval(np.zeros_like(lo), np.zeros_like(lo))
        return OnCells(at_lo, at_hi, intervals.hull(at_lo, at_hi), slope, nothing)


@dataclass(frozen=True, eq=False)
class Steps:
    """A net of sigmoid or tanh units as a function."""

    net: UnitSum

    def breaks(self) -> Column:
        """The middles of the steps, where cells had better be cut."""
        with np.errstate(divide="ignore", invalid="ignore"):
            middles = -self.net.b / self.net.w
        return np.unique(middles[np.isfinite(middles)])

    def on(self, lo: Column, hi: Column) -> OnCells:
        """Bound it by the chain rule in interval arithmetic."""
        order = np.argsort(lo, kind="stable")
        parts = [self._neighbours(lo[some], hi[some]) for some in np.array_split(order, -(-len(lo) // CELLS_AT_ONCE))]
        back = np.argsort(order, kind="stable")
        return OnCells(
            *(
                Interval(*(np.concatenate([getattr(part[k], end) for part in parts])[back] for end in ("lo", "hi")))
                for k in range(len(OnCells._fields))
            )
        )

    def _neighbours(self, lo: Column, hi: Column) -> OnCells:
        """Bound it on cells side by side: units that have settled on all of them are looked at once."""
        ends = np.stack([self.net.w * x + self.net.b for x in (lo.min(), hi.max())])
        is_settled = (ends.min(axis=0) > SETTLED) | (ends.max(axis=0) < -SETTLED)
        near, far = self._jets(lo, hi, ~is_settled), self._jets(lo[:1], np.array([hi.max()]), is_settled)
        rest = far.v + Interval.exactly(self.net.p)
        return OnCells(near.at_lo + rest, near.at_hi + rest, near.v + rest, near.d + far.d, near.dd + far.dd)

    def _jets(self, lo: Column, hi: Column, units: Bool[np.ndarray, " n"]) -> OnCells:
        w, b, u = (Interval.exactly(weights[units]) for weights in (self.net.w, self.net.b, self.net.u))

        def jet(x: Interval) -> Jet:
            z = Jet(w * x + b, w, Interval.exactly(0.0))
            return Jet.constant(u) * FUNCTIONS[self.net.activation](z)

        inside = jet(Interval(lo[:, None], hi[:, None]))
        at_lo, at_hi = (jet(Interval.exactly(x[:, None])).v for x in (lo, hi))
        return OnCells(*(_summed(bounds) for bounds in (at_lo, at_hi, inside.v, inside.d, inside.dd)))


def _summed(terms: Interval) -> Interval:
    """Add rows up; the sum is widened by what rounding may do to it."""
    slack = np.shape(terms.lo)[1] * 2.0**-52 * np.sum(terms.size, axis=1)
    return Interval(np.sum(terms.lo, axis=1) - slack, np.sum(terms.hi, axis=1) + slack)


def lines_of(net: UnitSum, *, low: float, high: float) -> Lines:
    """Find the lines of a ReLU net from low to high.

    Sums are of rational numbers, exact: floats are whole numbers over powers of two. A fold that is no float is moved
    to the nearest, and `slack` says how much that can change.
    """
    value, slope, slack = Fraction(net.p), Fraction(0), Fraction(0)
    start, end = Fraction(low), Fraction(high)
    folds: dict[float, Fraction] = {}
    for w, b, u in zip(map(Fraction, net.w), map(Fraction, net.b), map(Fraction, net.u), strict=True):
        if w == 0:
            value += u * max(b, Fraction(0))
            continue
        exact = -b / w
        place = Fraction(float(exact))
        slack += abs(u * w * (exact - place))
        is_active = place < start if w > 0 else place > start
        if is_active:
            value += u * w * (start - place)
            slope += u * w
        elif place == start and w > 0:
            slope += u * w
        if start < place < end:
            jump = u * abs(w)
            folds[float(place)] = folds.get(float(place), Fraction(0)) + jump
    x = [low, *sorted(folds), high]
    values, slopes = [], []
    for here, there in pairwise(x):
        slope += folds.get(here, Fraction(0)) if here != low else 0
        values.append(value)
        slopes.append(slope)
        value += slope * (Fraction(there) - Fraction(here))
    return Lines(
        np.array(x), _bounds(values), _bounds(slopes), float(np.nextafter(float(slack), np.inf)) if slack else 0.0
    )


def _bounds(numbers: list[Fraction]) -> Interval:
    return Interval.around(np.array([float(number) for number in numbers]))
