"""Rows through a compiled program, a few at a time and in few different numbers."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float32

# Every number of rows is padded up to one of these, so that a program is compiled at most four times.
CHUNK_ROWS = (1, 16, 256, 4096)


def in_chunks(
    compute: Callable[[jax.Array], jax.Array], X: Float32[np.ndarray, "n d"], *, most: int = CHUNK_ROWS[-1]
) -> Float32[np.ndarray, "n u"]:
    """Apply `compute` to every row.

    Args:
        compute: gives a row for every row.
        X: (N, D), at least one row.
        most: rows that are computed at once, one of CHUNK_ROWS.
    """
    return np.concatenate([_computed(compute, X[start : start + most]) for start in range(0, len(X), most)])


def _computed(compute: Callable[[jax.Array], jax.Array], X: Float32[np.ndarray, "n d"]) -> Float32[np.ndarray, "n u"]:
    n_padded = next(size for size in CHUNK_ROWS if len(X) <= size)
    padded = np.zeros((n_padded, X.shape[1]), np.float32)
    padded[: len(X)] = X
    return np.asarray(compute(jnp.asarray(padded)))[: len(X)]
