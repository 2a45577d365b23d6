import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp
from scipy.stats import norm
from sklearn.mixture import GaussianMixture

from foldline.core.errors import DataError
from foldline.features._mixture import (
    SHARD_ROWS,
    SMALLEST_VARIANCE,
    GaussianSums,
    Mixture,
    fit_mixture,
    gaussian_sums,
)

# Log densities are sums of float32 products: they are right to about 1e-6 of their largest term.
DENSITY = {"rtol": 2e-5, "atol": 2e-5}


def mixture_of(n_gaussians, d, seed=0):
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(n_gaussians, 3.0))
    return Mixture(
        weights=weights,
        means=rng.normal(size=(n_gaussians, d)),
        variances=rng.uniform(0.2, 1.5, (n_gaussians, d)),
    )


def rows_of(n, d, seed=1):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def textbook_logs(X, mixture):  # log(w_k u_k(x)), Bishop (2006), eq. 9.7, from scipy's one-dimensional densities
    each = norm.logpdf(X[:, None].astype(np.float64), mixture.means, np.sqrt(mixture.variances))
    return np.log(mixture.weights) + each.sum(axis=2)


def fitted(X, n_gaussians, seed=0):
    return fit_mixture(X, n_gaussians, generator=np.random.default_rng(seed))


def is_proper(mixture):
    assert all(np.isfinite(a).all() for a in (mixture.weights, mixture.means, mixture.variances))
    assert (mixture.weights > 0).all()
    assert (mixture.variances > 0).all()
    assert_allclose(mixture.weights.sum(), 1, rtol=1e-12)


@given(st.integers(1, 40), st.integers(1, 20), st.integers(1, 50))
def test_sums_of_a_shard_equal_the_textbook(n_gaussians, d, n):
    X, mixture = rows_of(n, d), mixture_of(n_gaussians, d)
    logs = textbook_logs(X, mixture)
    posteriors = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
    posteriors[posteriors < 1e-5] = 0
    sums = GaussianSums.of(X, mixture)
    assert_allclose(sums.counts, posteriors.sum(axis=0), **DENSITY)
    assert_allclose(sums.sums, posteriors.T @ X, **DENSITY)
    assert_allclose(sums.square_sums, posteriors.T @ X**2, **DENSITY)
    assert_allclose(sums.log_likelihood, logsumexp(logs, axis=1).sum(), **DENSITY)


@given(st.permutations(range(3)))
def test_sums_of_shards_merge_in_any_order_into_those_of_all_rows(order):
    X, mixture = rows_of(90, 4), mixture_of(6, 4)
    shards = [GaussianSums.of(X[start : start + 30], mixture) for start in (0, 30, 60)]
    merged = shards[order[0]].merged(shards[order[1]]).merged(shards[order[2]])
    whole = GaussianSums.of(X, mixture)
    for name in ("counts", "sums", "square_sums", "log_likelihood"):
        assert_allclose(getattr(merged, name), getattr(whole, name), **DENSITY)


def test_one_round_equals_scikit_learns():
    X, mixture = rows_of(500, 5), mixture_of(4, 5)
    other = GaussianMixture(4, covariance_type="diag", reg_covar=0)
    other.weights_, other.means_, other.covariances_ = mixture.weights, mixture.means, mixture.variances
    other.precisions_cholesky_ = 1 / np.sqrt(mixture.variances)
    _, log_posteriors = other._e_step(X.astype(np.float64))
    other._m_step(X.astype(np.float64), log_posteriors)
    mine = gaussian_sums(X, mixture).mixture(0.0)
    # scikit-learn counts posteriors below 1e-5 too, whose rows are the farthest.
    assert_allclose(mine.weights, other.weights_, rtol=3e-4)
    assert_allclose(mine.means, other.means_, rtol=3e-4, atol=3e-4)
    assert_allclose(mine.variances, other.covariances_, rtol=3e-4)


def test_the_log_likelihood_never_falls():
    X, mixture = rows_of(400, 3), mixture_of(5, 3)
    seen = []
    for _ in range(30):
        sums = gaussian_sums(X, mixture)
        mixture = sums.mixture(1e-4)
        seen.append(sums.log_likelihood)
    assert np.diff(seen).min() > -1e-3
    assert seen[-1] > seen[0] + 10


def test_gaussians_that_stand_apart_are_found():
    rng = np.random.default_rng(0)
    means, deviations = np.array([[0, 0], [10, 0], [0, 20]]), np.array([[1, 2], [0.5, 0.5], [2, 1]])
    kinds = rng.choice(3, 6000, p=[0.5, 0.2, 0.3])
    X = (means[kinds] + deviations[kinds] * rng.normal(size=(6000, 2))).astype(np.float32)
    found = fitted(X, 3)
    order = [np.linalg.norm(found.means - mean, axis=1).argmin() for mean in means]
    assert_allclose(found.means[order], means, atol=0.2)
    assert_allclose(found.weights[order], [0.5, 0.2, 0.3], atol=0.02)
    assert_allclose(np.sqrt(found.variances[order]), deviations, rtol=0.1)


def test_the_same_bits_come_from_any_number_of_threads(monkeypatch):
    X, found = rows_of(2 * SHARD_ROWS + 9, 3), []
    for n_threads in ("1", "3"):
        monkeypatch.setenv("FOLDLINE_THREADS", n_threads)
        found.append(fitted(X, 4))
    assert_array_equal(found[0].means, found[1].means)
    assert_array_equal(found[0].variances, found[1].variances)


def test_as_many_different_rows_as_gaussians_get_one_each():
    rows = np.array([[0, 0], [1, 0], [0, 1], [5, 5]], np.float32)
    mixture = fitted(np.repeat(rows, [1, 30, 40, 50], axis=0), 4)
    is_proper(mixture)
    assert_allclose(sorted(mixture.weights * 121), [1, 30, 40, 50], rtol=1e-4)
    assert_allclose(np.sort(mixture.means, axis=0), np.sort(rows, axis=0), atol=1e-5)


def test_fewer_different_rows_than_gaussians_are_refused():
    X = np.repeat(np.eye(3, dtype=np.float32), 50, axis=0)
    with pytest.raises(DataError, match="has 3 different descriptors; expected at least n_gaussians=4. Lower n_gauss"):
        fitted(X, 4)


@pytest.mark.parametrize("distance", [1e2, 1e4, 1e6])
def test_a_row_far_from_all_others_leaves_the_mixture_proper(distance):
    X = rows_of(300, 4)
    X[7] = distance
    for n_gaussians in (2, 8, 40):
        is_proper(fitted(X, n_gaussians))


def test_a_column_that_never_changes_leaves_the_mixture_proper():
    X = rows_of(300, 4)
    X[:, 2] = 3
    is_proper(fitted(X, 6))


def test_convention_no_variance_is_below_a_share_of_the_largest_of_a_column():
    X = (np.repeat(np.eye(3, dtype=np.float32), 50, axis=0)) * np.float32(7)
    largest = X.var(axis=0, dtype=np.float64).max()
    assert_allclose(fitted(X, 3).variances, largest * 1e-4, rtol=1e-6)
    assert SMALLEST_VARIANCE == 1e-4


def test_convention_a_gaussian_without_rows_takes_half_of_the_one_with_the_largest_scatter():
    sums = GaussianSums(
        counts=np.array([60.0, 0.4, 40.0]),  # a heavy narrow one, one without rows, a wide one
        sums=np.array([[0.0, 0.0], [9.0, 9.0], [40.0, 80.0]]),
        square_sums=np.array([[0.6, 0.6], [9.0, 9.0], [80.0, 320.0]]),
        log_likelihood=0.0,
    )
    mixture = sums.mixture(0.0)
    assert_allclose(mixture.weights, [0.6, 0.2, 0.2])
    assert_allclose(mixture.variances, [[0.01, 0.01], [1, 4], [1, 4]])
    assert_allclose(mixture.means, [[0, 0], [1, 3], [1, 1]])  # half of a deviation of 2 to both sides of 2


def test_gaussians_that_die_come_back_to_life():
    X = np.concatenate([rows_of(200, 2), rows_of(200, 2, seed=2) + 30]).astype(np.float32)
    mixture = Mixture(
        weights=np.full(4, 0.25),
        means=np.array([[0, 0], [30, 30], [1e3, 1e3], [-1e3, 1e3]], np.float64),
        variances=np.ones((4, 2)),
    )
    for _ in range(20):
        mixture = gaussian_sums(X, mixture).mixture(1e-4)
        is_proper(mixture)
    assert gaussian_sums(X, mixture).counts.min() > 20
