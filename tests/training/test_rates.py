import numpy as np
import pytest
from numpy.testing import assert_allclose

from foldline.training import automatic_rate
from foldline.training.rates import ADAMW_RATE, LARGEST_RATE_OF_A_NET


def rate(X, *, weights=None, l2=0.0, batch_size=10**9, loss="softmax", optimizer="sgd", hidden=()):
    return automatic_rate(
        X.astype(np.float32),
        weights=None if weights is None else np.array(weights, np.float32),
        l2=l2,
        batch_size=batch_size,
        loss=loss,
        optimizer=optimizer,
        hidden=hidden,
        generator=np.random.default_rng(0),
    )


# Two orthogonal columns of length 3 and 1, mean 0: second moments 9, 1 and, of the appended 1, 1.
X = np.array([[3, 1], [3, -1], [-3, 1], [-3, -1]])


def test_the_rate_is_one_over_the_largest_second_moment():
    assert_allclose(rate(X), 1 / 9, rtol=1e-6)


def test_small_batches_take_smaller_steps():
    assert_allclose(rate(X, batch_size=2), 1 / (9 + (9 + 1 + 1) / 2), rtol=1e-6)


def test_convention_the_bias_counts_as_a_column_of_ones():
    assert_allclose(rate(np.zeros((5, 3))), 1, rtol=1e-6)


def test_features_ten_times_larger_take_steps_a_hundred_times_smaller():
    big = np.random.default_rng(1).standard_normal((500, 20)) * 100
    assert_allclose(rate(10 * big), rate(big) / 100, rtol=1e-3)


def test_it_finds_the_largest_of_many_second_moments_from_below():
    rows = np.random.default_rng(2).standard_normal((1000, 60)) @ np.random.default_rng(3).standard_normal((60, 60))
    with_ones = np.hstack([rows, np.ones((1000, 1))])
    largest = np.linalg.eigvalsh(with_ones.T @ with_ones / 1000)[-1]
    assert largest * 0.9 < 1 / rate(rows) < largest * 1.001


def test_a_small_net_on_scaled_rows_takes_the_largest_rate():
    assert rate(X / 3, hidden=(10,)) == LARGEST_RATE_OF_A_NET


def test_a_net_on_large_features_takes_twenty_times_the_bound_of_its_rows():
    assert_allclose(rate(20 * X, hidden=(10,)), 20 / 3600, rtol=1e-5)


def test_a_net_in_small_batches_takes_three_times_what_the_spread_allows():
    assert_allclose(rate(20 * X, hidden=(10,), batch_size=2), 3 * 2 / (400 * 10 + 1), rtol=1e-5)


def test_the_widest_hidden_layer_bounds_the_rate():
    assert_allclose(rate(X, hidden=(400, 10)), 2 * np.pi / 400, rtol=1e-5)
    assert_allclose(rate(X, hidden=(400,), batch_size=2), 2 / (400 / np.pi + 400 / 2), rtol=1e-5)


def test_convention_hidden_units_have_second_moment_one_and_mean_one_over_root_pi():
    rng = np.random.default_rng(0)
    rows, weights = rng.standard_normal((4000, 300)), rng.standard_normal((300, 200)) * np.sqrt(2 / 300)
    h = np.maximum(0, rows @ weights)
    assert_allclose(np.mean(h**2), 1, rtol=0.02)
    assert_allclose(np.linalg.eigvalsh(h.T @ h / len(h))[-1], 200 / np.pi, rtol=0.05)


@pytest.mark.parametrize(("loss", "share"), [("softmax", 1), ("svm", 1 / 4)])
def test_the_curvature_of_the_penalty_is_added(loss, share):
    assert_allclose(rate(X, l2=5.0, loss=loss), 1 / (9 / share + 2 * 5), rtol=1e-6)


def test_rows_count_by_their_weights():
    # Rows 1 and 3 alone: (3, 1, 1) and (-3, 1, 1) have largest second moment 9.
    assert_allclose(rate(X, weights=[2, 0, 2, 0]), 1 / 9, rtol=1e-6)
    assert_allclose(rate(X, weights=[4, 0, 0, 0]), 1 / 11, rtol=1e-6)  # one row: its squared length


def test_weights_spread_a_batch_by_their_squares():
    assert_allclose(rate(X, weights=[2, 0, 2, 0], batch_size=2), 1 / (9 + 2 * 11 / 2), rtol=1e-6)
    assert_allclose(
        rate(X, weights=[2, 0, 2, 0], hidden=(400,), batch_size=2), 2 / (400 / np.pi + 2 * 400 / 2), rtol=1e-5
    )


@pytest.mark.parametrize("hidden", [(), (400,)])
def test_an_svm_takes_a_quarter_of_the_step(hidden):
    assert_allclose(rate(X, loss="svm", hidden=hidden), rate(X, hidden=hidden) / 4, rtol=1e-6)


@pytest.mark.parametrize("hidden", [(), (9,)])
def test_adamw_does_not_look_at_the_scale(hidden):
    assert rate(1e3 * X, optimizer="adamw", hidden=hidden) == ADAMW_RATE
