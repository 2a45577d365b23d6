import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from foldline.features._moments import SHARD_ROWS, Moments

RNG = np.random.default_rng(0)


def same(one, other):
    assert one.n == other.n
    assert_allclose(one.mean, other.mean, rtol=1e-12, atol=1e-12)
    assert_allclose(one.scatter, other.scatter, rtol=1e-10, atol=1e-10)


@given(st.permutations(range(4)), st.lists(st.integers(1, 59), min_size=3, max_size=3, unique=True))
def test_moments_of_shards_merge_in_any_order_into_those_of_all_rows(order, cuts):
    X = RNG.normal(5, 3, (60, 4)).astype(np.float32)
    shards = np.split(X, sorted(cuts))
    merged = Moments.of(shards[order[0]])
    for i in order[1:]:
        merged = merged.merged(Moments.of(shards[i]))
    same(merged, Moments.of(X))


def test_moments_of_many_rows_are_those_of_all_at_once():
    X = RNG.normal(5, 3, (2 * SHARD_ROWS + 5, 3)).astype(np.float32)
    assert_allclose(Moments.of(X).covariance, np.cov(X.T.astype(np.float64), bias=True), rtol=1e-9)
