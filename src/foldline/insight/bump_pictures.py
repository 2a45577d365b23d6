"""Pictures of nets built by hand: the function, the folds, the errors, and errors over numbers of units."""

from typing import TYPE_CHECKING

import numpy as np

from foldline.core.text import plural
from foldline.insight.built_nets import Built
from foldline.insight.bump_nets import bumps_net
from foldline.insight.bumps import Approximation
from foldline.insight.certificates import rounded_up
from foldline.insight.style import COLORS, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from foldline.insight.learned_units import ErrorCurves

SHOWN_BUMPS = 8  # so few that the gaps can be seen
LINES = {  # of curves: colour, marker, line
    "free knots": (COLORS["series-1"], "o", "-"),
    "hats": (COLORS["series-5"], "^", "-"),
    "overlapping bumps": (COLORS["series-3"], "s", "-"),
    "bumps": (COLORS["series-4"], "X", "-"),
}


def approximation_picture(approximation: Approximation, curves: "ErrorCurves | None") -> "Figure":
    """Draw what `approximate` found (see `Approximation.picture`)."""
    from matplotlib.figure import Figure

    with look():
        figure = Figure(figsize=(11.0 if curves is None else 14.6, 5.4), layout="constrained")
        figure.suptitle(
            f"{_short(approximation.name)} from {approximation.low:g} to {approximation.high:g}",
            x=0.01,
            ha="left",
            fontsize=12,
            fontweight="bold",
        )
        columns = 2 if curves is None else 3
        grid = figure.add_gridspec(2, columns, height_ratios=[3, 2], width_ratios=[1, 1, 1.1][:columns])
        _bumps(figure.add_subplot(grid[0, 0]), approximation)
        _smallest(figure.add_subplot(grid[0, 1]), approximation)
        _stages(figure.add_subplot(grid[1, 0]), approximation)
        _errors(figure.add_subplot(grid[1, 1]), approximation)
        if curves is not None:
            _curves(figure.add_subplot(grid[:, 2]), curves)
    return figure


def curves_picture(curves: "ErrorCurves") -> "Figure":
    """Draw errors over numbers of units (see `ErrorCurves.picture`)."""
    from matplotlib.figure import Figure

    with look():
        figure = Figure(figsize=(6.4, 5.0), layout="constrained")
        _curves(figure.add_subplot(), curves)
    return figure


def _bumps(axes: "Axes", approximation: Approximation) -> None:
    """Draw a few of the lecture's bumps: the gaps between them stay, however many there are."""
    net = bumps_net(approximation.target, low=approximation.low, high=approximation.high, n_bumps=SHOWN_BUMPS)
    x = np.unique(np.concatenate([_grid(approximation), np.clip(-net.b, approximation.low, approximation.high)]))
    y = net(x)
    axes.plot(x, approximation.target.sample(x), color=COLORS["series-3"], linewidth=3, alpha=0.6, label="function")
    axes.fill_between(x, y, color=COLORS["series-4"], alpha=0.12, linewidth=0)
    axes.plot(x, y, color=COLORS["series-4"], label=f"{SHOWN_BUMPS} bumps, {net.n_units} units")
    axes.set_title("Bumps of four ReLUs each: gaps stay")
    axes.legend(fontsize=8.5)


def _stages(axes: "Axes", approximation: Approximation) -> None:
    """Draw units against bound for every way of building."""
    names = [one.name for one in approximation.all]
    units = [max(one.n_units, 1) for one in approximation.all]
    axes.barh(
        names[::-1],
        units[::-1],
        color=[COLORS["series-1"] if name == "free knots" else COLORS["series-3"] for name in names[::-1]],
        height=0.62,
    )
    for row, one in enumerate(approximation.all[::-1]):
        axes.text(
            max(one.n_units, 1) * 1.15,
            row,
            f"{_units(one)}, error ≤ {rounded_up(one.bound)}",
            va="center",
            fontsize=8.5,
        )
    axes.set_xscale("log")
    axes.set_xlim(1, max(units) * 60)
    axes.grid(visible=False, axis="y")
    axes.set(xlabel="hidden units")
    goal = "" if approximation.eps is None else f" for an error of at most {approximation.eps:g}"
    axes.set_title(f"Units{goal}, proved")


def _smallest(axes: "Axes", approximation: Approximation) -> None:
    smallest = approximation.smallest
    net, x = smallest.net, _grid(approximation)
    axes.plot(x, approximation.target.sample(x), color=COLORS["series-3"], linewidth=3, alpha=0.6, label="function")
    axes.plot(x, net(x), color=COLORS["series-1"], label=_units(smallest))
    folds = -net.b * net.w
    inside = (folds > approximation.low) & (folds < approximation.high)
    for side, marker, name in ((1.0, ">", "opens to the right"), (-1.0, "<", "opens to the left")):
        some = folds[inside & (net.w == side)]
        if len(some):
            axes.plot(some, net(some), marker, color=COLORS["series-1"], markersize=6, label=f"fold, {name}")
    needed = approximation.needed
    at_least = f"; at least {needed} {'is' if needed == 1 else 'are'} needed" if needed else ""
    axes.set_title(f"{_units(smallest)}{at_least}")
    axes.legend(fontsize=8.5)


def _errors(axes: "Axes", approximation: Approximation) -> None:
    smallest = approximation.smallest
    x = _grid(approximation)
    axes.plot(x, smallest.net(x) - approximation.target.sample(x), color=COLORS["series-1"], linewidth=1.2)
    for sign in (1, -1):
        axes.axhline(sign * smallest.bound, color=COLORS["series-2"], linestyle="--", linewidth=1.4)
    axes.set_ylim(-1.35 * smallest.bound, 1.35 * smallest.bound)
    axes.set(xlabel="x")
    axes.set_title(f"Its error: at most {rounded_up(smallest.bound)}, proved")


def _curves(axes: "Axes", curves: "ErrorCurves") -> None:
    lines = [(name, curves.built[name], *LINES[name]) for name in LINES]
    lines += [
        (f"trained, median of {curves.seeds}", curves.trained_median, COLORS["series-2"], "D", ":"),
        (f"trained, best of {curves.seeds}", curves.trained_best, COLORS["series-2"], "D", "-"),
        ("nearest neighbour, as many samples", curves.neighbours, COLORS["muted"], "v", "--"),
    ]
    for name, errors, color, marker, style in sorted(lines, key=lambda line: -line[1][-1]):
        axes.plot(curves.units, errors, marker=marker, color=color, linestyle=style, markersize=5, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(curves.units, [str(n) for n in curves.units])
    axes.minorticks_off()
    axes.set(xlabel="hidden units", ylabel="largest error")
    axes.set_title("Built by hand, trained, looked up")
    axes.legend(fontsize=8.5, loc="lower left")


def _grid(approximation: Approximation) -> np.ndarray:
    places = -approximation.smallest.net.b * approximation.smallest.net.w
    x = np.concatenate([np.linspace(approximation.low, approximation.high, 2001), places])
    return np.unique(np.clip(x, approximation.low, approximation.high))


def _units(built: Built) -> str:
    return f"{built.n_units} {plural('unit', built.n_units)}"


def _short(name: str) -> str:
    return name if len(name) <= 60 else name[:57] + "..."
