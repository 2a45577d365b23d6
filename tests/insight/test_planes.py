import numpy as np
import pytest
from numpy.testing import assert_allclose

from foldline.core.errors import DataError, SettingError, ShapeError
from foldline.insight import Plane

X = np.random.default_rng(0).standard_normal((20, 7))


def test_a_plane_goes_through_its_three_points():
    plane = Plane.through(X[:3])
    points = plane.coordinates(X[:3])
    assert_allclose(plane.at(points), X[:3], atol=1e-12)
    assert_allclose(points[0], 0, atol=1e-12)
    assert_allclose(points[1, 1], 0, atol=1e-12)
    assert_allclose(plane.axes.T @ plane.axes, np.eye(2), atol=1e-12)


def test_distances_on_a_plane_are_those_of_the_space():
    points = Plane.through(X[:3]).coordinates(X[:3])
    assert np.linalg.norm(points[2] - points[1]) == pytest.approx(np.linalg.norm(X[2] - X[1]))


def test_the_principal_plane_is_nearest_to_all_rows():
    plane = Plane.principal(X)
    _, strengths, _ = np.linalg.svd(X - X.mean(axis=0))
    off = X - plane.at(plane.coordinates(X))
    assert (off**2).sum() == pytest.approx((strengths[2:] ** 2).sum())


def test_windows_leave_a_quarter_beyond_the_points():
    assert Plane.around(np.array([[0.0, 0.0], [4.0, 8.0]])).window == (-1.0, 5.0, -2.0, 10.0)


def test_points_on_one_line_are_refused():
    line = X[0] + np.outer([0.0, 1.0, 2.5], X[1])
    with pytest.raises(DataError, match="lie on one line"):
        Plane.through(line)
    with pytest.raises(DataError, match="lie on one line"):
        Plane.principal(line)


def test_points_that_are_the_same_are_refused():
    with pytest.raises(DataError, match="two of the three points of the plane are the same"):
        Plane.through(X[[0, 1, 0]])
    with pytest.raises(DataError, match="X has 2 rows; expected at least 3"):
        Plane.principal(X[:2])
    with pytest.raises(DataError, match="no extent in one direction"):
        Plane.around(np.array([[0.0, 0.0], [1.0, 0.0]]))


def test_points_that_are_no_numbers_are_refused():
    with pytest.raises(DataError, match="hold NaN or infinity"):
        Plane.through(np.where(X[:3] > 0, X[:3], np.nan))


def test_vectors_of_another_shape_are_refused():
    with pytest.raises(ShapeError, match="Give three vectors"):
        Plane.through(X[:4])
    with pytest.raises(ShapeError, match="Give vectors of the plane's space"):
        Plane.through(X[:3]).coordinates(X[:, :5])
    with pytest.raises(ShapeError, match="Give points of the plane"):
        Plane.through(X[:3]).at(X)


@pytest.mark.parametrize("window", [(1.0, -1.0, 0.0, 1.0), (0.0, 1.0, 1.0, 1.0)])
def test_windows_that_are_none_are_refused(window):
    with pytest.raises(SettingError, match="clearly above the smaller. Exchange ends"):
        Plane.whole(window)
    with pytest.raises(SettingError, match="an end of window is nan"):
        Plane.whole((float("nan"), 1.0, 0.0, 1.0))


@pytest.mark.parametrize(
    "window",
    [
        (0.0, 0.0, -1.0, 1.0),
        (1.0, 0.0, -1.0, 1.0),
        (1e9, 1e9 + 1e-3, 0.0, 1.0),
        (0.0, 1.0, 1e20, 1e20),
        (0.0, 1e-300, 0.0, 1.0),
    ],
)
def test_windows_too_narrow_for_exact_corners_are_refused(window):
    with pytest.raises(SettingError, match="clearly above the smaller. Exchange ends, or look at a wider window"):
        Plane.whole(window)


def test_windows_as_narrow_as_told_are_taken():
    assert Plane.whole((1e9, 1e9 + 2, -1e-30, 1e-30)).window[0] == 1e9


@pytest.mark.parametrize("window", [(0.0, 1.0, 2.0), None, 3.0])
def test_a_window_has_four_ends(as_installed, window):
    with pytest.raises(SettingError, match="Give four numbers"):
        Plane.whole(window)


def test_axes_of_another_space_than_the_origins_are_refused(as_installed):
    with pytest.raises(ShapeError, match="axes has shape .2, 2.; expected .3, 2."):
        Plane(origin=np.zeros(3), axes=np.eye(2), window=(0.0, 1.0, 0.0, 1.0))


def test_how_small_the_numbers_are_does_not_make_points_the_same():
    assert_allclose(Plane.through(1e-12 * X[:3]).axes, Plane.through(X[:3]).axes, atol=1e-9)


def test_no_points_are_refused():
    with pytest.raises(DataError, match="there are no points"):
        Plane.around(np.zeros((0, 2)))
    with pytest.raises(DataError, match="X has 0 rows; expected at least 3"):
        Plane.principal(np.zeros((0, 2)))
