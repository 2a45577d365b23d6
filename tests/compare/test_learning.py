import json

import numpy as np
import pytest

import foldline as fl
from foldline.compare.learned import LearningCurves, Point
from foldline.compare.learning import FAMILIES, _rows
from foldline.compare.recipes import choose_recipes
from foldline.compare.swept import Spread
from foldline.core.errors import DataError, SettingError


@pytest.fixture(scope="module")
def digits():
    images = fl.load_images("digits")
    return images.subset(np.arange(400))


@pytest.fixture(scope="module")
def found(digits):
    return fl.learning_curves(digits, recipes=["raw/softmax", "raw/ridge"], shares=[1.0, 0.1], seeds=2)


def test_shares_ascend_for_every_recipe(found):
    assert [(p.recipe, p.share) for p in found.points] == [
        ("raw/softmax", 0.1),
        ("raw/softmax", 1.0),
        ("raw/ridge", 0.1),
        ("raw/ridge", 1.0),
    ]
    assert found.points[0].n_train < found.points[1].n_train
    assert found.recipes == {"raw/softmax": "raw pixels, softmax", "raw/ridge": "raw pixels, ridge"}


def test_all_of_the_images_give_what_compare_gives(digits, found):
    board = fl.compare(digits, recipes=["raw/softmax"], seeds=1)
    again = fl.learning_curves(digits, recipes=["raw/softmax"], shares=[1.0], seeds=1)
    assert again.points[0].accuracy.mean == board.best.test_accuracy.mean


def test_more_images_are_better_and_seeds_differ(found):
    few, many = found.points[:2]
    assert few.accuracy.mean < many.accuracy.mean
    assert few.accuracy.std > 0  # other images with each seed


def test_convention_a_share_is_rounded_up_in_every_class_and_lies_in_larger_ones():
    labels = np.repeat([0, 1, 2], [100, 10, 3])
    small, large = _rows(labels, 0.1, seed=3), _rows(labels, 0.25, seed=3)
    assert np.bincount(labels[small]).tolist() == [10, 1, 1]
    assert np.bincount(labels[large]).tolist() == [25, 3, 1]
    assert set(small) < set(large)
    assert not np.array_equal(small, _rows(labels, 0.1, seed=4))


def test_what_is_known_so_far_is_told_after_each_share(digits):
    told = []
    fl.learning_curves(digits, recipes=["raw/ridge"], shares=[0.1, 0.5], watch=told.append)
    assert [len(known.points) for known in told] == [1, 2]
    assert [(known.n_done, known.n_planned) for known in told] == [(1, 2), (2, 2)]


def test_one_of_each_kind_is_trained_by_default():
    for is_grey in (True, False):
        keys = [key.replace("hog+color", "hog") if is_grey else key for key in FAMILIES]
        assert [recipe.key for recipe in choose_recipes(keys, is_grey=is_grey)[0]] == keys


def test_files_hold_every_point(found, tmp_path):
    numbers, picture = found.save(tmp_path)
    summary = json.loads(numbers.read_text())
    assert summary["points"]["n_train"] == [point.n_train for point in found.points]
    assert summary["verdict"] == found.verdict
    assert summary["done"] == summary["planned"] == found.n_planned
    assert picture.stat().st_size > 10_000


def curves(*accuracies):
    """Recipes a and b on 10, 100 and 1,000 images."""
    points = [
        Point(recipe, recipe.upper(), share, n, Spread(value, 0.0), 1.0)
        for recipe, values in zip("ab", accuracies, strict=True)
        for share, n, value in zip((0.01, 0.1, 1.0), (10, 100, 1000), values, strict=True)
    ]
    return LearningCurves(
        points=tuple(points), failures=(), n_test=50, source="", n_seeds=1, n_done=1, n_planned=1, environment={}
    )


@pytest.mark.parametrize(
    ("accuracies", "verdict"),
    [
        (
            ([0.5, 0.6, 0.7], [0.3, 0.5, 0.9]),
            "With 10 to 100 training images A is ahead (50.0% to 60.0%); with 1,000 training images B is ahead "
            "(90.0%), on 50 test images.",
        ),
        (
            ([0.5, 0.6, 0.7], [0.3, 0.5, 0.6]),
            "With 10 to 1,000 training images A is ahead (50.0% to 70.0%), on 50 test images.",
        ),
    ],
)
def test_the_verdict_says_who_is_ahead_with_how_many(accuracies, verdict):
    assert curves(*accuracies).verdict == verdict


def test_a_recipe_that_fails_is_told_beside_those_that_do_not(digits):
    found = fl.learning_curves(digits, recipes=["raw/ridge", "alexnet"], shares=[0.2])
    assert [point.recipe for point in found.points] == ["raw/ridge"]
    assert found.failures[0].startswith("alexnet on 20%: image_shape is (8, 8, 1); expected at least")
    with pytest.raises(DataError, match="nothing could be trained; expected one recipe at least. The first said: alex"):
        fl.learning_curves(digits, recipes=["alexnet"], shares=[0.2])


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"shares": []}, r"shares is \[\]; expected a list of numbers"),
        ({"shares": 0.5}, "shares is 0.5; expected a list"),
        ({"shares": [0.0]}, "a share is 0.0; expected a number above 0"),
        ({"shares": [1.5]}, "a share is 1.5"),
        ({"seeds": 0}, "seeds is 0"),
        ({"recipes": ["none"]}, "recipes names 'none'"),
    ],
)
def test_settings_outside_their_range_are_told(digits, settings, message):
    with pytest.raises(SettingError, match=message):
        fl.learning_curves(digits, **{"recipes": ["raw/ridge"], **settings})


def test_shares_of_as_many_images_are_trained_on_once():
    few = fl.load_images("digits").subset(np.arange(60))
    found = fl.learning_curves(few, recipes=["raw/ridge"], shares=[0.01, 0.02, 0.05, 1.0])
    assert [(point.share, point.n_train) for point in found.points] == [(0.05, 10), (1.0, len(few) - 14 - 7)]


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_set": None}, "image_set is a NoneType; expected an ImageSet"),
        ({"watch": 3}, "watch is 3; expected a function"),
        ({"recipes": [fl.MLPClassifier()]}, r"recipes holds MLPClassifier\(\); expected keys or recipes"),
    ],
)
def test_other_kinds_of_arguments_are_told(digits, arguments, message):
    with pytest.raises(SettingError, match=message):
        fl.learning_curves(**{"image_set": digits, "recipes": ["raw/ridge"], **arguments})


def test_every_axis_of_the_picture_has_a_number():
    for axes in curves([0.5, 0.6, 0.7], [0.3, 0.5, 0.9]).picture().axes:
        axes.set_xlim(2.2, 8.8)  # no power of ten
        axes.figure.canvas.draw()
        shown = [label.get_text() for label in axes.get_xticklabels() if 2.2 <= label.get_position()[0] <= 8.8]
        assert "5" in shown
