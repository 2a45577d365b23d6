import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

import foldline as fl
from foldline.core.errors import DataError, SettingError, ShapeError
from foldline.insight import affine_map, piecewise_net
from foldline.models import MLP
from insight.odd_nets import random_net

X = np.random.default_rng(0).standard_normal((60, 9)).astype(np.float32)


@pytest.mark.parametrize(
    "activation", ["relu", "leaky_relu", "identity", ("leaky_relu", "relu"), ("identity", "relu"), ("relu", "identity")]
)
def test_the_affine_map_is_the_nets_derivative_and_value(activation):
    net = random_net(9, 12, 7, 4, activation=activation)
    for x in X[:3]:
        W, b = affine_map(net, x)
        assert_allclose(W, jax.jacobian(lambda row: net(row[None])[0])(jnp.asarray(x)), atol=1e-5)
        assert_allclose(W @ x + b, net(jnp.asarray(x)[None])[0], atol=1e-5)


@pytest.mark.parametrize("activation", ["leaky_relu", ("relu", "leaky_relu"), ("identity", "leaky_relu")])
def test_scores_are_the_nets(activation):
    net = random_net(9, 12, 7, 4, activation=activation)
    assert_allclose(piecewise_net(net).scores(X), net(jnp.asarray(X)), atol=1e-5)


def test_linear_layers_have_no_folds():
    net = MLP(random_net(9, 5, 12, 7, 4).layers, "relu", linear=(0, 2))
    assert piecewise_net(net).widths == (12,)
    assert_allclose(piecewise_net(net).scores(X), net(jnp.asarray(X)), atol=1e-5)


def test_one_curved_layer_is_refused_by_name():
    with pytest.raises(SettingError, match="activation 'tanh', which is curved"):
        piecewise_net(random_net(9, 12, 7, 4, activation=("relu", "tanh")))


def test_a_linear_classifier_is_its_own_map():
    model = fl.LinearClassifier(epochs=2).fit(X, X[:, 0] > 0)
    W, b = affine_map(model, X[0])
    assert_allclose(W @ X[5] + b, model.scores(X[5:6])[0], atol=1e-5)


def test_convention_a_unit_at_zero_is_off():
    W, _ = affine_map(random_net(3, 4, 2), np.zeros(3))
    net = piecewise_net(random_net(3, 4, 2))
    on = net.biases[0] > 0
    assert_allclose(W, net.weights[1][:, on] @ net.weights[0][on])


def test_curved_activations_are_refused():
    with pytest.raises(SettingError, match="activation 'tanh', which is curved; expected one of straight pieces"):
        piecewise_net(random_net(3, 4, 2, activation="tanh"))


def test_a_curved_activation_that_is_nowhere_applied_is_taken():
    assert piecewise_net(random_net(3, 2, activation="tanh")).widths == ()


def test_models_without_a_net_are_refused():
    for model in (fl.KNNClassifier().fit(X, X[:, 0] > 0), fl.MLPClassifier(), None):
        with pytest.raises(SettingError, match="expected a net: an MLP, or a fitted LinearClassifier or MLPClassifier"):
            piecewise_net(model)


def test_a_vector_of_another_length_is_refused():
    with pytest.raises(ShapeError, match="Give one vector of the length that the net takes"):
        affine_map(random_net(9, 4, 2), X[0, :5])


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_a_vector_that_is_not_finite_is_refused(odd):
    with pytest.raises(DataError, match="x holds NaN or infinity; expected finite numbers. Give another vector"):
        affine_map(random_net(3, 4, 2), np.array([0.0, odd, 1.0]))
