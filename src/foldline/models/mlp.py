"""Fully-connected networks of any depth and width; with no hidden layer, a linear classifier."""

import math
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from foldline.core.checks import choice
from foldline.core.errors import SettingError
from foldline.core.text import plural
from foldline.models.activations import ACTIVATIONS
from foldline.models.linear import Linear


class MLP(eqx.Module):
    """A multi-layer perceptron: s = W_L a(... a(W_1 x + b_1) ...) + b_L.

    Depth is the number of layers (weight matrices), width the number of units in one. Without hidden layers it is
    the linear classifier s = W x + b.
    """

    layers: tuple[Linear, ...]
    activation: str | tuple[str, ...] = eqx.field(static=True)
    """Key of ACTIVATIONS, after every hidden layer; or one for each, first to last."""
    linear: tuple[int, ...] = eqx.field(static=True, default=())
    """Which layers, counted from 0, are followed by no activation and no dropout, besides the last."""
    n_fixed: int = eqx.field(static=True, default=0)
    """How many layers, from the first on, training leaves as they are."""

    @classmethod
    def random(
        cls,
        *,
        n_in: int,
        n_out: int,
        hidden: Sequence[int] = (),
        activation: str | tuple[str, ...] = "relu",
        key: PRNGKeyArray,
    ) -> "MLP":
        """Make a net with random weights.

        Args:
            n_in: length D of a feature vector.
            n_out: number K of classes.
            hidden: widths of the hidden layers, first to last; none for a linear classifier.
            activation: key of ACTIVATIONS, applied after every hidden layer; or one for each of them.
            key: PRNG key.
        Raises: SettingError for activations of another number than the hidden layers.
        Convention: without hidden layers all weights start at 0. Its objective is convex, so no start is better than
            another, and templates show what the data taught and no noise of a random start.
        """
        if not hidden:
            return cls((Linear(jnp.zeros((n_out, n_in), jnp.float32), jnp.zeros(n_out, jnp.float32)),), activation)
        widths = [n_in, *hidden, n_out]
        follows = [*each_activation(activation, len(hidden)), "identity"]
        keys = jax.random.split(key, len(follows))
        layers = (
            Linear.random(n_in=fan_in, n_out=fan_out, activation=after, key=k)
            for fan_in, fan_out, after, k in zip(widths[:-1], widths[1:], follows, keys, strict=True)
        )
        return cls(tuple(layers), activation)

    def __check_init__(self) -> None:
        """Refuse activations of another number than the hidden layers. Raises: SettingError."""
        each_activation(self.activation, len(self.layers) - 1)

    @property
    def activations(self) -> tuple[str, ...]:
        """What follows each hidden layer, first to last; "identity" where the layer is linear."""
        words = each_activation(self.activation, len(self.layers) - 1)
        return tuple("identity" if depth in self.linear else word for depth, word in enumerate(words))

    @property
    def learned(self) -> tuple[Linear, ...]:
        """The layers that training changes."""
        return self.layers[self.n_fixed :]

    def hidden(
        self,
        X: Float[Array, "n d"],
        *,
        dropout: float | Float[Array, ""] = 0.0,
        key: PRNGKeyArray | None = None,
    ) -> list[Float[Array, "n _"]]:
        """Give what each hidden layer hands to the next, first to last: after its activation, if it has one.

        Args:
            X: (N, D) feature vectors.
            dropout: share of hidden units switched off, in [0, 1); those left are scaled by 1 / (1 - dropout).
            key: PRNG key for dropout; None switches no unit off.
        Source: Srivastava et al. (2014), scaled while training instead of afterwards.
        """
        h, found = X, []
        for depth, (layer, activation) in enumerate(zip(self.layers, self.activations, strict=False)):
            h = (jax.lax.stop_gradient(layer) if depth < self.n_fixed else layer)(h)
            if depth not in self.linear:
                h = ACTIVATIONS[activation](h)
                if key is not None:
                    keep = jax.random.bernoulli(jax.random.fold_in(key, depth), 1.0 - dropout, h.shape)
                    h = jnp.where(keep, h / (1.0 - dropout), 0.0).astype(h.dtype)
            found.append(h)
        return found

    def __call__(
        self,
        X: Float[Array, "n d"],
        *,
        dropout: float | Float[Array, ""] = 0.0,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "n k"]:
        """Give class scores, a row per input row; with a key, hidden units are switched off (see `hidden`)."""
        last = [X, *self.hidden(X, dropout=dropout, key=key)][-1]
        return self.layers[-1](last)

    @property
    def folded(self) -> "MLP":
        """The same function with every linear hidden layer multiplied into the layer after it."""
        layers: list[Linear] = []
        before: Linear | None = None
        for depth, layer in enumerate(self.layers):
            if before is not None:
                layer = Linear(layer.W @ before.W, layer.W @ before.b + layer.b)
            before = layer if depth in self.linear else None
            if before is None:
                layers.append(layer)
        kept = tuple(word for depth, word in enumerate(self.activations) if depth not in self.linear)
        return MLP(tuple(layers), kept)


def each_activation(activation: str | Sequence[str], n_hidden: int) -> tuple[str, ...]:
    """Give the activation of each hidden layer, of one word for all or of a list of them.

    Raises: SettingError for words that are none, and for another number of them than of hidden layers.
    Example:
        >>> each_activation("relu", 2), each_activation(("relu", "tanh"), 2)
        (('relu', 'relu'), ('relu', 'tanh'))
    """
    given = (activation,) if isinstance(activation, str) else tuple(activation)
    for word in given:
        choice(word, tuple(ACTIVATIONS), name="activation")
    words = given * n_hidden if isinstance(activation, str) else given
    if len(words) != n_hidden:
        raise SettingError(
            f"activation has {len(words)} {plural('word', len(words))}; expected {n_hidden}, one a hidden layer, or "
            f"one word for all. Change activation or hidden."
        )
    return words


def regular_width(*, n_in: int, n_out: int, n_weights: int) -> int:
    """Give the width of two hidden layers with which a net has about so many weights and biases, at least 1.

    It solves h^2 + (D + K + 2) h + K = n.

    Example:
        >>> regular_width(n_in=144, n_out=10, n_weights=143_000)
        308
    """
    half = (n_in + n_out + 2) / 2
    return max(round(math.sqrt(half**2 + n_weights - n_out) - half), 1)
