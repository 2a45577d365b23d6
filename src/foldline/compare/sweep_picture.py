"""The drawing of a sweep: accuracy over one setting, a line for each value of another, with error bars."""

from typing import TYPE_CHECKING, Any

import numpy as np

from foldline.compare.swept import Combination, plain
from foldline.insight.style import COLORS, MARKERS, SERIES, look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from foldline.compare.swept import Sweep

TITLES = {"l2": "L2 strength", "l1": "L1 strength", "lr": "learning rate", "hidden": "hidden units"}
LOGARITHMIC_FROM = 20.0  # ratio of largest to smallest value


def sweep_picture(sweep: "Sweep") -> "Figure":
    """Draw mean validation accuracy with the deviation over seeds and folds as bars.

    Along the axis goes the swept setting with the most numbers; lines are the values of the one with the next most
    values, each at the best of all the others. Combinations that halving stopped are hollow.

    Args:
        sweep: what `foldline.sweep` gave.
    """
    from matplotlib.figure import Figure

    combinations = sweep.combinations
    values = {name: list(dict.fromkeys(_text(one.settings[name]) for one in combinations)) for name in sweep.names}
    numeric = [name for name in sweep.names if all(_is_number(one.settings[name]) for one in combinations)]
    along = max(numeric or sweep.names, key=lambda name: len(values[name]))
    others = [name for name in sweep.names if name != along and len(values[name]) > 1]
    lines = max(others, key=lambda name: len(values[name]), default=None)
    with look():
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        axes = figure.add_subplot()
        for i, value in enumerate(values[lines] if lines else [None]):
            best: dict[float, Combination] = {}
            for one in combinations:
                if lines is None or _text(one.settings[lines]) == value:
                    place = _place(one.settings[along], values[along], along in numeric)
                    best[place] = max(best.get(place, one), one, key=lambda one: one.merit)
            places = np.array(list(best))
            means, errors = 100 * np.array([one.val for one in best.values()]).T
            color = SERIES[i % len(SERIES)]
            label = None if lines is None else f"{TITLES.get(lines, lines)} {value}"
            axes.errorbar(places, means, yerr=errors, color=color, capsize=2.5, elinewidth=1, label=label, zorder=2)
            is_stopped = np.array([one.was_stopped for one in best.values()])
            for stopped, face in ((False, color), (True, "white")):
                at = np.flatnonzero(is_stopped == stopped)
                axes.plot(
                    places[at],
                    means[at],
                    MARKERS[i % len(MARKERS)],
                    color=color,
                    markerfacecolor=face,
                    markersize=5,
                    zorder=3,
                )
        axes.set_xlabel(TITLES.get(along, along))
        axes.set_ylabel("validation accuracy, %")
        if along in numeric:
            numbers = [_place(one.settings[along], [], True) for one in combinations]
            if min(numbers) > 0 and max(numbers) / min(numbers) >= LOGARITHMIC_FROM:
                axes.set_xscale("log")
        else:
            axes.set_xticks(range(len(values[along])), values[along])
        if lines is not None:
            axes.legend(fontsize=8.5)
        note = "bars: standard deviation over trainings"
        if any(one.was_stopped for one in combinations):
            note += "; hollow: stopped by halving"
        axes.set_title(note, fontsize=8.5, fontweight="normal", color=COLORS["muted"])
    return figure


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _place(value: Any, values: list[str], is_number: bool) -> float:
    return float(value) if is_number else float(values.index(_text(value)))


def _text(value: object) -> str:
    return f"{value:g}" if _is_number(value) else str(plain(value))
