"""Drawings of space warping: the plane, what a layer makes of it, and the way there as an animation."""

import io
import os
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float64, Int

from foldline.core.files import atomic_path
from foldline.core.progress import tracking
from foldline.insight.fold_pictures import draw_points
from foldline.insight.folds import find_folds
from foldline.insight.style import COLORS, SERIES, look
from foldline.insight.warping import Warp

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Of two units, as the lecture calls the quadrants: which are above 0, and the letter.
QUADRANTS = {(True, True): "A", (False, True): "B", (False, False): "C", (True, False): "D"}
MARGIN = 0.06
FRAMES, STILL_FRAMES, FRAME_MS = 30, 8, 60
GIF_DPI = 80


def warp_picture(
    warp: Warp, *, X: Float[np.ndarray, "n d"] | None = None, labels: Int[np.ndarray, " n"] | None = None
) -> "Figure":
    """Draw the plane in its regions, the layer as a linear map, and the layer with its activation, side by side.

    Args:
        warp: from `find_warp`.
        X: (N, D) vectors to mark.
        labels: (N,) index of each one's class.
    Returns: a figure for `svg_text`.
    Raises: ShapeError for vectors of another space or another number of labels; DtypeError for labels that are no
        indices.
    Convention: where the layer is the last hidden one, the decision boundary is drawn in the plane, and, if the layer
        has two units, as the line that it is there.
    """
    from matplotlib.figure import Figure

    n_units = warp.net.widths[warp.layer - 1]
    activation = "ReLU" if warp.net.slopes[warp.layer - 1] == 0 else "leaky ReLU"
    steps = (
        ("the plane", warp.corners, None if X is None else warp.plane.coordinates(X)),
        ("h = W x + b" if warp.layer == 1 else f"layer {warp.layer}: W h + b", *_seen(warp, X, is_folded=False)),
        (f"h = {activation}(W {'x' if warp.layer == 1 else 'h'} + b)", *_seen(warp, X, is_folded=True)),
    )
    with look():
        figure = Figure(figsize=(11.4, 4.0), layout="constrained")
        for axes, (title, corners, points) in zip(figure.subplots(1, 3), steps, strict=True):
            _draw(axes, warp, corners, points, labels)
            axes.set_title(title)
        plane, _, folded = figure.axes
        plane.set(xlabel="x1", ylabel="x2") if warp.net.n_in == 2 else plane.set(xlabel="a", ylabel="b")
        for axes in figure.axes[1:]:
            _label_view(axes, n_units)
        if warp.layer == len(warp.net.widths):
            for segment in find_folds(warp.net, warp.plane).boundary.segments:
                plane.plot(*segment.T, color=COLORS["ink"], linewidth=2.2, zorder=3)
            if n_units == 2:
                _draw_last_line(folded, warp)
    return figure


def write_warp_animation(
    warp: Warp,
    path: str | os.PathLike[str],
    *,
    X: Float[np.ndarray, "n d"] | None = None,
    labels: Int[np.ndarray, " n"] | None = None,
) -> None:
    """Write a GIF in which the plane is first moved by W x + b and then folded by the activation.

    Args:
        warp: from `find_warp`.
        path: where to; usually ends in .gif.
        X: (N, D) vectors to mark.
        labels: (N,) index of each one's class.
    Raises: SaveError if the file cannot be written; and what `warp_picture` raises.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    plane = warp.corners, np.empty((0, 2)) if X is None else warp.plane.coordinates(X)
    linear, folded = (
        tuple(np.empty((0, 2)) if part is None else part for part in _seen(warp, X, is_folded=is_folded))
        for is_folded in (False, True)
    )
    extent = np.concatenate([plane[0], linear[0], folded[0]])
    frames = []
    ways = ((plane, linear, "W x + b"), (linear, folded, "activation"))
    with tracking("animation", len(ways) * (FRAMES + STILL_FRAMES)) as advance:
        for (start, end, title), frame in product(ways, range(FRAMES + STILL_FRAMES)):
            t = min(frame / (FRAMES - 1), 1.0)
            share = t * t * (3 - 2 * t)  # starts and stops gently
            corners, points = ((1 - share) * a + share * b for a, b in zip(start, end, strict=True))
            with look():
                figure = Figure(figsize=(4.6, 4.6), dpi=GIF_DPI, facecolor="white", layout="constrained")
                axes = figure.add_subplot()
                _draw(axes, warp, corners, points if len(points) else None, labels)
                _frame(axes, extent)
                axes.set_title(title)
                canvas = FigureCanvasAgg(figure)
                canvas.draw()  # type: ignore[no-untyped-call]  # untyped in matplotlib
                pixels = np.asarray(canvas.buffer_rgba())[..., :3]  # type: ignore[no-untyped-call]  # likewise
            frames.append(Image.fromarray(pixels).quantize(64))
            advance(1, "")
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=FRAME_MS, loop=0, optimize=True)
    with atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getvalue())


def _seen(
    warp: Warp, X: Float[np.ndarray, "n d"] | None, *, is_folded: bool
) -> tuple[Float64[np.ndarray, "v 2"], Float64[np.ndarray, "n 2"] | None]:
    """Give corners and vectors in the layer's space, along the view."""
    corners = warp.folded if is_folded else warp.linear
    return corners @ warp.view, None if X is None else warp(X)[int(is_folded)] @ warp.view


def _draw(
    axes: "Axes",
    warp: Warp,
    corners: Float64[np.ndarray, "v 2"],
    points: Float64[np.ndarray, "n 2"] | None,
    labels: Int[np.ndarray, " n"] | None,
) -> None:
    from matplotlib.collections import PolyCollection

    polygons, tints = np.split(corners, warp.starts[1:-1]), _tints(warp)
    # What a single unit makes of the plane has no area: its edges are all there is to see.
    is_line = not np.ptp(corners[:, 1])
    edges, width = (tints, 8.0) if is_line else (COLORS["muted"], 0.5)
    axes.add_collection(PolyCollection(polygons, facecolors=tints, edgecolors=edges, linewidths=width, zorder=1))
    if warp.net.widths[warp.layer - 1] == 2 and warp.layer == 1:
        _name_quadrants(axes, warp, corners)
    if points is not None:
        draw_points(axes, points, labels)
    axes.grid(visible=False)
    axes.axhline(0, color=COLORS["ink"], linewidth=0.8, zorder=2)
    axes.axvline(0, color=COLORS["ink"], linewidth=0.8, zorder=2)
    _frame(axes, corners)


def _frame(axes: "Axes", corners: Float64[np.ndarray, "v 2"]) -> None:
    low, high = corners.min(axis=0), corners.max(axis=0)
    middle, half = (low + high) / 2, (0.5 + MARGIN) * max(float((high - low).max()), 1e-9)
    axes.set(xlim=(middle[0] - half, middle[0] + half), ylim=(middle[1] - half, middle[1] + half), aspect="equal")


def _tints(warp: Warp) -> Float64[np.ndarray, "p 4"]:
    """Give one colour to all pieces of a region; neighbours differ in one unit."""
    from matplotlib.colors import to_rgb

    if warp.patterns.shape[1] == 2:
        which = np.array([list(QUADRANTS).index(tuple(pattern)) for pattern in warp.patterns.tolist()])
    else:
        which = (warp.patterns @ (1 + np.arange(warp.patterns.shape[1]))) % len(SERIES)
    rgba = np.empty((len(warp.patterns), 4))
    rgba[:, :3] = np.array([to_rgb(color) for color in SERIES])[which]
    rgba[:, 3] = 0.28
    return rgba


def _name_quadrants(axes: "Axes", warp: Warp, corners: Float64[np.ndarray, "v 2"]) -> None:
    from matplotlib.patheffects import withStroke

    polygons = np.repeat(np.arange(len(warp.patterns)), np.diff(warp.starts))
    for pattern, letter in QUADRANTS.items():
        is_here = (warp.patterns == pattern).all(axis=1)[polygons]
        if is_here.any():
            x, y = corners[is_here].mean(axis=0)
            axes.text(
                float(x),
                float(y),
                letter,
                fontsize=15,
                fontweight="bold",
                ha="center",
                va="center",
                path_effects=[withStroke(linewidth=3, foreground="white")],
                zorder=5,
            )


def _label_view(axes: "Axes", n_units: int) -> None:
    if n_units == 2:
        axes.set(xlabel="h1", ylabel="h2")
    elif n_units > 2:
        axes.set(xlabel=f"first direction of {n_units} units", ylabel="second direction")


def _draw_last_line(axes: "Axes", warp: Warp) -> None:
    """Draw where the scores of two classes are equal in the plane of two units."""
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    grid = np.stack(np.meshgrid(np.linspace(left, right, 200), np.linspace(bottom, top, 200)), axis=-1)
    scores = grid @ warp.net.weights[-1].T + warp.net.biases[-1]
    for k in range(scores.shape[-1]):
        lead = scores[..., k] - np.delete(scores, k, axis=-1).max(axis=-1)
        if lead.min() < 0 < lead.max():
            axes.contour(grid[..., 0], grid[..., 1], lead, levels=[0], colors=COLORS["ink"], linewidths=2.2, zorder=3)
