import io
import struct
import warnings
import zlib

import numpy as np
import PIL
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from PIL import Image, ImageFile, ImageOps, features

from foldline.images import decoding
from foldline.images.decoding import (
    FORMATS,
    MAX_PIXELS,
    SUFFIXES,
    Decoded,
    decode,
    quiet_decoders,
    upright_size,
)
from foldline.images.problems import UnreadableError
from image_files import encode, grey_tiff, noise, plain, png_with_header
from strategies import damaged_bytes, images_NHWC

# (2, 3) pixels, told apart by their red, and where each goes by the eight orientations of the EXIF standard: the value
# says at which edges of the picture its row 0 and column 0 lie.
UPRIGHT = [[10, 20, 30], [40, 50, 60]]
TURNED = {
    1: [[10, 20, 30], [40, 50, 60]],  # top, left
    2: [[30, 20, 10], [60, 50, 40]],  # top, right
    3: [[60, 50, 40], [30, 20, 10]],  # bottom, right
    4: [[40, 50, 60], [10, 20, 30]],  # bottom, left
    5: [[10, 40], [20, 50], [30, 60]],  # left, top
    6: [[40, 10], [50, 20], [60, 30]],  # right, top
    7: [[60, 30], [50, 20], [40, 10]],  # right, bottom
    8: [[30, 60], [20, 50], [10, 40]],  # left, bottom
}
PILLOW = tuple(int(number) for number in PIL.__version__.split(".")[:2])
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def turned(pixels, form, orientation):
    where = {"tiffinfo": {0x0112: orientation}} if form == "TIFF" else {"exif": exif(orientation)}
    return encode(pixels, form, **where, **({"lossless": True} if form == "WEBP" else {}))


def smooth(height, width):
    """A coloured ramp: JPEG keeps it nearly."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows * 255 // height, columns * 255 // width, np.full((height, width), 90)], axis=2).astype(
        np.uint8
    )


def test_no_format_that_starts_programs_is_tried():
    assert not {"EPS", "WMF", "PDF", "FPX", "MIC"} & set(FORMATS)
    assert {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"} <= SUFFIXES


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("PPM", {}),
    ],
)
def test_lossless_files_give_their_pixels_back(form, options):
    pixels = noise(5, 7, 3)
    assert_array_equal(decode(encode(pixels, form, **options)).pixels, pixels)
    assert decode(encode(pixels, form, **options)).changes == ()


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "GIF", "PPM"])
def test_grey_files_have_one_channel(form):
    pixels = noise(5, 7, 1)
    assert_array_equal(decode(encode(pixels, form)).pixels, pixels)


def test_palettes_become_the_colours_they_name():
    pixels = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 0, 0]]], np.uint8)
    palette = Image.fromarray(pixels).quantize(3)
    for form in ("PNG", "GIF", "BMP", "TIFF"):
        decoded = decode(encode(palette, form))
        assert_array_equal(decoded.pixels, pixels)
        assert decoded.changes == ()


@pytest.mark.parametrize("form", ["PNG", "GIF", "BMP", "TIFF"])
def test_a_palette_of_greys_is_grey(form):
    pixels = np.array([[[9], [200]], [[60], [9]]], np.uint8)
    palette = Image.frombytes("P", (2, 2), bytes([0, 1, 2, 0]))
    palette.putpalette([9, 9, 9, 200, 200, 200, 60, 60, 60])
    assert_array_equal(decode(encode(palette, form)).pixels, pixels)


def test_single_bits_become_black_and_white():
    bits = np.array([[0, 255], [255, 0]], np.uint8)[:, :, None]
    for form in ("PNG", "BMP", "TIFF", "PPM"):
        assert_array_equal(decode(encode(bits, form, mode="1")).pixels, bits)


@pytest.mark.skipif(not features.check_feature("libjpeg_turbo"), reason="this Pillow has another JPEG decoder")
@pytest.mark.parametrize("quality", [10, 75, 100])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("chroma", ["4:4:4", "4:2:2", "4:2:0", None])
def test_jpegs_are_those_of_pillow_bit_for_bit(chroma, progressive, quality):
    for height, width in ((2, 2), (15, 17), (16, 32), (47, 33)):
        pixels = smooth(height, width) if chroma else smooth(height, width)[..., :1]
        options = {"subsampling": chroma} if chroma else {}
        data = encode(pixels, "JPEG", quality=quality, progressive=progressive, **options)
        with Image.open(io.BytesIO(data)) as image:
            assert_array_equal(decode(data).pixels.squeeze(), np.asarray(image))


@given(images_NHWC(max_images=1, min_side=2), st.integers(1, 95))
def test_jpegs_of_any_content_are_those_of_pillow(images, quality):
    data = encode(images[0], "JPEG", quality=quality)
    with Image.open(io.BytesIO(data)) as image:
        assert_array_equal(decode(data).pixels, np.asarray(image).reshape(images[0].shape))


def test_jpegs_that_store_rgb_are_read_as_rgb():
    pixels = smooth(16, 16)
    decoded = decode(encode(pixels, "JPEG", keep_rgb=True, quality=100, subsampling=0)).pixels
    assert np.abs(decoded.astype(int) - pixels).max() <= 2


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_convention_the_exif_orientation_is_applied(orientation, form):
    stored = np.zeros((2, 3, 3), np.uint8)
    stored[..., 0] = UPRIGHT
    assert decode(turned(stored, form, orientation)).pixels[..., 0].tolist() == TURNED[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_convention_the_exif_orientation_of_a_jpeg_is_applied(orientation):
    data = encode(smooth(16, 40), "JPEG", exif=exif(orientation))
    with Image.open(io.BytesIO(data)) as image:
        assert_array_equal(decode(data).pixels, np.asarray(ImageOps.exif_transpose(image)))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_convention_without_exif_the_orientation_of_xmp_is_applied(form):
    options = {}
    if form == "PNG":
        from PIL.PngImagePlugin import PngInfo

        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=True)
    else:
        options["xmp"] = XMP
    data = encode(smooth(4, 6), form, **options)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert_array_equal(decode(data).pixels, expected)
    assert upright_size(data) == expected.shape[:2]
    if form == "PNG" or PILLOW >= (13,):
        assert expected.shape == (6, 4, 3)


def test_exif_wins_over_xmp():
    both = encode(smooth(4, 6), "JPEG", exif=exif(3), xmp=XMP)
    assert_array_equal(decode(both).pixels, decode(encode(smooth(4, 6), "JPEG", exif=exif(3))).pixels)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("value", [0, 9, 65535])
def test_orientations_that_mean_nothing_are_passed_over(form, value):
    data = turned(smooth(4, 6), form, value)
    assert_array_equal(decode(data).pixels, decode(turned(smooth(4, 6), form, 1)).pixels)
    assert upright_size(data) == (4, 6)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_is_no_reason_to_lose_the_picture(form):
    data = encode(
        smooth(4, 6), form, exif=b"Exif\0\0MM\0\x2a\0\0\0\x08\xff\xff" + b"\x01\x12\0\x03\xff\xff\xff\xff" * 3
    )
    with quiet_decoders():
        assert_array_equal(decode(data).pixels, decode(encode(smooth(4, 6), form)).pixels)
        assert upright_size(data) == (4, 6)


def test_exif_behind_a_long_colour_profile_is_found():
    data = encode(smooth(4, 6), "JPEG", exif=exif(6))
    marker = data.index(b"\xff\xe1")
    length = 2 + int.from_bytes(data[marker + 2 : marker + 4], "big")
    segment, rest = data[marker : marker + length], data[marker + length :]
    parts = (b"\xff\xe2\xff\xff" + b"ICC_PROFILE\0" + bytes([i, 2]) + bytes(0xFFFF - 16) for i in (1, 2))
    decoded = decode(data[:marker] + b"".join(parts) + segment + rest)
    assert decoded.pixels.shape == (6, 4, 3)
    assert decoded.changes == ()


def test_convention_transparent_pixels_are_laid_over_white():
    # Black at alpha 255, 128, 0 over white: 0, 255 * (1 - 128 / 255) = 127, 255.
    rgba = np.zeros((2, 3, 4), np.uint8)
    rgba[:, :, 3] = [255, 128, 0]
    decoded = decode(encode(rgba))
    assert decoded.pixels[0].tolist() == [[0, 0, 0], [127, 127, 127], [255, 255, 255]]
    assert decoded.changes == ("transparent pixels were laid over white",)


def test_opaque_alpha_changes_nothing():
    rgba = np.concatenate([noise(3, 4, 3), plain(255, (3, 4, 1))], axis=2)
    decoded = decode(encode(rgba))
    assert_array_equal(decoded.pixels, rgba[..., :3])
    assert decoded.changes == ()


@pytest.mark.parametrize(("alpha", "expected"), [(255, 60), (0, 255)])
def test_grey_with_alpha_stays_grey(alpha, expected):
    grey = Image.merge("LA", [Image.new("L", (3, 2), 60), Image.new("L", (3, 2), alpha)])
    assert_array_equal(decode(encode(grey)).pixels, plain(expected, (2, 3, 1)))


def test_a_transparent_palette_entry_is_laid_over_white():
    palette = Image.fromarray(np.array([[[255, 0, 0], [0, 0, 255]]] * 2, np.uint8)).quantize(2)
    blue = palette.getpixel((1, 0))
    decoded = decode(encode(palette, transparency=blue))
    assert decoded.pixels[0].tolist() == [[255, 0, 0], [255, 255, 255]]
    assert decoded.changes == ("transparent pixels were laid over white",)


def test_a_transparent_value_of_16_bit_grey_is_laid_over_white():
    data = encode(DEEP)
    behind_header = 8 + 25
    transparent = b"tRNS\x12\xff"
    chunk = struct.pack(">I", 2) + transparent + struct.pack(">I", zlib.crc32(transparent))
    decoded = decode(data[:behind_header] + chunk + data[behind_header:])
    assert decoded.pixels[..., 0].tolist() == [HIGH_BYTES[0], [255, *HIGH_BYTES[1][1:]]]
    assert decoded.changes == ("16 bits a channel became 8", "transparent pixels were laid over white")


DEEP = np.array([[0x0000, 0x00FF, 0x0100], [0x12FF, 0x8000, 0xFFFF]], np.uint16)
HIGH_BYTES = [[0x00, 0x00, 0x01], [0x12, 0x80, 0xFF]]


@pytest.mark.parametrize("form", ["PNG", "TIFF", "PPM"])
def test_convention_16_bit_values_keep_their_high_byte(form):
    decoded = decode(encode(DEEP, form))
    assert decoded.pixels[..., 0].tolist() == HIGH_BYTES
    assert decoded.pixels.shape[2] == 1
    assert decoded.changes == ("16 bits a channel became 8",)


def test_convention_16_bit_colours_keep_their_high_byte():
    rows = b"".join(b"\0" + np.repeat(row, 3).astype(">u2").tobytes() for row in DEEP)
    decoded = decode(png_with_header(height=2, width=3, depth=16, colour_type=2, rows=rows))
    assert decoded.pixels[..., 1].tolist() == HIGH_BYTES
    assert decoded.changes == ("16 bits a channel became 8",)


def test_convention_16_bit_colours_of_a_ppm_are_rounded():
    # 255 * 0x00FF / 65535 = 0.99
    decoded = decode(b"P6 3 2 65535\n" + np.repeat(DEEP, 3).astype(">u2").tobytes())
    assert decoded.pixels[..., 0].tolist() == [[0, 1, 1], [0x13, 0x80, 0xFF]]
    assert decoded.changes == ("16 bits a channel became 8",)


def test_convention_12_bit_values_keep_their_8_high_bits():
    pixels = bytes(
        [0x12, 0x3A, 0xBC] * 2 + [0xFF, 0xFF, 0xFF] * 2
    )  # rows of 0x123, 0xABC, twice, and 0xFFF, four times
    decoded = decode(grey_tiff(width=4, height=2, bits=12, pixels=pixels))
    assert decoded.pixels[..., 0].tolist() == [[0x12, 0xAB, 0x12, 0xAB], [0xFF] * 4]
    assert decoded.changes == ("12 bits a channel became 8",)


def test_a_ppm_of_8_bits_is_not_taken_for_a_deep_one():
    # 16 is also a number of pixels.
    assert decode(encode(noise(16, 16, 3), "PPM")).changes == ()
    assert decode(encode(noise(16, 16, 1), "PPM")).changes == ()
    assert decode(b"P3 2 2 255 " + b"0 1 2 " * 4).changes == ()
    assert decode(b"P3 2 2 256 " + b"0 1 2 " * 4).changes == ("16 bits a channel became 8",)


def test_convention_of_several_frames_the_first_is_read():
    frames = [Image.new("RGB", (4, 3), colour) for colour in ("red", "blue")]
    more = {"save_all": True, "append_images": frames[1:]}
    for form, options in (("GIF", {}), ("TIFF", {}), ("WEBP", {"lossless": True}), ("PNG", {})):
        decoded = decode(encode(frames[0], form, **more, **options))
        assert_array_equal(decoded.pixels, plain((255, 0, 0), (3, 4, 3)))
        assert decoded.changes == ("only the first of several frames or pages was read",)


def test_a_preview_inside_a_jpeg_is_no_frame():
    data = encode(smooth(16, 24), "MPO", save_all=True, append_images=[Image.new("RGB", (8, 8))])
    assert decode(data).pixels.shape == (16, 24, 3)
    assert decode(data).changes == ()


def test_convention_cmyk_becomes_rgb_by_pillows_formula():
    # R = (255 - K) (255 - C) / 255, and so on.
    cmyk = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 51, 0, 0], [0, 0, 0, 255]]] * 2, np.uint8)
    decoded = decode(encode(Image.frombytes("CMYK", (4, 2), cmyk.tobytes()), "TIFF"))
    assert decoded.pixels[0].tolist() == [[255, 255, 255], [0, 255, 255], [255, 204, 255], [0, 0, 0]]
    assert decoded.changes == ("CMYK became RGB without its colour profile",)


def test_a_cmyk_jpeg_is_read_as_pillow_reads_it():
    data = encode(Image.fromarray(smooth(16, 24)).convert("CMYK"), "JPEG")
    with Image.open(io.BytesIO(data)) as image:
        assert_array_equal(decode(data).pixels, np.asarray(image.convert("RGB")))
    assert decode(data).changes == ("CMYK became RGB without its colour profile",)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("needed_height", "needed_width"), [(10, 50), (50, 10), (100, 100), (3, 3)])
def test_a_jpeg_decoded_small_stays_twice_what_is_needed(needed_height, needed_width, orientation):
    data = encode(smooth(100, 400), "JPEG", exif=exif(orientation))
    full = decode(data).pixels.shape
    height, width, _ = decode(data, at_least=(needed_height, needed_width)).pixels.shape
    assert min(2 * needed_height, full[0]) <= height <= full[0]
    assert min(2 * needed_width, full[1]) <= width <= full[1]


def test_a_jpeg_decoded_small_shows_the_same():
    data = encode(smooth(160, 240), "JPEG", quality=95)
    small = decode(data, at_least=(20, 30)).pixels
    assert small.shape == (40, 60, 3)
    assert np.abs(small.astype(int) - smooth(40, 60)).max() < 12


def test_other_formats_are_decoded_whole():
    assert decode(encode(smooth(160, 240)), at_least=(10, 10)).pixels.shape == (160, 240, 3)


SIGNED, WHITE_IS_ZERO = {339: 2}, {262: 0}


def _tiff_with(tags, *, bits):
    return grey_tiff(width=4, height=4, bits=bits, pixels=bytes(2 * bits), tags=tags)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello, world", "not an image of a known format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image of a known format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image of a known format"),
        (b"\xff\xd8", "not an image of a known format|damaged image"),
        (encode(plain(7, (1, 1, 3))), "a side of less than 2 pixels, too small to show anything"),
        (encode(plain(7, (1, 9, 3)), "JPEG"), "too small to show"),
        (encode(plain(7, (9, 1, 1)), "GIF"), "too small to show"),
        (encode(Image.new("F", (4, 4)), "TIFF"), "floating-point numbers of unknown range"),
        (encode(np.full((4, 4), 200, np.int32), "TIFF"), "32-bit or signed numbers of unknown range"),
        (encode(np.full((4, 4), -1, np.int32), "TIFF"), "32-bit or signed numbers of unknown range"),
        (_tiff_with(SIGNED, bits=8), "32-bit or signed numbers of unknown range"),
        (_tiff_with(SIGNED, bits=16), "32-bit or signed numbers of unknown range"),
        (_tiff_with(WHITE_IS_ZERO, bits=16), "deep grey values that count from white"),
    ],
)
def test_what_shows_nothing_is_unreadable_and_says_why(data, reason):
    with pytest.raises(UnreadableError, match=reason):
        decode(data)
    assert upright_size(data) is None or "range" in reason or "white" in reason


def test_8_bits_that_count_from_white_are_turned_round():
    assert decode(_tiff_with(WHITE_IS_ZERO, bits=8)).pixels.tolist() == plain(255, (4, 4, 1)).tolist()


def _why(data):
    with quiet_decoders(), pytest.raises(UnreadableError) as caught:
        decode(data)
    return str(caught.value)


def test_equal_troubles_have_equal_words():
    data = encode(noise(40, 40, 3), "JPEG")
    assert {_why(data[:end]) for end in range(1_000, 1_100, 7)} == {"damaged image (image file is truncated)"}
    assert _why(encode(plain(7, (1, 1, 3)))) == _why(encode(plain(7, (1, 9, 3))))
    assert _why(BOMBS["png"]) == _why(BOMBS["just too large"])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM"])
def test_a_file_cut_in_half_is_unreadable(form):
    data = encode(noise(40, 40, 3), form)
    with pytest.raises(UnreadableError, match="damaged image|not an image of a known format"):
        decode(data[: len(data) // 2])


def _with_bytes(data, start, new):
    return data[:start] + new + data[start + len(new) :]


SIDE = 60_000  # 3.6 thousand million pixels
JPEG = encode(plain(0, (16, 16, 3)), "JPEG")
BOMBS = {
    "png": png_with_header(height=SIDE, width=SIDE, depth=8, colour_type=0, rows=bytes(99)),
    "jpeg": _with_bytes(JPEG, JPEG.index(b"\xff\xc0") + 5, struct.pack(">HH", SIDE, SIDE)),
    "gif": _with_bytes(encode(plain(0, (2, 2, 1)), "GIF"), 6, struct.pack("<HH", SIDE, SIDE)),
    "bmp": _with_bytes(encode(plain(0, (2, 2, 3)), "BMP"), 18, struct.pack("<ii", SIDE, SIDE)),
    "ppm": b"P5 60000 60000 255\n" + bytes(99),
    "tiff": grey_tiff(width=SIDE, height=SIDE, bits=8, pixels=bytes(99)),
    # Just above the limit, where Pillow only warns.
    "just too large": png_with_header(height=9_000, width=10_000, depth=8, colour_type=0, rows=bytes(99)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_decompression_bomb_is_refused_by_its_header(name, monkeypatch):
    monkeypatch.setattr(simplejpeg, "decode_jpeg", None)
    monkeypatch.setattr(ImageFile.ImageFile, "load", None)
    data = BOMBS[name]
    assert len(data) < 2_000
    with quiet_decoders(), pytest.raises(UnreadableError, match=f"more than {MAX_PIXELS:,}"):
        decode(data)
    with quiet_decoders():
        assert upright_size(data) is None


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_just_as_many_pixels_as_the_limit_are_decoded(form, monkeypatch):
    monkeypatch.setattr(decoding, "MAX_PIXELS", 20)
    assert decode(encode(noise(4, 5, 3), form)).pixels.shape == (4, 5, 3)
    assert upright_size(encode(noise(4, 5, 3), form)) == (4, 5)
    with pytest.raises(UnreadableError, match="^more than 20 pixels$"):
        decode(encode(noise(3, 7, 3), form))
    assert upright_size(encode(noise(3, 7, 3), form)) is None


def test_a_damaged_jpeg_that_still_shows_something_is_told():
    data = bytearray(encode(noise(64, 64, 3), "JPEG"))
    data[len(data) // 2 : len(data) // 2 + 2] = b"\xff\xd9"  # an end mark in the middle of the data
    with pytest.raises(ValueError, match="Corrupt JPEG data|Premature end"):
        simplejpeg.decode_jpeg(bytes(data))
    decoded = decode(bytes(data))
    assert decoded.pixels.shape == (64, 64, 3)
    assert decoded.changes == ("slightly damaged: read as far as it could be decoded",)


SAMPLES = {
    "jpeg": encode(smooth(12, 20), "JPEG"),
    "jpeg turned": encode(smooth(12, 20), "JPEG", exif=exif(8)),
    "grey jpeg": encode(smooth(12, 20)[..., :1], "JPEG"),
    "cmyk jpeg": encode(Image.fromarray(smooth(12, 20)).convert("CMYK"), "JPEG"),
    "png turned": turned(noise(6, 9, 3), "PNG", 5),
    "palette png": encode(Image.fromarray(noise(6, 9, 3)).quantize(16), "PNG", transparency=3),
    "16-bit png": encode(DEEP),
    "webp turned": turned(noise(6, 9, 3), "WEBP", 6),
    "animated webp": encode(noise(6, 9, 3), "WEBP", save_all=True, append_images=[Image.new("RGB", (9, 6))]),
    "gif": encode(noise(6, 9, 1), "GIF", save_all=True, append_images=[Image.new("L", (9, 6))]),
    "bmp": encode(noise(6, 9, 3), "BMP"),
    "tiff turned": turned(noise(6, 9, 3), "TIFF", 7),
    "16-bit tiff": encode(DEEP, "TIFF", compression="tiff_lzw"),
    "ppm": encode(noise(6, 9, 3), "PPM"),
    "plain pgm": b"P2 3 2 9\n 1 2 3 4 5 6\n",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_size_in_the_header_is_that_of_the_decoded_image(name):
    assert upright_size(SAMPLES[name]) == decode(SAMPLES[name]).pixels.shape[:2]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "PPM"])
def test_the_size_is_read_without_decoding_the_pixels(form, monkeypatch):
    data = encode(noise(40, 50, 3), form)
    monkeypatch.setattr(ImageFile.ImageFile, "load", None)
    assert upright_size(data) == (40, 50)


def _only_unreadable(data, at_least):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with quiet_decoders():
            size = upright_size(data)
            try:
                decoded = decode(data, at_least=at_least)
            except UnreadableError:
                decoded = None
    assert caught == []
    assert size is None or min(size) >= 2
    if decoded is not None:
        assert isinstance(decoded, Decoded)
        assert decoded.pixels.dtype == np.uint8
        assert decoded.pixels.shape[2] in (1, 3)


@pytest.mark.parametrize("name", SAMPLES)
def test_damaged_files_are_unreadable_or_read_but_nothing_else(name):
    @given(damaged_bytes(SAMPLES[name]), st.sampled_from([None, (4, 4)]))
    def check(data, at_least):
        _only_unreadable(data, at_least)

    check()


@pytest.mark.slow
@given(st.sampled_from(sorted(SAMPLES)).flatmap(lambda name: damaged_bytes(SAMPLES[name], max_changes=12)))
def test_badly_damaged_files_of_any_format_are_unreadable_or_read(data):
    _only_unreadable(data, None)


@given(st.binary(max_size=200))
def test_any_bytes_are_unreadable_or_read(data):
    _only_unreadable(data, None)
