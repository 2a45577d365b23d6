import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from numpy.testing import assert_allclose

from foldline.models import ACTIVATIONS
from tolerances import TOLERANCE

X = np.array([-30.0, -2.0, -0.5, 0.5, 2.0, 30.0], np.float32)

TEXTBOOK = {
    "identity": X,
    "sigmoid": 1 / (1 + np.exp(-X.astype(np.float64))),
    "tanh": np.tanh(X.astype(np.float64)),
    "relu": [0, 0, 0, 0.5, 2, 30],
    "leaky_relu": [-6, -0.4, -0.1, 0.5, 2, 30],
    "softplus": np.log1p(np.exp(X.astype(np.float64))),
    "elu": [np.exp(-30.0) - 1, np.exp(-2.0) - 1, np.exp(-0.5) - 1, 0.5, 2, 30],
}


def test_there_are_six_activations_and_none():
    assert ACTIVATIONS.keys() == TEXTBOOK.keys()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_equals_its_formula(name):
    assert_allclose(ACTIVATIONS[name](jnp.asarray(X)), TEXTBOOK[name], **TOLERANCE[np.dtype(np.float32)])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_has_the_right_derivative_away_from_its_kink(name):
    with jax.enable_x64(True):
        check_grads(
            lambda x: ACTIVATIONS[name](jnp.asarray(x)), (jnp.array([-3.0, -0.7, 0.4, 2.0]),), order=2, modes=["rev"]
        )


def test_convention_relu_has_derivative_zero_at_zero():
    assert jax.grad(ACTIVATIONS["relu"])(0.0) == 0


def test_convention_leaky_relu_has_derivative_one_at_zero():
    assert jax.grad(ACTIVATIONS["leaky_relu"])(0.0) == 1


def test_convention_elu_has_a_continuous_derivative():
    slope = jax.grad(ACTIVATIONS["elu"])
    assert_allclose(slope(-1e-6), slope(1e-6), rtol=1e-5)
