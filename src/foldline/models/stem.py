"""First layers of a net of images that start as a bank of patches and are free to become anything else."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float32

from foldline.core.checks import integer, is_list
from foldline.core.errors import SettingError
from foldline.models.linear import Linear

SAMPLE_ROWS = 10_000  # that whitening is learned from
PATCH_ROWS = 2_000  # that patches are cut from
PATCHES_A_ROW = 10
CLUSTER_STEPS = 10
# Chosen on validation images of CIFAR-10 among 0.1, 0.5 and 2, and among 0.25, 0.5 and 1, one seed each.
WHITENING_SHARE = 0.5
THRESHOLD = 0.5


class Stem(NamedTuple):
    """Three first layers: whitening, which is fixed, a wide ReLU layer and a linear bottleneck, which are learned.

    The rows of the wide layer start as K typical patches of the whitened training images, each laid over a grid of G x
    G places; a unit of the bottleneck starts as the sum of one patch's units over one of R x R overlapping regions.
    Training then moves every weight by itself: nothing is shared and nothing is local by force.

    Args:
        image_shape: (H, W, C) of the images whose numbers a row holds, row by row, channels last.
        n_patches: number K of patches.
        patch_px: side of a patch, at most that of the images.
        grid: places G down and across; the wide layer has K G^2 units.
        regions: regions R down and across, at most G; the bottleneck has K R^2 units.
        n_directions: principal directions that whitening keeps, at most as many as a row has numbers.
    Convention: whitening divides the coordinate along a direction of variance v by sqrt(v + 0.5 mean v), where the mean
        is that over all directions.
    Convention: on the rows that patches are cut from, units of the wide layer start with deviation 1 and bias -0.5,
        those of the bottleneck with mean 0 and deviation 1.
    Source: Coates, Ng, Lee (2011), section 3, for patches, whitening, thresholds and regions, which they do not train;
        d'Ascoli et al. (2019) for fully-connected layers that start as a convolution; Lin, Memisevic, Konda (2015) for
        linear bottlenecks. The patches are centres of k-means by angle, the regions overlap, and thresholds are fixed.
    """

    image_shape: tuple[int, int, int]
    n_patches: int = 48
    patch_px: int = 8
    grid: int = 8
    regions: int = 3
    n_directions: int = 400

    @classmethod
    def for_images(cls, image_shape: tuple[int, int, int]) -> "Stem":
        """Give the one for images of shape (H, W, C): the defaults, as far as they fit."""
        height, width, n_channels = image_shape
        patch_px = min(8, height, width)
        grid = min(8, min(height, width) - patch_px + 1)
        n_directions = min(400, height * width * n_channels)
        return cls(image_shape, patch_px=patch_px, grid=grid, regions=min(3, grid), n_directions=n_directions)

    def checked(self, *, n_in: int) -> "Stem":
        """Check the settings for rows of D numbers. Raises: SettingError for one outside its range."""
        if not is_list(self.image_shape) or len(self.image_shape) != 3:
            raise SettingError(
                f"image_shape is {self.image_shape!r}; expected height, width and channels. Give for example "
                "(32, 32, 3)."
            )
        for length, name in zip(self.image_shape, ("height", "width", "channels"), strict=True):
            integer(length, name=f"the {name} in image_shape", low=1)
        height, width, n_channels = self.image_shape
        if height * width * n_channels != n_in:
            raise SettingError(
                f"stem has image_shape {self.image_shape}, which is {height * width * n_channels:,} numbers, and rows "
                f"hold {n_in:,}; expected as many. Give the shape of the images whose pixels the rows are, or leave "
                "stem out."
            )
        integer(self.n_patches, name="n_patches", low=1)
        integer(self.patch_px, name="patch_px", low=1, high=min(height, width))
        integer(self.grid, name="grid", low=1)
        integer(self.regions, name="regions", low=1, high=self.grid)
        integer(self.n_directions, name="n_directions", low=1, high=n_in)
        return self

    def first_layers(
        self, X: Float32[np.ndarray, "n d"], *, generator: np.random.Generator
    ) -> tuple[Linear, Linear, Linear]:
        """Learn the first weights from rows.

        Args:
            X: (N, D) rows that are images; 10,000 are enough.
            generator: chooses patches.
        """
        whitening, directions = self._whitening(X)
        some = X[generator.permutation(len(X))[:PATCH_ROWS]]
        coordinates = np.asarray(whitening(jnp.asarray(some)))
        patches = self._patches(coordinates @ directions.T, generator=generator)
        W = self._laid_out(patches) @ directions
        W /= _deviation(coordinates @ W.T)
        h = np.maximum(coordinates @ W.T - np.float32(THRESHOLD), 0)
        sums = self._sums()
        pooled = h @ sums.T
        deviation = _deviation(pooled)[:, 0]
        return (
            whitening,
            Linear(jnp.asarray(W), jnp.full(len(W), -THRESHOLD, jnp.float32)),
            Linear(jnp.asarray(sums / deviation[:, None]), jnp.asarray(-pooled.mean(axis=0) / deviation)),
        )

    def _whitening(self, X: Float32[np.ndarray, "n d"]) -> tuple[Linear, Float32[np.ndarray, "d p"]]:
        """Give the layer that whitens and the principal directions."""
        from scipy.linalg import eigh  # imported here: nets without a stem need no SciPy

        mean = X.mean(axis=0)
        centred = X - mean
        covariance = centred.T @ centred / np.float32(len(X))
        d = len(mean)
        variances, V = eigh(covariance, subset_by_index=(d - self.n_directions, d - 1))
        floor = WHITENING_SHARE * np.trace(covariance) / d + np.finfo(np.float32).tiny
        W = (V / np.sqrt(np.maximum(variances, 0) + floor)).T.astype(np.float32)
        return Linear(jnp.asarray(W), jnp.asarray(-W @ mean)), V.astype(np.float32)

    def _patches(
        self, whitened: Float32[np.ndarray, "n d"], *, generator: np.random.Generator
    ) -> Float32[np.ndarray, "k p"]:
        """Find patches of length 1 that are typical of the whitened images."""
        images, side = whitened.reshape(-1, *self.image_shape), self.patch_px
        reach = [length - side + 1 for length in self.image_shape[:2]]
        places = generator.integers(0, reach, (len(images), PATCHES_A_ROW, 2))
        cut = [
            image[row : row + side, col : col + side].ravel()
            for image, of_image in zip(images, places, strict=True)
            for row, col in of_image
        ]
        patches = _of_length_1(np.array(cut))
        some = np.resize(generator.permutation(len(patches)), self.n_patches)
        found: Float32[np.ndarray, "k p"] = patches[some]
        for _ in range(CLUSTER_STEPS):
            nearness = patches @ found.T
            nearest = nearness.argmax(axis=1)
            votes = np.where(nearest[:, None] == np.arange(self.n_patches), nearness, np.float32(0))
            is_near = votes.any(axis=0)
            found[is_near] = _of_length_1(votes.T[is_near] @ patches)
        return found

    def _laid_out(self, patches: Float32[np.ndarray, "k p"]) -> Float32[np.ndarray, "u d"]:
        """Give every patch at every place of the grid, in the middle of nothing."""
        height, width, n_channels = self.image_shape
        side, n = self.patch_px, self.grid
        out = np.zeros((len(patches), n, n, height, width, n_channels), np.float32)
        tops, lefts = (np.linspace(0, length - side, n).round().astype(int) for length in (height, width))
        for i, top in enumerate(tops):
            for j, left in enumerate(lefts):
                out[:, i, j, top : top + side, left : left + side] = patches.reshape(-1, side, side, n_channels)
        return out.reshape(len(patches) * n * n, -1)

    def _sums(self) -> Float32[np.ndarray, "v u"]:
        """Give the weights that sum a patch's units over regions, which fade towards their neighbours' middles."""
        size = self.grid / self.regions
        middles = (np.arange(self.regions) + 0.5) * size - 0.5
        fading = np.maximum(0.0, 1.0 - np.abs(np.arange(self.grid) - middles[:, None]) / size)
        of_patch = np.kron(fading, fading)
        return np.kron(np.eye(self.n_patches), of_patch).astype(np.float32)


def _deviation(columns: Float32[np.ndarray, "n d"]) -> Float32[np.ndarray, "d 1"]:
    deviation: Float32[np.ndarray, "d 1"] = columns.std(axis=0)[:, None]
    deviation[deviation == 0] = 1  # what never changes stays as it is
    return deviation


def _of_length_1(rows: Float32[np.ndarray, "n d"]) -> Float32[np.ndarray, "n d"]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, np.float32(1))
