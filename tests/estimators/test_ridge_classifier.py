import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn import linear_model
from sklearn.datasets import load_digits

from foldline.core.errors import DataError, SettingError
from foldline.estimators import RidgeClassifier
from foldline.estimators.ridge_classifier import fit_ridges
from foldline.training import least_squares, solve_least_squares

X, Y = load_digits(return_X_y=True)
X, Y = (X / 16).astype(np.float32), Y.astype(np.int32)
# Products are float32: weights agree with a float64 solution to about that, times the condition.
FLOAT32_SUMS = {"rtol": 2e-4, "atol": 2e-4}


@pytest.mark.parametrize("n_rows", [50, 64, 1000])  # fewer rows than the 64 features, as many, more
@pytest.mark.parametrize("with_weights", [False, True])
def test_weights_and_scores_equal_scikit_learns(n_rows, with_weights):
    weights = np.random.default_rng(0).uniform(0, 2, n_rows) if with_weights else None
    n = n_rows if weights is None else weights.sum()
    x, y = X[:n_rows], Y[:n_rows]
    ours = RidgeClassifier(l2=0.02).fit(x, y, sample_weight=weights)
    theirs = linear_model.RidgeClassifier(alpha=0.02 * n).fit(x.astype(np.float64), y, sample_weight=weights)
    assert_allclose(ours.coef_, theirs.coef_, **FLOAT32_SUMS)
    assert_allclose(ours.intercept_, theirs.intercept_, **FLOAT32_SUMS)
    assert_allclose(ours.decision_function(X), theirs.decision_function(X), rtol=1e-3, atol=1e-3)


@given(st.integers(1, 12), st.integers(2, 12), st.integers(1, 3))
def test_features_and_rows_give_the_same_minimum(n_features, n_rows, n_targets):
    rng = np.random.default_rng(n_features * 100 + n_rows)
    x = rng.normal(3, 1, (n_rows, n_features)).astype(np.float32)
    t, w = rng.normal(size=(n_rows, n_targets)), rng.uniform(0.1, 2, n_rows)
    ((W, b),) = solve_least_squares(x, t, w, l2=[0.1])

    def cost(W, b):
        errors = np.sum((x.astype(np.float64) @ W.T + b - t) ** 2, axis=1)
        return np.sum(w * errors) / w.sum() + 0.1 * np.sum(W**2)

    least = cost(W, b)
    for _ in range(5):  # a convex cost: no step lowers it
        assert cost(W + 0.01 * rng.normal(size=W.shape), b + 0.01 * rng.normal(size=b.shape)) > least
    assert W.shape == (n_targets, n_features)


def test_rows_are_summed_shard_by_shard(monkeypatch):
    whole = RidgeClassifier().fit(X, Y).coef_
    monkeypatch.setattr(least_squares, "SHARD_ROWS", 100)
    assert_allclose(RidgeClassifier().fit(X, Y).coef_, whole, **FLOAT32_SUMS)


def test_columns_far_from_zero_lose_nothing():
    far = X + np.float32(1000)
    assert RidgeClassifier().fit(far, Y).score(far, Y) > 0.9


def test_convention_biases_are_not_regularised():
    model = RidgeClassifier(l2=1e6).fit(X, np.where(Y == 0, "zero", "other"))
    assert_allclose(model.intercept_, [1 - 2 * np.mean(Y == 0), 2 * np.mean(Y == 0) - 1], atol=1e-3)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "weights", "error", "message"),
    [
        ({"l2": 0}, None, SettingError, "l2 is 0; expected a number above 0"),
        ({}, np.zeros(len(X)), DataError, "sample_weight is zero for all rows"),
        ({}, -np.ones(len(X)), DataError, "sample_weight holds -1.0; expected finite numbers of at least 0"),
    ],
)
def test_what_it_cannot_solve_is_refused(settings, weights, error, message):
    with pytest.raises(error, match=message):
        RidgeClassifier(**settings).fit(X, Y, sample_weight=weights)


def test_numbers_too_large_to_square_are_refused():
    with pytest.raises(DataError, match="the squares of the features are infinite"):
        RidgeClassifier().fit(X * np.float32(1e30), Y)


def test_a_matrix_that_would_fill_the_memory_is_refused(monkeypatch):
    def tiny_machine(n_bytes, what, *, fix):
        raise DataError(f"{what} needs {n_bytes} bytes; expected at most 100. {fix}")

    monkeypatch.setattr(least_squares, "check_memory", tiny_machine)
    with pytest.raises(DataError, match="least squares of 1,797 rows of 64 numbers needs 65536 bytes"):
        RidgeClassifier().fit(X, Y)


def test_an_l2_below_the_rounding_of_products_is_refused():
    twice = np.repeat(X[:40] * 1000, 2, axis=0)  # 80 rows of 64 numbers, which say only 40 things
    with pytest.raises(DataError, match="l2 is 1e-09, less than the rounding .*Raise l2, for example to 1e-08"):
        RidgeClassifier(l2=1e-9).fit(twice, np.repeat(Y[:40], 2))


def test_weights_whose_sum_is_infinite_are_shares_all_the_same():
    model = RidgeClassifier().fit(X, Y, sample_weight=np.full(len(X), 1e307))
    assert_allclose(model.coef_, RidgeClassifier().fit(X, Y).coef_, **FLOAT32_SUMS)


@pytest.mark.parametrize("n_features", [3, 90])
def test_several_strengths_share_the_sums_and_give_what_each_gives_alone(n_features):
    rng = np.random.default_rng(5)
    x, t = rng.standard_normal((60, n_features)).astype(np.float32), rng.standard_normal((60, 2))
    w = rng.uniform(0.5, 2, 60)
    strengths = [0.5, 0.01, 0.5]
    together = solve_least_squares(x, t, w, l2=strengths)
    for (W, b), strength in zip(together, strengths, strict=True):
        ((W_alone, b_alone),) = solve_least_squares(x, t, w, l2=[strength])
        assert_allclose(W, W_alone, rtol=1e-6, atol=1e-9)
        assert_allclose(b, b_alone, rtol=1e-6, atol=1e-9)
    assert not np.allclose(together[0].W, together[1].W)


def test_classifiers_of_several_strengths_are_what_fit_makes_of_each():
    names = np.array([f"digit {y}" for y in Y])
    for ridge, strength in zip(fit_ridges(X, names, l2=[1.0, 1e-3]), [1.0, 1e-3], strict=True):
        alone = RidgeClassifier(l2=strength).fit(X, names)
        assert ridge.get_params() == {"l2": strength}
        assert_allclose(ridge.scores(X), alone.scores(X), rtol=1e-5, atol=1e-5)
        assert (ridge.predict(X) == alone.predict(X)).all()


@pytest.mark.usefixtures("as_installed")
def test_each_of_several_strengths_is_checked():
    with pytest.raises(SettingError, match="l2 is -1; expected a number above 0"):
        fit_ridges(X, Y, l2=[0.1, -1])
