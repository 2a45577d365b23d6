import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import foldline as fl
from foldline.insight.convexity import furthest_above


@pytest.mark.parametrize(
    "f", [lambda x: x**2, abs, math.exp, lambda x: 3 * x + 1, lambda x: 0.1, lambda x: max(0.0, x), math.cosh]
)
def test_no_triple_of_a_convex_function_violates(f):
    found = fl.convexity(f, -3, 2.7, n_samples=501)
    assert found.violation is None
    assert found.n_samples == 501
    assert found.text == "no violation of convexity found in 501 samples"


@pytest.mark.parametrize(
    ("f", "least"), [(math.cos, 1.9), (math.sin, 0.5), (math.tanh, 0.5), (lambda x: -(x**2), 8.9), (lambda x: x**3, 5)]
)
def test_the_triple_of_a_function_that_is_not_convex_really_violates(f, least):
    v = fl.convexity(f, -3, 3).violation
    between = f(v.t * v.x1 + (1 - v.t) * v.x2)
    assert 0 < v.t < 1
    assert between - (v.t * f(v.x1) + (1 - v.t) * f(v.x2)) == pytest.approx(v.amount)
    assert v.amount > least
    assert (v.f1, v.f2, v.f_between) == (f(v.x1), f(v.x2), between)


def test_cos_lies_furthest_above_the_chord_between_its_valleys():
    v = fl.convexity(math.cos, -math.pi, math.pi).violation
    assert (v.x1, v.x2, v.t) == pytest.approx((-math.pi, math.pi, 0.5))
    assert v.amount == pytest.approx(2)
    assert v.text == "f(0.5 * -3.142 + 0.5 * 3.142) = 1 > -1 = 0.5 * -1 + 0.5 * -1"


def test_rounding_is_no_violation():
    assert fl.convexity(lambda x: 1e8 * (0.1 * x + 0.3), 0.1, 0.9).violation is None
    assert fl.convexity(lambda x: x - 1e6, 1e6, 1e6 + 1e-6).violation is None
    rough = np.array([0.0, 1e-7, 0.0])
    assert fl.convexity_of_samples(np.arange(3.0), rough + 1, rounding=1e-6).violation is None
    assert fl.convexity_of_samples(np.arange(3.0), rough + 1).violation.amount == pytest.approx(1e-7)


samples = st.lists(st.integers(-20, 20), min_size=3, max_size=9)


@given(samples)
def test_the_triple_is_the_worst_of_all(values):
    x, f = np.arange(float(len(values))), np.array(values, np.float64)
    amounts = {
        (i, j, k): f[j] - ((k - j) * f[i] + (j - i) * f[k]) / (k - i)
        for i in range(len(f))
        for j in range(i + 1, len(f))
        for k in range(j + 1, len(f))
    }
    found = furthest_above(x, f)
    worst = max(amounts.values())
    if found is None:
        assert worst <= 1e-9
    else:
        assert_allclose(amounts[found], worst, rtol=1e-9)
        assert fl.convexity_of_samples(x, f).violation.amount == pytest.approx(worst)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("x", "values", "message"),
    [
        ([0, 1], [0, 1], "there are 2 samples; expected at least 3"),
        ([0, 1, 1], [0, 1, 2], "x does not grow"),
        ([0, 1, 2], [0, np.nan, 2], "the samples hold NaN or infinity"),
        ([0, 1, 2], [0, 1], r"values has shape \(2,\); expected \(3\)"),
    ],
)
def test_bad_samples_are_told(x, values, message):
    with pytest.raises(ValueError, match=message):
        fl.convexity_of_samples(np.array(x, np.float64), np.array(values, np.float64))


@pytest.mark.parametrize(
    ("low", "high", "n", "message"),
    [
        (-1.0, 1.0, 2, "n_samples is 2; expected a whole number from 3"),
        (1.0, 1.0, 9, "high is 1.0; expected a number above 1"),
        (-math.inf, 1.0, 9, "low is -inf"),
        (0.0, math.nan, 9, "high is nan"),
    ],
)
def test_bad_ranges_are_told(low, high, n, message):
    with pytest.raises(fl.SettingError, match=message):
        fl.convexity(abs, low, high, n_samples=n)


def test_a_function_that_is_not_finite_is_told():
    with pytest.raises(fl.DataError, match="the function is inf at 0; expected a finite number"):
        fl.convexity(lambda x: math.inf if x == 0 else x, -1, 1)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (fl.LinearClassifier(), ["linear in W and b", "log of a sum of exp", "0.0001 times the sum of W^2"]),
        (fl.LinearClassifier(loss="svm", l1=0.5, l2=0.0), ["largest values of 0", "0.5 times the sum of |W|"]),
        (fl.RidgeClassifier(), ["a sum of squares is convex"]),
        (fl.MLPClassifier(hidden=(), label_smoothing=0.1), ["smoothed labels change it by a linear function"]),
        (fl.make_pipeline(fl.Pixels(), classifier=fl.LinearClassifier()), ["linear in W and b"]),
    ],
)
def test_linear_classifiers_are_convex_by_structure(model, said):
    proof = fl.convexity_by_structure(model)
    assert proof.is_convex
    assert proof.text.startswith("convex by structure: ")
    assert all(words in proof.text for words in said)


@pytest.mark.parametrize("hidden", [(3,), (3, 4)])
@pytest.mark.parametrize("activation", ["relu", "identity"])
def test_deeper_nets_are_not_provable_by_structure(hidden, activation):
    proof = fl.convexity_by_structure(fl.MLPClassifier(hidden=hidden, activation=activation))
    assert not proof.is_convex
    assert proof.text.startswith(f"not provable by structure: with {len(hidden)} hidden layer")


def test_structure_refuses_what_it_cannot_judge():
    with pytest.raises(fl.SettingError, match="model is a KNNClassifier; expected"):
        fl.convexity_by_structure(fl.KNNClassifier())
    with pytest.raises(fl.SettingError, match="l1 is -1; expected a number at least 0"):
        fl.convexity_by_structure(fl.LinearClassifier(l1=-1))
