"""The kernel of HoG's blocks: cells normalised together with their neighbours."""

import math

import numpy as np
from jaxtyping import Float32

from foldline.core.compiled import kernel

L2_HYS_CLIP = np.float32(0.2)  # Dalal and Triggs (2005), section 6.4
L2_HYS_EPS = np.float32(1e-5)  # scikit-image's; the paper gives no number
ZERO, ONE = np.float32(0), np.float32(1)


def l2_hys_blocks(cells: Float32[np.ndarray, "n r q b"], block_cells: int, out: Float32[np.ndarray, "n d"]) -> None:
    """Write the blocks of `block_cells` x `block_cells` cells, one at every cell, each scaled, clipped, scaled."""
    n, n_rows, n_cols, n_bins = cells.shape
    shape = (n, n_rows - block_cells + 1, n_cols - block_cells + 1, block_cells**2 * n_bins)
    _l2_hys(cells.reshape(n, n_rows, n_cols * n_bins), n_bins, block_cells, out.reshape(shape))


@kernel()
def _l2_hys(
    cells: Float32[np.ndarray, "n r qb"], n_bins: int, side: int, blocks: Float32[np.ndarray, "n r q d"]
) -> None:
    n, n_block_rows, n_block_cols, _ = blocks.shape
    n_rows, n_cols = cells.shape[1], cells.shape[2] // n_bins
    run = side * n_bins  # numbers of a block that lie together
    cell_squares = np.zeros((n_rows, n_cols), np.float32)
    for i in range(n):
        for r in range(n_rows):
            for c in range(n_cols):
                cell_squares[r, c] = _square_sum(cells[i, r][c * n_bins : (c + 1) * n_bins])
        for r in range(n_block_rows):
            for c in range(n_block_cols):
                square, clipped_square = L2_HYS_EPS * L2_HYS_EPS, L2_HYS_EPS * L2_HYS_EPS
                for row in range(side):
                    for col in range(side):
                        square += cell_squares[r + row, c + col]
                scale = ONE / math.sqrt(square)
                for row in range(side):
                    part = cells[i, r + row][c * n_bins : c * n_bins + run]
                    for x in range(run):
                        clipped = min(part[x] * scale, L2_HYS_CLIP)
                        clipped_square += clipped * clipped
                rescale = ONE / math.sqrt(clipped_square)
                for row in range(side):
                    part, target = cells[i, r + row][c * n_bins :], blocks[i, r, c][row * run :]
                    for x in range(run):
                        target[x] = min(part[x] * scale, L2_HYS_CLIP) * rescale


@kernel()
def _square_sum(row: Float32[np.ndarray, " x"]) -> np.float32:
    total = ZERO
    for x in range(row.shape[0]):
        total += row[x] * row[x]
    return total
