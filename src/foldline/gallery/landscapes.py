"""Exhibits of convexity: functions and chords, a bowl and hills, slices of the lecture's net."""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float32

from foldline.estimators import LinearClassifier, MLPClassifier
from foldline.features import Pixels
from foldline.gallery.exhibit import Drawn, Exhibit
from foldline.gallery.material import Material
from foldline.insight import convexity, convexity_by_structure, lecture_slices, loss_plane, surfaces_picture
from foldline.insight.style import COLORS, look

N_ROWS = 1_000


def _chords(material: Material) -> Drawn:
    from matplotlib.figure import Figure

    functions: dict[str, tuple[Callable[[float], float], float, float]] = {
        "x^2": (lambda x: x * x, -2.0, 2.0),
        "cos x": (math.cos, -math.pi, math.pi),
    }
    verdicts = []
    with look():
        figure = Figure(figsize=(8.4, 3.2), layout="constrained")
        for axes, (name, (f, low, high)) in zip(figure.subplots(1, 2), functions.items(), strict=True):
            found = convexity(f, low, high)
            x = np.linspace(low, high, 201)
            axes.plot(x, [f(place) for place in x], color=COLORS["series-1"])
            if found.violation is None:
                x1, x2, t = low * 0.75, high * 0.5, 0.5
                f1, f2 = f(x1), f(x2)
            else:
                (x1,), (x2,), t = np.ravel(found.violation.x1), np.ravel(found.violation.x2), found.violation.t
                f1, f2 = found.violation.f1, found.violation.f2
            between = t * x1 + (1 - t) * x2
            axes.plot([x1, x2], [f1, f2], "o--", color=COLORS["series-2"], linewidth=1.4, markersize=5)
            axes.plot([between] * 2, [f(between), t * f1 + (1 - t) * f2], "s-", color=COLORS["ink"], markersize=4)
            axes.set_title(f"{name}: {'no chord lies below' if found.violation is None else 'a chord lies below'}")
            axes.set_xlabel("x")
            verdicts.append(f"{name}: {found.text}.")
    return Drawn(figures=(figure,), note=" ".join(verdicts))


def _pixels(material: Material) -> tuple[Float32[np.ndarray, "n d"], np.ndarray]:
    X = np.asarray(Pixels().fit_transform(material.train.images[:N_ROWS]))
    return (X - X.mean(axis=0)).astype(np.float32), material.train.labels[:N_ROWS]


def _bowl(material: Material) -> Drawn:
    X, y = _pixels(material)
    linear = LinearClassifier(epochs=10, random_state=material.seed).fit(X, y)
    nets = [
        MLPClassifier(hidden=(16, 16), epochs=15, lr=0.05, random_state=material.seed + i).fit(X, y) for i in (0, 1)
    ]
    planes = {
        "linear classifier": loss_plane(linear, X, y, points=31, seed=material.seed),
        "a net, towards another": loss_plane(nets[0], X, y, other=nets[1], span=0.5, points=31, seed=material.seed),
    }
    first, second = (100 * net.score(X, y) for net in nets)
    return Drawn(
        figures=(surfaces_picture(planes),),
        note=f"The linear classifier is {convexity_by_structure(linear).text}. The net is "
        f"{convexity_by_structure(nets[0]).text}. The nets are right on {first:.1f} and {second:.1f} % of "
        "these images.",
    )


def _slices(material: Material) -> Drawn:
    return Drawn(figures=(lecture_slices().picture(),))


LANDSCAPES = (
    Exhibit(
        name="convexity",
        title="Convex: no chord lies below",
        slides="84-90",
        text="f(t x1 + (1 - t) x2) <= t f(x1) + (1 - t) f(x2), whatever x1, x2 and t. One triple that breaks this "
        "proves that a function is not convex; that none was found proves nothing.",
        functions=("convexity", "convexity_of_samples"),
        draw=_chords,
    ),
    Exhibit(
        name="bowl-and-hills",
        title="A bowl, and hills",
        slides="89-92",
        text="The objective of a linear classifier is convex: scores are linear in the weights, losses and "
        "penalties convex. Between two nets that are equally good lies a hill.",
        functions=("loss_plane", "convexity_by_structure", "foldline landscape"),
        draw=_bowl,
    ),
    Exhibit(
        name="slices",
        title="From convex-looking to wild",
        slides="92-96",
        text="A net of 10 features, three hidden layers of 32 units and 10 classes; one of its weights moves. Some "
        "slices look convex, some clearly are not, some have local minima, some are wild. Nothing guarantees that "
        "descending works; it does.",
        functions=("lecture_slices", "loss_slice"),
        draw=_slices,
    ),
)
