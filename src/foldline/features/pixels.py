"""Raw pixels: the vector that a classifier gets when nobody thought about features."""

from typing import ClassVar

import numpy as np
from jaxtyping import Float32, UInt8

from foldline.features.image_feature import ImageFeature
from foldline.features.input_images import ImageShape


class Pixels(ImageFeature):
    """All pixel values of an image, from 0 (black) to 1.

    Convention: v / 255; row by row, the channels of a pixel side by side.
    Example:
        >>> import numpy as np
        >>> Pixels().transform(np.full((1, 2, 2, 1), 51, np.uint8))
        array([[0.2, 0.2, 0.2, 0.2]], dtype=float32)
    """

    title: ClassVar[str] = "raw pixels"

    def describe(self) -> str:
        """Say in a few words what the numbers are."""
        return "pixel values"

    def length(self, image_shape: ImageShape) -> int:
        """Give H * W * C."""
        height, width, n_channels = image_shape
        return height * width * n_channels

    def _fill(self, images: UInt8[np.ndarray, "n h w c"], out: Float32[np.ndarray, "n d"]) -> None:
        np.divide(images.reshape(out.shape), np.float32(255), out=out)
