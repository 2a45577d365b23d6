"""A deep net without activation is one linear classifier: its layers multiplied out, and the two compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Float64

from foldline.core.checks import axes
from foldline.core.errors import SettingError
from foldline.insight.piecewise import net_of, piecewise_net

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Collapse:
    """What `find_collapse` gives back.

    Args:
        weights: (out, in) of each layer, the last one's rows the classes.
        biases: (out,) of each layer.
        W: (K, D) their product W_L ... W_1.
        b: (K,) the bias that goes with it.
        largest_score: of the net over the given vectors, without sign.
        largest_difference: between a score of the net, layer by layer, and one of W x + b, both in float64.
        float32_difference: the same for the net as it is used, in float32.
    """

    weights: tuple[Float64[np.ndarray, "_ _"], ...]
    biases: tuple[Float64[np.ndarray, " _"], ...]
    W: Float64[np.ndarray, "k d"]
    b: Float64[np.ndarray, " k"]
    largest_score: float
    largest_difference: float
    float32_difference: float

    def picture(self, *, class_names: Sequence[str] | None = None) -> "Figure":
        """Draw the layers' matrices and their product (see `collapse_picture`)."""
        from foldline.insight.collapse_pictures import collapse_picture

        return collapse_picture(self, class_names=class_names)


def find_collapse(model: object, X: Float[np.ndarray, "n d"]) -> Collapse:
    """Multiply out the layers of a net without activation, and compare it with the linear classifier that it is.

    W_2 (W_1 x + b_1) + b_2 = (W_2 W_1) x + (W_2 b_1 + b_2), and so on for more layers.

    Args:
        model: an MLP with activation "identity", or a fitted MLPClassifier or LinearClassifier, or an ImagePipeline
            with one of these, whose net is taken from the features on.
        X: (N, D) vectors to compare scores on, at least one.
    Returns: the layers, their product, and the largest difference of scores.
    Raises: SettingError for other models, and for nets with an activation; ShapeError for vectors of another length.
    Example:
        >>> import foldline as fl
        >>> X = np.random.default_rng(0).standard_normal((60, 4)).astype(np.float32)
        >>> deep = fl.MLPClassifier(hidden=(16, 16), activation="identity", epochs=2).fit(X, X[:, 0] > 0)
        >>> collapse = find_collapse(deep, X)
        >>> collapse.W.shape, collapse.largest_difference < 1e-12
        ((2, 4), True)
    """
    net = net_of(model)
    bend = next((name for name in net.activations if name != "identity"), None)
    if bend is not None:
        raise SettingError(
            f"the net has the activation {bend!r}; expected 'identity', which is none: only then is the "
            f"whole net one linear classifier. Train a net with activation='identity', or look at one region of this "
            f"one with affine_map."
        )
    one = piecewise_net(net)
    n, _ = axes(X, f"n {one.n_in}", name="X", fix="Give vectors of the length that the net takes.")
    if n == 0:
        raise SettingError("X holds no vectors; expected at least one, to compare scores on. Give some.")
    weights = tuple(np.asarray(layer.W, np.float64) for layer in net.layers)
    biases = tuple(np.asarray(layer.b, np.float64) for layer in net.layers)
    h = np.asarray(X, np.float64)
    for W, b in zip(weights, biases, strict=True):
        h = h @ W.T + b
    collapsed = one.scores(X)
    used = np.asarray(net(jnp.asarray(X, jnp.float32)))
    return Collapse(
        weights=weights,
        biases=biases,
        W=one.weights[0],
        b=one.biases[0],
        largest_score=float(np.abs(h).max()),
        largest_difference=float(np.abs(h - collapsed).max()),
        float32_difference=float(np.abs(used - collapsed).max()),
    )
