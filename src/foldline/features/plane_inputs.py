"""Functions of a point of the plane as a feature, after its scale: what the lab's nets see."""

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
from jaxtyping import Float32, Num
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from foldline.core.checks import choice, is_list, number
from foldline.core.errors import DataError, SettingError
from foldline.core.plane_inputs import TRANSFORMS, plane_inputs


class PlaneInputs(TransformerMixin, BaseEstimator):
    """Points to functions of x and y: their squares, product, sines, distance and angle.

    x and y are those of (point - middle) / unit, so that points may come in units of their own.

    Args:
        inputs: some of "x", "y", "x2", "y2", "xy", "sinx", "siny", "r" and "angle", in the order of the columns.
        middle: (x, y) of the point that becomes the origin.
        unit: lengths along x and y that become 1, above 0.
    Convention: the angle is in radians, in [-pi, pi], against the clock from the x-axis.
    Convention: of more than two columns the first two are x and y; the others are left out.
    Convention: the scale is applied in float64, and the point it gives rounded to float32, as the lab's points are.
    Example:
        >>> import numpy as np
        >>> PlaneInputs(inputs=("x", "y2"), middle=(10, 0), unit=(2, 1)).fit_transform(np.array([[14.0, 3.0]]))
        array([[2., 9.]], dtype=float32)
    """

    title: ClassVar[str] = "functions of x and y"

    n_features_in_: int

    def __init__(
        self,
        *,
        inputs: Sequence[str] = ("x", "y"),
        middle: Sequence[float] = (0.0, 0.0),
        unit: Sequence[float] = (1.0, 1.0),
    ) -> None:
        self.inputs = inputs
        self.middle = middle
        self.unit = unit

    def fit(self, X: Num[np.ndarray, "n d"], y: object = None) -> Self:
        """Check the settings and the points; nothing is learned.

        Args:
            X: (N, D) finite numbers, D at least 2.
            y: ignored.
        Raises: SettingError for a setting outside its range; DataError for fewer than two columns; ValueError from
            scikit-learn for arrays it does not take.
        """
        self.check_loaded()
        X = validate_data(self, X, dtype=np.float64)
        self.length(X.shape[1:])
        return self

    def transform(self, X: Num[np.ndarray, "n d"]) -> Float32[np.ndarray, "n k"]:
        """Compute the functions of every point, (N, K) float32."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        scaled = (X[:, :2] - np.array(self.middle, np.float64)) / np.array(self.unit, np.float64)
        return plane_inputs(scaled.astype(np.float32), self.inputs)

    def length(self, point_shape: tuple[int, ...]) -> int:
        """Give the number K of values that a point of shape (D,) becomes. Raises: DataError if D is less than 2."""
        (n_columns,) = point_shape
        if n_columns < 2:
            raise DataError(
                f"X has {n_columns} feature(s), n_features=1; expected at least 2, x and y. Give points of the plane."
            )
        return len(self.inputs)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Name the columns as in `inputs`."""
        check_is_fitted(self)
        return np.array(list(self.inputs), dtype=object)

    def check_loaded(self) -> None:
        """Check the settings, also of a file. Raises: SettingError for one outside its range."""
        if not is_list(self.inputs) or not self.inputs:
            raise SettingError(f"inputs is {self.inputs!r:.60}; expected some of {', '.join(TRANSFORMS)}. Name one.")
        for name in self.inputs:
            choice(name, tuple(TRANSFORMS), name="an entry of inputs")
        for pair, name in ((self.middle, "middle"), (self.unit, "unit")):
            if not is_list(pair) or len(pair) != 2:
                raise SettingError(f"{name} is {pair!r:.60}; expected two numbers, of x and y. Change {name}.")
            for value in pair:
                low = 0.0 if name == "unit" else -np.inf
                number(value, name=f"an entry of {name}", low=low, above=True)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
