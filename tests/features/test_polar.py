import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose

from foldline.core.errors import DataError
from foldline.estimators import LinearClassifier
from foldline.features import Polar

POINTS = hnp.arrays(np.float32, (5, 2), elements=st.floats(-100, 100, width=32))


@given(POINTS)
def test_r_and_theta_lead_back_to_the_point(points):
    r, theta = Polar().fit_transform(points).T
    assert_allclose(np.stack([r * np.cos(theta), r * np.sin(theta)], axis=1), points, rtol=1e-4, atol=1e-4)


@given(POINTS, st.floats(-3, 3))
def test_turning_the_plane_changes_theta_alone(points, angle):
    turned = points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    before, after = Polar().fit_transform(points), Polar().fit_transform(turned)
    assert_allclose(after[:, 0], before[:, 0], rtol=1e-4, atol=1e-4)


def test_rings_become_separable_by_a_line():
    rng = np.random.default_rng(0)
    radius, angle = np.repeat([1.0, 3.0], 200) + rng.normal(0, 0.2, 400), rng.uniform(-np.pi, np.pi, 400)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    labels = np.repeat([0, 1], 200)
    in_plane, in_polar = (
        LinearClassifier(epochs=60, l2=0.0).fit(X, labels).score(X, labels)
        for X in (points, Polar().fit_transform(points))
    )
    assert in_plane < 0.7
    assert in_polar == 1.0


@pytest.mark.parametrize(
    ("point", "r", "theta"),
    [
        ((3, 4), 5, np.arctan2(4, 3)),
        ((-2, 0), 2, np.pi),
        ((-2, -0.0), 2, np.pi),
        ((0, -1), 1, -np.pi / 2),
        ((-0.0, 0), 0, 0),
    ],
)
def test_convention_theta_is_in_minus_pi_to_pi_and_zero_at_the_origin(point, r, theta):
    assert_allclose(Polar().fit_transform(np.array([point], np.float32)), [[r, theta]], rtol=1e-6)


def test_convention_further_columns_stay():
    points = np.array([[0, 1, 7, 8]], np.float32)
    assert_allclose(Polar().fit_transform(points)[:, 2:], [[7, 8]])


@pytest.mark.usefixtures("as_installed")
def test_columns_are_named():
    frame = pd.DataFrame({"x": [1.0, 2.0], "y": [0.0, 1.0], "size": [5.0, 6.0]})
    out = Polar().set_output(transform="pandas").fit_transform(frame)
    assert list(out.columns) == ["r", "theta", "size"]


def test_a_single_column_is_refused():
    with pytest.raises(DataError, match=r"X has 1 feature\(s\)"):
        Polar().fit(np.zeros((3, 1), np.float32))
