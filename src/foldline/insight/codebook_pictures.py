"""Drawings of words: sheets of them, the bag that an image becomes, and where in it a word is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float32, UInt8

from foldline.core.checks import axes, integer
from foldline.insight.style import COLORS, look
from foldline.insight.templates import shaded
from foldline.insight.word_patches import WordsOnImage

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKED_PX = 336  # of the longer side, at least: frames are thin lines beside the pixels of a small image
FRAME, AROUND_FRAME = "#ffd24d", "#1d2126"  # seen on bright and on dark


def word_sheet(patches: Float32[np.ndarray, "a p p c"], *, n_cols: int) -> UInt8[np.ndarray, "h w 4"]:
    """Draw words side by side, row by row, with a pixel of nothing between them.

    Args:
        patches: (A, p, p, C) from `word_patches`, in the order they are wanted.
        n_cols: words in a row.
    Returns: RGB and opacity.
    Raises: ShapeError for other arrays; SettingError for less than one word in a row.
    Convention: each word has a contrast of its own, as `shaded` draws it.
    """
    n, side, _, _ = axes(patches, "a p p c", name="patches", fix="Take them from word_patches.")
    n_cols = min(integer(n_cols, name="n_cols", low=1), max(n, 1))
    n_rows = -(-n // n_cols)
    sheet = np.zeros((n_rows, side + 1, n_cols, side + 1, 4), np.uint8)
    for index, patch in enumerate(patches):
        row, col = divmod(index, n_cols)
        sheet[row, :side, col, :side, :3] = shaded(patch)
        sheet[row, :side, col, :side, 3] = 255
    return sheet.reshape(n_rows * (side + 1), n_cols * (side + 1), 4)[:-1, :-1]


def bag_picture(
    answers: Float[np.ndarray, " a"],
    usual: Float[np.ndarray, " a"],
    patches: Float32[np.ndarray, "a p p c"],
    *,
    n_words: int = 24,
) -> "Figure":
    """Draw the bag of words of an image: bars for the words that it has most more of than images usually have.

    Args:
        answers: (A,) of the image, from `words_on_image`.
        usual: (A,) those of an average training image, from `usual_answers`.
        patches: (A, p, p, C) from `word_patches`.
        n_words: how many to draw at most.
    Returns: a figure for `svg_text`, the words under their bars.
    Raises: ShapeError if there is not one number and one patch for each word; SettingError for less than one word.
    """
    from matplotlib.figure import Figure

    n, side, _, _ = axes(patches, "a p p c", name="patches", fix="Take them from word_patches.")
    for name, numbers in (("answers", answers), ("usual", usual)):
        axes(numbers, f"{n}", name=name, fix="Give one number for each word.")
    chosen = np.argsort(usual - answers, kind="stable")[: integer(n_words, name="n_words", low=1)]
    places = np.arange(len(chosen))
    sheet = word_sheet(patches[chosen], n_cols=len(chosen))
    with look():
        figure = Figure(figsize=(8.4, 2.3), layout="constrained")
        top, bottom = figure.subplots(2, 1, height_ratios=(5, 1), sharex=True)
        top.bar(places, answers[chosen], width=0.8, color=COLORS["series-1"], label="this image")
        top.hlines(usual[chosen], places - 0.4, places + 0.4, color=COLORS["series-2"], label="an average image")
        top.set(ylabel="how much of it", xlim=(-0.6, len(chosen) - 0.4))
        top.grid(visible=False, axis="x")
        top.tick_params(axis="x", bottom=False, labelbottom=False)
        top.locator_params(axis="y", nbins=4)
        figure.legend(loc="outside upper right", ncols=2)
        half = side / (side + 1) / 2  # of a word, in the distance of two bars: the rest is the gap of the sheet
        bottom.imshow(sheet, extent=(-half, len(chosen) - 1 + half, 0, 1), aspect="auto", interpolation="none")
        bottom.set_axis_off()
    return figure


def marked_places(
    image: UInt8[np.ndarray, "h w c"], told: Sequence[WordsOnImage], *, word: int
) -> UInt8[np.ndarray, "big_h big_w 3"]:
    """Frame the places of an image whose nearest word is a certain one, each as large as what it describes.

    Args:
        image: (H, W, C).
        told: the image in words, a scale each, from `words_on_image`.
        word: its number.
    Returns: the image a whole number of times as large, with frames.
    Convention: frames run along the outermost pixels of a square; where a square goes beyond the image, so does its
        frame.
    """
    from PIL import Image, ImageDraw

    height, width, _ = axes(image, "h w c", name="image", fix="Give one image at a time.")
    times = -(-MARKED_PX // max(height, width))
    large = np.repeat(np.repeat(np.broadcast_to(image, (height, width, 3)), times, axis=0), times, axis=1)
    drawn = Image.fromarray(large)
    frames = [
        [times * (scale.squares.start_px + scale.squares.step_px * int(n)) for n in place] + [scale.squares.side_px]
        for scale in told
        for place in np.argwhere(scale.nearest == word)
    ]
    draw = ImageDraw.Draw(drawn)
    for color, inset in ((AROUND_FRAME, 1), (AROUND_FRAME, -1), (FRAME, 0)):
        for top, left, side_px in frames:
            far = times * side_px - 1 - inset
            draw.rectangle((left + inset, top + inset, left + far, top + far), outline=color)
    return np.asarray(drawn)
