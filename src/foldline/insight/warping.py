"""Space warping: what a layer does to the plane, as polygons that are moved, folded and laid flat."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int64

from foldline.core.checks import integer
from foldline.core.errors import SettingError
from foldline.insight.folds import find_folds
from foldline.insight.piecewise import PiecewiseNet, piecewise_net
from foldline.insight.planes import Plane

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_SQUARES = 500  # along a side; finer ones are not seen


@dataclass(frozen=True, kw_only=True)
class Warp:
    """What `find_warp` gives back: a plane in small polygons, and where a layer takes their corners.

    Args:
        net: layers of the net.
        layer: how many of them the plane went through.
        plane: the plane and the window on it.
        corners: (V, 2) corners (a, b) of all polygons in a row, against the clock.
        starts: (P + 1,) where each polygon's corners begin, and where the last one's end.
        patterns: (P, units) which units of the layers are above 0 on each polygon.
        linear: (V, n) the corners before the last layer's activation: W h + b.
        folded: (V, n) the corners after it.
        view: (n, 2) directions that n units are looked at along; the units themselves for n = 2.
    """

    net: PiecewiseNet
    layer: int
    plane: Plane
    corners: Float64[np.ndarray, "v 2"]
    starts: Int64[np.ndarray, " p_and_1"]
    patterns: Bool[np.ndarray, "p units"]
    linear: Float64[np.ndarray, "v n"]
    folded: Float64[np.ndarray, "v n"]
    view: Float64[np.ndarray, "n 2"]

    @property
    def n_regions(self) -> int:
        """How many regions the layers have on the plane, whatever the grid."""
        return len(np.unique(np.packbits(self.patterns, axis=1), axis=0))

    def __call__(self, X: Float[np.ndarray, "n d"]) -> tuple[Float64[np.ndarray, "n u"], Float64[np.ndarray, "n u"]]:
        """Take vectors through the layers.

        Returns: the last layer's units before the activation and after it, (N, units) each.
        """
        z = _before(self.net, self.layer).scores(X)
        return z, np.where(z > 0, z, self.net.slopes[self.layer - 1] * z)

    def picture(
        self, *, X: Float[np.ndarray, "n d"] | None = None, labels: Int[np.ndarray, " n"] | None = None
    ) -> "Figure":
        """Draw the plane, the layer without activation and with it, side by side (see `warp_picture`)."""
        from foldline.insight.warp_pictures import warp_picture

        return warp_picture(self, X=X, labels=labels)

    def animation(
        self,
        path: str | os.PathLike[str],
        *,
        X: Float[np.ndarray, "n d"] | None = None,
        labels: Int[np.ndarray, " n"] | None = None,
    ) -> None:
        """Write the way from the plane to the folded one as a GIF (see `write_warp_animation`)."""
        from foldline.insight.warp_pictures import write_warp_animation

        write_warp_animation(self, path, X=X, labels=labels)


def find_warp(
    model: object, plane: Plane | None = None, *, layer: int = 1, n_grid: int = 16, max_regions: int = 2_000_000
) -> Warp:
    """Cut a plane by a grid and by a net's folds, and take the pieces through its first layers.

    On every piece the layers are one affine map, so that its image is a polygon too: nothing is sampled.

    Args:
        model: as in `find_folds`.
        plane: as in `find_folds`.
        layer: how many layers the plane goes through, from 1 to the number of hidden layers.
        n_grid: squares of the grid along each side, from 1 to 500.
        max_regions: of pieces, where to give up.
    Returns: the pieces before and after.
    Raises: SettingError for a layer that there is not; and what `find_folds` raises.
    Convention: seen along the units themselves where the layer has two, else along the two directions in which the
        corners, each polygon's by its area, differ most after the activation.
    Source: Johnson, "Lecture 5: Neural Networks" (University of Michigan, 2020), slides 51 to 64.
    Example:
        >>> from foldline.models import MLP, Linear
        >>> import jax.numpy as jnp
        >>> net = MLP((Linear(jnp.eye(2), jnp.zeros(2)), Linear(jnp.ones((2, 2)), jnp.zeros(2))), "relu")
        >>> warp = find_warp(net, n_grid=1)
        >>> for on, piece in zip(warp.patterns.tolist(), np.split(warp.folded, warp.starts[1:-1])):
        ...     print(on, "to", [int(n) for n in np.unique(piece, axis=0).sum(axis=0)])
        [True, True] to [2, 2]
        [False, True] to [0, 1]
        [True, False] to [1, 0]
        [False, False] to [0, 0]
    """
    net = piecewise_net(model)
    if not net.widths:
        raise SettingError("the net has no hidden layer that folds; expected one. Give one with hidden units and ReLU.")
    integer(layer, name="layer", low=1, high=len(net.widths))
    integer(n_grid, name="n_grid", low=1, high=MOST_SQUARES)
    plane = Plane.whole() if plane is None else plane
    folds = find_folds(_gridded(net, plane, layer=layer, n_grid=n_grid), plane, max_regions=max_regions)
    linear = _before(net, layer).scores(plane.at(folds.corners))
    folded = np.where(linear > 0, linear, net.slopes[layer - 1] * linear)
    n_first, n_units = net.widths[0], sum(net.widths[:layer])
    is_of_net = np.r_[np.ones(n_first, bool), np.zeros(folds.n_units - n_units, bool), np.ones(n_units - n_first, bool)]
    return Warp(
        net=net,
        layer=layer,
        plane=plane,
        corners=folds.corners,
        starts=folds.starts,
        patterns=folds.patterns[:, is_of_net],
        linear=linear,
        folded=folded,
        view=_view(folded, np.repeat(folds.areas, np.diff(folds.starts))),
    )


def _before(net: PiecewiseNet, layer: int) -> PiecewiseNet:
    """Take the first layers of a net, whose scores are the last one's units before their activation."""
    return PiecewiseNet(weights=net.weights[:layer], biases=net.biases[:layer], slopes=net.slopes[: layer - 1])


def _gridded(net: PiecewiseNet, plane: Plane, *, layer: int, n_grid: int) -> PiecewiseNet:
    """Take the first layers of a net, with units beside the first that cut along a grid and hand nothing on."""
    ends = np.reshape(plane.window, (2, 2))
    places = np.linspace(ends[:, 0], ends[:, 1], n_grid + 1)[1:-1]  # (lines, 2) of a and of b
    # A unit is given vectors x; its value is a - place or b - place.
    W_grid = np.repeat(plane.axes.T, len(places), axis=0)
    b_grid = -places.T.ravel() - W_grid @ plane.origin
    weights = [np.concatenate([net.weights[0], W_grid]), *net.weights[1:layer], np.zeros((1, net.widths[layer - 1]))]
    biases = [np.concatenate([net.biases[0], b_grid]), *net.biases[1:layer], np.zeros(1)]
    weights[1] = np.concatenate([weights[1], np.zeros((len(weights[1]), len(b_grid)))], axis=1)
    return PiecewiseNet(weights=tuple(weights), biases=tuple(biases), slopes=net.slopes[:layer])


def _view(points: Float64[np.ndarray, "v n"], weights: Float64[np.ndarray, " v"]) -> Float64[np.ndarray, "n 2"]:
    n = points.shape[1]
    if n == 2:
        return np.eye(2)
    if n == 1:
        return np.array([[1.0, 0.0]])
    centred = points - np.average(points, axis=0, weights=weights)
    _, directions = np.linalg.eigh((weights[:, None] * centred).T @ centred)
    found = directions[:, :-3:-1]
    return np.asarray(found * np.sign(found[np.abs(found).argmax(axis=0), [0, 1]]))
