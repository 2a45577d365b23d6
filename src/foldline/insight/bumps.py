"""Functions built by hand from the units of one hidden layer, with a proof of how near they come."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from foldline.core.checks import integer, number
from foldline.core.errors import SettingError
from foldline.insight.built_nets import Built, build, build_within, proved
from foldline.insight.certificates import certify, rounded_up
from foldline.insight.fewest_units import best_net, smallest_net
from foldline.insight.formula import read_formula
from foldline.insight.free_knots import MOST_LINES, needed_folds
from foldline.insight.targets import (
    FormulaTarget,
    FunctionTarget,
    PointsTarget,
    Target,
    points_target,
    read_points,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from foldline.insight.learned_units import ErrorCurves

Function: TypeAlias = "str | Path | np.ndarray | Callable[[float], float]"

CELLS_TO_KNOW = 10_000  # far more than the most lines; the waves of sin(1/x) would take 300,000, and 14 s


@dataclass(frozen=True, kw_only=True)
class Approximation:
    """What `approximate` gives back.

    Args:
        name: the formula, or what else was given.
        low: where the interval begins.
        high: where it ends.
        eps: the error that was asked for; None where units were.
        smallest: a net with the fewest units that were found: lines with free knots.
        needed: units that any ReLU net with that bound needs at least: proved.
        hats: evenly placed knots on the function; None for none within eps and the most units that are built.
        trapezoids: the lecture's bumps, overlapping, so that they sum to one; None as above.
        bumps: as many of the lecture's bumps side by side, with gaps; None for fewer than four units.
        sigmoid_steps: steep sigmoids, one between any two heights; None as above.
        tanh_steps: the same of tanh.
    """

    name: str
    low: float
    high: float
    eps: float | None
    smallest: Built
    needed: int
    hats: Built | None
    trapezoids: Built | None
    bumps: Built | None
    sigmoid_steps: Built | None
    tanh_steps: Built | None
    target: Target

    @property
    def all(self) -> tuple[Built, ...]:
        """All nets that were built, the smallest first."""
        built = (self.smallest, self.hats, self.trapezoids, self.bumps, self.sigmoid_steps, self.tanh_steps)
        return tuple(one for one in built if one is not None)

    def picture(self, *, curves: "ErrorCurves | None" = None) -> "Figure":
        """Draw the function, the smallest net with its folds, the lecture's bumps, and the errors.

        Args:
            curves: errors over numbers of units (see `error_curves`), drawn beside them.
        """
        from foldline.insight.bump_pictures import approximation_picture

        return approximation_picture(self, curves)


def approximate(
    f: Function,
    *,
    low: float | None = None,
    high: float | None = None,
    eps: float | None = None,
    units: int | None = None,
    max_slope: float | None = None,
    max_bend: float | None = None,
) -> Approximation:
    """Build two-layer nets y = sum u_i a(w_i x + b_i) + p near a function, each with a proof of how near.

    Args:
        f: a formula in x such as "sin(2*pi*x)"; (n, 2) points, or the path of a CSV file of them, with lines between;
            or a Python function of a float.
        low: where the interval begins; of points, their first x by default, else 0.
        high: where it ends; of points, their last x by default, else 1.
        eps: largest error that is allowed, above 0; 0.01 where neither this nor `units` is given.
        units: build what so many hidden units can do instead, from 1 to 300.
        max_slope: of a Python function, a bound on |f'|.
        max_bend: of a Python function, a bound on |f''|; one of the two is needed, and both are taken at their word.
    Returns: the nets, their bounds and how many units are needed at least.
    Raises: SettingError for a formula that cannot be read, settings outside their ranges, a function without bound in
        the interval, or an eps that is out of reach; DataError for points that are no function.
    Convention: bounds are proved in interval arithmetic, rounded outwards, over the whole interval, and hold for nets
        that are evaluated in floating point. NumPy's functions are taken to be right within 8 units in the last place.
    Convention: a bump rises with slope t / (s2 - s1) and falls with slope -t / (s4 - s3); its ramps take a tenth.
    Source: Nielsen (2015), "Neural networks and deep learning", chapter 4, for steps and bumps, there of sigmoids
        alone; O'Rourke (1981) for lines with free knots (see `fewest_lines`).
    Example:
        >>> built = approximate("x**2", eps=0.1)
        >>> built.smallest.n_units, built.smallest.bound <= 0.1
        (2, True)
    """
    target, low, high = door(f, low=low, high=high, max_slope=max_slope, max_bend=max_bend)
    if units is not None:
        if eps is not None:
            raise SettingError("eps and units are both given; expected one of them. Leave one out.")
        return _of_units(target, low, high, integer(units, name="units", low=1, high=MOST_LINES - 1))
    return _within(target, low, high, number(0.01 if eps is None else eps, name="eps", low=0.0, above=True))


def door(
    f: object, *, low: object, high: object, max_slope: object = None, max_bend: object = None
) -> tuple[Target, float, float]:
    """Check a function and its interval (see `approximate`)."""
    target: Target
    if isinstance(f, str):
        target = FormulaTarget(read_formula(f))
    elif isinstance(f, Path):
        target = read_points(str(f))
    elif callable(f):
        if max_slope is None and max_bend is None:
            raise SettingError(
                "neither max_slope nor max_bend is given; expected a bound on |f'| or |f''|, since nothing else is "
                "known of a Python function between points. Give one, or a formula."
            )
        slope, bend = (
            np.inf if value is None else number(value, name=name, low=0.0)
            for value, name in ((max_slope, "max_slope"), (max_bend, "max_bend"))
        )
        target = FunctionTarget(f, slope, bend)
    else:
        target = points_target(f)
    if not callable(f) and (max_slope is not None or max_bend is not None):
        raise SettingError(
            "max_slope or max_bend is given; expected them with a Python function alone. Leave them out."
        )
    start, end = bounded_range(target, low=low, high=high)
    return target, start, end


def bounded_range(f: Target, *, low: object, high: object) -> tuple[float, float]:
    """Check an interval (see `approximate`), and that a function is bounded there."""
    is_points = isinstance(f, PointsTarget)
    first, last = (float(f.x[0]), float(f.x[-1])) if isinstance(f, PointsTarget) else (0.0, 1.0)
    start = number(first if low is None else low, name="low", low=-1e100, high=1e100)
    end = number(last if high is None else high, name="high", low=-1e100, high=1e100)
    if not start < end or end - start < 1e-9 * max(abs(start), abs(end)):
        raise SettingError(
            f"the interval goes from {start:.12g} to {end:.12g}; expected its end clearly above its beginning. "
            "Change one."
        )
    if is_points and (start < first or end > last):
        raise SettingError(
            f"the interval goes from {start:g} to {end:g}; expected it within the points, {first:g} to {last:g}. "
            "Leave it out, or add points."
        )
    certify(f, _flat(start, end), low=start, high=end)  # finite everywhere, or an error that says where not
    return start, end


def smallest_within(f: Target, *, low: float, high: float, eps: float) -> Built:
    """Find a small net whose bound is at most eps; where it fails between the points looked at, add some there.

    Raises: SettingError for a function that cannot be bounded within eps, or an eps that is out of reach.
    """
    # What is not known within twice eps has no bound of eps from any net.
    stuck = certify(f, f, low=low, high=high, enough=2 * eps, most_cells=CELLS_TO_KNOW).stuck
    if stuck is not None:
        raise SettingError(
            f"the function cannot be bounded within eps = {eps:g} near x = {stuck:.6g}; expected one that can from "
            f"{low:g} to {high:g}. Choose a range without such a place, or raise eps."
        )
    more = np.empty(0)
    inner = eps * (1 - 1e-3)
    for _ in range(6):
        net = smallest_net(f, low=low, high=high, eps=inner, more=more)
        if net is None:
            break
        built = proved("free knots", f, net, low=low, high=high, enough=eps / 10)
        if built.bound <= eps:
            return built
        around = (high - low) * 2.0 ** -np.arange(4, 30)
        more = np.concatenate([more, [built.at], built.at - around, built.at + around])
        inner *= 1 - 2e-3
    reached = proved("free knots", f, best_net(f, low=low, high=high, n_units=MOST_LINES - 1), low=low, high=high)
    within_reach = rounded_up(1.01 * reached.bound, digits=2)
    raise SettingError(
        f"eps is {eps:g}, which is out of reach; expected {within_reach} or more for this function, which "
        f"{reached.n_units} units reach. Raise eps, or choose a shorter interval."
    )


def _within(f: Target, low: float, high: float, eps: float) -> Approximation:
    smallest = smallest_within(f, low=low, high=high, eps=eps)
    hats = build_within(f, "hats", low=low, high=high, eps=eps)
    trapezoids = build_within(f, "overlapping bumps", low=low, high=high, eps=eps)
    sigmoid_steps = build_within(f, "sigmoid steps", low=low, high=high, eps=eps)
    n_bumps = trapezoids.n_bumps if trapezoids is not None and trapezoids.n_bumps is not None else 100
    return Approximation(
        name=f.name,
        low=low,
        high=high,
        eps=eps,
        smallest=smallest,
        needed=needed_folds(f, low=low, high=high, eps=eps),
        hats=hats,
        trapezoids=trapezoids,
        bumps=build(f, "bumps", low=low, high=high, n=n_bumps),
        sigmoid_steps=sigmoid_steps,
        tanh_steps=None
        if sigmoid_steps is None
        else build(f, "tanh steps", low=low, high=high, n=sigmoid_steps.n_units),
        target=f,
    )


def _of_units(f: Target, low: float, high: float, n_units: int) -> Approximation:
    smallest = proved("free knots", f, best_net(f, low=low, high=high, n_units=n_units), low=low, high=high)
    return Approximation(
        name=f.name,
        low=low,
        high=high,
        eps=None,
        smallest=smallest,
        needed=needed_folds(f, low=low, high=high, eps=smallest.bound),
        hats=build(f, "hats", low=low, high=high, n=n_units),
        trapezoids=build(f, "overlapping bumps", low=low, high=high, n=n_units // 2 + 1),
        bumps=build(f, "bumps", low=low, high=high, n=n_units // 4) if n_units >= 4 else None,
        sigmoid_steps=build(f, "sigmoid steps", low=low, high=high, n=n_units),
        tanh_steps=build(f, "tanh steps", low=low, high=high, n=n_units),
        target=f,
    )


def _flat(low: float, high: float) -> Target:
    return PointsTarget(np.array([low, high]), np.zeros(2))
