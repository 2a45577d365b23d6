import numpy as np
import pytest

from foldline.core.checks import axes, boolean, choice, integer, number
from foldline.core.errors import SettingError, ShapeError


def test_axes_gives_the_lengths():
    assert axes(np.zeros((2, 3, 5, 3)), "n h w 3", name="images", fix="") == (2, 3, 5, 3)


@pytest.mark.parametrize(("shape", "pattern"), [((32, 32, 3), "n h w c"), ((1, 2, 3, 4), "n h w 3"), ((), "n")])
def test_axes_refuses_another_shape_and_says_what_to_do(shape, pattern):
    with pytest.raises(ShapeError) as caught:
        axes(np.zeros(shape), pattern, name="images", fix="Add a batch axis.")
    wanted = ", ".join(pattern.split())
    assert str(caught.value) == f"images has shape {shape}; expected ({wanted}). Add a batch axis."


def test_axes_refuses_what_is_no_array():
    with pytest.raises(ShapeError, match=r"images is a list; expected an array of shape \(n, h, w, c\)\. Convert it\."):
        axes([[1, 2]], "n h w c", name="images", fix="Convert it.")


def test_choice_lists_what_there_is():
    with pytest.raises(SettingError, match="loss is 'hinge'; expected one of 'softmax', 'svm'"):
        choice("hinge", ("softmax", "svm"), name="loss")


@pytest.mark.parametrize("value", [0, -3, 2.5, "7", True, None, 11])
def test_integer_refuses_what_is_no_whole_number_in_range(value):
    with pytest.raises(SettingError, match=r"epochs is .*; expected a whole number from 1 to 10"):
        integer(value, name="epochs", low=1, high=10)


def test_integer_takes_numpy_integers():
    assert type(integer(np.int64(3), name="epochs", low=1)) is int


@pytest.mark.parametrize("value", [0.0, -1, 1.0, float("nan"), float("inf"), "0.5", True])
def test_number_refuses_what_is_outside_an_open_range(value):
    with pytest.raises(SettingError, match=r"momentum is .*; expected a number above 0 and below 1"):
        number(value, name="momentum", low=0, high=1, above=True, below=True)


def test_number_refuses_a_whole_number_beyond_all_floats():
    with pytest.raises(SettingError, match="expected a number at least 0 and at most 1"):
        number(10**400, name="x", low=0.0, high=1.0)


def test_number_takes_the_ends_of_a_closed_range():
    assert (number(0, name="l2", low=0, high=1), number(1, name="l2", low=0, high=1)) == (0.0, 1.0)


@pytest.mark.parametrize("value", [True, False, np.True_, np.False_])
def test_boolean_takes_true_and_false(value):
    assert boolean(value, name="root") is bool(value)


@pytest.mark.parametrize("value", [1, 0.0, "no", None, np.int64(1)])
def test_boolean_refuses_what_is_only_like_them(value):
    with pytest.raises(SettingError, match="root is .*; expected True or False. Change root."):
        boolean(value, name="root")


def test_axes_takes_a_number_in_the_pattern_for_no_name():
    with pytest.raises(ShapeError, match=r"expected \(108.0\)"):
        axes(np.zeros(3), "108.0", name="words", fix="Give words.")
