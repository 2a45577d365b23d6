"""How likely each row came from each Gaussian, and sums of rows weighted by that: the inner loop of EM and of Fisher
vectors.

Rows are expanded to [x, x^2, 1], so that one matrix product gives all log densities and one sum all statistics.
"""

import numpy as np
from jaxtyping import Float32, Int32

from foldline.core.compiled import kernel

CHUNK_ROWS = 512  # rows whose log densities are in the cache at a time
LANES = 16  # Gaussians side by side: one of the widest vector registers
# A posterior below this adds nothing. On dense SIFT 9 of 64 Gaussians have one above it, 15 of 256. With 1e-6, as in
# VLFeat, 256 Gaussians took a tenth longer, and 1e-4 saved little.
SMALLEST_POSTERIOR = np.float32(1e-5)
LOWEST_LOG = np.float32(-16)  # of a density over that of the likeliest Gaussian: e^-16 is below the smallest posterior
NOWHERE = np.float32(-1e30)  # log density of the Gaussians that fill up the last register

ZERO, ONE = np.float32(0), np.float32(1)
# e^x = (e^(x/32))^32, and e^y = 1 + y (1 + y/2 (1 + y/3 (...))). Five terms leave 1e-4 of the smallest posterior, and
# less than 1e-7 of the sum of all.
SHARE = np.float32(1 / 32)
HALF, THIRD, FOURTH, FIFTH = (np.float32(1 / n) for n in range(2, 6))


class PosteriorSums:
    """Sums over rows of posteriors times [x, x^2, 1], in float32, for every cell; for one thread.

    Args:
        coefficients: (2D + 1, P) of the log densities, P a multiple of 16.
        n_gaussians: K; the coefficients beyond are those of no Gaussian.
        n_cells: C.
    """

    def __init__(self, coefficients: Float32[np.ndarray, "w p"], *, n_gaussians: int, n_cells: int) -> None:
        self.coefficients = coefficients
        self.sums = np.zeros((n_cells, n_gaussians, len(coefficients)), np.float32)
        self._rows = np.empty((CHUNK_ROWS, len(coefficients)), np.float32)
        self._logs = np.empty((CHUNK_ROWS, coefficients.shape[1]), np.float32)

    def add(self, X: Float32[np.ndarray, "n d"], cells: Int32[np.ndarray, " n"]) -> float:
        """Add rows to the sums of their cells; give their log likelihood."""
        log_likelihood = 0.0
        for start in range(0, len(X), CHUNK_ROWS):
            chunk = X[start : start + CHUNK_ROWS]
            rows, logs = self._rows[: len(chunk)], self._logs[: len(chunk)]
            expand(chunk, rows)
            np.matmul(rows, self.coefficients, out=logs)
            log_likelihood += add_posteriors(logs, rows, cells[start : start + CHUNK_ROWS], self.sums)
        return log_likelihood


@kernel()
def expand(X: Float32[np.ndarray, "m d"], out: Float32[np.ndarray, "m w"]) -> None:
    """Write [x, x^2, 1] of every row, (M, 2D + 1)."""
    d = X.shape[1]
    for i in range(X.shape[0]):
        x, numbers, squares = X[i], out[i, :d], out[i, d : 2 * d]
        for j in range(d):
            numbers[j] = x[j]
            squares[j] = x[j] * x[j]
        out[i, 2 * d] = ONE


@kernel()
def add_posteriors(
    logs: Float32[np.ndarray, "m p"],
    rows: Float32[np.ndarray, "m w"],
    cells: Int32[np.ndarray, " m"],
    sums: Float32[np.ndarray, "c k w"],
) -> float:
    """Add every row, times its posterior of each Gaussian, to the sums of its cell; give the log likelihood.

    Args:
        logs: (M, P) logarithms of w_k u_k(x), overwritten; P is a multiple of 16, what is beyond K is NOWHERE.
        rows: (M, 2D + 1) expanded.
        cells: (M,) from 0 to C - 1.
        sums: (C, K, 2D + 1), added to.
    Convention: posteriors below 1e-5 count as zero.
    """
    n_blocks = logs.shape[1] // LANES
    peaks, active = np.empty(n_blocks, np.float32), np.empty(n_blocks, np.int64)
    log_likelihood = 0.0
    for i in range(logs.shape[0]):
        cell, densities = cells[i], logs[i]
        largest = NOWHERE
        for block in range(n_blocks):
            peaks[block] = _largest(densities[block * LANES :])
            largest = max(largest, peaks[block])
        n_active, total = 0, ZERO
        for block in range(n_blocks):
            if peaks[block] > largest + LOWEST_LOG:
                total += _exponentials(densities[block * LANES :], largest)
                active[n_active] = block
                n_active += 1
        log_likelihood += np.float64(largest) + np.log(np.float64(total))
        smallest, scale = SMALLEST_POSTERIOR * total, ONE / total
        for block in active[:n_active]:
            for k in range(block * LANES, min((block + 1) * LANES, sums.shape[1])):
                if densities[k] > smallest:
                    posterior = densities[k] * scale
                    for j in range(rows.shape[1]):  # no view of a row: handing one on counts references, for each sum
                        sums[cell, k, j] += posterior * rows[i, j]
    return log_likelihood


@kernel()
def _largest(block: Float32[np.ndarray, " p"]) -> np.float32:
    largest = NOWHERE
    for lane in range(LANES):
        largest = block[lane] if block[lane] > largest else largest
    return largest


@kernel()
def _exponentials(block: Float32[np.ndarray, " p"], largest: np.float32) -> np.float32:
    """Replace log densities by densities over the largest one; give their sum."""
    total = ZERO
    for lane in range(LANES):
        log = block[lane] - largest
        y = max(log, LOWEST_LOG) * SHARE
        e = ONE + y * FIFTH
        e = ONE + y * FOURTH * e
        e = ONE + y * THIRD * e
        e = ONE + y * HALF * e
        e = ONE + y * e
        e *= e  # five squares make the 32nd power
        e *= e
        e *= e
        e *= e
        e *= e
        e = e if log > LOWEST_LOG else ZERO
        block[lane] = e
        total += e
    return total
