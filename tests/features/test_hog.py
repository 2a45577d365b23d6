import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from skimage import data
from skimage.feature import hog as skimage_hog

from foldline.core.errors import SettingError, ShapeError
from foldline.features import HOG
from foldline.features._hog_cells import cotangents_of_edges
from strategies import images_NHWC
from tolerances import TOLERANCE

FLOAT32 = TOLERANCE[np.dtype(np.float32)]
# A bin is the difference of two sums of up to a few hundred grey levels: float32 leaves about 1e-4 of these.
VOTES = {"rtol": 3e-5, "atol": 1e-4}
BLOCKS = {"rtol": 3e-5, "atol": 1e-6}
VOTES_KINDS = ("hard", "interpolated")


def ramp(angle_rad, *, steepness=3.0, shape=(8, 8)):
    """An image whose gradient points the same way everywhere: intensity grows along (cos, sin) = (column, row)."""
    rows, cols = np.indices(shape)
    values = 128 + steepness * (math.cos(angle_rad) * (cols - 3.5) + math.sin(angle_rad) * (rows - 3.5))
    return np.rint(values).astype(np.uint8)[None, :, :, None]


def textbook_cells(image, *, cell_px, n_orientations, signed, interpolate):
    """Dalal and Triggs (2005), sections 6.2 and 6.3, vote by vote in float64; plain loops on purpose."""
    height, width, _ = image.shape
    pixels = image.astype(np.float64)
    n_rows, n_cols = height // cell_px, width // cell_px
    turn = 2 * math.pi if signed else math.pi
    cells = np.zeros((n_rows, n_cols, n_orientations))
    for y, x in itertools.product(range(n_rows * cell_px), range(n_cols * cell_px)):
        gx = pixels[y, x + 1] - pixels[y, x - 1] if 0 < x < width - 1 else np.zeros(pixels.shape[2])
        gy = pixels[y + 1, x] - pixels[y - 1, x] if 0 < y < height - 1 else np.zeros(pixels.shape[2])
        channel = np.argmax(gx**2 + gy**2)
        size = math.hypot(gx[channel], gy[channel]) / cell_px**2
        angle = math.atan2(gy[channel], gx[channel]) % turn
        if not interpolate:
            cells[y // cell_px, x // cell_px, int(angle / turn * n_orientations) % n_orientations] += size
            continue
        row, col = (y + 0.5) / cell_px - 0.5, (x + 0.5) / cell_px - 0.5
        bin_ = angle / turn * n_orientations - 0.5
        for r, c, k in itertools.product(*((math.floor(p), math.floor(p) + 1) for p in (row, col, bin_))):
            if 0 <= r < n_rows and 0 <= c < n_cols:
                share = (1 - abs(row - r)) * (1 - abs(col - c)) * (1 - abs(bin_ - k))
                cells[r, c, k % n_orientations] += share * size
    return cells


@st.composite
def small_images_and_settings(draw):
    images = draw(images_NHWC(max_images=2, min_side=4, max_side=24))
    signed = draw(st.booleans())
    return images, {
        "cell_px": draw(st.integers(2, 4)),
        "n_orientations": draw(st.integers(1, 6)) * 2 if signed else draw(st.integers(2, 12)),
        "signed": signed,
        "votes": draw(st.sampled_from(["hard", "interpolated"])),
    }


@given(small_images_and_settings())
def test_cells_equal_the_textbook_vote_by_vote(case):
    images, settings = case
    ours = HOG(block_cells=None, **settings).transform(images)
    interpolate = settings["votes"] == "interpolated"
    settings = {name: value for name, value in settings.items() if name != "votes"}
    for image, vector in zip(images, ours, strict=True):
        theirs = textbook_cells(image, interpolate=interpolate, **settings)
        assert_allclose(vector, theirs.ravel(), **VOTES)


@pytest.mark.parametrize("shape", [(300, 50), (33, 700), (4, 4), (40, 321)])
@pytest.mark.parametrize("votes", ["hard", "interpolated"])
def test_wide_tall_and_tiny_images_equal_the_textbook(shape, votes):
    image = np.random.default_rng(3).integers(0, 256, (*shape, 3), dtype=np.uint8)
    ours = HOG(cell_px=4, block_cells=None, votes=votes).transform(image[None])[0]
    theirs = textbook_cells(image, cell_px=4, n_orientations=9, signed=False, interpolate=votes == "interpolated")
    assert_allclose(ours, theirs.ravel(), **VOTES)


def skimage_of(image, *, cell_px, n_orientations, block_cells):
    return skimage_hog(
        image,
        orientations=n_orientations,
        pixels_per_cell=(cell_px, cell_px),
        cells_per_block=(block_cells, block_cells),
        block_norm="L2-Hys",
        channel_axis=-1,
    )


@pytest.mark.parametrize("picture", ["astronaut", "coffee", "chelsea", "camera"])
@pytest.mark.parametrize(
    ("cell_px", "n_orientations", "block_cells"),
    [(16, 8, 1), (8, 9, 2), (8, 9, 3), (5, 7, 2)],  # the first is the published example of scikit-image's gallery
)
def test_hard_votes_agree_with_scikit_image_on_its_pictures(picture, cell_px, n_orientations, block_cells):
    image = getattr(data, picture)()
    image = image[..., None] if image.ndim == 2 else image
    settings = {"cell_px": cell_px, "n_orientations": n_orientations, "block_cells": block_cells}
    assert_allclose(HOG(**settings).transform(image[None])[0], skimage_of(image, **settings), **BLOCKS)


@given(images_NHWC(max_images=1, min_side=8, max_side=40), st.integers(2, 12))
def test_hard_votes_agree_with_scikit_image_on_noise(images, n_orientations):
    settings = {"cell_px": 4, "n_orientations": n_orientations, "block_cells": 2}
    assert_allclose(HOG(**settings).transform(images)[0], skimage_of(images[0], **settings), **BLOCKS)


def test_no_integer_gradient_is_near_enough_to_an_edge_for_rounding_to_decide():
    gx, gy = np.meshgrid(np.arange(-255, 256), np.arange(256))
    for n in (*range(2, 37), 60, 90, 180):
        exact = np.degrees(np.arctan2(gy, gx)) % 180
        cot = cotangents_of_edges(n)
        folded = np.where(gy == 0, np.abs(gx), gx).astype(np.float32)
        beyond = cot[:, None, None] * gy.astype(np.float32) >= folded
        bins = np.floor(exact / (180 / n)).astype(int)
        is_edge = np.isclose(exact / (180 / n), np.rint(exact / (180 / n)), rtol=0, atol=1e-9)
        assert (beyond.sum(0) == bins)[~is_edge & ((gx != 0) | (gy != 0))].all()


def test_a_right_angle_is_an_edge_of_every_even_number_of_bins():
    ramp = np.repeat(np.arange(0, 64, 8, dtype=np.uint8)[:, None], 8, axis=1)[None, :, :, None]
    for n in range(2, 201, 2):
        votes = HOG(n_orientations=n, block_cells=None).transform(ramp)[0]
        assert np.flatnonzero(votes).tolist() == [n // 2]


def test_320x240_without_blocks_gives_the_lectures_10800_numbers():
    assert HOG(block_cells=None).transform(np.zeros((1, 240, 320, 3), np.uint8)).shape == (1, 30 * 40 * 9)


def test_a_constant_image_gives_zeros():
    for votes in ("hard", "interpolated"):
        assert not HOG(votes=votes).transform(np.full((1, 16, 16, 3), 77, np.uint8)).any()


def test_a_horizontal_ramp_votes_for_the_first_bin_alone():
    # Steps of 3 grey levels: gradients of 6 to the right in the 8 x 6 inner columns, 0 at the sides.
    cells = HOG(block_cells=None).transform(ramp(0.0))[0]
    assert_allclose(cells, [6 * 48 / 64, *[0] * 8], **FLOAT32)


def test_a_vertical_ramp_votes_for_the_middle_bin():
    cells = HOG(block_cells=None).transform(ramp(math.pi / 2))[0]
    assert_allclose(cells, [*[0] * 4, 6 * 48 / 64, *[0] * 4], **FLOAT32)


def test_opposite_directions_are_one_bin_unsigned_and_two_signed():
    right, left = ramp(0.0), ramp(math.pi)
    unsigned = [HOG(block_cells=None).transform(image)[0].argmax() for image in (right, left)]
    signed = HOG(block_cells=None, signed=True, n_orientations=18)
    assert unsigned == [0, 0]
    assert [signed.transform(image)[0].argmax() for image in (right, left)] == [0, 9]


def test_a_direction_on_a_bin_centre_is_not_shared():
    # 0 degrees lies between the centres of the last and the first of nine bins, 10 degrees on the first.
    halves = HOG(block_cells=None, votes="interpolated").transform(ramp(0.0))[0]
    assert_allclose(halves[[0, 8]], halves.sum() / 2, **FLOAT32)
    diagonal = (4 * np.add.outer(np.arange(16), np.arange(16))).astype(np.uint8)[None, :, :, None]
    feature = HOG(
        cell_px=2, block_cells=None, votes="interpolated", n_orientations=2
    )  # bin centres at 45 and 135 degrees
    inner = feature.transform(diagonal).reshape(8, 8, 2)[2:6, 2:6]
    assert_allclose(inner[..., 0], math.hypot(8, 8), rtol=1e-5)
    assert_allclose(inner[..., 1], 0, atol=1e-5)


def test_interpolated_votes_inside_add_up_to_the_hard_ones():
    image = np.zeros((1, 32, 32, 1), np.uint8)
    image[0, 12:20, 12:20] = 200  # far from the outermost half cells, where votes are lost
    hard, shared = (HOG(block_cells=None, votes=votes).transform(image).sum() for votes in ("hard", "interpolated"))
    assert_allclose(shared, hard, rtol=1e-5)


def test_convention_gradients_across_a_border_are_zero():
    image = np.zeros((1, 8, 8, 1), np.uint8)
    image[0, 0, :], image[0, :, 0] = 100, 100
    # Only the second row and column see the bright border, as differences of rows and of columns.
    assert_allclose(HOG(block_cells=None).transform(image)[0].sum() * 64, 100 * 12 + math.hypot(100, 100), rtol=1e-5)


def test_convention_the_channel_with_the_largest_gradient_votes():
    grey, colour = ramp(0.0), np.zeros((1, 8, 8, 3), np.uint8)
    colour[..., 1] = grey[..., 0]
    colour[..., 2] = ramp(math.pi / 2, steepness=1.0)[..., 0]
    assert_allclose(HOG(block_cells=None).transform(colour)[0, 0], HOG(block_cells=None).transform(grey)[0, 0])


def test_convention_of_equal_channels_the_first_votes():
    colour = np.zeros((1, 8, 8, 3), np.uint8)
    colour[..., 0], colour[..., 2] = ramp(0.0)[..., 0], ramp(math.pi / 2)[..., 0]
    inner = HOG(cell_px=2, block_cells=None).transform(colour).reshape(4, 4, 9)[1:3, 1:3]
    assert (inner.argmax(axis=2) == 0).all()


def test_convention_directions_grow_clockwise_from_the_right():
    falling = HOG(block_cells=None, n_orientations=18).transform(ramp(math.radians(35)))[0]  # to the lower right
    assert falling.argmax() == 3


def test_convention_pixels_beyond_the_last_whole_cell_have_no_vote():
    image = np.zeros((1, 19, 19, 1), np.uint8)
    image[0, 17:] = 255  # its edge is seen from row 16 on
    for votes in ("hard", "interpolated"):
        assert not HOG(block_cells=None, votes=votes).transform(image).any()


def test_convention_interpolated_votes_outside_the_cells_are_lost():
    ramp = np.tile(np.arange(0, 80, 10, dtype=np.uint8), (8, 1))[None, :, :, None]
    hard, interpolated = (HOG(votes=votes, block_cells=None).transform(ramp)[0].sum() for votes in VOTES_KINDS)
    # One cell: a vote loses its distance from the centre, in cells, along both axes; end columns have no gradient.
    kept = 1 - np.abs(np.arange(8) - 3.5) / 8
    assert_allclose(interpolated / hard, kept.mean() * kept[1:-1].mean(), rtol=1e-4)


def test_convention_votes_are_grey_levels_divided_by_the_cells_area():
    image = np.zeros((1, 4, 4, 1), np.uint8)
    image[0, :, 2:] = 10  # differences of 10 in columns 1 and 2
    assert_allclose(HOG(cell_px=4, block_cells=None).transform(image)[0].sum(), 2 * 4 * 10 / 16)


def test_convention_blocks_are_scaled_clipped_and_scaled():
    image = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 1), dtype=np.uint8)
    v = HOG(block_cells=None).transform(image)[0].astype(np.float64)
    v = np.minimum(v / np.sqrt(np.sum(v**2) + 1e-5**2), 0.2)
    assert_allclose(HOG().transform(image)[0], v / np.sqrt(np.sum(v**2) + 1e-5**2), **FLOAT32)


def test_convention_blocks_are_in_the_order_block_cell_bin():
    image = np.random.default_rng(0).integers(0, 256, (1, 24, 32, 1), dtype=np.uint8)
    cells = HOG(block_cells=None).transform(image).reshape(3, 4, 9)
    blocks = HOG().transform(image).reshape(2, 3, 2, 2, 9)
    block = cells[1:3, 2:4]
    assert np.corrcoef(blocks[1, 2].ravel(), np.minimum(block, 0.2 * np.linalg.norm(block)).ravel())[0, 1] > 0.999


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"cell_px": 0}, SettingError, "cell_px is 0"),
        ({"n_orientations": 1}, SettingError, "n_orientations is 1"),
        (
            {"n_orientations": 9, "signed": True},
            SettingError,
            "n_orientations is 9 and signed; expected an even number",
        ),
        ({"votes": "soft"}, SettingError, "votes is 'soft'"),
        ({"block_cells": 0}, SettingError, "block_cells is 0"),
        ({"cell_px": 16}, ShapeError, "images of 16x16 pixels have 1x1 cells of 16 pixels; expected at least 2x2"),
        ({"cell_px": 17, "block_cells": None}, ShapeError, "have 0x0 cells of 17 pixels; expected at least 1x1"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        HOG(**settings).fit(np.zeros((1, 16, 16, 3), np.uint8))
