"""Drawings of randomly wired networks: the graph from input to output, edges as wide as they weigh."""

from typing import TYPE_CHECKING, Any

import numpy as np

from foldline.core.errors import SettingError
from foldline.estimators import ImagePipeline, RandomlyWiredClassifier
from foldline.insight.style import COLORS, SERIES, look
from foldline.models import RandWire, RandWireOnImages, Wiring
from foldline.models.randwire_images import Stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_NODES = 64  # that can be told apart
MOST_NAMED = 40
SWEEPS = 8
THIN = 0.3  # as a weight
BEND = 0.22  # of long edges, so that they pass by the nodes between

Place = tuple[float, float]


def wiring_picture(model: object, *, title: str | None = None) -> "Figure":
    """Draw the graph of a randomly wired network, a column for each depth, input on the left and output on the right.

    The graphs of several stages stand below each other.

    Args:
        model: a `Wiring`, a `RandWire`, a `RandWireOnImages`, or a fitted RandomlyWiredClassifier, alone or in an
            ImagePipeline; with at most 64 nodes a graph.
        title: what stands above; None for the numbers of nodes and edges.
    Raises: SettingError for other models, or more nodes.
    Convention: an edge is as wide and as dark as its weight in (0, 1), and thin in a graph that is no net. Those into
        the output are dashed: they have no weight, as the output is their mean.
    """
    from matplotlib.figure import Figure

    stages = stages_of(model)
    wirings = [wired_net(stage)[0] for stage in stages]
    heights = [min(1.0 + 0.55 * max(np.bincount(wiring.depths).max(), 3), 7) for wiring in wirings]
    width = min(max(2.6 + 0.72 * max(wiring.depth for wiring in wirings), 5.6), 13)
    with look():
        figure = Figure(figsize=(width, sum(heights)), layout="constrained")
        rows = figure.subplots(len(stages), squeeze=False, height_ratios=heights)[:, 0]
        for number, (axes, stage) in enumerate(zip(rows, stages, strict=True), start=1):
            draw_wiring(axes, stage, title=title if len(stages) == 1 else _title_of(wired_net(stage)[0], number))
        if title is not None and len(stages) > 1:
            figure.suptitle(title)
    return figure


def stages_of(model: object) -> list[object]:
    """Give what has a graph each: the stages of a net of images, else the model itself.

    Raises: SettingError for a model without a graph, or one of more than 64 nodes.
    """
    if isinstance(model, ImagePipeline):
        model = getattr(model, "classifier_", model.classifier)
    if isinstance(model, RandomlyWiredClassifier):
        model = getattr(model, "model_", model)
    return list(model.stages) if isinstance(model, RandWireOnImages) else [model]


def draw_wiring(axes: "Axes", model: object, *, title: str | None = None) -> None:
    """Draw what `wiring_picture` does of one graph on axes of a figure; call it inside `look`."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import FancyArrowPatch

    wiring, weights = wired_net(model)
    places = node_places(wiring)
    start, end = (0.0, 0.0), (wiring.depth + 1.0, 0.0)

    def arrow(a: Place, b: Place, *, weight: float | None) -> None:
        length = b[0] - a[0]
        side = 1.0 if a[1] + b[1] >= 0 else -1.0
        head = "-|>" if weight is None else f"-|>,head_length={2 + 3 * weight},head_width={0.8 + 1.6 * weight}"
        axes.add_patch(
            FancyArrowPatch(
                a,
                b,
                arrowstyle=head,
                connectionstyle=f"arc3,rad={-side * BEND / length**0.3 if length > 1.5 else 0}",
                shrinkA=7,
                shrinkB=8,
                zorder=1,
                **_style(weight),
            )
        )

    for node, sources in enumerate(wiring.sources):
        for source, weight in zip([places[one] for one in sources] or [start], weights[node], strict=True):
            arrow(source, places[node], weight=float(weight))
    for node in wiring.outlets:
        arrow(places[node], end, weight=None)
    xs, ys = np.array(list(places.values())).T
    axes.scatter(xs, ys, s=150, color="white", edgecolors=COLORS["ink"], linewidths=1.1, zorder=3)
    if wiring.n_nodes <= MOST_NAMED:
        for node, (x, y) in places.items():
            axes.text(x, y, str(node), ha="center", va="center", fontsize=6.8, zorder=4)
    for (x, y), name, side in ((start, "input", "right"), (end, "output", "left")):
        axes.scatter([x], [y], s=170, marker="s", color=COLORS["ink"], zorder=3)
        axes.text(x + (-0.28 if side == "right" else 0.28), y, name, ha=side, va="center", fontweight="bold")
    axes.set_title(title or _title_of(wiring))
    axes.set_xlim(-1.1, wiring.depth + 2.2)
    reach = float(np.abs(ys).max()) + 0.45
    axes.set_ylim(-reach, reach)
    axes.set_axis_off()
    if isinstance(model, Wiring):
        return
    named = [(f"weight {weight:g}", weight) for weight in (0.2, 0.5, 0.8)]
    lines = [Line2D([], [], label=name, **_style(weight)) for name, weight in [*named, ("mean", None)]]
    axes.legend(handles=lines, loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=4, fontsize=8.5)


def wired_net(model: object) -> tuple[Wiring, list[np.ndarray]]:
    """Give the graph of a net or of a stage and the weights of the edges into each node, alike in one that is no net.

    Raises: SettingError for a model without a graph, or one of more than 64 nodes.
    """
    if isinstance(model, RandWire | Stage):
        wiring, weights = model.wiring, [np.asarray(of_node) for of_node in model.edge_weights]
    elif isinstance(model, Wiring):
        wiring, weights = model, [np.full(max(len(sources), 1), THIN) for sources in model.sources]
    else:
        raise SettingError(
            f"the model is a {type(model).__name__}; expected a graph: a Wiring, a RandWire, or a fitted "
            f"RandomlyWiredClassifier, alone or in an ImagePipeline. Fit one of these first."
        )
    if wiring.n_nodes > MOST_NODES:
        raise SettingError(
            f"the graph has {wiring.n_nodes} nodes; expected at most {MOST_NODES}, so that each can be seen. Draw a "
            f"smaller one."
        )
    return wiring, weights


def _title_of(wiring: Wiring, stage: int | None = None) -> str:
    parts = f", {wiring.n_parts} parts" if wiring.n_parts > 1 else ""
    told = f"{wiring.n_nodes} nodes, {len(wiring.edges)} edges{parts}"
    return told if stage is None else f"stage {stage}: {told}"


def _style(weight: float | None) -> dict[str, Any]:
    """Give the stroke of an edge of a weight in (0, 1), or of one into the output, which has none."""
    if weight is None:
        return {"linewidth": 0.9, "linestyle": (0, (3, 2)), "color": COLORS["muted"], "alpha": 0.85}
    return {"linewidth": 0.3 + 4.5 * weight**2, "color": SERIES[0], "alpha": 0.3 + 0.6 * weight}


def node_places(wiring: Wiring) -> dict[int, Place]:
    """Put each node into the column of its depth, from 1 on, near the middle of its neighbours."""
    columns = [[node for node, depth in enumerate(wiring.depths) if depth == d] for d in range(1, wiring.depth + 1)]
    neighbours: dict[int, list[int]] = {node: list(sources) for node, sources in enumerate(wiring.sources)}
    for source, target in wiring.edges:
        neighbours[source].append(target)
    y = {node: place for column in columns for node, place in zip(column, _spread(len(column)), strict=True)}
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = {node: float(np.mean([y[one] for one in neighbours[node]] or [y[node]])) for node in column}
            ordered = sorted(column, key=lambda node: (wanted[node], node))
            y |= dict(zip(ordered, _spread(len(column)), strict=True))
    # Neighbouring columns of one node each would lie on one line, and hide long edges behind them.
    stagger = {node: 0.22 * (-1) ** depth for node, depth in enumerate(wiring.depths)}
    return {node: (float(wiring.depths[node]), y[node] + stagger[node]) for node in y}


def _spread(n: int) -> list[float]:
    return [float(place) for place in (np.arange(n) - (n - 1) / 2) * -1.15]
