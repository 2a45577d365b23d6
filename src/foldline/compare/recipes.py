"""The recipes that are compared: ways to turn pixels into numbers x ways to turn numbers into a class."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from sklearn.base import BaseEstimator

from foldline.compare.classifiers import CLASSIFIERS, ClassifierChoice
from foldline.core.errors import SettingError
from foldline.features import HOG, ColorHistogram, Pixels

ImageShape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class FeatureSet:
    """One way to turn images into feature vectors.

    Args:
        title: what a reader calls it.
        build: makes fresh features for images of shape (H, W, C).
        describe: says what they are for images of that shape.
        needs_color: whether it says nothing about grey images.
    """

    title: str
    build: Callable[[ImageShape], list[BaseEstimator]]
    describe: Callable[[ImageShape], str]
    needs_color: bool = False


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A feature set and a classifier.

    Args:
        key: such as "hog+color/mlp2".
        features: how images become feature vectors.
        classifier: what decides on them.
    """

    key: str
    features: FeatureSet
    classifier: ClassifierChoice

    @property
    def title(self) -> str:
        """What a reader calls it, such as "HoG + colour, 2-layer net"."""
        return f"{self.features.title}, {self.classifier.title}"

    def describe(self, image_shape: ImageShape) -> str:
        """Say in a line what is done with images of that shape."""
        return f"{self.features.describe(image_shape)}; {self.classifier.description}"


def hog_cell_px(image_shape: ImageShape) -> int:
    """Choose the side of HoG's cells, so that even tiny images have several.

    8 pixels is the size of Dalal and Triggs (2005) for photographs; a 28x28 digit has 7x7 cells of 4 pixels.

    Example:
        >>> hog_cell_px((240, 320, 3)), hog_cell_px((28, 28, 1)), hog_cell_px((8, 8, 1))
        (8, 4, 2)
    """
    side = min(image_shape[:2])
    if side >= 64:
        return 8
    return 4 if side >= 28 else 2


def _pixels(image_shape: ImageShape) -> list[BaseEstimator]:
    return [Pixels()]


def _color(image_shape: ImageShape) -> list[BaseEstimator]:
    return [ColorHistogram()]


def _hog(image_shape: ImageShape) -> list[BaseEstimator]:
    return [HOG(cell_px=hog_cell_px(image_shape))]


def _hog_and_color(image_shape: ImageShape) -> list[BaseEstimator]:
    return _hog(image_shape) + _color(image_shape)


def _describe_pixels(image_shape: ImageShape) -> str:
    height, width, channels = image_shape
    return f"{height}×{width}×{channels} pixel values"


def _describe_color(image_shape: ImageShape) -> str:
    return "histogram of colours"


def _describe_hog(image_shape: ImageShape) -> str:
    cell_px = hog_cell_px(image_shape)
    return f"histograms of gradient directions in cells of {cell_px}×{cell_px} pixels"


def _describe_hog_and_color(image_shape: ImageShape) -> str:
    return f"{_describe_hog(image_shape)} and {_describe_color(image_shape)}"


FEATURE_SETS: dict[str, FeatureSet] = {
    "raw": FeatureSet(title="raw pixels", build=_pixels, describe=_describe_pixels),
    "color": FeatureSet(title="colour", build=_color, describe=_describe_color, needs_color=True),
    "hog": FeatureSet(title="HoG", build=_hog, describe=_describe_hog),
    "hog+color": FeatureSet(
        title="HoG + colour", build=_hog_and_color, describe=_describe_hog_and_color, needs_color=True
    ),
}

RECIPES: dict[str, Recipe] = {
    f"{features}/{classifier}": Recipe(
        key=f"{features}/{classifier}", features=FEATURE_SETS[features], classifier=CLASSIFIERS[classifier]
    )
    for features in ("raw", "color", "hog", "hog+color")
    for classifier in ("softmax", "svm", "knn", "mlp2", "mlp3")
}


def choose_recipes(wanted: Sequence[str | Recipe] | None, *, is_grey: bool) -> tuple[list[Recipe], list[str]]:
    """Pick recipes by their keys.

    Args:
        wanted: keys such as "hog/mlp2", patterns such as "hog/*", or recipes of one's own; None for all of RECIPES.
        is_grey: whether the images have one channel, so that colour recipes are left out.
    Returns: the recipes, each once, and a note for what was left out.
    Raises: SettingError for a pattern that no recipe has, or if nothing is left.
    """
    named: dict[str, Recipe] = {}
    for want in ["*"] if wanted is None else wanted:
        found = {want.key: want} if isinstance(want, Recipe) else _matching(want)
        named |= {key: recipe for key, recipe in found.items() if key not in named}
    chosen = [recipe for recipe in named.values() if not (is_grey and recipe.features.needs_color)]
    if not chosen:
        raise SettingError(
            "recipes holds nothing that fits grey images; expected at least one recipe without colour. Add for example "
            "'hog/softmax'."
        )
    n_left_out = len(named) - len(chosen)
    return chosen, [f"{n_left_out} colour recipes were left out, because the images are grey."] if n_left_out else []


def _matching(pattern: str) -> dict[str, Recipe]:
    found = {key: recipe for key, recipe in RECIPES.items() if fnmatchcase(key, pattern)}
    if not found:
        raise SettingError(
            f"recipes names {pattern!r}; expected keys of {', '.join(RECIPES)}, or patterns such as 'hog/*'. Choose "
            f"from these."
        )
    return found
