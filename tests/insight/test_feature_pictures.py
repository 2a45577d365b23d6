import numpy as np
import pytest
from numpy.testing import assert_allclose

from foldline.core.errors import SettingError
from foldline.features import HOG, ColorHistogram
from foldline.insight import color_histogram_picture, concatenation_picture, hog_picture, oriented_cells, telling_cells
from image_files import noise


def scene():
    """Noise at the left, a slanted edge at the right, nothing in the middle."""
    image = np.full((48, 64, 3), 90, np.uint8)
    image[:, :16] = noise(48, 16, 3)
    rows, cols = np.indices((48, 64))
    image[(cols > 48) & (rows + cols > 78)] = 250
    return image


def test_cells_are_the_plain_histograms_whatever_the_blocks():
    image = scene()
    cells = oriented_cells(image, HOG(block_cells=2))
    assert cells.shape == (6, 8, 9)
    assert_allclose(cells.ravel(), HOG(block_cells=None).fit_transform(image[None])[0])


def test_telling_cells_are_an_edge_noise_and_nothing():
    cells = np.full((4, 5, 9), 0.1, np.float32)
    cells[1, 2] = 3.0
    cells[3, 4, 2] = 20.0
    cells[0, 0] = 0.0
    assert telling_cells(cells)[:2] == [(3, 4), (1, 2)]
    assert cells[telling_cells(cells)[2]].sum() < 1


def test_gradients_are_drawn(assert_golden):
    assert_golden(hog_picture(scene()), "hog")


def test_grey_images_and_signed_directions_are_drawn():
    figure = hog_picture(scene()[..., :1], HOG(n_orientations=18, signed=True))
    assert figure.axes[1].get_title(loc="left") == "8 x 6 cells x 18 directions = 864 numbers"


def test_an_image_without_edges_is_drawn():
    figure = hog_picture(np.full((16, 16, 3), 7, np.uint8))
    assert figure.axes[2].get_ylim() == (0, 1.05)


def test_colours_are_drawn_in_their_colours():
    figure = color_histogram_picture(np.broadcast_to(np.array([255, 0, 0], np.uint8), (4, 4, 3)))
    first = figure.axes[1].patches[0]
    assert first.get_height() == 100
    assert_allclose(first.get_facecolor()[:3], [0.875, 0.125, 0.125])


def test_features_are_drawn_side_by_side_as_long_as_they_are():
    figure = concatenation_picture([ColorHistogram(n_bins=2), HOG(block_cells=None)], scene())
    axes = figure.axes[0]
    assert axes.get_title(loc="left") == "one vector of 440 numbers"
    assert [text.get_text() for text in axes.texts] == ["colour: 8", "HoG: 432"]


def test_no_features_are_refused():
    with pytest.raises(SettingError, match="features is empty; expected one or more"):
        concatenation_picture([], scene())
