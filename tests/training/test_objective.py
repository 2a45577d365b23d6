import jax
import jax.numpy as jnp
import pytest
from jax.test_util import check_grads
from numpy.testing import assert_allclose

from foldline.models import ACTIVATIONS, MLP, Linear
from foldline.training import LOSSES, objective, penalty


def float64(tree):
    return jax.tree.map(lambda leaf: leaf.astype(jnp.float64), tree)


def random_net(*widths, activation):
    keys = jax.random.split(jax.random.key(1), len(widths))
    shapes = zip(widths[1:], widths[:-1], keys, strict=False)
    layers = (Linear(jax.random.normal(key, (n_out, n_in)), jnp.linspace(-1, 1, n_out)) for n_out, n_in, key in shapes)
    return MLP(tuple(layers), activation)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("activation", "hidden"), [("identity", ()), *((name, (6, 4)) for name in ACTIVATIONS)])
def test_the_objective_has_the_right_gradient(activation, hidden, loss):
    with jax.enable_x64(True):
        model = float64(random_net(4, *hidden, 3, activation=activation))
        X = jax.random.normal(jax.random.key(5), (7, 4), jnp.float64)
        y, weights = jnp.array([0, 1, 2, 0, 1, 2, 2]), jnp.linspace(0.5, 1.5, 7)

        @jax.jit
        def cost(model):
            return objective(model, X, y, weights, loss=loss, l1=0.01, l2=0.1)[0]

        check_grads(cost, (model,), order=1, modes=["rev"])


def test_convention_l2_multiplies_the_plain_sum_of_squares_and_spares_biases():
    model = MLP((Linear(jnp.array([[1.0, -2.0]]), jnp.array([100.0])),), "relu")
    assert_allclose(penalty(model, l1=0.0, l2=0.5), 0.5 * 5)
    assert_allclose(penalty(model, l1=0.5, l2=0.0), 0.5 * 3)


def test_convention_the_slope_of_the_size_of_a_weight_is_0_at_0():
    model = MLP((Linear(jnp.array([[1.0, -2.0, 0.0]]), jnp.array([3.0])),), "identity")
    (slope,) = jax.grad(lambda net: penalty(net, l1=0.5, l2=0.0))(model).layers
    assert_allclose(slope.W, [[0.5, -0.5, 0.0]])


def test_the_penalty_sums_over_layers():
    layers = (Linear(jnp.ones((2, 3)), jnp.zeros(2)), Linear(2 * jnp.ones((1, 2)), jnp.zeros(1)))
    assert_allclose(penalty(MLP(layers, "relu"), l1=0.0, l2=1.0), 6 + 8)


def test_convention_fixed_layers_have_no_price_and_no_gradient():
    layers = (Linear(jnp.ones((2, 3)), jnp.zeros(2)), Linear(2 * jnp.ones((1, 2)), jnp.zeros(1)))
    model = MLP(layers, "relu", n_fixed=1)
    assert_allclose(penalty(model, l1=0.0, l2=1.0), 8)
    X, y = jnp.ones((1, 3)), jnp.array([0])
    of_first, of_last = jax.grad(lambda m: objective(m, X, y, None, loss="svm", l1=1.0, l2=1.0)[0])(model).layers
    assert not any(leaf.any() for leaf in jax.tree.leaves(of_first))
    assert of_last.W.all()


def test_row_weights_weigh_rows():
    model, y = MLP.random(n_in=3, n_out=2, hidden=(4,), key=jax.random.key(0)), jnp.array([0, 1])
    X = jax.random.normal(jax.random.key(1), (2, 3))
    alone = objective(model, X[:1], y[:1], None, loss="softmax", l1=0.0, l2=0.0)[0]
    weighed = objective(model, X, y, jnp.array([2.0, 0.0]), loss="softmax", l1=0.0, l2=0.0)[0]
    assert_allclose(weighed, alone, rtol=1e-6)


def test_batch_progress_counts_rows_that_are_right():
    model = MLP((Linear(jnp.eye(2), jnp.zeros(2)),), "relu")
    X, y = jnp.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), jnp.array([0, 1, 1])
    progress = objective(model, X, y, None, loss="softmax", l1=0.0, l2=1.0)[1]
    assert progress.n_right == 2
    assert_allclose(progress.mean_loss, objective(model, X, y, None, loss="softmax", l1=0.0, l2=0.0)[0])
