import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

from foldline.core.errors import DataError, SettingError
from foldline.estimators import KNNClassifier

X, Y = load_digits(return_X_y=True)
X, Y = (X / 16).astype(np.float32), Y.astype(np.int32)


def on_a_line(*places):
    return np.array(places, np.float32)[:, None]


def test_equals_scikit_learns():
    ours = KNNClassifier(n_neighbors=3).fit(X[:500], Y[:500])
    theirs = KNeighborsClassifier(3, algorithm="brute").fit(X[:500], Y[:500])
    assert_allclose(ours.predict_proba(X[500:]), theirs.predict_proba(X[500:]))
    assert (ours.predict(X[500:]) == theirs.predict(X[500:])).all()


@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 9))
def test_equals_sorting_all_distances(seed, k):
    rng = np.random.default_rng(seed)
    X_train, y_train = rng.normal(size=(9, 3)).astype(np.float32), np.arange(9) % 3
    X_test = rng.normal(size=(5, 3)).astype(np.float32)
    nearest = [sorted(range(9), key=lambda i: float(((X_train[i] - x) ** 2).sum()))[:k] for x in X_test]
    shares = [[np.mean([y_train[i] == c for i in rows]) for c in range(3)] for rows in nearest]
    assert_allclose(KNNClassifier(n_neighbors=k).fit(X_train, y_train).predict_proba(X_test), shares)


def test_convention_distance_is_euclidean():
    # (3, 3) lies 4.24 away from the origin and (0, 5) lies 5; by the sum of absolute differences it is 6 and 5.
    model = KNNClassifier(n_neighbors=1).fit(np.array([[3, 3], [0, 5]], np.float32), np.array(["near", "far"]))
    assert model.predict(np.zeros((1, 2), np.float32)) == ["near"]


def test_convention_each_neighbour_has_one_vote_however_near():
    model = KNNClassifier(n_neighbors=3).fit(on_a_line(0, 10, 11), np.array([0, 1, 1]))
    assert_allclose(model.predict_proba(on_a_line(0.1)), [[1 / 3, 2 / 3]])


@pytest.mark.parametrize("labels", [["b", "a"], ["a", "b"]])
def test_convention_of_equal_votes_the_first_class_is_given(labels):
    model = KNNClassifier(n_neighbors=2).fit(on_a_line(0, 1), np.array(labels))
    assert model.predict(on_a_line(0.1, 0.9)).tolist() == ["a", "a"]


def test_convention_rows_are_compared_as_float32():
    # From 2^24 on float32 knows even numbers only: the row asked about becomes the first, though the second is nearer.
    model = KNNClassifier(n_neighbors=1).fit(np.array([[16777216.0], [16777217.9]]), np.array([0, 1]))
    assert model.train_X_.dtype == np.float32
    assert model.predict(np.array([[16777216.99]])) == [0]


def test_a_training_row_is_its_own_nearest_neighbour():
    assert_array_equal(KNNClassifier(n_neighbors=1).fit(X[:99], Y[:99]).predict(X[:99]), Y[:99])


@given(st.permutations(range(9)))
def test_permuted_rows_give_permuted_predictions(order):
    model = KNNClassifier().fit(X[:60], Y[:60])
    assert_array_equal(model.predict(X[order]), model.predict(X[:9])[order])


def test_all_rows_as_neighbours_give_the_shares_of_the_classes():
    model = KNNClassifier(n_neighbors=4).fit(on_a_line(0, 1, 2, 3), np.array([0, 0, 0, 1]))
    assert_allclose(model.predict_proba(on_a_line(-5, 99)), [[0.75, 0.25]] * 2)


def test_input_is_left_as_it_was():
    X_given, y_given = X[:20].copy(), Y[:20].copy()
    KNNClassifier().fit(X_given, y_given).predict(X_given)
    assert_array_equal(X_given, X[:20])
    assert_array_equal(y_given, Y[:20])


def test_several_numbers_of_neighbours_give_what_each_gives_alone():
    names = np.array([f"digit {y}" for y in Y])
    model, counts = KNNClassifier().fit(X[:300], names[:300]), [9, 1, 4, 300]
    for k, predicted in zip(counts, model.predict_each(X[300:500], counts), strict=True):
        assert_array_equal(predicted, KNNClassifier(n_neighbors=k).fit(X[:300], names[:300]).predict(X[300:500]))


def test_more_neighbours_than_rows_are_refused_among_several():
    with pytest.raises(SettingError, match="a number of neighbours is 21; expected a whole number from 1 to 20"):
        KNNClassifier().fit(X[:20], Y[:20]).predict_each(X, [1, 21])


def test_there_are_no_scores():
    assert not hasattr(KNNClassifier(), "decision_function")


def test_more_neighbours_than_rows_are_refused():
    with pytest.raises(DataError, match=r"n_neighbors is 30 and there are n_samples=20 rows; .*Lower n_neighbors"):
        KNNClassifier(n_neighbors=30).fit(X[:20], Y[:20])


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("n_neighbors", [0, -1, 2.5, "3", None, True])
def test_a_number_of_neighbours_that_is_none_is_refused(n_neighbors):
    with pytest.raises(SettingError, match=f"n_neighbors is {n_neighbors!r}; expected a whole number at least 1"):
        KNNClassifier(n_neighbors=n_neighbors).fit(X[:20], Y[:20])


def test_one_class_only_is_refused():
    with pytest.raises(DataError, match="one class only, 3; expected at least 2 classes"):
        KNNClassifier().fit(X[:20], np.full(20, 3))


def test_nan_in_features_is_refused():
    broken = X[:20].copy()
    broken[3, 4] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        KNNClassifier().fit(broken, Y[:20])
    with pytest.raises(ValueError, match="NaN"):
        KNNClassifier().fit(X[:20], Y[:20]).predict(broken)
