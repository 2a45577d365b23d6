import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from foldline.features._sift import bin_weights, dense_sift, n_places

RNG = np.random.default_rng(0)
# Sums of hundreds of votes, and a polynomial for the arctangent, 3e-7 of a bin: of unit vectors float32 leaves this.
UNIT = {"rtol": 1e-4, "atol": 2e-6}


def described(image, *, step_px, bin_px, root=False):
    places = [n_places(length, step_px, bin_px) for length in image.shape]
    out = np.full((math.prod(places), 128), np.nan, np.float32)
    dense_sift(image.astype(np.float32), out, step_px=step_px, bin_px=bin_px, root=root)
    return out.reshape(*places, 4, 4, 8)


def textbook_bin(gradients, row, col, bin_px):
    """Lowe (2004), section 6.1: votes shared between two directions, and by their distances along both axes."""
    gy, gx = gradients
    height, width = gx.shape
    votes = np.zeros(8)
    for dy, dx in itertools.product(range(-bin_px + 1, bin_px), repeat=2):
        y, x = min(max(row + dy, 0), height - 1), min(max(col + dx, 0), width - 1)
        size = math.hypot(gx[y, x], gy[y, x]) * (1 - abs(dy) / bin_px) * (1 - abs(dx) / bin_px)
        direction = math.atan2(gy[y, x], gx[y, x]) / (math.pi / 4)
        low = math.floor(direction)
        votes[low % 8] += size * (low + 1 - direction)
        votes[(low + 1) % 8] += size * (direction - low)
    return votes


def textbook_window(index, bin_px):
    """Mean over a bin of a Gaussian of two bins around the descriptor's centre."""
    distances = [(index - 1.5) * bin_px + offset for offset in range(-bin_px + 1, bin_px)]
    return sum(math.exp(-0.5 * (distance / (2 * bin_px)) ** 2) for distance in distances) / len(distances)


def textbook_sift(image, *, step_px, bin_px):
    """Place by place and pixel by pixel in float64; plain loops on purpose."""
    gradients = np.gradient(image.astype(np.float64))
    tops, lefts = (range(0, length - 3 * bin_px, step_px) for length in image.shape)
    found = np.zeros((len(tops), len(lefts), 4, 4, 8))
    for (r, top), (c, left), i, j in itertools.product(enumerate(tops), enumerate(lefts), range(4), range(4)):
        votes = textbook_bin(gradients, top + i * bin_px, left + j * bin_px, bin_px)
        found[r, c, i, j] = votes * textbook_window(i, bin_px) * textbook_window(j, bin_px)
    return scaled(np.minimum(scaled(found), 0.2))


def scaled(descriptors):
    return descriptors / np.sqrt((descriptors**2).sum(axis=(2, 3, 4), keepdims=True))


@st.composite
def small_images_and_settings(draw):
    bin_px, step_px = draw(st.integers(2, 5)), draw(st.integers(1, 7))
    shape = [3 * bin_px + 1 + draw(st.integers(0, 9)) for _ in range(2)]
    return np.random.default_rng(draw(st.integers(0, 99))).uniform(0, 255, shape), {
        "step_px": step_px,
        "bin_px": bin_px,
    }


@given(small_images_and_settings())
def test_descriptors_equal_the_textbook_pixel_by_pixel(case):
    image, settings = case
    assert_allclose(described(image, **settings), textbook_sift(image, **settings), **UNIT)


@pytest.mark.parametrize(
    ("shape", "step_px", "bin_px"), [((60, 19), 5, 4), ((17, 130), 9, 4), ((40, 37), 12, 9), ((13, 13), 4, 4)]
)
def test_wide_tall_and_tiny_images_equal_the_textbook(shape, step_px, bin_px):
    image = RNG.uniform(0, 255, shape)
    settings = {"step_px": step_px, "bin_px": bin_px}
    assert_allclose(described(image, **settings), textbook_sift(image, **settings), **UNIT)


def test_320x240_has_57_times_77_places():
    assert (n_places(240, 4, 4), n_places(320, 4, 4)) == (57, 77)
    assert n_places(12, 4, 4) == 0  # the fourth bin's centre would be pixel 12


@pytest.mark.parametrize("root", [False, True])
def test_a_constant_image_gives_zeros(root):
    assert not described(np.full((20, 24), 77.3), step_px=3, bin_px=4, root=root).any()


@pytest.mark.parametrize("k", range(8))
def test_a_ramp_votes_for_its_own_direction_alone(k):
    rows, cols = np.indices((30, 30))
    image = 128 + 2 * (math.cos(k * math.pi / 4) * cols + math.sin(k * math.pi / 4) * rows)
    found = described(image, step_px=30, bin_px=5)[0, 0]
    # Gradients are equal everywhere, so only the window tells bins apart: of sixteen numbers a*a, a*b and b*b the four
    # largest, b*b / (2 (a*a + b*b)) > 1/4, are clipped.
    a, b = textbook_window(0, 5), textbook_window(1, 5)
    bins = np.minimum(np.outer([a, b, b, a], [a, b, b, a]) / (2 * (a * a + b * b)), 0.2)
    assert_allclose(found[..., k], bins / np.linalg.norm(bins), rtol=1e-5)
    assert_allclose(np.delete(found, k, axis=2), 0, atol=1e-5)


def on_paper(columns):
    """Scale and clip what bins of 4 pixels have in each column, the same in every row but for the window."""
    window = np.array([textbook_window(i, 4) for i in range(4)])
    bins = np.outer(window, window * columns)
    bins = np.minimum(bins / np.linalg.norm(bins), 0.2)
    return bins / np.linalg.norm(bins)


def test_a_vertical_edge_votes_to_its_bright_side_in_the_bins_that_reach_it():
    image = np.zeros((13, 13))
    image[:, 4:] = 100  # gradients of 50 in columns 3 and 4
    found = described(image, step_px=1, bin_px=4)[0, 0]
    # Bins are at columns 0 and 4: the first has 1/4 of column 3, the second 3/4 of it and all of column 4.
    assert_allclose(found[..., 0], on_paper(np.array([1 / 4, 3 / 4 + 1, 0, 0])), **UNIT)
    assert not found[..., 1:].any()


def test_convention_gradients_at_a_border_are_of_the_two_last_pixels_and_repeated_beyond():
    image = np.zeros((13, 13))
    image[:, 0] = 100  # a gradient of -100 in column 0 and, repeated, in columns -1, -2 and -3; of -50 in column 1
    found = described(image, step_px=1, bin_px=4)[0, 0]
    first = 100 * (1 + 3 / 4 + 2 / 4 + 1 / 4) + 50 * 3 / 4
    assert_allclose(found[..., 4], on_paper(np.array([first, 50 * 1 / 4, 0, 0])), **UNIT)
    assert not np.delete(found, 4, axis=2).any()


def test_convention_directions_grow_clockwise_from_the_right():
    to_the_lower_right = np.add.outer(3.0 * np.arange(13), 3.0 * np.arange(13))
    assert (described(to_the_lower_right, step_px=1, bin_px=4).argmax(axis=-1) == 1).all()


def test_convention_the_window_weighs_a_bin_by_its_mean_over_it():
    weights = bin_weights(2)[:, ::8] * 2**4
    # Bins of two pixels, four pixels wide window: pixels of the outer bins are 2, 3, 4 from the centre, of the inner
    # ones 0, 1, 2.
    outer, inner = ([math.exp(-(d**2) / 32) for d in distances] for distances in ((2, 3, 4), (0, 1, 2)))
    along = np.array([sum(outer), sum(inner), sum(inner), sum(outer)]) / 3
    assert_allclose(weights, np.outer(along, along), rtol=1e-6)


@pytest.mark.parametrize(("step", "is_zero"), [(2e-4, True), (2e-3, False)])
def test_convention_descriptors_shorter_than_a_thousandth_of_a_grey_level_are_zero(step, is_zero):
    ramp = np.tile(step * np.arange(13), (13, 1))  # its descriptor is three times as long as a gradient
    assert described(ramp, step_px=1, bin_px=4).any() != is_zero


def test_convention_of_numbers_bin_rows_come_first_and_directions_last():
    image = np.zeros((26, 26))
    image[:, 13:] = 100
    image[16:] = 0  # an edge to the right in the upper half, upwards below its bright part
    found = described(image, step_px=26, bin_px=8)[0, 0]
    assert found[1, 1].argmax() == found[0, 1].argmax() == 0
    assert found[2, 2].argmax() == found[2, 3].argmax() == 6


def flipped(found, *, axis, directions):
    return np.flip(found, (axis, axis + 2))[..., directions]


K = np.arange(8)
SIDES = (29, 41)  # places of step 4 fit exactly with bins of 4 and 8: the last centre is the last pixel's


@pytest.mark.parametrize("bin_px", [4, 8])
def test_mirrored_images_have_mirrored_bins_and_directions(bin_px):
    image, settings = RNG.uniform(0, 255, SIDES), {"step_px": 4, "bin_px": bin_px}
    found = described(image, **settings)
    assert_allclose(described(image[:, ::-1], **settings), flipped(found, axis=1, directions=(4 - K) % 8), **UNIT)
    assert_allclose(described(image[::-1], **settings), flipped(found, axis=0, directions=-K % 8), **UNIT)
    turned_over = found.transpose(1, 0, 3, 2, 4)[..., (2 - K) % 8]
    assert_allclose(described(image.T, **settings), turned_over, **UNIT)


def test_brightness_and_contrast_change_nothing():
    image, settings = RNG.integers(0, 100, (20, 30)).astype(np.float64), {"step_px": 3, "bin_px": 4}
    found = described(image, **settings)
    assert_allclose(described(image + 50, **settings), found, **UNIT)
    assert_allclose(described(2.5 * image, **settings), found, **UNIT)


def test_places_are_those_of_larger_grids_alone():
    image = RNG.uniform(0, 255, (30, 40))
    every = described(image, step_px=1, bin_px=4)
    assert_allclose(described(image, step_px=3, bin_px=4), every[::3, ::3], **UNIT)


def test_root_is_the_square_root_of_shares_of_the_sum():
    image, settings = RNG.uniform(0, 255, (20, 30)), {"step_px": 4, "bin_px": 4}
    found = described(image, **settings).reshape(-1, 128).astype(np.float64)
    expected = np.sqrt(found / found.sum(axis=1, keepdims=True))
    assert_allclose(described(image, root=True, **settings).reshape(-1, 128), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("root", [False, True])
def test_rounding_at_45_degrees_leaves_no_number_below_zero(root):
    for steepness in (0.1, 3, 7, 12.3):
        ramp = steepness * np.add.outer(np.arange(13), np.arange(13))
        assert (described(ramp, step_px=1, bin_px=4, root=root) >= 0).all()  # nor one that is none
