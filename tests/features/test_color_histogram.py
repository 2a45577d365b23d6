import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from foldline.core.errors import SettingError, ShapeError
from foldline.features import ColorHistogram
from strategies import images_NHWC
from tolerances import TOLERANCE

FLOAT32 = TOLERANCE[np.dtype(np.float32)]


def one_color(*rgb, shape=(3, 5)):
    return np.broadcast_to(np.array(rgb, np.uint8), (1, *shape, 3)).copy()


@given(images_NHWC(channels=(3,)), st.integers(2, 16))
def test_joint_histogram_equals_numpys(images, n_bins):
    edges = [np.arange(n_bins + 1) * 256 / n_bins] * 3
    ours = ColorHistogram(n_bins=n_bins).transform(images)
    for image, histogram in zip(images, ours, strict=True):
        pixels = image.reshape(-1, 3)
        assert_allclose(histogram, np.histogramdd(pixels, edges)[0].ravel() / len(pixels), **FLOAT32)


@given(images_NHWC(channels=(3,), max_side=12), st.sampled_from([2, 3, 8, 16, 60]))
def test_hue_histogram_equals_colorsys(images, n_bins):
    ours = ColorHistogram(space="hue", n_bins=n_bins).transform(images)
    for image, histogram in zip(images, ours, strict=True):
        votes = np.zeros(n_bins)
        on_edge = 0.0  # saturation of pixels so near to the edge of a sector that rounding decides
        for red, green, blue in image.reshape(-1, 3) / 255:
            hue, saturation, _ = colorsys.rgb_to_hsv(red, green, blue)
            votes[int(hue * n_bins) % n_bins] += saturation
            on_edge += saturation * (abs(hue * n_bins - round(hue * n_bins)) < 1e-6)
        n_pixels = image.shape[0] * image.shape[1]
        assert_allclose(histogram, votes / n_pixels, rtol=1e-5, atol=1e-6 + on_edge / n_pixels)


@given(images_NHWC(channels=(3,), min_side=2))
def test_quarters_are_histograms_of_quarters(images):
    _, height, width, _ = images.shape
    for space in ("rgb", "hue"):
        whole, *quarters = np.split(ColorHistogram(space=space, grid=True).transform(images), 5, axis=1)
        assert_allclose(whole, ColorHistogram(space=space).transform(images), **FLOAT32)
        rows, cols = (slice(0, height // 2), slice(height // 2, None)), (slice(0, width // 2), slice(width // 2, None))
        parts = [images[:, r, c] for r in rows for c in cols]
        for quarter, part in zip(quarters, parts, strict=True):
            assert_allclose(quarter, ColorHistogram(space=space).transform(part), **FLOAT32)


@given(images_NHWC(channels=(3,)), st.integers(0, 2**32 - 1))
def test_where_a_pixel_stands_does_not_matter(images, seed):
    n, height, width, _ = images.shape
    order = np.random.default_rng(seed).permutation(height * width)
    shuffled = images.reshape(n, -1, 3)[:, order].reshape(images.shape)
    assert_allclose(ColorHistogram().transform(shuffled), ColorHistogram().transform(images), **FLOAT32)


@given(images_NHWC(channels=(3,), max_images=2))
def test_the_root_is_that_of_every_number_so_that_vectors_have_length_one(images):
    rooted = ColorHistogram(root=True).transform(images)
    assert_allclose(rooted**2, ColorHistogram().transform(images), **FLOAT32)
    assert_allclose(np.linalg.norm(rooted, axis=1), 1, rtol=1e-5)


def test_one_colour_fills_one_box():
    histogram = ColorHistogram().transform(one_color(255, 0, 40))[0]
    assert_allclose(histogram[7 * 64 + 0 * 8 + 1], 1)
    assert np.count_nonzero(histogram) == 1


def test_grey_has_no_hue():
    assert not ColorHistogram(space="hue").transform(one_color(90, 90, 90)).any()


@pytest.mark.parametrize(
    ("rgb", "sector"), [((200, 0, 0), 0), ((0, 200, 0), 2), ((0, 0, 200), 4), ((200, 0, 199), 5), ((200, 1, 0), 0)]
)
def test_convention_sector_zero_begins_at_pure_red(rgb, sector):
    histogram = ColorHistogram(space="hue", n_bins=6).transform(one_color(*rgb))[0]
    assert histogram.argmax() == sector
    assert_allclose(histogram.sum(), 1)


def test_convention_an_rgb_histogram_sums_to_one_and_a_hue_histogram_to_the_mean_saturation():
    image = np.concatenate([one_color(100, 50, 0), one_color(7, 7, 7)], axis=2)
    assert_allclose(ColorHistogram().transform(image).sum(), 1)
    assert_allclose(ColorHistogram(space="hue").transform(image).sum(), (1 + 0) / 2)


def test_a_large_flat_area_loses_nothing():
    image = np.full((1, 1, 16_000_000, 3), (200, 130, 180), np.uint8)  # saturation 70 / 200
    assert_allclose(ColorHistogram(space="hue").transform(image).sum(), 0.35, rtol=1e-6)


def test_convention_box_index_is_red_green_blue():
    for channel, factor in enumerate((9, 3, 1)):
        rgb = [0, 0, 0]
        rgb[channel] = 255
        assert ColorHistogram(n_bins=3).transform(one_color(*rgb))[0].argmax() == 2 * factor


def test_convention_saturation_is_that_of_hsv():
    assert_allclose(ColorHistogram(space="hue").transform(one_color(100, 60, 60)).sum(), 0.4)


def test_convention_the_middle_row_and_column_belong_to_the_lower_and_right_quarters():
    image = np.zeros((1, 3, 3, 3), np.uint8)
    image[0, 1, 1] = 255
    quarters = ColorHistogram(n_bins=2, grid=True).transform(image).reshape(5, 8)[1:, 7]
    assert_allclose(quarters, [0, 0, 0, 1 / 4])


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "shape", "error", "message"),
    [
        ({"space": "lab"}, (4, 4, 3), SettingError, "space is 'lab'"),
        ({"n_bins": 1}, (4, 4, 3), SettingError, "n_bins is 1"),
        ({"n_bins": 17}, (4, 4, 3), SettingError, "n_bins is 17; expected a whole number from 2 to 16"),
        ({"space": "hue", "n_bins": 257}, (4, 4, 3), SettingError, "from 2 to 256"),
        ({}, (4, 4, 1), ShapeError, "images have 1 channel; expected 3"),
        ({"grid": True}, (1, 4, 3), ShapeError, "images have 1x4 pixels; expected at least 2x2 with grid"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, shape, error, message):
    with pytest.raises(error, match=message):
        ColorHistogram(**settings).transform(np.zeros((1, *shape), np.uint8))
