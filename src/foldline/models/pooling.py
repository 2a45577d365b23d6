"""Overlapping pooling and local response normalisation, as in AlexNet."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

WINDOW, STEP = 3, 2  # Krizhevsky et al. (2012), section 3.4
LRN_K, LRN_N, LRN_ALPHA, LRN_BETA = 2.0, 5, 1e-4, 0.75  # section 3.3


def pooled_side(side: int) -> int:
    """Give how many windows of 3 pixels, 2 apart, a side is covered by; the last may reach over the edge."""
    return max(-(-(side - WINDOW) // STEP), 0) + 1


def max_pool(x: Float[Array, "n h w c"]) -> Float[Array, "n i j c"]:
    """Give the largest number in each window of 3x3 pixels, windows 2 pixels apart.

    Args:
        x: (N, H, W, C).
    Convention: a window that reaches over the edge sees what is inside; none is left out.
    Convention: of several largest numbers the gradient is that of the first, row after row.
    """
    return _largest(_largest(x, 2), 1)


@jax.custom_vjp
def _of_three(a: Array, b: Array, c: Array) -> Array:
    return jnp.maximum(jnp.maximum(a, b), c)


def _of_three_forward(a: Array, b: Array, c: Array) -> tuple[Array, tuple[Array, Array]]:
    is_a = (a >= b) & (a >= c)
    return _of_three(a, b, c), (is_a, ~is_a & (b >= c))


def _of_three_backward(saved: tuple[Array, Array], dy: Array) -> tuple[Array, Array, Array]:
    is_a, is_b = saved
    return jnp.where(is_a, dy, 0), jnp.where(is_b, dy, 0), jnp.where(is_a | is_b, 0, dy)


_of_three.defvjp(_of_three_forward, _of_three_backward)


def _largest(x: Array, axis: int) -> Array:
    side, n_windows = x.shape[axis], pooled_side(x.shape[axis])
    pad = [(0, 0)] * x.ndim
    pad[axis] = (0, max(STEP * (n_windows + 1) - side, 0))
    padded = jnp.pad(x, pad, constant_values=-jnp.inf)
    pairs = padded.reshape(*x.shape[:axis], -1, STEP, *x.shape[axis + 1 :])  # strided slices are slow

    def at(first: int, within: int) -> Array:
        some = jax.lax.slice_in_dim(pairs, first, first + n_windows, axis=axis)
        return jax.lax.index_in_dim(some, within, axis=axis + 1, keepdims=False)

    largest: Array = _of_three(at(0, 0), at(0, 1), at(1, 0))
    return largest


def response_normalised(x: Float[Array, "n h w c"]) -> Float[Array, "n h w c"]:
    """Divide every response by (2 + 1e-4 sum of squares of the five channels around it)^0.75.

    Convention: alpha multiplies the sum, not the mean over five, which some libraries take; channels at the rim have
        fewer neighbours.
    Source: Krizhevsky, Sutskever, Hinton (2012), section 3.3; as printed.
    """
    n_channels, half = x.shape[-1], LRN_N // 2
    squares = jnp.pad(x * x, ((0, 0), (0, 0), (0, 0), (half, half)))
    total = sum(squares[..., at : at + n_channels] for at in range(LRN_N))
    return x / (LRN_K + LRN_ALPHA * total) ** LRN_BETA
