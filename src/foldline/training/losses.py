"""What a wrong score costs: one number a row."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

Losses = Callable[[Float[Array, "n k"], Int[Array, " n"]], Float[Array, " n"]]


def softmax_losses(scores: Float[Array, "n k"], y: Int[Array, " n"]) -> Float[Array, " n"]:
    """Compute the cross-entropy of the softmax of the scores: L_i = log(sum_j exp(s_j)) - s_{y_i}.

    Args:
        scores: (N, K) class scores.
        y: (N,) labels in 0 ... K-1.
    Source: Bishop (2006), eq. 4.108.
    """
    return jax.nn.logsumexp(scores, axis=1) - _true_scores(scores, y)


def svm_losses(scores: Float[Array, "n k"], y: Int[Array, " n"]) -> Float[Array, " n"]:
    """Compute the multiclass hinge: L_i = sum over j != y_i of max(0, s_j - s_{y_i} + 1).

    Args:
        scores: (N, K) class scores.
        y: (N,) labels in 0 ... K-1.
    Convention: the margin is 1 and its violations are summed over the wrong classes, not maximised.
    Source: Weston and Watkins (1999), eq. 10, without their factor of two.
    """
    margins = jnp.maximum(0.0, scores - _true_scores(scores, y)[:, None] + 1.0)
    return jnp.sum(jnp.where(_is_true(scores, y), 0.0, margins), axis=1)


def smoothed_softmax_losses(
    scores: Float[Array, "n k"], y: Int[Array, " n"], *, smoothing: float | Float[Array, ""]
) -> Float[Array, " n"]:
    """Compute the cross-entropy with target probabilities smoothing / K for each class and the rest for the true one.

    Source: Szegedy et al. (2016), section 7.
    """
    targets = (1.0 - smoothing) * _true_scores(scores, y) + smoothing * jnp.mean(scores, axis=1)
    return jax.nn.logsumexp(scores, axis=1) - targets


LOSSES: dict[str, Losses] = {"softmax": softmax_losses, "svm": svm_losses}


def _true_scores(scores: Float[Array, "n k"], y: Int[Array, " n"]) -> Float[Array, " n"]:
    # A masked sum instead of indexing: the gradient of indexing is a scatter, which XLA runs row by row on a CPU.
    return jnp.sum(jnp.where(_is_true(scores, y), scores, 0.0), axis=1)


def _is_true(scores: Float[Array, "n k"], y: Int[Array, " n"]) -> Array:
    return jnp.arange(scores.shape[1]) == y[:, None]
