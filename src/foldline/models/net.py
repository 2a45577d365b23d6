"""What training asks of a model."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import jax
from jaxtyping import Array, Float, PRNGKeyArray


@runtime_checkable
class Layer(Protocol):
    """Weights W, a row a unit, and biases b."""

    @property
    def W(self) -> Array:
        """Weights, the unit first."""

    @property
    def b(self) -> Float[Array, " out"]:
        """Biases."""


@runtime_checkable
class Net(Protocol):
    """A pytree of arrays, such as an Equinox module, that gives scores and names its layers."""

    @property
    def learned(self) -> Sequence[Layer]:
        """The layers that training changes; their W, and nothing else, are regularised."""

    def hidden(
        self,
        X: Float[Array, "n d"],
        *,
        dropout: float | Float[Array, ""] = 0.0,
        key: PRNGKeyArray | None = None,
    ) -> Sequence[Float[Array, "n _"]]:
        """Give what each hidden layer hands to the next, first to last; the last layer makes scores of the last."""

    def __call__(
        self,
        X: Float[Array, "n d"],
        *,
        dropout: float | Float[Array, ""] = 0.0,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "n k"]:
        """Give class scores, a row per input row; with a key, a share `dropout` of units is switched off."""


def n_numbers(net: Net) -> int:
    """Count the numbers that a net consists of."""
    return sum(int(leaf.size) for leaf in jax.tree.leaves(net))
