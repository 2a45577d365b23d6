"""ReLU nets with as few units as joined lines allow: every fold is a unit, and none is spent on the first slope."""

import numpy as np
from jaxtyping import Bool, Float64

from foldline.insight.free_knots import best_lines, fewest_lines, places
from foldline.insight.targets import Column, Target
from foldline.insight.unit_sums import UnitSum

TRIED = 4  # choices of flipped units for which the knots' values are solved anew
SEARCHED = 28  # units among which the flipped ones are searched, half against half
FEWEST_PLACES = 3000
PLACES_A_LINE = 80
ROWS = 600  # points of the linear program, or ROWS_A_LINE for each line
ROWS_A_LINE = 40


def net_of_lines(x: Column, y: Column, *, is_flipped: Bool[np.ndarray, " folds"] | None = None) -> UnitSum:
    """Make a ReLU net of joined lines.

    A fold at k where the slope rises by r is r relu(x - k), open to the right, or r relu(k - x), open to the left, that
    adds the slope -r everywhere. The units that are flipped bring the slope of the first line if their rises sum to
    minus that slope; otherwise one unit more, open from the left end on, brings it.

    Args:
        x: (n + 2,) ends and knots.
        y: (n + 2,) values there.
        is_flipped: (n,) which folds open to the left; None for none and the unit more.
    """
    slopes = np.diff(y) / np.diff(x)
    u, knots = np.diff(slopes), x[1:-1]
    if is_flipped is None:
        u, knots, is_flipped = slopes - np.append(0.0, slopes[:-1]), x[:-1], np.zeros(len(slopes), bool)
    w = np.where(is_flipped, -1.0, 1.0)
    at_start = u @ np.maximum(w * (x[0] - knots), 0.0)
    kept = u != 0
    return UnitSum(w[kept], (-w * knots)[kept], u[kept], float(y[0] - at_start))


def smallest_net(f: Target, *, low: float, high: float, eps: float, more: Column) -> UnitSum | None:
    """Find a net with few units within eps of f at many points and some more; None for more lines than are tried."""
    n = FEWEST_PLACES
    while True:
        x = places(f, low=low, high=high, n=n, more=more)
        y = f.sample(x)
        lines = fewest_lines(x, y, eps=eps)
        if lines is None:
            return None
        n_lines = len(lines[0]) - 1
        if n >= PLACES_A_LINE * n_lines:
            break
        n = PLACES_A_LINE * n_lines
    net, error = _with_flips(x, y, n_lines=n_lines, enough=eps / 10)[:2]
    return _centred(net_of_lines(*lines), x, y) if error > eps else net


def best_net(f: Target, *, low: float, high: float, n_units: int, enough: float = 0.0) -> UnitSum:
    """Find a net with at most so many units whose largest error at many points is least, or at most `enough`."""
    x = places(f, low=low, high=high, n=max(FEWEST_PLACES, PLACES_A_LINE * n_units), more=np.empty(0))
    y = f.sample(x)
    net, error, least = _with_flips(x, y, n_lines=n_units + 1, enough=enough)
    if error <= max(1.01 * least, enough):
        return net
    knots, values, of_lines = best_lines(x, y, n_lines=n_units, enough=enough)
    return _centred(net_of_lines(knots, values), x, y) if of_lines < error else net


def _with_flips(x: Column, y: Column, *, n_lines: int, enough: float = 0.0) -> tuple[UnitSum, float, float]:
    """Find the best lines whose first slope is brought by flipped units.

    Returns: a net, its largest distance from the points, and that of lines that need not bring their first slope.
    """
    knots, values, eps = best_lines(x, y, n_lines=n_lines, enough=enough)
    choices = _flips(knots, values)

    def net_and_error(is_flipped: Bool[np.ndarray, " folds"], at_knots: Column) -> tuple[UnitSum, float]:
        net = _centred(net_of_lines(knots, at_knots, is_flipped=is_flipped), x, y)
        return net, float(np.abs(net(x) - y).max())

    found = [net_and_error(is_flipped, values) for is_flipped in choices]
    for is_flipped in choices:
        best = min(found, key=lambda one: one[1])
        if best[1] <= max(1.01 * eps, enough):
            break
        found.append(net_and_error(is_flipped, _solved(knots, values, x, y, is_flipped)))
    return *min(found, key=lambda one: one[1]), eps


def _flips(knots: Column, values: Column) -> list[Bool[np.ndarray, " folds"]]:
    """Choose sets of units to flip whose rises nearly sum to minus the first slope.

    First those left of the flattest lines, as one would draw it; then any of the first half against any of the second.
    """
    slopes = np.diff(values) / np.diff(knots)
    rises = np.diff(slopes)
    before_flat = [np.arange(len(rises)) < k for k in np.argsort(np.abs(slopes), kind="stable")[:2]]
    some = np.unique(np.linspace(0, len(rises) - 1, min(SEARCHED, len(rises))).round().astype(int))
    first, second = some[: len(some) // 2], some[len(some) // 2 :]
    left, right = _sums(rises[first]), _sums(rises[second])
    order = np.argsort(right, kind="stable")
    wanted = -slopes[0] - left
    near = np.clip(np.searchsorted(right[order], wanted) + np.array([[-1], [0]]), 0, len(right) - 1)
    off = np.abs(right[order][near] - wanted)
    choices = []
    for flat in np.argsort(off, axis=None, kind="stable")[:TRIED]:
        row, of_left = np.unravel_index(flat, off.shape)
        is_flipped = np.zeros(len(rises), bool)
        is_flipped[first] = _bits(int(of_left), len(first))
        is_flipped[second] = _bits(int(order[near[row, of_left]]), len(second))
        choices.append(is_flipped)
    return before_flat + choices


def _sums(rises: Column) -> Column:
    """Sum every subset; number k holds rise i where bit i of k is set."""
    sums = np.zeros(1)
    for rise in rises:
        sums = np.concatenate([sums, sums + rise])
    return sums


def _bits(number: int, n: int) -> Bool[np.ndarray, " n"]:
    return np.asarray((number >> np.arange(n)) & 1 == 1)


def _solved(
    knots: Column, values: Column, x: Column, y: Column, is_flipped: Bool[np.ndarray, " folds"]
) -> Float64[np.ndarray, " knots"]:
    """Choose the values at the knots anew: near the points, and so that flipped units bring the first slope."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, hstack, vstack

    rows = np.unique(np.linspace(0, len(x) - 1, min(max(ROWS, ROWS_A_LINE * len(knots)), len(x))).round().astype(int))
    piece = np.clip(np.searchsorted(knots, x[rows], side="right") - 1, 0, len(knots) - 2)
    share = (x[rows] - knots[piece]) / (knots[piece + 1] - knots[piece])
    n, m = len(rows), len(knots)
    ends = np.stack([np.arange(n)] * 2).ravel(), np.concatenate([piece, piece + 1])
    between = csr_array((np.concatenate([1 - share, share]), ends), shape=(n, m))
    over = 1.0 / np.diff(knots)
    slope_rows = np.zeros((m - 1, m))
    slope_rows[np.arange(m - 1), np.arange(m - 1)] = -over
    slope_rows[np.arange(m - 1), np.arange(1, m)] = over
    first_slope = slope_rows[0] + np.diff(slope_rows, axis=0)[is_flipped].sum(axis=0)
    ones = csr_array(np.ones((n, 1)))
    result = linprog(
        np.append(np.zeros(m), 1.0),
        A_ub=vstack([hstack([between, -ones]), hstack([-between, -ones])]),
        b_ub=np.concatenate([y[rows], -y[rows]]),
        A_eq=np.append(first_slope, 0.0)[None],
        b_eq=[0.0],
        bounds=(None, None),
    )
    return np.asarray(result.x[:-1]) if result.success else values


def _centred(net: UnitSum, x: Column, y: Column) -> UnitSum:
    """Move a net up or down so that it is as far above the points as below."""
    off = y - net(x)
    return UnitSum(net.w, net.b, net.u, net.p + float(off.max() + off.min()) / 2)
