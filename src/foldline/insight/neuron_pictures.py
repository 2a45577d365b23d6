"""Drawings of neurons: an artificial one beside one that spikes, and dendrites that answer what one unit cannot.

Where the analogy ends is told at length in docs/neurons.md, and in CAVEAT under every picture.
"""

from typing import TYPE_CHECKING

import numpy as np

from foldline.insight.linear_threshold import best_threshold_unit, find_separation
from foldline.insight.neurons import voltage_trace
from foldline.insight.style import COLORS, MARKERS, SERIES, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from foldline.insight.dendrites import DendriticResponse
    from foldline.insight.firing_curves import FiringCurve, RateFit
    from foldline.insight.neurons import VoltageTrace

CAVEAT = (
    "Where the analogy ends: neurons are of many kinds, dendrites compute on their own, synapses are dynamical\n"
    "systems, and a firing rate may not be all that a neuron says (London and Häusser, 2005)."
)
SPIKE_MV = 30  # how far above the threshold a spike's stroke is drawn
SHOWN_CURRENT = 1.25  # of the rheobase
TRACE_MS = 60.0
FIT_STYLES = {"ReLU": (SERIES[1], (0, (5, 2))), "sigmoid": (SERIES[3], (0, (1, 1)))}


def neuron_picture(curve: "FiringCurve", trace: "VoltageTrace | None" = None) -> "Figure":
    """Draw an artificial neuron, a spiking one's voltage, and its firing rate with ReLU and sigmoid fitted to it.

    Args:
        curve: from `firing_curve`.
        trace: from `voltage_trace`; None for the same neuron at 1.25 times its rheobase, with noise from seed 0 if it
            has noise.
    Returns: a figure for `svg_text`.
    Convention: spikes are drawn as strokes of 30 mV; the model gives their time alone.
    """
    if trace is None:
        trace = voltage_trace(
            curve.neuron,
            SHOWN_CURRENT * curve.neuron.rheobase_na,
            time_ms=TRACE_MS,
            generator=np.random.default_rng(0),
        )
    with look():
        figure = _empty_figure()
        unit, voltage, rate = figure.subplots(1, 3, width_ratios=(1, 1.1, 1.25))
        _draw_unit(unit)
        _draw_trace(voltage, trace)
        _draw_rates(rate, curve)
        _write_below(figure, CAVEAT)
    return figure


def dendrite_picture(response: "DendriticResponse") -> "Figure":
    """Draw inputs with the best linear threshold unit, the dendrites' nonlinearity, and the neuron's firing rates.

    Args:
        response: from `dendritic_response`, to inputs of two numbers, at most 12.
    Returns: a figure for `svg_text`.
    Raises: ShapeError for more inputs.
    """
    with look():
        figure = _empty_figure()
        square, branch, rates = figure.subplots(1, 3)
        _draw_best_line(square, response)
        _draw_branch(branch, response)
        _draw_answers(rates, response)
        _write_below(figure, CAVEAT)
    return figure


def _empty_figure() -> "Figure":
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    return Figure(figsize=(11.4, 4.3), layout=ConstrainedLayoutEngine(w_pad=0.08))


def _draw_unit(axes: "Axes") -> None:
    """Draw the artificial neuron: inputs, weights, sum, activation."""
    ink, arrow = COLORS["ink"], {"arrowstyle": "-|>", "color": COLORS["muted"], "shrinkA": 0, "shrinkB": 0}
    for k, y in enumerate((0.78, 0.5, 0.22), start=1):
        axes.annotate("", (0.38, 0.5 + 0.12 * (y - 0.5)), xytext=(0.08, y), arrowprops=arrow)
        axes.text(0.05, y, f"x{k}", ha="center", va="center")
        axes.text(0.2, y + (-0.05, 0.03, 0.0)[k - 1], f"w{k}", ha="center", color=SERIES[0])
    axes.annotate("", (0.46, 0.6), xytext=(0.46, 0.82), arrowprops=arrow)
    axes.text(0.46, 0.86, "bias b", ha="center", color=SERIES[0])
    _draw_box(axes, 0.38, "\N{GREEK CAPITAL LETTER SIGMA}")
    axes.annotate("", (0.64, 0.5), xytext=(0.54, 0.5), arrowprops=arrow)
    _draw_box(axes, 0.64, "")
    axes.plot([0.66, 0.72, 0.78], [0.46, 0.46, 0.55], color=SERIES[1])
    axes.annotate("", (0.96, 0.5), xytext=(0.8, 0.5), arrowprops=arrow)
    for x, label in ((0.46, "sum"), (0.72, "activation a")):
        axes.text(x, 0.34, label, ha="center", fontsize=8.5, color=ink)
    axes.text(0.5, 0.04, "output = a(w1 x1 + w2 x2 + w3 x3 + b)", ha="center")
    axes.set(xlim=(0, 1), ylim=(0, 1), title="artificial neuron")
    axes.set_axis_off()


def _draw_box(axes: "Axes", left: float, text: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    axes.add_patch(
        FancyBboxPatch(
            (left + 0.02, 0.42), 0.12, 0.16, boxstyle="round,pad=0.02", facecolor="none", edgecolor=COLORS["ink"]
        )
    )
    axes.text(left + 0.08, 0.5, text, ha="center", va="center", fontsize=16)


def _draw_trace(axes: "Axes", trace: "VoltageTrace") -> None:
    neuron = trace.neuron
    axes.plot(trace.times_ms, trace.voltages_mv, color=SERIES[0], linewidth=1.4)
    axes.vlines(trace.spikes_ms, neuron.threshold_mv, neuron.threshold_mv + SPIKE_MV, color=SERIES[0], linewidth=1.4)
    for value, name in ((neuron.threshold_mv, "threshold"), (neuron.rest_mv, "rest")):
        axes.axhline(value, color=COLORS["muted"], linewidth=0.9, linestyle=(0, (3, 2)))
        axes.annotate(
            name, (1, value), xycoords=("axes fraction", "data"), xytext=(-2, 3), textcoords="offset points",
            ha="right", fontsize=8.5, color=COLORS["muted"],
        )  # fmt: skip
    axes.set(xlabel="time (ms)", ylabel="voltage (mV)", title=f"spiking neuron at {trace.current_na:g} nA")


def _draw_rates(axes: "Axes", curve: "FiringCurve") -> None:
    axes.plot(curve.currents_na, curve.closed_form_hz, color=COLORS["ink"], linewidth=1.0, label="formula")
    axes.plot(
        curve.currents_na, curve.rates_hz, "o", color=SERIES[0], markersize=3.2, linestyle="none", label="simulated"
    )
    for fit in (curve.relu, curve.sigmoid):
        color, dashes = FIT_STYLES[fit.name]
        axes.plot(curve.currents_na, fit.rates_hz, color=color, linestyle=dashes, label=_fit_label(fit))
    axes.set(xlabel="input current (nA)", ylabel="firing rate (Hz)", title="its firing rate, with activations fitted")
    axes.set_ylim(top=1.25 * float(curve.rates_hz.max()))
    axes.legend(loc="upper left", fontsize=8.5)


def _fit_label(fit: "RateFit") -> str:
    # Three digits, cut and not rounded: a fit is never shown as perfect that is not.
    r2 = np.floor(1e3 * fit.r2) / 1e3
    return f"{fit.name}: R\N{SUPERSCRIPT TWO} {r2:.3f}, off by up to {fit.largest_hz:.0f} Hz"


def _draw_best_line(axes: "Axes", response: "DendriticResponse") -> None:
    answers = response.answers
    best = best_threshold_unit(response.X, answers)
    for answer, marker, name in ((True, MARKERS[0], "fires"), (False, MARKERS[1], "silent")):
        points = response.X[answers == answer]
        axes.plot(
            *points.T, marker, color=SERIES[0 if answer else 1], markersize=11, linestyle="none", label=name, zorder=3
        )
    low, high = response.X.min() - 0.45, response.X.max() + 0.45
    sides = np.linspace(low, high, 200)
    grid = np.stack(np.meshgrid(sides, sides), axis=-1)
    if best.w.any():
        axes.contourf(
            *np.moveaxis(grid, -1, 0), grid @ best.w + best.b, levels=[0, np.inf], colors=[SERIES[0]], alpha=0.12
        )
        axes.contour(
            *np.moveaxis(grid, -1, 0), grid @ best.w + best.b, levels=[0], colors=COLORS["ink"], linewidths=1.6
        )
    n_right = int((best(response.X) == answers).sum())
    is_separable = find_separation(response.X, answers).unit is not None
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal", xlabel="x1", ylabel="x2")
    axes.set(xticks=np.unique(response.X[:, 0]), yticks=np.unique(response.X[:, 1]))
    axes.set_title(f"w x + b > 0 {'can' if is_separable else 'cannot'}: at best {n_right} of {len(answers)}")
    axes.legend(loc="upper center", ncols=2, fontsize=8.5, handletextpad=0.2)


def _draw_branch(axes: "Axes", response: "DendriticResponse") -> None:
    neuron = response.neuron
    drives = response.X @ neuron.weights.T
    v = np.linspace(drives.min() - 0.4, drives.max() + 0.4, 600)
    for j, (threshold, weights) in enumerate(zip(neuron.thresholds, neuron.weights, strict=True)):
        color = SERIES[j % len(SERIES)]
        if j == 0 or threshold != neuron.thresholds[0]:
            axes.plot(v, neuron.branch_output(v - threshold), color=COLORS["muted"], linewidth=1.4)
        synapses = " ".join(f"{w:+g} x{k}" for k, w in enumerate(weights, start=1)).replace("-", "\N{MINUS SIGN}")
        axes.plot(
            drives[:, j], response.branches[:, j], MARKERS[j % len(MARKERS)], color=color, markersize=(11, 5)[j % 2],
            linestyle="none", label=f"branch {j + 1}: v = {synapses}", zorder=3 + j,
        )  # fmt: skip
    axes.set(xlabel="drive of a branch, v", ylabel="what it sends", title=f"dendrites: {neuron.branch} branches")
    axes.set_ylim(-0.08, 1.38)
    axes.legend(loc="upper left", fontsize=8.5, handletextpad=0.2)


def _draw_answers(axes: "Axes", response: "DendriticResponse") -> None:
    places = np.arange(len(response.X))
    colors = [SERIES[0 if answer else 1] for answer in response.answers]
    bars = axes.bar(places, response.rates_hz, color=colors, width=0.6)
    labels = [
        f"{rate:.0f} Hz\n{current:.2f} nA"
        for rate, current in zip(response.rates_hz, response.currents_na, strict=True)
    ]
    axes.bar_label(bars, labels, padding=3, fontsize=8.5)
    axes.set_xticks(places, [", ".join(f"{value:g}" for value in row) for row in response.X])
    axes.set(xlabel="x1, x2", ylabel="firing rate (Hz)", title="the whole neuron")
    axes.set_ylim(0, 1.25 * max(float(response.rates_hz.max()), 1.0))
    axes.grid(visible=False, axis="x")


def _write_below(figure: "Figure", text: str) -> None:
    figure.supxlabel(text, fontsize=8.5, color=COLORS["muted"])
