"""Drawings of words: sheets of them, and the bag that an image becomes."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float32, UInt8

from foldline.core.checks import axes, integer
from foldline.insight.style import COLORS, look
from foldline.insight.templates import shaded

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
