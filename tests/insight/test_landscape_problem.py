from dataclasses import replace
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError

import foldline as fl
from foldline.insight.landscape_problem import BLOCK_ROWS, Problem
from foldline.insight.slices import values_at

X, Y = load_digits(return_X_y=True)
X, Y = (X[:150] / 16).astype(np.float32), Y[:150]


def scores_of(layers, X, activation):
    """Plain NumPy in float64."""
    h = X.astype(np.float64)
    for W, b in layers[:-1]:
        h = activation(h @ W.T + b)
    W, b = layers[-1]
    return h @ W.T + b


def mean_loss(scores, y, loss, *, smoothing=0.0, weights=None):
    """Row by row, in plain Python."""
    total = 0.0
    for i, (s, k) in enumerate(zip(scores, y, strict=True)):
        if loss == "softmax":
            targets = np.full(len(s), smoothing / len(s))
            targets[k] += 1 - smoothing
            row = np.log(np.exp(s - s.max()).sum()) + s.max() - targets @ s
        elif loss == "svm":
            row = sum(max(0.0, s[j] - s[k] + 1) for j in range(len(s)) if j != k)
        else:
            row = sum((s[j] - (1 if j == k else -1)) ** 2 for j in range(len(s)))
        total += row * (1.0 if weights is None else weights[i])
    return total / len(y)


def plain_objective(layers, X, y, *, loss, l1=0.0, l2=0.0, activation=None, smoothing=0.0, weights=None):
    scores = scores_of(layers, X, activation)
    squares = sum(float((W**2).sum()) for W, _ in layers)
    sizes = sum(float(np.abs(W).sum()) for W, _ in layers)
    return mean_loss(scores, y, loss, smoothing=smoothing, weights=weights) + l2 * squares + l1 * sizes


def layers_of(net):
    return [(np.asarray(layer.W, np.float64), np.asarray(layer.b, np.float64)) for layer in net.layers]


def moved_layers(net, directions, steps):
    layers = layers_of(net)
    for step, direction in zip(steps, directions, strict=True):
        layers = [(W + step * V, b + step * c) for (W, b), (V, c) in zip(layers, layers_of(direction), strict=True)]
    return layers


def relu(h):
    return np.maximum(h, 0)


def elu(h):
    return np.where(h > 0, h, np.exp(np.minimum(h, 0)) - 1)


CASES = {
    "softmax": (fl.LinearClassifier(epochs=2, l2=0.01), {"loss": "softmax", "l2": 0.01}),
    "svm with l1": (fl.LinearClassifier(epochs=2, loss="svm", l1=0.02, l2=0.0), {"loss": "svm", "l1": 0.02}),
    "ridge": (fl.RidgeClassifier(l2=0.1), {"loss": "squares", "l2": 0.1}),
    "net": (fl.MLPClassifier(hidden=(7,), epochs=2, l2=1e-3), {"loss": "softmax", "l2": 1e-3, "activation": relu}),
    "deep net": (
        fl.MLPClassifier(hidden=(6, 5), epochs=2, activation="elu", l1=1e-3, l2=1e-2, loss="svm"),
        {"loss": "svm", "l1": 1e-3, "l2": 1e-2, "activation": elu},
    ),
    "smoothed labels": (
        fl.MLPClassifier(hidden=(6,), epochs=2, activation="tanh", label_smoothing=0.2, dropout=0.3),
        {"loss": "softmax", "l2": 1e-4, "activation": np.tanh, "smoothing": 0.2},
    ),
}


def random_like(net, seed):
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda a: jax.numpy.asarray(rng.standard_normal(a.shape), np.float32), net)


@pytest.fixture(scope="module", params=CASES, name="case")
def fixture_case(request):
    model, settings = CASES[request.param]
    problem = Problem.of(model.fit(X, Y), X, Y)
    return SimpleNamespace(problem=problem, settings=settings)


def test_the_exact_objective_is_that_of_plain_code_in_float64(case):
    with jax.enable_x64(True):
        exact = case.problem.exact(jax.tree.map(lambda a: np.asarray(a, np.float64), case.problem.model))
    assert exact == pytest.approx(plain_objective(layers_of(case.problem.model), X, Y, **case.settings), rel=1e-12)


def test_values_along_a_line_and_over_a_plane_are_those_of_plain_code(case):
    net = case.problem.model
    directions = [random_like(net, 1), random_like(net, 2)]
    steps = np.array([[0.0, 0.0], [0.25, 0.0], [-1.0, 0.5], [2.0, -3.0]])
    expected = [plain_objective(moved_layers(net, directions, at), X, Y, **case.settings) for at in steps]
    assert_allclose(values_at(case.problem, directions, steps), expected, rtol=2e-6)
    assert_allclose(values_at(case.problem, directions[:1], steps[:2, :1]), expected[:2], rtol=2e-6)


def test_the_same_rows_many_times_over_several_blocks_are_worth_the_same(case):
    n = BLOCK_ROWS // len(Y) + 2
    many = replace(case.problem, X=np.tile(X, (n, 1)), y=np.tile(case.problem.y, n), weights=np.ones(n * len(Y), "f"))
    assert len(list(many.blocks())) == 2
    assert len(many.y) % BLOCK_ROWS
    directions, steps = [random_like(case.problem.model, 1)], np.array([[0.5], [-0.5]])
    assert_allclose(values_at(many, directions, steps), values_at(case.problem, directions, steps), rtol=2e-6)


def test_class_weights_count_as_in_fit():
    model = fl.LinearClassifier(epochs=2, class_weight={0: 3.0}).fit(X, Y)
    problem = Problem.of(model, X, Y)
    weights = np.where(Y == 0, 3.0, 1.0)
    expected = plain_objective(layers_of(model.model_), X, Y, loss="softmax", l2=1e-4, weights=weights / weights.mean())
    assert values_at(problem, [problem.model], np.zeros((1, 1)))[0] == pytest.approx(expected, rel=2e-6)


def test_labels_of_any_kind_are_those_of_the_model():
    names = np.array([f"digit {y}" for y in Y])
    by_name = Problem.of(fl.LinearClassifier(epochs=2).fit(X, names), X[:20], names[:20])
    assert by_name.y.tolist() == Y[:20].tolist()


def test_a_pipeline_is_given_images(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 3), dtype=np.uint8)
    labels = np.arange(30) % 3
    pipeline = fl.make_pipeline(fl.Pixels(), classifier=fl.MLPClassifier(hidden=(4,), epochs=2)).fit(images, labels)
    pipeline.save(tmp_path / "model.safetensors")
    rows = pipeline.features_.transform(images)
    assert_allclose(Problem.of(fl.load(tmp_path / "model.safetensors"), images, labels).X, rows)
    with pytest.raises(fl.ShapeError, match=r"X has shape \(30, 192\); expected \(n, 8, 8, 3\)"):
        Problem.of(pipeline, rows, labels)


LINEAR = fl.LinearClassifier(epochs=1).fit(X, Y)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("model", "rows", "labels", "error", "message"),
    [
        (fl.KNNClassifier().fit(X, Y), X, Y, fl.SettingError, "model is a KNNClassifier; expected a LinearClassifier"),
        (fl.LinearClassifier(), X, Y, NotFittedError, "is not fitted yet"),
        (fl.MLPClassifier(stem=fl.Stem((8, 8, 1))), X, Y, fl.SettingError, r"model has stem=Stem.*; expected None"),
        (LINEAR, X[:, :9], Y, fl.ShapeError, "X has 9 numbers a row; expected 64"),
        (LINEAR, X[0], Y, fl.ShapeError, r"X has shape \(64,\); expected \(n, d\)"),
        (LINEAR, X, Y[:9], fl.ShapeError, r"y has shape \(9,\); expected \(150\)"),
        (LINEAR, X[:0], Y[:0], fl.DataError, "X holds no rows; expected at least one"),
        (LINEAR, X * np.nan, Y, fl.DataError, "X holds NaN or infinity; expected finite numbers"),
        (LINEAR, X, Y + 1, fl.DataError, "y holds 10; expected only classes that the model knows"),
        (LINEAR, X, Y.astype(str), fl.DataError, "y holds '0'; expected only classes"),
    ],
)
def test_bad_input_is_told(model, rows, labels, error, message):
    with pytest.raises(error, match=message):
        Problem.of(model, rows, labels)


def test_losses_that_are_not_finite_are_told_with_their_place():
    problem = Problem.of(LINEAR, X, Y)
    with pytest.raises(
        fl.DivergedError, match=r"the loss is (inf|nan) at step 1e.20, .* 1 of 2 places; .* smaller range"
    ):
        values_at(problem, [jax.tree.map(lambda a: a + 1e20, problem.model)], np.array([[0.0], [1e20]]))
