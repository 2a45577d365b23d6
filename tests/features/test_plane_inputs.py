import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import DataError, SettingError
from foldline.features import PlaneInputs, Polar

ALL = ("x", "y", "x2", "y2", "xy", "sinx", "siny", "r", "angle")


def test_all_functions_of_a_point_on_paper():
    found = PlaneInputs(inputs=ALL).fit_transform(np.array([[-3.0, 4.0]]))
    angle = np.pi - np.arctan(4 / 3)
    assert_allclose(found, [[-3, 4, 9, 16, -12, np.sin(-3), np.sin(4), 5, angle]], rtol=1e-6)


def test_distance_and_angle_are_those_of_polar():
    points = np.random.default_rng(0).normal(size=(50, 2))
    assert_allclose(PlaneInputs(inputs=("r", "angle")).fit_transform(points), Polar().fit_transform(points), rtol=1e-5)


def test_columns_come_in_the_order_asked_for_and_have_names():
    feature = PlaneInputs(inputs=("y", "x")).fit(np.zeros((1, 2)))
    assert_array_equal(feature.transform(np.array([[1.0, 2.0]])), [[2, 1]])
    assert feature.get_feature_names_out().tolist() == ["y", "x"]


def test_convention_further_columns_are_left_out():
    assert_array_equal(PlaneInputs().fit_transform(np.array([[1.0, 2.0, 7.0]])), [[1, 2]])


def test_convention_the_scale_is_applied_before_rounding():
    years = np.array([[2024.001, 1e8 + 1], [2024.003, 1e8 - 3]])  # float32 tells neither apart
    found = PlaneInputs(middle=(2024.0, 1e8), unit=(0.001, 2.0)).fit_transform(years)
    assert_allclose(found, [[1, 0.5], [3, -1.5]], rtol=1e-6)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"inputs": ()}, "inputs is \\(\\); expected some of x, y, x2"),
        ({"inputs": "xy"}, "inputs is 'xy'; expected some of"),
        ({"inputs": ("x", "z")}, "an entry of inputs is 'z'; expected one of 'x', 'y'"),
        ({"middle": (0,)}, "middle is \\(0,\\); expected two numbers, of x and y. Change middle."),
        ({"middle": (0, "1")}, "an entry of middle is '1'; expected a number"),
        ({"unit": (1, 0)}, "an entry of unit is 0; expected a number above 0"),
    ],
)
def test_settings_outside_their_range_are_refused(settings, message):
    with pytest.raises(SettingError, match=message):
        PlaneInputs(**settings).fit(np.zeros((1, 2)))


def test_a_single_column_is_refused():
    with pytest.raises(DataError, match=r"X has 1 feature\(s\)"):
        PlaneInputs().fit(np.zeros((3, 1)))
