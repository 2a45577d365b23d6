import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from skimage.feature import fisher_vector
from sklearn.mixture import GaussianMixture

from foldline.features._fisher import FisherEncoder
from foldline.features._mixture import Mixture
from foldline.features._regions import Regions
from foldline.features.local_descriptor import Grid

# Log densities are float32 sums, right to about 1e-6 of their largest term; small weights (1 / sqrt(w)), differences of
# sums and roots make small errors larger.
GRADIENT, ROOT = {"rtol": 1e-4, "atol": 1e-4}, {"rtol": 1e-3, "atol": 3e-3}


def mixture_of(n_gaussians, d, seed=0):
    rng = np.random.default_rng(seed)
    return Mixture(
        weights=rng.dirichlet(np.full(n_gaussians, 3.0)),
        means=rng.normal(size=(n_gaussians, d)),
        variances=rng.uniform(0.2, 1.5, (n_gaussians, d)),
    )


def rows_of(n, d, seed=1):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def encoded(X, mixture, *, grids=None, levels=((1, 1),), with_weights=False, improved=False, n_at_once=None):
    regions = Regions.of(grids or (Grid(1, len(X)),), levels)
    n_gaussians, d = mixture.means.shape
    out = np.empty(len(regions.members) * n_gaussians * (2 * d + with_weights), np.float32)
    encoder = FisherEncoder(mixture, regions, with_weights=with_weights, improved=improved)
    for start in range(0, len(X), n_at_once or len(X)):
        encoder.add(X[start : start + (n_at_once or len(X))])
    encoder.finish(out)
    return out


def textbook(X, mixture):  # Sanchez et al. (2013), eq. 15 to 18, over T; plain loops in float64 on purpose
    w, m, v = mixture.weights, mixture.means, mixture.variances
    n_gaussians, d = m.shape
    by_weight, by_mean, by_deviation = np.zeros(n_gaussians), np.zeros((n_gaussians, d)), np.zeros((n_gaussians, d))
    for x in X.astype(np.float64):
        densities = [
            w[k]
            * math.prod(
                math.exp(-((x[j] - m[k, j]) ** 2) / (2 * v[k, j])) / math.sqrt(2 * math.pi * v[k, j]) for j in range(d)
            )
            for k in range(n_gaussians)
        ]
        for k in range(n_gaussians):
            posterior = densities[k] / sum(densities)
            posterior = posterior if posterior > 1e-5 else 0  # our convention
            by_weight[k] += (posterior - w[k]) / math.sqrt(w[k])
            for j in range(d):
                z = (x[j] - m[k, j]) / math.sqrt(v[k, j])
                by_mean[k, j] += posterior * z / math.sqrt(w[k])
                by_deviation[k, j] += posterior * (z * z - 1) / math.sqrt(2 * w[k])
    return np.concatenate([by_weight, by_mean.ravel(), by_deviation.ravel()]) / len(X)


def improved(vector):  # Perronnin, Sanchez, Mensink (2010)
    rooted = np.sign(vector) * np.sqrt(np.abs(vector))
    return rooted / np.linalg.norm(rooted)


@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 12))
def test_vectors_equal_the_textbook(n_gaussians, d, n):
    X, mixture = rows_of(n, d), mixture_of(n_gaussians, d)
    expected = textbook(X, mixture)
    assert_allclose(encoded(X, mixture, with_weights=True), expected, **GRADIENT)
    assert_allclose(encoded(X, mixture), expected[n_gaussians:], **GRADIENT)


def test_improved_vectors_equal_the_textbook():
    X, mixture = rows_of(50, 6), mixture_of(17, 6)
    expected = textbook(X, mixture)
    assert_allclose(encoded(X, mixture, with_weights=True, improved=True), improved(expected), **ROOT)
    assert_allclose(encoded(X, mixture, improved=True), improved(expected[17:]), **ROOT)


@pytest.mark.parametrize("is_improved", [False, True])
def test_vectors_equal_scikit_images_with_the_deviations_turned(is_improved):
    X, mixture = rows_of(300, 8), mixture_of(20, 8)
    other = GaussianMixture(20, covariance_type="diag")
    other.weights_, other.means_, other.covariances_ = mixture.weights, mixture.means, mixture.variances
    other.precisions_cholesky_ = 1 / np.sqrt(mixture.variances)
    expected = fisher_vector(X.astype(np.float64), other, improved=is_improved)
    expected[20 + 160 :] *= -1
    found = encoded(X, mixture, with_weights=True, improved=is_improved)
    assert_allclose(found, expected, **(ROOT if is_improved else GRADIENT))


def test_one_gaussian_gives_mean_and_variance():
    X = np.array([[1, 0], [3, 0]], np.float32)
    mixture = Mixture(weights=np.ones(1), means=np.array([[1.0, 0]]), variances=np.array([[4.0, 1]]))
    # z is 0 and 1 in the first number: mean 1/2, mean of z^2 - 1 over the root of 2: -1/2 / sqrt(2)
    assert_allclose(encoded(X, mixture), [0.5, 0, -(0.5**1.5), -(0.5**0.5)], rtol=1e-5)


def test_rows_of_the_mixture_itself_have_hardly_a_gradient():
    mixture, rng = mixture_of(3, 4), np.random.default_rng(5)
    kinds = rng.choice(3, 40_000, p=mixture.weights)
    X = mixture.means[kinds] + np.sqrt(mixture.variances[kinds]) * rng.normal(size=(40_000, 4))
    assert np.abs(encoded(X.astype(np.float32), mixture, with_weights=True)).max() < 0.03


@given(st.permutations(range(12)), st.integers(1, 12))
def test_neither_order_nor_bands_of_descriptors_matter(order, n_at_once):
    X, mixture = rows_of(12, 5), mixture_of(6, 5)
    assert_allclose(encoded(X[order], mixture, n_at_once=n_at_once), encoded(X, mixture), **GRADIENT)


def test_many_descriptors_are_those_of_their_parts_on_average():
    X, mixture = rows_of(3000, 5), mixture_of(6, 5)
    parts = [encoded(part, mixture, with_weights=True) for part in np.split(X, 10)]
    assert_allclose(encoded(X, mixture, with_weights=True), np.mean(parts, axis=0), **GRADIENT)


@pytest.mark.parametrize("is_improved", [False, True])
def test_every_region_has_the_vector_of_its_own_descriptors(is_improved):
    grids, mixture = (Grid(5, 4), Grid(3, 3)), mixture_of(6, 3)
    X = rows_of(29, 3)
    found = encoded(X, mixture, grids=grids, levels=((1, 1), (2, 2), (3, 1)), improved=is_improved)
    rows = np.concatenate([np.repeat(range(5), 4), np.repeat(range(3), 3)])
    cols = np.concatenate([np.tile(range(4), 5), np.tile(range(3), 3)])
    n_rows, n_cols = np.repeat([[5, 3], [4, 3]], [20, 9], axis=1)
    expected = []
    for n_down, n_across in ((1, 1), (2, 2), (3, 1)):
        for a, b in itertools.product(range(n_down), range(n_across)):
            inside = (rows * n_down // n_rows == a) & (cols * n_across // n_cols == b)
            expected.append(encoded(X[inside], mixture, improved=is_improved))
    assert_allclose(found, np.concatenate(expected), **(ROOT if is_improved else GRADIENT))


def test_an_image_leaves_nothing_to_the_next():
    X, mixture = rows_of(20, 3), mixture_of(4, 3)
    regions = Regions.of((Grid(4, 5),), ((2, 2),))
    encoder = FisherEncoder(mixture, regions, with_weights=False, improved=True)
    vectors = np.empty((2, 4 * 4 * 6), np.float32)
    for vector in vectors:
        encoder.add(X)
        encoder.finish(vector)
    assert_array_equal(vectors[0], vectors[1])


def test_convention_order_is_weights_means_deviations():
    X, mixture = np.full((1, 2), 9, np.float32), mixture_of(3, 2)
    parts = np.split(encoded(X, mixture, with_weights=True), [3, 9])
    nearest = np.flatnonzero(parts[0] > 0)  # one Gaussian takes the row; its weight, means and deviations would grow
    assert len(nearest) == 1
    assert_array_equal(np.flatnonzero(parts[1]) // 2, nearest.repeat(2))
    assert_array_equal(np.flatnonzero(parts[2]) // 2, nearest.repeat(2))


def test_convention_wider_descriptors_have_a_positive_gradient_of_deviations():
    mixture = Mixture(weights=np.ones(1), means=np.zeros((1, 1)), variances=np.ones((1, 1)))
    wide, narrow = np.array([[-3], [3]], np.float32), np.array([[-0.3], [0.3]], np.float32)
    assert encoded(wide, mixture)[1] > 0 > encoded(narrow, mixture)[1]


def test_convention_posteriors_below_a_hundred_thousandth_count_as_zero():
    def vector(distance):  # log of the posterior of the other Gaussian: -distance^2 / 2
        means = np.array([[0.0], [distance]])
        mixture = Mixture(weights=np.full(2, 0.5), means=means, variances=np.ones((2, 1)))
        return encoded(np.zeros((1, 1), np.float32), mixture)

    assert vector(math.sqrt(2 * math.log(9e4)))[1] != 0
    assert vector(math.sqrt(2 * math.log(11e4)))[1] == 0


def test_convention_a_vector_of_zeros_stays_one():
    mixture = Mixture(weights=np.ones(1), means=np.zeros((1, 1)), variances=np.ones((1, 1)))
    assert_array_equal(encoded(np.array([[-1], [1]], np.float32), mixture, improved=True), 0)
