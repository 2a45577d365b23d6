"""Fisher vectors: how the descriptors of an image differ from what a mixture of Gaussians expects."""

from typing import ClassVar

import numpy as np
from jaxtyping import Float32, Float64, UInt8
from sklearn.base import clone

from foldline.core.checks import boolean, integer
from foldline.core.errors import ModelFileError, SettingError
from foldline.core.loaded import FIX, loaded_array
from foldline.core.seeds import generator_from_seed, seed_from_random_state
from foldline.features._fisher import FisherEncoder
from foldline.features._mixture import Mixture, fit_mixture
from foldline.features._moments import Moments
from foldline.features._principal import PrincipalDirections
from foldline.features._regions import Levels, Regions, check_room, checked_levels, n_regions, working_bytes
from foldline.features.dense_sift import DenseSIFT
from foldline.features.image_feature import ImageFeature
from foldline.features.input_images import ImageShape
from foldline.features.local_descriptor import LocalDescriptor, check_loaded_descriptor, checked_descriptor
from foldline.features.patches import Patches

MAX_GAUSSIANS = 4_096
USUAL_PRINCIPAL = 32  # in recipes
SMALLEST_SIDE_OF_SIFT = 8  # two places of bins of 2 pixels, one for each region


class FisherVector(ImageFeature):
    """Fisher vector: the direction in which a mixture of Gaussians would have to change to fit an image better.

    The mixture is fitted to a sample of training descriptors, brought to their principal directions. Of the T
    descriptors x of a region, with the share q_k(x) of Gaussian k in each, the vector holds for every k

        mean_k = sum_x q_k(x) (x - m_k) / s_k / (T sqrt(w_k))
        deviation_k = sum_x q_k(x) ((x - m_k)^2 / s_k^2 - 1) / (T sqrt(2 w_k))

    with the weight w, mean m and deviation s of the Gaussian.

    Args:
        descriptor: what is described, such as DenseSIFT() or Patches(); None for DenseSIFT().
        n_gaussians: K, from 2 to 4,096.
        n_principal: D', numbers that are kept of a descriptor.
        levels: the image is cut into n x n regions, or rows x columns, for each of these: (1,) the whole, (1, 2) the
            whole and its quarters, (1, (3, 1)) the whole and three rows.
        with_weights: whether sum_x (q_k(x) - w_k) / (T sqrt(w_k)) is given too.
        improved: whether every number becomes its root, with its sign, and then every region's vector one of length 1.
        n_sampled: descriptors that directions and mixture are learned from.
        random_state: seed of the sample and of the first means.
    Convention: order (level, region row, region column, part, Gaussian, direction), parts: weights, means, deviations.
    Convention: directions are not whitened: the Gaussians' deviations do that.
    Source: Perronnin and Dance (2007), section 3; Perronnin, Sanchez, Mensink (2010), section 3, for "improved" and
        regions; Sanchez, Perronnin, Mensink, Verbeek (2013), eq. 16 to 18, divided by T.
    Example:
        >>> import numpy as np
        >>> images = np.random.default_rng(0).integers(0, 256, (20, 24, 24, 1), dtype=np.uint8)
        >>> FisherVector(n_gaussians=4, n_principal=10, n_sampled=500).fit_transform(images).shape
        (20, 400)
    """

    title: ClassVar[str] = "Fisher vectors"
    fewer_numbers: ClassVar[str] = "Lower n_gaussians, n_principal or levels, or compress (see ImagePipeline)."
    descriptor_: LocalDescriptor
    mean_: Float32[np.ndarray, " d"]
    directions_: Float32[np.ndarray, "d p"]
    weights_: Float64[np.ndarray, " k"]
    means_: Float64[np.ndarray, "k p"]
    variances_: Float64[np.ndarray, "k p"]

    def __init__(
        self,
        *,
        descriptor: LocalDescriptor | None = None,
        n_gaussians: int = 64,
        n_principal: int = 64,
        levels: Levels = (1, 2),
        with_weights: bool = False,
        improved: bool = True,
        n_sampled: int = 100_000,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.descriptor = descriptor
        self.n_gaussians = n_gaussians
        self.n_principal = n_principal
        self.levels = levels
        self.with_weights = with_weights
        self.improved = improved
        self.n_sampled = n_sampled
        self.random_state = random_state

    @classmethod
    def for_images(cls, image_shape: ImageShape) -> "FisherVector":
        """Choose places that suit the images' size, and a vector of 8,192 numbers, which of 60,000 images are 2 GB.

        Images too narrow for two places of SIFT are described by patches; where these have less than 33 numbers, the
        vector is shorter.

        Example:
            >>> FisherVector.for_images((32, 32, 3)).descriptor
            DenseSIFT(bin_px=(2, 3, 4), step_px=2)
            >>> FisherVector.for_images((40, 5, 3)).descriptor
            Patches(patch_px=3)
        """
        descriptor: LocalDescriptor = DenseSIFT.for_images(image_shape)
        n_principal = USUAL_PRINCIPAL
        if min(image_shape[:2]) < SMALLEST_SIDE_OF_SIFT:
            descriptor = Patches.for_images(image_shape)
            # Patches without brightness do not vary in one direction.
            n_principal = min(n_principal, descriptor.n_numbers(image_shape) - 1)
        return cls(descriptor=descriptor, n_gaussians=32, n_principal=n_principal, levels=(2,))

    def describe(self) -> str:
        """Say in a few words what the numbers are."""
        return f"how {self._chosen().describe()} differ from {self.n_gaussians:,} Gaussians"

    def length(self, image_shape: ImageShape) -> int:
        """Give the number of regions times K (2 D' + 1), or K 2 D' without weights.

        Raises: SettingError for a setting outside its range; ShapeError if a grid has fewer places along a side than
            there are regions.
        """
        integer(self.n_gaussians, name="n_gaussians", low=2, high=MAX_GAUSSIANS)
        integer(self.n_principal, name="n_principal", low=1)
        integer(self.n_sampled, name="n_sampled", low=self.n_gaussians)
        with_weights = boolean(self.with_weights, name="with_weights")
        boolean(self.improved, name="improved")
        levels, descriptor = checked_levels(self.levels), self._described()
        check_room(descriptor.grids(image_shape), levels, image_shape)
        d, (k, p) = descriptor.n_numbers(image_shape), self._n_gaussians_and_directions
        if p > d:
            raise SettingError(
                f"n_principal is {self.n_principal}, and a descriptor has {d} numbers; expected at most as many. Lower "
                f"n_principal, or take another descriptor."
            )
        return n_regions(levels) * k * (2 * p + with_weights)

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together. Raises: FoldlineError if they do not."""
        super().check_loaded()
        check_loaded_descriptor(self.descriptor_, self._chosen(), self.image_shape_)
        integer(self.n_gaussians, name="n_gaussians", low=2, high=MAX_GAUSSIANS)
        integer(self.n_principal, name="n_principal", low=1)
        d, k, p = self.descriptor_.n_numbers(self.image_shape_), self.n_gaussians, self.n_principal
        loaded_array(self.mean_, str(d), np.float32, name="mean_")
        loaded_array(self.directions_, f"{d} {p}", np.float32, name="directions_")
        loaded_array(self.weights_, str(k), np.float64, name="weights_")
        loaded_array(self.means_, f"{k} {p}", np.float64, name="means_")
        loaded_array(self.variances_, f"{k} {p}", np.float64, name="variances_")
        for name in ("weights_", "variances_"):
            smallest = getattr(self, name).min()
            if smallest <= 0:
                raise ModelFileError(f"{name} holds {smallest:g}; expected numbers above 0. {FIX}")
        self.length(self.image_shape_)

    def learned(self) -> tuple[str, ...]:
        """Name the attributes that `fit` learns and `transform` needs."""
        return "descriptor_", "mean_", "directions_", "weights_", "means_", "variances_"

    @property
    def _n_gaussians_and_directions(self) -> tuple[int, int]:
        return self.means_.shape if hasattr(self, "means_") else (self.n_gaussians, self.n_principal)

    def _described(self) -> LocalDescriptor:
        return self.descriptor_ if hasattr(self, "descriptor_") else self._chosen()

    def _chosen(self) -> LocalDescriptor:
        return DenseSIFT() if self.descriptor is None else checked_descriptor(self.descriptor)

    def _learn(self, images: UInt8[np.ndarray, "n h w c"]) -> None:
        descriptor = clone(self._chosen()).fit(images)
        generator = generator_from_seed(seed_from_random_state(self.random_state))
        rows = descriptor.sample(images, self.n_sampled, generator=generator)
        directions = PrincipalDirections.of(Moments.of(rows), self.n_principal)
        projected = np.empty((len(rows), self.n_principal), np.float32)
        directions.apply_(rows, projected)
        mixture = fit_mixture(projected, self.n_gaussians, generator=generator)
        self.descriptor_ = descriptor
        self.mean_, self.directions_ = directions.mean, directions.W
        self.weights_, self.means_, self.variances_ = mixture.weights, mixture.means, mixture.variances

    def _working_bytes(self, image_shape: ImageShape) -> int:
        descriptor, (k, p) = self._described(), self._n_gaussians_and_directions
        grids, levels = descriptor.grids(image_shape), checked_levels(self.levels)
        return 2 * descriptor.band_bytes(image_shape) + working_bytes(grids, levels, n_numbers=k * (2 * p + 1))

    def _fill(self, images: UInt8[np.ndarray, "n h w c"], out: Float32[np.ndarray, "n d"]) -> None:
        image_shape = images.shape[1:]
        grids, bands = self.descriptor_.grids(image_shape), self.descriptor_.bands(image_shape)
        n_in_band = [len(band.rows) * grids[band.grid].n_cols for band in bands]
        describe = self.descriptor_.describer(image_shape)
        directions = PrincipalDirections(mean=self.mean_, W=self.directions_)
        encoder = FisherEncoder(
            Mixture(weights=self.weights_, means=self.means_, variances=self.variances_),
            Regions.of(grids, checked_levels(self.levels)),
            with_weights=self.with_weights,
            improved=self.improved,
        )
        rows = np.empty((max(n_in_band), self.descriptor_.n_numbers(image_shape)), np.float32)
        projected = np.empty((len(rows), self.means_.shape[1]), np.float32)
        for image, vector in zip(images, out, strict=True):
            for band, n in zip(bands, n_in_band, strict=True):
                describe(image, band, rows[:n])
                directions.apply_(rows[:n], projected[:n])
                encoder.add(projected[:n])
            encoder.finish(vector)
