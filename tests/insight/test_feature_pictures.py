import numpy as np
import pytest
from numpy.testing import assert_allclose

from foldline.core.errors import SettingError
from foldline.features import HOG, ColorHistogram, Pixels
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


class AboveAHundred(Pixels):
    """A feature with numbers below 0."""

    def _fill(self, images, out):
        out[:] = images.reshape(out.shape).astype(np.float32) - 100


def skylines(features, row):
    figure = concatenation_picture(features, np.array(row, np.uint8)[None, :, None])
    return [patch.get_data() for patch in figure.axes[0].patches], figure.axes[0]


def test_numbers_below_zero_go_down_and_the_last_is_as_wide_as_the_others():
    (first, second), axes = skylines([AboveAHundred(), Pixels()], [50, 200, 100])
    assert_allclose(first.values, [0, 1, 0])
    assert_allclose(first.baseline, [-0.5, 0, 0])
    assert first.edges.tolist() == [0, 1, 2, 3]
    assert_allclose(second.values, [0.25, 1, 0.5])
    assert second.edges.tolist() == [3, 4, 5, 6]
    assert axes.get_ylim()[0] < min(text.get_position()[1] for text in axes.texts) < -0.5


def test_each_step_of_a_long_vector_stands_for_its_largest_and_its_least_number():
    row = [100] * 600 + [0]
    row[2:4] = [50, 200]
    (steps,), _ = skylines([AboveAHundred()], row)
    assert_allclose(steps.values, [0, 1] + [0] * 299)
    assert_allclose(steps.baseline, [0, -0.5] + [0] * 298 + [-1])
    assert steps.edges.tolist() == [*range(0, 601, 2), 601]


def test_no_features_are_refused():
    with pytest.raises(SettingError, match="features is empty; expected one or more"):
        concatenation_picture([], scene())
