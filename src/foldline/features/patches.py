"""Small squares of images, freed of brightness and contrast and whitened: the plainest local descriptor."""

from typing import ClassVar

import numpy as np
from jaxtyping import Float32, UInt8
from sklearn.base import clone

from foldline.core.checks import boolean, integer
from foldline.core.errors import SettingError, ShapeError
from foldline.core.loaded import loaded_array
from foldline.core.seeds import generator_from_seed, seed_from_random_state
from foldline.features._moments import Moments
from foldline.features._patches import Whitening, fill_patches
from foldline.features.input_images import LARGEST_SIDE, ImageShape
from foldline.features.local_descriptor import (
    PLACES_A_BAND,
    Band,
    Describer,
    Descriptors,
    Grid,
    Images,
    LocalDescriptor,
    Squares,
)

USUAL_SIDE = 6  # the best of 6, 8 and 12 pixels in Coates, Ng, Lee (2011), section 4


class Patches(LocalDescriptor):
    """Every square of an image as a row of numbers: its pixels, freed of brightness and contrast, whitened.

    Args:
        patch_px: side of a patch in pixels.
        stride_px: pixels from one patch to the next.
        whiten: whether numbers are made to vary alike and independently of each other over training patches.
        n_sampled: training patches that whitening is learned from.
        random_state: seed of that sample.
    Convention: a patch is divided by sqrt(variance + 10), in grey levels.
    Convention: whitening is zero-phase (ZCA), with 0.1 added to the eigenvalues.
    Convention: pixels row by row, the channels of a pixel side by side.
    Source: Coates, Ng, Lee (2011), section 3.1; the constants from Coates and Ng (2012), section 2.
    Example:
        >>> import numpy as np
        >>> images = np.random.default_rng(0).integers(0, 256, (5, 12, 12, 3), dtype=np.uint8)
        >>> Patches(stride_px=2).fit_transform(images).shape
        (5, 16, 108)
    """

    title: ClassVar[str] = "patches"

    whitening_mean_: Float32[np.ndarray, " d"]
    whitening_: Float32[np.ndarray, "d d"]

    def __init__(
        self,
        *,
        patch_px: int = USUAL_SIDE,
        stride_px: int = 1,
        whiten: bool = True,
        n_sampled: int = 100_000,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.patch_px = patch_px
        self.stride_px = stride_px
        self.whiten = whiten
        self.n_sampled = n_sampled
        self.random_state = random_state

    @classmethod
    def for_images(cls, image_shape: ImageShape) -> "Patches":
        """Choose a side that leaves narrow images several patches across, and a stride that leaves large ones not many.

        A patch is about half as wide as a narrow image, and has at least 2 pixels. With patches of 3, 4, 5
        and 6 pixels ridge classifiers on words were right on 99.4, 99.0, 99.1 and 98.9 % of digits of 8x8 pixels.

        Example:
            >>> [Patches.for_images(shape).patch_px for shape in [(240, 320, 3), (12, 12, 1), (8, 8, 1), (40, 5, 3)]]
            [6, 6, 4, 3]
        """
        side = min(image_shape[:2])
        return cls(patch_px=min(max((side + 1) // 2, 2), USUAL_SIDE), stride_px=max(side // 32, 1))

    def describe(self) -> str:
        """Say in a few words what is described."""
        return f"{self.patch_px}×{self.patch_px}-pixel patches"

    def grids(self, image_shape: ImageShape) -> tuple[Grid, ...]:
        """Give the one grid of patches.

        Raises: SettingError for a setting outside its range; ShapeError if the image is smaller than a patch.
        """
        side = integer(self.patch_px, name="patch_px", low=2, high=64)
        stride = integer(self.stride_px, name="stride_px", low=1, high=LARGEST_SIDE)
        integer(self.n_sampled, name="n_sampled", low=2)
        boolean(self.whiten, name="whiten")
        height, width, _ = image_shape
        if min(height, width) < side:
            raise ShapeError(
                f"images of {height}x{width} pixels are smaller than a patch of {side}x{side}; expected at least that "
                f"size. Lower patch_px, or load the images at a larger size."
            )
        return (Grid((height - side) // stride + 1, (width - side) // stride + 1),)

    def squares(self) -> tuple[Squares, ...]:
        """Say where the patches are."""
        return (Squares(start_px=0, step_px=self.stride_px, side_px=self.patch_px),)

    def n_numbers(self, image_shape: ImageShape) -> int:
        """Give patch_px * patch_px * C."""
        return self.patch_px**2 * image_shape[2]

    def describer(self, image_shape: ImageShape) -> Describer:
        """Make the function that describes bands of images of this shape."""
        (grid,), d = self.grids(image_shape), self.n_numbers(image_shape)
        if self.whiten and len(self.whitening_mean_) != d:
            raise SettingError(
                f"patches of {self.patch_px} pixels have {d} numbers, and whitening was learned for "
                f"{len(self.whitening_mean_)}; expected the setting of that fit. Fit again."
            )
        cut = np.empty((max(PLACES_A_BAND, grid.n_cols) if self.whiten else 0, d), np.float32)
        whitening = Whitening(mean=self.whitening_mean_, W=self.whitening_) if self.whiten else None

        def describe(image: UInt8[np.ndarray, "h w c"], band: Band, out: Descriptors) -> None:
            rows = out if whitening is None else cut[: len(out)]
            fill_patches(image, band.rows.start, grid.n_cols, self.patch_px, self.stride_px, rows)
            if whitening is not None:
                whitening.apply_(rows, out)

        return describe

    def learned(self) -> tuple[str, ...]:
        """Name the attributes that `fit` learns and `transform` needs."""
        return ("whitening_mean_", "whitening_") if self.whiten else ()

    def _learn(self, images: Images) -> None:
        if not self.whiten:
            return
        generator = generator_from_seed(seed_from_random_state(self.random_state))
        unwhitened = clone(self).set_params(whiten=False)
        whitening = Whitening.of(Moments.of(unwhitened.sample(images, self.n_sampled, generator=generator)))
        self.whitening_mean_, self.whitening_ = whitening.mean, whitening.W

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together. Raises: FoldlineError if they do not."""
        super().check_loaded()
        self.grids(self.image_shape_)
        if self.whiten:
            d = self.n_numbers(self.image_shape_)
            loaded_array(self.whitening_mean_, str(d), np.float32, name="whitening_mean_")
            loaded_array(self.whitening_, f"{d} {d}", np.float32, name="whitening_")
