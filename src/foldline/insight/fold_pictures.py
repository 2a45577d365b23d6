"""Drawings of exact folds: regions in the colours of their classes, folds layer by layer, the decision boundary."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float64, Int, UInt8

from foldline.core.checks import axes as check_axes
from foldline.core.checks import is_list
from foldline.core.errors import DtypeError, SettingError, ShapeError
from foldline.insight.folds import Folds
from foldline.insight.style import COLORS, MARKERS, SERIES, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TINTS = (0.10, 0.16, 0.22, 0.28, 0.34)  # opacity of a region's colour, so that neighbours can be told apart
LAYER_STYLES = ("solid", (0, (5, 2)), (0, (2, 1.5)), (0, (1, 1.2)))
MOST_POINTS = 2_000
NAMED_SHARE = 0.01  # of the window, that a class must win to be named
NAMING_GRID = 80
THUMBNAIL_PT = 44
MOST_OBLONG = 8  # of a window, that is drawn with one scale for both sides


def folds_picture(
    folds: Folds,
    *,
    X: Float[np.ndarray, "n d"] | None = None,
    labels: Int[np.ndarray, " n"] | None = None,
    class_names: Sequence[str] | None = None,
    images: UInt8[np.ndarray, "n h w c"] | None = None,
    title: str | None = None,
) -> "Figure":
    """Draw a plane with its linear regions, the folds between them and the decision boundary.

    Args:
        folds: from `find_folds`.
        X: (N, D) vectors to mark, where they lie on the plane or are nearest to it; the first 2,000 are.
        labels: (N,) index of each one's class.
        class_names: K names; None for numbers.
        images: (N, H, W, C) what X was computed from, drawn there; a few.
        title: what stands above; None for the counts.
    Returns: a figure for `svg_text`; one scale for both sides unless the window is eight times as long as wide.
    Raises: ShapeError for vectors of another space, or other numbers of labels, names or images; DtypeError for labels
        that are no indices; SettingError for names that are no list.
    """
    from matplotlib.figure import Figure

    if X is not None and images is not None:
        check_axes(images, f"{len(X)} h w c", name="images", fix="Give one image for each vector.")
    with look():
        shape = _height_by_width(folds)
        figure = Figure(figsize=(6.4, float(np.clip(5.6 * shape, 3.0, 8.0)) + 0.9), layout="compressed")
        axes = figure.add_subplot()
        draw_folds(axes, folds, X=X, labels=labels, class_names=class_names)
        if X is not None and images is not None:
            _draw_images(axes, folds.plane.coordinates(X), images)
        if folds.n_units:
            figure.legend(loc="outside lower left", ncols=4, fontsize=8.5)
        n_bent = int((folds.fold_lengths > 0).sum())
        counts = f"{folds.n_regions:,} linear regions, {n_bent:,} of {folds.n_units:,} units fold here"
        axes.set_title(counts if title is None else title)
    return figure


def draw_folds(
    axes: "Axes",
    folds: Folds,
    *,
    X: Float[np.ndarray, "n d"] | None = None,
    labels: Int[np.ndarray, " n"] | None = None,
    class_names: Sequence[str] | None = None,
    with_names: bool = True,
) -> None:
    """Draw what `folds_picture` shows into axes of the caller's."""
    names = _checked_names(class_names, folds.net.n_classes)
    _draw_regions(axes, folds)
    _draw_lines(axes, folds)
    _draw_boundary(axes, folds)
    if X is not None:
        draw_points(axes, folds.plane.coordinates(X), labels)
    if with_names:
        _draw_names(axes, folds, names)
    left, right, bottom, top = folds.plane.window
    is_oblong = not 1 / MOST_OBLONG <= _height_by_width(folds) <= MOST_OBLONG
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="auto" if is_oblong else "equal")
    axes.grid(visible=False)


def _draw_images(axes: "Axes", points: Float64[np.ndarray, "n 2"], images: UInt8[np.ndarray, "n h w c"]) -> None:
    from matplotlib.colors import Normalize
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    for point, image in zip(points, images, strict=True):
        pixels = image if image.shape[-1] == 3 else image[..., 0]
        thumbnail = OffsetImage(
            pixels,
            zoom=THUMBNAIL_PT / max(image.shape[:2]),
            cmap="gray",
            norm=Normalize(0, 255),
            interpolation="nearest",
        )
        frame = {"edgecolor": COLORS["ink"], "linewidth": 1}
        box = AnnotationBbox(thumbnail, tuple(point), pad=0.15, bboxprops=frame, zorder=6)
        axes.add_artist(box)


def draw_points(axes: "Axes", points: Float64[np.ndarray, "n 2"], labels: Int[np.ndarray, " n"] | None) -> None:
    """Mark points of the plane, 2,000 at most, each class by its colour and its shape.

    Raises: ShapeError for another number of labels; DtypeError for labels that are no indices.
    """
    labels = np.zeros(len(points), int) if labels is None else np.asarray(labels)
    check_axes(labels, f"{len(points)}", name="labels", fix="Give one label for each vector.")
    if labels.dtype.kind not in "iub":
        raise DtypeError(
            f"labels has dtype {labels.dtype}; expected whole numbers, the index of each one's class. Take "
            f"np.unique(labels, return_inverse=True)[1]."
        )
    points, labels = points[:MOST_POINTS], labels[:MOST_POINTS].astype(int)
    for label in np.unique(labels):
        chosen = points[labels == label]
        axes.scatter(
            chosen[:, 0],
            chosen[:, 1],
            s=20,
            marker=MARKERS[label % len(MARKERS)],
            color=class_color(int(label)),
            edgecolors="white",
            linewidths=0.6,
            zorder=4,
        )


def class_color(index: int) -> str:
    """Give the colour of a class; from the sixth on colours come again, and marks and names tell classes apart."""
    return SERIES[index % len(SERIES)]


def _draw_regions(axes: "Axes", folds: Folds) -> None:
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgb

    parts = folds.parts
    polygons = np.split(parts.corners, parts.starts[1:-1])
    rgba = np.empty((len(polygons), 4))
    rgba[:, :3] = [to_rgb(class_color(int(winner))) for winner in parts.winners]
    # Neighbours differ in one unit, so that their counts of units above 0 tell them apart.
    n_above = folds.patterns.sum(axis=1)[parts.regions]
    rgba[:, 3] = np.asarray(TINTS)[n_above % len(TINTS)]
    axes.add_collection(
        PolyCollection(
            polygons, facecolors=rgba, edgecolors="none", antialiaseds=False, rasterized=len(polygons) > 20_000
        )
    )


def _draw_lines(axes: "Axes", folds: Folds) -> None:
    from matplotlib.collections import LineCollection

    segments, units = folds.fold_lines
    ends = np.cumsum(folds.net.widths)
    layers = np.searchsorted(ends, units, side="right")
    # Many folds are drawn thin, so that the boundary is still seen among them.
    width = float(np.clip(30 / np.sqrt(max(len(segments), 1)), 0.25, 1.1))
    for layer in range(len(ends)):
        axes.add_collection(
            LineCollection(
                list(segments[layers == layer]),
                colors=COLORS["ink"] if layer == 0 else COLORS["muted"],
                linewidths=width * (1.0 if layer == 0 else 0.8),
                linestyles=LAYER_STYLES[min(layer, len(LAYER_STYLES) - 1)],
                zorder=2,
                label=f"folds of layer {layer + 1}",
            )
        )


def _draw_boundary(axes: "Axes", folds: Folds) -> None:
    from matplotlib.collections import LineCollection

    segments = list(folds.boundary.segments)
    for color, width in (("white", 4.2), (COLORS["ink"], 2.2)):  # a pale edge sets it off from the folds
        axes.add_collection(LineCollection(segments, colors=color, linewidths=width, capstyle="round", zorder=3))


def _draw_names(axes: "Axes", folds: Folds, names: Sequence[str]) -> None:
    """Write each class's name where it is farthest from all others."""
    from matplotlib.patheffects import withStroke
    from scipy.ndimage import distance_transform_edt

    left, right, bottom, top = folds.plane.window
    grid_a, grid_b = np.linspace(left, right, NAMING_GRID), np.linspace(bottom, top, NAMING_GRID)
    points = np.stack(np.meshgrid(grid_a, grid_b), axis=-1).reshape(-1, 2)
    winners = folds.net.scores(folds.plane.at(points)).argmax(axis=1).reshape(NAMING_GRID, NAMING_GRID)
    for k in np.flatnonzero(folds.class_areas > NAMED_SHARE * folds.class_areas.sum()):
        depth = distance_transform_edt(np.pad(winners == k, 1))[1:-1, 1:-1]
        row, col = np.unravel_index(depth.argmax(), depth.shape)
        axes.text(
            float(grid_a[col]),
            float(grid_b[row]),
            names[int(k)],
            ha="center",
            va="center",
            fontsize=9,
            fontweight="bold",
            color=class_color(int(k)),
            path_effects=[withStroke(linewidth=3, foreground="white")],
            clip_on=True,
            zorder=5,
        )


def _height_by_width(folds: Folds) -> float:
    left, right, bottom, top = folds.plane.window
    return (top - bottom) / (right - left)


def _checked_names(class_names: Sequence[str] | None, n_classes: int) -> Sequence[str]:
    if class_names is None:
        return [f"class {k}" for k in range(n_classes)]
    if not is_list(class_names):
        raise SettingError(
            f"class_names is {class_names!r}; expected a list of {n_classes} names. "
            "Write a list, such as ['cat', 'dog']."
        )
    if len(class_names) != n_classes:
        raise ShapeError(
            f"class_names has {len(class_names)} names; expected {n_classes}, one a class. Name every class."
        )
    return class_names
