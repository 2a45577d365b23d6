from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import DataError, DivergedError, SettingError
from foldline.core.plane_inputs import plane_inputs
from foldline.estimators import RandomlyWiredClassifier
from foldline.lab.inputs import window_grid
from foldline.lab.points import make_points
from foldline.lab.regions import GRID_SIDE
from foldline.lab.rewirable import Rewirable
from foldline.lab.state import MOST_NODES, LabState
from foldline.lab.trainer import RESPONSE_SIDE, Trainer
from foldline.lab.wired_nets import regular_net, wired_net, wiring_of
from foldline.lab.wiring import WiringPage
from foldline.models import MLP, RandWire, Wiring, n_numbers
from foldline.models.mlp import regular_width
from foldline.training.epoch import run_steps
from tolerances import TOLERANCE

SMALL = LabState(page="wiring", points=120, wiring_nodes=7, wiring_width=3, lr=0.02, batch=16)
FLOAT32 = TOLERANCE[np.dtype("float32")]


def states():
    """A graph of every kind, some with nodes that are fed by the input alone."""
    own = replace(SMALL, wiring_graph="own", wiring_nodes=5, wiring_edges=((0, 2), (1, 2), (2, 4)))
    return [replace(SMALL, wiring_graph=kind) for kind in ("ws", "er", "ba", "chain")] + [own]


def prepared(state):
    page = WiringPage(state)
    while page.is_working:
        page.work(0.0)
    return page


def trained(page, n_steps):
    left = n_steps
    while left:
        left -= page.train(left)
    return page


def nets_of(page):
    wired, regular = page._nets.shown
    return wired.plain(page._wiring, width=page.state.wiring_width), regular


@pytest.mark.parametrize("state", states(), ids=lambda state: state.wiring_graph)
def test_the_wired_net_gives_the_scores_of_the_models_net_of_the_same_weights(state):
    page = trained(prepared(state), 20)
    wired, regular = nets_of(page)
    assert isinstance(wired, RandWire)
    grid = jnp.asarray(plane_inputs(window_grid(state.window, side=GRID_SIDE), state.inputs))
    arrays = page.picture().arrays
    assert_allclose(arrays["grid"].reshape(-1, 3), wired(grid), rtol=1e-4, atol=1e-4)  # sums in another order
    assert_allclose(arrays["regular_grid"].reshape(-1, 3), regular(grid), **FLOAT32)
    assert arrays["grid"].std() > 0.01
    assert page.picture().meta["n_weights"]["wired"] == n_numbers(wired)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("state", states(), ids=lambda state: state.wiring_graph)
def test_it_learns_as_the_models_net_does(state, optimizer):
    # Not both in AdamW, whose first steps are all of one length: sums of them may fall on a kink of ReLU.
    state = replace(state, optimizer=optimizer, l2=0.01, l1=0.001 if optimizer == "sgd" else 0)
    points, wiring = make_points(state), wiring_of(state)
    net = wired_net(state, wiring, n_classes=3)
    ours, plain = Trainer(state, points, net), Trainer(state, points, net.plain(wiring, width=3))
    for trainer in (ours, plain):
        for _ in range(10):
            trainer.train(1)
    found = ours.model.plain(wiring, width=3)
    for leaf, expected in zip(jax.tree.leaves(found), jax.tree.leaves(plain.model), strict=True):
        assert_allclose(leaf, expected, rtol=1e-4, atol=1e-5)  # of ten steps
    assert not np.allclose(found.inlet.W, net.inlet.W[:3])


def test_what_is_beyond_the_nets_stays_zero():
    state = replace(SMALL, l2=0.01, l1=0.001)
    page = trained(prepared(state), 50)
    wired, regular = page._nets.shown
    own, width = state.wiring_width, page._regular_width
    assert not wired.nodes.W[state.wiring_nodes :].any()
    assert not wired.nodes.b[state.wiring_nodes :].any()
    for beyond in (wired.inlet.W[own:], wired.nodes.W[:, own:], wired.nodes.W[:, :, own:], wired.outlet.W[:, own:]):
        assert not beyond.any()
    for layer, rows in zip(regular.layers, (width, width, 3), strict=True):
        assert not layer.W[rows:].any()
        assert not layer.b[rows:].any()
    assert regular.layers[1].W[:width, :width].all()
    assert not wired.edges[wired.feeds == 0].any()


def test_graphs_are_those_of_the_classifier():
    for kind, settings in (("ws", {"k": 2, "p": 0.5}), ("er", {"p": 0.4}), ("ba", {"m": 3}), ("chain", {})):
        names = {"k": "wiring_k", "m": "wiring_m", "p": "wiring_turned" if kind == "ws" else "wiring_p"}
        given = {names[name]: value for name, value in settings.items()}
        state = replace(SMALL, wiring_graph=kind, wiring_seed=5, **given)
        expected = RandomlyWiredClassifier(graph=kind, nodes=7, graph_seed=5, **settings).wiring()
        assert wiring_of(state) == expected
        picture = prepared(state).picture()
        assert [tuple(edge) for edge in picture.arrays["edges"].tolist()] == list(expected.edges)
        assert tuple(picture.arrays["inlets"]) == expected.inlets
        assert tuple(picture.arrays["outlets"]) == expected.outlets
        assert_array_equal(picture.arrays["places"][:, 0], expected.depths)


def test_first_weights_have_the_spread_of_the_models():
    state = LabState(wiring_graph="er", wiring_p=0.6, wiring_nodes=16, wiring_width=8)
    wiring = wiring_of(state)
    keys = jax.random.split(jax.random.key(0), 30)
    expected = [RandWire.random(n_in=2, n_out=3, width=8, wiring=wiring, key=key) for key in keys]
    drawn = [wired_net(replace(state, seed=seed), wiring, n_classes=3).plain(wiring, width=8) for seed in range(30)]
    ours, theirs = (jax.tree.map(lambda *leaves: np.std(leaves), *nets) for nets in (drawn, expected))
    assert_allclose(jax.tree.leaves(ours), jax.tree.leaves(theirs), rtol=0.15)


def test_the_regular_net_has_about_as_many_weights_and_any_width_fits():
    for n_in, n_out in ((1, 2), (2, 3), (9, 8)):
        inputs = ("x", "y", "x2", "y2", "xy", "sinx", "siny", "r", "angle")[:n_in]
        state = LabState(inputs=inputs, wiring_graph="er", wiring_p=1, wiring_nodes=16, wiring_width=8)
        wiring = wiring_of(state)
        n_weights = n_numbers(wired_net(state, wiring, n_classes=n_out).plain(wiring, width=8))
        width = regular_width(n_in=n_in, n_out=n_out, n_weights=n_weights)
        net = regular_net(state, width, n_classes=n_out)
        assert [layer.W.shape for layer in net.layers] == [(width, n_in), (width, width), (n_out, width)]
    meta = prepared(SMALL).picture().meta["n_weights"]
    plain = MLP.random(n_in=2, n_out=3, hidden=(prepared(SMALL)._regular_width,) * 2, key=jax.random.key(0))
    assert meta["regular"] == n_numbers(plain)
    assert abs(meta["regular"] / meta["wired"] - 1) < 0.1


def test_both_nets_meet_the_same_points_in_the_same_order():
    wired, regular = prepared(SMALL)._nets.trainers
    assert_array_equal(wired._next_batches(9), regular._next_batches(9))


def test_another_graph_width_or_number_of_nodes_compiles_nothing():
    page = trained(prepared(SMALL), 2)
    n_programs = run_steps._cache_size()
    for change in (
        {"wiring_graph": "er"},
        {"wiring_nodes": 16, "wiring_width": 8},
        {"wiring_graph": "own"},
        {"wiring_seed": 3},
    ):
        page.change(replace(page.state, **change))
        trained(page, 2)
    assert run_steps._cache_size() == n_programs


def test_an_edge_parted_by_hand_leaves_the_weights_and_joined_again_has_its_own():
    edges = ((0, 1), (0, 2), (1, 3), (2, 3))
    state = replace(SMALL, wiring_graph="own", wiring_nodes=4, wiring_edges=edges)
    page = trained(prepared(state), 30)
    before = page.picture()
    page.change(replace(state, wiring_edges=edges[:3]))
    parted = page.picture()
    assert parted.meta["step"] == 30
    assert len(parted.arrays["curve"]) == len(before.arrays["curve"]) + 1
    assert parted.arrays["outlets"].tolist() == [2, 3]
    assert not np.allclose(parted.arrays["grid"], before.arrays["grid"])
    assert_array_equal(parted.arrays["regular_grid"], before.arrays["regular_grid"])
    page.change(state)
    assert_array_equal(page.picture().arrays["grid"], before.arrays["grid"])
    page.change(replace(state, wiring_edges=edges[:3]))
    trained(page, 10)
    weights = page.picture().arrays["edge_weights"]
    assert not np.array_equal(weights, before.arrays["edge_weights"][:3])
    page.change(state)
    joined = page.picture().arrays["edge_weights"][3]
    # AdamW still remembers a little of where it moved.
    assert joined == pytest.approx(before.arrays["edge_weights"][3], abs=0.01) != 0.5


@pytest.mark.parametrize("change", [{"wiring_nodes": 6}, {"wiring_seed": 1}, {"wiring_width": 2}, {"seed": 1}])
def test_another_graph_begins_anew(change):
    page = trained(prepared(SMALL), 5)
    page.change(replace(SMALL, **change))
    assert page.picture().meta["step"] == 0
    assert page.is_working


def test_the_graph_is_shown_before_the_nets_are_measured():
    page = WiringPage(SMALL)
    page.work(0.0)
    picture = page.picture()
    assert picture.meta["work"] == {"done": 1, "of": 4}
    assert picture.meta["accuracy"] is None
    assert picture.arrays["grid"].size == picture.arrays["responses"].size == 0
    assert len(picture.arrays["edges"]) == len(wiring_of(SMALL).edges)
    while page.is_working:
        page.work(0.0)
    assert page.picture().meta["work"] is None
    assert page.picture().arrays["responses"].shape == (7, RESPONSE_SIDE, RESPONSE_SIDE)


def test_pictures_of_nodes_are_the_means_of_their_units():
    page = trained(prepared(SMALL), 20)
    wired, _ = page._nets.shown
    grid = jnp.asarray(plane_inputs(window_grid(SMALL.window, side=RESPONSE_SIDE), SMALL.inputs))
    given = np.stack(wired.hidden(grid)[:MOST_NODES])[:7, :, :3]
    assert_allclose(page.picture().arrays["responses"].reshape(7, -1), given.mean(axis=2), **FLOAT32)


def test_a_node_that_gives_the_same_everywhere_is_flat():
    page = prepared(replace(SMALL, wiring_graph="chain"))
    wired = page._nets.trainers[0].model
    page._nets.trainers[0].put(
        Rewirable(
            inlet=wired.inlet, nodes=type(wired.nodes)(wired.nodes.W, wired.nodes.b.at[3, :3].set(-100.0)),
            edges=wired.edges, outlet=wired.outlet, feeds=wired.feeds, shares=wired.shares,
        )
    )  # fmt: skip
    page._nets.measure()
    assert page.picture().arrays["is_flat"].tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_accuracies_are_those_of_the_nets_on_the_points():
    page = trained(prepared(SMALL), 200)
    points = make_points(SMALL)
    X = jnp.asarray(plane_inputs(points.xy, SMALL.inputs))
    told = page.picture().meta["accuracy"]
    for name, net in zip(("wired", "regular"), nets_of(page), strict=True):
        right = np.asarray(jnp.argmax(net(X), axis=1)) == points.labels
        assert told[name]["train"] == pytest.approx(right[~points.is_test].mean())
        assert told[name]["test"] == pytest.approx(right[points.is_test].mean())
    row = page.picture().arrays["curve"][-1]
    assert_allclose(row[[3, 4, 7, 8]], [told[a][b] for a in ("wired", "regular") for b in ("train", "test")], rtol=1e-6)


def test_without_points_held_back_there_is_no_test_accuracy():
    page = prepared(replace(SMALL, test=0))
    assert page.picture().meta["accuracy"]["regular"]["test"] is None
    assert np.isnan(page.picture().arrays["curve"][0, [2, 4, 6, 8]]).all()


def test_numbers_of_another_loss_are_no_part_of_the_curve():
    page = trained(prepared(SMALL), 20)
    page.change(replace(SMALL, loss="svm"))
    assert len(page.picture().arrays["curve"]) == 1
    assert page.picture().meta["step"] == 20


def test_a_graph_that_cannot_be_is_refused_and_nothing_changes():
    page = prepared(SMALL)
    for change in ({"wiring_nodes": 4}, {"wiring_k": 3}, {"wiring_graph": "own", "wiring_edges": ((0, 8),)}):
        with pytest.raises(SettingError, match="expected"):
            page.change(replace(SMALL, **change))
    assert page.state == SMALL
    assert page._wiring == wiring_of(SMALL)


def test_a_loss_that_diverges_is_told_with_the_net():
    page = prepared(replace(SMALL, optimizer="sgd", lr=10, momentum=0.99))
    with pytest.raises(DivergedError, match="of the (wired|regular) net .* Lower lr"):
        trained(page, 4000)
    picture = page.picture()
    assert "reset the nets" in picture.meta["note"]
    assert np.isfinite(picture.arrays["grid"]).all()
    with pytest.raises(DivergedError):
        page.train(1)
    page.reset()
    assert page.picture().meta["note"] is None


def test_without_points_to_learn_from_there_is_no_training():
    page = prepared(replace(SMALL, data="points", classes=2))
    with pytest.raises(DataError, match="no points to learn from"):
        page.train(5)


def test_the_page_of_the_engine_is_this_one():
    from foldline.lab.pages import NOTHING, make_page

    assert isinstance(make_page(SMALL, NOTHING, {}), WiringPage)
    assert Wiring.checked(7, wiring_of(SMALL).edges) == wiring_of(SMALL)
