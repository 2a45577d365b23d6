"""Linear models by least squares, solved exactly: sums over the rows, then one system of equations."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64
from scipy.linalg import cho_factor, cho_solve

from foldline.core.errors import DataError
from foldline.core.memory import check_memory
from foldline.core.progress import tracking

SHARD_ROWS = 4096  # whose products are summed as float32 before they are added to float64 sums

Rows = Float32[np.ndarray, "n d"]


class LeastSquares(NamedTuple):
    """The minimiser: weights and biases."""

    W: Float64[np.ndarray, "k d"]
    b: Float64[np.ndarray, " k"]


def solve_least_squares(
    X: Rows, targets: Float64[np.ndarray, "n k"], weights: Float64[np.ndarray, " n"], *, l2: float
) -> LeastSquares:
    """Minimise sum_i w_i |W x_i + b - t_i|^2 / sum_i w_i + l2 * sum of W^2.

    With at most as many features as rows the normal equations are solved, whose matrices are sums over shards of rows;
    with more features those of the rows' products, which are smaller and give the same W.

    Args:
        X: (N, D) rows.
        targets: (N, K).
        weights: (N,) of at least 0, not all 0.
        l2: above 0.
    Raises: DataError if the matrix would fill the memory, or the numbers are too large to square.
    Convention: products of shards are float32, their sums and the solution float64.
    Source: Hoerl and Kennard (1970), eq. 2.1; Saunders, Gammerman, Vovk (1998), eq. 9, for the products of rows.
    """
    shares = weights / weights.sum()
    mean, mean_target = shares @ X, shares @ targets
    mean_row = mean.astype(np.float32)
    side = min(X.shape)
    check_memory(
        16 * side * side,
        f"least squares of {len(X):,} rows of {X.shape[1]:,} numbers",
        fix="Take another classifier, or fewer features.",
    )
    roots = np.sqrt(shares)[:, None]
    weighted_targets = roots * (targets - mean_target)
    solve = _from_features if X.shape[1] <= len(X) else _from_rows
    with np.errstate(over="ignore", invalid="ignore"):
        W = solve(X, mean_row, roots.astype(np.float32), weighted_targets, l2)
    return LeastSquares(W, mean_target - W @ mean_row)


def _from_features(
    X: Rows, mean: Float32[np.ndarray, " d"], roots: Float32[np.ndarray, "n 1"], targets: np.ndarray, l2: float
) -> Float64[np.ndarray, "k d"]:
    products, answers = np.zeros((X.shape[1],) * 2), np.zeros((X.shape[1], targets.shape[1]))
    with tracking("least squares", len(X)) as advance:
        for start in range(0, len(X), SHARD_ROWS):
            shard = slice(start, start + SHARD_ROWS)
            rows = (X[shard] - mean) * roots[shard]
            products += rows.T @ rows
            answers += rows.T @ targets[shard].astype(np.float32)
            advance(len(rows), "")
    return _solved(products, answers, l2).T


def _from_rows(
    X: Rows, mean: Float32[np.ndarray, " d"], roots: Float32[np.ndarray, "n 1"], targets: np.ndarray, l2: float
) -> Float64[np.ndarray, "k d"]:
    rows = (X - mean) * roots
    shares = _solved((rows @ rows.T).astype(np.float64), targets, l2)
    return np.asarray(shares.T @ rows)


def _solved(A: Float64[np.ndarray, "m m"], B: Float64[np.ndarray, "m k"], l2: float) -> Float64[np.ndarray, "m k"]:
    if not np.isfinite(A).all():
        raise DataError("the squares of the features are infinite; expected numbers whose squares are not. Scale them.")
    A[np.diag_indices(len(A))] += l2
    return np.asarray(cho_solve(cho_factor(A, overwrite_a=True, check_finite=False), B, check_finite=False))
