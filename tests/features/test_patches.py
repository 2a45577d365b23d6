import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from foldline.core.errors import SettingError, ShapeError
from foldline.features import Patches
from foldline.features._moments import Moments
from foldline.features._patches import CONTRAST_FLOOR, WHITENING_FLOOR, Whitening
from strategies import images_NHWC
from tolerances import TOLERANCE

FLOAT32, FLOAT64 = TOLERANCE[np.dtype(np.float32)], TOLERANCE[np.dtype(np.float64)]
RNG = np.random.default_rng(0)


def textbook_patch(image, row, col, side):  # Coates and Ng (2012), section 2.1
    patch = image[row : row + side, col : col + side].astype(np.float64).ravel()
    patch -= patch.mean()
    return patch / np.sqrt(patch.var() + 10)


@given(images_NHWC(max_images=1, min_side=5, max_side=14), st.integers(2, 5), st.integers(1, 4))
def test_patches_equal_the_textbook(images, side, stride):
    (found,) = Patches(patch_px=side, stride_px=stride, whiten=False).transform(images)
    tops, lefts = (range(0, length - side + 1, stride) for length in images.shape[1:3])
    expected = [textbook_patch(images[0], top, left, side) for top in tops for left in lefts]
    assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@given(st.integers(12, 400), st.integers(12, 400))
def test_patches_for_images_of_twelve_pixels_and_more_have_six(height, width):
    chosen = Patches.for_images((height, width, 3))
    assert chosen.get_params() == Patches(stride_px=max(min(height, width) // 32, 1)).get_params()


@given(st.integers(3, 40), st.integers(3, 40))
def test_patches_for_narrow_images_leave_two_places_in_each_direction(height, width):
    (grid,) = Patches.for_images((height, width, 1)).grids((height, width, 1))
    assert min(grid) >= 2


def test_squares_are_the_patches():
    assert Patches(patch_px=3, stride_px=2).squares() == ((0, 2, 3),)


def test_whitened_patches_are_patches_without_their_mean_times_the_matrix():
    images = RNG.integers(0, 256, (3, 7, 8, 1), dtype=np.uint8)
    patches = Patches(patch_px=3, n_sampled=60).fit(images)
    plain = Patches(patch_px=3, whiten=False).transform(images)
    expected = (plain - patches.whitening_mean_) @ patches.whitening_
    assert_allclose(patches.transform(images), expected, rtol=1e-4, atol=1e-4)


def test_a_flat_patch_is_zero():
    assert not Patches(patch_px=3, whiten=False).transform(np.full((1, 3, 3, 3), 200, np.uint8)).any()


def test_convention_ten_is_added_to_the_variance():
    image = np.array([[[[100], [102]], [[100], [102]]]], np.uint8)  # variance 1
    found = Patches(patch_px=2, whiten=False).transform(image)
    assert_allclose(found, [[[-1 / 11**0.5, 1 / 11**0.5] * 2]], rtol=1e-6)
    assert CONTRAST_FLOOR == 10


def test_convention_channels_of_a_pixel_stand_side_by_side():
    image = np.zeros((1, 2, 2, 3), np.uint8)
    image[0, 0, 1, 2] = 255  # first row, second pixel, blue
    assert Patches(patch_px=2, whiten=False).transform(image)[0, 0].argmax() == 5


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"patch_px": 1}, SettingError, "patch_px is 1; expected a whole number from 2 to 64"),
        ({"stride_px": 0}, SettingError, "stride_px is 0"),
        ({"n_sampled": 1}, SettingError, "n_sampled is 1"),
        ({"whiten": "no"}, SettingError, "whiten is 'no'; expected True or False"),
        ({"stride_px": 10**30}, SettingError, "stride_px is 1000.*; expected a whole number from 1 to 16384"),
        (
            {"patch_px": 8},
            ShapeError,
            "images of 7x9 pixels are smaller than a patch of 8x8; expected .* Lower patch_px",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        Patches(**settings).fit(np.zeros((2, 7, 9, 1), np.uint8))


def test_whitened_rows_have_the_covariance_that_the_floor_leaves():
    X = (RNG.normal(size=(5000, 6)) @ RNG.normal(size=(6, 6)) + 3).astype(np.float32)
    moments = Moments.of(X)
    whitening, rows = Whitening.of(moments), np.empty_like(X)
    whitening.apply_(X.copy(), rows)
    eigenvalues, V = np.linalg.eigh(np.cov(X.T.astype(np.float64), bias=True))
    expected = (V * (eigenvalues / (eigenvalues + WHITENING_FLOOR))) @ V.T
    assert_allclose(np.cov(rows.T.astype(np.float64), bias=True), expected, atol=1e-4)
    assert_allclose(rows.mean(axis=0), 0, atol=1e-4)


def test_convention_whitening_is_zero_phase():
    W = Whitening.of(Moments.of(RNG.normal(size=(200, 5)).astype(np.float32))).W
    assert_allclose(W, W.T, **FLOAT32)


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_rows_that_never_vary_are_whitened_to_zero(value):
    X = np.full((10, 3), value, np.float32)
    whitening, rows = Whitening.of(Moments.of(X)), np.empty_like(X)
    whitening.apply_(X.copy(), rows)
    assert not rows.any()


@pytest.mark.usefixtures("as_installed")
def test_patches_of_another_size_than_whitening_was_learned_for_are_refused():
    images = RNG.integers(0, 256, (3, 9, 9, 1), dtype=np.uint8)
    patches = Patches(patch_px=3, n_sampled=60).fit(images)
    with pytest.raises(SettingError, match="patches of 4 pixels have 16 numbers, and whitening was learned for 9"):
        patches.set_params(patch_px=4).transform(images)
