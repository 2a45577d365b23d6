import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import SettingError
from foldline.models import MLP, Linear
from foldline.models.mlp import regular_width
from tolerances import TOLERANCE

KEY = jax.random.key(0)


def test_a_net_without_hidden_layers_is_linear():
    model = MLP((Linear(jnp.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.0]]), jnp.array([0.0, 1.0, -1.0])),), "relu")
    assert_allclose(model(jnp.array([[1.0, 1.0], [2.0, -1.0]])), [[3, 0, 2], [0, 2, 5]])


def test_a_two_layer_net_on_paper():
    first = Linear(jnp.array([[1.0, -1.0], [-1.0, 1.0]]), jnp.array([0.0, 0.5]))
    second = Linear(jnp.array([[2.0, 1.0]]), jnp.array([10.0]))
    # h = relu([2, -1.5]) = [2, 0]; s = 2 * 2 + 0 + 10
    net = MLP((first, second), "relu")
    assert_allclose(net(jnp.array([[3.0, 1.0]])), [[14.0]])
    assert_allclose(net.hidden(jnp.array([[3.0, 1.0]])), [[[2.0, 0.0]]])


def test_a_linear_layer_hands_on_what_no_activation_has_cut():
    net = MLP((Linear(jnp.array([[-1.0]]), jnp.array([0.0])),) * 3, "relu", linear=(0,))
    # -1 x = -3, not cut; relu(3); -1 * 3
    assert_allclose(net.hidden(jnp.array([[3.0]])), [[[-3.0]], [[3.0]]])
    assert_allclose(net(jnp.array([[3.0]])), [[-3.0]])


def test_without_hidden_layers_nothing_is_hidden():
    assert MLP.random(n_in=4, n_out=3, key=KEY).hidden(jnp.zeros((2, 4))) == []


@pytest.mark.parametrize("hidden", [(), (5,), (7, 3, 4)])
def test_depth_and_width_are_as_asked(hidden):
    model = MLP.random(n_in=6, n_out=3, hidden=hidden, key=KEY)
    assert [layer.W.shape for layer in model.layers] == list(zip((*hidden, 3), (6, *hidden), strict=True))


def test_identity_activation_collapses_to_one_linear_map():
    model = MLP.random(n_in=4, n_out=3, hidden=(8, 5), activation="identity", key=KEY)
    product = model.layers[2].W @ model.layers[1].W @ model.layers[0].W
    X = jax.random.normal(KEY, (6, 4))
    assert_allclose(model(X), X @ product.T, **TOLERANCE[np.dtype(np.float32)])


def test_layers_with_activations_of_their_own_on_paper():
    net = MLP((Linear(jnp.array([[-1.0]]), jnp.array([0.0])),) * 4, ("identity", "leaky_relu", "relu"))
    # -1 x = -3; leaky relu(3) = 3; relu(-3) = 0; and for x = -3: 3; 0.2 * -3; relu(0.6)
    assert_allclose(net.hidden(jnp.array([[3.0]])), [[[-3.0]], [[3.0]], [[0.0]]])
    assert_allclose(net.hidden(jnp.array([[-3.0]])), [[[3.0]], [[-0.6]], [[0.6]]])


def test_one_word_stands_for_all_hidden_layers():
    one, each = (
        MLP.random(n_in=4, n_out=3, hidden=(8, 5), activation=given, key=KEY) for given in ("elu", ("elu", "elu"))
    )
    assert one.activations == each.activations == ("elu", "elu")
    X = jax.random.normal(KEY, (6, 4))
    assert_array_equal(one(X), each(X))


def test_a_layers_first_weights_are_those_of_its_own_activation():
    he, glorot = (
        MLP.random(n_in=400, n_out=2, hidden=(400, 400), activation=("relu", word), key=KEY).layers[1].W.std()
        for word in ("relu", "tanh")
    )
    assert he / glorot == pytest.approx(2**0.5, rel=1e-5)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("activation", "message"),
    [
        (("relu",), "activation has 1 word; expected 2, one a hidden layer, or one word for all"),
        (("relu", "tanh", "relu"), "activation has 3 words; expected 2"),
        (("relu", "swish"), "activation is 'swish'; expected one of 'identity'"),
    ],
)
def test_activations_that_do_not_fit_the_layers_are_refused(activation, message):
    with pytest.raises(SettingError, match=message):
        MLP.random(n_in=4, n_out=3, hidden=(8, 5), activation=activation, key=KEY)
    with pytest.raises(SettingError, match=message):
        MLP((Linear(jnp.zeros((1, 1)), jnp.zeros(1)),) * 3, activation)


def test_one_row_alone_equals_its_row_in_a_batch():
    model, X = MLP.random(n_in=4, n_out=3, hidden=(8,), key=KEY), jax.random.normal(KEY, (6, 4))
    assert_allclose(model(X[2:3])[0], model(X)[2], **TOLERANCE[np.dtype(np.float32)])


def test_dropout_keeps_the_expected_value_and_switches_units_off():
    layers = (Linear(jnp.ones((4000, 1)), jnp.zeros(4000)), Linear(jnp.eye(4000), jnp.zeros(4000)))
    h = np.asarray(MLP(layers, "relu")(jnp.ones((1, 1)), dropout=0.25, key=KEY))
    assert set(np.unique(h)) == {np.float32(0), np.float32(1 / 0.75)}
    assert_allclose(h.mean(), 1, atol=0.03)  # 4,000 coins: standard deviation 0.009


LINEAR_FIRST = MLP(
    (
        Linear(jnp.array([[1.0], [-1.0]]), jnp.array([0.0, 1.0])),
        Linear(jnp.array([[1.0, 0.0], [0.0, 1.0]]), jnp.array([0.0, 0.0])),
        Linear(jnp.array([[1.0, 10.0]]), jnp.array([5.0])),
    ),
    "relu",
    linear=(0,),
)


def test_a_linear_layer_hands_negative_numbers_on_and_is_not_switched_off():
    X = jnp.array([[2.0], [-3.0]])
    # h = [2, -1], [-3, 4]; relu after the second layer alone: [2, 0], [0, 4]
    assert_allclose(LINEAR_FIRST(X), [[7.0], [45.0]])
    alone = MLP(LINEAR_FIRST.layers[:2], "relu", linear=(0,))
    assert_allclose(alone(X, dropout=0.9, key=KEY), [[2.0, -1.0], [-3.0, 4.0]])


def test_folded_layers_give_the_same_scores_with_one_layer_fewer():
    X = jnp.array([[2.0], [-3.0], [0.5]])
    folded = LINEAR_FIRST.folded
    assert (len(folded.layers), folded.linear) == (2, ())
    assert_allclose(folded.layers[0].W, [[1.0], [-1.0]])
    assert_allclose(folded.layers[0].b, [0.0, 1.0])
    assert_allclose(folded(X), LINEAR_FIRST(X))


def test_convention_the_last_layer_starts_as_glorot():
    model = MLP.random(n_in=50, n_out=400, hidden=(600,), activation="relu", key=KEY)
    assert_allclose(np.var(model.layers[1].W), 2 / 1000, rtol=0.02)


def test_convention_a_net_without_hidden_layers_starts_at_zero():
    assert not any(leaf.any() for leaf in jax.tree.leaves(MLP.random(n_in=5, n_out=3, key=KEY)))


@pytest.mark.parametrize(("n_in", "n_out", "width"), [(2, 2, 7), (144, 10, 300), (1000, 3, 1)])
def test_the_width_is_that_of_a_net_of_so_many_weights(n_in, n_out, width):
    n_weights = n_in * width + width + width * width + width + width * n_out + n_out
    assert regular_width(n_in=n_in, n_out=n_out, n_weights=n_weights) == width
