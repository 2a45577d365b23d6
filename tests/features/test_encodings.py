"""What the textbook test of VisualWords does not reach: ties, and thresholds between neighbouring numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from foldline.features._codebook import half_squares
from foldline.features._encodings import _threshold, pool_local_codes, pool_nearest

RNG = np.random.default_rng(0)


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=40), st.data())
def test_the_threshold_is_reached_by_n_or_by_those_that_tie(values, data):
    row = np.array(values, np.float32)
    n = data.draw(st.integers(1, len(row)))
    nth_largest = np.sort(row)[-n]
    assert np.sum(row >= _threshold(row, n)) == np.sum(row >= nth_largest)


@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_the_threshold_is_found_between_neighbouring_float32_numbers(n):
    row = np.array([1], np.float32)
    for _ in range(8):
        row = np.append(row, np.nextafter(row[-1], np.float32(2)))
    for spread in (row, np.append(row, np.float32(1e30))[1:], np.append(row, np.float32(-1e30))[1:]):
        assert np.sum(spread >= _threshold(spread, n)) == n


@given(st.integers(1, 300), st.integers(2, 300), st.sampled_from([0.1, 1, 1e6]))
def test_the_threshold_of_different_numbers_is_reached_by_n(seed, size, scale):
    row = np.random.default_rng(seed).permutation(size * 7)[:size].astype(np.float32) * np.float32(scale)
    n = 1 + seed % size
    assert np.sum(row >= _threshold(row, n)) == n


def test_convention_words_at_the_distance_of_the_nth_nearest_count_too():
    pooled = np.zeros((1, 8), np.float32)
    products = np.array([[3, 2, 2, 1]], np.float32)
    pool_nearest(products, np.zeros(4, np.float32), 2, np.zeros(1, np.int32), False, pooled)
    assert pooled.tolist() == [[1, 1, 1, 0, 0, 1, 1, 1]]


def test_a_row_that_is_a_word_is_coded_by_it_alone():
    words = RNG.normal(size=(6, 4)).astype(np.float32)
    for n_nearest in (1, 3):
        pooled = np.zeros((6, 6), np.float32)
        cells = np.arange(6, dtype=np.int32)
        pool_local_codes(words @ words.T, words, half_squares(words), words, n_nearest, cells, False, pooled)
        assert_allclose(pooled, np.eye(6), atol=1e-3)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_numbers_that_are_none_end_and_stay_inside(bad):  # what a changed model file could bring about
    products = np.full((3, 9), bad, np.float32)
    _threshold(products[0], 4)
    pooled = np.zeros((1, 9), np.float32)
    cells, words = np.zeros(3, np.int32), np.full((9, 4), bad, np.float32)
    pool_local_codes(products, words[:3].copy(), products[0].copy(), words, 5, cells, False, pooled)
    pool_nearest(products, products[0].copy(), 4, cells, False, np.zeros((1, 18), np.float32))
