"""What every feature of images shares: the door, threads over images, scikit-learn's interface."""

from abc import abstractmethod
from typing import ClassVar, Self

import numpy as np
from jaxtyping import Float32, Shaped, UInt8
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from foldline.core.memory import check_memory
from foldline.core.parallel import in_threads, one_blas_thread, row_chunks
from foldline.features.input_images import ImageShape, check_image_shape, checked_image_shape

CHUNK_IMAGES = 256  # at work in one thread at a time


class ImageFeature(TransformerMixin, BaseEstimator):
    """Base of the features: (N, H, W, C) uint8 images to (N, D) float32 vectors.

    A subclass says in `length` how many numbers an image of a given shape gives, checking its settings, and fills them
    in in `_fill`. `fit` remembers the shape; what else is learned from the training images, a subclass learns in
    `_learn`.
    """

    title: ClassVar[str]
    """What a reader calls it."""
    needs_color: ClassVar[bool] = False
    """Whether it says nothing about grey images."""
    fewer_numbers: ClassVar[str] = "Load the images at a smaller size."
    """What to do where the vectors would fill the memory."""
    learned: ClassVar[tuple[str, ...]] = ()
    """Names of the attributes that `fit` learns and `transform` needs."""

    image_shape_: ImageShape

    @classmethod
    def for_images(cls, image_shape: ImageShape) -> "ImageFeature":
        """Make one with settings that suit images of this shape."""
        return cls()

    @abstractmethod
    def describe(self) -> str:
        """Say in a few words what the numbers are."""

    @abstractmethod
    def length(self, image_shape: ImageShape) -> int:
        """Give the number D of values an image of shape (H, W, C) becomes.

        Raises: SettingError for a setting outside its range; ShapeError if such images cannot be used.
        """

    @abstractmethod
    def _fill(self, images: UInt8[np.ndarray, "n h w c"], out: Float32[np.ndarray, "n d"]) -> None:
        """Write the vectors of a few images, stored row by row; called from several threads."""

    def _learn(self, images: UInt8[np.ndarray, "n h w c"]) -> None:
        """Learn from training images; most features have nothing to learn."""

    def fit(self, images: Shaped[np.ndarray, "n ..."], y: object = None) -> Self:
        """Check settings and images, learn, and remember the images' shape.

        Args:
            images: (N, H, W, C) uint8, C is 1 or 3.
            y: ignored.
        Raises: as `transform`.
        """
        image_shape = checked_image_shape(images)
        self.length(image_shape)
        self._learn(images)
        self.image_shape_ = image_shape
        return self

    def transform(self, images: Shaped[np.ndarray, "n ..."]) -> Float32[np.ndarray, "n d"]:
        """Compute the vectors.

        Args:
            images: (N, H, W, C) uint8, C is 1 or 3; after `fit`, of the same H, W and C.
        Returns: (N, D) float32.
        Raises: ShapeError or DtypeError for other arrays; SettingError for settings outside their range; DataError if
            the vectors would fill the memory; scikit-learn's NotFittedError if something must be learned first.
        """
        check_is_fitted(self)
        image_shape = checked_image_shape(images)
        check_image_shape(image_shape, getattr(self, "image_shape_", image_shape))
        n, d = len(images), self.length(image_shape)
        name = type(self).__name__
        check_memory(4 * n * d, f"{name} of {n:,} images, {d:,} numbers each,", fix=self.fewer_numbers)
        out = np.empty((n, d), np.float32)

        def work(rows: slice) -> None:
            self._fill(np.ascontiguousarray(images[rows]), out[rows])

        with one_blas_thread():
            for _ in in_threads(work, row_chunks(n, most=CHUNK_IMAGES)):
                pass
        return out

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Name the columns: "hog0", "hog1", ... Raises: NotFittedError before `fit`, which tells their number."""
        check_is_fitted(self, "image_shape_")
        prefix = type(self).__name__.lower()
        return np.array([f"{prefix}{column}" for column in range(self.length(self.image_shape_))], dtype=object)

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together; what a subclass learns, it checks."""

    def __sklearn_is_fitted__(self) -> bool:
        return all(hasattr(self, name) for name in self.learned)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = bool(self.learned)
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags
