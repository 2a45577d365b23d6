"""Polar coordinates: the lecture's feature transform that turns rings into lines."""

from typing import ClassVar, Self

import numpy as np
from jaxtyping import Float, Float32
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from foldline.core.errors import DataError


class Polar(TransformerMixin, BaseEstimator):
    """Points (x, y) to (r, theta): r = sqrt(x^2 + y^2), theta = atan2(y, x).

    A linear classifier of (r, theta) is a nonlinear one of (x, y): r < c is a disc.

    Convention: theta is in radians, in (-pi, pi]; the origin has theta 0.
    Convention: of more than two columns the first two are x and y; the others stay as they are.
    Example:
        >>> import numpy as np
        >>> Polar().fit_transform(np.array([[0.0, 2.0], [-1.0, 0.0]])).round(3)
        array([[2.   , 1.571],
               [1.   , 3.142]], dtype=float32)
    """

    title: ClassVar[str] = "polar coordinates"

    n_features_in_: int

    def fit(self, X: Float[np.ndarray, "n d"], y: object = None) -> Self:
        """Check the points; nothing is learned.

        Args:
            X: (N, D) finite numbers, D at least 2.
            y: ignored.
        Raises: DataError for fewer than two columns; ValueError from scikit-learn for arrays it does not take.
        """
        X = validate_data(self, X, dtype=np.float32)
        _checked_columns(X.shape[1])
        return self

    def transform(self, X: Float[np.ndarray, "n d"]) -> Float32[np.ndarray, "n d"]:
        """Compute (r, theta, ...) of every point, (N, D) float32."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        x, y = X[:, 0], X[:, 1]
        # + 0 turns -0 to 0, so that the origin and the positive x axis have theta 0 and the negative one pi.
        return np.column_stack([np.hypot(x, y), np.arctan2(y + 0.0, x + 0.0), X[:, 2:]])

    def length(self, point_shape: tuple[int, ...]) -> int:
        """Give the number D of values that a point of shape (D,) becomes. Raises: DataError if D is less than 2."""
        (n_columns,) = point_shape
        return _checked_columns(n_columns)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Name the columns: "r", "theta", and those that stay."""
        check_is_fitted(self)
        names = getattr(self, "feature_names_in_", None)
        others = [f"x{i}" for i in range(2, self.n_features_in_)] if names is None else list(names[2:])
        return np.array(["r", "theta", *others], dtype=object)

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together; nothing is learned."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _checked_columns(n_columns: int) -> int:
    if n_columns < 2:
        raise DataError(
            f"X has {n_columns} feature(s), n_features=1; expected at least 2, x and y. Give points of the plane."
        )
    return n_columns
