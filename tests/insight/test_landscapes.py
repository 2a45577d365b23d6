import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits

import foldline as fl
from foldline.insight.directions import random_direction
from foldline.insight.minima import local_minima
from foldline.training import objective

X, Y = load_digits(return_X_y=True)
X, Y = ((X[:300] - 8) / 6).astype(np.float32), Y[:300]

PATH = fl.WeightPath()
NET = fl.MLPClassifier(hidden=(8, 8), epochs=6).fit(X, Y, callbacks=[PATH])
OTHER = fl.MLPClassifier(hidden=(8, 8), epochs=6, random_state=1).fit(X, Y)
LINEAR = fl.LinearClassifier(epochs=6, l2=1e-2).fit(X, Y)


def objective_of(classifier, layers):
    """Softmax with squared penalty and ReLU, in plain float64."""
    h = X.astype(np.float64)
    for W, b in layers[:-1]:
        h = np.maximum(h @ W.T + b, 0)
    s = h @ layers[-1][0].T + layers[-1][1]
    log_sums = np.log(np.exp(s - s.max(axis=1, keepdims=True)).sum(axis=1)) + s.max(axis=1)
    return np.mean(log_sums - s[np.arange(len(Y)), Y]) + classifier.l2 * sum((W**2).sum() for W, _ in layers)


def layers_at(net, directions, steps):
    def array(a):
        return np.asarray(a, np.float64)

    return [
        tuple(
            array(getattr(layer, name))
            + sum(s * array(getattr(d.layers[i], name)) for s, d in zip(steps, directions, strict=True))
            for name in "Wb"
        )
        for i, layer in enumerate(net.layers)
    ]


def test_a_slice_holds_the_objective_along_its_direction():
    found = fl.loss_slice(NET, X, Y, points=5, low=-0.5, high=1.0, seed=7)
    direction = random_direction(NET.model_, kind="filter", generator=np.random.default_rng(7))
    assert_allclose(found.steps, [-0.5, -0.125, 0.25, 0.625, 1.0])
    expected = [objective_of(NET, layers_at(NET.model_, [direction], [s])) for s in found.steps]
    assert_allclose(found.values, expected, rtol=2e-6)
    assert np.abs(found.values - expected).max() <= 2 * found.rounding
    assert (found.kind, found.seed, found.n_rows) == ("filter", 7, 300)


def test_a_slice_of_a_net_with_an_activation_a_layer_holds_its_objective():
    mixed = fl.MLPClassifier(hidden=(6, 5), activation=("tanh", "relu"), epochs=3).fit(X, Y)
    found = fl.loss_slice(mixed, X, Y, points=3, low=-0.5, high=0.5, seed=7)
    direction = random_direction(mixed.model_, kind="filter", generator=np.random.default_rng(7))
    for step, value in zip(found.steps, found.values, strict=True):
        net = jax.tree.map(lambda a, d, step=step: a + jnp.float32(step) * d, mixed.model_, direction)
        expected, _ = objective(net, jnp.asarray(X), jnp.asarray(Y), None, loss="softmax", l1=0.0, l2=mixed.l2)
        assert_allclose(value, expected, rtol=1e-5)


def test_between_two_nets_lies_a_hill_and_the_triple_over_it_violates():
    found = fl.loss_slice(NET, X, Y, other=OTHER)
    direction = jax.tree.map(np.subtract, OTHER.model_.layers, NET.model_.layers)
    direction = type(NET.model_)(direction, "relu")
    at = {x: objective_of(NET, layers_at(NET.model_, [direction], [x])) for x in (0.0, 1.0)}
    assert_allclose(np.interp([0, 1], found.steps, found.values), [at[0.0], at[1.0]], rtol=1e-5)
    v = found.convexity.violation
    f1, f2, between = (
        objective_of(NET, layers_at(NET.model_, [direction], [x])) for x in (v.x1, v.x2, v.t * v.x1 + (1 - v.t) * v.x2)
    )
    assert between - (v.t * f1 + (1 - v.t) * f2) == pytest.approx(v.amount, rel=1e-6)
    assert v.amount > 0.1
    assert not found.structure.is_convex
    assert found.verdict == found.convexity.text
    assert len(found.minima) == 2
    assert found.kind == "between"


def test_a_linear_classifier_is_convex_and_no_sample_says_otherwise():
    for options in ({"kind": "random"}, {"kind": "weight", "low": -5, "high": 5}, {"kind": "filter", "seed": 5}):
        found = fl.loss_slice(LINEAR, X, Y, **options)
        assert found.structure.is_convex
        assert found.convexity.violation is None
        assert found.verdict.startswith("convex by structure: the scores W x + b are linear")
    plane = fl.loss_plane(LINEAR, X, Y, points=15)
    assert plane.convexity.violation is None
    assert plane.convexity.n_samples == 225
    assert plane.verdict == plane.structure.text
    assert len(plane.minima) == 1


def test_convention_a_minimum_less_deep_than_rounding_is_none():
    found = fl.loss_slice(NET, X, Y, low=-1e-5, high=1e-5)
    assert len(local_minima(found.values, depth=0.0)) > 3
    assert found.minima == ()


def test_a_plane_holds_the_objective_of_both_directions():
    found = fl.loss_plane(NET, X, Y, kind="random", points=4, span=0.5, seed=2)
    generator = np.random.default_rng(2)
    directions = [random_direction(NET.model_, kind="random", generator=generator) for _ in range(2)]
    expected = [
        [objective_of(NET, layers_at(NET.model_, directions, [a, b])) for a in found.steps_1] for b in found.steps_2
    ]
    assert_allclose(found.values, expected, rtol=2e-6)
    assert_allclose(found.steps_1, [-0.5, -1 / 6, 1 / 6, 0.5])


def test_a_plane_towards_another_net_has_it_at_one_and_zero():
    found = fl.loss_plane(NET, X, Y, other=OTHER, points=21)
    assert (found.steps_1[0], found.steps_1[-1], found.steps_2[0]) == (-0.5, 1.5, -1.0)
    assert found.values[10, 15] == pytest.approx(objective_of(OTHER, layers_at(OTHER.model_, [], [])), rel=1e-5)
    v = found.convexity.violation
    assert v.amount > 0.1
    assert v.x1[0] == v.x2[0] or v.x1[1] == v.x2[1]
    directions = [
        type(NET.model_)(jax.tree.map(np.subtract, OTHER.model_.layers, NET.model_.layers), "relu"),
    ]
    generator = np.random.default_rng(0)
    directions.append([random_direction(NET.model_, kind="filter", generator=generator) for _ in range(2)][1])
    ends = [objective_of(NET, layers_at(NET.model_, directions, x)) for x in (v.x1, v.x2)]
    assert_allclose([v.f1, v.f2], ends, rtol=1e-6)


def test_a_path_is_drawn_where_its_nets_are():
    found = fl.loss_plane(NET, X, Y, path=PATH.nets, points=11)
    assert found.path.shape == (6, 2)
    assert_allclose(found.path[-1], 0, atol=1e-6)
    assert found.kind == "path"
    assert 0.5 < found.path_share <= 1
    assert found.steps_1[0] < found.path[:, 0].min() < found.path[:, 0].max() < found.steps_1[-1]
    # Earlier nets fall on higher ground.
    column, row = (np.abs(s - p).argmin() for s, p in zip((found.steps_1, found.steps_2), found.path[0], strict=True))
    assert found.values[row, column] > 2 * found.values.min()


def test_the_same_seed_gives_the_same_numbers():
    one, again, another = (fl.loss_slice(NET, X, Y, points=9, seed=seed) for seed in (1, 1, 2))
    assert_array_equal(one.values, again.values)
    assert not np.array_equal(one.values, another.values)
    planes = [fl.loss_plane(NET, X, Y, points=5, seed=1) for _ in range(2)]
    assert_array_equal(planes[0].values, planes[1].values)
    assert planes[0].convexity == planes[1].convexity


def test_a_saved_model_has_the_landscape_of_the_fitted_one(tmp_path):
    NET_FILE = tmp_path / "net.safetensors"
    fl.save(NET, NET_FILE)
    loaded = fl.load(NET_FILE)
    assert_array_equal(fl.loss_slice(loaded, X, Y, points=9).values, fl.loss_slice(NET, X, Y, points=9).values)


def test_no_input_is_changed():
    rows, before = X.copy(), [np.asarray(layer.W).copy() for layer in NET.model_.layers]
    fl.loss_slice(NET, rows, Y, points=5)
    assert_array_equal(rows, X)
    for layer, W in zip(NET.model_.layers, before, strict=True):
        assert_array_equal(layer.W, W)
    assert not jax.config.jax_enable_x64


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"points": 2}, fl.SettingError, "points is 2; expected a whole number from 3"),
        ({"low": -np.inf}, fl.SettingError, "low is -inf; expected a number"),
        ({"high": np.nan}, fl.SettingError, "high is nan; expected a number above -1"),
        ({"low": 1.0, "high": 1.0}, fl.SettingError, "high is 1.0; expected a number above 1"),
        ({"kind": "up"}, fl.SettingError, "kind is 'up'; expected one of 'filter', 'random', 'weight'"),
        ({"seed": -1}, fl.SettingError, "seed is -1"),
        ({"other": NET}, fl.DataError, "the direction has length 0"),
        (
            {"other": fl.MLPClassifier(hidden=(8, 8), epochs=1).fit(X, Y - 1)},
            fl.DataError,
            r"the other model knows the classes \[-1, 0, .*; expected \[0, 1, ",
        ),
        ({"other": LINEAR}, fl.ShapeError, "the other model has layers of 64 -> 10 numbers; expected 64 -> 8"),
        ({"other": fl.KNNClassifier().fit(X, Y)}, fl.SettingError, "model is a KNNClassifier"),
    ],
)
def test_bad_settings_of_a_slice_are_told(options, error, message):
    with pytest.raises(error, match=message):
        fl.loss_slice(NET, X, Y, **options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"points": 2}, fl.SettingError, "points is 2; expected a whole number from 3 to 1001"),
        ({"span": 0.0}, fl.SettingError, "span is 0.0; expected a number above 0"),
        ({"span": np.inf}, fl.SettingError, "span is inf"),
        ({"path": []}, fl.DataError, "the path has 0 nets; expected at least 3"),
        ({"path": PATH.nets, "other": OTHER}, fl.SettingError, "other and path are both given"),
    ],
)
def test_bad_settings_of_a_plane_are_told(options, error, message):
    with pytest.raises(error, match=message):
        fl.loss_plane(NET, X, Y, **options)


def test_rows_without_a_class_cannot_be_balanced():
    model = fl.LinearClassifier(epochs=1, class_weight="balanced").fit(X, Y)
    with pytest.raises(fl.DataError, match="class_weight is 'balanced' and y lacks the class 9; expected rows of all"):
        fl.loss_slice(model, X[Y < 9], Y[Y < 9])


def test_weights_without_length_are_told():
    zeros = fl.LinearClassifier(epochs=1, lr=1e-9, l2=0.0).fit(X, Y)
    zeros.model_ = jax.tree.map(lambda a: a * 0, zeros.model_)
    with pytest.raises(fl.DataError, match="the direction has length 0; .* whose weights are not all 0"):
        fl.loss_slice(zeros, X, Y)
