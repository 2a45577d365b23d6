"""One encoded image to pixels: bytes of a JPEG, PNG, WebP, BMP, TIFF, GIF or PPM to (H, W, 1 or 3) uint8."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import NamedTuple

import numpy as np
import simplejpeg
from jaxtyping import UInt8
from PIL import Image, ImageFile, UnidentifiedImageError

from foldline.core.text import reason
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

UNKNOWN_RANGE = "pixels are 32-bit or signed numbers of unknown range"
OVER_WHITE = "transparent pixels were laid over white"

# Tags of TIFF; orientation is EXIF's too.
_ORIENTATION_TAG, _BITS_TAG, _PHOTOMETRIC_TAG, _SAMPLE_FORMAT_TAG = 274, 258, 262, 339
_WHITE_IS_ZERO, _SIGNED = 0, 2
# Whatever gives an orientation is marked by one of these; asked without need, Pillow opens a JPEG a second time, and
# decodes a whole PNG to look behind its pixels.
_JPEG_MARKS = (b"Exif\0\0", b"tiff:Orientation")
_PNG_MARKS = (b"eXIf", b"Raw profile type", b"XML:com.adobe.xmp")


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
    Convention: the EXIF orientation is applied, or XMP's where EXIF has none and this Pillow looks there.
    Convention: transparent pixels are laid over white.
    Convention: deeper values keep their 8 high bits (in a colour PPM they are rounded).
    Convention: of several frames or pages the first is read.
    Convention: CMYK becomes RGB by Pillow's formula, without the file's colour profile.
    """
    if not data:
        raise UnreadableError("the file is empty")
    try:
        decoded = _decode_jpeg(data, at_least) if data[:2] == b"\xff\xd8" else _decode_other(data)
    except UnreadableError:
        raise
    except UnidentifiedImageError:
        raise UnreadableError("not an image of a known format") from None
    except Image.DecompressionBombError:
        raise UnreadableError(_too_many_pixels()) from None
    except Exception as error:
        # Decoders meet bytes that somebody else wrote and raise nearly every builtin there is.
        # What stands in brackets differs from file to file ("43 bytes not processed").
        raise UnreadableError(f"damaged image ({reason(error).partition(' (')[0]})") from error
    height, width = decoded.pixels.shape[:2]
    if min(height, width) < MIN_SIDE:
        raise UnreadableError(f"a side of less than {MIN_SIDE} pixels, too small to show anything")
    return decoded


def upright_size(data: bytes) -> tuple[int, int] | None:
    """Give (height, width) as `decode` will, from the header alone; None if that tells that it will refuse."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            # Pillow gives the upright size of a TIFF already, and turns it when it loads.
            turned = image.format != "TIFF" and _orientation(image, data) >= 5
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


def _decode_jpeg(data: bytes, at_least: tuple[int, int] | None) -> Decoded:
    """Decode the common JPEGs quickly and leave the rest to Pillow: CMYK, and damaged ones, which it may bear with."""
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        if colours not in ("Gray", "YCbCr", "RGB"):
            return _decode_other(data)
        _check_area(height, width)
        orientation = _jpeg_orientation(data)
        wanted = (0, 0) if at_least is None else (2 * at_least[0], 2 * at_least[1])
        min_height, min_width = wanted[::-1] if orientation >= 5 else wanted
        space = "GRAY" if colours == "Gray" else "RGB"
        pixels = simplejpeg.decode_jpeg(data, colorspace=space, min_height=min_height, min_width=min_width)
    except UnreadableError:
        raise
    except ValueError:
        pixels, changes = _decode_other(data)
        return Decoded(pixels, (*changes, "slightly damaged: read as far as it could be decoded"))
    return Decoded(_upright(pixels, orientation), ())


def _jpeg_orientation(data: bytes) -> int:
    if not any(mark in data for mark in _JPEG_MARKS):
        return 1
    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as image:
            return _orientation(image, data)
    except Exception:  # as in `_orientation`
        return 1


def _decode_other(data: bytes) -> Decoded:
    with Image.open(BytesIO(data), formats=FORMATS) as image:
        _check_area(image.height, image.width)
        changes = []
        # A second picture inside a JPEG is a preview or a depth map, not a frame.
        if image.format not in ("JPEG", "MPO") and getattr(image, "is_animated", False):
            changes.append("only the first of several frames or pages was read")
            image.seek(0)
        n_bits = _channel_bits(image, data)
        image.load()
        pixels, more = _grey_or_rgb(image, n_bits)
        if n_bits > 8:
            changes.append(f"{n_bits} bits a channel became 8")
        return Decoded(_upright(pixels, _orientation(image, data)), (*changes, *more))


def _channel_bits(image: ImageFile.ImageFile, data: bytes) -> int:
    """Tell how many bits a channel has; Pillow's modes hide it for colour images, whose low bits it drops."""
    if image.format == "PNG":
        return data[24]  # IHDR's bit depth
    if image.format == "PPM":
        # Pillow scales every deeper grey to 16 bits; for colours its decoder is told the largest value.
        args = image.tile[0].args
        is_deep = image.mode == "I" or (isinstance(args, tuple) and isinstance(args[1], int) and args[1] > 0xFF)
        return 16 if is_deep else 8
    bits = getattr(image, "tag_v2", {}).get(_BITS_TAG, 8)
    return int(max(bits if isinstance(bits, tuple) else (bits,)))


def _grey_or_rgb(image: Image.Image, n_bits: int) -> tuple[UInt8[np.ndarray, "h w c"], tuple[str, ...]]:
    tags = getattr(image, "tag_v2", {})
    if _SIGNED in np.atleast_1d(tags.get(_SAMPLE_FORMAT_TAG, 1)):
        raise UnreadableError(UNKNOWN_RANGE)  # Pillow takes -1 for 255
    if image.mode == "F":
        raise UnreadableError("pixels are floating-point numbers of unknown range")
    if image.mode.startswith("I"):
        values = np.asarray(image)
        if n_bits > 16 or values.min() < 0:
            raise UnreadableError(UNKNOWN_RANGE)
        if tags.get(_PHOTOMETRIC_TAG) == _WHITE_IS_ZERO:
            raise UnreadableError("deep grey values that count from white, which Pillow does not turn round")
        grey = (values >> (n_bits - 8)).astype(np.uint8)[:, :, None]
        is_transparent = values == image.info.get("transparency", -1)
        grey[is_transparent] = 255
        return grey, (OVER_WHITE,) if is_transparent.any() else ()
    is_grey = image.mode in ("1", "L", "LA", "La") or _has_grey_palette(image)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        image = rgba.convert("L" if is_grey else "RGB")
        if rgba.getchannel("A").getextrema() == (255, 255):
            return _as_array(image), ()
        white = Image.new("RGBA", rgba.size, "white")
        image = Image.alpha_composite(white, rgba).convert("L" if is_grey else "RGB")
        return _as_array(image), (OVER_WHITE,)
    if image.mode == "CMYK":
        return _as_array(image.convert("RGB")), ("CMYK became RGB without its colour profile",)
    return _as_array(image.convert("L" if is_grey else "RGB")), ()


def _has_grey_palette(image: Image.Image) -> bool:
    if image.mode not in ("P", "PA"):
        return False
    colours = np.reshape(image.getpalette("RGB") or (), (-1, 3))
    return bool(len(colours) and (colours == colours[:, :1]).all())


def _as_array(image: Image.Image) -> UInt8[np.ndarray, "h w c"]:
    array = np.asarray(image)
    return array[:, :, None] if array.ndim == 2 else array


def _orientation(image: Image.Image, data: bytes) -> int:
    if image.format == "PNG" and not any(mark in data for mark in _PNG_MARKS):
        return 1
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # as in `decode`; damaged EXIF is no reason to lose the picture
        return 1
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
        raise UnreadableError(_too_many_pixels())


def _too_many_pixels() -> str:
    return f"more than {MAX_PIXELS:,} pixels"
