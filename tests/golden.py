"""Drawings compared with golden pictures: small PNGs in the tree, drawn anew by `pytest --rewrite-golden` alone."""

import io

import matplotlib
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

DPI = 50  # a picture of 4 x 4 inches is 200 x 200 pixels and some 5 KB

# Of 255. Other machines smooth edges a little otherwise; any two colours of series differ by at least twice as many.
TOLERATED_LEVELS = 30

VERSION = "matplotlib " + ".".join(matplotlib.__version__.split(".")[:2])


def pixels_of(figure):
    """Draw a figure on white, (H, W, 3) uint8."""
    buffer = io.BytesIO()
    with matplotlib.rc_context({"font.sans-serif": ["DejaVu Sans"]}):  # comes with matplotlib
        figure.savefig(buffer, format="png", dpi=DPI, facecolor="white")
    return np.asarray(Image.open(buffer).convert("RGB"))


def assert_same_picture(actual, golden, *, failures, rewrite=False):
    """Fail unless a picture is like the golden one; the failure leaves both and their difference side by side.

    A golden picture knows which matplotlib drew it. Another one measures text otherwise and moves everything beside it
    (from 3.9 to 3.11 by up to six pixels); the test is skipped then.

    Args:
        actual: (H, W, 3) uint8.
        golden: path of the golden picture.
        failures: folder for the picture of a failure.
        rewrite: whether the golden picture is drawn anew instead; the test is skipped then too, not passed.
    """
    if rewrite:
        _write(actual, golden)
        pytest.skip(f"{golden.name} was drawn anew: look at it")
    if not golden.is_file():
        raise AssertionError(f"there is no golden picture {golden}; draw it with pytest --rewrite-golden")
    with Image.open(golden) as image:
        drawn_by, expected = image.info.get("Software"), np.asarray(image.convert("RGB"))
    if drawn_by != VERSION:
        pytest.skip(f"{golden.name} was drawn by {drawn_by}, this is {VERSION}")
    difference = _difference(actual, expected)
    n_different = int((difference > TOLERATED_LEVELS).any(axis=2).sum())
    if n_different:
        picture = failures / f"{golden.stem}-expected-actual-difference.png"
        Image.fromarray(np.concatenate([*_of_one_size(expected, actual), 255 - difference], axis=1)).save(picture)
        raise AssertionError(
            f"{golden.name} differs by up to {difference.max()} grey levels, {TOLERATED_LEVELS} are tolerated, in "
            f"{n_different} pixels; expected {expected.shape[:2]} pixels, got {actual.shape[:2]}. Look at {picture}: "
            f"expected, actual, difference. If it is meant, draw it anew with pytest --rewrite-golden."
        )


def _write(pixels, golden):
    golden.parent.mkdir(exist_ok=True)
    about = PngImagePlugin.PngInfo()
    about.add_text("Software", VERSION)
    Image.fromarray(pixels).save(golden, optimize=True, pnginfo=about)


def _difference(*pictures):
    a, b = _of_one_size(*pictures)
    return np.abs(a.astype(int) - b).astype(np.uint8)


def _of_one_size(*pictures):
    """Frame pictures in black to the largest height and width."""
    height, width = np.max([picture.shape[:2] for picture in pictures], axis=0)
    for picture in pictures:
        yield np.pad(picture, [(0, height - picture.shape[0]), (0, width - picture.shape[1]), (0, 0)])
