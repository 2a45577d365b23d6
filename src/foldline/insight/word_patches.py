"""The words of a codebook as pieces of images, and where an image has them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64, UInt8
from sklearn.metrics import pairwise_distances_argmin_min

from foldline.core.checks import axes
from foldline.core.errors import SettingError
from foldline.features import Patches, VisualWords
from foldline.insight.codebooks import word_answers

SMALLEST_SQUARE = 1e-6  # of a word, summed over its pixels: a flat one has no contrast to speak of
PATCH = (2, 3, 4)  # axes of a patch among Places

Places = Float32[np.ndarray, "rows cols p p c"]


@dataclass(frozen=True, kw_only=True)
class WordsOnImage:
    """One image, told in words.

    Args:
        nearest: (rows, cols) the word nearest to each place.
        distance: (rows, cols) how far it is, as descriptors are compared.
        answers: (A,) the bag of words: the image's answers as in `word_answers`.
        drawn: (H', W', C) the nearest words in their places, middle grey at 0.
        restored: (H', W', C) the same with the brightness and contrast of each place put back, in grey levels.
    """

    nearest: Int64[np.ndarray, "rows cols"]
    distance: Float32[np.ndarray, "rows cols"]
    answers: Float32[np.ndarray, " a"]
    drawn: Float32[np.ndarray, "h w c"]
    restored: Float32[np.ndarray, "h w c"]


def word_patches(feature: VisualWords) -> Float32[np.ndarray, "a p p c"]:
    """Turn the words of a codebook of patches back into pieces of images.

    Args:
        feature: fitted, with a descriptor `Patches`.
    Returns: (A, patch_px, patch_px, C) in deviations of a patch, middle grey at 0; A answers as in `word_answers`.
    Raises: SettingError if its descriptors are no patches.
    Convention: a word c of whitened patches is drawn as the patch that whitening makes c of, c W^-1 + mean. c itself
        has the edges of that patch, but thinner, and false colours.
    Convention: encoding "nearest" has K more answers, to -x; they are drawn as -c is.
    """
    descriptor = _patches(feature)
    words = np.asarray(feature.words_, np.float64)
    if feature.encoding == "nearest":
        words = np.concatenate([words, -words])
    if descriptor.whiten:
        words = np.linalg.solve(descriptor.whitening_.astype(np.float64), words.T).T + descriptor.whitening_mean_
    side, n_channels = descriptor.patch_px, descriptor.image_shape_[2]
    return np.asarray(words.reshape(-1, side, side, n_channels), np.float32)


def words_on_image(feature: VisualWords, image: UInt8[np.ndarray, "h w c"]) -> WordsOnImage:
    """Find the word nearest to each place of an image, and draw the image with these words.

    Args:
        feature: fitted, with a descriptor `Patches`.
        image: of the size and channels of its training images.
    Raises: SettingError if its descriptors are no patches; ShapeError for another image.
    Convention: a pixel is the mean of the patches over it; patches with gaps between them are drawn side by side.
    Convention: brightness and contrast that are put back are those with which the word comes closest to the image, in
        least squares; contrast is not below 0.
    """
    descriptor = _patches(feature)
    axes(image, "h w c", name="image", fix="Give one image at a time.")
    (described,) = descriptor.transform(image[None])
    nearest, distance = pairwise_distances_argmin_min(described, feature.words_)
    (grid,) = descriptor.grids(image.shape)
    side, stride = descriptor.patch_px, descriptor.stride_px
    words = word_patches(feature)[nearest].reshape(*grid, side, side, -1)
    views = np.lib.stride_tricks.sliding_window_view(image, (side, side), axis=(0, 1))[::stride, ::stride]
    restored = _as_bright_as(np.moveaxis(views, 2, -1).astype(np.float32), words)
    (answers,) = word_answers(feature, feature.transform(image[None]))
    return WordsOnImage(
        nearest=nearest.reshape(grid).astype(np.int64),
        distance=distance.reshape(grid).astype(np.float32),
        answers=answers,
        drawn=_laid_out(words, min(stride, side)),
        restored=_laid_out(restored, min(stride, side)),
    )


def _patches(feature: VisualWords) -> Patches:
    if not isinstance(feature.descriptor_, Patches):
        raise SettingError(
            f"the words are of {feature.descriptor_.title}; expected words of patches, which can be drawn. Fit "
            f"VisualWords(descriptor=Patches())."
        )
    return feature.descriptor_


def _as_bright_as(cut: Places, words: Places) -> Places:
    """Give words, of mean 0, the brightness and contrast with which they come closest to patches of an image."""
    brightness = cut.mean(axis=PATCH, keepdims=True)
    products = np.sum(words * (cut - brightness), axis=PATCH, keepdims=True)
    squares = np.sum(words**2, axis=PATCH, keepdims=True)
    return np.asarray(brightness + words * np.maximum(products, 0) / np.maximum(squares, SMALLEST_SQUARE))


def _laid_out(patches: Places, step: int) -> Float32[np.ndarray, "h w c"]:
    """Lay patches over each other, `step` pixels from one to the next, and give the mean of each pixel."""
    n_rows, n_cols, side, _, n_channels = patches.shape
    height, width = (n_rows - 1) * step + side, (n_cols - 1) * step + side
    total, n = np.zeros((height, width, n_channels), np.float32), np.zeros((height, width, 1), np.float32)
    for row, col in np.ndindex(side, side):
        there = np.s_[row : row + height - side + 1 : step, col : col + width - side + 1 : step]
        total[there] += patches[:, :, row, col]
        n[there] += 1
    return total / n
