"""Drawings of hand-made features: gradients as glyphs, colours as bars, several features as one vector."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32, UInt8

from foldline.core.checks import axes as check_axes
from foldline.core.errors import SettingError
from foldline.features import HOG, ColorHistogram
from foldline.features.image_feature import ImageFeature
from foldline.insight.style import COLORS, SERIES, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_COLORS_SHOWN = 24
MARKED = (("strong edges in one direction", "D"), ("edges in all directions", "s"), ("weak edges", "o"))


def oriented_cells(image: UInt8[np.ndarray, "h w c"], feature: HOG) -> Float32[np.ndarray, "rows cols bins"]:
    """Compute the histogram of gradient directions of every cell of an image, before any normalisation.

    Args:
        image: (H, W, C).
        feature: its block_cells does not count.
    """
    plain = HOG(
        cell_px=feature.cell_px,
        n_orientations=feature.n_orientations,
        signed=feature.signed,
        votes=feature.votes,
        block_cells=None,
    )
    height, width, _ = check_axes(image, "h w c", name="image", fix="Give one image at a time.")
    shape = (height // feature.cell_px, width // feature.cell_px, feature.n_orientations)
    return np.asarray(plain.fit_transform(image[None])).reshape(shape)


def telling_cells(cells: Float32[np.ndarray, "rows cols bins"]) -> list[tuple[int, int]]:
    """Find three cells (row, col): strong edges in one direction, edges in all directions, weak edges.

    Of the cells whose sum of votes is in the highest tenth, the one whose largest bin has the greatest share, and the
    one whose largest bin has the least; of all cells, the one in the middle of the lowest tenth of sums.
    """
    sums = cells.sum(axis=-1)
    peaks = cells.max(axis=-1) / np.maximum(sums, 1e-12)
    is_strong = sums >= np.quantile(sums, 0.9)
    one, many = np.where(is_strong, peaks, -1).argmax(), np.where(is_strong, peaks, 2).argmin()
    weak = np.argsort(sums, axis=None)[sums.size // 20]
    return [(int(index) // sums.shape[1], int(index) % sums.shape[1]) for index in (one, many, weak)]


def hog_picture(image: UInt8[np.ndarray, "h w c"], feature: HOG | None = None) -> "Figure":
    """Draw an image, its cells as glyphs of edge directions, and the histograms of three telling cells.

    Args:
        image: (H, W, C).
        feature: None for cells of 8x8 pixels and nine directions, the lecture's.
    Returns: a figure for `svg_text`.
    Convention: a glyph's lines run along the edge, at right angles to the gradient, as long as the votes are many.
    """
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    feature = HOG(block_cells=None) if feature is None else feature
    cells, side = oriented_cells(image, feature), feature.cell_px
    n_rows, n_cols, n_bins = cells.shape
    width_deg = (360 if feature.signed else 180) / n_bins
    directions = np.deg2rad(width_deg * (np.arange(n_bins) + 0.5) + 90)
    rows, cols, bins = np.nonzero(cells > 0.02 * np.quantile(cells.max(axis=-1), 0.99))
    lengths = np.minimum(cells[rows, cols, bins] / np.quantile(cells.max(axis=-1), 0.95), 1.0) * side / 2
    middles = np.stack([cols, rows], axis=1) * side + side / 2
    along = np.stack([np.cos(directions[bins]), np.sin(directions[bins])], axis=1) * lengths[:, None]
    with look():
        figure = Figure(figsize=(11.4, 4.6), layout="constrained")
        grid = figure.add_gridspec(3, 3, width_ratios=(1, 1, 0.5))
        photo, glyphs = figure.add_subplot(grid[:, 0]), figure.add_subplot(grid[:, 1])
        photo.imshow(image if image.shape[-1] == 3 else image[..., 0], cmap="gray", vmin=0, vmax=255)
        lines = LineCollection(
            list(np.stack([middles - along, middles + along], axis=1)), colors=COLORS["ink"], linewidths=0.7
        )
        glyphs.add_collection(lines)
        glyphs.set(xlim=(0, n_cols * side), ylim=(n_rows * side, 0), aspect="equal")
        glyphs.set_title(f"{n_cols} x {n_rows} cells x {n_bins} directions = {cells.size:,} numbers")
        photo.set_title(f"{image.shape[1]} x {image.shape[0]} pixels")
        for axes in (photo, glyphs):
            axes.grid(visible=False)
            axes.tick_params(labelbottom=False, labelleft=False, length=0)
        for place, ((row, col), (what, marker)) in enumerate(zip(telling_cells(cells), MARKED, strict=True)):
            color = SERIES[place if place < 2 else 3]
            for axes in (photo, glyphs):
                axes.plot(
                    (col + 0.5) * side, (row + 0.5) * side, marker, color=color, markeredgecolor="white", markersize=9
                )
            bars = figure.add_subplot(grid[place, 2])
            bars.bar(width_deg * (np.arange(n_bins) + 0.5), cells[row, col], width=0.85 * width_deg, color=color)
            bars.set_title(what, fontsize=8.5)
            bars.set(
                ylim=(0, 1.05 * (cells.max() or 1.0)),
                xticks=[] if place < 2 else [0, 90, 180] if not feature.signed else [0, 180, 360],
            )
            bars.plot(0.04, 0.88, marker, color=color, transform=bars.transAxes, clip_on=False)
        bars.set_xlabel("direction of the gradient, degrees", fontsize=8.5)
    return figure


def color_histogram_picture(image: UInt8[np.ndarray, "h w 3"], *, n_bins: int = 4) -> "Figure":
    """Draw an image beside the bars of its joint colour histogram, each in its own colour, the most common first.

    Args:
        image: (H, W, 3).
        n_bins: boxes a channel.
    """
    from matplotlib.figure import Figure

    shares = np.asarray(ColorHistogram(n_bins=n_bins).fit_transform(image[None]))[0]
    chosen = np.argsort(-shares, kind="stable")[:N_COLORS_SHOWN]
    boxes = np.stack(np.unravel_index(chosen, (n_bins,) * 3), axis=1)
    with look():
        figure = Figure(figsize=(9.4, 3.4), layout="constrained")
        photo, bars = figure.subplots(1, 2, width_ratios=(1, 1.5))
        photo.imshow(image)
        photo.set_axis_off()
        bars.bar(
            np.arange(len(chosen)),
            100 * shares[chosen],
            color=(boxes + 0.5) / n_bins,
            edgecolor=COLORS["muted"],
            linewidth=0.5,
        )
        bars.set(
            ylabel="% of the pixels",
            xticks=[],
            xlabel=f"the {len(chosen)} most common of {n_bins**3} boxes of the colour cube",
        )
        bars.grid(visible=False, axis="x")
    return figure


def concatenation_picture(features: Sequence[ImageFeature], image: UInt8[np.ndarray, "h w c"]) -> "Figure":
    """Draw the feature vector of an image, one part a feature, as long as they have numbers, each to its own scale.

    Args:
        features: what is computed, in this order; one or more.
        image: (H, W, C).
    Raises: SettingError for no features.
    """
    from matplotlib.figure import Figure

    if not features:
        raise SettingError("features is empty; expected one or more. Give for example [ColorHistogram(), HOG()].")
    parts = [np.asarray(feature.fit_transform(image[None]))[0] for feature in features]
    parts = [part / max(float(np.abs(part).max()), 1e-12) for part in parts]
    lowest = min(0.0, *(float(part.min()) for part in parts))
    with look():
        figure = Figure(figsize=(9.4, 2.1), layout="constrained")
        axes = figure.add_subplot()
        start = 0
        for index, (feature, part) in enumerate(zip(features, parts, strict=True)):
            _draw_part(axes, part, start, color=SERIES[index % len(SERIES)])
            name = f"{feature.title}: {len(part):,}"
            axes.text(start + len(part) / 2, lowest - 0.12, name, ha="center", va="top", fontsize=9)
            start += len(part)
        axes.axhline(0, color=COLORS["faint"], linewidth=0.8)
        axes.set(xlim=(0, start), ylim=(lowest - 0.45, 1.05))
        axes.set_title(f"one vector of {start:,} numbers")
        axes.set_axis_off()
    return figure


def _draw_part(axes: "Axes", heights: Float32[np.ndarray, " d"], start: int, *, color: str) -> None:
    """Draw numbers as a skyline, up from 0 and down from it."""
    # Some hundred steps are as much as the picture shows; the largest and the least of each stand for it.
    first = np.arange(0, len(heights), max(len(heights) // 300, 1))
    above = np.maximum(np.maximum.reduceat(heights, first), 0)
    below = np.minimum(np.minimum.reduceat(heights, first), 0)
    axes.stairs(above, start + np.append(first, len(heights)), baseline=below, fill=True, color=color, linewidth=0)
