"""The multiclass hinge over all training rows: smoothed, its gradient, and the dual variables it stands for."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64

from foldline.models import MLP
from foldline.training.epoch import Rows
from foldline.training.full_batch import exact_means, rows_a_block, sums_over_blocks


class SmoothedHinge(NamedTuple):
    """Means over all rows, as they weigh.

    Args:
        smoothed: of the smoothed losses.
        hinge: of the losses L_i.
        dual_sum: of sum_j a_ij.
        n_right: of 1 for a row that is right, without the weights.
        W_gradient: of sum_j a_ij (e_j - e_{y_i}) x_i^T: the derivatives of the first by W.
        b_gradient: of sum_j a_ij (e_j - e_{y_i}): those by b.
    """

    smoothed: float
    hinge: float
    dual_sum: float
    n_right: float
    W_gradient: Float64[np.ndarray, "k d"]
    b_gradient: Float64[np.ndarray, " k"]


def smoothed_hinge(
    model: MLP, rows: Rows, *, centres: Float[Array, "n k"], width: float
) -> tuple[SmoothedHinge, Float[Array, "n k"]]:
    """Compute max over 0 <= a_ij <= 1 of sum_{j != y_i} a_ij m_ij - width / 2 (a_ij - c_ij)^2, its gradient and a.

    m_ij = s_j - s_{y_i} + 1 is the violation of a margin. With a width of 0 this would be the hinge.

    Args:
        model: a net without hidden layers.
        rows: the training rows.
        centres: (N, K) of c, in [0, 1]; those of the true classes do not count.
        width: of the piece of each hinge that becomes a parabola, above 0.
    Returns: the means; a, (N, K), 0 for the true classes.
    Source: Nesterov (2005), "Smooth minimization of non-smooth functions", eq. 2.5, for each hinge.
    """
    block_rows = rows_a_block(rows)
    sums, lost, duals = _smoothed(model, rows, centres, jnp.float32(width), block_rows=block_rows)
    smoothed, hinge, dual_sum, n_right, W_gradient, b_gradient = map(np.asarray, exact_means(sums, lost, n=len(rows.y)))
    means = (float(smoothed), float(hinge), float(dual_sum), float(n_right))
    return SmoothedHinge(*means, W_gradient, b_gradient), duals


def gradient_of_duals(rows: Rows, duals: Float[Array, "n k"]) -> Float64[np.ndarray, "k d"]:
    """Compute (1/N) sum_i w_i sum_j a_ij (e_j - e_{y_i}) x_i^T."""
    sums, lost = _gradient(rows, duals, block_rows=rows_a_block(rows))
    return np.asarray(exact_means(sums, lost, n=len(rows.y)))


@partial(jax.jit, static_argnames=("block_rows",))
def _smoothed(
    model: MLP, rows: Rows, centres: Float[Array, "n k"], width: Float[Array, ""], *, block_rows: int
) -> tuple[tuple[Array, ...], tuple[Array, ...], Float[Array, "n k"]]:
    def of_block(part: tuple[Rows, Array]) -> tuple[tuple[Array, ...], Array]:
        rows, centres = part
        scores = model(rows.numbers)
        true = jnp.arange(scores.shape[1]) == rows.y[:, None]
        true_scores = jnp.sum(jnp.where(true, scores, 0.0), axis=1, keepdims=True)
        violations = scores - true_scores + 1.0
        duals = jnp.where(true, 0.0, jnp.clip(violations / width + centres, 0.0, 1.0))
        weights = jnp.ones(len(rows.y)) if rows.weights is None else rows.weights
        pieces = jnp.where(true, 0.0, duals * violations - width / 2 * (duals - centres) ** 2)
        hinges = jnp.where(true, 0.0, jnp.maximum(violations, 0.0))
        means = [jnp.sum(weights[:, None] * each) for each in (pieces, hinges, duals)]
        n_right = jnp.sum(jnp.argmax(scores, axis=1) == rows.y, dtype=jnp.float32)
        pull = _pull(rows, duals)
        return (*means, n_right, pull @ rows.numbers, jnp.sum(pull, axis=1)), duals

    return sums_over_blocks(of_block, (rows, centres), n=len(rows.y), block_rows=block_rows)


@partial(jax.jit, static_argnames=("block_rows",))
def _gradient(rows: Rows, duals: Float[Array, "n k"], *, block_rows: int) -> tuple[Array, Array]:
    def of_block(part: tuple[Rows, Array]) -> tuple[Array, None]:
        return _pull(*part) @ part[0].numbers, None

    sums, lost, _ = sums_over_blocks(of_block, (rows, duals), n=len(rows.y), block_rows=block_rows)
    return sums, lost


def _pull(rows: Rows, duals: Float[Array, "n k"]) -> Float[Array, "k n"]:
    true = jnp.arange(duals.shape[1]) == rows.y[:, None]
    pull = duals - jnp.where(true, jnp.sum(duals, axis=1, keepdims=True), 0.0)
    weighted = pull if rows.weights is None else pull * rows.weights[:, None]
    # Class by class, for the reason given in Linear: the product is twice as fast.
    return jax.lax.optimization_barrier(weighted.T)  # type: ignore[no-any-return,no-untyped-call]  # untyped in JAX
