from dataclasses import replace
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import DataError, DivergedError, SettingError
from foldline.core.plane_inputs import TRANSFORMS, plane_inputs
from foldline.lab import regions
from foldline.lab.inputs import window_grid
from foldline.lab.pages import Given
from foldline.lab.playground import Playground
from foldline.lab.points import make_points, read_points
from foldline.lab.regions import plane_net
from foldline.lab.state import FIELDS, INPUTS, LabState, activations_of
from foldline.lab.trainer import Trainer, _measured
from foldline.models import ACTIVATIONS, MLP, Linear
from foldline.training.epoch import run_steps

SMALL = LabState(points=60, hidden=(6,), batch=10)


def trained(state, n_steps=200, file=None):
    playground = Playground(state, Given(points=file))
    while playground.picture().meta["last_step"] < n_steps:
        playground.train(n_steps - playground.picture().meta["last_step"])
    return playground


def weights_of(model):
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(model)])


def areas(corners, starts):
    return [
        0.5 * sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise([*polygon, polygon[0]]))
        for polygon in (corners[a:b].astype(float).tolist() for a, b in pairwise(starts))
    ]


def net_from(picture, activation="relu"):
    """Build the net of a picture from its weights, as the page's export does."""
    layers, weights = [], picture.arrays["weights"]
    for n_out, n_in in picture.meta["layers"]:
        W, b = weights[: n_out * n_in], weights[n_out * n_in : n_out * (n_in + 1)]
        layers.append(Linear(jnp.asarray(W.reshape(n_out, n_in)), jnp.asarray(b)))
        weights = weights[n_out * (n_in + 1) :]
    assert len(weights) == 0
    return MLP(tuple(layers), activation)


@pytest.mark.parametrize(
    "change", [{}, {"loss": "svm"}, {"optimizer": "sgd"}, {"hidden": ()}, {"activation": ("tanh",)}]
)
def test_training_reduces_the_loss(change):
    state = replace(SMALL, lr=0.03, **change)
    before, after = Playground(state).picture().meta, trained(state).picture().meta
    assert after["loss"]["train"] < 0.9 * before["loss"]["train"]
    assert after["accuracy"]["train"] > before["accuracy"]["train"]
    assert after["step"] == after["last_step"] == 200


def test_the_same_state_gives_the_same_numbers():
    a, b = (trained(replace(SMALL, dropout=0.2)).picture() for _ in range(2))
    for name, array in a.arrays.items():
        if name not in ("curve", "kept"):  # which steps are kept hangs on how fast the machine is
            assert_array_equal(array, b.arrays[name], err_msg=name)
    assert a.meta["loss"] == b.meta["loss"]
    assert not np.array_equal(a.arrays["weights"], trained(replace(SMALL, seed=1)).picture().arrays["weights"])


def test_convention_a_net_is_the_same_however_its_steps_were_cut():
    state, nets = replace(SMALL, dropout=0.1, batch=16), []
    for pieces in ([1] * 40, [1, 1, 38], [7, 13, 9, 11]):
        trainer = Trainer(state, make_points(state))
        for piece in pieces:
            left = piece
            while left:
                left -= trainer.train(left)
        nets.append(weights_of(trainer.model))
    assert_array_equal(nets[0], nets[1])
    assert_array_equal(nets[0], nets[2])


def test_convention_every_point_is_met_once_a_pass():
    state = replace(SMALL, batch=7)
    trainer = Trainer(state, make_points(state))
    n_train = int((~make_points(state).is_test).sum())
    order = np.concatenate([trainer._next_batches(n)[:n].ravel() for n in (1, 4, 20)])
    for start in range(0, len(order) - n_train, n_train):
        assert_array_equal(np.sort(order[start : start + n_train]), np.flatnonzero(~make_points(state).is_test))


def test_numbers_of_the_settings_compile_nothing():
    state = replace(SMALL, dropout=0.1)
    trainer = Trainer(state, make_points(state))
    trainer.train(1)
    n_programs = run_steps._cache_size()
    for change in (
        {"lr": 0.1},
        {"l1": 0.01},
        {"l2": 0.01},
        {"momentum": 0.5},
        {"dropout": 0.5},
        {"points": 150},
        {"window": (0, 1, 0, 1)},
    ):
        other = replace(state, **change)
        trainer.take(other, make_points(other))
        trainer.train(1)
    assert run_steps._cache_size() == n_programs


@pytest.mark.parametrize("change", [{}, {"hidden": (5, 4)}, {"hidden": ()}, {"inputs": ("y",)}, {"inputs": ("y", "x")}])
def test_regions_are_those_of_the_net(change):
    playground = trained(replace(SMALL, window=(-3, 2, -1, 4), **change), 50)
    picture = playground.picture()
    arrays, meta = picture.arrays, picture.meta
    assert meta["exact"]
    assert_allclose(sum(areas(arrays["corners"], arrays["starts"])), 25, rtol=1e-5)
    middles = np.array([arrays["corners"][a:b].mean(axis=0) for a, b in pairwise(arrays["starts"])])
    net = net_from(picture)
    scores = np.asarray(net(jnp.asarray(plane_inputs(middles, playground.state.inputs))), float)
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert_allclose(arrays["confidence"], chances.max(axis=1), atol=1e-5)
    assert_allclose(arrays["confidence"], chances[np.arange(len(chances)), arrays["top"]], atol=1e-5)
    assert meta["n_regions"] <= len(middles)
    ends = arrays["boundary"].reshape(-1, 2, 2).astype(float)
    assert_allclose(meta["boundary_length"], np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1).sum(), rtol=1e-5)
    assert (arrays["fold_units"] < max(sum(playground.state.hidden), 1)).all()


MIXED = [("leaky_relu", "relu"), ("relu", "identity", "leaky_relu"), ("identity", "relu"), ("identity", "identity")]


@pytest.mark.parametrize("activation", MIXED)
def test_regions_of_a_net_with_an_activation_a_layer_are_those_of_its_scores(activation):
    state = replace(SMALL, hidden=(5, 4, 3)[: len(activation)], activation=activation, lr=0.03)
    playground = trained(state, 50)
    picture = playground.picture()
    assert picture.meta["activations"] == list(activation)
    assert (picture.meta["n_regions"] > 1) == (set(activation) != {"identity"})
    net, rng = net_from(picture, activation), np.random.default_rng(0)
    for x, y in rng.uniform(-3, 3, (20, 2)):
        found = playground.look(x, y)
        assert found["exact"]
        seen = jnp.asarray([[x, y]], jnp.float32)
        assert_allclose(found["scores"], net(seen)[0], atol=1e-4)
        starts = np.cumsum([0, *state.hidden])
        on = [
            first + np.flatnonzero(h[0] > 0)
            for first, h, name in zip(starts, net.hidden(seen), activation, strict=False)
            if name != "identity"
        ]
        assert found["on"] == np.concatenate([np.zeros(0, int), *on]).tolist()
    bends = np.repeat([name != "identity" for name in activation], state.hidden)
    assert bends[picture.arrays["fold_units"]].all()


def test_folds_of_later_layers_lie_where_their_units_are_zero():
    playground = trained(replace(SMALL, hidden=(5, 4, 3), activation=("relu", "identity", "relu"), lr=0.03), 100)
    arrays = playground.picture().arrays
    middles = jnp.asarray(arrays["folds"].reshape(-1, 2, 2).mean(axis=1))
    units = arrays["fold_units"]
    assert set(units) & set(range(9, 12))
    net = net_from(playground.picture(), ("relu", "identity", "relu"))
    h = net.hidden(middles)
    z = np.concatenate([layer(before) for layer, before in zip(net.layers, [middles, *h[:2]], strict=False)], axis=1)
    assert_allclose(z[np.arange(len(units)), units], 0, atol=1e-4)


def test_a_part_of_the_window_holds_that_part_of_its_regions():
    playground = trained(replace(SMALL, hidden=(5, 4)), 50)
    whole = playground.picture()
    n_programs = _measured._cache_size()
    x, y = np.float64(whole.arrays["corners"][whole.arrays["starts"][1]])  # a corner of some region
    for side in (1.0, 0.01):
        playground.change(replace(playground.state, window=(x - side / 2, x + side / 2, y - side / 2, y + side / 2)))
        near = playground.picture()
        assert near.meta["step"] == whole.meta["step"]
        assert_allclose(sum(areas(near.arrays["corners"] - [x, y], near.arrays["starts"])), side**2, rtol=1e-3)
        assert 2 <= near.meta["n_regions"] <= whole.meta["n_regions"]
    assert _measured._cache_size() == n_programs


def test_the_boundary_is_where_two_scores_are_equal():
    playground = trained(SMALL)
    picture = playground.picture()
    ends = picture.arrays["boundary"].reshape(-1, 2)
    scores = np.sort(np.asarray(net_from(picture)(jnp.asarray(plane_inputs(ends, ("x", "y"))))), axis=1)
    assert len(ends) > 4
    assert_allclose(scores[:, -1], scores[:, -2], atol=1e-4)


def test_folds_are_where_units_bend():
    picture = trained(SMALL).picture()
    ends, units = picture.arrays["folds"].reshape(-1, 2, 2), picture.arrays["fold_units"]
    first = net_from(picture).layers[0]
    assert len(units) > 3
    for end in (0, 1):
        values = np.asarray(first(jnp.asarray(ends[:, end])))[np.arange(len(units)), units]
        assert_allclose(values, 0, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"inputs": ("x", "y", "x2")}, "the net sees x2, which makes the edges of its regions curved"),
        ({"activation": ("tanh",)}, "activation is tanh, which has no straight pieces"),
    ],
)
def test_what_has_no_straight_edges_is_a_grid_of_scores(change, why):
    playground = trained(replace(SMALL, **change), 30)
    picture = playground.picture()
    assert not picture.meta["exact"]
    assert why in picture.meta["why"]
    assert picture.meta["n_regions"] is None
    assert len(picture.arrays["corners"]) == 0
    grid = picture.arrays["grid"]
    net = net_from(picture, activations_of(playground.state))
    corner = np.array([[-3 + 6 / 200, 3 - 6 / 200]])  # the middle of the pixel at the top left
    scores = net(jnp.asarray(plane_inputs(corner, playground.state.inputs)))
    assert_allclose(grid[0, 0], np.asarray(scores)[0], atol=1e-5)
    assert playground.picture().arrays["grid"].shape == (100, 100, 3)
    look = playground.look(*corner[0])
    assert look["W"] is None
    assert_allclose(look["scores"], grid[0, 0], atol=1e-5)


def test_more_regions_than_can_be_drawn_are_a_grid_of_scores():
    playground = Playground(replace(SMALL, hidden=(256,) * 5))
    picture = playground.picture(is_playing=True)
    assert "the window holds more than" in picture.meta["why"]
    assert picture.arrays["grid"].shape == (50, 50, 3)
    assert len(picture.arrays["weights"]) == 0
    assert len(picture.arrays["responses"]) == 5 * 32
    assert picture.arrays["response_units"][32] == 256


def test_a_look_is_the_affine_map_around_a_point():
    playground = trained(replace(SMALL, hidden=(6, 5)))
    look = playground.look(0.4, -1.2)
    net = plane_net(net_from(playground.picture()), ("x", "y"))
    assert_allclose(look["scores"], net.scores(np.array([[0.4, -1.2]]))[0], rtol=1e-6)
    assert_allclose(look["scores"], np.array(look["W"]) @ [0.4, -1.2] + look["b"])
    assert look["top"] == int(np.argmax(look["scores"]))
    assert_allclose(sum(look["confidence"]), 1)
    first = np.asarray(net.weights[0] @ [0.4, -1.2] + net.biases[0])
    assert [unit for unit in look["on"] if unit < 6] == np.flatnonzero(first > 0).tolist()


def test_responses_are_what_units_hand_on():
    picture = trained(SMALL).picture()
    first = net_from(picture).layers[0]
    grid = window_grid((-3, 3, -3, 3), side=20)
    assert grid[0].tolist() == [-2.85, 2.85]
    expected = np.maximum(np.asarray(first(jnp.asarray(grid, jnp.float32))), 0).T.reshape(6, 20, 20)
    assert_allclose(picture.arrays["responses"], expected, atol=1e-5)


def test_accuracies_and_losses_are_those_of_their_points():
    picture = trained(SMALL).picture()
    points, labels, is_test = (picture.arrays[name] for name in ("points", "labels", "is_test"))
    scores = np.asarray(net_from(picture)(jnp.asarray(points)), float)
    losses = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(labels)), labels]
    for name, chosen in (("train", is_test == 0), ("test", is_test == 1)):
        assert_allclose(picture.meta["accuracy"][name], (scores.argmax(axis=1) == labels)[chosen].mean(), rtol=1e-5)
        assert_allclose(picture.meta["loss"][name], losses[chosen].mean(), rtol=1e-4)
    alone = Playground(replace(SMALL, test=0)).picture()
    assert alone.meta["loss"]["test"] is None
    assert np.isnan(alone.arrays["curve"][:, [2, 4]]).all()


def test_every_kept_moment_can_be_shown_again():
    playground = Playground(SMALL)
    seen = {0: playground.picture().arrays["weights"]}
    for _ in range(8):
        playground.train(5)
        picture = playground.picture()
        seen[picture.meta["step"]] = picture.arrays["weights"]
    kept = picture.arrays["kept"].tolist()
    assert kept == sorted(seen)
    for step in (0, kept[3], kept[-1]):
        playground.seek(step)
        assert playground.picture().meta["step"] == step
        assert playground.picture().meta["last_step"] == kept[-1]
        assert_array_equal(playground.picture().arrays["weights"], seen[step])
    playground.seek(kept[4] - 1)
    assert playground.picture().meta["step"] == kept[3]
    playground.train(1)
    assert playground.picture().meta["step"] == kept[-1] + 1


def test_a_moment_shown_again_has_its_regions_though_a_later_one_had_too_many(monkeypatch):
    playground = Playground(SMALL)
    playground.train(1)
    with monkeypatch.context() as patch:
        patch.setattr(regions, "MOST_REGIONS", 1)
        assert "the window holds more than 1 regions" in playground.picture().meta["why"]
    assert not playground.picture().meta["exact"]
    playground.seek(0)
    assert playground.picture().meta["exact"]


def test_history_stays_short_and_begins_at_the_first_step():
    playground = Playground(replace(SMALL, points=2, hidden=(1,)))
    for _ in range(1200):
        playground.train(1)
    picture = playground.picture()
    assert len(picture.arrays["kept"]) <= 501
    assert len(picture.arrays["curve"]) <= 501
    assert picture.arrays["kept"][0] == 0
    assert picture.arrays["kept"][-1] == 1200


@pytest.mark.parametrize("change", [{"lr": 0.1}, {"noise": 0.5}, {"points": 90}, {"loss": "svm"}, {"optimizer": "sgd"}])
def test_a_change_of_numbers_or_points_keeps_the_weights(change):
    playground = trained(SMALL, 20)
    before = playground.picture()
    playground.change(replace(SMALL, **change))
    after = playground.picture()
    assert after.meta["step"] == 20
    assert_array_equal(after.arrays["weights"], before.arrays["weights"])
    assert len(after.arrays["points"]) == change.get("points", 60)
    playground.train(5)


def test_epochs_are_the_passes_that_were_made_whatever_changes_after_them():
    playground = trained(SMALL, 20)
    n_train = int((playground.picture().arrays["is_test"] == 0).sum())
    assert_allclose(playground.picture().meta["epoch"], 200 / n_train)
    for change in ({"batch": 50}, {"points": 500}):
        playground.change(replace(SMALL, **change))
        assert_allclose(playground.picture().meta["epoch"], 200 / n_train)
    playground.change(replace(SMALL, batch=50))
    playground.train(1)
    assert_allclose(playground.picture().meta["epoch"], 250 / n_train)
    playground.seek(0)
    assert playground.picture().meta["epoch"] == 0


def test_with_another_loss_the_curve_begins_anew_at_the_newest_moment():
    playground = trained(SMALL, 20)
    playground.seek(0)
    playground.change(replace(SMALL, loss="svm"))
    curve = playground.picture().arrays["curve"]
    assert curve[:, 0].tolist() == [20]
    playground.seek(20)
    assert_allclose(curve[0, 1], playground.picture().meta["loss"]["train"])
    playground.train(1)
    assert playground.picture().arrays["curve"][:, 0].tolist() == [20, 21]


@pytest.mark.parametrize(
    "change", [{"hidden": (7,)}, {"classes": 4}, {"data": "moons"}, {"seed": 3}, {"inputs": ("x",)}]
)
def test_another_net_begins_at_step_0(change):
    playground = trained(SMALL, 20)
    playground.change(replace(SMALL, **change))
    assert playground.picture().meta["step"] == 0
    expected = Playground(replace(SMALL, **change)).picture()
    assert_array_equal(playground.picture().arrays["weights"], expected.arrays["weights"])


def test_a_refused_change_changes_nothing():
    playground = trained(SMALL, 20)
    with pytest.raises(SettingError, match="no CSV file was given"):
        playground.change(replace(SMALL, data="csv"))
    assert playground.state == SMALL
    assert playground.picture().meta["step"] == 20


def test_a_file_of_the_user_is_learned_from():
    rows = [f"{x},{y},{'in' if abs(x) + abs(y) < 3 else 'out'}" for x in range(-4, 5) for y in range(-4, 5)]
    playground = trained(LabState(data="csv", lr=0.03), 300, file=read_points("\n".join(rows), name="a.csv"))
    assert playground.picture().meta["class_names"] == ["out", "in"]
    assert playground.picture().meta["accuracy"]["train"] > 0.9


def test_other_columns_of_a_file_are_other_points_and_another_net():
    rows = "a,b,c,kind\n" + "\n".join(f"{i % 7},{i % 5},{i % 3},{'uv'[i % 2]}" for i in range(40))
    playground = trained(LabState(data="csv"), 20, file=read_points(rows, name="a.csv"))
    before = playground.picture()
    playground.change(replace(playground.state, columns=(2, 1)), Given(points=playground._given.points))
    after = playground.picture()
    assert (before.meta["axes"], after.meta["axes"]) == (["a", "b"], ["c", "b"])
    assert after.meta["step"] == 0
    assert_array_equal(after.arrays["points"][:, 1], before.arrays["points"][:, 1])
    assert Playground(SMALL).picture().meta["axes"] == ["x", "y"]


def test_without_points_training_is_refused_in_words_and_pictures_go_on():
    playground = Playground(LabState(data="points"))
    with pytest.raises(DataError, match="no points to learn from"):
        playground.train(1)
    assert playground.picture().meta["accuracy"] == {"train": 0.0, "test": None}


def test_a_loss_that_diverges_is_told_and_the_last_good_net_shown():
    playground = Playground(replace(SMALL, optimizer="sgd", lr=10, momentum=0.99, hidden=(20, 20)))
    with pytest.raises(DivergedError, match="Lower lr"):
        for _ in range(200):
            playground.train(20)
    picture = playground.picture()
    assert np.isfinite(picture.arrays["weights"]).all()
    assert "reset the net" in picture.meta["note"]
    with pytest.raises(DivergedError):
        playground.train(1)
    playground.reset()
    assert playground.picture().meta["note"] is None


def test_first_weights_have_the_spread_of_the_models():
    state = LabState(hidden=(256, 256))
    model = Trainer(state, make_points(state)).model
    assert_allclose(np.std(model.layers[1].W), np.sqrt(2 / 256), rtol=0.02)
    assert_allclose(
        np.std(Trainer(replace(state, activation=("tanh",)), make_points(state)).model.layers[1].W), 1 / 16, rtol=0.02
    )


def test_every_choice_of_the_state_is_known_to_the_engine():
    assert tuple(TRANSFORMS) == INPUTS
    assert set(FIELDS["activation"][0].item.choices) == set(ACTIVATIONS)


def test_transforms_are_what_they_are_called():
    found = plane_inputs(np.array([[-3.0, 4.0]]), INPUTS)[0]
    assert_allclose(found, [-3, 4, 9, 16, -12, np.sin(-3), np.sin(4), 5, np.pi - np.arctan(4 / 3)], rtol=1e-6)
