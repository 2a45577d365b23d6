"""Small squares of images as rows of numbers: cut out, freed of brightness and contrast, whitened."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Float32, UInt8

from foldline.core.compiled import kernel
from foldline.features._moments import Moments

# Added to the variance of a patch, in squared grey levels, so that noise on a flat wall stays small (Coates and Ng
# 2012, section 2.1), and to the eigenvalues of the patches' covariance when they are whitened (there, 0.1).
CONTRAST_FLOOR = np.float32(10)
WHITENING_FLOOR = 0.1

Rows = Float32[np.ndarray, "p d"]


@dataclass(frozen=True, kw_only=True)
class Whitening:
    """x -> (x - mean) W: numbers that vary alike and independently of each other.

    Args:
        mean: (D,).
        W: (D, D), symmetric.
    """

    mean: Float32[np.ndarray, " d"]
    W: Float32[np.ndarray, "d d"]

    @classmethod
    def of(cls, moments: Moments) -> Self:
        """Compute W = V (L + 0.1)^(-1/2) V^T from the covariance V L V^T.

        Convention: zero-phase (ZCA): the whitened patch is the one nearest to the patch itself.
        Source: Bell and Sejnowski (1997), eq. 10; the floor of the eigenvalues from Coates and Ng (2012), section 2.2.
        """
        eigenvalues, V = np.linalg.eigh(moments.covariance)
        W = (V / np.sqrt(np.maximum(eigenvalues, 0) + WHITENING_FLOOR)) @ V.T
        return cls(mean=moments.mean.astype(np.float32), W=W.astype(np.float32))

    def apply_(self, X: Rows, out: Rows) -> None:
        """Whiten rows into `out`; X is left centred."""
        X -= self.mean
        np.matmul(X, self.W, out=out)


@kernel()
def fill_patches(
    image: UInt8[np.ndarray, "h w c"], first: int, n_cols: int, patch_px: int, stride_px: int, out: Rows
) -> None:
    """Write the normalised patches of some rows of a grid.

    Args:
        image: stored in one piece.
        first: number of the first row of patches.
        n_cols: patches in a row.
        patch_px, stride_px: side of a patch, and pixels from one to the next.
        out: (rows * n_cols, patch_px^2 * C), overwritten.
    """
    for i in range(out.shape[0]):
        row, col = first + i // n_cols, i % n_cols
        _normalise(image, row * stride_px, col * stride_px, patch_px, out[i])


@kernel()
def _normalise(
    image: UInt8[np.ndarray, "h w c"], top: int, left: int, patch_px: int, patch: Float32[np.ndarray, " d"]
) -> None:
    """Copy one patch, subtract its mean and divide by sqrt(variance + 10)."""
    n_channels = image.shape[2]
    length = patch_px * n_channels
    total = np.float32(0)
    for y in range(patch_px):
        source = image[top + y].reshape(-1)[left * n_channels : left * n_channels + length]
        target = patch[y * length : (y + 1) * length]
        for x in range(length):
            target[x] = source[x]
            total += target[x]
    n = np.float32(patch.shape[0])
    mean, square_sum = total / n, np.float32(0)
    for i in range(patch.shape[0]):
        patch[i] -= mean
        square_sum += patch[i] * patch[i]
    scale = np.float32(1) / np.sqrt(square_sum / n + CONTRAST_FLOOR)
    for i in range(patch.shape[0]):
        patch[i] *= scale
