"""A proof of how far two functions are apart at most, over a whole interval: cells that are cut until they say it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from foldline.core.errors import SettingError
from foldline.insight.intervals import Interval
from foldline.insight.targets import Bounded, Column

FIRST_CELLS = 256
RELATIVE = 1e-3  # how near the bound comes to what is surely reached, unless the cells become too many
MOST_CELLS = 300_000
ROUNDED_UP = 1 + 1e-14  # more than the few roundings of a bound


@dataclass(frozen=True)
class Certificate:
    """What is known of sup |f - g|.

    Args:
        at_least: an error that is reached at a point.
        at_most: no error is larger, anywhere in the interval.
        at: where `at_least` is reached.
        stuck: a place where no shorter cell brings the bound down to `at_least` or `enough`; None for none.
    """

    at_least: float
    at_most: float
    at: float
    stuck: float | None


def certify(
    f: Bounded, g: Bounded, *, low: float, high: float, enough: float = 0.0, most_cells: int = MOST_CELLS
) -> Certificate:
    """Bound sup |f(x) - g(x)| over low <= x <= high.

    On a cell of width h the error e = f - g is at most its larger one at the two ends, and
    h^2 / 8 * max |e''| (Taylor about x, weighted so that slopes cancel) or h / 2 * max |e'| more; or what the ranges
    of f and g say. The least of the three counts. Cells that could hold more than what is surely reached, and more than
    `enough`, are halved, unless they are more than `most_cells`.

    Raises: SettingError if no bound is found near a place, since f has none there.
    """
    edges = np.unique(np.concatenate([np.linspace(low, high, FIRST_CELLS + 1), f.breaks(), g.breaks()]))
    edges = edges[(edges >= low) & (edges <= high)]
    lo, hi = edges[:-1], edges[1:]
    least, at, most_of_done, stuck = -1.0, low, 0.0, None
    while True:
        ends, most = _on_cells(f, g, lo, hi)
        best = int(np.argmax(ends))
        if ends[best] > least:
            least, at = float(ends[best]), float((lo, hi)[best % 2 == 1][best // 2])
        middle = 0.5 * lo + 0.5 * hi
        # Not (a <= b), so that what is no number counts as open.
        is_open = ~(most <= max(least * (1 + RELATIVE), enough) + 1e-14 * (1 + abs(least)))
        can_be_cut = is_open & (hi - lo > 1e-13 * (1 + np.maximum(np.abs(lo), np.abs(hi))))
        if (is_open & ~can_be_cut).any():
            stuck = float(lo[is_open & ~can_be_cut][0])
        if can_be_cut.sum() > most_cells:
            can_be_cut[:] = False
        kept = most[~can_be_cut]
        if len(kept) and not np.isfinite(kept).all():
            place = float(lo[~can_be_cut][int(np.argmin(np.isfinite(kept)))])
            raise SettingError(
                f"the function has no bound or no value near x = {place:.6g}; expected one that is finite from {low:g} "
                f"to {high:g}. Choose a range without such a place."
            )
        most_of_done = max(most_of_done, float(kept.max(initial=0.0)))
        if not can_be_cut.any():
            return Certificate(max(least, 0.0), most_of_done, at, stuck)
        lo, middle, hi = lo[can_be_cut], middle[can_be_cut], hi[can_be_cut]
        lo, hi = np.concatenate([lo, middle]), np.concatenate([middle, hi])


def rounded_up(bound: float, *, digits: int = 3) -> str:
    """Write a bound with few digits, rounded up so that it stays one.

    Example:
        >>> rounded_up(0.0123401), rounded_up(2.0)
        ('0.0124', '2')
    """
    if bound == 0 or not np.isfinite(bound):
        return f"{bound:g}"
    unit = 10.0 ** (int(np.floor(np.log10(bound))) + 1 - digits)
    return f"{np.ceil(bound / unit) * unit:.{digits}g}"


def _on_cells(f: Bounded, g: Bounded, lo: Column, hi: Column) -> tuple[Float64[np.ndarray, " ends"], Column]:
    """Give errors that are reached at the ends (lo and hi in turn), and the bound of each cell."""
    of_f, of_g = f.on(lo, hi), g.on(lo, hi)
    with np.errstate(invalid="ignore", over="ignore"):
        left, right = of_f.at_lo - of_g.at_lo, of_f.at_hi - of_g.at_hi
        at_ends = np.maximum(left.size, right.size)
        width = np.nextafter(hi - lo, np.inf)
        ranges = (of_f.v - of_g.v).size
        slopes = at_ends + width / 2 * (of_f.d - of_g.d).size
        bends = at_ends + width * width / 8 * (of_f.dd - of_g.dd).size
        bounds = np.fmin(np.fmin(ranges, slopes), bends) * ROUNDED_UP
        reached = np.stack([_least_size(left), _least_size(right)], axis=1).ravel()
    return np.where(np.isfinite(reached), reached, -1.0), np.asarray(np.where(np.isnan(bounds), np.inf, bounds))


def _least_size(x: Interval) -> Column:
    return np.asarray(np.maximum(np.maximum(x.lo, -x.hi), 0.0))
