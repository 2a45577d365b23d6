"""What every local descriptor shares: places on grids over an image, and a row of numbers for each of them."""

from abc import abstractmethod
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int, Shaped, UInt8
from sklearn.utils.validation import check_is_fitted

from foldline.core.errors import DataError, ModelFileError, SettingError
from foldline.core.loaded import FIX
from foldline.core.memory import check_memory
from foldline.core.parallel import in_threads, n_threads, one_blas_thread, row_chunks
from foldline.features.from_images import FromImages
from foldline.features.input_images import ImageShape, checked_image_shape

CHUNK_IMAGES = 64  # at work in one thread at a time
PLACES_A_BAND = 192  # described at a time where a descriptor leaves the choice
PLACES_AN_IMAGE = 32  # of a sample: more images tell more than more places of the same

Images = UInt8[np.ndarray, "n h w c"]
Descriptors = Float32[np.ndarray, "p d"]


class Grid(NamedTuple):
    """The places of one size in an image, row by row."""

    n_rows: int
    n_cols: int

    @property
    def n_places(self) -> int:
        """All of them."""
        return self.n_rows * self.n_cols


class Squares(NamedTuple):
    """What the places of one grid are of: squares of pixels, the first of which begins at (start_px, start_px)."""

    start_px: int
    step_px: int
    side_px: int


class Band(NamedTuple):
    """Neighbouring rows of one grid, whose places are described together."""

    grid: int
    rows: range


Describer = Callable[[UInt8[np.ndarray, "h w c"], Band, Descriptors], None]
"""Writes the descriptors of one band of one image."""


class LocalDescriptor(FromImages):
    """Base of the local descriptors: (N, H, W, C) uint8 images to (N, P, D) float32, D numbers for each of P places.

    A subclass says in `grids` where its places are, checking its settings, in `n_numbers` how long a row is, and
    describes a band of places in what `describer` makes.
    """

    @abstractmethod
    def grids(self, image_shape: ImageShape) -> tuple[Grid, ...]:
        """Give the grids of places over an image of shape (H, W, C).

        Raises: SettingError for a setting outside its range; ShapeError if the image has no place.
        """

    def _check(self, image_shape: ImageShape) -> None:
        self.grids(image_shape)

    @abstractmethod
    def n_numbers(self, image_shape: ImageShape) -> int:
        """Give the numbers D of a place."""

    @abstractmethod
    def describer(self, image_shape: ImageShape) -> Describer:
        """Make the function that describes bands of images of this shape; it has working memory, one for a thread."""

    def bands(self, image_shape: ImageShape) -> list[Band]:
        """Cut the places into bands, in their order: of at most 192 places, at least a row each."""
        bands = []
        for index, grid in enumerate(self.grids(image_shape)):
            n = max(PLACES_A_BAND // grid.n_cols, 1)
            bands += [Band(index, range(row, min(row + n, grid.n_rows))) for row in range(0, grid.n_rows, n)]
        return bands

    def transform(self, images: Shaped[np.ndarray, "n ..."]) -> Float32[np.ndarray, "n p d"]:
        """Describe every place.

        Args:
            images: (N, H, W, C) uint8, C is 1 or 3; after `fit`, of the same H, W and C.
        Returns: (N, P, D) float32, grid by grid, row by row.
        Raises: ShapeError or DtypeError for other arrays; SettingError for settings outside their range; DataError if
            the descriptors would fill the memory; scikit-learn's NotFittedError if something must be learned first.
        """
        image_shape = self._checked(images)
        n, n_places, d = len(images), self.n_places(image_shape), self.n_numbers(image_shape)
        check_memory(
            4 * n * n_places * d,
            f"{type(self).__name__} of {n:,} images, {n_places:,} places each,",
            fix="Describe fewer images at a time, or smaller ones.",
        )
        out = np.empty((n, n_places, d), np.float32)

        def work(rows: slice) -> None:
            describe_all = self.whole_image_describer(image_shape)
            for image, descriptors in zip(np.ascontiguousarray(images[rows]), out[rows], strict=True):
                describe_all(image, descriptors)

        with one_blas_thread():
            for _ in in_threads(work, row_chunks(n, most=CHUNK_IMAGES)):
                pass
        return out

    def band_bytes(self, image_shape: ImageShape) -> int:
        """Give the memory that the descriptors of the largest band fill."""
        grids = self.grids(image_shape)
        most = max(len(band.rows) * grids[band.grid].n_cols for band in self.bands(image_shape))
        return 4 * most * self.n_numbers(image_shape)

    def n_places(self, image_shape: ImageShape) -> int:
        """Count the places P of all grids."""
        return sum(grid.n_places for grid in self.grids(image_shape))

    def whole_image_describer(
        self, image_shape: ImageShape
    ) -> Callable[[UInt8[np.ndarray, "h w c"], Descriptors], None]:
        """Make the function that describes all places of an image; one for a thread."""
        describe, bands, grids = self.describer(image_shape), self.bands(image_shape), self.grids(image_shape)
        ends = np.cumsum([len(band.rows) * grids[band.grid].n_cols for band in bands])

        def describe_all(image: UInt8[np.ndarray, "h w c"], out: Descriptors) -> None:
            for band, start, end in zip(bands, [0, *ends[:-1]], ends, strict=True):
                describe(image, band, out[start:end])

        return describe_all

    def sample(self, images: Images, n: int, *, generator: np.random.Generator) -> Descriptors:
        """Describe about n random places of random images, at most all there are.

        Raises: DataError if there are no images, or the sample would fill the memory.
        Convention: at most 32 places an image, more only where images are too few for that; no place twice.
        """
        image_shape = checked_image_shape(images)
        if len(images) == 0:
            raise DataError("images is empty; expected at least one image to learn from. Give some.")
        n_places = self.n_places(image_shape)
        n_images = min(len(images), max(-(-n // PLACES_AN_IMAGE), -(-n // n_places)))
        n_each = min(-(-n // n_images), n_places)
        d = self.n_numbers(image_shape)
        # The sample and what is computed from it, its whitened copy or float64 sums; all places of an image a thread.
        check_memory(
            8 * n_images * n_each * d + 4 * n_threads() * n_places * d,
            f"a sample of {n_images * n_each:,} of {n_places:,} places an image",
            fix="Lower n_sampled, describe fewer places, or load the images at a smaller size.",
        )
        chosen = np.sort(generator.choice(len(images), n_images, replace=False))
        places = np.stack([generator.choice(n_places, n_each, replace=False) for _ in range(n_images)])
        out = np.empty((n_images, n_each, d), np.float32)

        def work(rows: slice) -> None:
            self._fill_sample(np.ascontiguousarray(images[chosen[rows]]), places[rows], out[rows])

        with one_blas_thread():
            for _ in in_threads(work, row_chunks(n_images, most=CHUNK_IMAGES)):
                pass
        return out.reshape(-1, d)[:n]

    def _fill_sample(self, images: Images, places: Int[np.ndarray, "n m"], out: Float32[np.ndarray, "n m d"]) -> None:
        image_shape = images.shape[1:]
        describe_all = self.whole_image_describer(image_shape)
        descriptors = np.empty((self.n_places(image_shape), out.shape[2]), np.float32)
        for image, chosen, rows in zip(images, places, out, strict=True):
            describe_all(image, descriptors)
            rows[:] = descriptors[chosen]


def checked_descriptor(descriptor: object) -> LocalDescriptor:
    """Check that a setting is a local descriptor. Raises: SettingError otherwise."""
    if not isinstance(descriptor, LocalDescriptor):
        raise SettingError(f"descriptor is {descriptor!r}; expected a local descriptor. Give for example Patches().")
    return descriptor


def check_loaded_descriptor(fitted: LocalDescriptor, settings: LocalDescriptor, image_shape: ImageShape) -> None:
    """Check that a descriptor which came from a file is the one that the settings name, fitted to such images.

    Raises: ModelFileError if it is not; and what its own `check_loaded` raises.
    """
    if type(fitted) is not type(settings) or fitted.get_params() != settings.get_params():
        raise ModelFileError(f"descriptor_ is {fitted!r}; expected {settings!r}, as in the settings. {FIX}")
    check_is_fitted(fitted)
    fitted.check_loaded()
    if fitted.image_shape_ != image_shape:
        raise ModelFileError(f"descriptor_ is of images of shape {fitted.image_shape_}; expected {image_shape}. {FIX}")
