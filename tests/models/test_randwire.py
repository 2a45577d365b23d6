import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from numpy.testing import assert_allclose, assert_array_equal

from foldline.models import MLP, Linear, Net, RandWire, Wiring, random_wiring
from foldline.training.objective import penalty
from foldline.training.optimizers import _learned_weights
from tolerances import TOLERANCE

KEY = jax.random.key(0)
WIRINGS = [
    Wiring(1, ()),
    Wiring(3, ((0, 1), (1, 2))),
    Wiring(4, ((0, 3), (1, 3))),  # node 2 stands alone
    random_wiring("ws", n=9, k=4),
    random_wiring("ba", n=8, m=3),
    random_wiring("er", n=8, p=0.4),
]


def net_on(wiring, *, n_in=5, width=4, n_out=3):
    """A net whose biases and edges are not at their first values."""
    net = RandWire.random(n_in=n_in, n_out=n_out, width=width, wiring=wiring, key=KEY)
    leaves, structure = jax.tree.flatten(net)
    keys = jax.random.split(jax.random.key(1), len(leaves))
    moved = [leaf + 0.3 * jax.random.normal(key, leaf.shape) for leaf, key in zip(leaves, keys, strict=True)]
    return jax.tree.unflatten(structure, moved)


def papers_forward_pass(net, x):
    """One row through the graph, edge by edge and number by number, as section 3.2 tells it."""

    def layer(of, values):
        return [sum(w * v for w, v in zip(row, values, strict=True)) + b for row, b in zip(of.W, of.b, strict=True)]

    weights = iter([1 / (1 + np.exp(-e)) for e in np.asarray(net.edges, float)])
    data = layer(net.inlet, x)
    has_input = {target for _, target in net.wiring.edges}
    has_output = {source for source, _ in net.wiring.edges}
    given = []
    for node in range(net.wiring.n_nodes):
        feeding = [given[a] for a, b in net.wiring.edges if b == node] if node in has_input else [data]
        total = [0.0] * len(data)
        for values in feeding:
            weight = next(weights)
            total = [t + weight * v for t, v in zip(total, values, strict=True)]
        given.append(layer(net.nodes[node], [max(0.0, t) for t in total]))
    last = [given[node] for node in range(net.wiring.n_nodes) if node not in has_output]
    mean = [sum(values) / len(last) for values in zip(*last, strict=True)]
    return layer(net.outlet, mean)


@pytest.mark.parametrize("wiring", WIRINGS)
def test_the_forward_pass_is_the_papers(wiring):
    with jax.enable_x64(True):
        net = jax.tree.map(lambda a: a.astype(jnp.float64), net_on(wiring))
        X = np.random.default_rng(0).standard_normal((3, 5))
        plain = jax.tree.map(np.asarray, net)
        expected = [papers_forward_pass(plain, x) for x in X]
        assert_allclose(net(jnp.asarray(X)), expected, **TOLERANCE[np.dtype(np.float64)])


def test_a_net_of_one_node_on_paper():
    net = RandWire(
        inlet=Linear(jnp.array([[1.0], [-1.0]]), jnp.array([0.0, 0.0])),
        nodes=(Linear(jnp.array([[2.0, 0.0], [0.0, 2.0]]), jnp.array([1.0, -1.0])),),
        edges=jnp.array([0.0]),
        outlet=Linear(jnp.array([[1.0, 10.0]]), jnp.array([0.5])),
        wiring=Wiring(1, ()),
    )
    # h_0 = [3, -3]; half of it, cut off: [1.5, 0]; node: [4, -1]; 4 - 10 + 0.5
    assert_allclose(net(jnp.array([[3.0]])), [[-5.5]])
    assert_allclose(net.hidden(jnp.array([[3.0]])), [[[4.0, -1.0]]])


def test_a_chain_is_a_deep_net_with_halved_weights():
    net = RandWire.random(n_in=5, n_out=3, width=4, wiring=Wiring(2, ((0, 1),)), key=KEY)
    halved = [Linear(layer.W / 2, layer.b / 2) for layer in (net.inlet, net.nodes[0])]
    last = Linear(net.outlet.W @ net.nodes[1].W, net.outlet.b + net.outlet.W @ net.nodes[1].b)
    X = jax.random.normal(KEY, (6, 5))
    assert_allclose(net(X), MLP((*halved, last), "relu")(X), rtol=1e-4, atol=1e-5)  # products in another order


@pytest.mark.parametrize("wiring", WIRINGS)
def test_gradients_are_those_of_differences(wiring):
    with jax.enable_x64(True):
        net = jax.tree.map(lambda a: a.astype(jnp.float64), net_on(wiring))
        X = jax.random.normal(jax.random.key(2), (4, 5), jnp.float64)
        check_grads(lambda net: jnp.sum(jnp.sin(net(X))), (net,), order=1, modes=("rev",))


def test_one_row_alone_equals_its_row_in_a_batch():
    net, X = net_on(WIRINGS[3]), jax.random.normal(KEY, (6, 5))
    assert_allclose(net(X[2:3])[0], net(X)[2], **TOLERANCE[np.dtype(np.float32)])


@pytest.mark.parametrize("kind", ["ws", "ba", "er"])
def test_convention_signals_keep_their_size_at_the_start(kind):
    net = RandWire.random(n_in=50, n_out=10, width=200, wiring=random_wiring(kind, n=24), key=KEY)
    X = jax.random.normal(jax.random.key(1), (400, 50))
    h = []
    for node, sources, weights in zip(net.nodes, net.wiring.sources, net.edge_weights, strict=True):
        fed_by = [h[source] for source in sources] or [net.inlet(X)]
        h.append(node(jax.nn.relu(sum(w * of for w, of in zip(weights, fed_by, strict=True)))))
    sizes = np.array([float(jnp.mean(of**2)) for of in h])
    assert (sizes > 1).all()
    assert (sizes < 4).all()  # He's first layer gives 2


def test_convention_edges_start_at_a_half():
    net = RandWire.random(n_in=5, n_out=3, width=4, wiring=WIRINGS[3], key=KEY)
    assert len(net.edges) == len(WIRINGS[3].edges) + len(WIRINGS[3].inlets)
    assert_array_equal(jnp.concatenate(net.edge_weights), 0.5)


def test_convention_the_mean_over_outlets_is_not_weighted():
    net = net_on(WIRINGS[2])
    assert sum(map(len, net.edge_weights)) == 2 + 3  # two edges, three inlets, and none into the output


def test_dropout_thins_the_first_layer_and_what_the_last_one_reads():
    width = 3000
    ones = Linear(jnp.ones((width, 1)), jnp.zeros(width))
    node = Linear(jnp.eye(width), jnp.zeros(width))
    net = RandWire(ones, (node,), jnp.array([0.0]), Linear(jnp.eye(width), jnp.zeros(width)), Wiring(1, ()))
    h = np.asarray(net(jnp.ones((1, 1)), dropout=0.25, key=KEY))
    # Half of 1, scaled twice where both let it through.
    assert_allclose(np.unique(h), [0, 0.5 / 0.75**2], rtol=1e-6)
    assert np.mean(h > 0) == pytest.approx(0.75**2, abs=0.03)  # 3,000 coins: standard deviation 0.009
    assert_array_equal(net(jnp.ones((1, 1)), dropout=0.25), 0.5)


@pytest.mark.parametrize("net", [net_on(WIRINGS[3]), MLP.random(n_in=5, n_out=3, hidden=(4,), key=KEY)])
def test_only_weight_matrices_are_regularised(net):
    assert isinstance(net, Net)
    matrices = [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(net) if leaf.ndim == 2]
    expected = 0.5 * sum((W**2).sum() for W in matrices) + 0.1 * sum(np.abs(W).sum() for W in matrices)
    assert_allclose(penalty(net, l1=0.1, l2=0.5), expected, rtol=1e-5)
    decayed = jax.tree.leaves(
        jax.tree.map(lambda leaf, is_decayed: is_decayed == (leaf.ndim == 2), net, _learned_weights(net))
    )
    assert len(decayed) == len(jax.tree.leaves(net))
    assert all(decayed)
