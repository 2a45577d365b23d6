"""Convolutions of 3x3 weights as products of matrices, with a quarter of the multiplications.

A tile of 6x6 numbers gives 4x4 results. Their 144 multiplications an input and unit become 36 once tile, weights and
results are written in another basis, in which the convolution multiplies entry by entry; over all inputs of a unit that
is a product of matrices for each of the 36 entries. Both gradients are products in the same basis.
"""

from collections.abc import Sequence
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64

TILE = 4  # results a side
SIDE = 3  # weights a side
SPAN = TILE + SIDE - 1  # numbers a side that a tile reads
POINTS = (0.0, 1.0, -1.0, 2.0, -2.0)  # and infinity; Lavin and Gray (2016), section 4.3

Basis = Float64[np.ndarray, "_ _"]


def _bases() -> tuple[Basis, Basis, Basis]:
    """Give the matrices that take numbers and weights into the basis, and results out of it.

    Polynomials are multiplied at points: their values there, E_3 g and E_4 h, give those of the product, and the
    inverse of E_6 its coefficients. The transpose of that map in h is the correlation that a layer computes.
    """

    def values_at_points(n: int) -> Basis:
        return np.vstack([np.vander(POINTS, n, increasing=True), np.eye(n)[-1:]])

    to_tile = np.linalg.inv(values_at_points(SPAN)).T
    scale = np.abs(to_tile).max(axis=1, keepdims=True)  # moved to the weights: large and small numbers round badly
    return to_tile / scale, values_at_points(SIDE) * scale, values_at_points(TILE).T


OF_TILES, OF_WEIGHTS, OF_RESULTS = _bases()


@jax.custom_vjp
def winograd(x: Float[Array, "n h w c"], W: Float[Array, "u 3 3 c"]) -> Float[Array, "n h w u"]:
    """Correlate images with 3x3 weights, a border of zeros around them.

    y[i, j, u] = sum over a, b, c of W[u, a, b, c] x[i + a - 1, j + b - 1, c]

    Args:
        x: (N, H, W, C).
        W: (U, 3, 3, C), a row a unit.
    Returns: (N, H, W, U).
    Convention: in float32 the results differ from plain sums by some 1e-5 of the largest one.
    Source: Lavin and Gray (2016), F(4x4, 3x3), at the same points, scaled otherwise.
    """
    return _forward(x, W)[0]


def _forward(x: Array, W: Array) -> tuple[Array, tuple[Array, Array, Array]]:
    n, height, width, _ = x.shape
    down, across = -(-height // TILE), -(-width // TILE)
    after = [(1, TILE * (tiles + 1) - side - 1) for tiles, side in ((down, height), (across, width))]
    padded = jnp.pad(x, ((0, 0), *after, (0, 0)))
    rows = _barrier(jnp.stack(_mixed(OF_TILES, _tiles(padded, axis=1))))
    tiles = jnp.stack(_mixed(OF_TILES, _tiles(rows, axis=3)), axis=1).reshape(SPAN**2, n * down * across, -1)
    basis = jnp.asarray(OF_WEIGHTS, W.dtype)
    weights = jnp.einsum("pi,qj,uijc->pqcu", basis, basis, W).reshape(SPAN**2, -1, len(W))
    tiles, weights = _barrier(tiles), _barrier(weights)
    products = _barrier(_product(tiles, weights, over=(2, 1))).reshape(SPAN, SPAN, n, down, across, len(W))
    of_rows = _barrier(jnp.stack(_mixed(OF_RESULTS, products), axis=3))
    y = jnp.stack(_mixed(OF_RESULTS, of_rows), axis=4).reshape(n, TILE * down, TILE * across, len(W))
    return y[:, :height, :width], (tiles, weights, x[:0])


def _backward(saved: tuple[Array, Array, Array], dy: Array) -> tuple[Array, Array]:
    tiles, weights, like_x = saved
    n, height, width, n_units = dy.shape
    down, across = -(-height // TILE), -(-width // TILE)
    padded = jnp.pad(dy, ((0, 0), (0, TILE * down - height), (0, TILE * across - width), (0, 0)))
    blocks = jnp.moveaxis(padded.reshape(n, down, TILE, across, TILE, n_units), 2, 0)
    of_rows = _barrier(jnp.stack(_mixed(OF_RESULTS.T, blocks)))
    parts = [of_rows[:, :, :, :, at] for at in range(TILE)]
    d_products = _barrier(jnp.stack(_mixed(OF_RESULTS.T, parts), axis=1).reshape(SPAN**2, -1, n_units))

    d_weights = _product(tiles, d_products, over=(1, 1)).reshape(SPAN, SPAN, -1, n_units)
    basis = jnp.asarray(OF_WEIGHTS, dy.dtype)
    dW = jnp.einsum("pi,qj,pqcu->uijc", basis, basis, d_weights)

    d_tiles = _barrier(_product(d_products, weights, over=(2, 2)))
    d_tiles = d_tiles.reshape(SPAN, SPAN, n, down, across, like_x.shape[-1])
    of_columns = [d_tiles[:, at] for at in range(SPAN)]
    rows = _barrier(_joined(_mixed(OF_TILES.T, of_columns), axis=3))
    dx = _joined(_mixed(OF_TILES.T, rows), axis=1)
    return dx[:, 1 : height + 1, 1 : width + 1], dW


winograd.defvjp(_forward, _backward)


def _product(a: Array, b: Array, *, over: tuple[int, int]) -> Array:
    """Multiply matrices of one entry of the basis each."""
    return jax.lax.dot_general(a, b, (((over[0],), (over[1],)), ((0,), (0,))))


def _mixed(M: Basis, parts: Sequence[Array] | Array) -> list[Array]:
    """Give sum over j of M_ij parts_j for each i; without products where M is 0 or 1."""
    mixed = []
    for row in M:
        used = [(float(factor), parts[j]) for j, factor in enumerate(row) if abs(factor) > 1e-12]
        terms = [part if factor == 1.0 else factor * part for factor, part in used]
        mixed.append(sum(terms[1:], start=terms[0]))
    return mixed


def _tiles(x: Array, *, axis: int) -> list[Array]:
    """Give for each place in a tile the numbers there, of all tiles along an axis; tiles overlap by two."""
    n_tiles = x.shape[axis] // TILE - 1
    blocks = x.reshape(*x.shape[:axis], n_tiles + 1, TILE, *x.shape[axis + 1 :])

    def at(place: int) -> Array:
        first, within = divmod(place, TILE)
        some = jax.lax.slice_in_dim(blocks, first, first + n_tiles, axis=axis)
        return jax.lax.index_in_dim(some, within, axis=axis + 1, keepdims=False)

    return [at(place) for place in range(SPAN)]


def _joined(parts: Sequence[Array], *, axis: int) -> Array:
    """Add tiles up where they overlap: the transpose of `_tiles`."""
    none = [(0, 0)] * parts[0].ndim
    early, late = ([*none[:axis], pad, *none[axis + 1 :]] for pad in ((0, 1), (1, 0)))
    blocks = [jnp.pad(part, early) for part in parts[:TILE]]
    for at, part in enumerate(parts[TILE:]):
        blocks[at] = blocks[at] + jnp.pad(part, late)
    x = jnp.stack(blocks, axis=axis + 1)
    return x.reshape(*x.shape[:axis], -1, *x.shape[axis + 2 :])


def _barrier(x: Array) -> Array:
    # One transform after the other: fused, they are computed again for each result and compile for half a minute.
    return cast(Array, jax.lax.optimization_barrier(x))  # type: ignore[no-untyped-call]  # untyped in JAX
