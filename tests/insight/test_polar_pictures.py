import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import make_circles

from foldline.core.errors import DataError
from foldline.features import Polar
from foldline.insight import polar_boundary

X, Y = make_circles(120, noise=0.05, factor=0.4, random_state=0)


@pytest.fixture(scope="module")
def found():
    return polar_boundary(X, Y)


def test_a_line_of_radius_and_angle_parts_rings_and_none_of_the_plane_does(found):
    assert found.polar_accuracy == 1.0
    assert found.plain_accuracy < 0.7


def test_both_classes_lead_alike_along_the_line(found):
    assert_allclose(np.column_stack([found.line, np.ones(len(found.line))]) @ found.weights, 0, atol=1e-9)


def test_the_curve_is_the_line_in_the_plane(found):
    there = Polar().fit_transform(found.curve[1:-1])
    assert_allclose(there, found.line[1:-1], atol=1e-5)


def test_the_curve_lies_between_the_rings(found):
    radii = np.hypot(*X.T)
    assert radii[Y == 1].max() < np.nanmin(found.line[:, 0])
    assert np.nanmax(found.line[:, 0]) < radii[Y == 0].min()


def test_three_panels_are_drawn(found, assert_golden):
    assert_golden(found.picture(), "polar")


def test_titles_tell_of_the_points_that_are_given():
    rng = np.random.default_rng(0)
    points, labels = rng.uniform(-1, 1, (60, 2)), np.arange(60) % 2
    titles = [axes.get_title("left") for axes in polar_boundary(points, labels).picture().axes]
    assert (titles[0].split(":")[0], titles[1]) == ("no line parts them", "as (r, theta), none does")
    titles = [axes.get_title("left") for axes in polar_boundary(points + 4 * labels[:, None], labels).picture().axes]
    assert (titles[0].split(":")[0], titles[1]) == ("a line parts them", "as (r, theta), a line does")


def test_two_classes_are_wanted():
    with pytest.raises(DataError, match="y has 3 classes; expected 2"):
        polar_boundary(X, np.arange(120) % 3)
