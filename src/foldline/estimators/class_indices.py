"""Labels of any type as numbers 0 ... K-1."""

import numpy as np
from jaxtyping import Int32
from sklearn.utils.multiclass import check_classification_targets

from foldline.core.errors import DataError


def class_indices(y: np.ndarray) -> tuple[np.ndarray, Int32[np.ndarray, " n"]]:
    """Sort the different labels and number them.

    Args:
        y: (N,) labels of any type that scikit-learn takes for classes.
    Returns: (K,) the classes, sorted, and for every row the index of its class.
    Raises: DataError if there is one class only; ValueError from scikit-learn for what are no classes.
    """
    check_classification_targets(y)
    classes, labels = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise DataError(
            f"the labels hold one class only, {classes.tolist()[0]!r}; expected at least 2 classes. Add images of "
            f"another class."
        )
    return classes, labels.astype(np.int32)
