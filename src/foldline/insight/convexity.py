"""Is a function convex? A triple that proves it is not, how many samples showed none, or a proof by structure."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64
from sklearn.base import BaseEstimator

from foldline.core.checks import axes, integer, number
from foldline.core.errors import DataError, SettingError
from foldline.estimators import ImagePipeline, LinearClassifier, MLPClassifier, RidgeClassifier

Place = float | tuple[float, ...]
Function = Callable[[float], float]

ROUNDING = 1e-12  # what a formula of some steps loses in float64, as a share of the largest value met


@dataclass(frozen=True, kw_only=True)
class Violation:
    """Two places and a share between them where f(t x1 + (1 - t) x2) > t f(x1) + (1 - t) f(x2).

    Args:
        x1, x2: the ends of the chord; of a plane, two numbers each.
        t: the share of x1, in (0, 1).
        f1, f2: f at the ends.
        f_between: f at t x1 + (1 - t) x2.
        rounding: by how much the values may be wrong; `amount` is more.
    """

    x1: Place
    x2: Place
    t: float
    f1: float
    f2: float
    f_between: float
    rounding: float

    @property
    def chord(self) -> float:
        """The value of the chord there: t f(x1) + (1 - t) f(x2)."""
        return self.t * self.f1 + (1 - self.t) * self.f2

    @property
    def amount(self) -> float:
        """How far f lies above the chord."""
        return self.f_between - self.chord

    @property
    def text(self) -> str:
        """The inequality with its numbers."""
        x1, x2 = _place_text(self.x1), _place_text(self.x2)
        return (
            f"f({self.t:.4g} * {x1} + {1 - self.t:.4g} * {x2}) = {self.f_between:.6g} > {self.chord:.6g} = "
            f"{self.t:.4g} * {self.f1:.6g} + {1 - self.t:.4g} * {self.f2:.6g}"
        )


@dataclass(frozen=True, kw_only=True)
class Convexity:
    """What samples say.

    Args:
        violation: the triple among the samples that lies furthest above its chord; None if none does beyond rounding.
        n_samples: how many values were looked at.
    """

    violation: Violation | None
    n_samples: int

    @property
    def text(self) -> str:
        """The verdict in a sentence; samples never prove that a function is convex."""
        if self.violation is None:
            return f"no violation of convexity found in {self.n_samples:,} samples"
        return f"not convex: {self.violation.text}"


def convexity(f: Function, low: float, high: float, *, n_samples: int = 1_001, rounding: float = ROUNDING) -> Convexity:
    """Look for a chord that a function of one number lies above.

    All triples of samples are looked at, through their lower convex hull; the worst's values are computed anew.

    Args:
        f: takes a float and gives a finite one.
        low, high: where to look; finite, low below high.
        n_samples: evenly spaced, from 3 to 1,000,000.
        rounding: how wrong values may be, as a share of the largest.
    Raises: SettingError for a range without places between its ends, or too few samples; DataError if f is not a finite
        number somewhere.
    Source: Boyd and Vandenberghe (2004), eq. 3.1, for the definition.
    Example:
        >>> import math
        >>> convexity(lambda x: x**2, -2, 2).text
        'no violation of convexity found in 1,001 samples'
        >>> convexity(math.cos, -3, 3).violation.amount > 1
        True
    """
    low, high = _checked_range(low, high)
    integer(n_samples, name="n_samples", low=3, high=1_000_000)
    number(rounding, name="rounding", low=0.0, high=1.0)
    x = np.linspace(low, high, n_samples)
    return worst_triple(x, np.array([_value(f, place) for place in x.tolist()]), f, rounding=rounding)


def convexity_of_samples(
    x: Float[np.ndarray, " n"], values: Float[np.ndarray, " n"], *, rounding: float = ROUNDING
) -> Convexity:
    """Look for a chord that samples of a function lie above, as `convexity` does.

    Args:
        x: (N,) places, each above the one before, at least three.
        values: (N,) of the function there.
        rounding: how wrong values may be, as a share of the largest.
    Raises: ShapeError if there is not a value a place; DataError for fewer than three, another order, or values that
        are not finite.
    Example:
        >>> convexity_of_samples(np.array([0.0, 1.0, 4.0]), np.array([0.0, 2.0, 4.0])).violation.t
        0.75
    """
    (n,) = axes(x, "n", name="x", fix="Give one place for each value.")
    axes(values, str(n), name="values", fix="Give one value for each place.")
    x, values = np.asarray(x, np.float64), np.asarray(values, np.float64)
    if n < 3:
        raise DataError(f"there are {n} samples; expected at least 3, which make a triple. Give more.")
    if not (np.isfinite(x).all() and np.isfinite(values).all()):
        raise DataError("the samples hold NaN or infinity; expected finite numbers. Leave these out.")
    if not (np.diff(x) > 0).all():
        raise DataError("x does not grow from place to place; expected an order from small to large. Sort the samples.")
    number(rounding, name="rounding", low=0.0, high=1.0)
    return worst_triple(x, values, None, rounding=rounding)


def worst_triple(
    x: Float64[np.ndarray, " n"],
    values: Float64[np.ndarray, " n"],
    f: Function | None,
    *,
    rounding: float,
    told: Callable[[float], Place] = float,
) -> Convexity:
    """Find the sample furthest above the chord of two others, and check it with values of their own.

    Args:
        x: (N,) places in order.
        values: (N,) of f there, which may be less exact than f.
        f: gives the values that count; None for `values` themselves.
        rounding: as in `convexity`.
        told: how the ends of the chord are told, where the places are those of a line in a plane.
    """
    none = Convexity(violation=None, n_samples=len(x))
    found = furthest_above(x, values)
    if found is None:
        return none
    first, middle, last = found
    x1, x2 = float(x[first]), float(x[last])
    t = (x2 - float(x[middle])) / (x2 - x1)
    if f is None:
        f1, between, f2 = (float(values[i]) for i in found)
    else:
        f1, between, f2 = (_value(f, place) for place in (x1, t * x1 + (1 - t) * x2, x2))
    # The place between is rounded too, which moves the chord's height by its slope.
    slope = abs(f2 - f1) / (x2 - x1)
    tolerance = rounding * float(np.abs(values).max()) + 4 * np.finfo(np.float64).eps * slope * max(abs(x1), abs(x2))
    violation = Violation(x1=told(x1), x2=told(x2), t=t, f1=f1, f2=f2, f_between=between, rounding=tolerance)
    return Convexity(violation=violation, n_samples=len(x)) if violation.amount > tolerance else none


def furthest_above(x: Float64[np.ndarray, " n"], values: Float64[np.ndarray, " n"]) -> tuple[int, int, int] | None:
    """Give (i, j, k), i < j < k, with value j furthest above the chord from i to k; None if no value is above one.

    Of all chords that span a place, the lowest is an edge of the samples' lower convex hull.
    Source: Andrew (1979), "Another efficient algorithm for convex hulls in two dimensions".
    """
    scale = np.abs(values).max()
    heights = values / scale if scale > 0 else values  # products of large values would overflow
    hull: list[int] = []
    for j in range(len(x)):
        while len(hull) > 1 and _is_above(x, heights, hull[-2], hull[-1], j):
            hull.pop()
        hull.append(j)
    above = heights - np.interp(x, x[hull], heights[hull])
    above[hull] = 0.0
    middle = int(np.argmax(above))
    if above[middle] <= 0:
        return None
    right = int(np.searchsorted(hull, middle))
    return hull[right - 1], middle, hull[right]


@dataclass(frozen=True, kw_only=True)
class Structure:
    """Whether the objective of a classifier is convex for what it is made of, whatever the rows.

    Args:
        is_convex: whether that is proven; if not, it may or may not be.
        steps: the argument, line by line.
    """

    is_convex: bool
    steps: tuple[str, ...]

    @property
    def text(self) -> str:
        """The verdict and its argument."""
        return f"{'convex' if self.is_convex else 'not provable'} by structure: {'; '.join(self.steps)}"


# The scores enter each loss by the formula that makes it convex in them.
CONVEX_LOSSES = {
    "softmax": "the softmax loss, log of a sum of exp minus the true score, is convex in the scores",
    "svm": "the hinge, a sum of largest values of 0 and a linear function, is convex in the scores",
    "squares": "a sum of squares is convex in the scores",
}


def convexity_by_structure(model: BaseEstimator) -> Structure:
    """Prove that a classifier's objective is convex in its weights, or say why this proof does not reach it.

    Scores that are linear in the weights, put into a convex loss, are convex; so are l1 * sum of |W| and l2 * sum of
    W^2, and sums of convex functions with weights of at least 0.

    Args:
        model: a LinearClassifier, MLPClassifier or RidgeClassifier, or a pipeline with one; fitted or not.
    Raises: SettingError for another classifier, or negative penalties.
    Source: Boyd and Vandenberghe (2004), sections 3.1.5, 3.2.1 and 3.2.2.
    Example:
        >>> convexity_by_structure(LinearClassifier(loss="svm")).is_convex
        True
        >>> convexity_by_structure(MLPClassifier(hidden=(32,))).is_convex
        False
    """
    if isinstance(model, ImagePipeline):
        model = getattr(model, "classifier_", model.classifier)
    if not isinstance(model, LinearClassifier | MLPClassifier | RidgeClassifier):
        raise SettingError(
            f"model is a {type(model).__name__}; expected a LinearClassifier, an MLPClassifier or a RidgeClassifier, "
            "or a pipeline with one. Give one of these."
        )
    n_hidden = len(model.hidden) if isinstance(model, MLPClassifier) else 0
    if n_hidden:
        layers = f"{n_hidden} hidden layer{'s' if n_hidden > 1 else ''}"
        return Structure(
            is_convex=False,
            steps=(f"with {layers} the scores multiply weights with weights, and are not linear in them",),
        )
    l1, l2 = (number(getattr(model, name, 0.0), name=name, low=0.0) for name in ("l1", "l2"))
    steps = ["the scores W x + b are linear in W and b", CONVEX_LOSSES[getattr(model, "loss", "squares")]]
    if getattr(model, "label_smoothing", 0.0):
        steps.append("smoothed labels change it by a linear function of the scores")
    if l1:
        steps.append(f"{l1:g} times the sum of |W| is convex")
    if l2:
        steps.append(f"{l2:g} times the sum of W^2 is convex")
    steps.append("a sum of convex functions, with weights of at least 0, is convex")
    return Structure(is_convex=True, steps=tuple(steps))


def _is_above(x: np.ndarray, heights: np.ndarray, i: int, j: int, k: int) -> bool:
    """Say whether sample j lies on or above the chord from i to k."""
    rise = (heights[k] - heights[i]) * (x[j] - x[i]) - (heights[j] - heights[i]) * (x[k] - x[i])
    return bool(rise <= 0)


def _checked_range(low: float, high: float) -> tuple[float, float]:
    largest = float(np.finfo(np.float64).max)
    low = number(low, name="low", low=-largest, high=largest)
    return low, number(high, name="high", low=low, high=largest, above=True)


def _value(f: Function, place: float) -> float:
    value = float(f(place))
    if not np.isfinite(value):
        raise DataError(f"the function is {value} at {place:g}; expected a finite number. Choose another range.")
    return value


def _place_text(place: Place) -> str:
    return f"{place:.4g}" if isinstance(place, float) else f"({', '.join(f'{p:.4g}' for p in place)})"
