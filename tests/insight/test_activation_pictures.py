import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import SettingError, ShapeError
from foldline.insight import activation_curves, activations_picture

x = np.linspace(-3, 3, 40)  # without 0
is_above = x > 0
logistic = 1 / (1 + np.exp(-x))
DERIVATIVES = {
    "sigmoid": logistic * (1 - logistic),
    "tanh": 1 - np.tanh(x) ** 2,
    "relu": np.where(is_above, 1, 0),
    "leaky_relu": np.where(is_above, 1, 0.2),
    "softplus": logistic,
    "elu": np.where(is_above, 1, np.exp(np.minimum(x, 0))),
}


def test_derivatives_are_the_textbooks():
    curves = activation_curves(x)
    assert [curve.name for curve in curves] == list(DERIVATIVES)
    for curve in curves:
        assert_array_equal(curve.x, x)
        assert_allclose(curve.derivatives, DERIVATIVES[curve.name], rtol=1e-10, atol=1e-12)


def test_values_run_through_the_functions():
    values = {curve.name: curve.values for curve in activation_curves(np.array([-1.0, 2.0]))}
    assert_allclose(values["leaky_relu"], [-0.2, 2])
    assert_allclose(values["elu"], [np.exp(-1) - 1, 2])
    assert_allclose(values["tanh"], np.tanh([-1, 2]))


def test_kinks_are_those_of_relu_and_leaky_relu_with_the_derivatives_that_training_uses():
    kinks = {curve.name: curve.slopes_at_0 for curve in activation_curves() if curve.has_kink}
    assert kinks == {"relu": (0, 0, 1), "leaky_relu": (pytest.approx(0.2), 1, 1)}


def test_activations_are_drawn(assert_golden):
    assert_golden(activations_picture(), "activations")


def test_convention_a_full_dot_is_the_derivative_used_and_an_empty_one_the_other():
    panels = activations_picture().axes
    dots = {}
    for panel in panels:
        name = panel.get_title(loc="left").split(":")[0]
        for line in panel.lines:
            if line.get_marker() == "o":
                is_full = line.get_markerfacecolor() == line.get_markeredgecolor()
                dots[name, is_full] = line.get_ydata()[0]
    assert dots == {
        ("ReLU", True): 0,
        ("ReLU", False): 1,
        ("leaky ReLU", True): 1,
        ("leaky ReLU", False): pytest.approx(0.2),
    }


def test_numbers_that_are_not_finite_are_refused():
    with pytest.raises(SettingError, match="x holds NaN or infinity"):
        activation_curves(np.array([0, np.inf]))


def test_tables_are_refused(as_installed):
    with pytest.raises(ShapeError, match="x has shape .* Give a row of numbers"):
        activation_curves(np.zeros((2, 2)))
