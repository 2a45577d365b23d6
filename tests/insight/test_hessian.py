import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from numpy.testing import assert_allclose
from sklearn.datasets import load_digits

import foldline as fl
from foldline.insight.hessian import BLOCK_ROWS, Hessian, _beyond, extremes_of
from foldline.insight.landscape_problem import Problem
from foldline.training import objective

DIGITS, LABELS = load_digits(return_X_y=True)
# Sixteen numbers an image: means of 2 x 2 pixels.
X = (DIGITS.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(-1, 16) / 16)[:300].astype(np.float32)
Y = LABELS[:300] % 4

MODELS = {
    "softmax": fl.LinearClassifier(epochs=3, l2=0.01),
    "net": fl.MLPClassifier(hidden=(6,), activation="tanh", epochs=3, l2=1e-3),
    "relu net": fl.MLPClassifier(hidden=(6, 5), epochs=5),
    "mixed net": fl.MLPClassifier(hidden=(6, 5), activation=("tanh", "elu"), epochs=3),
    "smoothed labels": fl.MLPClassifier(hidden=(5,), activation="elu", epochs=3, label_smoothing=0.1),
}


@pytest.fixture(scope="module", params=MODELS, name="fitted")
def fixture_fitted(request):
    return MODELS[request.param].fit(X, Y)


def dense_hessian(problem):
    """The whole matrix, by another way: jax.hessian of the objective of training, in float64."""
    with jax.enable_x64(True):
        net = jax.tree.map(lambda a: jnp.asarray(np.asarray(a, np.float64)), problem.model)
        flat, shaped = ravel_pytree(net)
        rows = jnp.asarray(problem.X.astype(np.float64)), jnp.asarray(problem.y), jnp.asarray(problem.weights)

        def F(flat):
            smoothing = problem.label_smoothing or None
            return objective(
                shaped(flat), *rows, loss=problem.loss, l1=problem.l1, l2=problem.l2, label_smoothing=smoothing
            )[0]

        return np.asarray(jax.hessian(F)(flat))


def test_extremes_are_those_of_the_dense_matrix_within_their_errors(fitted):
    eigenvalues = np.linalg.eigvalsh(dense_hessian(Problem.of(fitted, X, Y)))
    found = fl.hessian_extremes(fitted, X, Y, tolerance=1e-5)
    scale = np.abs(eigenvalues).max()
    assert found.n_weights == len(eigenvalues)
    assert abs(found.largest - eigenvalues[-1]) <= found.largest_error <= 2e-5 * scale
    assert abs(found.smallest - eigenvalues[0]) <= found.smallest_error <= 2e-5 * scale


@pytest.mark.parametrize("tolerance", [0.3, 0.03, 1e-3])
def test_errors_hold_before_it_has_settled(fitted, tolerance):
    eigenvalues = np.linalg.eigvalsh(dense_hessian(Problem.of(fitted, X, Y)))
    for seed in range(3):
        found = fl.hessian_extremes(fitted, X, Y, tolerance=tolerance, seed=seed)
        assert np.abs(eigenvalues - found.largest).min() <= found.largest_error
        assert np.abs(eigenvalues - found.smallest).min() <= found.smallest_error
        assert found.smallest_error <= 1.5 * tolerance * np.abs(eigenvalues).max()
        assert -1e-6 <= eigenvalues[-1] - found.largest <= found.beyond
        assert -1e-6 <= found.smallest - eigenvalues[0] <= found.beyond


def test_products_are_those_of_the_dense_matrix_in_several_blocks(fitted):
    n = BLOCK_ROWS // len(X) + 1
    many = Problem.of(fitted, np.tile(X, (n, 1)), np.tile(Y, n))
    assert len(list(many.blocks(BLOCK_ROWS))) == 2
    hessian, dense = Hessian(many), dense_hessian(Problem.of(fitted, X, Y))
    v = np.random.default_rng(0).standard_normal(hessian.n).astype(np.float32)
    assert_allclose(hessian @ v, dense @ v, rtol=1e-4, atol=1e-5 * np.abs(dense @ v).max())


def test_a_quadratic_has_the_curvature_of_its_formula():
    # (1/N) sum |W x + b - t|^2 + l2 |W|^2: twice the mean of [x 1] [x 1]^T, and 2 l2 more on weights, for each class.
    rows = np.column_stack([X[:, :3].astype(np.float64), np.ones(len(X))])
    expected = np.linalg.eigvalsh(2 * rows.T @ rows / len(X) + np.diag([0.2, 0.2, 0.2, 0]))
    model = fl.RidgeClassifier(l2=0.1).fit(X[:, :3], Y)
    found = fl.hessian_extremes(model, X[:, :3], Y, tolerance=1e-6)
    assert found.largest == pytest.approx(expected[-1], rel=1e-5)
    assert found.smallest == pytest.approx(expected[0], rel=1e-4)


def test_the_hinge_of_a_linear_classifier_bends_only_by_its_penalty():
    model = fl.LinearClassifier(loss="svm", l2=0.05, epochs=2).fit(X, Y)
    found = fl.hessian_extremes(model, X, Y)
    assert found.largest == pytest.approx(0.1, rel=1e-5)
    assert found.smallest == pytest.approx(0, abs=1e-6)  # biases are not regularised


def test_a_direction_that_curves_down_is_told():
    net = fl.MLPClassifier(hidden=(6,), activation="tanh", epochs=1, lr=1e-6, l2=0.0).fit(X, Y)
    found = fl.hessian_extremes(net, X, Y)
    assert found.smallest < -found.smallest_error
    assert "not convex here: some direction curves down" in found.text
    linear = fl.hessian_extremes(fl.LinearClassifier(epochs=3).fit(X, Y), X, Y)
    assert "no direction found that curves down" in linear.text
    assert f"to {linear.largest:.4g} " in linear.text


def test_the_same_seed_gives_the_same_numbers_and_few_steps_wider_errors(fitted):
    assert fl.hessian_extremes(fitted, X, Y, seed=4) == fl.hessian_extremes(fitted, X, Y, seed=4)
    short, long = (fl.hessian_extremes(fitted, X, Y, tolerance=1e-6, max_steps=n) for n in (3, 60))
    assert short.n_steps == 5
    assert short.largest_error > long.largest_error
    assert short.largest <= long.largest * (1 + 1e-6)


def test_the_bound_beyond_is_that_of_its_formula():
    assert _beyond(10, 10, spread=3.0) == 0
    share = (np.log(1.648 * 10 / 0.01) / 99) ** 2
    assert _beyond(100, 50, spread=2.0) == pytest.approx(2 * share / (1 - 2 * share))
    assert _beyond(10_000, 2, spread=1.0) == float("inf")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tolerance": 0.0}, "tolerance is 0.0; expected a number at least 1e-06"),
        ({"max_steps": 1}, "max_steps is 1; expected a whole number at least 2"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_bad_settings_are_told(options, message):
    with pytest.raises(fl.SettingError, match=message):
        fl.hessian_extremes(fl.LinearClassifier(), X, Y, **options)


def test_curvature_that_is_not_finite_is_told():
    model = fl.RidgeClassifier().fit(X, Y)
    problem = Problem.of(model, np.full_like(X, 1e30), Y)
    with pytest.raises(fl.DivergedError, match="the curvature of the loss is not finite"):
        extremes_of(problem, tolerance=1e-3, max_steps=5, generator=np.random.default_rng(0))
