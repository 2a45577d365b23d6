"""The fewest lines that follow a function within a distance, with knots wherever they help most."""

import numpy as np

from foldline.core.compiled import kernel
from foldline.insight.intervals import Interval
from foldline.insight.targets import Column, Target

MOST_LINES = 301
FINE = 20_001  # points at which curvature is looked at


def places(f: Target, *, low: float, high: float, n: int, more: Column) -> Column:
    """Choose about n places between low and high and some more, half of them evenly, half denser where f bends.

    Lines need a length of 4 sqrt(eps / |f''|), so the others lie as dense as the root of |f''|.
    """
    fine = np.linspace(low, high, FINE)
    y = f.sample(fine)
    density = np.sqrt(np.abs(np.diff(y, 2)))
    density = np.concatenate([density[:1], density, density[-1:]])
    bends = np.cumsum(density) - density[0]
    evenly = np.linspace(low, high, max(n // 2, 2))
    x = [evenly, f.breaks(), more]
    if bends[-1] > 0:
        x.append(np.interp(np.linspace(0, bends[-1], n - n // 2), bends, fine))
    joined = np.unique(np.concatenate(x))
    joined = joined[(joined >= low) & (joined <= high)]
    # Neighbours that rounding nearly joins would give slopes without meaning; the ends stay.
    far = np.diff(joined, append=np.inf) > 1e-12 * (high - low)
    far[0] = True
    kept = joined[far]
    kept[0], kept[-1] = low, high
    return kept


def fewest_lines(x: Column, y: Column, *, eps: float, at_most: int = MOST_LINES) -> tuple[Column, Column] | None:
    """Find the fewest joined lines within eps of the points, with knots at their places.

    What k lines can reach at a place is an interval of values. Those of k + 1 follow by on-line fitting of one line to
    ranges, begun at every place and interval of k.

    Returns: places and values of the ends and knots; None for more than `at_most` lines.
    Source: O'Rourke (1981), "An on-line algorithm for fitting straight lines between data ranges"; the least number of
        links, as in Imai and Iri (1986), "An optimal algorithm for approximating a piecewise linear function".
    """
    least, most, n_lines = _reach(x, y - eps, y + eps, at_most)
    if n_lines < 0:
        return None
    at, values = _back(x, y - eps, y + eps, least, most, n_lines)
    return (x[at], values) if at[0] == 0 else None


def best_lines(x: Column, y: Column, *, n_lines: int, enough: float = 0.0) -> tuple[Column, Column, float]:
    """Find joined lines, at most so many, whose largest distance from the points is least, or at most `enough`.

    Returns: places and values of their ends and knots, and the distance, within a thousandth of the least.
    """
    span = float(np.ptp(y)) / 2
    knots = (x[[0, -1]], np.full(2, (y.max() + y.min()) / 2))  # what one line can do at the least
    enough = max(enough, 1e-12 * float(np.abs(y).max()))
    # Of smooth functions: lines of length h are h^2 |f''| / 16 off, so all are when h = 4 sqrt(eps / |f''|).
    bend = np.sum(np.sqrt(np.abs(np.diff(np.diff(y) / np.diff(x))) * (x[2:] - x[:-2]) / 2))
    guess = min(max(1.05 * (bend / n_lines) ** 2 / 16, enough), span)
    low, high = 0.0, span
    while high - low > 1e-3 * high and high > enough:
        eps, guess = guess if guess else (low + high) / 2, 0.0
        found = fewest_lines(x, y, eps=eps, at_most=n_lines)
        if found is not None:
            high, knots = eps, found
            guess = 0.0 if low else 0.8 * eps
        else:
            low = eps
            guess = 1.5 * eps if high == span and 1.5 * eps < span else 0.0
    return *knots, high


def needed_folds(f: Target, *, low: float, high: float, eps: float) -> int:
    """Count folds that any lines within eps of f must have: proved, by three places for each.

    Where f at the middle place is more than 2 eps off the line through the two others, no one line is within eps of all
    three, so there is a fold between. The triples share no more than ends.
    """
    x = np.unique(np.concatenate([np.linspace(low, high, FINE), f.breaks()]))
    x = x[(x >= low) & (x <= high)]
    triples = x[_witnesses(x, f.sample(x), eps * (1 + 1e-9))]
    a, b, c = (Interval.exactly(column) for column in triples.T)
    fa, fb, fc = (f.on(column, np.nextafter(column, np.inf)).at_lo for column in triples.T)
    off = fb - (fa * ((c - b) / (c - a)) + fc * ((b - a) / (c - a)))
    return int(np.sum((off.lo > 2 * eps) | (off.hi < -2 * eps)))


@kernel(fastmath=False)
def _sweep(
    x: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    i: int,
    lo: float,
    hi: float,
    least: np.ndarray,
    most: np.ndarray,
    upper: np.ndarray,
    lower: np.ndarray,
    touch: np.ndarray,
) -> int:
    """Widen (least, most) by the values of all lines that start at place i between lo and hi.

    Returns: the first place that no such line reaches; `touch` then holds the places that say so.
    """
    n = len(x)
    upper[0], lower[0] = i, i
    n_upper, n_lower, first_upper, first_lower = 1, 1, 0, 0
    j = i + 1
    upper[1], lower[1] = j, j
    n_upper, n_lower = 2, 2
    least[j], most[j] = min(least[j], low[j]), max(most[j], high[j])
    # The flattest line goes from above at r0 to below at r2, the steepest from below at r1 to above at r3.
    r0, r1, r2, r3 = i, i, j, j
    for j in range(i + 2, n):
        y0 = hi if r0 == i else high[r0]
        y1 = lo if r1 == i else low[r1]
        flat = (low[r2] - y0) / (x[r2] - x[r0])
        steep = (high[r3] - y1) / (x[r3] - x[r1])
        bottom = low[r2] + flat * (x[j] - x[r2])
        top = high[r3] + steep * (x[j] - x[r3])
        if high[j] < bottom:
            touch[0], touch[1], touch[2] = r0, r2, j
            return j
        if low[j] > top:
            touch[0], touch[1], touch[2] = r1, r3, j
            return j
        least[j], most[j] = min(least[j], max(low[j], bottom)), max(most[j], min(high[j], top))
        if high[j] < top:
            best, first = np.inf, first_lower
            for k in range(first_lower, n_lower):
                point = lower[k]
                slope = (high[j] - (lo if point == i else low[point])) / (x[j] - x[point])
                if slope > best:
                    break
                best, first = slope, k
            r1, r3, first_lower = lower[first], j, first
            while n_upper >= first_upper + 2:
                p, q = upper[n_upper - 2], upper[n_upper - 1]
                yp, yq = (hi if p == i else high[p]), (hi if q == i else high[q])
                if (x[q] - x[p]) * (high[j] - yp) - (yq - yp) * (x[j] - x[p]) > 0:
                    break
                n_upper -= 1
            upper[n_upper] = j
            n_upper += 1
        if low[j] > bottom:
            best, first = -np.inf, first_upper
            for k in range(first_upper, n_upper):
                point = upper[k]
                if point == j:
                    break
                slope = (low[j] - (hi if point == i else high[point])) / (x[j] - x[point])
                if slope < best:
                    break
                best, first = slope, k
            r0, r2, first_upper = upper[first], j, first
            while n_lower >= first_lower + 2:
                p, q = lower[n_lower - 2], lower[n_lower - 1]
                yp, yq = (lo if p == i else low[p]), (lo if q == i else low[q])
                if (x[q] - x[p]) * (low[j] - yp) - (yq - yp) * (x[j] - x[p]) < 0:
                    break
                n_lower -= 1
            lower[n_lower] = j
            n_lower += 1
    return n


@kernel(fastmath=False)
def _reach(x: np.ndarray, low: np.ndarray, high: np.ndarray, most_lines: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Give the values that k lines reach at each place, (k, n) least and most, up to the k that reaches the end."""
    n = len(x)
    least, most = np.full((most_lines + 1, n), np.inf), np.full((most_lines + 1, n), -np.inf)
    least[0, 0], most[0, 0] = low[0], high[0]
    upper, lower, touch = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(3, np.int64)
    for k in range(most_lines):
        least[k + 1], most[k + 1] = least[k], most[k]
        for i in range(n - 1):
            lo, hi = least[k, i], most[k, i]
            is_old = k > 0 and lo == least[k - 1, i] and hi == most[k - 1, i]
            if lo <= hi and not is_old:
                _sweep(x, low, high, i, lo, hi, least[k + 1], most[k + 1], upper, lower, touch)
        if least[k + 1, n - 1] <= most[k + 1, n - 1]:
            return least, most, k + 1
    return least, most, -1


@kernel(fastmath=False)
def _back(
    x: np.ndarray, low: np.ndarray, high: np.ndarray, least: np.ndarray, most: np.ndarray, n_lines: int
) -> tuple[np.ndarray, np.ndarray]:
    """Go back from the end, a line at a time, to the place where most starts are left to choose from."""
    at, values = np.full(n_lines + 1, -1, np.int64), np.zeros(n_lines + 1)
    at[n_lines] = len(x) - 1
    values[n_lines] = (least[n_lines, -1] + most[n_lines, -1]) / 2
    for k in range(n_lines, 0, -1):
        j, y = at[k], values[k]
        flat, steep, widest = -np.inf, np.inf, -1e-13 * (1 + abs(y))
        for i in range(j - 1, -1, -1):
            d = x[j] - x[i]
            lo, hi = max(y - steep * d, least[k - 1, i]), min(y - flat * d, most[k - 1, i])
            if hi - lo > widest:
                widest, at[k - 1], values[k - 1] = hi - lo, i, (lo + hi) / 2
            flat, steep = max(flat, (y - high[i]) / d), min(steep, (y - low[i]) / d)
            if flat > steep:
                break
        if at[k - 1] < 0:
            break
    return at, values


@kernel(fastmath=False)
def _witnesses(x: np.ndarray, y: np.ndarray, eps: float) -> np.ndarray:
    """Give triples of places, each of which no one line passes within eps."""
    n = len(x)
    low, high = y - eps, y + eps
    least, most = np.full(n, np.inf), np.full(n, -np.inf)
    upper, lower, touch = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(3, np.int64)
    found = np.empty((n, 3), np.int64)
    n_found, i = 0, 0
    while i < n - 1:
        i = _sweep(x, low, high, i, low[i], high[i], least, most, upper, lower, touch)
        if i < n:
            found[n_found] = touch
            n_found += 1
    return found[:n_found]
