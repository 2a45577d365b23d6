import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import DataError
from foldline.features._codebook import CHUNK_ROWS, WordSums, first_words, half_squares, kmeans
from foldline.features._nearest import LANES, nearest

RNG = np.random.default_rng(0)


def textbook_nearest(X, words):
    return np.linalg.norm(X[:, None].astype(np.float64) - words, axis=-1).argmin(axis=1)


@pytest.mark.parametrize("n_words", [1, 2, LANES - 1, LANES, LANES + 1, 3 * LANES + 5])
def test_the_nearest_word_is_found_whatever_their_number(n_words):
    X, words = RNG.normal(size=(300, 7)).astype(np.float32), RNG.normal(size=(n_words, 7)).astype(np.float32)
    found = np.empty(300, np.int32)
    nearest(X @ words.T, half_squares(words), found)
    assert_array_equal(found, textbook_nearest(X, words))


def test_convention_of_words_at_equal_distances_the_first_is_given():
    found = np.empty(1, np.int32)
    for first, second in ((0, LANES), (3, 5), (LANES + 1, 2 * LANES), (2, 2 * LANES + 3)):
        products = np.zeros((1, 2 * LANES + 9), np.float32)
        products[0, [first, second]] = 1
        nearest(products, np.zeros(products.shape[1], np.float32), found)
        assert found[0] == first


def test_one_round_moves_words_to_the_means_of_their_rows():
    X, words = RNG.normal(size=(2 * CHUNK_ROWS + 7, 3)).astype(np.float32), RNG.normal(size=(5, 3)).astype(np.float32)
    closest = textbook_nearest(X, words)
    expected = [X[closest == k].mean(axis=0) for k in range(5)]
    assert_allclose(WordSums.of(X, words).means(words), expected, rtol=1e-5, atol=1e-6)


def test_convention_a_word_without_rows_stays_where_it_is():
    X, words = np.zeros((4, 2), np.float32), np.array([[1, 0], [50, 50]], np.float32)
    assert_array_equal(WordSums.of(X, words).means(words), [[0, 0], [50, 50]])


@given(st.permutations(range(3)))
def test_sums_of_shards_merge_in_any_order_into_those_of_all_rows(order):
    X, words = RNG.normal(size=(90, 4)).astype(np.float32), RNG.normal(size=(6, 4)).astype(np.float32)
    shards = [WordSums.of(X[start : start + 30], words) for start in (0, 30, 60)]
    merged = shards[order[0]].merged(shards[order[1]]).merged(shards[order[2]])
    whole = WordSums.of(X, words)
    assert_array_equal(merged.counts, whole.counts)
    assert_allclose(merged.sums, whole.sums, rtol=1e-12)


def test_kmeans_finds_clusters_that_stand_apart():
    centres = np.array([[0, 0], [10, 0], [0, 10]], np.float32)
    X = (np.repeat(centres, 50, axis=0) + RNG.normal(0, 0.1, (150, 2))).astype(np.float32)
    words = kmeans(X, X[[0, 50, 100]])
    assert_allclose(words, centres, atol=0.1)


def test_kmeans_never_makes_the_mean_distance_larger():
    X = RNG.normal(size=(400, 5)).astype(np.float32)
    words = first_words(X, 20, generator=np.random.default_rng(1))

    def mean_square(words):
        return np.mean(np.min(np.sum((X[:, None] - words) ** 2, axis=-1), axis=1))

    assert mean_square(kmeans(X, words)) < mean_square(words)


def test_first_words_are_different_rows():
    X = np.repeat(np.arange(6, dtype=np.float32), 5).reshape(30, 1)
    assert sorted(first_words(X, 6, generator=np.random.default_rng(0)).ravel()) == [0, 1, 2, 3, 4, 5]


def test_fewer_different_rows_than_words_are_refused():
    with pytest.raises(DataError, match="the sample has 1 different descriptors; expected at least n_words=2. Lower"):
        first_words(np.zeros((30, 3), np.float32), 2, generator=np.random.default_rng(0))
