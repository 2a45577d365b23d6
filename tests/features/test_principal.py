import numpy as np
from numpy.testing import assert_allclose
from sklearn.decomposition import PCA

from foldline.features._moments import Moments
from foldline.features._principal import PrincipalDirections

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(500, 6)) * [1, 7, 2, 5, 3, 4] @ RNG.normal(size=(6, 6)) + 3).astype(np.float32)


def test_projected_rows_equal_those_of_scikit_learn_up_to_signs():
    out = np.empty((500, 3), np.float32)
    PrincipalDirections.of(Moments.of(X), 3).apply_(X.copy(), out)
    expected = PCA(3, svd_solver="full").fit_transform(X.astype(np.float64))
    expected *= np.sign(np.sum(out * expected, axis=0))
    assert_allclose(out, expected, rtol=1e-4, atol=1e-4)


def test_rows_along_one_line_become_their_places_on_it():
    line = np.array([[0, 0], [3, 4], [6, 8]], np.float32)
    out = np.empty((3, 1), np.float32)
    PrincipalDirections.of(Moments.of(line), 1).apply_(line.copy(), out)
    assert_allclose(out, [[-5], [0], [5]], atol=1e-5)


def test_convention_the_largest_component_of_every_direction_is_positive():
    for rows in (X, -X[:50], X[50:100, ::-1]):
        W = PrincipalDirections.of(Moments.of(rows), 6).W
        assert_allclose(W.max(axis=0), np.abs(W).max(axis=0))
