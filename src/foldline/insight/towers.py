"""Functions of two variables built by hand from two hidden layers, with a proof of how near they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from foldline.core.checks import integer, is_list, number
from foldline.core.errors import SettingError
from foldline.insight.certificates import ROUNDED_UP, rounded_up
from foldline.insight.formula import Formula, read_formula
from foldline.insight.intervals import Interval
from foldline.insight.plane_nets import Box, Boxes, PlaneNet, Pyramids, Towers
from foldline.insight.targets import Column

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_A_SIDE = 100
RELATIVE = 1e-3
MOST_BOXES = 100_000


@dataclass(frozen=True, kw_only=True)
class BuiltOnPlane:
    """A net of two inputs that was built, and how near it surely comes.

    Args:
        name: how it was built.
        net: the net.
        a_side: cells a side.
        at_least: an error that the net, in real numbers, has at the point `at`.
        bound: no error of the net in float64 is larger, anywhere in the box: proved.
        at: the point of `at_least`.
    """

    name: str
    net: PlaneNet
    a_side: int
    at_least: float
    bound: float
    at: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class PlaneApproximation:
    """What `towers` gives back.

    Args:
        name: the formula.
        box: from where to where in x, and in y.
        towers: side by side, with gaps.
        pyramids: six-sided, overlapping, so that they sum to one.
    """

    name: str
    box: Box
    towers: BuiltOnPlane
    pyramids: BuiltOnPlane
    formula: Formula

    def picture(self) -> "Figure":
        """Draw the function, the towers, the pyramids and the error of these."""
        from foldline.insight.tower_pictures import towers_picture

        return towers_picture(self)


def towers(
    formula: str,
    *,
    low: float | Sequence[float] = 0.0,
    high: float | Sequence[float] = 1.0,
    eps: float | None = None,
    a_side: int | None = None,
) -> PlaneApproximation:
    """Build three-layer nets near a function of two variables, each with a proof of how near.

    A tower is relu(b(x) + b(y) - 1) with bumps b of height 1. Towers leave gaps, so their largest error stays, however
    many there are; pyramids over a grid, relu(1 - (|r| + |s| + |r - s|) / 2), sum to one and leave none.

    Args:
        formula: in x and y, such as "sin(2*pi*x)*cos(2*pi*y)".
        low: where the box begins in x and in y, one number for both or one for each.
        high: where it ends.
        eps: largest error that pyramids are allowed, above 0; 0.05 where neither this nor `a_side` is given.
        a_side: cells a side instead, from 1 to 100.
    Returns: the nets and their bounds; as many towers a side as cells.
    Raises: SettingError for a formula that cannot be read, settings outside their ranges, a function without bound in
        the box, or an eps that more than 100 cells a side would need.
    Source: Nielsen (2015), "Neural networks and deep learning", chapter 4, for towers, there of steep sigmoids; He, Li,
        Xu, Zheng (2020), "ReLU deep neural networks and linear finite elements", section 3, for pyramids as a net.
    Example:
        >>> built = towers("x*y", eps=0.1)
        >>> built.pyramids.bound <= 0.1
        True
    """
    f = read_formula(formula, variables=("x", "y"))
    sides = [_pair(value, name=name) for value, name in ((low, "low"), (high, "high"))]
    box = (sides[0][0], sides[1][0]), (sides[0][1], sides[1][1])
    for (start, end), axis in zip(box, "xy", strict=True):
        if not start < end or end - start < 1e-9 * max(abs(start), abs(end)):
            raise SettingError(
                f"the box goes from {start:.12g} to {end:.12g} in {axis}; expected its end clearly above its "
                "beginning. Change one."
            )
    if eps is not None and a_side is not None:
        raise SettingError("eps and a_side are both given; expected one of them. Leave one out.")
    if a_side is not None:
        n = integer(a_side, name="a_side", low=1, high=MOST_A_SIDE)
        pyramids = _proved("pyramids", f, Pyramids.of(f, box, n), box, n)
    else:
        pyramids = _within(f, box, number(0.05 if eps is None else eps, name="eps", low=0.0, above=True))
    n = pyramids.a_side
    return PlaneApproximation(
        name=f.text, box=box, towers=_proved("towers", f, Towers.of(f, box, n), box, n), pyramids=pyramids, formula=f
    )


def _pair(value: object, *, name: str) -> tuple[float, float]:
    values = value if is_list(value) else [value, value]
    if len(values) != 2:  # type: ignore[arg-type]  # is_list says that it has a length
        raise SettingError(f"{name} is {value!r}; expected one number, or one for x and one for y. Change {name}.")
    x, y = (number(one, name=name, low=-1e100, high=1e100) for one in values)  # type: ignore[attr-defined]  # as above
    return x, y


def _within(f: Formula, box: Box, eps: float) -> BuiltOnPlane:
    """Find few cells a side whose bound is at most eps: errors of triangles fall with the square of their sides."""
    n = 1
    while True:
        built = _proved("pyramids", f, Pyramids.of(f, box, n), box, n)
        if built.bound <= eps:
            return built
        if n == MOST_A_SIDE:
            within_reach = rounded_up(1.01 * built.bound, digits=2)
            raise SettingError(
                f"eps is {eps:g}, which is out of reach; expected {within_reach} or more for this function, "
                f"which {n} cells a side reach. Raise eps, or choose a smaller box."
            )
        n = min(max(n + 1, int(0.97 * n * np.sqrt(built.bound / eps))), MOST_A_SIDE)


def _proved(name: str, f: Formula, g: Pyramids | Towers, box: Box, a_side: int) -> BuiltOnPlane:
    at_least, at_most, at = _certify(f, g)
    net = g.net()
    reach = max(abs(end) for side in box for end in side)
    return BuiltOnPlane(
        name=name, net=net, a_side=a_side, at_least=at_least, bound=at_most + net.rounding(reach), at=at
    )


def _certify(f: Formula, g: Pyramids | Towers) -> tuple[float, float, tuple[float, float]]:
    """Bound sup |f - g| as `certify` does, with triangles for cells.

    On a triangle with legs h along x and k along y the error is at most its largest at the corners, and
    max |second derivative in coordinates (x / h, y / k)| / 4 more: Taylor about a point, weighted by its barycentric
    coordinates, leaves half the mean squared distance to the corners, at most half the squared radius 1/2.
    """
    boxes = g.cells()
    least, at, most_of_done = -1.0, (0.0, 0.0), 0.0
    while True:
        reached, most = _on_boxes(f, g, boxes)
        best = np.unravel_index(int(np.argmax(reached)), reached.shape)
        if reached[best] > least:
            least = float(reached[best])
            corner, row = int(best[0]), int(best[1])
            at = float(boxes[corner // 2][row]), float(boxes[2 + corner % 2][row])
        is_open = ~(most <= max(least, 0.0) * (1 + RELATIVE) + 1e-13 * (1 + abs(least)))
        x0, x1, y0, y1 = boxes
        can_be_cut = is_open & (x1 - x0 > 1e-12 * (1 + np.maximum(np.abs(x0), np.abs(x1))))
        can_be_cut &= y1 - y0 > 1e-12 * (1 + np.maximum(np.abs(y0), np.abs(y1)))
        if can_be_cut.sum() > MOST_BOXES:
            can_be_cut[:] = False
        kept = most[~can_be_cut]
        if len(kept) and not np.isfinite(kept).all():
            row = int(np.flatnonzero(~can_be_cut)[int(np.argmin(np.isfinite(kept)))])
            raise SettingError(
                f"the function has no bound or no value near ({x0[row]:.6g}, {y0[row]:.6g}); expected one that is "
                "finite in the whole box. Choose a box without such a place."
            )
        most_of_done = max(most_of_done, float(kept.max(initial=0.0)))
        if not can_be_cut.any():
            return max(least, 0.0), most_of_done, at
        x0, x1, y0, y1 = (column[can_be_cut] for column in boxes)
        x, y = 0.5 * x0 + 0.5 * x1, 0.5 * y0 + 0.5 * y1
        boxes = Boxes(
            np.concatenate([x0, x, x0, x]),
            np.concatenate([x, x1, x, x1]),
            np.concatenate([y0, y0, y, y]),
            np.concatenate([y, y, y1, y1]),
        )


def _on_boxes(f: Formula, g: Pyramids | Towers, boxes: Boxes) -> tuple[np.ndarray, Column]:
    """Give errors that are reached at the corners, (4, n), and the bound of each box."""
    of_g = g.on(boxes)
    x, y = Interval(boxes.x0, boxes.x1), Interval(boxes.y0, boxes.y1)
    along_x, along_y, across = (f.jet(x, y, along=along) for along in ((1.0, 0.0), (0.0, 1.0), (1.0, 1.0)))
    h, k = (np.nextafter(end - start, np.inf) for start, end in (boxes[:2], boxes[2:]))
    with np.errstate(invalid="ignore", over="ignore"):
        at_corners = [
            f.values(px, py) - value
            for (px, py), value in zip(((px, py) for px in boxes[:2] for py in boxes[2:]), of_g.corners, strict=True)
        ]
        largest = np.max([np.asarray(corner.size) for corner in at_corners], axis=0)
        ranges = (along_x.v - of_g.v).size
        slopes = largest + (h * (along_x.d - of_g.dx).size + k * (along_y.d - of_g.dy).size) / 2
        mixed = (Interval.exactly(0.5) * (across.dd - along_x.dd - along_y.dd)).size
        bend = np.maximum(h * h * along_x.dd.size, k * k * along_y.dd.size) + h * k * mixed
        # Bounds of slopes that a net does not give mean that it has folds inside, where bends say nothing.
        bends = np.where(np.isfinite(of_g.dx.hi), largest + bend / 4, np.inf)
        bounds = np.fmin(np.fmin(ranges, slopes), bends) * ROUNDED_UP
        reached = np.stack([np.maximum(np.maximum(corner.lo, -corner.hi), 0.0) for corner in at_corners])
    return np.where(np.isfinite(reached), reached, -1.0), np.asarray(np.where(np.isnan(bounds), np.inf, bounds))
