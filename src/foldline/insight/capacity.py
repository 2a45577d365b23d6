"""Size or regularisation: nets of several widths, and of several L2 strengths, on the same points of the plane."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Shaped

from foldline.core.checks import axes, integer, is_list, number
from foldline.core.errors import SettingError
from foldline.estimators import MLPClassifier, train_population
from foldline.insight.fold_pictures import draw_folds
from foldline.insight.folds import Folds, find_folds
from foldline.insight.planes import Plane
from foldline.insight.style import look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EPOCHS, LR = 400, 0.1  # after which the widest of the lecture's nets has learned 300 points by heart


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One net and what it makes of the plane.

    Args:
        width: hidden units.
        l2: price on squared weights.
        train_accuracy: share of right answers on the points that it learned from, in [0, 1].
        test_accuracy: the same on other points.
        folds: its exact regions and boundary.
    """

    width: int
    l2: float
    train_accuracy: float
    test_accuracy: float
    folds: Folds


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What `compare_capacity` gives back.

    Args:
        by_width: a net of each width, at the first l2.
        by_l2: a net of the last width with each l2.
        X: (N, 2) the points that they learned from.
        labels: (N,) index of each one's class.
    """

    by_width: tuple[Panel, ...]
    by_l2: tuple[Panel, ...]
    X: Float[np.ndarray, "n 2"]
    labels: Shaped[np.ndarray, " n"]

    def picture(self) -> "Figure":
        """Draw two rows: more units from left to right, then more regularisation."""
        return _picture(self)


def compare_capacity(
    X: Float[np.ndarray, "n d"],
    y: Shaped[np.ndarray, " n"],
    X_test: Float[np.ndarray, "m d"],
    y_test: Shaped[np.ndarray, " m"],
    *,
    widths: Sequence[int] = (3, 6, 20),
    l2: Sequence[float] = (1e-5, 1e-3, 1e-2),
    seed: int = 0,
) -> Capacity:
    """Train nets of one hidden layer that differ in width, and widest ones that differ in L2; cut the plane exactly.

    Args:
        X: (N, 2) points.
        y: (N,) labels of any type.
        X_test: (M, 2) points of the same kind that no net learns from.
        y_test: (M,) their labels.
        widths: hidden units, fewest first.
        l2: prices on squared weights, least first; the first one goes with every width.
        seed: of first weights and order of points; the same for all.
    Returns: the nets, their accuracies, regions and boundaries.
    Raises: SettingError if there is no width or no l2, or one out of range; ShapeError for points that are not of the
        plane; and what `fit` of MLPClassifier raises.
    Source: Johnson, "Lecture 5: Neural Networks" (University of Michigan, 2020), slides 65 and 66.
    """
    for name, values in (("widths", widths), ("l2", l2)):
        if not is_list(values) or not len(values):
            raise SettingError(f"{name} is {values!r}; expected one or more numbers. Give for example (3, 6, 20).")
    axes(X, "n 2", name="X", fix="Give points of the plane.")
    axes(X_test, "m 2", name="X_test", fix="Give points of the plane.")
    X = np.asarray(X, np.float32)
    sizes = [integer(width, name="widths", low=1) for width in widths]
    prices = [number(price, name="l2", low=0.0) for price in l2]
    pairs = [(size, prices[0]) for size in sizes] + [(sizes[-1], price) for price in prices]
    settings = [{"hidden": (width,), "l2": strength} for width, strength in pairs]
    model = MLPClassifier(epochs=EPOCHS, lr=LR)
    plane = Plane.around(X)
    panels = []
    trained_nets = train_population(model, X, y, hyper=settings, seeds=[seed])
    for (width, strength), trained in zip(pairs, trained_nets, strict=True):
        panels.append(
            Panel(
                width=width,
                l2=strength,
                train_accuracy=float(trained.classifier.score(X, y)),
                test_accuracy=float(trained.classifier.score(np.asarray(X_test, np.float32), y_test)),
                folds=find_folds(trained.classifier, plane),
            )
        )
    labels = np.unique(y, return_inverse=True)[1]
    return Capacity(by_width=tuple(panels[: len(widths)]), by_l2=tuple(panels[len(widths) :]), X=X, labels=labels)


def _picture(capacity: Capacity) -> "Figure":
    from matplotlib.figure import Figure

    rows = (capacity.by_width, capacity.by_l2)
    n_columns = max(map(len, rows))
    with look():
        figure = Figure(figsize=(3.5 * n_columns, 6.4), layout="constrained")
        grid = figure.subplots(2, n_columns, squeeze=False)
        for row, (panels, line) in enumerate(zip(rows, grid, strict=True)):
            for panel, axes_ in zip(panels, line, strict=False):
                draw_folds(axes_, panel.folds, X=capacity.X, labels=capacity.labels, with_names=False)
                axes_.set_title(f"{panel.width} hidden units" if row == 0 else f"{panel.width} units, L2 {panel.l2:g}")
                axes_.set_xlabel(
                    f"{100 * panel.train_accuracy:.0f} % right, on new points {100 * panel.test_accuracy:.0f} %\n"
                    f"{panel.folds.n_regions:,} regions, boundary {panel.folds.boundary.length:.1f} long",
                    fontsize=8.5,
                )
                axes_.tick_params(labelbottom=False, labelleft=False, length=0)
            for axes_ in line[len(panels) :]:
                axes_.set_visible(False)
    return figure
