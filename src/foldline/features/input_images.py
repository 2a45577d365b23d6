"""The door of everything that takes images: their shape, channels and element type."""

import numpy as np
from jaxtyping import Shaped

from foldline.core.checks import axes
from foldline.core.errors import DtypeError, ShapeError

LARGEST_SIDE = 1 << 14  # of images that foldline loads

ImageShape = tuple[int, int, int]
"""(H, W, C) of one image."""


def checked_image_shape(images: Shaped[np.ndarray, "n ..."]) -> ImageShape:
    """Check that an array holds (N, H, W, C) uint8 images, C 1 or 3, and give (H, W, C).

    Raises: ShapeError or DtypeError for other arrays.
    """
    fix = "Give 8-bit images as (n, h, w, 1) or (n, h, w, 3)."
    _, height, width, n_channels = axes(images, "n h w c", name="images", fix=fix)
    if n_channels not in (1, 3) or height == 0 or width == 0:
        raise ShapeError(f"images has shape {images.shape}; expected 1 or 3 channels and at least one pixel. {fix}")
    if images.dtype != np.uint8:
        raise DtypeError(f"images has dtype {images.dtype}; expected uint8 from 0 to 255. {fix}")
    return height, width, n_channels


def check_image_shape(image_shape: ImageShape, expected: ImageShape) -> None:
    """Check that images have the shape of those in `fit`. Raises: ShapeError otherwise."""
    if image_shape != expected:
        raise ShapeError(
            f"images have shape {image_shape}; expected {expected}, as in fit. Load them with that size and number "
            "of channels."
        )
