from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from foldline.core.errors import DataError, DivergedError
from foldline.models import MLP, Linear
from foldline.training import Rows, TrainingSettings, fit_svm_to_optimum, max_margin, svm_optimality_gap
from foldline.training.svm_dual import DualPoint, balanced

RNG = np.random.default_rng(0)
N, D, K = 30, 4, 3
Y = np.sort(RNG.integers(0, K, N)).astype(np.int32)
X = (RNG.standard_normal((N, D)) + 1.2 * np.eye(K, D)[Y] + 0.3).astype(np.float32)
WEIGHTS = RNG.integers(0, 4, N)
L2 = 0.02


def rows_of(X, y=Y, weights=None):
    weights = None if weights is None else jnp.asarray(weights / np.mean(weights), jnp.float32)
    return Rows(jnp.asarray(X), jnp.asarray(y), weights)


def solved(rows, *, val=None, **settings):
    model = MLP.random(n_in=rows.X.shape[1], n_out=K, key=jax.random.key(0))
    settings = TrainingSettings(loss="svm", **{"l2": L2, "epochs": 500, **settings})
    model, history, gap = fit_svm_to_optimum(model, rows, settings=settings, val=val)
    layer = model.layers[0]
    return np.asarray(layer.W, np.float64), np.asarray(layer.b, np.float64), history, gap


def objective(W, b, X, weights, l2=L2, y=Y):
    total = 0.0
    for x, label, weight in zip(X.astype(np.float64), y, weights, strict=True):  # plain loops on purpose
        s = W @ x + b
        total += weight * sum(max(0.0, s[j] - s[label] + 1) for j in range(K) if j != label)
    return total / np.sum(weights) + l2 * np.sum(W**2)


def true_minimum(X, weights, l2=L2):
    return quadratic_program(X.tobytes(), tuple(weights), l2)


@cache
def quadratic_program(X, weights, l2):
    """Solve the quadratic program with slacks: minimise sum of shares * slacks + l2 |W|^2 under linear constraints."""
    X = np.frombuffer(X, np.float32).reshape(N, D)
    shares = np.repeat(weights / np.sum(weights), K - 1)
    margins = []
    for x, label in zip(X.astype(np.float64), Y, strict=True):
        for j in set(range(K)) - {label}:
            sign = np.eye(K)[label] - np.eye(K)[j]
            margins.append(np.concatenate([np.outer(sign, x).ravel(), sign]))
    n_weights = K * (D + 1)
    A = np.column_stack([margins, np.eye(len(shares))])
    start = np.concatenate([np.zeros(n_weights), np.ones(len(shares))])
    is_weight = np.arange(len(start)) < K * D
    is_slack = np.arange(len(start)) >= n_weights
    costs = np.zeros(len(start))
    costs[is_slack] = shares
    found = minimize(
        lambda v: (costs @ v + l2 * np.sum(v[is_weight] ** 2), costs + 2 * l2 * v * is_weight),
        start,
        jac=True,
        method="SLSQP",
        bounds=[(0, None) if slack else (None, None) for slack in is_slack],
        constraints={"type": "ineq", "fun": lambda v: A @ v - 1, "jac": lambda v: A},
        options={"maxiter": 500, "ftol": 1e-12},
    )
    assert found.success
    return found.fun


@pytest.mark.parametrize("weights", [np.ones(N), WEIGHTS])
@pytest.mark.parametrize("l2", [0.3, 0.02, 1e-3])
def test_the_optimum_is_that_of_a_quadratic_program(weights, l2):
    W, b, _, gap = solved(rows_of(X, weights=weights), l2=l2)
    least = true_minimum(X, weights, l2)
    above = objective(W, b, X, weights, l2) - least
    assert -1e-5 * least < above <= gap + 1e-6
    assert gap <= 1.1e-3 * least


@pytest.mark.parametrize("epochs", [1, 2, 4, 8, 16, 32])
def test_the_gap_is_true_wherever_training_ends(epochs):
    W, b, history, gap = solved(rows_of(X, weights=WEIGHTS), epochs=epochs)
    assert history.n_epochs <= epochs
    assert objective(W, b, X, WEIGHTS) - true_minimum(X, WEIGHTS) <= gap + 1e-6


@pytest.mark.parametrize("size", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("shift", [0.0, 5.0])
def test_the_gap_of_any_weights_is_true_and_at_most_the_objective(size, shift):
    W, b = size * RNG.standard_normal((K, D)), np.array([shift, 0, 0])
    model = MLP((Linear(jnp.asarray(W, jnp.float32), jnp.asarray(b, jnp.float32)),), "relu")
    gap = svm_optimality_gap(model, rows_of(X, weights=WEIGHTS), settings=TrainingSettings(loss="svm", l2=L2))
    found = objective(W, b, X, WEIGHTS)
    assert found - true_minimum(X, WEIGHTS) <= gap + 1e-6
    assert gap <= found + 1e-6


def test_features_that_say_nothing_have_the_optimum_of_two_biases():
    # Of K = 2 classes with shares 0.7 and 0.3, the best biases lead by 1: the loss is 2 for the rarer, 0 for the other.
    y = (np.arange(10) >= 7).astype(np.int32)
    model = MLP.random(n_in=1, n_out=2, key=jax.random.key(0))
    rows = Rows(jnp.zeros((10, 1)), jnp.asarray(y))
    settings = TrainingSettings(loss="svm", l2=0.1, epochs=100)
    model, _, gap = fit_svm_to_optimum(model, rows, settings=settings)
    lead = float(model.layers[0].b[0] - model.layers[0].b[1])
    assert 0.7 * max(0, 1 - lead) + 0.3 * max(0, 1 + lead) - 0.6 <= gap + 1e-6 <= 0.61e-3
    # At first both are 0: the loss is 1, of which 0.4 is too much, and what the wide smoothing cannot see.
    assert 0.4 <= svm_optimality_gap(MLP.random(n_in=1, n_out=2, key=jax.random.key(0)), rows, settings=settings) < 0.45


@pytest.mark.parametrize("spread", [0.0, 0.3, 1.0])
def test_balanced_duals_pull_each_class_up_as_much_as_down(spread):
    rows = rows_of(X, weights=WEIGHTS)
    duals = np.where(np.arange(K) == Y[:, None], 0.0, np.clip(0.5 + spread * RNG.standard_normal((N, K)), 0, 1))
    found = balanced(duals, rows)
    weights = np.asarray(rows.weights, np.float64)
    for k in range(K):
        up = sum(weights[i] * found[i, k] for i in range(N) if Y[i] != k)
        down = sum(weights[i] * found[i].sum() for i in range(N) if Y[i] == k)
        assert_allclose(up, down, atol=1e-10)
    assert found.min() >= 0
    assert found.max() <= 1
    assert (found[np.arange(N), Y] == 0).all()


def test_the_bound_is_that_of_the_best_multiple_of_the_duals():
    point = DualPoint(jnp.zeros((1, 2)), 1.0, np.array([[2.0, 2.0]]))
    assert_allclose(point.bound(1.0), 1 / 8)  # t - 2 t^2, largest at t = 1/4
    assert_allclose(point.bound(4.0), 1 / 2)  # t - t^2 / 2, largest at t = 1


def test_duals_that_are_balanced_stay():
    order = np.arange(12) % 3
    duals = np.where(np.arange(3) == order[:, None], 0.0, 0.25)
    assert_allclose(balanced(duals, Rows(jnp.zeros((12, 1)), jnp.asarray(order))), duals, atol=1e-12)


def test_convention_biases_are_not_regularised():
    moved = solved(rows_of(X + 3))
    assert_allclose(objective(*moved[:2], X + 3, np.ones(N)), true_minimum(X, np.ones(N)), rtol=1.1e-3)


def test_whole_weights_count_as_repetitions():
    repeated = np.repeat(np.arange(N), WEIGHTS)
    W, b, _, _ = solved(rows_of(X[repeated], Y[repeated]))
    assert_allclose(objective(W, b, X, WEIGHTS), true_minimum(X, WEIGHTS), rtol=1.1e-3)


def test_curves_are_of_the_hinge_and_the_lowest_objective_is_kept():
    W, b, history, _ = solved(rows_of(X))
    assert_allclose(history.train_loss[0], K - 1)
    assert_allclose(history.train_loss[history.best_epoch], objective(W, b, X, np.ones(N), 0.0), rtol=1e-5)
    assert_allclose(history.train_accuracy[history.best_epoch], np.mean(np.argmax(X @ W.T + b, axis=1) == Y))
    assert history.val_accuracy is None


def test_the_best_validation_weights_are_kept_and_patience_ends_early():
    val = rows_of(X, (Y + 1) % K)  # every step makes it worse: the first weights, all zero, are the best
    W, b, history, gap = solved(rows_of(X), val=val, patience=3)
    assert (history.best_epoch, history.n_epochs) == (0, 4)
    assert not W.any()
    assert objective(W, b, X, np.ones(N)) - true_minimum(X, np.ones(N)) <= gap <= K - 1


def test_a_width_too_small_for_float32_ends_the_rounds(monkeypatch):
    monkeypatch.setattr(max_margin, "TOLERANCE", 0.0)
    _, _, history, gap = solved(rows_of(X), epochs=1500)
    assert history.n_epochs < 1500
    assert gap < 1e-3


@pytest.mark.parametrize("size", [1e24, 1e37])
def test_features_too_large_for_float32_are_told(size):
    with pytest.raises(DivergedError, match="infinite or NaN.*|became infinite; expected finite numbers. Scale"):
        solved(rows_of(X * np.float32(size)))


def test_a_class_without_weight_has_no_optimum_and_is_refused():
    with pytest.raises(DataError, match="all rows of class 1 have weight 0 and solver is 'lbfgs'"):
        solved(rows_of(X, weights=np.where(Y == 1, 0.0, 1.0)))
