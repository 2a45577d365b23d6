"""The six activation functions of the lecture, and none at all."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Activation = Callable[[Float[Array, "..."]], Float[Array, "..."]]

LEAKY_SLOPE = 0.2  # the lecture's max(0.2 x, x); many libraries use 0.01


def identity(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Give x back; a net with only this activation is one linear classifier."""
    return x


def sigmoid(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Squash to (0, 1): 1 / (1 + exp(-x))."""
    return jax.nn.sigmoid(x)


def tanh(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Squash to (-1, 1): (exp(x) - exp(-x)) / (exp(x) + exp(-x))."""
    return jnp.tanh(x)


def relu(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Cut off below zero: max(0, x).

    Convention: the derivative at 0 is 0.
    """
    return jax.nn.relu(x)


def leaky_relu(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Bend at zero: max(0.2 x, x).

    Convention: slope 0.2 below zero, as in the lecture; the derivative at 0 is 1.
    """
    return jax.nn.leaky_relu(x, LEAKY_SLOPE)


def softplus(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Bend smoothly: log(1 + exp(x)), computed without overflow."""
    return jax.nn.softplus(x)


def elu(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Give x above zero and exp(x) - 1 below.

    Convention: alpha = 1, so that the derivative is continuous.
    Source: Clevert, Unterthiner, Hochreiter (2016), eq. 15.
    """
    return jax.nn.elu(x)


ACTIVATIONS: dict[str, Activation] = {
    "identity": identity,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "softplus": softplus,
    "elu": elu,
}
