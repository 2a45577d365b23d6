"""Drawing of a net without activation: its matrices as heat maps, and their product."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64

from foldline.core.errors import ShapeError
from foldline.insight.style import COLORS, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from foldline.insight.collapse import Collapse


def collapse_picture(collapse: "Collapse", *, class_names: Sequence[str] | None = None) -> "Figure":
    """Draw W_L ... W_1 as heat maps, last layer first as in the product, then what they multiply out to.

    Args:
        collapse: from `find_collapse`.
        class_names: K names; None for numbers.
    Returns: a figure for `svg_text`.
    Raises: ShapeError for another number of names.
    Convention: each matrix has colours of its own, from minus to plus its largest number.
    """
    from matplotlib.figure import Figure

    if class_names is not None and len(class_names) != len(collapse.W):
        raise ShapeError(
            f"class_names has {len(class_names)} names; expected {len(collapse.W)}, one a class. Name every class."
        )
    n_layers = len(collapse.weights)
    with look():
        figure = Figure(figsize=(2.4 * (n_layers + 1) + 0.8, 3.3), layout="constrained")
        panels = figure.subplots(1, n_layers + 1)
        for axes, layer in zip(panels, range(n_layers, 0, -1), strict=False):
            _draw_matrix(axes, collapse.weights[layer - 1], f"W{layer}")
            axes.set_ylabel("class" if layer == n_layers else f"unit of layer {layer}")
            axes.set_xlabel("input" if layer == 1 else f"unit of layer {layer - 1}")
        product = " ".join(f"W{layer}" for layer in range(n_layers, 0, -1))
        _draw_matrix(
            panels[-1], collapse.W, f"= {product}" if n_layers <= 3 else f"= W{n_layers} \N{HORIZONTAL ELLIPSIS} W1"
        )
        panels[-1].set(xlabel="input", ylabel="class")
        for axes in (panels[0], panels[-1]):
            if class_names is not None:
                axes.set_yticks(range(len(class_names)), class_names, fontsize=8)
                axes.set_ylabel("")
        figure.suptitle(
            f"{n_layers} layers without activation are one linear classifier: scores up to "
            f"{collapse.largest_score:.3g} differ by {collapse.largest_difference:.1e}",
            x=0.01,
            ha="left",
            fontsize=10.5,
            fontweight="bold",
        )
    return figure


def _draw_matrix(axes: "Axes", W: Float64[np.ndarray, "out in"], name: str) -> None:
    from matplotlib.colors import LinearSegmentedColormap, Normalize
    from matplotlib.ticker import MaxNLocator

    largest = max(float(np.abs(W).max()), 1e-300)
    shades = LinearSegmentedColormap.from_list("weights", [COLORS["series-2"], "white", COLORS["series-1"]])
    image = axes.imshow(W, cmap=shades, norm=Normalize(-largest, largest), aspect="auto")
    bar = axes.figure.colorbar(image, ax=axes, location="bottom", ticks=[-largest, 0, largest], aspect=14)
    bar.ax.set_xticklabels([f"\N{MINUS SIGN}{largest:.2g}", "0", f"{largest:.2g}"], fontsize=8)
    bar.outline.set_visible(False)
    axes.set_title(f"{name}  ({W.shape[0]}\N{MULTIPLICATION SIGN}{W.shape[1]})")
    axes.grid(visible=False)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=4, integer=True))
