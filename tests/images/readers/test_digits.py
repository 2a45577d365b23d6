import numpy as np
from numpy.testing import assert_array_equal
from sklearn.datasets import load_digits

from foldline.images.readers import digits


def test_digits_are_those_of_scikit_learn():
    source = digits.read()
    theirs = load_digits()
    assert source.images.shape == (1797, 8, 8, 1)
    assert_array_equal(source.labels, theirs.target)
    assert source.class_names == tuple("0123456789")
    assert source.partition is None


def test_convention_grey_levels_0_to_16_become_0_to_255():
    # 255 * 8 / 16 = 127.5, which rounds to the even 128.
    levels = load_digits().images
    pixels = digits.read().images[..., 0]
    assert [np.unique(pixels[levels == level]).tolist() for level in (0, 4, 8, 15, 16)] == [
        [0],
        [64],
        [128],
        [239],
        [255],
    ]
