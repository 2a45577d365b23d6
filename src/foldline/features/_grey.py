"""Grey levels of an image, and their Gaussian smoothing."""

import math

import numpy as np
from jaxtyping import Float32, UInt8

from foldline.core.compiled import kernel

REACH_SIGMAS = 4  # where a Gaussian is cut off, as VLFeat's vl_imsmooth does
# Weights of red, green and blue: ITU-R Recommendation BT.601, section 2.5.1.
RED, GREEN, BLUE = np.float32(0.299), np.float32(0.587), np.float32(0.114)
ZERO = np.float32(0)

Grey = Float32[np.ndarray, "h w"]
Row = Float32[np.ndarray, " x"]


def gaussian(sigma_px: float) -> Float32[np.ndarray, " t"]:
    """Give the weights of a Gaussian at whole pixels, cut off at 4 sigma, with sum 1; the weight 1 for sigma 0."""
    reach = math.ceil(REACH_SIGMAS * sigma_px)
    if reach == 0:
        return np.ones(1, np.float32)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_px) ** 2)
    return np.asarray(weights / weights.sum(), np.float32)


@kernel()
def fill_grey(image: UInt8[np.ndarray, "h w c"], grey: Grey) -> None:
    """Write the grey levels, 0 to 255, of an image with 1 or 3 channels, stored row by row."""
    n_channels = image.shape[2]
    for y in range(image.shape[0]):
        pixels, row = image[y].reshape(-1), grey[y]
        if n_channels == 3:
            for x in range(row.shape[0]):
                row[x] = RED * pixels[3 * x] + GREEN * pixels[3 * x + 1] + BLUE * pixels[3 * x + 2]
        else:
            for x in range(row.shape[0]):
                row[x] = pixels[x]


@kernel()
def smooth(grey: Grey, weights: Row, out: Grey) -> None:
    """Write sums of neighbours along both axes, with an odd number of weights; pixels at borders are repeated."""
    height, width = grey.shape
    reach = weights.shape[0] // 2
    padded = np.empty(width + 2 * reach, np.float32)
    middle = padded[reach : reach + width]
    for y in range(height):
        middle[:] = ZERO
        for i in range(weights.shape[0]):
            _add(grey[min(max(y + i - reach, 0), height - 1)], weights[i], middle)
        padded[:reach], padded[reach + width :] = middle[0], middle[width - 1]
        out[y] = ZERO
        for i in range(weights.shape[0]):
            _add(padded[i : i + width], weights[i], out[y])


@kernel()
def _add(row: Row, weight: np.float32, total: Row) -> None:
    for x in range(total.shape[0]):
        total[x] += weight * row[x]
