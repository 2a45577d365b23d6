import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from foldline.features._grey import fill_grey, gaussian, smooth

RNG = np.random.default_rng(0)


def test_grey_levels_of_one_channel_are_the_image_itself():
    image, grey = RNG.integers(0, 256, (5, 7, 1), dtype=np.uint8), np.empty((5, 7), np.float32)
    fill_grey(image, grey)
    assert (grey == image[..., 0]).all()


@given(st.integers(1, 20), st.integers(1, 40), st.sampled_from([0, 0.2, 0.44, 1, 3]))
def test_smoothing_is_a_sum_over_neighbours_with_borders_repeated(height, width, sigma_px):
    image = np.random.default_rng(0).uniform(0, 255, (height, width)).astype(np.float32)
    reach = math.ceil(4 * sigma_px)
    weights = [math.exp(-0.5 * (d / max(sigma_px, 1e-9)) ** 2) for d in range(-reach, reach + 1)]
    weights = np.array(weights) / sum(weights)
    padded = np.pad(image.astype(np.float64), reach, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (len(weights), len(weights)))
    out = np.empty_like(image)
    smooth(image, gaussian(sigma_px), out)
    assert_allclose(out, np.einsum("yxij,i,j->yx", windows, weights, weights), rtol=1e-5)
