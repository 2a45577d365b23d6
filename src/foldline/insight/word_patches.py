"""The words of a codebook as pieces of images, and where an image has them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64, UInt8
from sklearn.metrics import pairwise_distances_argmin_min

from foldline.core.checks import axes, integer
from foldline.core.errors import SettingError
from foldline.features import DenseSIFT, Patches, VisualWords
from foldline.features.local_descriptor import Squares
from foldline.insight.codebooks import word_answers

N_NEAREST = 5  # places that a word of SIFT is the mean of: what one has by chance the others do not have
WORDS_AT_ONCE = 1_024  # whose distances to all places of an image are in memory
SMALLEST_SQUARE = 1e-6  # of a word, summed over its pixels: a flat one has no contrast to speak of
CONTRAST_FLOOR = 10.0  # in grey levels, squared, as that of Patches
GREY = np.array([0.299, 0.587, 0.114], np.float32)  # as that of DenseSIFT
PATCH = (2, 3, 4)  # axes of a patch among Places

Images = UInt8[np.ndarray, "n h w c"]
Words = Float32[np.ndarray, "a p p levels"]
Places = Float32[np.ndarray, "rows cols p p c"]


@dataclass(frozen=True, kw_only=True)
class WordsOnImage:
    """One image, told in words.

    Args:
        nearest: (rows, cols) the word nearest to each place.
        distance: (rows, cols) how far it is, as descriptors are compared.
        squares: where the places are: row r and column c is that of the pixels from start_px + step_px * r and
            start_px + step_px * c on, side_px down and across.
        answers: (A,) the bag of words: the image's answers as in `word_answers`.
        drawn: (H', W', C) the nearest words in their places, middle grey at 0.
        restored: (H', W', C) the same with the brightness and contrast of each place put back, in grey levels.
    """

    nearest: Int64[np.ndarray, "rows cols"]
    distance: Float32[np.ndarray, "rows cols"]
    squares: Squares
    answers: Float32[np.ndarray, " a"]
    drawn: Float32[np.ndarray, "h w c"]
    restored: Float32[np.ndarray, "h w c"]


def word_patches(feature: VisualWords, images: Images | None = None) -> Words:
    """Turn the words of a codebook into pieces of images.

    Args:
        feature: fitted, with a descriptor `Patches` or `DenseSIFT`.
        images: (N, H, W, C) in which the places nearest to words of SIFT are looked for; of no use for words of
            patches, which are drawn from their own numbers.
    Returns: (A, p, p, C) in deviations of a patch, middle grey at 0; A answers as in `word_answers`. Of words of SIFT,
        C is 1, as descriptors are of grey levels, and p the side of the squares of the largest scale.
    Raises: SettingError if its descriptors are neither, or are SIFT and there are no images; ShapeError for images of
        another size.
    Convention: a word c of whitened patches is drawn as the patch that whitening makes c of, c W^-1 + mean. c itself
        has the edges of that patch, but thinner, and false colours.
    Convention: a word of SIFT is drawn as the mean of the squares of the places nearest to it, at any scale: one in
        each of the 5 images that come nearest. Squares are freed of brightness and contrast as patches are, and those
        of smaller scales enlarged.
    Convention: encoding "nearest" has K more answers, to -x; they are drawn as -c is.
    """
    descriptor = _drawable(feature)
    words = np.asarray(feature.words_, np.float64)
    if feature.encoding == "nearest":
        words = np.concatenate([words, -words])
    if isinstance(descriptor, DenseSIFT):
        if images is None or len(images) == 0:
            raise SettingError(
                "images is empty; expected some, in which words of SIFT are looked for. Give test images."
            )
        return _mean_squares(descriptor, words.astype(np.float32), images)
    if descriptor.whiten:
        words = np.linalg.solve(descriptor.whitening_.astype(np.float64), words.T).T + descriptor.whitening_mean_
    side, n_channels = descriptor.patch_px, descriptor.image_shape_[2]
    return np.asarray(words.reshape(-1, side, side, n_channels), np.float32)


def words_on_image(
    feature: VisualWords, image: UInt8[np.ndarray, "h w c"], *, patches: Words | None = None, scale: int = 0
) -> WordsOnImage:
    """Find the word nearest to each place of an image, and draw the image with these words.

    Args:
        feature: fitted, with a descriptor `Patches` or `DenseSIFT`.
        image: of the size and channels of its training images.
        patches: (A, p, p, C) what words look like, from `word_patches`; None only for words of patches.
        scale: which of the descriptor's scales; `Patches` has one, 0.
    Raises: SettingError if its descriptors are neither, have no such scale, or are SIFT and there are no patches;
        ShapeError for another image or other patches.
    Convention: a pixel is the mean of the patches over it; patches with gaps between them are drawn side by side.
    Convention: brightness and contrast that are put back are those with which the word comes closest to the image, in
        least squares; contrast is not below 0.
    Convention: beyond the border of the image its outermost pixels are repeated.
    """
    descriptor = _drawable(feature)
    axes(image, "h w c", name="image", fix="Give one image at a time.")
    described = descriptor.transform(image[None])[0]
    grids, all_squares = descriptor.grids(image.shape), descriptor.squares()
    grid, squares = grids[integer(scale, name="scale", low=0, high=len(grids) - 1)], all_squares[scale]
    first = sum(other.n_places for other in grids[:scale])
    nearest, distance = pairwise_distances_argmin_min(described[first : first + grid.n_places], feature.words_)
    words = _enlarged(_checked_patches(feature, patches), squares.side_px)[nearest]
    words = words.reshape(*grid, *words.shape[1:])
    levels = image.astype(np.float32) if isinstance(descriptor, Patches) else grey_levels(image)
    restored = _as_bright_as(_cut(levels, squares, range(grid.n_rows), range(grid.n_cols)), words)
    (answers,) = word_answers(feature, feature.transform(image[None]))
    return WordsOnImage(
        nearest=nearest.reshape(grid).astype(np.int64),
        distance=distance.reshape(grid).astype(np.float32),
        squares=squares,
        answers=answers,
        drawn=_laid_out(words, squares, image.shape),
        restored=_laid_out(restored, squares, image.shape),
    )


def _drawable(feature: VisualWords) -> Patches | DenseSIFT:
    if not isinstance(feature.descriptor_, Patches | DenseSIFT):
        raise SettingError(
            f"the words are of {feature.descriptor_.title}; expected words of patches or of SIFT, which can be drawn. "
            f"Fit VisualWords(descriptor=Patches())."
        )
    return feature.descriptor_


def _checked_patches(feature: VisualWords, patches: Words | None) -> Words:
    if patches is None:
        if isinstance(feature.descriptor_, DenseSIFT):
            raise SettingError(
                "patches is None and the words are of SIFT; expected what they look like. Give patches from "
                "word_patches(feature, images)."
            )
        return word_patches(feature)
    axes(patches, f"{feature.n_answers} p p c", name="patches", fix="Take them from word_patches.")
    return patches


def _mean_squares(descriptor: DenseSIFT, words: Float32[np.ndarray, "a d"], images: Images) -> Words:
    """Give for every word the mean of the squares that come nearest to it, one an image, of the nearest images."""
    place, distance = np.empty((len(images), len(words)), np.int64), np.empty((len(images), len(words)), np.float32)
    for row in range(len(images)):
        (described,) = descriptor.transform(images[row : row + 1])
        half_squares = np.sum(described**2, axis=1) / 2
        for some in (slice(start, start + WORDS_AT_ONCE) for start in range(0, len(words), WORDS_AT_ONCE)):
            # Half the squared distance, less the word's own part of it. scikit-learn took four times as long for it.
            distances = half_squares - words[some] @ described.T
            place[row, some] = distances.argmin(axis=1)
            distance[row, some] = distances.min(axis=1)
    nearest = np.argsort(distance, axis=0, kind="stable")[:N_NEAREST]
    image_shape, squares = images.shape[1:], descriptor.squares()
    grids, side = descriptor.grids(image_shape), max(scale.side_px for scale in squares)
    ends = np.cumsum([grid.n_places for grid in grids])
    sums = [np.zeros((len(words), scale.side_px, scale.side_px, 1), np.float32) for scale in squares]
    for rank, word in np.ndindex(*nearest.shape):
        row = int(nearest[rank, word])
        scale = int(np.searchsorted(ends, place[row, word], side="right"))
        r, c = divmod(int(place[row, word] - ends[scale] + grids[scale].n_places), grids[scale].n_cols)
        sums[scale][word] += _without_contrast(grey_levels(_cut(images[row], squares[scale], [r], [c])[0, 0]))
    return np.asarray(sum(_enlarged(of_scale, side) for of_scale in sums) / len(nearest), np.float32)


def grey_levels(image: UInt8[np.ndarray, "*axes c"]) -> Float32[np.ndarray, "*axes 1"]:
    """Give the grey levels, 0 to 255, of pixels with 1 or 3 channels; the weights are those of ITU-R BT.601."""
    levels = image.astype(np.float32)
    return levels if image.shape[-1] == 1 else np.asarray((levels * GREY).sum(axis=-1, keepdims=True))


def _cut(
    image: UInt8[np.ndarray, "h w c"] | Float32[np.ndarray, "h w c"],
    squares: Squares,
    rows: Sequence[int],
    cols: Sequence[int],
) -> UInt8[np.ndarray, "rows cols p p c"] | Float32[np.ndarray, "rows cols p p c"]:
    """Cut the squares of some rows and columns of places out."""
    down, across = (
        (squares.start_px + squares.step_px * np.asarray(places)[:, None] + np.arange(squares.side_px)).clip(0, n - 1)
        for places, n in zip((rows, cols), image.shape, strict=False)
    )
    return np.asarray(image[down[:, None, :, None], across[None, :, None, :]])


def _without_contrast(patch: Float32[np.ndarray, "p p 1"]) -> Float32[np.ndarray, "p p 1"]:
    # In float64 the mean of a flat patch is its own grey level; a drawing blows up what rounding would leave of it.
    deviations = patch - patch.mean(dtype=np.float64)
    return np.asarray(deviations / np.sqrt(np.mean(deviations**2) + CONTRAST_FLOOR), np.float32)


def _enlarged(patches: Words, side: int) -> Float32[np.ndarray, "a side side levels"]:
    """Draw patches at another size, linearly between their pixels."""
    old = patches.shape[1]
    if old == side:
        return patches
    at = (np.arange(side) + 0.5) * old / side - 0.5
    weights = np.array([np.interp(at, np.arange(old), pixel) for pixel in np.eye(old)], np.float32)
    return np.asarray(np.einsum("aijc,ip,jq->apqc", patches, weights, weights, optimize=True), np.float32)


def _as_bright_as(cut: Places, words: Places) -> Places:
    """Give words the brightness and contrast with which they come closest to patches of an image."""
    brightness = cut.mean(axis=PATCH, keepdims=True)
    products = np.sum(words * (cut - brightness), axis=PATCH, keepdims=True)
    squares = np.sum(words**2, axis=PATCH, keepdims=True)
    return np.asarray(brightness + words * np.maximum(products, 0) / np.maximum(squares, SMALLEST_SQUARE))


def _laid_out(patches: Places, squares: Squares, image_shape: tuple[int, ...]) -> Float32[np.ndarray, "h w c"]:
    """Lay patches over each other in their places, and give the mean of each pixel inside the image."""
    n_rows, n_cols, side, _, n_channels = patches.shape
    step = min(squares.step_px, side)
    height, width = (n_rows - 1) * step + side, (n_cols - 1) * step + side
    total, n = np.zeros((height, width, n_channels), np.float32), np.zeros((height, width, 1), np.float32)
    for row, col in np.ndindex(side, side):
        there = np.s_[row : row + height - side + 1 : step, col : col + width - side + 1 : step]
        total[there] += patches[:, :, row, col]
        n[there] += 1
    # Where there are gaps between squares, they are drawn closer than they are, and whole.
    first = -squares.start_px if step == squares.step_px else 0
    inside = np.s_[first : first + image_shape[0], first : first + image_shape[1]]
    return (total / n)[inside]
