"""Linear models by least squares, solved exactly: sums over the rows, then one system of equations."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64
from scipy.linalg import cho_solve, cholesky, solve_triangular

from foldline.core.errors import DataError
from foldline.core.memory import check_memory
from foldline.core.progress import tracking

SHARD_ROWS = 4096  # whose products are summed as float32 before they are added to float64 sums

# OpenBLAS 0.3.30 and 0.3.31 crash in the Cholesky factorisation of 16,000 rows by two threads, 12,000 went well (its
# issues 1413 and 2821). Larger matrices are factorised in blocks of this many rows, which costs no time.
BLOCK_ROWS = 4096

Rows = Float32[np.ndarray, "n d"]


class LeastSquares(NamedTuple):
    """The minimiser: weights and biases."""

    W: Float64[np.ndarray, "k d"]
    b: Float64[np.ndarray, " k"]


def solve_least_squares(
    X: Rows, targets: Float64[np.ndarray, "n k"], weights: Float64[np.ndarray, " n"], *, l2: Sequence[float]
) -> list[LeastSquares]:
    """Minimise sum_i w_i |W x_i + b - t_i|^2 / sum_i w_i + l2 * sum of W^2 for one or more l2.

    With at most as many features as rows the normal equations are solved, whose matrices are sums over shards of rows;
    with more features those of the rows' products, which are smaller and give the same W.

    Args:
        X: (N, D) rows.
        targets: (N, K).
        weights: (N,) of at least 0, not all 0.
        l2: each above 0; the sums over rows, most of the work, serve all of them.
    Returns: a minimiser for each.
    Raises: DataError if the matrix would fill the memory, the numbers are too large to square, or l2 is too small for
        their rounding.
    Convention: products of shards are float32, their sums and the solution float64.
    Source: Hoerl and Kennard (1970), eq. 2.1; Saunders, Gammerman, Vovk (1998), eq. 9, for the products of rows.
    """
    weights = weights / weights.max()  # first, because the sum of large weights may be infinite
    shares = weights / weights.sum()
    side = min(X.shape)
    check_memory(
        (16 if len(l2) == 1 else 24) * side * side + (4 * X.size if X.shape[1] > len(X) else 0),
        f"least squares of {len(X):,} rows of {X.shape[1]:,} numbers",
        fix="Take another classifier, or fewer features.",
    )
    shards = (slice(start, start + SHARD_ROWS) for start in range(0, len(X), SHARD_ROWS))
    mean_row = sum(shares[shard] @ X[shard] for shard in shards).astype(np.float32)  # a float64 copy of a shard only
    mean_target = shares @ targets
    roots = np.sqrt(shares)[:, None]
    weighted_targets = roots * (targets - mean_target)
    solve = _from_features if X.shape[1] <= len(X) else _from_rows
    with np.errstate(over="ignore", invalid="ignore"):
        solutions = solve(X, mean_row, roots.astype(np.float32), weighted_targets, l2)
        return [LeastSquares(W, mean_target - W @ mean_row) for W in solutions]


def _from_features(
    X: Rows,
    mean: Float32[np.ndarray, " d"],
    roots: Float32[np.ndarray, "n 1"],
    targets: np.ndarray,
    l2: Sequence[float],
) -> Iterator[Float64[np.ndarray, "k d"]]:
    products, answers = np.zeros((X.shape[1],) * 2), np.zeros((X.shape[1], targets.shape[1]))
    with tracking("least squares", len(X)) as advance:
        for start in range(0, len(X), SHARD_ROWS):
            shard = slice(start, start + SHARD_ROWS)
            rows = X[shard] - mean
            rows *= roots[shard]
            products += rows.T @ rows
            answers += rows.T @ targets[shard].astype(np.float32)
            advance(len(rows), "")
    return (solution.T for solution in _solved(products, answers, l2))


def _from_rows(
    X: Rows,
    mean: Float32[np.ndarray, " d"],
    roots: Float32[np.ndarray, "n 1"],
    targets: np.ndarray,
    l2: Sequence[float],
) -> Iterator[Float64[np.ndarray, "k d"]]:
    rows = X - mean
    rows *= roots
    every_share = _solved((rows @ rows.T).astype(np.float64), targets, l2)
    return (np.asarray(shares.T.astype(np.float32) @ rows, np.float64) for shares in every_share)


def _solved(
    A: Float64[np.ndarray, "m m"], B: Float64[np.ndarray, "m k"], l2: Sequence[float]
) -> Iterator[Float64[np.ndarray, "m k"]]:
    """Solve (A + l2 I) S = B for each l2; the last time in place."""
    if not np.isfinite(A).all():
        raise DataError("the squares of the features are infinite; expected numbers whose squares are not. Scale them.")
    diagonal = A.diagonal().copy()
    for i, strength in enumerate(l2):
        system = A if i == len(l2) - 1 else A.copy()
        system[np.diag_indices(len(A))] = diagonal + strength
        try:
            factorise_(system)
        except np.linalg.LinAlgError as error:
            raise DataError(
                f"l2 is {strength:g}, less than the rounding of products of these features; expected more, so that "
                f"there is one solution. Raise l2, for example to {10 * strength:g}, or scale the features."
            ) from error
        # Its transpose lies in memory as LAPACK wants it, and is not copied.
        yield np.asarray(cho_solve((system.T, False), B, check_finite=False))


def factorise_(A: Float64[np.ndarray, "m m"], *, block_rows: int = BLOCK_ROWS) -> None:
    """Replace the lower triangle of a positive definite matrix by L, where A = L L^T; what is above is left undefined.

    Raises: numpy.linalg.LinAlgError if the matrix is not positive definite.
    Source: Golub and Van Loan (2013), "Matrix Computations", section 4.2.8, block outer product version.
    """
    for start in range(0, len(A), block_rows):
        end = start + block_rows
        A[start:end, start:end] = corner = cholesky(A[start:end, start:end], lower=True, check_finite=False)
        below = A[end:, start:end]
        below[:] = solve_triangular(corner, below.T, lower=True, check_finite=False).T
        for left in range(end, len(A), block_rows):
            A[left:, left : left + block_rows] -= below[left - end :] @ below[left - end : left - end + block_rows].T
