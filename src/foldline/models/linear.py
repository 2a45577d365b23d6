"""One layer: f(x) = W x + b."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from foldline.models.initialisation import initial_weights


class Linear(eqx.Module):
    """Weights and biases of one layer; element (i, j) of W is the effect of input j on unit i.

    Convention: W is stored (out, in), as in f(x) = W x + b, so its rows are templates.
    """

    W: Float[Array, "out in"]
    b: Float[Array, " out"]

    @classmethod
    def random(cls, n_in: int, n_out: int, *, activation: str, key: PRNGKeyArray) -> "Linear":
        """Make a layer with random weights (see `initial_weights`) and zero biases."""
        return cls(initial_weights(n_out, n_in, activation=activation, key=key), jnp.zeros(n_out, jnp.float32))

    def __call__(self, X: Float[Array, "n in"]) -> Float[Array, "n out"]:
        """Give X W^T + b, a row per input row."""
        return X @ self.W.T + self.b
