import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from foldline.images.fitting import fit_to, to_channels
from image_files import noise, plain
from strategies import images_NHWC

SIZES = st.tuples(st.integers(2, 40), st.integers(2, 40))
FITS = st.sampled_from(["crop", "pad"])


def columns(values, height=4):
    """An image whose rows are all `values`."""
    return np.tile(np.array(values, np.uint8), (height, 1))[:, :, None]


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_an_image_of_that_size_stays_itself(fit):
    pixels = noise(4, 6, 3)
    assert fit_to(pixels, (4, 6), fit=fit) is pixels


def test_a_crop_keeps_the_centre():
    wide = columns([1, 2, 30, 40, 50, 60, 7, 8])
    assert_array_equal(fit_to(wide, (4, 4), fit="crop"), columns([30, 40, 50, 60]))
    assert_array_equal(fit_to(wide.swapaxes(0, 1), (4, 4), fit="crop"), columns([30, 40, 50, 60]).swapaxes(0, 1))


def test_a_pad_puts_the_whole_image_between_black_bars():
    wide = columns([10, 20, 30, 40, 50, 60, 70, 80])
    expected = np.zeros((8, 8, 1), np.uint8)
    expected[2:6] = wide
    assert_array_equal(fit_to(wide, (8, 8), fit="pad"), expected)


def test_the_odd_row_of_a_pad_stands_below():
    assert_array_equal(fit_to(plain(9, (2, 4, 1)), (5, 4), fit="pad")[:, 0, 0], [0, 9, 9, 0, 0])


def test_a_thin_strip_is_padded_to_one_line_at_least():
    fitted = fit_to(plain(9, (2, 200, 1)), (20, 20), fit="pad")
    assert (fitted[:, 10, 0] == 9).sum() == 1
    fitted = fit_to(plain(9, (200, 2, 1)), (20, 20), fit="pad")
    assert (fitted[10, :, 0] == 9).sum() == 1


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_proportions_are_kept(fit):
    # A square of 16 pixels in a 40x80 image is one of 8 at half the size, of 4 at a quarter.
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[12:28, 32:48] = 255
    white = fit_to(pixels, (20, 20), fit=fit)[..., 0] > 127
    assert white.any(axis=1).sum() == white.any(axis=0).sum() == {"crop": 8, "pad": 4}[fit]


def test_convention_shrinking_weighs_every_pixel_by_a_triangle():
    # Halved: the triangle reaches 2 pixels, its weights at 0.5 and 1.5 are 3/4 and 1/4: (1 + 3 + 3 + 1) / 8.
    stripes = columns([0, 200] * 8, height=16)
    inner = fit_to(stripes, (8, 8), fit="crop")[1:-1, 1:-1]
    assert_array_equal(inner, np.full_like(inner, 100))


def test_convention_enlarging_is_linear_between_pixel_centres():
    # Doubled: new centres lie at 1/4 and 3/4 between the old ones; outside the outermost centres it is constant.
    assert_array_equal(fit_to(columns([0, 200], height=2), (4, 4), fit="crop"), columns([0, 50, 150, 200]))


@given(images_NHWC(max_images=1, min_side=2), SIZES, FITS)
def test_any_size_comes_out_as_asked_and_the_input_stays(images, size, fit):
    before = images.copy()
    fitted = fit_to(images[0], size, fit=fit)
    assert fitted.shape == (*size, images.shape[3])
    assert fitted.dtype == np.uint8
    assert_array_equal(images, before)


@given(st.integers(2, 60), st.integers(2, 60), st.integers(0, 255), SIZES)
def test_a_crop_of_a_plain_image_is_plain(height, width, value, size):
    assert_array_equal(fit_to(plain(value, (height, width, 3)), size, fit="crop"), plain(value, (*size, 3)))


@given(images_NHWC(max_images=1, min_side=2, channels=(1,)), SIZES, FITS)
def test_channels_are_scaled_alike(images, size, fit):
    grey = images[0]
    assert_array_equal(fit_to(to_channels(grey, 3), size, fit=fit), to_channels(fit_to(grey, size, fit=fit), 3))


@given(images_NHWC(max_images=1, min_side=2), st.integers(2, 40))
def test_the_mirror_image_has_the_mirrored_crop(images, side):
    crop = fit_to(images[0], (side, side), fit="crop").astype(int)
    mirrored = fit_to(images[0][:, ::-1], (side, side), fit="crop").astype(int)
    assert np.abs(crop - mirrored[:, ::-1]).max() <= 1  # Pillow works in fixed point


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize(("shape", "size"), [((20_000, 2, 1), (2, 2_000)), ((2, 20_000, 3), (2_000, 2))])
def test_a_strip_comes_to_a_crossing_strip(shape, size, fit):
    assert fit_to(np.zeros(shape, np.uint8), size, fit=fit).shape == (*size, shape[2])


def test_grey_becomes_colour_by_repetition():
    assert_array_equal(to_channels(np.array([[[7], [9]]], np.uint8), 3), [[[7, 7, 7], [9, 9, 9]]])


def test_colour_becomes_grey_by_the_weights_of_itu_601():
    # 0.299, 0.587 and 0.114 of 255: 76.2, 149.7, 29.1.
    pixels = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    assert to_channels(pixels, 1)[0, :, 0].tolist() == [76, 150, 29, 255]


@pytest.mark.parametrize("n_channels", [1, 3])
def test_the_right_number_of_channels_stays_itself(n_channels):
    pixels = noise(3, 4, n_channels)
    assert to_channels(pixels, n_channels) is pixels
