"""k-nearest neighbours, the lecture's reminder that a universal approximator need not be a network."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from jaxtyping import Float, Float32, Int32
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.validation import check_is_fitted, validate_data

from foldline.core.checks import integer
from foldline.core.errors import DataError, ModelFileError
from foldline.core.loaded import FIX, loaded_array
from foldline.estimators.class_indices import class_indices
from foldline.estimators.loaded import loaded_classes


class KNNClassifier(ClassifierMixin, BaseEstimator):
    """Majority vote of the k nearest training rows, by scikit-learn's brute-force search.

    Args:
        n_neighbors: k, at least 1.
    Convention: Euclidean distance; each neighbour has one vote, however near it is.
    Convention: of classes with equally many votes the first one, in the order of `classes_`, is given.
    Convention: rows are compared as float32.
    """

    classes_: np.ndarray
    train_X_: Float32[np.ndarray, "n d"]
    train_y_: Int32[np.ndarray, " n"]

    def __init__(self, *, n_neighbors: int = 5) -> None:
        self.n_neighbors = n_neighbors

    def fit(self, X: Float[np.ndarray, "n d"], y: np.ndarray) -> Self:
        """Keep the training rows.

        Args:
            X: (N, D) finite numbers.
            y: (N,) labels of any type.
        Raises: SettingError or DataError if there are fewer rows than neighbours or one class only.
        """
        X, y = validate_data(self, X, y, dtype=np.float32)
        integer(self.n_neighbors, name="n_neighbors", low=1)
        if len(X) < self.n_neighbors:
            raise DataError(
                f"n_neighbors is {self.n_neighbors} and there are n_samples={len(X)} rows; expected at least as many "
                f"rows as neighbours. Lower n_neighbors."
            )
        self.classes_, self.train_y_ = class_indices(y)
        self.train_X_ = X
        return self

    def predict(self, X: Float[np.ndarray, "n d"]) -> np.ndarray:
        """Give the class with the most votes for every row."""
        most_votes = np.argmax(self.predict_proba(X), axis=1)
        return np.asarray(self.classes_[most_votes])

    def predict_proba(self, X: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n k"]:
        """Give the share of the k votes that each class has; rows sum to 1."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        search = KNeighborsClassifier(self.n_neighbors, algorithm="brute").fit(self.train_X_, self.train_y_)
        return np.asarray(search.predict_proba(X))

    def predict_each(self, X: Float[np.ndarray, "n d"], n_neighbors: Sequence[int]) -> list[np.ndarray]:
        """Give what `predict` gives with other numbers of neighbours, which are looked for once.

        Args:
            X: (N, D) finite numbers.
            n_neighbors: each from 1 to the number of training rows.
        Returns: (N,) classes for each number.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        counts = [integer(k, name="a number of neighbours", low=1, high=len(self.train_X_)) for k in n_neighbors]
        search = KNeighborsClassifier(max(counts), algorithm="brute").fit(self.train_X_, self.train_y_)
        voters = self.train_y_[search.kneighbors(X, return_distance=False)]  # nearest first
        n, n_classes = len(X), len(self.classes_)
        cells = np.arange(n)[:, None] * n_classes + voters  # of a table (N, K) of votes
        votes = (np.bincount(cells[:, :k].ravel(), minlength=n * n_classes).reshape(n, n_classes) for k in counts)
        return [np.asarray(self.classes_[of_k.argmax(axis=1)]) for of_k in votes]

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together. Raises: ModelFileError if they do not."""
        n_classes = loaded_classes(self.classes_)
        n_rows, _ = loaded_array(self.train_X_, f"n {int(self.n_features_in_)}", np.float32, name="train_X_")
        loaded_array(self.train_y_, str(n_rows), np.int32, name="train_y_")
        integer(self.n_neighbors, name="n_neighbors", low=1, high=n_rows)
        if not np.array_equal(np.unique(self.train_y_), np.arange(n_classes)):
            raise ModelFileError(f"train_y_ holds other labels than 0 to {n_classes - 1}; expected each of them. {FIX}")
