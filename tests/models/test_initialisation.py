import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose

from foldline.models.initialisation import initial_weights

KEY = jax.random.key(0)


@pytest.mark.parametrize(("activation", "variance"), [("relu", 2 / 300), ("identity", 2 / 500), ("tanh", 2 / 500)])
def test_convention_initial_variance_is_he_for_relu_and_glorot_otherwise(activation, variance):
    W = initial_weights(n_out=200, n_in=300, activation=activation, key=KEY)
    assert_allclose(np.var(W), variance, rtol=0.05)  # 60,000 draws: relative deviation 0.006


def test_convention_initial_weights_are_normal():
    W = np.asarray(initial_weights(n_out=200, n_in=300, activation="relu", key=KEY))
    kurtosis = np.mean(W**4) / np.var(W) ** 2
    assert_allclose(kurtosis, 3, atol=0.1)  # 1.8 for a uniform distribution
