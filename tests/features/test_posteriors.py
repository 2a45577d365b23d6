import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp, softmax

from foldline.features._posteriors import LANES, NOWHERE, add_posteriors, expand

RNG = np.random.default_rng(0)


def added(logs, rows, cells=None, n_cells=1):
    n_gaussians = logs.shape[1]
    padded = np.full((len(logs), -(-n_gaussians // LANES) * LANES), NOWHERE, np.float32)
    padded[:, :n_gaussians] = logs
    sums = np.zeros((n_cells, n_gaussians, rows.shape[1]), np.float32)
    cells = np.zeros(len(rows), np.int32) if cells is None else cells
    return sums, add_posteriors(padded, rows, cells, sums)


def test_a_row_is_followed_by_its_squares_and_a_one():
    out = np.empty((2, 5), np.float32)
    expand(np.array([[1, -2], [3, 0]], np.float32), out)
    assert_array_equal(out, [[1, -2, 1, 4, 1], [3, 0, 9, 0, 1]])


@pytest.mark.parametrize("offset", [-1e4, 0, 300])
def test_posteriors_down_to_a_hundred_thousandth_have_small_relative_errors(offset):
    falls = np.linspace(0, 11.4, 200)
    logs = (offset + np.stack([np.zeros(200), -falls], axis=1)).astype(np.float32)
    rows = np.eye(200, dtype=np.float32)  # every row by itself
    (sums,), log_likelihood = added(logs, rows)
    assert_allclose(sums, softmax(logs.astype(np.float64), axis=1).T, rtol=1.5e-4)
    assert_allclose(log_likelihood, logsumexp(logs.astype(np.float64), axis=1).sum(), rtol=1e-4)


@pytest.mark.parametrize("n_gaussians", [1, LANES - 1, LANES, LANES + 1, 5 * LANES])
def test_sums_of_cells_equal_softmax_for_any_number_of_gaussians(n_gaussians):
    logs, rows = RNG.normal(0, 3, (50, n_gaussians)), RNG.normal(size=(50, 7)).astype(np.float32)
    cells = RNG.integers(0, 3, 50, dtype=np.int32)
    sums, log_likelihood = added(logs, rows, cells, n_cells=3)
    posteriors = softmax(logs, axis=1)
    posteriors[posteriors < 1e-5] = 0
    for cell in range(3):
        assert_allclose(sums[cell], posteriors[cells == cell].T @ rows[cells == cell], rtol=1e-4, atol=2e-5)
    assert_allclose(log_likelihood, logsumexp(logs, axis=1).sum(), rtol=1e-5)


def test_likely_and_unlikely_gaussians_may_be_far_from_each_other():
    logs = np.full((1, 3 * LANES), -1e6)
    logs[0, [3, 40]] = [5, 4]
    (sums,), _ = added(logs, np.ones((1, 1), np.float32))
    assert_allclose(sums[:, 0], softmax(logs[0]), rtol=1e-5)


def test_unlikely_gaussians_beside_likely_ones_add_nothing():
    logs = np.full((1, 4096), -1e6)
    logs[0, ::LANES] = -11.6  # each block is looked at for the sake of one
    logs[0, 0] = 0
    (sums,), log_likelihood = added(logs, np.ones((1, 1), np.float32))
    assert_allclose(sums[0, 0], softmax(logs[0])[0], rtol=1e-5)
    assert_allclose(log_likelihood, logsumexp(logs[0]), atol=1e-5)  # the log of a float32 near 1
