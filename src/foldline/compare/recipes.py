"""The recipes that are compared: ways to turn pixels into numbers x ways to turn numbers into a class."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from foldline.compare.classifiers import CLASSIFIERS, NAMED_CLASSIFIERS, PIXEL_CLASSIFIERS, ClassifierChoice
from foldline.compare.features import FEATURE_CHOICES, FeatureChoice, ImageShape
from foldline.core.checks import choice
from foldline.core.errors import SettingError
from foldline.features import ImageFeature, ProductQuantizer

# Features by classifiers. The widest vectors, of 6,400 numbers and more, meet one linear classifier, which did best on
# them: a net takes minutes.
DEFAULT_RECIPES = {
    **{features: tuple(CLASSIFIERS) for features in ("raw", "color", "hog", "hog+color")},
    "words": ("softmax", "mlp2"),
    "hog+words": ("softmax", "mlp2"),
    "hog+color+words": ("softmax", "mlp2"),
    "words-large": ("ridge",),
    "fisher": ("softmax",),
}
ALL_CLASSIFIERS = {**CLASSIFIERS, **NAMED_CLASSIFIERS}


@dataclass(frozen=True, kw_only=True)
class FeatureSet:
    """One or more features side by side.

    Args:
        key: their names in the registry with + between them, such as "hog+color".
        parts: each of them.
    """

    key: str
    parts: tuple[FeatureChoice, ...]

    @classmethod
    def named(cls, key: str) -> "FeatureSet":
        """Look features up. Raises: SettingError for a name that is not in the registry."""
        names = key.split("+")
        for name in names:
            choice(name, tuple(FEATURE_CHOICES), name="features")
        return cls(key=key, parts=tuple(FEATURE_CHOICES[name] for name in names))

    @classmethod
    def chosen(cls, names: Sequence[str] | None, *, image_shape: ImageShape) -> "FeatureSet":
        """Look up what a user asked for; None for HoG and, where images have colour, colour.

        Raises: SettingError for a text instead of a list, no names, or one that is not in the registry.
        """
        if isinstance(names, str):
            raise SettingError(f"features is the text {names!r}; expected a list of names. Write features=[{names!r}].")
        if names is None:
            names = ("hog",) if image_shape[-1] == 1 else ("hog", "color")
        if not names:
            raise SettingError(f"features is empty; expected one or more of {', '.join(FEATURE_CHOICES)}. Name one.")
        return cls.named("+".join(names))

    @property
    def title(self) -> str:
        """What a reader calls it, such as "HoG + colour"."""
        return " + ".join(part.title for part in self.parts)

    @property
    def needs_color(self) -> bool:
        """Whether it says nothing about grey images."""
        return any(part.needs_color for part in self.parts)

    def build(self, image_shape: ImageShape) -> list[ImageFeature]:
        """Make fresh features that suit images of shape (H, W, C)."""
        return [part.build(image_shape) for part in self.parts]

    def describe(self, image_shape: ImageShape) -> str:
        """Say what the numbers are for images of that shape."""
        return " and ".join(feature.describe() for feature in self.build(image_shape))


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Features and a classifier.

    Args:
        key: such as "hog+color/mlp2".
        features: how images become feature vectors.
        classifier: what decides on them.
        compression: how training vectors are kept (see `ImagePipeline`); None for as they are.
    """

    key: str
    features: FeatureSet
    classifier: ClassifierChoice
    compression: ProductQuantizer | None = None

    @classmethod
    def named(cls, key: str) -> "Recipe":
        """Look a recipe up. Raises: SettingError for names of features or classifiers that are not there."""
        features, _, classifier = key.partition("/")
        choice(classifier, tuple(ALL_CLASSIFIERS), name="the classifier of a recipe")
        return cls(key=key, features=FeatureSet.named(features), classifier=ALL_CLASSIFIERS[classifier])

    @property
    def title(self) -> str:
        """What a reader calls it, such as "HoG + colour, 2-layer net"."""
        return f"{self.features.title}, {self.classifier.title}"

    def describe(self, image_shape: ImageShape) -> str:
        """Say in a line what is done with images of that shape."""
        return f"{self.features.describe(image_shape)}; {self.classifier.description}"


def pixels_alone(names: Sequence[str] | None, *, who: str) -> tuple[str, ...]:
    """Give raw pixels, of which nets of images make features of their own. Raises: SettingError for other features.

    Args:
        names: what a user asked for; None for nothing.
        who: takes them.
    """
    if names is not None and tuple(names) != ("raw",):
        raise SettingError(
            f"classifier is {who} and features are {', '.join(names)}; expected raw alone, because it makes its own of "
            f"pixels. Leave features (--features, --layer-of) out, or take another classifier."
        )
    return ("raw",)


RECIPES: dict[str, Recipe] = {
    key: Recipe.named(key)
    for features, classifiers in DEFAULT_RECIPES.items()
    for key in (f"{features}/{name}" for name in classifiers)
}

# Named by one word, and never meant by a pattern.
PIXEL_RECIPES: dict[str, Recipe] = {
    key: Recipe(key=key, features=FeatureSet.named("raw"), classifier=classifier)
    for key, classifier in PIXEL_CLASSIFIERS.items()
}


# Nets that learn their features, or their wiring, beside the default recipes: minutes a training.
LEARNED = ("hog/wired", "mlp-best", "wired-images", "alexnet")


def choose_recipes(
    wanted: Sequence[str | Recipe] | None, *, is_grey: bool, learned: bool = False
) -> tuple[list[Recipe], list[str]]:
    """Pick recipes by their keys.

    Args:
        wanted: keys such as "hog/mlp2" or "raw+hog/softmax", patterns such as "hog/*" among RECIPES, keys of
            PIXEL_RECIPES, or recipes of one's own; None for all of RECIPES.
        is_grey: whether the images have one channel, so that colour recipes are left out.
        learned: whether those of LEARNED are added.
    Returns: the recipes, each once, and a note for what was left out.
    Raises: SettingError for a name or pattern that no recipe has, for none at all, or if nothing is left.
    """
    if isinstance(wanted, str):
        raise SettingError(f"recipes is the text {wanted!r}; expected a list of keys. Write recipes=[{wanted!r}].")
    if wanted is not None and not wanted:
        raise SettingError(
            "recipes is empty; expected one or more keys or patterns. Name one such as hog/softmax, or leave recipes "
            "out for all that fit the images."
        )
    named: dict[str, Recipe] = {}
    for want in () if wanted is None else wanted:
        if not isinstance(want, str | Recipe):
            raise SettingError(
                f"recipes holds {' '.join(repr(want).split())[:60]}; expected keys or recipes. Name one such as "
                "hog/softmax; a classifier of your own is fitted by itself."
            )
    for want in [*(["*"] if wanted is None else wanted), *(LEARNED if learned else ())]:
        for recipe in [want] if isinstance(want, Recipe) else _matching(want):
            named.setdefault(recipe.key, recipe)
    chosen = [recipe for recipe in named.values() if not (is_grey and recipe.features.needs_color)]
    n_left_out = len(named) - len(chosen)
    if not chosen:
        raise SettingError(
            f"the images are grey and {', '.join(named)} would need colour; expected at least one "
            "recipe without colour. Add for example hog/softmax."
        )
    return chosen, [f"{n_left_out} colour recipes were left out, because the images are grey."] if n_left_out else []


def _matching(pattern: str) -> list[Recipe]:
    if pattern in PIXEL_RECIPES:
        return [PIXEL_RECIPES[pattern]]
    found = [recipe for key, recipe in RECIPES.items() if fnmatchcase(key, pattern)]
    if found:
        return found
    try:
        return [Recipe.named(pattern)]
    except SettingError as error:
        raise SettingError(
            f"recipes names {pattern!r}; expected FEATURES/CLASSIFIER with features of {', '.join(FEATURE_CHOICES)} (+ "
            f"joins several) and a classifier of {', '.join(ALL_CLASSIFIERS)}, a pattern such as 'hog/*', "
            f"or one of {', '.join(PIXEL_RECIPES)}. Correct it."
        ) from error
