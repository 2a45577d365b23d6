from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import foldline as fl
from foldline.insight.directions import direction_between, moved, plane_of_path, random_direction, reordered_net
from foldline.models import MLP, Linear
from foldline.training import EpochReport


def a_net(seed=0, *, hidden=(5, 4), activation="relu"):
    net = MLP.random(n_in=6, n_out=3, hidden=hidden, activation=activation, key=jax.random.key(seed))
    return jax.tree.map(lambda a: a + 0.1, net)  # biases too


def flat(net):
    return np.concatenate([np.asarray(a).ravel() for a in jax.tree.leaves(net)])


def test_filters_of_a_direction_are_as_long_as_those_of_the_net_and_biases_stand_still():
    net = a_net()
    found = random_direction(net, kind="filter", generator=np.random.default_rng(0))
    for layer, own in zip(found.layers, net.layers, strict=True):
        assert_allclose(np.linalg.norm(layer.W, axis=1), np.linalg.norm(own.W, axis=1), rtol=1e-5)
        assert_array_equal(layer.b, 0)
    assert np.std(flat(found)) > 0.1


def test_a_random_direction_is_as_long_as_all_weights():
    net = a_net()
    found = random_direction(net, kind="random", generator=np.random.default_rng(0))
    assert np.linalg.norm(flat(found)) == pytest.approx(np.linalg.norm(flat(net)), rel=1e-5)
    assert all((np.asarray(layer.b) != 0).all() for layer in found.layers)


def test_one_weight_moves_by_the_length_of_its_row_and_every_layer_has_its_turn():
    net, depths = a_net(), set()
    for seed in range(20):
        found = random_direction(net, kind="weight", generator=np.random.default_rng(seed))
        ((depth, row, _),) = [
            (i, *np.argwhere(layer.W)[0]) for i, layer in enumerate(found.layers) if np.asarray(layer.W).any()
        ]
        assert np.count_nonzero(flat(found)) == 1
        assert flat(found).sum() == pytest.approx(np.linalg.norm(net.layers[depth].W[row]), rel=1e-5)
        depths.add(depth)
    assert depths == {0, 1, 2}


@pytest.mark.parametrize("kind", ["filter", "random", "weight"])
def test_the_same_seed_gives_the_same_direction_and_another_seed_another(kind):
    one, again, another = (
        flat(random_direction(a_net(), kind=kind, generator=np.random.default_rng(seed))) for seed in (3, 3, 4)
    )
    assert_array_equal(one, again)
    assert not np.array_equal(one, another)


def test_a_net_of_zeros_has_no_direction():
    zeros = jax.tree.map(jnp.zeros_like, a_net())
    for kind in ("filter", "random", "weight"):
        with pytest.raises(fl.DataError, match="the direction has length 0; expected a finite one above 0"):
            random_direction(zeros, kind=kind, generator=np.random.default_rng(0))


def test_the_other_net_lies_at_step_one():
    net, other = a_net(0), a_net(1)
    there = moved(net, [direction_between(net, other)], [1.0])
    assert_allclose(flat(there), flat(other), rtol=1e-5, atol=1e-6)
    assert flat(there).dtype == np.float64


@pytest.mark.parametrize(
    ("other", "error", "message"),
    [
        (a_net(1, hidden=(5,)), fl.ShapeError, "other model has layers of 6 -> 5, 5 -> 3 .*; expected 6 -> 5, 5 -> 4"),
        (a_net(1, activation="tanh"), fl.SettingError, "the other model's activation is 'tanh'; expected 'relu'"),
        (a_net(0), fl.DataError, "the direction has length 0"),
    ],
)
def test_a_net_that_does_not_suit_is_told(other, error, message):
    with pytest.raises(error, match=message):
        direction_between(a_net(0), other)


def line_and_bend():
    """A path in a plane: 3, 2, 1 lengths of one direction away, with a bend of another."""
    end, (a, b) = (
        a_net(0),
        (random_direction(a_net(0), kind="random", generator=np.random.default_rng(s)) for s in (1, 2)),
    )
    places = [(3.0, 0.0), (2.0, 0.6), (1.0, 0.3), (0.0, 0.0)]
    nets = [jax.tree.map(lambda w, p, q, s=s, t=t: w + s * p + t * q, end, a, b) for s, t in places]
    return end, nets


def test_the_plane_of_a_path_in_a_plane_holds_all_of_it():
    end, nets = line_and_bend()
    plane = plane_of_path(end, nets)
    assert plane.share == pytest.approx(1)
    first, second = map(flat, plane.directions)
    assert_allclose([first @ first, second @ second, first @ second], [1, 1, 0], atol=1e-5)
    for net, (s, t) in zip(nets, plane.places, strict=True):
        assert_allclose(flat(end) + s * first + t * second, flat(net), atol=1e-4)
    assert_allclose(plane.places[-1], 0, atol=1e-6)
    assert np.ptp(plane.places[:, 0]) > np.ptp(plane.places[:, 1])
    assert plane.places[0, 0] > 0


def test_a_path_that_leaves_the_plane_is_held_in_part():
    end, nets = line_and_bend()
    aside = jax.tree.map(lambda w: w + 0.5, end)
    assert 0.5 < plane_of_path(end, [*nets, aside]).share < 0.99


def test_paths_that_make_no_plane_are_told():
    end, nets = line_and_bend()
    with pytest.raises(fl.DataError, match="the path has 2 nets; expected at least 3"):
        plane_of_path(end, nets[:2])
    with pytest.raises(fl.DataError, match="the nets of the path lie on one line"):
        plane_of_path(end, [end, nets[0], nets[0]])
    with pytest.raises(fl.ShapeError, match="the path holds nets of another shape"):
        plane_of_path(a_net(0, hidden=(5,)), nets)


def test_a_weight_path_keeps_the_net_of_every_epoch():
    path = fl.WeightPath()
    for seed in range(3):
        assert path(EpochReport(epoch=seed + 1, numbers={}, model=a_net(seed))) is None
    assert [flat(net)[0] for net in path.nets] == [flat(a_net(seed))[0] for seed in range(3)]


def test_a_direction_of_a_linear_net_needs_no_activation():
    linear = MLP((Linear(jnp.ones((3, 6)), jnp.ones(3)),), "relu")
    other = replace(jax.tree.map(lambda a: a + 1, linear), activation="identity")
    assert_allclose(flat(direction_between(linear, other)), 1)


def test_a_reordered_net_has_other_weights_and_the_same_scores():
    net, X = a_net(), jnp.asarray(np.random.default_rng(0).normal(size=(9, 6)), jnp.float32)
    found = reordered_net(net, generator=np.random.default_rng(0))
    for i, n_units in enumerate((5, 4)):
        assert found.layers[i].W.shape[0] == n_units
        assert (np.abs(np.asarray(found.layers[i].W) - np.asarray(net.layers[i].W)).max(axis=1) > 1e-3).all()
    assert_allclose(found(X), net(X), rtol=1e-5, atol=1e-5)


def test_a_net_whose_layers_have_one_unit_has_no_other_order():
    net = a_net(hidden=(1,))
    assert_array_equal(flat(reordered_net(net, generator=np.random.default_rng(0))), flat(net))
