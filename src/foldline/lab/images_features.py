"""What a classifier sees of images on the lab's page, and how its numbers are laid out to be drawn."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Int, UInt8

from foldline.features import HOG, ColorHistogram, Concat, ImageFeature, Patches, Pixels, VisualWords
from foldline.insight import hog_templates, word_answers
from foldline.lab.images_set import LabImages

Shape = tuple[int, int, int]

COLOR_BOXES = 4  # a channel: 64 colours can be told apart in a small picture
GREY_LEVELS = 8
N_WORDS = 100  # of which a sheet of ten by ten can be looked through
SAMPLED_PATCHES = 20_000  # that words are learned from: seconds, not minutes


@dataclass(frozen=True, kw_only=True, eq=False)
class Vectors:
    """Images as a classifier sees them, scaled by what the training images say.

    Args:
        images: the set.
        name: raw, color, hog or words.
        features: fitted to the training images.
        X_train, X_test: (N, D), on the device.
    """

    images: LabImages
    name: str
    features: Concat
    X_train: Float[Array, "n d"]
    X_test: Float[Array, "m d"]

    @classmethod
    def of(cls, images: LabImages, name: str) -> "Vectors":
        """Compute them. Raises: what the feature raises."""
        features = Concat(features=[_feature(name, images.shape)])
        X_train = features.fit_transform(seen(name, images.train.images))
        X_test = features.transform(seen(name, images.test.images))
        return cls(
            images=images, name=name, features=features, X_train=jnp.asarray(X_train), X_test=jnp.asarray(X_test)
        )

    @property
    def feature(self) -> ImageFeature:
        """The one feature, fitted."""
        (feature,) = self.features.features_
        assert isinstance(feature, ImageFeature)
        return feature

    def laid_out(self, rows: Float[np.ndarray, "t d"]) -> Float32[np.ndarray, "t ..."]:
        """Give weights, or what they are multiplied to, in the shape that they are drawn in.

        Returns: of raw pixels (T, H, W, C); of HoG (T, rows, cols, 9), summed over blocks; of colours (T, boxes), those
            of `shown_boxes`; of words (T, words), summed over quarters.
        """
        feature, shape = self.feature, self.images.shape
        if isinstance(feature, HOG):
            return hog_templates(rows, feature=feature, image_shape=shape)
        if isinstance(feature, VisualWords):
            n_regions = rows.shape[1] // feature.n_answers
            return np.asarray(word_answers(feature, rows) * n_regions, np.float32)
        if isinstance(feature, ColorHistogram):
            return np.asarray(rows[:, shown_boxes(shape)], np.float32)
        return np.asarray(rows.reshape(-1, *shape), np.float32)


def seen(name: str, images: UInt8[np.ndarray, "n h w c"]) -> UInt8[np.ndarray, "n h w c2"]:
    """Give images as a feature takes them: a histogram of colours takes grey ones as colours too."""
    if name != "color" or images.shape[-1] == 3:
        return images
    return np.repeat(images, 3, axis=3)


def shown_boxes(shape: Shape) -> Int[np.ndarray, " b"]:
    """Number the boxes of the colour cube that images of this shape can be in: all, or the grey ones."""
    n = color_histogram(shape).n_bins
    assert n is not None
    return np.arange(n**3) if shape[2] == 3 else np.arange(n) * (n**2 + n + 1)


def box_colors(shape: Shape) -> UInt8[np.ndarray, "b 3"]:
    """Give the colour in the middle of each box of `shown_boxes`."""
    n = color_histogram(shape).n_bins
    assert n is not None
    boxes = np.stack(np.unravel_index(shown_boxes(shape), (n, n, n)), axis=1)
    return np.asarray((boxes + 0.5) * 256 / n, np.uint8)


def color_histogram(shape: Shape, *, root: bool = False) -> ColorHistogram:
    """Make the histogram of colours, or of grey levels, of images of this shape."""
    return ColorHistogram(n_bins=COLOR_BOXES if shape[2] == 3 else GREY_LEVELS, root=root)


def hog(shape: Shape) -> HOG:
    """Make the lecture's HoG, nine directions a cell, in cells that suit the images' size."""
    return HOG(cell_px=HOG.for_images(shape).cell_px, votes="interpolated")


def _feature(name: str, shape: Shape) -> ImageFeature:
    match name:
        case "hog":
            return hog(shape)
        case "color":
            return color_histogram(shape, root=True)
        case "words":
            return VisualWords(n_words=N_WORDS, descriptor=Patches.for_images(shape), n_sampled=SAMPLED_PATCHES)
        case _:
            return Pixels()
