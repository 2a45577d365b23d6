from math import exp, log

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads
from numpy.testing import assert_allclose

from foldline.training.losses import softmax_losses, svm_losses
from strategies import scores_and_labels_NK
from tolerances import TOLERANCE

FLOAT64 = TOLERANCE[np.dtype(np.float64)]


def textbook_softmax(scores, y):  # Bishop (2006), eq. 4.108, one term a row; plain Python on purpose
    return [log(sum(map(exp, row))) - row[k] for row, k in zip(scores.tolist(), y.tolist(), strict=True)]


def textbook_svm(scores, y):  # the lecture's slide 101
    return [
        sum(max(0.0, s - row[k] + 1) for j, s in enumerate(row) if j != k)
        for row, k in zip(scores.tolist(), y.tolist(), strict=True)
    ]


def test_convention_the_margin_is_one_and_violations_are_summed():
    # The first class is true: max(0, 2.9) + max(0, -3.9), and max(0, 2.9) + max(0, 1.8).
    scores = jnp.array([[3.2, 5.1, -1.7], [3.2, 5.1, 4.0]])
    assert_allclose(svm_losses(scores, jnp.array([0, 0])), [2.9, 4.7], rtol=1e-6)


def test_softmax_loss_of_equal_scores_is_the_log_of_the_number_of_classes():
    assert_allclose(softmax_losses(jnp.full((2, 5), 7.0), jnp.array([0, 4])), np.log([5, 5]), rtol=1e-6)


@given(scores_and_labels_NK())
def test_softmax_loss_equals_the_textbook(case):
    with jax.enable_x64(True):
        assert_allclose(softmax_losses(*map(jnp.asarray, case)), textbook_softmax(*case), **FLOAT64)


@given(scores_and_labels_NK())
def test_svm_loss_equals_the_textbook(case):
    with jax.enable_x64(True):
        assert_allclose(svm_losses(*map(jnp.asarray, case)), textbook_svm(*case), **FLOAT64)


@given(scores_and_labels_NK(), st.floats(-1e3, 1e3))
def test_a_shift_of_all_scores_changes_no_loss(case, shift):
    with jax.enable_x64(True):
        scores, y = map(jnp.asarray, case)
        for losses in (softmax_losses, svm_losses):
            # Adding 1,000 to a score costs three digits of its sixteen.
            assert_allclose(losses(scores + shift, y), losses(scores, y), atol=1e-10)


def test_softmax_loss_does_not_overflow():
    assert_allclose(softmax_losses(jnp.array([[1e4, 0.0]]), jnp.array([1])), [1e4])


def test_losses_have_the_right_gradient_away_from_kinks():
    y = jnp.array([0, 2, 1])
    with jax.enable_x64(True):
        scores = jnp.array([[0.3, -1.2, 2.1], [0.4, 0.7, -0.9], [5.0, 1.1, 0.2]])
        for losses in (softmax_losses, svm_losses):
            check_grads(lambda s, losses=losses: losses(jnp.asarray(s), y), (scores,), order=1, modes=["rev"])
