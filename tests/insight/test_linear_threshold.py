from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import ShapeError
from foldline.insight import best_threshold_unit, find_separation

SQUARE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TABLES = [np.array(answers) for answers in product((False, True), repeat=4)]
XOR = np.array([False, True, True, False])


def assert_proves_that_there_is_no_unit(multipliers, X, answers):
    """Add up the demands s (w x + b) >= 1: nothing may be left of w and b, and 0 >= 1 of the rest."""
    assert (multipliers >= 0).all()
    assert multipliers.sum() == pytest.approx(1)
    signs = np.where(answers, 1, -1)
    assert_allclose((multipliers * signs) @ X, 0, atol=1e-9)
    assert (multipliers * signs).sum() == pytest.approx(0, abs=1e-9)


def test_of_the_sixteen_answers_to_two_inputs_only_xor_and_its_opposite_have_no_unit():
    impossible = []
    for answers in TABLES:
        found = find_separation(SQUARE, answers)
        if found.unit is None:
            impossible.append(answers.tolist())
            assert_proves_that_there_is_no_unit(found.multipliers, SQUARE, answers)
        else:
            assert found.multipliers is None
            assert_array_equal(found.unit(SQUARE), answers)
    assert impossible == [XOR.tolist(), (~XOR).tolist()]


def test_parity_of_three_inputs_has_no_unit_and_their_majority_has():
    cube = np.array(list(product((0.0, 1.0), repeat=3)))
    parity = cube.sum(axis=1) % 2 == 1
    assert_proves_that_there_is_no_unit(find_separation(cube, parity).multipliers, cube, parity)
    majority = cube.sum(axis=1) >= 2
    assert_array_equal(find_separation(cube, majority).unit(cube), majority)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_units_are_found_at_every_scale_and_place(scale):
    rng = np.random.default_rng(0)
    X = scale * (rng.standard_normal((40, 5)) + 100)
    answers = X[:, 0] > X[:, 1]
    assert_array_equal(find_separation(X, answers).unit(X), answers)


def test_convention_vectors_that_hardly_differ_count_as_one():
    answers = np.array([True, False, True])
    for distance, is_told_apart in ((1e-6, True), (1e-11, False)):
        X = np.array([[0, 0], [distance, 0], [1, 1]])
        assert (find_separation(X, answers).unit is not None) == is_told_apart


def test_the_best_unit_for_xor_gets_three_of_four():
    assert (best_threshold_unit(SQUARE, XOR)(SQUARE) == XOR).sum() == 3


def test_the_best_unit_gets_all_that_can_be_got():
    for answers in TABLES:
        if not (answers == XOR).all() and not (answers == ~XOR).all():
            assert_array_equal(best_threshold_unit(SQUARE, answers)(SQUARE), answers)


def test_other_numbers_of_answers_and_too_many_vectors_are_refused(as_installed):
    with pytest.raises(ShapeError, match=r"answers has shape \(3,\); expected \(4,\)"):
        find_separation(SQUARE, XOR[:3])
    with pytest.raises(ShapeError, match="X has 13 vectors .* at most 12"):
        best_threshold_unit(np.zeros((13, 2)), np.zeros(13, bool))
