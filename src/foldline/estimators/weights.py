"""Weights of training rows: checked before anything is computed with them."""

import numpy as np
from jaxtyping import Float64

from foldline.core.checks import axes
from foldline.core.errors import DataError


def checked_weights(weights: np.ndarray | None, *, n: int, name: str = "sample_weight") -> Float64[np.ndarray, " n"]:
    """Give weights as float64, all 1 for None.

    Raises: ShapeError if there is not one for each row; DataError for negative or infinite ones.
    """
    if weights is None:
        return np.ones(n)
    weights = np.asarray(weights, np.float64)
    axes(weights, str(n), name=name, fix="Give one weight for each row.")
    if not np.isfinite(weights).all() or weights.min() < 0:
        wrong = weights[~(weights >= 0) | np.isinf(weights)]
        # scikit-learn's estimator checks look for the words "Negative values in data passed".
        raise DataError(
            f"{name} holds {wrong[0]}; expected finite numbers of at least 0. "
            f"Negative values in data passed as {name} have no meaning: change them."
        )
    return weights
