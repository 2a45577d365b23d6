"""Bags of visual words: how much of an image looks like each word of a codebook."""

from typing import ClassVar, Literal, get_args

import numpy as np
from jaxtyping import Float32, Int32, UInt8
from sklearn.base import clone

from foldline.core.checks import choice, integer, number
from foldline.core.errors import ModelFileError
from foldline.core.loaded import FIX, loaded_array
from foldline.core.seeds import generator_from_seed, seed_from_random_state
from foldline.features._codebook import first_words, half_squares, kmeans, mean_square_distance
from foldline.features._encodings import pool_local_codes, pool_nearest, pool_soft, pool_triangles, pool_votes
from foldline.features._regions import Levels, Regions, check_room, checked_levels, n_regions, working_bytes
from foldline.features.image_feature import ImageFeature
from foldline.features.input_images import ImageShape
from foldline.features.local_descriptor import LocalDescriptor, check_loaded_descriptor, checked_descriptor
from foldline.features.patches import Patches

Codebook = Literal["kmeans", "sample"]
Encoding = Literal["triangle", "hard", "soft", "nearest", "llc"]
Pooling = Literal["average", "sum", "max"]

PRODUCT_ROWS = 192  # descriptors whose products with all words are in the cache at a time
MAX_WORDS = 16_384
LARGEST_NUMBER = 1e15  # in words; their squares are finite as float32
NEAREST_SHARE = 0.4  # Thiry et al. (2021), section 4.1
# Right of 3,000 validation images of CIFAR-10 after 6,000, 400 words over quarters, least squares with the better l2 of
# 0.01 and 0.1, mean of two seeds: 58.4, 58.6, 58.9, 59.4, 58.4, 57.1 % with 0.1, 0.2, 0.3, 0.5, 1, 2. With an l2 of 1,
# which "triangle" has no use for (63.8 % with 0.01), 0.05 and 0.1 come to 59.7 and 59.3 %.
SOFTNESS = 0.5
LLC_NEAREST = 5  # Wang et al. (2010), section 4
MOST_LLC_NEAREST = 256  # a system of so many equations is solved for every descriptor


class VisualWords(ImageFeature):
    """Bag of visual words: local descriptors of an image compared with the words of a codebook, pooled over regions.

    Words are the centres of k-means on a sample of training descriptors, or descriptors of the sample themselves. A
    descriptor x with distances d_k = |x - c_k| to the K words answers

        triangle: f_k = max(0, mean(d) - d_k);
        hard: f_k = 1 for the nearest word, 0 for the others;
        soft: f_k = exp(-d_k^2 / 2s) / sum over all words, s a share `softness` of the mean squared distance between
            the sample's descriptors and their nearest words;
        nearest: f_k = 1 for each of the n nearest words, 0 for the others, and K more such numbers for -x;
        llc: f = the weights, of sum 1, by which the n nearest words come closest to x.

    Args:
        n_words: K, from 2 to 16,384.
        descriptor: what is compared, such as Patches() or DenseSIFT(); None for Patches().
        codebook: "kmeans" or "sample".
        encoding: "triangle", "hard", "soft", "nearest" or "llc" (locality-constrained linear coding).
        pooling: "average" or "sum" over the places of a region, or "max".
        levels: the image is cut into n x n regions, or rows x columns, for each of these: (1,) the whole, (2,)
            quarters, (1, 2, 4) a spatial pyramid, (1, (3, 1)) the whole and three rows.
        n_nearest: n; None for 0.4 K with "nearest" and for 5 with "llc", which takes at most 256.
        softness: of "soft".
        n_sampled: descriptors that words are learned from.
        random_state: seed of the sample and of the first words.
    Convention: a place belongs to the region of its number among the places of its grid, a middle one to the upper or
        left.
    Convention: the largest answer is at least 0, also where weights of "llc" are negative.
    Convention: words at the distance of the n-th nearest count among "nearest" too.
    Convention: order (level, region row, region column, word).
    Source: Coates, Ng, Lee (2011), section 3.2, for hard and triangle; van Gemert et al. (2008), eq. 3, for soft; Thiry
        et al. (2021), section 3, for nearest; Wang et al. (2010), section 3, for llc; Lazebnik, Schmid, Ponce (2006)
        for the pyramid, without its weights, which scaling would undo.
    Example:
        >>> import numpy as np
        >>> images = np.random.default_rng(0).integers(0, 256, (20, 12, 12, 3), dtype=np.uint8)
        >>> VisualWords(n_words=5, n_sampled=500).fit_transform(images).shape
        (20, 20)
    """

    title: ClassVar[str] = "visual words"
    fewer_numbers: ClassVar[str] = "Lower n_words or levels, or compress the vectors (see ImagePipeline)."
    descriptor_: LocalDescriptor
    words_: Float32[np.ndarray, "k d"]
    spread_: float

    def __init__(
        self,
        *,
        n_words: int = 400,
        descriptor: LocalDescriptor | None = None,
        codebook: Codebook = "kmeans",
        encoding: Encoding = "triangle",
        pooling: Pooling = "average",
        levels: Levels = (2,),
        n_nearest: int | None = None,
        softness: float = SOFTNESS,
        n_sampled: int = 100_000,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.n_words = n_words
        self.descriptor = descriptor
        self.codebook = codebook
        self.encoding = encoding
        self.pooling = pooling
        self.levels = levels
        self.n_nearest = n_nearest
        self.softness = softness
        self.n_sampled = n_sampled
        self.random_state = random_state

    @classmethod
    def for_images(cls, image_shape: ImageShape) -> "VisualWords":
        """Choose patches that suit the images' size (see `Patches.for_images`)."""
        return cls(descriptor=Patches.for_images(image_shape))

    def describe(self) -> str:
        """Say in a few words what the numbers are."""
        return f"likeness of {self._chosen().describe()} to {self.n_words:,} words"

    def length(self, image_shape: ImageShape) -> int:
        """Give the number of regions times the answers of a descriptor: K, or 2 K for "nearest".

        Raises: SettingError for a setting outside its range; ShapeError if a grid has fewer places along a side than
            there are regions.
        """
        integer(self.n_words, name="n_words", low=2, high=MAX_WORDS)
        choice(self.codebook, get_args(Codebook), name="codebook")
        choice(self.encoding, get_args(Encoding), name="encoding")
        choice(self.pooling, get_args(Pooling), name="pooling")
        if self.n_nearest is not None:
            most = min(self._n_words, MOST_LLC_NEAREST) if self.encoding == "llc" else self._n_words
            integer(self.n_nearest, name="n_nearest", low=1, high=most)
        number(self.softness, name="softness", low=0.0, above=True)
        integer(self.n_sampled, name="n_sampled", low=self.n_words)
        levels = checked_levels(self.levels)
        check_room(self._described().grids(image_shape), levels, image_shape)
        return n_regions(levels) * self.n_answers

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together. Raises: FoldlineError if they do not."""
        super().check_loaded()
        check_loaded_descriptor(self.descriptor_, self._chosen(), self.image_shape_)
        integer(self.n_words, name="n_words", low=2, high=MAX_WORDS)
        d = self.descriptor_.n_numbers(self.image_shape_)
        loaded_array(self.words_, f"{self.n_words} {d}", np.float32, name="words_")
        if not np.abs(self.words_).max() < LARGEST_NUMBER:
            raise ModelFileError(f"words_ holds numbers of {LARGEST_NUMBER:g} or more; expected smaller ones. {FIX}")
        if not (isinstance(self.spread_, float) and self.spread_ >= 0):
            raise ModelFileError(f"spread_ is {self.spread_!r}; expected a number of at least 0. {FIX}")
        self.length(self.image_shape_)

    def learned(self) -> tuple[str, ...]:
        """Name the attributes that `fit` learns and `transform` needs."""
        return "descriptor_", "words_", "spread_"

    @property
    def n_answers(self) -> int:
        """Numbers that a descriptor becomes: K, or 2 K for "nearest"."""
        return 2 * self._n_words if self.encoding == "nearest" else self._n_words

    @property
    def _n_words(self) -> int:
        return len(self.words_) if hasattr(self, "words_") else self.n_words

    def _described(self) -> LocalDescriptor:
        return self.descriptor_ if hasattr(self, "descriptor_") else self._chosen()

    def _chosen(self) -> LocalDescriptor:
        return Patches() if self.descriptor is None else checked_descriptor(self.descriptor)

    def _learn(self, images: UInt8[np.ndarray, "n h w c"]) -> None:
        descriptor = clone(self._chosen()).fit(images)
        generator = generator_from_seed(seed_from_random_state(self.random_state))
        rows = descriptor.sample(images, self.n_sampled, generator=generator)
        words = first_words(rows, self.n_words, generator=generator)
        self.words_ = kmeans(rows, words) if self.codebook == "kmeans" else words
        self.spread_ = mean_square_distance(rows, self.words_)
        self.descriptor_ = descriptor

    def _working_bytes(self, image_shape: ImageShape) -> int:
        descriptor = self._described()
        products = 4 * PRODUCT_ROWS * self._n_words
        cells = working_bytes(descriptor.grids(image_shape), checked_levels(self.levels), n_numbers=self.n_answers)
        return descriptor.band_bytes(image_shape) + products + cells

    def _fill(self, images: UInt8[np.ndarray, "n h w c"], out: Float32[np.ndarray, "n d"]) -> None:
        image_shape = images.shape[1:]
        grids, bands = self.descriptor_.grids(image_shape), self.descriptor_.bands(image_shape)
        n_in_band = [len(band.rows) * grids[band.grid].n_cols for band in bands]
        describe = self.descriptor_.describer(image_shape)
        regions = Regions.of(grids, checked_levels(self.levels))
        n_places = regions.n_places[:, None]
        transposed, half_norms = np.ascontiguousarray(self.words_.T), half_squares(self.words_)
        rows = np.empty((max(n_in_band), self.descriptor_.n_numbers(image_shape)), np.float32)
        products = np.empty((min(PRODUCT_ROWS, len(rows)), len(self.words_)), np.float32)
        pooled = np.empty((regions.n_cells, self.n_answers), np.float32)
        join = np.maximum.reduce if self.pooling == "max" else np.add.reduce
        for image, vector in zip(images, out, strict=True):
            pooled[:] = 0
            place = 0
            for band, n in zip(bands, n_in_band, strict=True):
                describe(image, band, rows[:n])
                for start in range(0, n, PRODUCT_ROWS):
                    some = rows[start : min(start + PRODUCT_ROWS, n)]
                    np.matmul(some, transposed, out=products[: len(some)])
                    self._pool(products[: len(some)], some, half_norms, regions.cell_of[place:][: len(some)], pooled)
                    place += len(some)
            answers = regions.joined(pooled, join)
            vector[:] = (answers / n_places if self.pooling == "average" else answers).ravel()

    def _pool(
        self,
        products: Float32[np.ndarray, "m k"],
        rows: Float32[np.ndarray, "m d"],
        half_norms: Float32[np.ndarray, " k"],
        cells: Int32[np.ndarray, " m"],
        pooled: Float32[np.ndarray, "f a"],
    ) -> None:
        """Add the answers of some descriptors to the cells they are in, or keep the largest."""
        is_max = self.pooling == "max"
        match self.encoding:
            case "triangle":
                pool_triangles(products, rows, half_norms, cells, is_max, pooled)
            case "hard":
                pool_votes(products, half_norms, cells, is_max, pooled)
            case "soft":
                # The spread is 0 where the words are all there is; then the nearest word takes all.
                precision = np.float32(1 / max(self.softness * self.spread_, 1e-12))
                pool_soft(products, half_norms, precision, cells, is_max, pooled)
            case "nearest":
                n = self.n_nearest or max(round(NEAREST_SHARE * len(self.words_)), 1)
                pool_nearest(products, half_norms, n, cells, is_max, pooled)
            case "llc":
                n = self.n_nearest or min(LLC_NEAREST, len(self.words_))
                pool_local_codes(products, rows, half_norms, self.words_, n, cells, is_max, pooled)
