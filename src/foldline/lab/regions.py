"""What is drawn of a net in the window: its exact regions where there are some, a grid of scores where not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64, Int64

from foldline.core.errors import SettingError
from foldline.core.plane_inputs import plane_inputs
from foldline.insight import Folds, PiecewiseNet, Plane, affine_map, find_folds, piecewise_net
from foldline.lab.inputs import selection, window_grid
from foldline.models import MLP, Net, n_numbers

MOST_REGIONS = 20_000  # more are neither drawn in time nor told apart
# Regions times weights beyond which a grid is drawn. Measured: 1,000 regions of (256, 256), 66,000 weights, take 16 ms.
MOST_WORK = 2 * 10**8
GRID_SIDE = 100  # pixels of the grid of scores
LARGE_GRID_SIDE, LARGE_NET = 50, 50_000  # pixels of nets of so many weights

STRAIGHT = ("relu", "leaky_relu", "identity")

Window = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What the window is filled with.

    Args:
        arrays: corners, starts, top, confidence, boundary, folds and fold_units; or grid. All are there, some empty.
        n_regions: linear regions in the window; None if they are not known exactly.
        boundary_length: of the decision boundary, in units of the plane; None likewise.
        why: why the regions are not known.
    """

    arrays: dict[str, np.ndarray]
    n_regions: int | None = None
    boundary_length: float | None = None
    why: str | None = None


@dataclass(frozen=True, kw_only=True)
class Look:
    """The affine map of a net around a point of the plane: scores = W (x, y) + b.

    Args:
        W: (K, 2).
        b: (K,).
        on: hidden units that are above 0 there, counted over all layers; of layers that bend.
    """

    W: Float64[np.ndarray, "k 2"]
    b: Float64[np.ndarray, " k"]
    on: tuple[int, ...]


def plane_net(model: MLP, inputs: Sequence[str]) -> PiecewiseNet:
    """Take a net as a function of (x, y).

    Args:
        model: the net.
        inputs: what it sees of a point.
    Raises: SettingError if its regions in the plane have no straight edges.
    """
    chosen = selection(inputs)
    if chosen is None:
        bent = ", ".join(name for name in inputs if name not in ("x", "y"))
        raise SettingError(
            f"the net sees {bent}, which makes the edges of its regions curved; expected x and y alone for exact "
            f"regions. A grid of scores is drawn; leave {bent} out to see regions."
        )
    curved = next((name for name in model.activations if name not in STRAIGHT), None)
    if curved is not None:
        raise SettingError(
            f"activation is {curved}, which has no straight pieces; expected one of {', '.join(STRAIGHT)} "
            f"for exact regions. A grid of scores is drawn; choose relu to see regions."
        )
    net = piecewise_net(model)
    return replace(net, weights=(net.weights[0] @ chosen, *net.weights[1:]))


def draw_regions(model: MLP, inputs: Sequence[str], window: Window) -> Drawn:
    """Cut the window into the regions of a net, and these by class.

    Raises: SettingError as `plane_net`, and if there are too many regions.
    """
    net = plane_net(model, inputs)
    most = min(max(MOST_WORK // n_numbers(model), 1), MOST_REGIONS)
    try:
        folds = find_folds(net, Plane.whole(window), max_regions=most)
    except SettingError as error:
        raise SettingError(
            f"the window holds more than {most:,} regions; expected no more of so large a net. A grid of scores is "
            f"drawn; look at a smaller window to see regions."
        ) from error
    parts, boundary, (pieces, units) = folds.parts, folds.boundary, folds.fold_lines
    arrays: dict[str, np.ndarray] = {
        "corners": parts.corners.astype(np.float32),
        "starts": parts.starts.astype(np.uint32),
        "top": parts.winners.astype(np.uint8),
        "confidence": _confidences(folds).astype(np.float32),
        "boundary": boundary.segments.reshape(-1, 4).astype(np.float32),
        "folds": pieces.reshape(-1, 4).astype(np.float32),
        "fold_units": _bending_units(model)[units].astype(np.uint16),
        "grid": np.zeros((0, 0, net.n_classes), np.float32),
    }
    return Drawn(arrays=arrays, n_regions=folds.n_regions, boundary_length=boundary.length)


def draw_grid(model: Net, inputs: Sequence[str], window: Window, *, why: str) -> Drawn:
    """Compute scores at the middles of pixels of the window, the top row first."""
    side = LARGE_GRID_SIDE if n_numbers(model) > LARGE_NET else GRID_SIDE
    scores = _scores(model, jnp.asarray(plane_inputs(window_grid(window, side=side), inputs)))
    arrays: dict[str, np.ndarray] = {
        "corners": np.zeros((0, 2), np.float32),
        "starts": np.zeros(1, np.uint32),
        "top": np.zeros(0, np.uint8),
        "confidence": np.zeros(0, np.float32),
        "boundary": np.zeros((0, 4), np.float32),
        "folds": np.zeros((0, 4), np.float32),
        "fold_units": np.zeros(0, np.uint16),
        "grid": np.asarray(scores).reshape(side, side, -1),
    }
    return Drawn(arrays=arrays, why=why)


def look_at(model: MLP, inputs: Sequence[str], point: Float64[np.ndarray, " 2"]) -> Look:
    """Give the affine map that a net is around a point.

    Raises: SettingError as `plane_net`.
    Convention: a unit at exactly 0 counts as switched off.
    """
    net = plane_net(model, inputs)
    W, b = affine_map(net, point)
    is_on: list[np.ndarray] = []
    h = point
    for W_layer, b_layer, slope in zip(net.weights, net.biases, net.slopes, strict=False):
        z = W_layer @ h + b_layer
        is_on.append(z > 0)
        h = np.where(z > 0, z, slope * z)
    return Look(W=W, b=b, on=tuple(_bending_units(model)[np.concatenate([np.zeros(0, bool), *is_on])].tolist()))


def _bending_units(model: MLP) -> Int64[np.ndarray, " u"]:
    """Give the units of all layers that bend, counted over all layers: folds know of no others."""
    widths = [len(layer.b) for layer in model.layers[:-1]]
    return np.flatnonzero(np.repeat([name != "identity" for name in model.activations], widths))


def _confidences(folds: Folds) -> Float64[np.ndarray, " p"]:
    """Compute the probability of the winning class in the middle of each part's corners."""
    parts = folds.parts
    middles = np.add.reduceat(parts.corners, parts.starts[:-1], axis=0) / np.diff(parts.starts)[:, None]
    maps = folds.maps[parts.regions]
    scores = maps[:, 2] + middles[:, :1] * maps[:, 0] + middles[:, 1:] * maps[:, 1]
    return np.asarray(softmax(scores)[np.arange(len(scores)), parts.winners])


def softmax(scores: Float64[np.ndarray, "*rows k"]) -> Float64[np.ndarray, "*rows k"]:
    """Compute exp(s_i) / sum_j exp(s_j); to import SciPy's would cost the first picture a tenth of a second."""
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


@eqx.filter_jit
def _scores(model: Net, X: Float[Array, "n d"]) -> Float[Array, "n k"]:
    return model(X)
