import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from foldline.core.errors import DataError, DivergedError
from foldline.models import MLP, Linear
from foldline.training import Rows, TrainingSettings, fit_to_optimum, metric, optimality_gap

RNG = np.random.default_rng(0)
N, D, K = 240, 12, 3
MIXING = np.linalg.qr(RNG.standard_normal((D, D)))[0] * np.geomspace(1, 1e-3, D)
LATENT = RNG.standard_normal((N, D))
Y = np.argmax(LATENT @ RNG.standard_normal((D, K)) + RNG.gumbel(size=(N, K)), axis=1).astype(np.int32)
X = (LATENT + 0.3).astype(np.float32)
CORRELATED = (X @ MIXING.T).astype(np.float32)
WEIGHTS = RNG.integers(0, 4, N)


def rows_of(X, y=Y, weights=None):
    weights = None if weights is None else jnp.asarray(weights / np.mean(weights), jnp.float32)
    return Rows(jnp.asarray(X), jnp.asarray(y), weights)


def solved(rows, *, val=None, **settings):
    model = MLP.random(n_in=rows.X.shape[1], n_out=K, key=jax.random.key(0))
    settings = TrainingSettings(**{"l2": 0.01, "epochs": 300, **settings})
    model, history, gap = fit_to_optimum(model, rows, settings=settings, val=val)
    layer = model.layers[0]
    return np.asarray(layer.W, np.float64), np.asarray(layer.b, np.float64), history, gap


def objective(W, b, X, weights, l2):
    scores = X.astype(np.float64) @ W.T + b
    return np.average(logsumexp(scores, axis=1) - scores[np.arange(N), Y], weights=weights) + l2 * np.sum(W**2)


def true_optimum(X, weights, l2):
    reference = LogisticRegression(C=1 / (2 * l2 * np.sum(weights)), solver="newton-cg", tol=1e-10, max_iter=1000)
    reference.fit(X.astype(np.float64), Y, sample_weight=weights)
    return reference.coef_, reference.intercept_


@pytest.mark.parametrize("features", [X, CORRELATED])
@pytest.mark.parametrize("weights", [np.ones(N), WEIGHTS])
@pytest.mark.parametrize("l2", [0.1, 1e-3])
def test_the_optimum_is_that_of_scikit_learn(features, weights, l2):
    W, b, _, gap = solved(rows_of(features, weights=weights), l2=l2)
    W_true, b_true = true_optimum(features, weights, l2)
    assert gap < 3e-6
    assert_allclose(W, W_true, rtol=2e-3, atol=2e-3 * np.abs(W_true).max())
    assert_allclose(b - b.mean(), b_true - b_true.mean(), rtol=2e-3, atol=2e-3 * np.abs(W_true).max())


@pytest.mark.parametrize("features", [X, CORRELATED])
@pytest.mark.parametrize("epochs", [1, 2, 4, 8, 16])
def test_the_bound_holds_wherever_training_ends(features, epochs):
    W, b, history, gap = solved(rows_of(features, weights=WEIGHTS), epochs=epochs)
    above = objective(W, b, features, WEIGHTS, 0.01) - objective(
        *true_optimum(features, WEIGHTS, 0.01), features, WEIGHTS, 0.01
    )
    assert history.n_epochs <= epochs
    assert above <= gap + 1e-7
    assert 0.01 * np.sum((W - true_optimum(features, WEIGHTS, 0.01)[0]) ** 2) <= gap + 1e-7


def test_the_bound_counts_what_wrong_biases_cost():
    # Features of zero: the objective is that of the biases alone, whose optimum is the entropy of the labels.
    rows = rows_of(np.zeros((N, D), np.float32))
    model = MLP.random(n_in=D, n_out=K, key=jax.random.key(0))
    shares = np.bincount(Y) / N
    gap = optimality_gap(model, rows, settings=TrainingSettings(l2=0.01))
    assert_allclose(gap, np.log(K) + np.sum(shares * np.log(shares)), rtol=1e-5)


def test_the_gap_is_at_most_the_objective():
    W, b = RNG.standard_normal((K, D)).astype(np.float32), np.zeros(K, np.float32)
    model = MLP((Linear(jnp.asarray(W), jnp.asarray(b)),), "relu")
    gap = optimality_gap(model, rows_of(X), settings=TrainingSettings(l2=1e-6))  # by the gradient alone some 1e5
    assert_allclose(gap, objective(W, b, X, None, 1e-6), rtol=1e-5)


def test_biases_are_learned_where_features_say_nothing():
    _, b, _, gap = solved(rows_of(np.zeros((N, D), np.float32)))
    assert gap < 1e-5
    assert_allclose(np.exp(b) / np.exp(b).sum(), np.bincount(Y) / N, rtol=1e-2)


def test_correlated_features_take_few_passes():
    assert solved(rows_of(CORRELATED), l2=1e-4)[2].n_epochs < 25  # 89 with a diagonal metric


def test_the_order_of_rows_does_not_matter():
    order = RNG.permutation(N)
    first, second = solved(rows_of(X)), solved(rows_of(X[order], Y[order]))
    assert_allclose(first[0], second[0], atol=2e-3)


def test_whole_weights_count_as_repetitions():
    repeated = np.repeat(np.arange(N), WEIGHTS)
    first, second = solved(rows_of(X, weights=WEIGHTS)), solved(rows_of(X[repeated], Y[repeated]))
    assert_allclose(first[0], second[0], atol=2e-3)


def test_convention_many_features_have_a_diagonal_metric(monkeypatch):
    full = solved(rows_of(CORRELATED), l2=1e-3)
    monkeypatch.setattr(metric, "MOST_FEATURES", D - 1)
    diagonal = solved(rows_of(CORRELATED), l2=1e-3)
    assert diagonal[2].n_epochs > 2 * full[2].n_epochs
    assert_allclose(diagonal[0], full[0], rtol=1e-2, atol=1e-2)


def test_columns_that_are_equal_and_large_are_solved():
    twice = 300 * np.concatenate([X, X, np.ones((N, 1), np.float32)], axis=1) + 1000
    W, b, _, _ = solved(rows_of(twice), l2=1e-6)
    W_once, b_once, _, _ = solved(rows_of(X), l2=1e-6)
    right, right_once = (np.mean(np.argmax(s, axis=1) == Y) for s in (twice @ W.T + b, X @ W_once.T + b_once))
    assert right > right_once - 0.02 > np.bincount(Y).max() / N
    assert_allclose(W[:, :D], W[:, D : 2 * D], atol=1e-3 * np.abs(W).max())


def test_curves_fall_and_the_nearest_to_the_optimum_is_kept():
    W, b, history, _ = solved(rows_of(X))
    assert_allclose(history.train_loss[0], np.log(K), rtol=1e-6)
    assert history.best_epoch == history.n_epochs - 1
    assert_allclose(history.train_loss[-1], objective(W, b, X, None, 0.0), rtol=1e-6)
    assert_allclose(history.train_accuracy[-1], np.mean(np.argmax(X @ W.T + b, axis=1) == Y))
    assert history.val_accuracy is None


def test_the_best_validation_weights_are_kept_and_patience_ends_early():
    val = rows_of(X, (Y + 1) % K)  # every step makes it worse: the first weights, all zero, are the best
    W, _, history, gap = solved(rows_of(X), val=val, patience=3)
    assert (history.best_epoch, history.n_epochs) == (0, 4)
    assert history.val_accuracy[0] == max(history.val_accuracy)
    assert not W.any()
    assert gap > 0.1


@pytest.mark.parametrize("size", [1e24, 1e37])
def test_features_too_large_for_float32_are_told(size):
    with pytest.raises(
        DivergedError, match="infinite or NaN.*|became infinite; expected finite numbers. Scale the feat"
    ):
        solved(rows_of(X * np.float32(size)))


def test_a_class_without_weight_has_no_optimum_and_is_refused():
    with pytest.raises(DataError, match="all rows of class 1 have weight 0 and solver is 'lbfgs'"):
        solved(rows_of(X, weights=np.where(Y == 1, 0.0, 1.0)))
