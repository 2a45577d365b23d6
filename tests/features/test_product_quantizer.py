import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from foldline.core.errors import DataError, DtypeError, SettingError, ShapeError
from foldline.features import ProductQuantizer

RNG = np.random.default_rng(0)


@pytest.mark.usefixtures("as_installed")
@parametrize_with_checks([ProductQuantizer(group=3)])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(("n_columns", "group"), [(1, 1), (8, 8), (9, 4), (5, 8), (12, 3)])
def test_codes_are_those_of_the_nearest_centroids(n_columns, group):
    X = RNG.normal(size=(400, n_columns)).astype(np.float32)
    quantizer = ProductQuantizer(group=group).fit(X)
    codes = quantizer.transform(X)
    padded = np.pad(X, ((0, 0), (0, -n_columns % group))).reshape(400, -1, group).astype(np.float64)
    distances = np.linalg.norm(padded[:, :, None] - quantizer.centroids_, axis=-1)
    chosen = np.take_along_axis(distances, codes[:, :, None].astype(np.int64), axis=2)[..., 0]
    assert_allclose(chosen, distances.min(axis=-1), atol=2e-3)  # of two nearly equal ones either
    expected = np.take_along_axis(quantizer.centroids_[None], codes[:, :, None, None], axis=2)
    assert_array_equal(quantizer.inverse_transform(codes), expected.reshape(400, -1)[:, :n_columns])


@given(st.integers(1, 256), st.integers(1, 9))
def test_rows_that_are_few_come_back_as_they_were(n_rows, group):
    X = np.random.default_rng(n_rows).normal(size=(n_rows, 9)).astype(np.float32)
    quantizer = ProductQuantizer(group=group).fit(X)
    assert quantizer.centroids_.shape[1] == n_rows
    assert_allclose(quantizer.inverse_transform(quantizer.transform(X)), X, atol=2e-3)


def test_smaller_groups_lose_less():
    X = RNG.normal(size=(2000, 16)).astype(np.float32)
    losses = []
    for group in (1, 4, 16):
        quantizer = ProductQuantizer(group=group).fit(X)
        losses.append(np.mean((quantizer.inverse_transform(quantizer.transform(X)) - X) ** 2))
    assert losses[0] < 0.001 < losses[1] < losses[2] < 1


def test_the_same_seed_gives_the_same_codes_in_any_number_of_threads(monkeypatch):
    X, codes = RNG.normal(size=(600, 10)).astype(np.float32), []
    for n_threads in ("1", "3"):
        monkeypatch.setenv("FOLDLINE_THREADS", n_threads)
        codes.append(ProductQuantizer(group=4).fit_transform(X))
    assert_array_equal(*codes)
    assert not np.array_equal(ProductQuantizer(group=4, random_state=1).fit_transform(X), codes[0])


def test_convention_the_last_group_is_filled_up_with_zeros():
    X = np.ones((300, 3), np.float32)
    assert not ProductQuantizer(group=2).fit(X).centroids_[1, :, 1].any()


@pytest.mark.parametrize("deviation", [1, 0.1])
def test_numbers_far_from_zero_lose_no_more_than_those_around_it(deviation):
    X = deviation * RNG.normal(size=(2000, 8))
    losses = []
    for mean in (0, 1000):
        far = (X + mean).astype(np.float32)
        quantizer = ProductQuantizer(group=8).fit(far)
        losses.append(np.mean((quantizer.inverse_transform(quantizer.transform(far)) - far) ** 2))
    assert losses[1] < 1.02 * losses[0]


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("codes", "error", "message"),
    [
        (np.zeros((4, 3), np.uint8), ShapeError, r"codes has shape \(4, 3\); expected \(n, 5\)"),
        (np.zeros((4, 5), np.int64), DtypeError, "codes has dtype int64; expected uint8"),
        (np.full((4, 5), 20, np.uint8), DataError, "codes holds 20; expected numbers below 20"),
    ],
)
def test_what_are_no_codes_is_refused(codes, error, message):
    quantizer = ProductQuantizer(group=2).fit(RNG.normal(size=(20, 9)))
    with pytest.raises(error, match=message):
        quantizer.inverse_transform(codes)


def test_settings_that_do_not_fit_are_refused():
    with pytest.raises(SettingError, match="group is 0; expected a whole number at least 1"):
        ProductQuantizer(group=0).fit(np.zeros((3, 4)))


def test_nothing_is_coded_before_centroids_are_learned():
    with pytest.raises(NotFittedError):
        ProductQuantizer().inverse_transform(np.zeros((4, 5), np.uint8))
