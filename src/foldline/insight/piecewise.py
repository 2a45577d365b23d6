"""Nets whose activation has straight pieces: their layers in float64, and the affine map that they are at a point."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from foldline.core.checks import axes
from foldline.core.errors import DataError, SettingError
from foldline.models import MLP, Linear
from foldline.models.activations import LEAKY_SLOPE

# Slope below 0; above it is 1.
SLOPES = {"relu": 0.0, "leaky_relu": LEAKY_SLOPE, "identity": 1.0}


@dataclass(frozen=True, kw_only=True)
class PiecewiseNet:
    """A fully-connected net of straight pieces, without the layers that do not bend.

    Args:
        weights: (out, in) of each layer, the last one's rows the classes.
        biases: (out,) of each layer.
        slopes: of each hidden layer's activation below 0.
    """

    weights: tuple[Float64[np.ndarray, "_ _"], ...]
    biases: tuple[Float64[np.ndarray, " _"], ...]
    slopes: tuple[float, ...]

    @property
    def n_in(self) -> int:
        """Length D of what goes in."""
        return int(self.weights[0].shape[1])

    @property
    def n_classes(self) -> int:
        """Number K of scores."""
        return int(self.weights[-1].shape[0])

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return tuple(len(W) for W in self.weights[:-1])

    def scores(self, X: Float[np.ndarray, "n d"]) -> Float64[np.ndarray, "n k"]:
        """Compute class scores in float64."""
        h = np.asarray(X, np.float64)
        for W, b, slope in zip(self.weights, self.biases, self.slopes, strict=False):
            z = h @ W.T + b
            h = np.where(z > 0, z, slope * z)
        return np.asarray(h @ self.weights[-1].T + self.biases[-1])


def piecewise_net(model: object) -> PiecewiseNet:
    """Take the layers of a net that is affine piece by piece.

    Args:
        model: a PiecewiseNet, an `MLP`, or a fitted LinearClassifier or MLPClassifier, or an ImagePipeline with one of
            these, whose net is then taken from the features on.
    Returns: its layers; one without activation is multiplied into the next, since it has no folds.
    Raises: SettingError for other models and activations.
    """
    if isinstance(model, PiecewiseNet):
        return model
    net = net_of(model)
    curved = next((name for name in net.activations if name not in SLOPES), None)
    if curved is not None:
        raise SettingError(
            f"the net has the activation {curved!r}, which is curved; expected one of straight pieces, whose "
            f"folds are lines: {', '.join(SLOPES)}. Train a net with activation='relu'."
        )
    weights: list[np.ndarray] = []
    biases: list[np.ndarray] = []
    slopes: list[float] = []
    W, b = _numbers(net.layers[0])
    for activation, layer in zip(net.activations, net.layers[1:], strict=True):
        W_next, b_next = _numbers(layer)
        if (slope := SLOPES[activation]) == 1.0:
            W, b = W_next @ W, W_next @ b + b_next
        else:
            weights, biases, slopes = [*weights, W], [*biases, b], [*slopes, slope]
            W, b = W_next, b_next
    return PiecewiseNet(weights=(*weights, W), biases=(*biases, b), slopes=tuple(slopes))


def affine_map(
    model: object, x: Float[np.ndarray, " d"]
) -> tuple[Float64[np.ndarray, "k d"], Float64[np.ndarray, " k"]]:
    """Compute the linear classifier that a net is around a point: scores W x + b, all over the point's region.

    Row k of W is what the net compares with x for class k there: its effective template.

    Args:
        model: as in `piecewise_net`.
        x: (D,) what goes into the net.
    Returns: W (K, D) and b (K,).
    Raises: ShapeError for another length than the net's; DataError for numbers that are not finite; and what
        `piecewise_net` raises.
    Convention: a unit at exactly 0 counts as switched off, as in ReLU's derivative.
    """
    net = piecewise_net(model)
    axes(x, f"{net.n_in}", name="x", fix="Give one vector of the length that the net takes.")
    x = np.asarray(x, np.float64)
    if not np.isfinite(x).all():
        raise DataError("x holds NaN or infinity; expected finite numbers. Give another vector.")
    W, b = net.weights[0], net.biases[0]
    for W_next, b_next, slope in zip(net.weights[1:], net.biases[1:], net.slopes, strict=True):
        factors = np.where(W @ x + b > 0, 1.0, slope)
        W, b = W_next @ (factors[:, None] * W), W_next @ (factors * b) + b_next
    return W, b


def net_of(model: object) -> MLP:
    """Take the net out of a fitted classifier, alone or in an ImagePipeline. Raises: SettingError for other models."""
    if isinstance(model, MLP):
        return model
    # Read late: whoever draws a net without a classifier around it need not wait for all of them.
    from foldline.estimators import ImagePipeline
    from foldline.estimators.net_classifier import NetClassifier

    if isinstance(model, ImagePipeline):
        model = getattr(model, "classifier_", model.classifier)
    if isinstance(model, NetClassifier):
        model = getattr(model, "model_", model)
    if not isinstance(model, MLP):
        raise SettingError(
            f"the model is a {type(model).__name__}; expected a net: an MLP, or a fitted LinearClassifier or "
            f"MLPClassifier, alone or in an ImagePipeline. Fit one of these first."
        )
    return model


def _numbers(layer: Linear) -> tuple[Float64[np.ndarray, "out in"], Float64[np.ndarray, " out"]]:
    return np.asarray(layer.W, np.float64), np.asarray(layer.b, np.float64)
