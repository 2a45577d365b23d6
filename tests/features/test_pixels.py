import numpy as np
from numpy.testing import assert_array_equal

from foldline.features import Pixels


def test_convention_pixels_are_v_over_255_row_by_row_with_channels_side_by_side():
    image = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3) * 23
    assert_array_equal(Pixels().transform(image), (np.arange(12) * 23)[None].astype(np.float32) / np.float32(255))


def test_black_is_zero_and_white_is_one():
    assert_array_equal(Pixels().transform(np.array([0, 255], np.uint8).reshape(1, 1, 2, 1)), [[0, 1]])
