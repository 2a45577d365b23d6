"""One encoded image to pixels: bytes of a JPEG, PNG, WebP, BMP, TIFF, GIF or PPM to (H, W, 1 or 3) uint8."""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import NamedTuple

import numpy as np
import simplejpeg
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from foldline.images.problems import UnreadableError

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib"}
    | {".tif", ".tiff", ".gif", ".ppm", ".pgm", ".pbm", ".pnm"}
)
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "DIB", "TIFF", "GIF", "PPM")  # never EPS and its kind, which start programs

# Pillow's own limit against decompression bombs: a quarter of a gigabyte of RGB.
MAX_PIXELS = 89_478_485

# A single pixel, or a line of them, shows nothing to classify; such files are usually trackers and accidents.
MIN_SIDE = 2

_ORIENTATION_TAG = 0x0112
_EXIF_SEARCH_BYTES = 1 << 16  # the EXIF segment stands first and cannot be longer


class Decoded(NamedTuple):
    """Pixels of one image and what was done to them beyond decoding, in words."""

    pixels: UInt8[np.ndarray, "h w c"]
    changes: tuple[str, ...]


def decode(data: bytes, *, at_least: tuple[int, int] | None = None) -> Decoded:
    """Decode one image upright, to 8-bit grey or RGB.

    Args:
        data: the whole file.
        at_least: (height, width) that a later scaling needs; larger JPEGs may be decoded at a fraction of their size,
            never below twice of this.
    Raises: UnreadableError with the reason.
    Convention: the EXIF orientation is applied.
    Convention: transparent pixels are laid over white.
    Convention: 16-bit values keep their high byte.
    Convention: of several frames or pages the first is read.
    Convention: CMYK becomes RGB by Pillow's formula, without the file's colour profile.
    """
    if not data:
        raise UnreadableError("the file is empty")
    try:
        decoded = (_decode_jpeg(data, at_least) if data[:2] == b"\xff\xd8" else None) or _decode_other(data)
    except UnreadableError:
        raise
    except UnidentifiedImageError:
        raise UnreadableError("not an image of a known format") from None
    except Image.DecompressionBombError:
        raise UnreadableError(f"more than {MAX_PIXELS:,} pixels") from None
    except Exception as error:
        # Decoders meet bytes that somebody else wrote and raise nearly every builtin there is.
        raise UnreadableError(f"damaged image ({_first_line(error)})") from error
    height, width = decoded.pixels.shape[:2]
    if min(height, width) < MIN_SIDE:
        raise UnreadableError(f"{height}x{width} pixels, too small to show anything")
    return decoded


def upright_size(data: bytes) -> tuple[int, int] | None:
    """Give (height, width) from the header alone, as `decode` will give it; None for what it will refuse."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            # Pillow gives the upright size of a TIFF already, and turns it when it loads.
            turned = image.format != "TIFF" and image.getexif().get(_ORIENTATION_TAG, 1) in (5, 6, 7, 8)
    except Exception:  # as in `decode`, which will tell the reason
        return None
    if min(height, width) < MIN_SIDE or height * width > MAX_PIXELS:
        return None
    return (width, height) if turned else (height, width)


@contextmanager
def quiet_decoders() -> Iterator[None]:
    """Silence Pillow's warnings about odd files while images are decoded: what matters comes back as a problem."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # MAX_PIXELS is checked here
        yield


def _decode_jpeg(data: bytes, at_least: tuple[int, int] | None) -> Decoded | None:
    """Decode the common JPEGs quickly; None for those that Pillow shall try (CMYK, slightly damaged ones)."""
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        if colours not in ("Gray", "YCbCr", "RGB"):
            return None
        _check_area(height, width)
        orientation = _jpeg_orientation(data)
        wanted = (0, 0) if at_least is None else (2 * at_least[0], 2 * at_least[1])
        min_height, min_width = wanted[::-1] if orientation >= 5 else wanted
        space = "GRAY" if colours == "Gray" else "RGB"
        pixels = simplejpeg.decode_jpeg(data, colorspace=space, min_height=min_height, min_width=min_width)
    except UnreadableError:
        raise
    except ValueError:
        return None
    return Decoded(_upright(pixels, orientation), ())


def _jpeg_orientation(data: bytes) -> int:
    if data.find(b"Exif\0\0", 0, _EXIF_SEARCH_BYTES) < 0:
        return 1
    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as image:
            return _orientation(image)
    except (OSError, ValueError, SyntaxError, struct.error, KeyError, TypeError, IndexError):
        return 1  # damaged EXIF is no reason to lose the picture


def _decode_other(data: bytes) -> Decoded:
    with Image.open(BytesIO(data), formats=FORMATS) as image:
        _check_area(image.height, image.width)
        changes = []
        # A second picture inside a JPEG is a preview or a depth map, not a frame.
        if image.format not in ("JPEG", "MPO") and getattr(image, "is_animated", False):
            changes.append("only the first of several frames or pages was read")
            image.seek(0)
        deep = _is_deep(image, data)
        image.load()
        pixels, more = _grey_or_rgb(image)
        if deep:
            changes.append("16 bits a channel became 8, the high byte of each")
        return Decoded(_upright(pixels, _orientation(image)), (*changes, *more))


def _is_deep(image: Image.Image, data: bytes) -> bool:
    """Tell whether a channel has 16 bits; Pillow's modes hide it for colour images, whose low bytes it drops."""
    if image.mode.startswith("I"):
        return True
    if image.format == "PNG":
        return data[24] == 16
    if image.format == "PPM":
        return "16" in str(image.tile)
    bits = getattr(image, "tag_v2", {}).get(258, 8)  # TIFF's BitsPerSample
    return max(bits if isinstance(bits, tuple) else (bits,)) == 16


def _grey_or_rgb(image: Image.Image) -> tuple[UInt8[np.ndarray, "h w c"], tuple[str, ...]]:
    if image.mode == "F":
        raise UnreadableError("pixels are floating-point numbers of unknown range")
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 0xFFFF:
            raise UnreadableError("pixels are 32-bit numbers of unknown range")
        return (values >> 8).astype(np.uint8)[:, :, None], ()
    if image.has_transparency_data:
        is_grey = image.mode in ("1", "L", "LA", "La")
        rgba = image.convert("RGBA")
        image = rgba.convert("L" if is_grey else "RGB")
        if rgba.getextrema()[3][0] == 255:  # type: ignore[index]  # Pillow's type covers single bands as well
            return _as_array(image), ()
        white = Image.new("RGBA", rgba.size, "white")
        image = Image.alpha_composite(white, rgba).convert("L" if is_grey else "RGB")
        return _as_array(image), ("transparent pixels were laid over white",)
    if image.mode == "CMYK":
        return _as_array(image.convert("RGB")), ("CMYK became RGB without its colour profile",)
    return _as_array(image.convert("L" if image.mode in ("1", "L") else "RGB")), ()


def _as_array(image: Image.Image) -> UInt8[np.ndarray, "h w c"]:
    array = np.asarray(image)
    return array[:, :, None] if array.ndim == 2 else array


def _orientation(image: Image.Image) -> int:
    value = image.getexif().get(_ORIENTATION_TAG, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright(pixels: UInt8[np.ndarray, "h w c"], orientation: int) -> UInt8[np.ndarray, "h2 w2 c"]:
    """Turn pixels as their EXIF orientation (1 to 8) asks: 5 to 8 swap the axes, then sides are mirrored."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def _check_area(height: int, width: int) -> None:
    if height * width > MAX_PIXELS:
        raise UnreadableError(f"{height}x{width} pixels, more than {MAX_PIXELS:,} in all")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
