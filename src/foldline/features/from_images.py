"""What features and local descriptors share: fitting to images, and scikit-learn's interface."""

from abc import abstractmethod
from typing import ClassVar, Self

import numpy as np
from jaxtyping import Shaped, UInt8
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from foldline.core.checks import integer
from foldline.core.errors import ModelFileError
from foldline.core.loaded import FIX
from foldline.features.input_images import LARGEST_SIDE, ImageShape, check_image_shape, checked_image_shape


class FromImages(TransformerMixin, BaseEstimator):
    """Base of what turns (N, H, W, C) uint8 images into numbers; use `ImageFeature` or `LocalDescriptor`.

    `fit` remembers the images' shape; what else is learned from the training images, a subclass learns in `_learn`.
    Settings that shape what was learned count from the next `fit` on.
    """

    title: ClassVar[str]
    """What a reader calls it."""

    image_shape_: ImageShape

    @classmethod
    def for_images(cls, image_shape: ImageShape) -> Self:
        """Make one with settings that suit images of this shape."""
        return cls()

    @abstractmethod
    def describe(self) -> str:
        """Say in a few words what the numbers are."""

    @abstractmethod
    def _check(self, image_shape: ImageShape) -> None:
        """Check the settings for images of shape (H, W, C).

        Raises: SettingError for a setting outside its range; ShapeError if such images cannot be used.
        """

    def learned(self) -> tuple[str, ...]:
        """Name the attributes that `fit` learns and `transform` needs."""
        return ()

    def _learn(self, images: UInt8[np.ndarray, "n h w c"]) -> None:
        """Learn from training images; most have nothing to learn."""

    def fit(self, images: Shaped[np.ndarray, "n ..."], y: object = None) -> Self:
        """Check settings and images, learn, and remember the images' shape.

        Args:
            images: (N, H, W, C) uint8, C is 1 or 3.
            y: ignored.
        Raises: as `transform`.
        """
        image_shape = checked_image_shape(images)
        for name in self.learned():
            if hasattr(self, name):  # what an earlier fit learned says nothing about these settings
                delattr(self, name)
        self._check(image_shape)
        self._learn(images)
        self.image_shape_ = image_shape
        return self

    def _checked(self, images: Shaped[np.ndarray, "n ..."]) -> ImageShape:
        """Check that it is fitted, to such images if to any, and give their shape (H, W, C)."""
        check_is_fitted(self)
        image_shape = checked_image_shape(images)
        check_image_shape(image_shape, getattr(self, "image_shape_", image_shape))
        return image_shape

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together; a subclass checks what it learns.

        Raises: ModelFileError, SettingError or ShapeError if they do not.
        """
        if not isinstance(self.image_shape_, tuple) or len(self.image_shape_) != 3:
            raise ModelFileError(f"image_shape_ is {self.image_shape_!r}; expected (height, width, channels). {FIX}")
        for side in self.image_shape_:
            integer(side, name="a side of image_shape_", low=1, high=LARGEST_SIDE)

    def __sklearn_is_fitted__(self) -> bool:
        return all(hasattr(self, name) for name in self.learned())

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = bool(self.learned())
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags
