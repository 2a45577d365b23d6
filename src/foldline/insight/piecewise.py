"""Nets whose activation has straight pieces: their layers in float64, and the affine map that they are at a point."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from foldline.core.checks import axes
from foldline.core.errors import DataError, SettingError
from foldline.models import MLP
from foldline.models.activations import LEAKY_SLOPE

# Slope below 0; above it is 1.
SLOPES = {"relu": 0.0, "leaky_relu": LEAKY_SLOPE, "identity": 1.0}


@dataclass(frozen=True, kw_only=True)
class PiecewiseNet:
    """A fully-connected net of straight pieces, without the layers that do not bend.

    Args:
        weights: (out, in) of each layer, the last one's rows the classes.
        biases: (out,) of each layer.
        slope: of the activation below 0.
    """

    weights: tuple[Float64[np.ndarray, "_ _"], ...]
    biases: tuple[Float64[np.ndarray, " _"], ...]
    slope: float

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
        for W, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            z = h @ W.T + b
            h = np.where(z > 0, z, self.slope * z)
        return np.asarray(h @ self.weights[-1].T + self.biases[-1])


def piecewise_net(model: object) -> PiecewiseNet:
    """Take the layers of a net that is affine piece by piece.

    Args:
        model: a PiecewiseNet, an `MLP`, or a fitted LinearClassifier or MLPClassifier, or an ImagePipeline with one of
            these, whose net is then taken from the features on.
    Returns: its layers; those of a net without activation as their product.
    Raises: SettingError for other models and activations.
    """
    if isinstance(model, PiecewiseNet):
        return model
    net = net_of(model)
    net = net.folded if net.linear else net  # a linear layer has no folds
    if net.activation not in SLOPES and len(net.layers) > 1:
        raise SettingError(
            f"the net has the activation {net.activation!r}, which is curved; expected one of straight pieces, whose "
            f"folds are lines: {', '.join(SLOPES)}. Train a net with activation='relu'."
        )
    layers = net.layers
    weights = [np.asarray(layer.W, np.float64) for layer in layers]
    biases = [np.asarray(layer.b, np.float64) for layer in layers]
    slope = SLOPES.get(net.activation, 1.0)
    if slope == 1.0:
        W, b = weights[0], biases[0]
        for W_next, b_next in zip(weights[1:], biases[1:], strict=True):
            W, b = W_next @ W, W_next @ b + b_next
        weights, biases = [W], [b]
    return PiecewiseNet(weights=tuple(weights), biases=tuple(biases), slope=slope)


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
    for W_next, b_next in zip(net.weights[1:], net.biases[1:], strict=True):
        factors = np.where(W @ x + b > 0, 1.0, net.slope)
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
