"""What training asks of a model."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

ROWS_AT_ONCE = 256  # images whose maps are in memory together


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


def some_at_a_time(
    scores: Callable[[Float[Array, "m d"]], Float[Array, "m k"]], X: Float[Array, "n d"]
) -> Float[Array, "n k"]:
    """Apply `scores` to all rows, 256 at a time where there are more.

    Args:
        scores: gives a row for every row.
        X: (N, D).
    """
    if len(X) <= ROWS_AT_ONCE:
        return scores(X)
    filled = jnp.pad(X, ((0, -len(X) % ROWS_AT_ONCE), (0, 0)))
    found: Array = jax.lax.map(scores, filled.reshape(-1, ROWS_AT_ONCE, X.shape[1]))
    return found.reshape(len(filled), -1)[: len(X)]


def n_numbers(net: Net) -> int:
    """Count the numbers that a net consists of."""
    return sum(int(leaf.size) for leaf in jax.tree.leaves(net))
