import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from foldline.core.errors import SettingError
from foldline.models import Net, RandWireOnImages, Wiring, n_numbers, random_wiring
from foldline.models.net import ROWS_AT_ONCE
from foldline.models.pooling import max_pool
from foldline.models.randwire_images import check_large_enough
from foldline.training.objective import penalty
from tolerances import TOLERANCE

KEY = jax.random.key(0)
WIRINGS = [random_wiring("ws", n=6, seed=1), Wiring(4, ((0, 3), (1, 3)))]


def net_on(wirings, *, image_shape=(9, 8, 2), width=8):
    net = RandWireOnImages.random(image_shape=image_shape, n_out=3, width=width, wirings=wirings, key=KEY)
    leaves, structure = jax.tree.flatten(net)
    keys = jax.random.split(jax.random.key(1), len(leaves))
    return jax.tree.unflatten(
        structure,
        [leaf + 0.3 * jax.random.normal(key, leaf.shape) for leaf, key in zip(leaves, keys, strict=True)],
    )


def papers_forward_pass(net, images):
    """Stage by stage and edge by edge, as section 3.2 tells it; the layers themselves have tests of their own."""
    x = images
    for stage in net.stages:
        first, weights, given = max_pool(stage.inlet(x)), iter(1 / (1 + np.exp(-np.asarray(stage.edges)))), []
        for node in range(stage.wiring.n_nodes):
            feeding = [given[a] for a, b in stage.wiring.edges if b == node] or [first]
            total = sum(next(weights) * values for values in feeding)
            given.append(stage.nodes[node](jnp.maximum(total, 0)))
        feeding = {a for a, _ in stage.wiring.edges}
        last = [given[node] for node in range(stage.wiring.n_nodes) if node not in feeding]
        x = sum(last) / len(last)
    return np.maximum(x, 0).mean(axis=(1, 2)) @ np.asarray(net.outlet.W).T + net.outlet.b


@pytest.mark.parametrize("wirings", [WIRINGS, WIRINGS[:1], WIRINGS[::-1]])
def test_the_forward_pass_is_the_papers(wirings):
    net = net_on(wirings)
    images = jnp.asarray(np.random.default_rng(0).standard_normal((5, 9, 8, 2)).astype(np.float32))
    assert_allclose(net(images.reshape(5, -1)), papers_forward_pass(net, images), **TOLERANCE[np.dtype(np.float32)])


def test_many_rows_are_scored_as_few_are():
    net = net_on(WIRINGS)
    X = jnp.asarray(np.random.default_rng(0).standard_normal((ROWS_AT_ONCE + 3, 144)).astype(np.float32))
    assert_allclose(net(X)[-2:], net(X[-2:]), **TOLERANCE[np.dtype(np.float32)])


def test_later_stages_are_twice_as_wide_and_half_as_large():
    net = net_on([Wiring(2, ((0, 1),))] * 3, image_shape=(16, 16, 3), width=4)
    assert [stage.inlet.W.shape[0] for stage in net.stages] == [4, 8, 16]
    x = jnp.ones((1, 16, 16, 3))
    sides = []
    for stage in net.stages:
        x = stage(x)
        sides.append(x.shape[1])
    assert sides == [8, 4, 2]


def test_the_numbers_are_counted():
    net = net_on([Wiring(2, ((0, 1),))], width=4)
    inlet, node, edges, outlet = 4 * 9 * 2 + 4, 9 * 4 + 4 * 4 + 2 * 4, 2, 3 * 4 + 3
    assert n_numbers(net) == inlet + 2 * node + edges + outlet


def test_it_is_a_net_whose_matrices_alone_are_regularised():
    net = net_on(WIRINGS)
    assert isinstance(net, Net)
    matrices = [stage.inlet.W for stage in net.stages]
    matrices += [node.W for stage in net.stages for node in stage.nodes]
    squares = sum(float(jnp.sum(W**2)) for W in [*matrices, net.outlet.W])
    assert float(penalty(net, l1=0.0, l2=1.0)) == pytest.approx(squares, rel=1e-5)


def test_dropout_switches_off_means_over_places():
    net, X = net_on(WIRINGS), jnp.ones((400, 144))
    scores = np.asarray(net(X, dropout=0.5, key=KEY))
    assert len(np.unique(scores, axis=0)) > 1
    assert_allclose(scores.mean(axis=0), net(X)[0], atol=0.35 * np.abs(scores).max())


@pytest.mark.parametrize(("shape", "n_stages"), [((32, 32, 3), 4), ((3, 3, 1), 1), ((6, 9, 1), 2), ((12, 28, 1), 3)])
def test_images_of_the_smallest_size_are_taken(shape, n_stages):
    check_large_enough(shape, n_stages=n_stages)
    net = RandWireOnImages.random(image_shape=shape, n_out=2, width=8, wirings=WIRINGS[:1] * n_stages, key=KEY)
    assert net(jnp.ones((2, int(np.prod(shape))))).shape == (2, 2)


@pytest.mark.parametrize(
    ("shape", "n_stages", "smallest"), [((2, 9, 1), 1, 3), ((11, 32, 3), 3, 12), ((5, 9, 3), 2, 6)]
)
def test_images_that_are_too_small_are_told(shape, n_stages, smallest):
    with pytest.raises(SettingError, match=f"for {n_stages} stages; expected at least {smallest}x{smallest} pixels"):
        check_large_enough(shape, n_stages=n_stages)
