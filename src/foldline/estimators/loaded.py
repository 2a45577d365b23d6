"""Checks on attributes that came from a model file: they must fit together before anything is computed with them."""

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator

from foldline.core.checks import integer
from foldline.core.errors import ModelFileError
from foldline.core.loaded import FIX
from foldline.features import ImageFeature
from foldline.features.input_images import check_image_shape, checked_image_shape
from foldline.images.fitting import MAX_SIDE


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
    return int(features.length(sides))


def check_loaded_images(features: BaseEstimator, image_shape: Sequence[int]) -> None:
    """Check that features take images of a shape, and the machine their vectors, without making an image.

    Args:
        features: a fitted feature, or several as a `Concat`.
        image_shape: (H, W, C).
    Raises: ShapeError if there are no such images, or the features were fitted to others; DataError if their vectors
        would fill the memory.
    """
    shape = checked_image_shape(np.broadcast_to(np.uint8(0), (1, *image_shape)))  # a view of one number
    for feature in getattr(features, "features_", [features]):
        if isinstance(feature, ImageFeature):
            check_image_shape(shape, feature.image_shape_)
            feature.check_memory(1, shape)
