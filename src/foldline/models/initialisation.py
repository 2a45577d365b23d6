"""Random first weights, scaled so that signals neither grow nor fade from layer to layer."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

RELU_FAMILY = frozenset({"relu", "leaky_relu", "elu", "softplus"})


def initial_weights(*, n_out: int, n_in: int, activation: str, key: PRNGKeyArray) -> Float[Array, "out in"]:
    """Draw the weights of one layer from a normal distribution.

    std = sqrt(2 / in) for the ReLU family (He), sqrt(2 / (in + out)) otherwise (Glorot).

    Args:
        n_out: number of units.
        n_in: number of inputs of each unit.
        activation: key of ACTIVATIONS, what follows this layer; "identity" for the last layer.
        key: PRNG key.
    Convention: normal, not uniform; the scores of the last layer have no activation, so it is Glorot's.
    Source: He et al. (2015), eq. 10; Glorot and Bengio (2010), eq. 12 (its variance, a normal distribution).
    """
    fan = fan_of(n_out=n_out, n_in=n_in, activation=activation)
    return jax.random.normal(key, (n_out, n_in), jnp.float32) / jnp.sqrt(jnp.float32(fan))


def fan_of(*, n_out: int, n_in: int, activation: str) -> float:
    """Give 1 / std^2 of a layer's first weights (see `initial_weights`)."""
    return n_in / 2 if activation in RELU_FAMILY else (n_in + n_out) / 2
