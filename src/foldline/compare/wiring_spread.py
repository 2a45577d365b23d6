"""The drawing of a family of wired nets: every training, graph by graph, beside the regular net."""

from typing import TYPE_CHECKING

import numpy as np

from foldline.compare.wired import title
from foldline.insight.style import COLORS, MARKERS, SERIES, look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from foldline.compare.wired import Wirings

GAP = 1.5  # between kinds, in graphs


def wirings_picture(wirings: "Wirings") -> "Figure":
    """Draw the test accuracy of every training, a column a graph, and means with the deviation over seeds as bars.

    The band is the regular net's mean and deviation.

    Args:
        wirings: what `foldline.wire` gave.
    """
    from matplotlib.figure import Figure

    regular = wirings.families[-1].test
    with look():
        figure = Figure(
            figsize=(max(1.6 * len(wirings.families) + 0.6, 2.2 + 0.42 * len(wirings.nets)), 4.0), layout="constrained"
        )
        axes = figure.add_subplot()
        low, high = 100 * (regular.mean - regular.std), 100 * (regular.mean + regular.std)
        axes.axhspan(low, high, color=COLORS["faint"], zorder=0)
        axes.axhline(100 * regular.mean, color=COLORS["muted"], linewidth=1, linestyle="--", zorder=1)
        x, middles = 0.0, []
        for i, family in enumerate(wirings.families):
            nets = [net for net in wirings.nets if net.kind == family.kind]
            color, marker = SERIES[i % len(SERIES)], MARKERS[i % len(MARKERS)]
            places = x + np.arange(len(nets))
            for place, net in zip(places, nets, strict=True):
                found = [100 * row.test_accuracy for row in net.rows if row.test_accuracy is not None]
                axes.plot(np.full(len(found), place), found, marker, color=color, markersize=4, alpha=0.35, zorder=2)
                axes.errorbar(
                    [place],
                    [100 * net.test.mean],
                    yerr=[100 * net.test.std],
                    color=color,
                    marker=marker,
                    markersize=7,
                    capsize=3,
                    elinewidth=1.3,
                    zorder=3,
                )
            middles.append(float(places.mean()))
            x = float(places[-1]) + 1 + GAP
        labels = [
            f"{title(family.kind)}\n{100 * family.test.mean:.1f} ± {100 * family.test.std:.1f} %"
            for family in wirings.families
        ]
        axes.set_xticks(middles, labels)
        axes.set_ylabel("test accuracy, %")
        axes.set_xlim(-1, x - GAP)
        axes.grid(visible=False, axis="x")
        axes.set_title(
            "a column: a graph; bars: deviation over seeds; band: regular layers",
            fontsize=8.5,
            fontweight="normal",
            color=COLORS["muted"],
        )
    return figure
