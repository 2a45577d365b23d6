"""Drawings of loss landscapes: slices with their chords, contours with paths, surfaces side by side."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64

from foldline.core.errors import DataError
from foldline.insight.style import COLORS, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import BoundaryNorm, Colormap
    from matplotlib.figure import Figure

    from foldline.insight.landscapes import LossSlice
    from foldline.insight.lecture_net import LectureSlices
    from foldline.insight.loss_planes import LossPlane

MARKED_MINIMA = 12  # more marks than that hide the curve
N_LEVELS = 14
WIDE = 30.0  # largest over smallest value from which levels are spaced by ratios

KIND_TEXT = {
    "filter": "a random direction, each unit's part as long as its weights",
    "random": "a random direction, as long as all weights",
    "weight": "one weight alone",
    "between": "from one model (0) to another (1)",
    "path": "the plane of the training path",
    "given": "a direction",
}


def slice_picture(found: "LossSlice") -> "Figure":
    """Draw a slice with the chord that it violates most, if any, and its local minima."""
    from matplotlib.figure import Figure

    with look():
        figure = Figure(figsize=(6.4, 4.0), layout="constrained")
        axes = figure.add_subplot()
        _draw_slice(axes, found, is_small=False)
        axes.set_title(_slice_title(found))
        axes.set(xlabel=f"step: {KIND_TEXT[found.kind]}{_seed(found)}", ylabel="objective")
        figure.legend(fontsize=8.5, loc="outside lower center", ncols=3)
    return figure


def lecture_picture(found: "LectureSlices") -> "Figure":
    """Draw the slice that was kept of each kind, with its seed and how many seeds were of that kind."""
    from matplotlib.figure import Figure

    if not found.slices:
        raise DataError(
            f"none of {found.n_seeds} seeds gave a slice to show; expected at least one. Look at more seeds."
        )
    with look():
        n_columns = min(len(found.slices), 2)
        n_rows = -(-len(found.slices) // 2)
        figure = Figure(figsize=(3.9 * n_columns + 0.4, 2.6 * n_rows + 0.3), layout="constrained")
        for i, (kind, one) in enumerate(found.slices.items()):
            axes = figure.add_subplot(n_rows, n_columns, i + 1)
            _draw_slice(axes, one, is_small=True)
            axes.set_title(f"{kind}: seed {one.seed}")
            axes.text(
                1.0, 1.02, f"{found.counts[kind]} of {found.n_seeds} seeds", ha="right", va="bottom", fontsize=8,
                color=COLORS["muted"], transform=axes.transAxes,
            )  # fmt: skip
        figure.supxlabel("step of one weight, in lengths of its row", fontsize=9.5)
        figure.supylabel("loss", fontsize=9.5)
    return figure


def plane_picture(found: "LossPlane") -> "Figure":
    """Draw the contours of a plane, with the fitted weights, local minima and the path."""
    from matplotlib.figure import Figure

    with look():
        figure = Figure(figsize=(6.2, 5.2), layout="constrained")
        axes = figure.add_subplot()
        levels = _levels(found.values)
        filled = axes.contourf(
            found.steps_1, found.steps_2, found.values, levels=levels, cmap=_colors(), norm=_norm(levels), extend="max"
        )
        lines = axes.contour(
            found.steps_1, found.steps_2, found.values, levels=levels, colors=COLORS["ink"], linewidths=0.5, alpha=0.6
        )
        axes.clabel(lines, levels[::2], fmt="%.3g", fontsize=7)
        figure.colorbar(filled, ax=axes, label="objective", format="%.3g")
        if found.path is not None:
            axes.plot(
                *found.path.T, color=COLORS["series-2"], marker="o", markersize=3.5, linewidth=1.6,
                label="training, an epoch a dot",
            )  # fmt: skip
            axes.plot(*found.path[0], "s", color=COLORS["series-2"], markersize=8, label="first epoch")
        axes.plot(0, 0, "*", color=COLORS["series-4"], markersize=13, markeredgecolor="white", label="fitted weights")
        if found.kind == "between":
            axes.plot(1, 0, "D", color=COLORS["series-2"], markersize=7, markeredgecolor="white", label="other model")
        for i, (row, column) in enumerate(found.minima[:MARKED_MINIMA]):
            axes.plot(
                found.steps_1[column], found.steps_2[row], "v", color=COLORS["series-5"], markersize=7,
                markerfacecolor="none", label="local minimum" if i == 0 else None,
            )  # fmt: skip
        axes.grid(visible=False)
        axes.set(xlabel="first direction", ylabel="second direction")
        axes.set_title(_plane_title(found), fontsize=9.5)
        figure.legend(fontsize=8.5, loc="outside lower center", ncols=4)
    return figure


def surfaces_picture(planes: Mapping[str, "LossPlane"]) -> "Figure":
    """Draw planes as surfaces beside each other, such as the bowl of a linear classifier and the hills of a net.

    Args:
        planes: by their titles; at least one.
    Raises: DataError if there is none.
    """
    from matplotlib.figure import Figure

    if not planes:
        raise DataError("there is no plane to draw; expected at least one. Give planes by their titles.")
    with look():
        figure = Figure(figsize=(4.6 * len(planes), 3.9), layout="constrained")
        for i, (title, found) in enumerate(planes.items()):
            axes = figure.add_subplot(1, len(planes), i + 1, projection="3d")
            levels = _levels(found.values)
            axes.plot_surface(
                *np.meshgrid(found.steps_1, found.steps_2), found.values, cmap=_colors(), norm=_norm(levels),
                rcount=60, ccount=60, linewidth=0.15, edgecolor=COLORS["muted"], antialiased=True,
            )  # fmt: skip
            axes.set_title(title)
            axes.set(xlabel="first direction", ylabel="second direction", zlabel="objective")
            axes.view_init(elev=32, azim=-58)
            axes.tick_params(labelsize=7.5)
            axes.set_box_aspect(None, zoom=0.9)  # else the label of the height is cut off
    return figure


def _draw_slice(axes: "Axes", found: "LossSlice", *, is_small: bool) -> None:
    steps, values = found.steps, found.values
    axes.plot(steps, values, color=COLORS["series-1"], label="objective")
    violation = found.convexity.violation
    if violation is not None:
        x1, x2 = float(violation.x1), float(violation.x2)  # type: ignore[arg-type]  # of a slice they are numbers
        between = violation.t * x1 + (1 - violation.t) * x2
        axes.plot(
            [x1, x2], [violation.f1, violation.f2], color=COLORS["series-2"], linestyle="--", linewidth=1.4,
            marker="o", markersize=4, label="a chord that it lies above",
        )  # fmt: skip
        axes.plot([between, between], [violation.chord, violation.f_between], color=COLORS["series-4"], linewidth=2.2)
    minima = list(found.minima)
    if len(minima) <= MARKED_MINIMA and (is_small or len(minima) > 1):
        axes.plot(
            steps[minima], values[minima], "v", color=COLORS["series-5"], markersize=8, markerfacecolor="none",
            zorder=4, label="local minima",
        )  # fmt: skip
    for at, text, marker in ((0.0, "fitted weights", "*"), (1.0, "other model", "D")):
        if is_small or (at and found.kind != "between") or not steps[0] <= at <= steps[-1]:
            continue
        axes.plot(
            at, np.interp(at, steps, values), marker, color=COLORS["series-4"], markersize=10 if at == 0 else 6,
            linestyle="none", label=text,
        )  # fmt: skip


def _slice_title(found: "LossSlice") -> str:
    minima = f"{len(found.minima)} local minim{'um' if len(found.minima) == 1 else 'a'}"
    return f"{_short_verdict(found)}; {minima}"


def _plane_title(found: "LossPlane") -> str:
    share = "" if found.path_share is None else f"; {100 * found.path_share:.0f} % of its way lies in it"
    return f"{_short_verdict(found)}\n{KIND_TEXT[found.kind]}{_seed(found)}{share}"


def _short_verdict(found: "LossSlice | LossPlane") -> str:
    if found.structure.is_convex:
        return "convex by structure"
    if found.convexity.violation is None:
        return f"no violation of convexity in {found.convexity.n_samples:,} samples"
    return "not convex"


def _seed(found: "LossSlice | LossPlane") -> str:
    return "" if found.kind in ("between", "path") else f", seed {found.seed}"


def _levels(values: Float64[np.ndarray, "q p"]) -> Float64[np.ndarray, " l"]:
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.array([low - 0.5, low + 0.5])
    if low > 0 and high / low > WIDE:
        return np.geomspace(low, high, N_LEVELS)
    # Closer to each other where the valley is: squares are evenly spaced for a bowl.
    return low + (high - low) * np.linspace(0, 1, N_LEVELS) ** 2


def _norm(levels: Float64[np.ndarray, " l"]) -> "BoundaryNorm":
    from matplotlib.colors import BoundaryNorm

    return BoundaryNorm(levels, ncolors=256, extend="max")


def _colors() -> "Colormap":
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("loss", ["#ffffff", "#8fbcdc", COLORS["series-1"]])
