"""Drawings of small nets: units and weights as a graph, and a sum of bent lines unit by unit."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64

from foldline.core.checks import number
from foldline.core.errors import SettingError
from foldline.insight.piecewise import PiecewiseNet, piecewise_net
from foldline.insight.style import COLORS, SERIES, look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_UNITS = 16  # of a layer, that are drawn one by one
FARTHEST = 1e30


def net_picture(model: object) -> "Figure":
    """Draw every unit and every weight of a small net, and its first layer's matrix beside it.

    Element (i, j) of W1 is the effect of x_j on h_i: the line from input j to unit i.

    Args:
        model: as in `piecewise_net`, with at most 16 units a layer.
    Raises: SettingError for larger layers; and what `piecewise_net` raises.
    Convention: blue and solid for weights above 0, orange and dashed below; width by size, within a layer.
    Convention: a weight of 0 is not drawn.
    """
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    net = piecewise_net(model)
    widths = [net.n_in, *net.widths, net.n_classes]
    if max(widths) > MOST_UNITS:
        raise SettingError(
            f"the net has a layer of {max(widths)} units; expected at most {MOST_UNITS}, so that each can be seen. "
            f"Draw a smaller one."
        )
    heights = [np.linspace(0.5, -0.5, n + 2)[1:-1] * (1 + 0.06 * n) for n in widths]
    with look():
        figure = Figure(figsize=(9.4, 3.8), layout="constrained")
        graph, matrix = figure.subplots(1, 2, width_ratios=(2.2, 1))
        for layer, W in enumerate(net.weights):
            units, inputs = np.nonzero(W)
            sizes = W[units, inputs] / max(float(np.abs(W).max()), 1e-12)
            for is_above, color, style in ((True, SERIES[0], "solid"), (False, SERIES[1], (0, (3, 1.5)))):
                some = (sizes > 0) == is_above
                ends = [
                    [(layer, heights[layer][j]), (layer + 1, heights[layer + 1][i])]
                    for i, j in zip(units[some], inputs[some], strict=True)
                ]
                graph.add_collection(
                    LineCollection(ends, colors=color, linestyles=style, linewidths=0.3 + 2.6 * np.abs(sizes[some]))
                )
        for layer, ys in enumerate(heights):
            graph.scatter(np.full(len(ys), layer), ys, s=150, color="white", edgecolors=COLORS["ink"], zorder=3)
            letter = (
                "x" if layer == 0 else "s" if layer == len(heights) - 1 else "h" if len(heights) == 3 else f"h{layer}"
            )
            graph.text(layer, max(map(max, heights)) + 0.12, f"{letter}: {len(ys)}", ha="center", fontweight="bold")
        graph.set_axis_off()
        W = net.weights[0]
        span = float(np.abs(W).max()) or 1.0
        shown = matrix.imshow(W, cmap="PuOr", vmin=-span, vmax=span)
        matrix.set(xlabel="input j", ylabel="unit i", title="W1: effect of x_j on h_i")
        matrix.set(xticks=range(W.shape[1]), yticks=range(W.shape[0]))
        matrix.set_xticklabels(range(1, W.shape[1] + 1))
        matrix.set_yticklabels(range(1, W.shape[0] + 1))
        matrix.grid(visible=False)
        figure.colorbar(shown, ax=matrix, shrink=0.7)
    return figure


def bends(net: PiecewiseNet) -> tuple[Float64[np.ndarray, " h"], Float64[np.ndarray, " h"]]:
    """Give where each unit of a net of one input, one hidden layer and one output bends, and how the slope changes.

    Unit i of y = sum u_i max(0, w_i x + b_i) + p bends at -b_i / w_i, where the slope of y changes by u_i |w_i|.
    One with w_i = 0 bends nowhere: its place is infinite, or NaN for b_i = 0, and its change 0.

    Raises: SettingError for other nets.
    """
    if net.n_in != 1 or len(net.widths) != 1 or net.n_classes != 1 or net.slopes != (0.0,):
        raise SettingError(
            f"the net has {net.n_in} inputs, hidden layers {net.widths} and {net.n_classes} outputs; expected one "
            f"input, one hidden layer of ReLU and one output. Give such a net."
        )
    w, b, u = net.weights[0][:, 0], net.biases[0], net.weights[1][0]
    with np.errstate(divide="ignore", invalid="ignore"):
        return -b / w, u * np.abs(w)


def relu_sum_picture(net: PiecewiseNet, *, low: float = -1.0, high: float = 1.0) -> "Figure":
    """Draw what every hidden unit adds to y = sum u_i max(0, w_i x + b_i) + p, and the sum.

    Args:
        net: of one input, one hidden layer of ReLU and one output.
        low: left end.
        high: right end, above it.
    Raises: SettingError for other nets or ends.
    """
    from matplotlib.figure import Figure

    number(low, name="low", low=-FARTHEST, high=FARTHEST)
    number(high, name="high", low=low, high=FARTHEST, above=True)
    places, changes = bends(net)
    x = np.unique(np.concatenate([[low, high], places[(places > low) & (places < high)]]))
    h = np.maximum(x[:, None] @ net.weights[0].T + net.biases[0], 0)
    terms = h * net.weights[1][0]
    n_units = terms.shape[1]
    with look():
        figure = Figure(figsize=(2.6 * (n_units + 1), 2.9), layout="constrained")
        grid = figure.subplots(1, n_units + 1, sharey=True)
        for unit, axes in enumerate(grid[:-1]):
            axes.plot(x, terms[:, unit], color=SERIES[unit % len(SERIES)])
            w, b, u = net.weights[0][unit, 0], net.biases[0][unit], net.weights[1][0, unit]
            axes.set_title(f"{u:g} max(0, {w:g} x {b:+g})", fontsize=9)
            axes.set_xlabel(f"bends at {places[unit]:g},\nslope changes by {changes[unit]:g}", fontsize=8.5)
        grid[-1].plot(x, terms.sum(axis=1) + net.biases[1][0], color=COLORS["ink"], linewidth=2.4)
        for unit, place in enumerate(places):
            grid[-1].axvline(place, color=SERIES[unit % len(SERIES)], linestyle="--", linewidth=1)
        grid[-1].set_title(f"their sum and {net.biases[1][0]:g}", fontsize=9)
    return figure
