"""Exhibits of units: activation functions, nets without any, a net in twenty lines, and neurons."""

import contextlib
import io
import re
import runpy
from importlib.resources import as_file, files

import numpy as np

from foldline.estimators import MLPClassifier
from foldline.gallery.exhibit import Drawn, Exhibit
from foldline.gallery.material import Material
from foldline.insight import (
    DendriticNeuron,
    activations_picture,
    dendritic_response,
    find_collapse,
    find_separation,
    firing_curve,
)
from foldline.insight.style import COLORS, look


def _collapse(material: Material) -> Drawn:
    classifier = MLPClassifier(hidden=(24, 16), activation="identity", epochs=10, random_state=material.seed)
    model = material.trained(classifier)
    X = np.asarray(model.features_.transform(material.test.images))
    found = find_collapse(model, X)
    return Drawn(
        figures=(found.picture(class_names=model.class_names_),),
        note=f"Scores up to {found.largest_score:.3g} differ by {found.largest_difference:.1e} at most, the "
        "rounding of double precision.",
    )


def _activations(material: Material) -> Drawn:
    return Drawn(figures=(activations_picture(),))


def _twenty_lines(material: Material) -> Drawn:
    from matplotlib.figure import Figure

    printed = io.StringIO()
    with as_file(files("foldline.gallery") / "page" / "twenty_lines.py") as path, contextlib.redirect_stdout(printed):
        source = path.read_text(encoding="utf-8")
        runpy.run_path(str(path))
    steps, losses = zip(*re.findall(r"step +(\d+) +loss ([\d.]+)", printed.getvalue()), strict=True)
    with look():
        figure = Figure(figsize=(5.4, 3.0), layout="constrained")
        axes = figure.add_subplot()
        axes.plot([int(step) for step in steps], [float(loss) for loss in losses], "o-", color=COLORS["series-1"])
        axes.set(xlabel="step", ylabel="mean of (f(x) - y)^2", ylim=(0, None))
    return Drawn(figures=(figure,), listing=source, note=f"The loss fell from {losses[0][:6]} to {losses[-1][:6]}.")


def _neuron(material: Material) -> Drawn:
    curve = firing_curve()
    return Drawn(
        figures=(curve.picture(),),
        note="; ".join(
            f"{fit.name} explains {100 * fit.r2:.0f} % of the rates' variance, {fit.largest_hz:.0f} Hz off at most"
            for fit in (curve.relu, curve.sigmoid)
        )
        + ".",
    )


def _dendrites(material: Material) -> Drawn:
    found = dendritic_response()
    multipliers = find_separation(found.X, found.answers).multipliers
    proof = "" if multipliers is None else ", ".join(f"{share:g}" for share in multipliers)
    return Drawn(
        figures=(found.picture(), dendritic_response(DendriticNeuron.calcium_spikes()).picture()),
        note=f"No unit answers so: the four demands s (w x + b) >= 1, times {proof} and added up, say 0 >= 1.",
    )


UNITS = (
    Exhibit(
        name="no-activation",
        title="Without activation, a linear classifier",
        slides="32-34",
        text="W3 W2 W1 x is W x with W = W3 W2 W1. A net of three layers with no activation in between gives the "
        "scores of one linear classifier, to rounding.",
        functions=("find_collapse",),
        draw=_collapse,
    ),
    Exhibit(
        name="activations",
        title="Six activation functions",
        slides="35-36",
        text="Solid the function, dashed its derivative. ReLU is a good default: cheap, and its derivative does "
        "not fade on the right.",
        functions=("activations_picture", "activation_curves"),
        draw=_activations,
    ),
    Exhibit(
        name="twenty-lines",
        title="A net in fewer than twenty lines",
        slides="37-41",
        text="Data, first weights, loss, gradients by the chain rule, a step downhill: a two-layer net with "
        "sigmoids and the squared loss in plain NumPy. Its losses are foldline's own to nine digits.",
        functions=("examples/twenty_lines.py",),
        draw=_twenty_lines,
    ),
    Exhibit(
        name="neuron",
        title="A neuron, and what a unit keeps of it",
        slides="42-47",
        text="A leaky integrate-and-fire neuron fires faster the more current flows in. A unit keeps that curve, "
        "roughly, and forgets time.",
        functions=("firing_curve", "SpikingNeuron"),
        draw=_neuron,
    ),
    Exhibit(
        name="dendrites",
        title="A dendrite that computes XOR",
        slides="48-50",
        text="Real dendrites are not wires: with branches that bend, one neuron answers XOR, which no single unit "
        "w x + b > 0 can. There are many kinds of neurons, synapses are dynamical systems, and rates may not be "
        "the code: the analogy ends here (London and Hausser 2005).",
        functions=("dendritic_response", "find_separation"),
        draw=_dendrites,
    ),
)
