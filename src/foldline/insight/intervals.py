"""Interval arithmetic on arrays, rounded outwards: what a formula and its derivatives can be between two points."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

Values: TypeAlias = "np.ndarray | float"

# NumPy's own tests hold its float64 functions to 4 units in the last place; we allow twice as many.
FUNCTION_ULPS = 8
_RELATIVE = FUNCTION_ULPS * 2.0**-52
_TINY = 1e-300


@dataclass(frozen=True)
class Interval:
    """Numbers from lo to hi, elementwise: operations hold all results that numbers within may have.

    + - * / are those of IEEE 754, at most half a unit in the last place off, so the next number outwards bounds them.
    """

    lo: Values
    hi: Values

    @classmethod
    def exactly(cls, value: Values) -> "Interval":
        """Make the interval of one number."""
        value = np.asarray(value)  # floats of Python would raise errors where NumPy's give infinity
        return cls(value, value)

    @classmethod
    def around(cls, value: Values) -> "Interval":
        """Make the interval of a number that was rounded once."""
        return cls(np.nextafter(value, -np.inf), np.nextafter(value, np.inf))

    @property
    def size(self) -> Values:
        """The largest magnitude within."""
        return np.maximum(np.abs(self.lo), np.abs(self.hi))

    @property
    def middle(self) -> Values:
        """A number near the centre; NaN where neither side is bounded."""
        with np.errstate(invalid="ignore"):
            return 0.5 * self.lo + 0.5 * self.hi

    def __neg__(self) -> "Interval":
        return Interval(-self.hi, -self.lo)

    def __add__(self, other: "Interval") -> "Interval":
        with np.errstate(invalid="ignore", over="ignore"):
            return _outward(self.lo + other.lo, self.hi + other.hi)

    def __sub__(self, other: "Interval") -> "Interval":
        with np.errstate(invalid="ignore", over="ignore"):
            return _outward(self.lo - other.hi, self.hi - other.lo)

    def __mul__(self, other: "Interval") -> "Interval":
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            corners = [a * b for a in (self.lo, self.hi) for b in (other.lo, other.hi)]
        # Zero times a bound that is infinite is zero: the numbers within are finite.
        corners = [np.where(np.isnan(corner), 0.0, corner) for corner in corners]
        lo, hi = corners[0], corners[0]
        for corner in corners[1:]:
            lo, hi = np.minimum(lo, corner), np.maximum(hi, corner)
        is_zero = ((self.lo == 0) & (self.hi == 0)) | ((other.lo == 0) & (other.hi == 0))
        return Interval(
            np.where(is_zero, 0.0, np.nextafter(lo, -np.inf)), np.where(is_zero, 0.0, np.nextafter(hi, np.inf))
        )

    def __truediv__(self, other: "Interval") -> "Interval":
        return self * inverse(other)


def _outward(lo: Values, hi: Values) -> Interval:
    with np.errstate(invalid="ignore", over="ignore"):
        lo, hi = np.where(np.isnan(lo), -np.inf, lo), np.where(np.isnan(hi), np.inf, hi)
        return Interval(np.nextafter(lo, -np.inf), np.nextafter(hi, np.inf))


def hull(a: Interval, b: Interval) -> Interval:
    """Give the least interval that holds two."""
    return Interval(np.minimum(a.lo, b.lo), np.maximum(a.hi, b.hi))


def everything(like: Interval) -> Interval:
    """Give the interval of all numbers, in the shape of another."""
    infinite = np.full(np.shape(like.lo), np.inf)
    return Interval(-infinite, infinite)


def choose(condition: np.ndarray | np.bool_ | bool, a: Interval, b: Interval) -> Interval:
    """Give a where a condition holds and b elsewhere."""
    return Interval(np.where(condition, a.lo, b.lo), np.where(condition, a.hi, b.hi))


def inverse(x: Interval) -> Interval:
    """Bound 1 / x; without bound where x may be 0."""
    with np.errstate(divide="ignore", over="ignore"):
        return choose((x.lo <= 0) & (x.hi >= 0), everything(x), _outward(1.0 / x.hi, 1.0 / x.lo))


def square(x: Interval) -> Interval:
    """Bound x^2, which is never negative."""
    return power(x, 2)


def power(x: Interval, n: int) -> Interval:
    """Bound x^n for a whole number n >= 1."""
    lo, hi = _raised(x.lo, n), _raised(x.hi, n)
    if n % 2 == 1:
        return Interval(lo.lo, hi.hi)
    both = hull(lo, hi)
    return Interval(np.where((x.lo <= 0) & (x.hi >= 0), 0.0, np.maximum(both.lo, 0.0)), both.hi)


def root_power(x: Interval, exponent: float) -> Interval:
    """Bound x^exponent for an exponent above 0 (see `not_negative` for x below 0)."""
    inside = not_negative(x)
    return _not_below_zero(Interval(_raised(inside.lo, exponent).lo, _raised(inside.hi, exponent).hi), x)


def not_negative(x: Interval) -> Interval:
    """Leave out what is below 0, where roots and logarithms have no value.

    Bounds of these hold wherever the formula has a value; where x is wholly below 0 they are without bound.
    """
    return Interval(np.maximum(x.lo, 0.0), np.maximum(x.hi, 0.0))


def _not_below_zero(values: Interval, x: Interval) -> Interval:
    return choose(x.hi < 0, everything(x), Interval(np.maximum(values.lo, 0.0), values.hi))


def sin(x: Interval) -> Interval:
    """Bound the sine."""
    return _wave(np.sin, x, peak=0.5 * np.pi)


def cos(x: Interval) -> Interval:
    """Bound the cosine."""
    return _wave(np.cos, x, peak=0.0)


def exp(x: Interval) -> Interval:
    """Bound the exponential."""
    values = _rising(np.exp, x)
    return Interval(np.maximum(values.lo, 0.0), values.hi)


def log(x: Interval) -> Interval:
    """Bound the natural logarithm, without lower bound where x may be 0 (see `not_negative` for x below 0)."""
    return choose(x.hi <= 0, everything(x), _rising(np.log, not_negative(x)))


def sqrt(x: Interval) -> Interval:
    """Bound the square root (see `not_negative` for x below 0)."""
    return _not_below_zero(_rising(np.sqrt, not_negative(x)), x)


def atan(x: Interval) -> Interval:
    """Bound the arctangent."""
    return _rising(np.arctan, x)


def tanh(x: Interval) -> Interval:
    """Bound the hyperbolic tangent."""
    values = _rising(np.tanh, x)
    return Interval(np.maximum(values.lo, -1.0), np.minimum(values.hi, 1.0))


def sigmoid(x: Interval) -> Interval:
    """Bound 1 / (1 + exp(-x)), which is (1 + tanh(x / 2)) / 2."""
    one, half = Interval.exactly(1.0), Interval.exactly(0.5)
    values = (tanh(x * half) + one) * half
    return Interval(np.maximum(values.lo, 0.0), np.minimum(values.hi, 1.0))


def absolute(x: Interval) -> Interval:
    """Bound |x|."""
    inner = np.minimum(np.abs(x.lo), np.abs(x.hi))
    return Interval(np.where((x.lo <= 0) & (x.hi >= 0), 0.0, inner), x.size)


def largest(a: Interval, b: Interval) -> Interval:
    """Bound max(a, b)."""
    return Interval(np.maximum(a.lo, b.lo), np.maximum(a.hi, b.hi))


def _about(values: Values) -> Interval:
    """Widen what a function of NumPy gave by as much as it may be off."""
    with np.errstate(invalid="ignore", over="ignore"):
        slack = np.abs(values) * _RELATIVE + _TINY
        lo, hi = values - slack, values + slack
    # An infinite value is one that overflowed: the number itself is finite and large.
    largest_number = np.finfo(float).max
    return Interval(
        np.where(np.isnan(values), -np.inf, np.where(values == np.inf, largest_number, lo)),
        np.where(np.isnan(values), np.inf, np.where(values == -np.inf, -largest_number, hi)),
    )


def _rising(function: Callable[..., Values], x: Interval) -> Interval:
    with np.errstate(all="ignore"):
        return Interval(_about(function(x.lo)).lo, _about(function(x.hi)).hi)


def _raised(x: Values, exponent: float) -> Interval:
    with np.errstate(all="ignore"):
        return _about(np.power(x, float(exponent)))


def _wave(function: Callable[..., Values], x: Interval, *, peak: float) -> Interval:
    """Bound a function of period 2 pi that is 1 at `peak` and -1 half a period on."""
    with np.errstate(all="ignore"):
        ends = hull(_about(function(x.lo)), _about(function(x.hi)))
        is_endless = ~np.isfinite(x.lo) | ~np.isfinite(x.hi)
        holds = []
        for place in (peak, peak + np.pi):
            first, last = (x.lo - place) / (2 * np.pi), (x.hi - place) / (2 * np.pi)
            slack = 1e-12 + 1e-15 * x.size  # far more than the rounding of the line above: one peak too many is sound
            holds.append(is_endless | (np.floor(last + slack) >= np.ceil(first - slack)))
    has_peak, has_trough = holds
    return Interval(
        np.where(has_trough, -1.0, np.maximum(ends.lo, -1.0)), np.where(has_peak, 1.0, np.minimum(ends.hi, 1.0))
    )
