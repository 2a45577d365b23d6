"""Feature vectors as a byte for every few numbers, so that large ones of many images fit into the memory."""

from collections.abc import Iterator
from typing import Self

import numpy as np
from jaxtyping import Float, Float32, UInt8
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from foldline.core.checks import axes, integer
from foldline.core.errors import DataError, DtypeError
from foldline.core.loaded import loaded_array
from foldline.core.parallel import in_threads, one_blas_thread, row_chunks
from foldline.core.progress import tracking
from foldline.core.seeds import generator_from_seed, seed_from_random_state
from foldline.features._codebook import WordSums, half_squares
from foldline.features._nearest import nearest

N_CENTROIDS = 256  # as many as a byte tells apart
# Of visual words in groups of 8 the squared error is 15.1, 14.8, 14.7 % of the variance after 2, 5, 10 (CIFAR-10).
N_ROUNDS = 5
CHUNK_ROWS = 256  # at work in one thread at a time


class ProductQuantizer(TransformerMixin, BaseEstimator):
    """Groups of neighbouring numbers, each replaced by the number of the nearest of 256 typical ones.

    `transform` gives codes, `inverse_transform` the typical numbers that they stand for: 4 * group bytes become one.

    Args:
        group: numbers in a group.
        random_state: seed of the rows that k-means begins with in every group.
    Convention: Euclidean distance within a group, in float32: the squares of differences of 1e19 and more are infinite;
        the last group is filled up with zeros.
    Source: Jegou, Douze, Schmid (2011), section II; for training on codes Sanchez and Perronnin (2011), section 4.
    Example:
        >>> import numpy as np
        >>> X = np.random.default_rng(0).normal(size=(300, 20)).astype(np.float32)
        >>> codes = ProductQuantizer(group=8).fit_transform(X)
        >>> codes.shape, codes.dtype
        ((300, 3), dtype('uint8'))
    """

    centroids_: Float32[np.ndarray, "g m s"]
    n_features_in_: int

    def __init__(self, *, group: int = 8, random_state: int | np.random.RandomState | None = 0) -> None:
        self.group = group
        self.random_state = random_state

    def fit(self, X: Float[np.ndarray, "n d"], y: object = None) -> Self:
        """Learn 256 typical values of every group by k-means, or as many as there are rows.

        Args:
            X: (N, D) finite numbers; a few thousand rows will do.
            y: ignored.
        Raises: SettingError for a group outside its range; ValueError from scikit-learn for arrays it does not take.
        """
        integer(self.group, name="group", low=1)
        X = validate_data(self, X, dtype=np.float32)
        generator = generator_from_seed(seed_from_random_state(self.random_state))
        first = generator.permutation(len(X))[:N_CENTROIDS]
        groups = list(self._groups(X))
        centroids = []
        with tracking("quantiser", len(groups)) as advance, one_blas_thread():
            for learned in in_threads(lambda rows: _typical(rows, rows[first]), groups):
                centroids.append(learned)
                advance(1, "")
        self.centroids_ = np.stack(centroids)
        return self

    def transform(self, X: Float[np.ndarray, "n d"]) -> UInt8[np.ndarray, "n g"]:
        """Give for every group the number of the nearest typical value.

        Args:
            X: (N, D) finite numbers.
        Returns: (N, ceil(D / group)) uint8.
        Raises: ValueError from scikit-learn for arrays it does not take.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        codes = np.empty((len(X), len(self.centroids_)), np.uint8)

        def work(rows: slice) -> None:
            closest = np.empty(rows.stop - rows.start, np.int32)
            for g, part in enumerate(self._groups(X[rows])):
                # Nearness is a difference of products, which far from 0 would be lost in rounding.
                middle = self.centroids_[g].mean(axis=0)
                centred = self.centroids_[g] - middle
                nearest((part - middle) @ centred.T, half_squares(centred), closest)
                codes[rows, g] = closest

        with one_blas_thread():
            for _ in in_threads(work, row_chunks(len(X), most=CHUNK_ROWS)):
                pass
        return codes

    def inverse_transform(self, codes: UInt8[np.ndarray, "n g"]) -> Float32[np.ndarray, "n d"]:
        """Give the numbers that codes stand for, (N, D) float32.

        Raises: ShapeError or DtypeError for other arrays; DataError for a code that was never given.
        """
        check_is_fitted(self)
        n_groups, n_centroids, _ = self.centroids_.shape
        n, _ = axes(codes, f"n {n_groups}", name="codes", fix="Give what transform gave.")
        if codes.dtype != np.uint8:
            raise DtypeError(f"codes has dtype {codes.dtype}; expected uint8. Give what transform gave.")
        if codes.size and codes.max() >= n_centroids:
            raise DataError(
                f"codes holds {codes.max()}; expected numbers below {n_centroids}. Give what transform gave."
            )
        numbers: Float32[np.ndarray, "n d"] = self.centroids_[np.arange(n_groups), codes].reshape(n, -1)
        return numbers[:, : self.n_features_in_]

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Name the codes: "productquantizer0", ..."""
        check_is_fitted(self)
        return np.array([f"productquantizer{g}" for g in range(len(self.centroids_))], dtype=object)

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together. Raises: FoldlineError if they do not."""
        group = integer(self.group, name="group", low=1)
        n_groups = -(-integer(self.n_features_in_, name="n_features_in_", low=1) // group)
        _, n_centroids, _ = loaded_array(self.centroids_, f"{n_groups} m {group}", np.float32, name="centroids_")
        integer(n_centroids, name="the number of centroids", low=1, high=N_CENTROIDS)

    def _groups(self, X: Float32[np.ndarray, "n d"]) -> Iterator[Float32[np.ndarray, "n s"]]:
        for start in range(0, X.shape[1], self.group):
            part = np.ascontiguousarray(X[:, start : start + self.group])
            missing = self.group - part.shape[1]
            yield np.pad(part, ((0, 0), (0, missing))) if missing else part

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


def _typical(rows: Float32[np.ndarray, "n s"], centroids: Float32[np.ndarray, "m s"]) -> Float32[np.ndarray, "m s"]:
    middle = rows.mean(axis=0)
    rows, centroids = rows - middle, centroids - middle
    for _ in range(N_ROUNDS):
        centroids = WordSums.of(rows, centroids).means(centroids)
    return np.asarray(centroids + middle)
