"""Exact folds: the linear regions of a net on a plane, the lines between them, and the decision boundary."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int32, Int64

from foldline.core.checks import axes, integer
from foldline.core.errors import SettingError, ShapeError
from foldline.insight._class_cells import NO_CLASS, TIE
from foldline.insight._cut_cells import BORDER, Cells
from foldline.insight._regions import cut_by_class, cut_window, joined_starts, too_many_regions, zero_tolerances
from foldline.insight.piecewise import PiecewiseNet, piecewise_net
from foldline.insight.planes import Plane

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEP_ACROSS = 1e-7  # of the window, to see who wins beyond an edge along which classes tie


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Convex polygons of one winning class each.

    Args:
        corners: (V, 2) of all parts in a row, against the clock.
        starts: (P + 1,) where each part's corners begin, and where the last one's end.
        winners: (P,) index of the class.
        regions: (P,) index of the region that each part belongs to.
    """

    corners: Float64[np.ndarray, "v 2"]
    starts: Int64[np.ndarray, " p_and_1"]
    winners: Int32[np.ndarray, " p"]
    regions: Int64[np.ndarray, " p"]


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """Where two classes meet.

    Args:
        segments: (S, 2, 2) ends of straight pieces, (a, b) on the plane.
        classes: (S, 2) indices of the two classes, the lower first.
    """

    segments: Float64[np.ndarray, "s 2 2"]
    classes: Int32[np.ndarray, "s 2"]

    @property
    def length(self) -> float:
        """Length of all pieces together, in units of the plane."""
        return float(np.linalg.norm(self.segments[:, 1] - self.segments[:, 0], axis=1).sum())


@dataclass(frozen=True, kw_only=True)
class Folds:
    """What `find_folds` gives back.

    Args:
        net: layers of the net.
        plane: the plane and the window on it.
        cells: the regions in the coordinates of the window, [-1, 1] x [-1, 1]; the properties below give those of the
            plane.
        tolerance: (K,) what counts as 0 of the scores.
    """

    net: PiecewiseNet
    plane: Plane
    cells: Cells
    tolerance: Float64[np.ndarray, " k"]

    @cached_property
    def corners(self) -> Float64[np.ndarray, "v 2"]:
        """(V, 2) corners (a, b) of all regions in a row, against the clock."""
        centre, half = _middle(self.plane)
        return np.asarray(self.cells.corners * half + centre)

    @property
    def edges(self) -> Int32[np.ndarray, " v"]:
        """(V,) index of the unit that bends along the edge from this corner to the next one of its region.

        -1 along the window's border. Where units of one layer bend along the same line, one of them.
        """
        return self.cells.edges

    @property
    def starts(self) -> Int64[np.ndarray, " r_and_1"]:
        """(R + 1,) where each region's corners begin, and where the last one's end."""
        return self.cells.starts

    @cached_property
    def maps(self) -> Float64[np.ndarray, "r 3 k"]:
        """(R, 3, K) scores on a region: (a, b, 1) @ maps[r]."""
        centre, half = _middle(self.plane)
        maps = self.cells.maps.copy()
        maps[:, :2] /= half[:, None]
        maps[:, 2] -= centre[0] * maps[:, 0] + centre[1] * maps[:, 1]
        return maps

    @property
    def n_regions(self) -> int:
        """How many regions there are."""
        return len(self.starts) - 1

    @property
    def n_units(self) -> int:
        """How many hidden units there are, over all layers."""
        return sum(self.net.widths)

    def unit(self, index: int) -> tuple[int, int]:
        """Give layer and place in the layer of a unit, both from 0."""
        integer(index, name="index", low=0, high=self.n_units - 1)
        ends = np.cumsum(self.net.widths)
        layer = int(np.searchsorted(ends, index, side="right"))
        return layer, int(index - (ends[layer - 1] if layer else 0))

    @cached_property
    def patterns(self) -> Bool[np.ndarray, "r units"]:
        """(R, units) which units are above 0 in each region."""
        return np.unpackbits(self.cells.bits, axis=1, count=self.n_units, bitorder="little").astype(bool)

    @cached_property
    def areas(self) -> Float64[np.ndarray, " r"]:
        """(R,) area of each region, in square units of the plane."""
        return _areas(self.corners, self.starts)

    @property
    def fold_lines(self) -> tuple[Float64[np.ndarray, "s 2 2"], Int32[np.ndarray, " s"]]:
        """Ends of all straight pieces of folds, (S, 2, 2), and the unit that bends there, (S,)."""
        # Each piece is an edge of a region on either side; the one on which the unit is above 0 draws it.
        region = np.repeat(np.arange(self.n_regions), np.diff(self.starts))
        draws = self.edges != BORDER
        draws[draws] = (self.cells.bits[region[draws], self.edges[draws] >> 3] >> (self.edges[draws] & 7)) & 1 == 1
        ends = np.stack([self.corners, self.corners[_followers(self.starts)]], axis=1)
        return ends[draws], self.edges[draws]

    @cached_property
    def fold_lengths(self) -> Float64[np.ndarray, " units"]:
        """(units,) length of each unit's fold within the window, in units of the plane; 0 for one that never bends."""
        segments, units = self.fold_lines
        lengths = np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1)
        return np.bincount(units, weights=lengths, minlength=self.n_units).astype(np.float64)  # of none: integers

    @cached_property
    def parts(self) -> Parts:
        """Regions cut further by the class that wins."""
        corners, _, starts, winners, regions = self._class_cells
        return Parts(corners=corners, starts=starts, winners=winners, regions=regions)

    @cached_property
    def boundary(self) -> Boundary:
        """The decision boundary between all classes.

        Convention: where scores tie all over a region, as they do where all units of a net without biases are off, the
            lowest class wins, as in argmax.
        """
        corners, rivals, starts, winners, _ = self._class_cells
        ends = np.stack([corners, corners[_followers(starts)]], axis=1)
        own = np.repeat(winners, np.diff(starts))
        ties = rivals == TIE
        if ties.any():
            rivals = rivals.copy()
            rivals[ties] = self._winners_across(ends[ties])
        draws = (rivals != NO_CLASS) & (own < rivals)  # the lower class draws; the other side has the same edge
        return Boundary(segments=ends[draws], classes=np.stack([own[draws], rivals[draws]], axis=1))

    @cached_property
    def class_areas(self) -> Float64[np.ndarray, " k"]:
        """(K,) area in which each class wins, in square units of the plane."""
        parts = self.parts
        areas = _areas(parts.corners, parts.starts)
        return np.bincount(parts.winners, weights=areas, minlength=self.net.n_classes)

    def region_of(self, points: Float[np.ndarray, "n d"]) -> Int64[np.ndarray, " n"]:
        """Find the region in which each point of the plane lies, -1 outside the window.

        Convention: on a fold, one of the regions beside it.
        """
        axes(points, "n 2", name="points", fix="Give points of the plane.")
        points = np.asarray(points, np.float64)
        along = self.corners[_followers(self.starts)] - self.corners
        # An edge shorter than rounding has no direction of its own, and no say.
        inward = (
            np.stack([-along[:, 1], along[:, 0]], axis=1) / np.maximum(np.linalg.norm(along, axis=1), 1e-300)[:, None]
        )
        offsets = (inward * self.corners).sum(axis=1)
        left, right, bottom, top = self.plane.window
        found = np.full(len(points), -1)
        for i, (a, b) in enumerate(points):
            if left <= a <= right and bottom <= b <= top:
                depth = np.minimum.reduceat(inward @ (a, b) - offsets, self.starts[:-1])
                found[i] = depth.argmax()
        return found

    def picture(
        self,
        *,
        X: Float[np.ndarray, "n d"] | None = None,
        labels: Int[np.ndarray, " n"] | None = None,
        class_names: Sequence[str] | None = None,
        title: str | None = None,
    ) -> "Figure":
        """Draw regions, folds and decision boundary (see `folds_picture`)."""
        from foldline.insight.fold_pictures import folds_picture

        return folds_picture(self, X=X, labels=labels, class_names=class_names, title=title)

    @cached_property
    def _class_cells(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Corners, classes across their edges, starts, winners and regions of parts."""
        centre, half = _middle(self.plane)
        corners, edges, starts, winners, regions = zip(*cut_by_class(self.cells, self.tolerance), strict=True)
        return (
            _joined(corners) * half + centre,
            _joined(edges),
            joined_starts(starts),
            _joined(winners),
            _joined(regions),
        )

    def _winners_across(self, ends: Float64[np.ndarray, "s 2 2"]) -> Int32[np.ndarray, " s"]:
        """Find the class that wins just beyond edges, NO_CLASS beyond the window."""
        centre, half = _middle(self.plane)
        along = (ends[:, 1] - ends[:, 0]) / half
        outward = np.stack([along[:, 1], -along[:, 0]], axis=1)
        outward /= np.linalg.norm(outward, axis=1, keepdims=True)
        there = ends.mean(axis=1) + STEP_ACROSS * half * outward
        winners: np.ndarray = self.net.scores(self.plane.at(there)).argmax(axis=1).astype(np.int32)
        winners[(np.abs((there - centre) / half) > 1).any(axis=1)] = NO_CLASS
        return winners


def find_folds(model: object, plane: Plane | None = None, *, max_regions: int = 2_000_000) -> Folds:
    """Cut a plane into the regions on which a net is one linear classifier, exactly.

    Each hidden unit bends along a line within every region of the layers before it. Regions are convex polygons, cut by
    the units of one layer after the other; nothing is sampled.

    Args:
        model: an MLP, a fitted LinearClassifier or MLPClassifier, or an ImagePipeline with one of these, whose net is
            looked at from the features on; with ReLU, leaky ReLU or no activation.
        plane: the slice of the net's input space, with a window; None for the plane itself from -1 to 1, which is for
            nets of two inputs.
        max_regions: where to give up.
    Returns: regions, their maps, folds, and the decision boundary.
    Raises: SettingError for other models and activations, for more regions than `max_regions`, and if memory does not
        do; ShapeError if the plane lies in another space than the net's.
    Convention: what is thinner than 1e-13 of the window, in units of the largest values that could have come together,
        is not cut: folds that nearly coincide count as one.
    Source: Montufar, Pascanu, Cho, Bengio (2014), section 2, for the regions; Humayun et al. (2023), "SplineCam", for
        cutting polygons layer by layer.
    Example:
        >>> from foldline.models import MLP, Linear
        >>> import jax.numpy as jnp
        >>> fold = Linear(jnp.asarray([[1.0, 0.0]]), jnp.zeros(1))
        >>> net = MLP((fold, Linear(jnp.asarray([[1.0], [0.0]]), jnp.asarray([0.0, 0.5]))), "relu")
        >>> folds = find_folds(net)
        >>> folds.n_regions, folds.boundary.segments[:, :, 0].tolist()
        (2, [[0.5, 0.5]])
    """
    integer(max_regions, name="max_regions", low=1)
    net = piecewise_net(model)
    plane = Plane.whole() if plane is None else plane
    if len(plane.origin) != net.n_in:
        raise ShapeError(
            f"the plane lies in a space of {len(plane.origin)} dimensions; expected {net.n_in}, what the net takes. "
            f"Lay one through feature vectors, such as Plane.through(X[:3]); on the command line, name three images."
        )
    centre, half = _middle(plane)
    slice_ = np.column_stack([plane.axes * half, plane.at(centre[None])[0]])
    first = net.weights[0] @ slice_
    first[:, 2] += net.biases[0]
    tolerances = zero_tolerances(net, np.abs(first).sum(axis=1))
    regions: list[Cells] = []
    n_regions = 0
    try:
        for chunk in cut_window(net, first, tolerances, most_at_once=max_regions):
            n_regions += len(chunk.maps)
            if n_regions > max_regions:
                raise too_many_regions(max_regions)
            regions.append(Cells(*(array.copy() for array in chunk)))
    except MemoryError as error:
        raise SettingError(
            f"the net has {sum(net.widths):,} units, whose folds in the window take more memory than there is; "
            f"expected fewer. Look at a smaller window, or train a narrower net."
        ) from error
    corners, edges, starts, bits, maps = zip(*regions, strict=True)
    cells = Cells(_joined(corners), _joined(edges), joined_starts(starts), _joined(bits), _joined(maps))
    return Folds(net=net, plane=plane, cells=cells, tolerance=tolerances[-1])


def _middle(plane: Plane) -> tuple[Float64[np.ndarray, " 2"], Float64[np.ndarray, " 2"]]:
    """Give the middle of a plane's window and half its width and height; regions are cut in [-1, 1] x [-1, 1]."""
    left, right, bottom, top = plane.window
    return np.array([(left + right) / 2, (bottom + top) / 2]), np.array([(right - left) / 2, (top - bottom) / 2])


def _joined(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _followers(starts: Int64[np.ndarray, " r_and_1"]) -> Int64[np.ndarray, " v"]:
    """Give the index of the corner that follows each one in its polygon."""
    followers = np.arange(1, starts[-1] + 1)
    followers[starts[1:] - 1] = starts[:-1]
    return followers


def _areas(corners: Float64[np.ndarray, "v 2"], starts: Int64[np.ndarray, " r_and_1"]) -> Float64[np.ndarray, " r"]:
    """Compute areas of polygons by Gauss's formula, each from its own first corner."""
    own = corners - np.repeat(corners[starts[:-1]], np.diff(starts), axis=0)
    after = own[_followers(starts)]
    return np.asarray(0.5 * np.add.reduceat(own[:, 0] * after[:, 1] - own[:, 1] * after[:, 0], starts[:-1]))
