"""The lecture's feature transform: rings that no line parts, the same points as (r, theta), and the line taken back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float64, Shaped

from foldline.core.checks import axes
from foldline.core.errors import DataError
from foldline.estimators import LinearClassifier
from foldline.features import Polar
from foldline.insight.fold_pictures import draw_points
from foldline.insight.linear_threshold import find_separation
from foldline.insight.style import COLORS, look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EPOCHS, LR = 200, 0.5
N_CURVE = 721  # points of the boundary in (x, y), half a degree apart


@dataclass(frozen=True, kw_only=True)
class PolarBoundary:
    """What `polar_boundary` gives back.

    Args:
        X: (N, 2) the points.
        labels: (N,) index of each one's class, 0 or 1.
        polar: (N, 2) the same as (r, theta).
        weights: of r, theta and 1 in how far the second class leads.
        line: (S, 2) where the lead in (r, theta) is 0, theta from -pi to pi; NaN where r would be negative.
        curve: (S, 2) the same points in (x, y).
        plain_accuracy: of a linear classifier of (x, y), on the points it learned from.
        polar_accuracy: of the one of (r, theta).
    """

    X: Float64[np.ndarray, "n 2"]
    labels: Shaped[np.ndarray, " n"]
    polar: Float64[np.ndarray, "n 2"]
    weights: Float64[np.ndarray, "3"]
    line: Float64[np.ndarray, "s 2"]
    curve: Float64[np.ndarray, "s 2"]
    plain_accuracy: float
    polar_accuracy: float

    def picture(self) -> "Figure":
        """Draw the points, the points as (r, theta) with the line between them, and the line in (x, y).

        Convention: whether any line parts the classes is proved (see `find_separation`), not read from accuracies.
        """
        return _picture(self)


def polar_boundary(X: Float[np.ndarray, "n d"], y: Shaped[np.ndarray, " n"]) -> PolarBoundary:
    """Train a linear classifier on (r, theta) of points of two classes, and take its boundary back to (x, y).

    The boundary w_r r + w_theta theta + b = 0 is a line there, and r = -(w_theta theta + b) / w_r in the plane.

    Args:
        X: (N, 2) points.
        y: (N,) labels of two classes.
    Raises: ShapeError for points that are not of the plane; DataError for other numbers of classes, or a boundary at no
        radius.
    Source: Johnson, "Lecture 5: Neural Networks" (University of Michigan, 2020), slides 5 to 8.
    """
    axes(X, "n 2", name="X", fix="Give points of the plane.")
    classes, labels = np.unique(y, return_inverse=True)
    if len(classes) != 2:
        raise DataError(
            f"y has {len(classes)} classes; expected 2, on either side of a line. Give points of two classes."
        )
    X = np.asarray(X, np.float32)
    polar = Polar().fit_transform(X)
    plain, model = (LinearClassifier(epochs=EPOCHS, lr=LR).fit(rows, labels) for rows in (X, polar))
    W, b = np.asarray(model.model_.layers[0].W, float), np.asarray(model.model_.layers[0].b, float)
    weights = np.append(W[1] - W[0], b[1] - b[0])
    if weights[0] == 0:
        raise DataError("the classifier does not look at r; expected classes that differ in radius. Give rings.")
    theta = np.linspace(-np.pi, np.pi, N_CURVE)
    radius = -(weights[1] * theta + weights[2]) / weights[0]
    radius[radius < 0] = np.nan
    return PolarBoundary(
        X=X.astype(float),
        labels=labels,
        polar=polar.astype(float),
        weights=weights,
        line=np.column_stack([radius, theta]),
        curve=np.column_stack([radius * np.cos(theta), radius * np.sin(theta)]),
        plain_accuracy=float(plain.score(X, labels)),
        polar_accuracy=float(model.score(polar, labels)),
    )


def _picture(found: PolarBoundary) -> "Figure":
    from matplotlib.figure import Figure

    with look():
        figure = Figure(figsize=(11.4, 4.0), layout="constrained")
        before, polar, after = figure.subplots(1, 3)
        for axes_, points in ((before, found.X), (polar, found.polar), (after, found.X)):
            draw_points(axes_, points, found.labels)
            axes_.grid(visible=False)
        for axes_, line in ((polar, found.line), (after, found.curve)):
            limits = axes_.get_xlim(), axes_.get_ylim()
            axes_.plot(*line.T, color=COLORS["ink"], linewidth=2.4, zorder=3)
            axes_.set(xlim=limits[0], ylim=limits[1])
        is_parted, is_polar_parted = (
            find_separation(points, found.labels == 1).unit is not None for points in (found.X, found.polar)
        )
        in_plane = "a line parts them" if is_parted else "no line parts them"
        before.set(title=f"{in_plane}: {100 * found.plain_accuracy:.0f} % at best found", xlabel="x", ylabel="y")
        polar.set(
            title=f"as (r, theta), {'a line' if is_polar_parted else 'none'} does", xlabel="r", ylabel="theta, radians"
        )
        after.set(title=f"the same line in (x, y): {100 * found.polar_accuracy:.0f} %", xlabel="x", ylabel="y")
        for axes_ in (before, after):
            axes_.set_aspect("equal")
    return figure
