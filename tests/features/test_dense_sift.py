import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import gaussian_filter

from foldline.core.errors import SettingError, ShapeError
from foldline.features._sift import dense_sift
from foldline.features.dense_sift import DenseSIFT, smoothing_px

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (3, 30, 37, 3), dtype=np.uint8)


def of_grey(grey, *, bin_px):
    """Describe the one place of an image that has room for no more, in grey levels, unsmoothed."""
    out = np.empty((1, 128), np.float32)
    dense_sift(grey.astype(np.float32), out, step_px=max(grey.shape), bin_px=bin_px, root=False)
    return out[0]


def test_several_scales_are_those_of_each_alone_one_after_the_other():
    found = DenseSIFT(step_px=3, bin_px=(4, 3, 6)).transform(IMAGES)
    alone = [DenseSIFT(step_px=3, bin_px=(side,)).transform(IMAGES) for side in (4, 3, 6)]
    assert_array_equal(found, np.concatenate(alone, axis=1))


def test_a_photographs_grid_is_the_one_that_is_promised():
    (grid,) = DenseSIFT().grids((240, 320, 3))
    assert (grid.n_rows, grid.n_cols, grid.n_places) == (57, 77, 4389)


@pytest.mark.parametrize("root", [False, True])
def test_images_of_one_colour_give_zeros(root):
    image = np.full((1, 33, 47, 3), (13, 211, 97), np.uint8)
    assert not DenseSIFT(bin_px=(2, 4, 6), root=root).transform(image).any()


def test_descriptors_have_unit_length():
    for root in (False, True):
        found = DenseSIFT(root=root).transform(IMAGES)
        assert_allclose(np.linalg.norm(found, axis=2), 1, rtol=1e-5)
        assert (found >= 0).all()


def test_root_gives_square_roots_of_shares():
    plain, root = (DenseSIFT(root=root).transform(IMAGES) for root in (False, True))
    assert_allclose(root**2, plain / plain.sum(axis=2, keepdims=True), rtol=1e-4, atol=1e-6)


def test_settings_for_images_leave_even_tiny_ones_a_grid():
    for shape, n_rows in [((240, 320, 3), 57), ((32, 32, 3), 13), ((28, 28, 1), 11), ((8, 8, 1), 2)]:
        assert DenseSIFT.for_images(shape).grids(shape)[0].n_rows == n_rows


def test_squares_are_half_a_bin_around_the_outermost_centres():
    # Centres of the first place are 0, 4, 8, 12 and 0, 3, 6, 9.
    assert DenseSIFT(step_px=5, bin_px=(4, 3)).squares() == ((-2, 5, 17), (-1, 5, 12))


def test_it_says_how_large_its_squares_are():
    assert DenseSIFT(bin_px=(4, 6)).describe() == "gradient directions in squares of 16×16, 24×24 pixels"


def test_convention_colours_become_grey_with_the_weights_of_bt_601():
    colours = np.zeros((1, 13, 13, 3), np.uint8)
    colours[0, ::2, :, 0] = 200
    colours[0, :, ::3, 1] = 100
    colours[0, 3:9, 3:9, 2] = 255
    grey = gaussian_filter(colours[0] @ [0.299, 0.587, 0.114], smoothing_px(4), mode="nearest")
    assert_allclose(DenseSIFT().transform(colours)[0, 0], of_grey(grey, bin_px=4), rtol=1e-4, atol=1e-5)


def test_convention_images_are_smoothed_for_the_size_of_a_bin():
    assert_allclose(smoothing_px(4), math.sqrt((4 / 6) ** 2 - 0.25))
    assert smoothing_px(3) == smoothing_px(2) == 0
    image = RNG.integers(0, 256, (1, 37, 37, 1), dtype=np.uint8)
    for side in (3, 6, 12):
        sigma_px = smoothing_px(side)
        levels = image[0, ..., 0].astype(np.float64)
        grey = gaussian_filter(levels, sigma_px, mode="nearest", radius=math.ceil(4 * sigma_px))
        found = DenseSIFT(step_px=40, bin_px=(side,)).transform(image)[0, 0]
        assert_allclose(found, of_grey(grey, bin_px=side), rtol=1e-4, atol=1e-5)


def test_convention_grids_of_all_scales_begin_at_the_first_pixel():
    dot = np.zeros((1, 20, 13, 1), np.uint8)
    dot[0, 0, 0] = 255
    for side in (2, 3, 4):
        found = DenseSIFT(step_px=7, bin_px=(side,)).transform(dot)[0].reshape(-1, 4, 4, 8)
        assert found[0, 0, 0].any()
        assert not found[0, 2:].any()
        assert not found[0, :, 2:].any()
        assert not found[-1].any()


def test_convention_scales_and_places_then_bins_and_directions():
    image = np.zeros((1, 29, 37, 1), np.uint8)
    image[0, 14:, 15:30] = 200  # its upper edge, where grey levels grow downwards, is between rows 13 and 14
    found = DenseSIFT(step_px=8, bin_px=(4, 3)).transform(image)[0]
    assert len(found) == 3 * 4 + 3 * 4
    place = found[4 * 1 + 1].reshape(4, 4, 8)  # of the first scale, bins at rows 8, 12, 16, 20 and columns 8, ..., 20
    assert place[1, 3].argmax() == place[2, 3].argmax() == 2
    assert place[3, 1].argmax() == place[3, 2].argmax() == 0  # the left edge


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"root": 1.0}, SettingError, "root is 1.0; expected True or False"),
        ({"step_px": 0}, SettingError, "step_px is 0; expected a whole number from 1 to 16384"),
        ({"bin_px": (4, 1)}, SettingError, "a side in bin_px is 1; expected a whole number from 2 to 16384"),
        ({"bin_px": ()}, SettingError, r"bin_px is \(\); expected sides such as"),
        ({"bin_px": 4}, SettingError, "bin_px is 4; expected sides such as"),
        (
            {"bin_px": (4, 5)},
            ShapeError,
            "images of 15x40 pixels have no place for bins of 5 pixels; expected at least 16x16. Lower bin_px",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        DenseSIFT(**settings).fit(np.zeros((1, 15, 40, 3), np.uint8))


@pytest.mark.usefixtures("as_installed")
def test_sides_that_are_no_list_are_refused_when_described_too():
    with pytest.raises(SettingError, match="bin_px is 4; expected sides such as"):
        DenseSIFT(bin_px=4).describe()
