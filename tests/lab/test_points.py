import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import DataError, SettingError
from foldline.lab.pages import NOTHING
from foldline.lab.points import RADIUS, SHAPES, PointTable, make_points, read_points
from foldline.lab.state import LabState


@pytest.mark.parametrize("data", SHAPES)
def test_every_data_set_has_its_points_classes_and_share_for_testing(data):
    points = make_points(LabState(data=data, classes=5, points=1000, noise=0, test=0.3))
    assert points.xy.shape == (1000, 2)
    assert points.n_classes == (2 if data in ("xor", "moons") else 5)
    assert np.bincount(points.labels).tolist() == [1000 // points.n_classes] * points.n_classes
    assert 250 <= points.is_test.sum() <= 350  # 300 and 3.5 standard deviations of 14
    assert np.abs(points.xy).max() < 1.2 * RADIUS


def test_xor_is_a_matter_of_signs():
    points = make_points(LabState(data="xor", noise=0))
    assert_array_equal(points.labels, points.xy[:, 0] * points.xy[:, 1] < 0)


def test_circles_have_one_radius_each():
    points = make_points(LabState(data="circles", noise=0, classes=3))
    assert_allclose(np.hypot(*points.xy.T), np.array([0.5, 1.5, 2.5])[points.labels], rtol=1e-6)


def test_arms_of_a_spiral_are_turned_copies():
    points = make_points(LabState(noise=0, classes=4))
    radius, angle = np.hypot(*points.xy.T), np.arctan2(points.xy[:, 1], points.xy[:, 0])
    expected = 4 * radius / 2.5 + np.pi / 2 * points.labels
    assert_allclose(np.cos(angle - expected), 1, rtol=1e-5)


@given(st.sampled_from(list(SHAPES)), st.integers(0, 2**32 - 1))
def test_convention_noise_moves_points_straight_away(data, seed):
    state = LabState(data=data, seed=seed, points=20)
    at = [make_points(replace(state, noise=noise)).xy for noise in (0.0, 0.5, 1.0)]
    assert_allclose(at[2] - at[1], at[1] - at[0], atol=1e-5)
    assert np.ptp(at[1] - at[0], axis=0).min() > 0


def test_convention_points_for_testing_stay_so_with_a_larger_share():
    few, many = (make_points(LabState(test=share)).is_test for share in (0.2, 0.5))
    assert few.sum() < many.sum()
    assert (many[few]).all()


def test_one_point_is_always_left_to_learn_from():
    for seed in range(20):
        assert not make_points(LabState(points=2, test=0.9, seed=seed)).is_test.all()


def test_clicked_points_are_where_they_were_clicked():
    points = make_points(LabState(data="points", classes=2, clicked=((-123, 45, 0), (600, 0, 3))))
    assert_allclose(points.xy, [[-1.23, 0.45], [6, 0]], rtol=1e-6)
    assert points.labels.tolist() == [0, 3]
    assert points.n_classes == 4
    assert len(make_points(LabState(data="points")).labels) == 0


def test_a_file_is_read_and_scaled():
    file = read_points("length,width,kind\n1,10,cat\n3,30,dog\n\n", name="a.csv")
    assert_allclose(file.numbers, [[-1, -1], [1, 1]])
    assert file.columns == ("length", "width")
    assert file.labels.tolist() == [0, 1]
    assert file.class_names == ("cat", "dog")
    points = make_points(LabState(data="csv"), file)
    assert points.class_names == ("cat", "dog")
    assert points.axes == ("length", "width")
    bare = read_points("1,10,cat\n3,30,dog", name="a.csv")
    assert_array_equal(bare.numbers, file.numbers)
    assert bare.columns == ("x", "y")


IRIS = """sepal length,sepal width,petal length,petal width,species
5.1,3.5,1.4,0.2,setosa
7,3.2,4.7,1.4,versicolor
6.3,3.3,6,2.5,virginica
"""


def test_two_of_more_columns_are_the_points():
    file = read_points(IRIS, name="iris.csv")
    assert file.columns == ("sepal length", "sepal width", "petal length", "petal width")
    points = make_points(LabState(data="csv", columns=(3, 0)), file)
    assert points.axes == ("petal width", "sepal length")
    petals, sepals = np.array([0.2, 1.4, 2.5]), np.array([5.1, 7, 6.3])
    assert_allclose(points.middle, [petals.mean(), sepals.mean()])
    assert_allclose(points.xy * points.unit + points.middle, np.stack([petals, sepals], axis=1), rtol=1e-6)
    assert points.class_names == ("setosa", "versicolor", "virginica")


def test_columns_without_headings_are_counted():
    file = read_points("\n".join(IRIS.splitlines()[1:]), name="iris.csv")
    assert file.columns == ("column 1", "column 2", "column 3", "column 4")
    assert read_points(IRIS.replace("sepal width", ""), name="f").columns[:2] == ("sepal length", "column 2")


def test_a_file_goes_through_json_as_it_is():
    file = read_points(IRIS, name="iris.csv")
    back = PointTable.from_json(json.loads(json.dumps(file.to_json())))
    assert vars(back).keys() == vars(file).keys()
    for name, value in vars(file).items():
        assert_array_equal(getattr(back, name), value)


def test_small_pictures_get_some_rows_and_columns():
    rows = "".join(",".join(str(i * j % 11) for j in range(1, 11)) + f",{i % 2}\n" for i in range(400))
    shown = read_points(rows, name="f").shown()
    assert (len(shown["rows"]), len(shown["rows"][0]), len(shown["labels"]), len(shown["columns"])) == (150, 8, 150, 10)


@pytest.mark.parametrize("columns", [(0, 4), (1, 1)])
def test_columns_that_a_file_has_not_are_refused(columns):
    with pytest.raises(SettingError, match="there are 4 columns of numbers; expected two different ones, counted"):
        make_points(LabState(data="csv", columns=columns), read_points(IRIS, name="iris.csv"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.csv has 0 points; expected 2 to 5,000"),
        ("1,2,a\n" * 5001, "a.csv has 5,001 points"),
        ("1,2,a\n1,2\n", "a.csv has '1,2' in line 2; expected two finite numbers and a class"),
        ("1,2,a\nnan,2,b\n", "a.csv has 'nan,2,b' in line 2"),
        ("1o,2,a\n1,2,a\n3,4,b\n", "a.csv has '1o,2,a' in line 1; expected two finite numbers"),
        ("nan,2,q\n1,2,a\n3,4,b\n", "a.csv has 'nan,2,q' in line 1; expected two finite numbers"),
        ("1,2,a\n", "a.csv has 1 point; expected 2 to 5,000"),
        ("1,2,a\n2,3,a\n", "a.csv has 1 class; expected 2 to 8"),
        ("1,2,a\n2,3, \n", "a.csv has '2,3, ' in line 2; expected two finite numbers and a class"),
        ("1,2,a\n1_0,3,b\n", "a.csv has '1_0,3,b' in line 2"),
        ('1,2,"a\nb"\n1,x,b\n', "a.csv has '1,x,b' in line 3"),
        ("1,2,a\r1,x,b\r", "a.csv has '1,x,b' in line 2"),
        ("1,2,a\n1,3,b\n", "a column that cannot be scaled, x; expected numbers that differ"),
        ("a,b,c,d\n1,2,3,u\n2,5,3,v\n", "a column that cannot be scaled, c;"),
        ("1,2,3,a\n1,2,b\n", "a.csv has '1,2,b' in line 2; expected 3 finite numbers and a class"),
        ("a,b,c,kind\n1,red,3,u\n", "a.csv has 1 point"),
        ("a,b,c,kind\n1,red,3,u\n2,5,3,v\n", "a.csv has '1,red,3,u' in line 2; expected 3 finite numbers"),
        (",".join("1" * 66) + "\n", "a.csv has 65 columns before the last; expected 2 to 64 of numbers"),
        ("0.1,1,a\n0.1,2,b\n0.1,3,b\n", "a column that cannot be scaled"),
        ("1e308,2,a\n-1e308,3,b\n", "a column that cannot be scaled"),
        ('1,2,"a\n2,3,b' + "x" * 200_000, "a.csv is no CSV"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(text, message):
    with pytest.raises(DataError, match=message):
        read_points(text, name="a.csv")


def test_without_a_file_there_are_no_points_of_one():
    with pytest.raises(SettingError, match="no CSV file was given"):
        NOTHING.table(LabState(data="csv"))
