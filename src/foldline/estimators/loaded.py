"""Checks on attributes that came from a model file: they must fit together before anything is computed with them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike
from sklearn.base import BaseEstimator

from foldline.core.checks import axes, integer
from foldline.core.errors import ModelFileError
from foldline.features import Concat
from foldline.images.fitting import MAX_SIDE

FIX = "Copy or save the model again."


def loaded_array(value: object, pattern: str, dtype: DTypeLike, *, name: str) -> tuple[int, ...]:
    """Check the kind and the number of axes of an array and give their lengths.

    Args:
        value: what the file holds.
        pattern: as in `foldline.core.checks.axes`.
        dtype: element type.
        name: of the attribute.
    Raises: ModelFileError if it is no such array; ShapeError if its shape does not fit.
    """
    if not isinstance(value, np.ndarray) or value.dtype != dtype:
        kind = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
        raise ModelFileError(f"{name} is {kind}; expected an array of {np.dtype(dtype)}. {FIX}")
    return axes(value, pattern, name=name, fix=FIX)


def loaded_classes(classes: object) -> int:
    """Check the sorted labels of a classifier and give their number K.

    Raises: ModelFileError if they are not at least two different labels in order.
    """
    if isinstance(classes, np.ndarray) and classes.ndim == 1 and len(classes) > 1 and all(classes[:-1] < classes[1:]):
        return len(classes)
    raise ModelFileError(f"classes_ is {str(classes)[:60]}; expected two or more different labels in order. {FIX}")


def loaded_length(features: BaseEstimator, image_shape: Sequence[int]) -> int:
    """Say how many numbers D a row becomes, without making them: a few bytes of a file can ask for all memory.

    Args:
        features: a fitted feature, or several as a `Concat`.
        image_shape: (H, W, C) of the images, or (D,) of points.
    Raises: FoldlineError or ValueError if there can be no such rows.
    """
    sides = tuple(integer(side, name="a side of image_shape_", low=1, high=MAX_SIDE) for side in image_shape)
    n_numbers = int(features.length(sides))
    if isinstance(features, Concat) and features.scale is not None:
        for name in ("mean_", "divisor_"):
            loaded_array(getattr(features, name), str(n_numbers), np.float32, name=name)
        if not (features.divisor_ > 0).all():
            raise ModelFileError(f"divisor_ holds {features.divisor_.min()}; expected numbers above 0. {FIX}")
    return n_numbers
