"""What a classifier of HoG looks for: its weights, cell by cell and direction by direction."""

import numpy as np
from jaxtyping import Float, Float32

from foldline.core.checks import axes
from foldline.features import HOG


def hog_templates(
    W: Float[np.ndarray, "t d"], *, feature: HOG, image_shape: tuple[int, int, int]
) -> Float32[np.ndarray, "t rows cols bins"]:
    """Give the weight of each direction in each cell: the sum over the blocks that the cell belongs to.

    Args:
        W: (T, D) weights on what the feature gives, one row a unit.
        feature: which blocks there are.
        image_shape: (H, W, C).
    Returns: (T, rows, cols, bins), above 0 where votes speak for the unit.
    Raises: ShapeError if there is not one weight for each number of the feature; and what its `length` raises.
    Example:
        >>> cells = hog_templates(np.ones((1, 36)), feature=HOG(cell_px=4), image_shape=(8, 8, 1))
        >>> cells.shape, float(cells.sum())
        ((1, 2, 2, 9), 36.0)
    """
    n, _ = axes(W, f"t {feature.length(image_shape)}", name="W", fix="Give one weight for each number of the feature.")
    side, n_bins = feature.block_cells or 1, feature.n_orientations
    n_rows, n_cols = (length // feature.cell_px for length in image_shape[:2])
    n_down, n_across = n_rows - side + 1, n_cols - side + 1
    blocks = W.reshape(n, n_down, n_across, side, side, n_bins)
    cells = np.zeros((n, n_rows, n_cols, n_bins), np.float32)
    for row, col in np.ndindex(side, side):
        cells[:, row : row + n_down, col : col + n_across] += blocks[:, :, :, row, col]
    return cells
