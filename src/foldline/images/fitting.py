"""One image to a given size and number of channels."""

from typing import Literal

import numpy as np
from jaxtyping import UInt8
from PIL import Image

CropOrPad = Literal["crop", "pad"]
"""How an image of another shape comes to a size."""

Fit = Literal["native", "crop", "pad"]
"""How the images of a set came to one size; "native": they had it."""

# Of the sizes that images may be brought to, in pixels; Pillow's own limit lies at 2**31 and fails less clearly.
MAX_SIDE = 1 << 14


def fit_to(
    pixels: UInt8[np.ndarray, "h w c"], size: tuple[int, int], *, fit: CropOrPad
) -> UInt8[np.ndarray, "h2 w2 c"]:
    """Scale an image to a size without changing its proportions.

    Args:
        pixels: (H, W, 1) or (H, W, 3) uint8.
        size: (height, width) in pixels.
        fit: "crop": as large as covers the size, what hangs over is cut off evenly; "pad": as large as fits into the
            size, the rest stays black.
    Convention: bilinear interpolation, widened by the factor when shrinking so that nothing is skipped (Pillow's).
    """
    if pixels.shape[:2] == size:
        return pixels
    image = Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels)
    fitted = _covering(image, size) if fit == "crop" else _inside(image, size)
    return np.asarray(fitted).reshape(*size, pixels.shape[2])


def to_channels(pixels: UInt8[np.ndarray, "h w c"], n_channels: int) -> UInt8[np.ndarray, "h w c2"]:
    """Repeat grey to three channels, or weigh RGB to grey (ITU-R 601, Pillow's "L")."""
    if pixels.shape[2] == n_channels:
        return pixels
    if n_channels == 3:
        return np.repeat(pixels, 3, axis=2)
    return np.asarray(Image.fromarray(pixels).convert("L"))[:, :, None]


def _covering(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    height, width = size
    scale = max(height / image.height, width / image.width)
    box_height, box_width = min(image.height, height / scale), min(image.width, width / scale)
    top, left = (image.height - box_height) / 2, (image.width - box_width) / 2
    # Cutting and scaling in one step: a thin strip is never blown up to its whole length.
    box = (left, top, left + box_width, top + box_height)
    return image.resize((width, height), Image.Resampling.BILINEAR, box=box)


def _inside(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    height, width = size
    scale = min(height / image.height, width / image.width)
    inner = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    framed = Image.new(image.mode, (width, height))
    framed.paste(image.resize(inner, Image.Resampling.BILINEAR), ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return framed
