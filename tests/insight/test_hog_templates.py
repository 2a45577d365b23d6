import numpy as np
import pytest
from numpy.testing import assert_array_equal

from foldline.core.errors import ShapeError
from foldline.features import HOG
from foldline.insight import hog_templates


def test_a_cell_has_the_weights_of_all_blocks_it_belongs_to():
    feature = HOG(cell_px=2, n_orientations=3)
    (cells,) = hog_templates(np.ones((1, 2 * 3 * 4 * 3)), feature=feature, image_shape=(6, 8, 1))
    assert_array_equal(cells[..., 0], [[1, 2, 2, 1], [2, 4, 4, 2], [1, 2, 2, 1]])
    assert_array_equal(cells[..., 0], cells[..., 2])


def test_one_weight_lands_in_its_cell_and_direction():
    feature = HOG(cell_px=2, n_orientations=3)
    W = np.zeros((2, 2 * 3 * 4 * 3))
    # Of the second unit: block (1, 2), its lower left cell, direction 1.
    W[1].reshape(2, 3, 2, 2, 3)[1, 2, 1, 0, 1] = -5
    cells = hog_templates(W, feature=feature, image_shape=(6, 8, 1))
    assert_array_equal(np.argwhere(cells), [[1, 2, 2, 1]])
    assert cells[1, 2, 2, 1] == -5


def test_without_blocks_weights_are_those_of_the_cells():
    feature = HOG(cell_px=2, block_cells=None)
    W = np.arange(12.0 * 9)[None]
    assert_array_equal(hog_templates(W, feature=feature, image_shape=(6, 8, 1)).ravel(), W[0])


def test_weights_of_another_feature_are_refused():
    with pytest.raises(ShapeError, match=r"W has shape \(1, 35\); expected \(t, 36\)"):
        hog_templates(np.zeros((1, 35)), feature=HOG(cell_px=4), image_shape=(8, 8, 1))
