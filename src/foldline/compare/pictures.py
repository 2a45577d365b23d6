"""The leaderboard as a picture: what each second of work buys."""

from typing import TYPE_CHECKING

from foldline.compare.leaderboard import Leaderboard
from foldline.insight.style import COLORS, MARKERS, SERIES, look

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def accuracy_against_time(board: Leaderboard) -> "Figure":
    """Draw every recipe's accuracy, with its interval, over the seconds from pixels to a trained model.

    A colour a set of features, those beyond the colours there are hollow; a mark a classifier; the best recipe and the
    one to ship are named.

    Args:
        board: of at least one row.
    Returns: a figure for `svg_text`.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, PercentFormatter

    features = list(dict.fromkeys(row.features for row in board.rows))
    classifiers = list(dict.fromkeys(row.classifier for row in board.rows))
    color_of = {name: SERIES[i % len(SERIES)] for i, name in enumerate(features)}
    is_hollow = {name: i // len(SERIES) % 2 == 1 for i, name in enumerate(features)}
    marker_of = {name: MARKERS[i % len(MARKERS)] for i, name in enumerate(sorted(classifiers))}
    with look():
        figure = Figure(figsize=(8.6, 4.6), layout="constrained")
        axes = figure.add_subplot()
        for row in board.rows:
            accuracy, color = row.test_accuracy, color_of[row.features]
            elapsed_s = row.extract_s + row.train_s
            axes.plot([elapsed_s] * 2, [accuracy.low, accuracy.high], color=color, linewidth=1.3, alpha=0.55)
            face = "none" if is_hollow[row.features] else color
            axes.plot(
                elapsed_s,
                accuracy.mean,
                marker_of[row.classifier],
                color=color,
                markerfacecolor=face,
                markersize=7.5,
            )
        best, ship = board.best.recipe, board.verdict.ship
        # One above the other, so that both can be read where the two points are close.
        labels = [(best, "best, ship" if ship == best else "best", 5)]
        if ship not in (best, None):
            labels.append((ship, "ship", -13))
        for recipe, label, y_points in labels:
            row = board.row(recipe)
            place = (row.extract_s + row.train_s, row.test_accuracy.mean)
            axes.annotate(label, place, xytext=(9, y_points), textcoords="offset points", fontweight="bold")
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} s"))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        axes.set(xlabel="features and one training", ylabel="test images right")
        hollow = {"linestyle": "", "marker": "s", "markersize": 9, "markerfacecolor": "none"}
        lines = [
            Line2D([], [], color=color, label=name, **(hollow if is_hollow[name] else {"linewidth": 5}))
            for name, color in color_of.items()
        ]
        marks = [
            Line2D([], [], color=COLORS["muted"], marker=marker, linestyle="", markersize=7, label=name)
            for name, marker in marker_of.items()
        ]
        figure.legend(handles=lines, title="features", alignment="left", loc="outside right upper")
        figure.legend(handles=marks, title="classifier", alignment="left", loc="outside right lower")
    return figure
