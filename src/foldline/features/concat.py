"""Features of several kinds side by side, scaled by what the training rows say."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal, Self

import numpy as np
from jaxtyping import Float32, Float64, Shaped
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from foldline.core.checks import choice
from foldline.core.errors import DataError, ModelFileError, SettingError, ShapeError
from foldline.core.loaded import FIX, loaded_array
from foldline.features.image_feature import ImageFeature

CHUNK_ROWS = 1024  # rows whose float64 copy is in memory at a time

# A number that hardly changes over the training rows (the corner of a digit, a rare colour) would be blown up by its
# inverse deviation. It is divided by at least this share of its feature's root mean square deviation.
SMALLEST_DEVIATION = 0.1

Scale = Literal["feature"] | None
SCALES = ("feature", None)


class Concat(TransformerMixin, BaseEstimator):
    """One vector from several features: their numbers side by side, each scaled.

    x' = (x - mean) / max(std, 0.1 rms), mean and std of that number over the training rows, rms the root mean square of
    the deviations of all numbers of its feature.

    Args:
        features: one or more features with scikit-learn's transformer interface.
        scale: "feature": as above; None: the features' own numbers.
    Convention: std divides by N; a feature that never changes becomes 0.
    Example:
        >>> import numpy as np
        >>> from foldline.features import HOG, Pixels
        >>> images = np.random.default_rng(0).integers(0, 256, (5, 28, 28, 1), dtype=np.uint8)
        >>> Concat(features=[HOG(cell_px=4), Pixels()]).fit_transform(images).shape
        (5, 2080)
    """

    features_: list[BaseEstimator]
    mean_: Float32[np.ndarray, " d"]
    divisor_: Float32[np.ndarray, " d"]

    def __init__(self, *, features: Sequence[BaseEstimator], scale: Scale = "feature") -> None:
        self.features = features
        self.scale = scale

    @classmethod
    def joined(cls, parts: "Sequence[Concat]") -> Self:
        """Make one of several that are fitted to the same images with the same scale, without learning anew.

        Its vectors are theirs side by side, as if it had been fitted with all their features.
        """
        joined = cls(features=[feature for part in parts for feature in part.features], scale=parts[0].scale)
        joined.features_ = [feature for part in parts for feature in part.features_]
        if joined.scale is not None:
            joined.mean_ = np.concatenate([part.mean_ for part in parts])
            joined.divisor_ = np.concatenate([part.divisor_ for part in parts])
        return joined

    def fit(self, images: Shaped[np.ndarray, "n ..."], y: object = None) -> Self:
        """Learn mean and deviation of every number from training images.

        Args:
            images: what the features take.
            y: handed to the features.
        Raises: SettingError for an unknown scale or no feature; DataError if there are no images, or a feature gives
            NaN or infinity; and what the features raise.
        """
        self.fit_transform(images, y)
        return self

    def fit_transform(self, images: Shaped[np.ndarray, "n ..."], y: object = None) -> Float32[np.ndarray, "n d"]:
        """Fit to training images and give their vectors, computing them once."""
        choice(self.scale, SCALES, name="scale")
        if not self.features:
            raise SettingError("features is empty; expected at least one feature. Add for example HOG().")
        if len(images) == 0:
            raise DataError("images is empty; expected at least one image to learn the scale from. Give some.")
        self.features_ = [clone(feature) for feature in self.features]
        blocks = [feature.fit_transform(images, y) for feature in self.features_]
        X = self._joined(blocks)
        if self.scale is not None:
            scales = [
                _block_scale(block, type(feature).__name__)
                for block, feature in zip(blocks, self.features_, strict=True)
            ]
            self.mean_, self.divisor_ = (
                np.concatenate(parts).astype(np.float32) for parts in zip(*scales, strict=True)
            )
            self._scale_(X)
        return X

    def transform(self, images: Shaped[np.ndarray, "n ..."]) -> Float32[np.ndarray, "n d"]:
        """Compute the scaled vectors of images, (N, D) float32."""
        check_is_fitted(self)
        X = self._joined([feature.transform(images) for feature in self.features_])
        if self.scale is not None:
            self._scale_(X)
        return X

    def length(self, image_shape: tuple[int, ...]) -> int:
        """Give the number D of values that one image of shape (H, W, C), or one point of shape (D,), becomes.

        Raises: as the features' own `length`; ShapeError if it is another number than in `fit`.
        """
        n_numbers = sum(int(feature.length(image_shape)) for feature in getattr(self, "features_", self.features))
        # Without scaling there may still be the means of an earlier fit.
        n_scaled = n_numbers if self.scale is None else len(getattr(self, "mean_", ())) or n_numbers
        if n_numbers != n_scaled:
            raise ShapeError(
                f"images of shape {image_shape} give {n_numbers} numbers; expected {n_scaled}, as in fit. Load them "
                f"with that size and number of channels."
            )
        return n_numbers

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Name the columns after their features; those of a second one of a kind begin with its name, "hog2__"."""
        check_is_fitted(self)
        columns: list[str] = []
        for (name, _), feature in zip(self._named(), self.features_, strict=True):
            prefix = "" if name == _kind(feature) else f"{name}__"
            columns += [f"{prefix}{column}" for column in feature.get_feature_names_out()]
        return np.array(columns, dtype=object)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Give the settings; with `deep` also those of the features, such as `hog__cell_px`."""
        params: dict[str, Any] = super().get_params(deep=False)
        if deep:
            for name, feature in self._named():
                params[name] = feature
                params |= {f"{name}__{key}": value for key, value in feature.get_params().items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Change settings; a feature's name alone (`hog=HOG(...)`) replaces the feature."""
        if "features" in params:  # first, so that the names below are those of the new ones
            self.features = params.pop("features")
        names = [name for name, _ in self._named()]
        replaced = {name: params.pop(name) for name in list(params) if name in names}
        if replaced:
            self.features = [replaced.get(name, feature) for name, feature in self._named()]
        super().set_params(**params)
        return self

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together. Raises: ModelFileError if they do not."""
        choice(self.scale, SCALES, name="scale")
        for feature in self.features_:
            feature.check_loaded()
        if self.scale is not None:
            (n_numbers,) = loaded_array(self.mean_, "d", np.float32, name="mean_")
            loaded_array(self.divisor_, str(n_numbers), np.float32, name="divisor_")
            if not (self.divisor_ > 0).all():
                raise ModelFileError(f"divisor_ holds {self.divisor_.min()}; expected numbers above 0. {FIX}")
        shapes = {feature.image_shape_ for feature in self.features_ if isinstance(feature, ImageFeature)}
        if len(shapes) > 1:
            raise ModelFileError(f"features are of images of shapes {sorted(shapes)}; expected one shape. {FIX}")
        for shape in shapes:
            self.length(shape)  # as many numbers as there are means

    def _named(self) -> Iterator[tuple[str, BaseEstimator]]:
        """Name features by their classes, a second one of a kind with a number."""
        seen: Counter[str] = Counter()
        # Settings are checked in fit; until then anything may stand here.
        for feature in self.features if isinstance(self.features, Sequence) else ():
            kind = _kind(feature)
            seen[kind] += 1
            yield kind if seen[kind] == 1 else f"{kind}{seen[kind]}", feature

    def _joined(self, blocks: list[Float32[np.ndarray, "n _"]]) -> Float32[np.ndarray, "n d"]:
        # Our features keep nothing of what they give. What others give is copied, even a single block: scaling in place
        # must not reach what a feature may keep.
        if len(blocks) == 1 and isinstance(self.features_[0], ImageFeature) and isinstance(blocks[0], np.ndarray):
            return blocks[0]
        return np.concatenate(blocks, axis=1, dtype=np.float32)

    def _scale_(self, X: Float32[np.ndarray, "n d"]) -> None:
        X -= self.mean_
        X /= self.divisor_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "features_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags


def _kind(feature: BaseEstimator) -> str:
    return type(feature).__name__.lower()


def _block_scale(
    block: Float32[np.ndarray, "n d"], name: str
) -> tuple[Float64[np.ndarray, " d"], Float64[np.ndarray, " d"]]:
    """Give the mean and the divisor of every column."""
    mean, variance = _moments(block)
    if not np.isfinite(variance).all():
        raise DataError(
            f"{name} gives NaN, infinity or numbers too large to square; expected finite numbers. Look at its input."
        )
    smallest = SMALLEST_DEVIATION * np.sqrt(variance.mean())
    divisor = np.maximum(np.sqrt(variance), smallest)
    return mean, np.where(divisor > 0, divisor, 1.0)


def _moments(block: Float32[np.ndarray, "n d"]) -> tuple[Float64[np.ndarray, " d"], Float64[np.ndarray, " d"]]:
    """Compute mean and variance of every column, a sum over chunks of rows (Chan, Golub, LeVeque 1983, eq. 1.5)."""
    n, mean, square_sum = 0, np.zeros(block.shape[1]), np.zeros(block.shape[1])
    for start in range(0, len(block), CHUNK_ROWS):
        rows = block[start : start + CHUNK_ROWS].astype(np.float64)
        chunk_mean = rows.mean(axis=0)
        rows -= chunk_mean
        shift, total = chunk_mean - mean, n + len(rows)
        square_sum += np.einsum("nd,nd->d", rows, rows) + shift**2 * (n * len(rows) / total)
        mean += shift * (len(rows) / total)
        n = total
    return mean, square_sum / n
