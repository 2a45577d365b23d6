"""How a descriptor answers to the words of a codebook, summed or maximised over the cells of an image.

Every kernel takes the products x . c of a few rows and all words, |c|^2 / 2 of the words, and the cell of each row, and
adds the answers to `pooled` (cells, K), or keeps the largest. Products are overwritten.
"""

import numpy as np
from jaxtyping import Float32, Int32

from foldline.core.compiled import kernel
from foldline.features._nearest import nearest

ZERO, HALF, ONE, TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
HIGHEST = np.float32(3e38)
# Wang et al. (2010), section 2: what is added to the diagonal of a local covariance, as a share of its trace.
LLC_RIDGE = np.float32(1e-4)
# A word whose part is below e^-16 of the nearest one's is below the last bit of a float32 sum.
SMALLEST_EXPONENT = np.float32(16)
MOST_STEPS = 1_000  # an end also where numbers are infinite; a dozen are usual
SMALLEST_STEP = np.float32(0.1)  # of the interval in which a threshold is looked for, so that it shrinks

Products = Float32[np.ndarray, "m k"]
Rows = Float32[np.ndarray, "m d"]
HalfNorms = Float32[np.ndarray, " k"]
Cells = Int32[np.ndarray, " m"]
Pooled = Float32[np.ndarray, "f k"]


@kernel()
def pool_triangles(
    products: Products, rows: Rows, half_norms: HalfNorms, cells: Cells, is_max: bool, pooled: Pooled
) -> None:
    """Answer max(0, mean(d) - d_k), d the distances to the words."""
    for i in range(products.shape[0]):
        row, x, total = products[i], rows[i], pooled[cells[i]]
        square = ZERO
        for j in range(x.shape[0]):
            square += x[j] * x[j]
        distance_sum = ZERO
        for k in range(row.shape[0]):
            distance = np.sqrt(max(ZERO, square + TWO * (half_norms[k] - row[k])))
            row[k] = distance
            distance_sum += distance
        mean = distance_sum / np.float32(row.shape[0])
        if is_max:
            for k in range(row.shape[0]):
                total[k] = max(total[k], mean - row[k])
        else:
            for k in range(row.shape[0]):
                total[k] += max(ZERO, mean - row[k])


def pool_votes(products: Products, half_norms: HalfNorms, cells: Cells, is_max: bool, pooled: Pooled) -> None:
    """Answer 1 for the nearest word and 0 for the others."""
    closest = np.empty(len(products), np.int32)
    nearest(products, half_norms, closest)
    _pool_votes(closest, cells, is_max, pooled)


@kernel()
def _pool_votes(closest: Int32[np.ndarray, " m"], cells: Cells, is_max: bool, pooled: Pooled) -> None:
    for i in range(closest.shape[0]):
        votes = pooled[cells[i]]
        votes[closest[i]] = ONE if is_max else votes[closest[i]] + ONE


@kernel()
def pool_soft(
    products: Products, half_norms: HalfNorms, precision: np.float32, cells: Cells, is_max: bool, pooled: Pooled
) -> None:
    """Answer exp(-precision d_k^2 / 2), divided by the sum over all words."""
    for i in range(products.shape[0]):
        row, total = products[i], pooled[cells[i]]
        largest = -HIGHEST
        for k in range(row.shape[0]):
            row[k] = precision * (row[k] - half_norms[k])
            largest = max(largest, row[k])
        part_sum = ZERO
        for k in range(row.shape[0]):
            row[k] = np.exp(row[k] - largest) if largest - row[k] < SMALLEST_EXPONENT else ZERO
            part_sum += row[k]
        for k in range(row.shape[0]):
            part = row[k] / part_sum
            total[k] = max(total[k], part) if is_max else total[k] + part


@kernel()
def pool_nearest(
    products: Products, half_norms: HalfNorms, n_nearest: int, cells: Cells, is_max: bool, pooled: Pooled
) -> None:
    """Answer 1 for each of the nearest words; in the second half of (cells, 2K) the same for minus the row."""
    n_words = products.shape[1]
    for i in range(products.shape[0]):
        row, total = products[i], pooled[cells[i]]
        for half in range(2):
            # In the second turn a row holds x . c - |c|^2 / 2, and -x . c - |c|^2 / 2 is wanted.
            for k in range(n_words):
                row[k] = row[k] - half_norms[k] if half == 0 else -row[k] - TWO * half_norms[k]
            threshold = _threshold(row, n_nearest)
            votes = total[half * n_words : (half + 1) * n_words]
            for k in range(n_words):
                vote = ONE if row[k] >= threshold else ZERO
                votes[k] = max(votes[k], vote) if is_max else votes[k] + vote


@kernel()
def _threshold(row: Float32[np.ndarray, " k"], n: int) -> np.float32:
    """Give a number that n of the row reach, or the fewest above n where several are equal."""
    low, high = HIGHEST, -HIGHEST
    for k in range(row.shape[0]):
        low, high = min(low, row[k]), max(high, row[k])
    n_low, n_high, wanted = np.float32(row.shape[0]), _n_reaching(row, high), np.float32(n)
    if n_high >= wanted:
        return high
    for _ in range(MOST_STEPS):  # all the while n_high < wanted
        if n_low <= wanted:
            break
        share = (n_low - wanted) / (n_low - n_high)  # where it would be if they were spread evenly
        middle = low + min(max(share, SMALLEST_STEP), ONE - SMALLEST_STEP) * (high - low)
        if middle <= low or middle >= high:
            middle = low + HALF * (high - low)
        if middle <= low or middle >= high:
            break  # no number lies between: those at `low` are equal
        n_middle = _n_reaching(row, middle)
        if n_middle >= wanted:
            low, n_low = middle, n_middle
        else:
            high, n_high = middle, n_middle
    return low


@kernel()
def _n_reaching(row: Float32[np.ndarray, " k"], threshold: np.float32) -> np.float32:
    count = ZERO  # a whole number; a float32 fills the same vector registers as the row
    for k in range(row.shape[0]):
        count += ONE if row[k] >= threshold else ZERO
    return count


@kernel()
def pool_local_codes(
    products: Products,
    rows: Rows,
    half_norms: HalfNorms,
    words: Float32[np.ndarray, "k d"],
    n_nearest: int,
    cells: Cells,
    is_max: bool,
    pooled: Pooled,
) -> None:
    """Answer with the weights, adding up to 1, by which the nearest words come closest to the row; 0 for the others."""
    chosen = np.empty(n_nearest, np.int32)
    closeness = np.empty(n_nearest, np.float32)
    shifted = np.empty((n_nearest, rows.shape[1]), np.float32)
    gram, weights = np.empty((n_nearest, n_nearest), np.float32), np.empty(n_nearest, np.float32)
    for i in range(products.shape[0]):
        _keep_nearest(products[i], half_norms, closeness, chosen)
        for a in range(n_nearest):
            for j in range(rows.shape[1]):
                shifted[a, j] = words[chosen[a], j] - rows[i, j]
        trace = ZERO
        for a in range(n_nearest):
            for b in range(a + 1):
                product = ZERO
                for j in range(rows.shape[1]):
                    product += shifted[a, j] * shifted[b, j]
                gram[a, b] = product
                gram[b, a] = product
            trace += gram[a, a]
        for a in range(n_nearest):
            # A row that is a word has a trace of 0 where only that word is looked at.
            gram[a, a] += LLC_RIDGE * trace if trace > ZERO else ONE
        _solve_for_ones_(gram, weights)
        weight_sum = ZERO
        for a in range(n_nearest):
            weight_sum += weights[a]
        total = pooled[cells[i]]
        for a in range(n_nearest):
            code, k = weights[a] / weight_sum, chosen[a]
            total[k] = max(total[k], code) if is_max else total[k] + code


@kernel()
def _keep_nearest(
    row: Float32[np.ndarray, " k"],
    half_norms: HalfNorms,
    closeness: Float32[np.ndarray, " n"],
    chosen: Int32[np.ndarray, " n"],
) -> None:
    """Find the nearest words by insertion, the nearest first; of words at equal distances the first."""
    n = closeness.shape[0]
    closeness[:], chosen[:] = -HIGHEST, 0
    for k in range(row.shape[0]):
        close = row[k] - half_norms[k]
        if close > closeness[n - 1]:
            place = n - 1
            while place > 0 and closeness[place - 1] < close:
                closeness[place], chosen[place] = closeness[place - 1], chosen[place - 1]
                place -= 1
            closeness[place], chosen[place] = close, np.int32(k)


@kernel()
def _solve_for_ones_(A: Float32[np.ndarray, "n n"], x: Float32[np.ndarray, " n"]) -> None:
    """Solve A x = (1, ..., 1) for a positive definite A, which is overwritten, by Cholesky's method."""
    n = x.shape[0]
    for i in range(n):
        for j in range(i + 1):
            rest = A[i, j]
            for k in range(j):
                rest -= A[i, k] * A[j, k]
            A[i, j] = np.sqrt(max(rest, np.float32(1e-30))) if i == j else rest / A[j, j]
    for i in range(n):
        rest = ONE
        for k in range(i):
            rest -= A[i, k] * x[k]
        x[i] = rest / A[i, i]
    for back in range(n):
        i = n - 1 - back
        rest = x[i]
        for k in range(i + 1, n):
            rest -= A[k, i] * x[k]
        x[i] = rest / A[i, i]
