"""Which of many points is nearest: the inner loop of k-means and of hard votes."""

import numpy as np
from jaxtyping import Float32, Int32

from foldline.core.compiled import kernel

LANES = 64  # points compared side by side: four of the widest vector registers
LOWEST = np.float32(-3e38)


@kernel()
def nearest(
    products: Float32[np.ndarray, "m k"], half_norms: Float32[np.ndarray, " k"], out: Int32[np.ndarray, " m"]
) -> None:
    """Give for every row x the point c nearest to it, from products x . c: the largest x . c - |c|^2 / 2.

    Args:
        products: (M, K).
        half_norms: (K,) |c|^2 / 2 of the points.
        out: (M,), overwritten; of points at equal distances the first.
    """
    n_points = products.shape[1]
    n_even = n_points // LANES * LANES
    best, where = np.empty(LANES, np.float32), np.empty(LANES, np.int32)
    for i in range(products.shape[0]):
        row = products[i]
        best[:], where[:] = LOWEST, 0
        for first in range(0, n_even, LANES):
            _keep_larger(row[first:], half_norms[first:], np.int32(first), best, where)
        largest, winner = LOWEST, np.int32(0)
        for lane in range(LANES):
            point = where[lane] + np.int32(lane)
            if best[lane] > largest or (best[lane] == largest and point < winner):
                largest, winner = best[lane], point
        for k in range(n_even, n_points):
            closeness = row[k] - half_norms[k]
            if closeness > largest:
                largest, winner = closeness, np.int32(k)
        out[i] = winner


@kernel()
def _keep_larger(
    row: Float32[np.ndarray, " k"],
    half_norms: Float32[np.ndarray, " k"],
    first: np.int32,
    best: Float32[np.ndarray, "64"],
    where: Int32[np.ndarray, "64"],
) -> None:
    for lane in range(LANES):
        closeness = row[lane] - half_norms[lane]
        is_larger = closeness > best[lane]
        best[lane] = closeness if is_larger else best[lane]
        where[lane] = first if is_larger else where[lane]
