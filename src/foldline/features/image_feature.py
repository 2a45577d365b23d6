"""What every feature of images shares: the length of its vectors, and threads over images."""

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from jaxtyping import Float32, Shaped, UInt8
from sklearn.utils.validation import check_is_fitted

from foldline.core.memory import check_memory
from foldline.core.parallel import in_threads, n_threads, one_blas_thread, row_chunks
from foldline.features.from_images import FromImages
from foldline.features.input_images import ImageShape

CHUNK_IMAGES = 256  # at work in one thread at a time


class ImageFeature(FromImages):
    """Base of the features: (N, H, W, C) uint8 images to (N, D) float32 vectors.

    A subclass says in `length` how many numbers an image of a given shape gives, checking its settings, and fills them
    in in `_fill`.
    """

    needs_color: ClassVar[bool] = False
    """Whether it says nothing about grey images."""
    fewer_numbers: ClassVar[str] = "Load the images at a smaller size."
    """What to do where the vectors would fill the memory."""

    @abstractmethod
    def length(self, image_shape: ImageShape) -> int:
        """Give the number D of values an image of shape (H, W, C) becomes.

        Raises: SettingError for a setting outside its range; ShapeError if such images cannot be used.
        """

    def _check(self, image_shape: ImageShape) -> None:
        self.length(image_shape)
        self.check_memory(1, image_shape)  # before anything is learned

    def check_memory(self, n: int, image_shape: ImageShape) -> None:
        """Check that the vectors of n images of shape (H, W, C), and what computes them, can be held.

        Raises: DataError otherwise; and what `length` raises.
        """
        d = self.length(image_shape)
        check_memory(
            4 * n * d + n_threads() * self._working_bytes(image_shape),
            f"{type(self).__name__} of {n:,} images, {d:,} numbers each,",
            fix=self.fewer_numbers,
        )

    def _working_bytes(self, image_shape: ImageShape) -> int:
        """Estimate the memory that one thread works with."""
        return 0

    @abstractmethod
    def _fill(self, images: UInt8[np.ndarray, "n h w c"], out: Float32[np.ndarray, "n d"]) -> None:
        """Write the vectors of a few images, stored row by row; called from several threads."""

    def transform(self, images: Shaped[np.ndarray, "n ..."]) -> Float32[np.ndarray, "n d"]:
        """Compute the vectors.

        Args:
            images: (N, H, W, C) uint8, C is 1 or 3; after `fit`, of the same H, W and C.
        Returns: (N, D) float32.
        Raises: ShapeError or DtypeError for other arrays; SettingError for settings outside their range; DataError if
            the vectors would fill the memory; scikit-learn's NotFittedError if something must be learned first.
        """
        image_shape = self._checked(images)
        n, d = len(images), self.length(image_shape)
        self.check_memory(n, image_shape)
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
