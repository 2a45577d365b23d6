"""The features of the recipes: those of the registry by their names, and settings of them with names of their own."""

from collections.abc import Callable
from dataclasses import dataclass

from foldline.features import IMAGE_FEATURES, ImageFeature, Patches, VisualWords

ImageShape = tuple[int, int, int]

LARGE_CODEBOOK = 1600  # Coates, Ng, Lee (2011), whose table 4 goes on to 4,000


@dataclass(frozen=True, kw_only=True)
class FeatureChoice:
    """One way to turn images into numbers.

    Args:
        key: its word in a recipe's key.
        title: what a reader calls it.
        needs_color: whether it says nothing about grey images.
        build: makes a fresh feature that suits images of shape (H, W, C).
    """

    key: str
    title: str
    build: Callable[[ImageShape], ImageFeature]
    needs_color: bool = False


def _large_words(image_shape: ImageShape) -> ImageFeature:
    return VisualWords(n_words=LARGE_CODEBOOK, descriptor=Patches.for_images(image_shape))


FEATURE_CHOICES: dict[str, FeatureChoice] = {
    **{
        key: FeatureChoice(key=key, title=kind.title, build=kind.for_images, needs_color=kind.needs_color)
        for key, kind in IMAGE_FEATURES.items()
    },
    "words-large": FeatureChoice(key="words-large", title="many visual words", build=_large_words),
}
