"""Checks on arrays that came from a model file, before anything is computed with them."""

import numpy as np
from numpy.typing import DTypeLike

from foldline.core.checks import axes
from foldline.core.errors import ModelFileError

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
