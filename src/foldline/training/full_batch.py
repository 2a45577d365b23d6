"""Loss and gradient over all training rows, block by block."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64

from foldline.models import MLP, Linear
from foldline.training.epoch import Rows
from foldline.training.losses import LOSSES

# Rows of one block hold about this many numbers, 4 MiB: they stay in the cache between the scores and the gradient, and
# are read from memory once. Measured with 10 classes on two cores, 50,000 x 1,600 and 25,000 x 6,400 numbers: 1.6 and
# 1.5 times the speed of all rows at once and of NumPy with OpenBLAS in its best blocks; at 13 MB half is lost.
BLOCK_NUMBERS = 2**20


class _Sums(NamedTuple):
    """Sums over rows: losses, rows that are right, and the gradient of the first."""

    loss: Float[Array, ""]
    n_right: Float[Array, ""]
    gradient: MLP


class FullBatch(NamedTuple):
    """Means over all rows: the weighted loss without penalty, its gradient, and the share of rows that are right."""

    loss: float
    accuracy: float
    W_gradient: Float64[np.ndarray, "k d"]
    b_gradient: Float64[np.ndarray, " k"]


def full_batch(model: MLP, rows: Rows, *, loss: str) -> FullBatch:
    """Compute the mean loss of a linear model over all rows and its gradient.

    Args:
        model: a net without hidden layers.
        rows: the training rows.
        loss: key of LOSSES.
    Convention: scores are float32; sums over blocks carry along what rounding loses (Kahan), so that the means are
        as good as float64 sums of the blocks.
    Source: Kahan (1965), "Further remarks on reducing truncation errors".
    """
    block_rows = min(max(BLOCK_NUMBERS // rows.numbers.shape[1], 1), len(rows.y))
    sums, lost = _blockwise(model, rows, loss=loss, block_rows=block_rows)
    n = len(rows.y)
    total: _Sums = jax.tree.map(lambda s, e: (np.asarray(s, np.float64) - np.asarray(e, np.float64)) / n, sums, lost)
    layer: Linear = total.gradient.layers[0]
    return FullBatch(float(total.loss), float(total.n_right), np.asarray(layer.W), np.asarray(layer.b))


@partial(jax.jit, static_argnames=("loss", "block_rows"))
def _blockwise(model: MLP, rows: Rows, *, loss: str, block_rows: int) -> tuple[_Sums, _Sums]:
    n_blocks = len(rows.y) // block_rows

    def add(carry: tuple[_Sums, _Sums], block: Array) -> tuple[tuple[_Sums, _Sums], None]:
        part = jax.tree.map(lambda a: jax.lax.dynamic_slice_in_dim(a, block * block_rows, block_rows), rows)
        sums, lost = carry
        new = jax.tree.map(jnp.subtract, _sums(model, part, loss=loss), lost)
        larger = jax.tree.map(jnp.add, sums, new)
        lost = jax.tree.map(lambda after, before, added: (after - before) - added, larger, sums, new)
        return (larger, lost), None

    rest = _sums(model, jax.tree.map(lambda a: a[n_blocks * block_rows :], rows), loss=loss)
    sums, _ = jax.lax.scan(add, (rest, jax.tree.map(jnp.zeros_like, rest)), jnp.arange(n_blocks))
    return sums


def _sums(model: MLP, rows: Rows, *, loss: str) -> _Sums:
    def cost(model: MLP) -> tuple[Array, Array]:
        scores = model(rows.numbers)
        losses = LOSSES[loss](scores, rows.y)
        n_right = jnp.sum(jnp.argmax(scores, axis=1) == rows.y, dtype=jnp.float32)
        return jnp.sum(losses if rows.weights is None else losses * rows.weights), n_right

    (loss_sum, n_right), gradient = jax.value_and_grad(cost, has_aux=True)(model)
    return _Sums(loss_sum, n_right, gradient)
