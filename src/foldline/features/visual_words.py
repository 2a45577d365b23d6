"""Bags of visual words: how much of an image looks like each word of a codebook."""

from collections.abc import Sequence
from typing import ClassVar, Literal, get_args

import numpy as np
from jaxtyping import Float32, Int, Int32, UInt8

from foldline.core.checks import choice, integer
from foldline.core.compiled import kernel
from foldline.core.errors import SettingError, ShapeError
from foldline.core.loaded import loaded_array
from foldline.core.memory import check_memory
from foldline.core.seeds import generator_from_seed, seed_from_random_state
from foldline.features._codebook import first_words, half_squares, kmeans
from foldline.features._nearest import nearest
from foldline.features._patches import Moments, PatchGrid, Whitening
from foldline.features.image_feature import ImageFeature, ImageShape

Codebook = Literal["kmeans", "patches"]
Encoding = Literal["triangle", "hard"]
Pooling = Literal["average", "max"]

BAND_PATCHES = 192  # patches whose distances to all words are in the cache at a time
MAX_WORDS = 16_384
ZERO, TWO = np.float32(0), np.float32(2)


class VisualWords(ImageFeature):
    """Bag of visual words: patches of an image compared with the words of a codebook, pooled over regions.

    Patches are freed of brightness and contrast and whitened; words are the centres of k-means on a sample of training
    patches, or training patches themselves. A patch x with distances d_k = |x - c_k| to the words gives

        triangle: f_k = max(0, mean(d) - d_k); hard: f_k = 1 for the nearest word, 0 for the others.

    Args:
        n_words: K, from 2 to 16,384.
        patch_px: side of a patch in pixels.
        stride_px: pixels from one patch to the next.
        codebook: "kmeans" or "patches".
        encoding: "triangle" or "hard".
        pooling: "average" over the patches of a region, or "max".
        levels: the image is cut into n x n regions for each n of these: (1,) the whole, (2,) quarters, (1, 2, 4) a
            spatial pyramid.
        n_sampled: patches that whitening and words are learned from.
        random_state: seed of the sample and of the first words.
    Convention: a patch is divided by sqrt(variance + 10), in grey levels; whitening is zero-phase, with 0.1 added to
        the eigenvalues.
    Convention: a patch belongs to the region of its place among the patches, a middle one to the upper or left.
    Convention: order (level, region row, region column, word).
    Source: Coates, Lee, Ng (2011), sections 3 and 4; Lazebnik, Schmid, Ponce (2006) for the pyramid, without its
        weights, which scaling would undo.
    Example:
        >>> import numpy as np
        >>> images = np.random.default_rng(0).integers(0, 256, (20, 12, 12, 3), dtype=np.uint8)
        >>> VisualWords(n_words=5, n_sampled=500).fit_transform(images).shape
        (20, 20)
    """

    title: ClassVar[str] = "visual words"
    learned: ClassVar[tuple[str, ...]] = ("whitening_mean_", "whitening_", "words_")

    whitening_mean_: Float32[np.ndarray, " d"]
    whitening_: Float32[np.ndarray, "d d"]
    words_: Float32[np.ndarray, "k d"]

    def __init__(
        self,
        *,
        n_words: int = 400,
        patch_px: int = 6,
        stride_px: int = 1,
        codebook: Codebook = "kmeans",
        encoding: Encoding = "triangle",
        pooling: Pooling = "average",
        levels: tuple[int, ...] = (2,),
        n_sampled: int = 100_000,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.n_words = n_words
        self.patch_px = patch_px
        self.stride_px = stride_px
        self.codebook = codebook
        self.encoding = encoding
        self.pooling = pooling
        self.levels = levels
        self.n_sampled = n_sampled
        self.random_state = random_state

    @classmethod
    def for_images(cls, image_shape: ImageShape) -> "VisualWords":
        """Choose a stride, so that large images have not many times the patches of small ones."""
        return cls(stride_px=max(min(image_shape[:2]) // 32, 1))

    def describe(self) -> str:
        """Say in a few words what the numbers are."""
        return f"likeness of {self.patch_px}×{self.patch_px}-pixel patches to {self.n_words:,} words"

    def length(self, image_shape: ImageShape) -> int:
        """Give the number of regions times K.

        Raises: SettingError for a setting outside its range; ShapeError if there are fewer patches along a side than
            regions.
        """
        self._grid(image_shape)
        return self.n_words * sum(n * n for n in self.levels)

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together. Raises: FoldlineError if they do not."""
        self.length(self.image_shape_)
        d = self.patch_px**2 * self.image_shape_[2]
        loaded_array(self.whitening_mean_, str(d), np.float32, name="whitening_mean_")
        loaded_array(self.whitening_, f"{d} {d}", np.float32, name="whitening_")
        loaded_array(self.words_, f"{self.n_words} {d}", np.float32, name="words_")

    def _grid(self, image_shape: ImageShape) -> PatchGrid:
        integer(self.n_words, name="n_words", low=2, high=MAX_WORDS)
        choice(self.codebook, get_args(Codebook), name="codebook")
        choice(self.encoding, get_args(Encoding), name="encoding")
        choice(self.pooling, get_args(Pooling), name="pooling")
        if not isinstance(self.levels, tuple | list) or not self.levels:
            raise SettingError(f"levels is {self.levels!r}; expected numbers such as (2,) or (1, 2, 4). Change levels.")
        most = max(integer(n, name="a number in levels", low=1, high=16) for n in self.levels)
        patch_px = integer(self.patch_px, name="patch_px", low=2, high=64)
        grid = PatchGrid(
            image_shape=image_shape, patch_px=patch_px, stride_px=integer(self.stride_px, name="stride_px", low=1)
        )
        if min(grid.n_rows, grid.n_cols) < most:
            height, width, _ = image_shape
            raise ShapeError(
                f"images of {height}x{width} pixels have {max(grid.n_rows, 0)}x{max(grid.n_cols, 0)} patches of "
                f"{patch_px} pixels; expected at least {most}x{most}, one for each region. Lower patch_px, stride_px "
                f"or levels, or load the images at a larger size."
            )
        return grid

    def _learn(self, images: UInt8[np.ndarray, "n h w c"]) -> None:
        grid = self._grid(images.shape[1:])
        n = integer(self.n_sampled, name="n_sampled", low=self.n_words)
        check_memory(8 * n * grid.length, f"a sample of {n:,} patches", fix="Lower n_sampled.")
        generator = generator_from_seed(seed_from_random_state(self.random_state))
        X = grid.sample(images, n, generator=generator)
        whitening = Whitening.of(Moments.of(X))
        rows = np.empty_like(X)
        whitening.apply_(X, rows)
        words = first_words(rows, self.n_words, generator=generator)
        self.whitening_mean_, self.whitening_ = whitening.mean, whitening.W
        self.words_ = kmeans(rows, words) if self.codebook == "kmeans" else words

    def _fill(self, images: UInt8[np.ndarray, "n h w c"], out: Float32[np.ndarray, "n d"]) -> None:
        grid = self._grid(images.shape[1:])
        whitening = Whitening(mean=self.whitening_mean_, W=self.whitening_)
        transposed, half_norms = np.ascontiguousarray(self.words_.T), half_squares(self.words_)
        bands = list(grid.bands(BAND_PATCHES))
        n_at_once = len(bands[0]) * grid.n_cols
        raw, rows = np.empty((2, n_at_once, grid.length), np.float32)
        products, closest = np.empty((n_at_once, self.n_words), np.float32), np.empty(n_at_once, np.int32)
        starts = [_cell_starts(n, self.levels) for n in (grid.n_rows, grid.n_cols)]
        cell_of = cells_of_patches(grid, starts)
        n_patches = np.bincount(cell_of).astype(np.float32)
        pooled = np.empty((len(n_patches), self.n_words), np.float32)
        for image, vector in zip(images, out, strict=True):
            pooled[:] = ZERO
            for band in bands:
                m, first = len(band) * grid.n_cols, band.start * grid.n_cols
                grid.fill(image, band, raw[:m])
                whitening.apply_(raw[:m], rows[:m])
                np.matmul(rows[:m], transposed, out=products[:m])
                cells = cell_of[first : first + m]
                if self.encoding == "triangle":
                    _pool_triangles(products[:m], rows[:m], half_norms, cells, self.pooling == "max", pooled)
                else:
                    nearest(products[:m], half_norms, closest[:m])
                    _pool_votes(closest[:m], cells, self.pooling == "max", pooled)
            vector[:] = np.concatenate(
                [self._regions(pooled, n_patches, grid, starts, level).ravel() for level in self.levels]
            )

    def _regions(
        self,
        pooled: Float32[np.ndarray, "f k"],
        n_patches: Float32[np.ndarray, " f"],
        grid: PatchGrid,
        starts: list[Int[np.ndarray, " _"]],
        level: int,
    ) -> Float32[np.ndarray, "r q k"]:
        """Pool cells into the level x level regions that they are parts of."""
        join = np.maximum if self.pooling == "max" else np.add
        rows, cols = (
            np.searchsorted(cell_starts, _region_starts(n, level))
            for n, cell_starts in zip((grid.n_rows, grid.n_cols), starts, strict=True)
        )

        def joined(cells: Float32[np.ndarray, "f _"]) -> Float32[np.ndarray, "r q _"]:
            laid_out = cells.reshape(len(starts[0]), len(starts[1]), -1)
            return join.reduceat(join.reduceat(laid_out, rows, axis=0), cols, axis=1)

        return joined(pooled) if self.pooling == "max" else joined(pooled) / joined(n_patches[:, None])


def cells_of_patches(grid: PatchGrid, starts: list[Int[np.ndarray, " _"]]) -> Int32[np.ndarray, " p"]:
    """Give for every patch, row by row, the cell it is in: a part that no border of any region cuts."""
    rows, cols = (
        np.searchsorted(cell_starts, np.arange(n), side="right") - 1
        for n, cell_starts in zip((grid.n_rows, grid.n_cols), starts, strict=True)
    )
    return (rows[:, None] * len(starts[1]) + cols).astype(np.int32).ravel()


def _cell_starts(n: int, levels: Sequence[int]) -> Int[np.ndarray, " c"]:
    """Give where cells begin along an axis of n patches: wherever a region of any level does."""
    return np.unique(np.concatenate([_region_starts(n, level) for level in levels]))


def _region_starts(n: int, level: int) -> Int[np.ndarray, " level"]:
    """Give where the regions of one level begin: region j holds the patches i with i * level // n = j."""
    return -(-np.arange(level) * n // level)


@kernel()
def _pool_triangles(
    products: Float32[np.ndarray, "m k"],
    rows: Float32[np.ndarray, "m d"],
    half_norms: Float32[np.ndarray, " k"],
    cells: Int32[np.ndarray, " m"],
    is_max: bool,
    pooled: Float32[np.ndarray, "f k"],
) -> None:
    """Add, or keep the largest of, max(0, mean(d) - d_k) of every patch; products become distances."""
    for i in range(products.shape[0]):
        row, x, total = products[i], rows[i], pooled[cells[i]]
        square = ZERO
        for j in range(x.shape[0]):
            square += x[j] * x[j]
        distance_sum = ZERO
        for k in range(row.shape[0]):
            distance = np.sqrt(max(ZERO, square + TWO * (half_norms[k] - row[k])))
            row[k] = distance
            distance_sum += distance
        mean = distance_sum / np.float32(row.shape[0])
        if is_max:
            for k in range(row.shape[0]):
                total[k] = max(total[k], mean - row[k])
        else:
            for k in range(row.shape[0]):
                total[k] += max(ZERO, mean - row[k])


@kernel()
def _pool_votes(
    closest: Int32[np.ndarray, " m"], cells: Int32[np.ndarray, " m"], is_max: bool, pooled: Float32[np.ndarray, "f k"]
) -> None:
    for i in range(closest.shape[0]):
        votes = pooled[cells[i]]
        votes[closest[i]] = np.float32(1) if is_max else votes[closest[i]] + np.float32(1)
