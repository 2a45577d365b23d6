"""The linear classifier that needs no descent: least squares with a price on weights, solved exactly."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from jaxtyping import Float, Float32
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from foldline.core.checks import integer, number
from foldline.core.errors import DataError
from foldline.core.loaded import loaded_array
from foldline.estimators.class_indices import class_indices
from foldline.estimators.loaded import loaded_classes
from foldline.estimators.weights import checked_weights
from foldline.training import solve_least_squares


class RidgeClassifier(ClassifierMixin, BaseEstimator):
    """Linear classifier f(x) = Wx + b by least squares: 1 for the right class, -1 for the others.

    Minimises sum_i w_i |W x_i + b - t_i|^2 / sum_i w_i + l2 * sum of W^2, exactly, in one pass over the rows. Where
    there are nearly as many features as rows it often does better than softmax or SVM, which fit the training rows
    more closely.

    Args:
        l2: strength of the squared penalty on weights, above 0.
    Convention: biases are not regularised; scores are not probabilities.
    Source: Hoerl and Kennard (1970), eq. 2.1, for every class; with the targets of scikit-learn's classifier of that
        name, whose alpha is l2 times the sum of the weights.
    Example:
        >>> from sklearn.datasets import load_digits
        >>> X, y = load_digits(return_X_y=True)
        >>> RidgeClassifier().fit(X / 16, y).score(X / 16, y) > 0.9
        True
    """

    classes_: np.ndarray
    coef_: Float32[np.ndarray, "k d"]
    intercept_: Float32[np.ndarray, " k"]
    n_features_in_: int

    def __init__(self, *, l2: float = 1e-2) -> None:
        self.l2 = l2

    def fit(self, X: Float[np.ndarray, "n d"], y: np.ndarray, sample_weight: np.ndarray | None = None) -> Self:
        """Solve for weights and biases.

        Args:
            X: (N, D) finite numbers, best near mean 0 and deviation 1; computed with as float32.
            y: (N,) labels of any type, at least two different ones.
            sample_weight: (N,) non-negative weights of the rows; None for equal ones.
        Raises: SettingError for a setting outside its range; DataError if there is one class only, no weight at all, or
            not enough memory; ValueError from scikit-learn for arrays it does not take.
        """
        _fit_together_([self], X, y, sample_weight)
        return self

    def scores(self, X: Float[np.ndarray, "n d"]) -> Float32[np.ndarray, "n k"]:
        """Compute the class scores s, one column a class in the order of `classes_`."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return np.asarray(X @ self.coef_.T + self.intercept_)

    def decision_function(self, X: Float[np.ndarray, "n d"]) -> Float32[np.ndarray, "n ..."]:
        """Compute the class scores, (N, K); with two classes how much the second leads, (N,)."""
        scores = self.scores(X)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: Float[np.ndarray, "n d"]) -> np.ndarray:
        """Give the class with the largest score for every row."""
        best = np.argmax(self.scores(X), axis=1)
        return np.asarray(self.classes_[best])

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together. Raises: ModelFileError if they do not."""
        n_classes = loaded_classes(self.classes_)
        n_features = integer(self.n_features_in_, name="n_features_in_", low=1)
        loaded_array(self.coef_, f"{n_classes} {n_features}", np.float32, name="coef_")
        loaded_array(self.intercept_, str(n_classes), np.float32, name="intercept_")


def fit_ridges(X: Float[np.ndarray, "n d"], y: np.ndarray, *, l2: Sequence[float]) -> list[RidgeClassifier]:
    """Fit a classifier for each of several l2; the sums over rows, most of the work, are made once.

    Args:
        X: (N, D) as in `RidgeClassifier.fit`.
        y: (N,) as there.
        l2: each above 0, at least one.
    Returns: what `RidgeClassifier(l2=strength).fit(X, y)` gives for each.
    Raises: what that raises, for any of them; with several l2 a matrix more is held.
    Example:
        >>> from sklearn.datasets import load_digits
        >>> X, y = load_digits(return_X_y=True)
        >>> [ridge.l2 for ridge in fit_ridges(X / 16, y, l2=[0.01, 1.0])]
        [0.01, 1.0]
    """
    ridges = [RidgeClassifier(l2=strength) for strength in l2]
    _fit_together_(ridges, X, y, None)
    return ridges


def _fit_together_(
    ridges: Sequence[RidgeClassifier],
    X: Float[np.ndarray, "n d"],
    y: np.ndarray,
    sample_weight: np.ndarray | None,
) -> None:
    X, y = validate_data(ridges[0], X, y, dtype=np.float32)
    for ridge in ridges:
        number(ridge.l2, name="l2", low=0.0, above=True)
    classes, labels = class_indices(y)
    targets = np.where(labels[:, None] == np.arange(len(classes)), 1.0, -1.0)
    weights = checked_weights(sample_weight, n=len(X))
    if not weights.any():
        raise DataError("sample_weight is zero for all rows; expected a positive one at least. Change it.")
    solutions = solve_least_squares(X, targets, weights, l2=[ridge.l2 for ridge in ridges])
    for ridge, (W, b) in zip(ridges, solutions, strict=True):
        ridge.classes_, ridge.n_features_in_ = classes, X.shape[1]
        ridge.coef_, ridge.intercept_ = W.astype(np.float32), b.astype(np.float32)
