"""How the second layer puts templates together for a class: which, with what sign, and for which of its modes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64, Int64, Shaped, UInt8
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.utils.validation import check_is_fitted

from foldline.core.checks import axes as check_axes
from foldline.core.checks import integer
from foldline.core.errors import DataError, SettingError
from foldline.estimators import ImagePipeline
from foldline.insight.piecewise import piecewise_net
from foldline.insight.style import COLORS, look
from foldline.insight.templates import Templates, first_layer_templates, shaded

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Recombination:
    """What `recombine` gives back: images of one class, grouped by the templates that speak for them.

    Args:
        class_name: the class.
        templates: of all hidden units, in the net's order.
        weights: (U,) weight of each unit in the class's score.
        modes: (N,) group of each image of the class.
        means: (M, H, W, C) mean image of each group, the largest first.
        shares: (M,) share of the images in each group.
        contributions: (M, U) weight times activation of each unit, mean over a group.
    """

    class_name: str
    templates: Templates
    weights: Float64[np.ndarray, " u"]
    modes: Int64[np.ndarray, " n"]
    means: UInt8[np.ndarray, "m h w c"]
    shares: Float64[np.ndarray, " m"]
    contributions: Float64[np.ndarray, "m u"]

    def picture(self, *, n_units: int = 8) -> "Figure":
        """Draw a row a mode: its mean image, and the templates that say most for it or against it."""
        return _picture(self, integer(n_units, name="n_units", low=1))


def recombine(
    model: BaseEstimator,
    images: UInt8[np.ndarray, "n h w c"],
    labels: Shaped[np.ndarray, " n"],
    *,
    class_index: int,
    n_modes: int = 2,
) -> Recombination:
    """Group images of a class by which templates of a two-layer net speak for them.

    The score of class k is s_k = sum over units u of W2[k, u] h_u + b_k, so that W2[k, u] h_u is what unit u says.

    Args:
        model: a fitted ImagePipeline of raw pixels and an MLPClassifier with one hidden layer of ReLU or leaky ReLU.
        images: (N, H, W, C) of the size that the model takes.
        labels: (N,) as in the model's `fit`.
        class_index: the class, counted from 0.
        n_modes: groups, found by k-means (seed 0).
    Returns: the groups and what each unit says in them.
    Raises: SettingError for other models or numbers outside their ranges; DataError for fewer images of the class,
        that the units tell apart, than groups; ShapeError if the features are not pixels, or for another number
        of labels.
    """
    check_is_fitted(model)
    if not isinstance(model, ImagePipeline):
        raise SettingError(f"the model is a {type(model).__name__}; expected an ImagePipeline of raw pixels. Fit one.")
    net = piecewise_net(model)
    if len(net.widths) != 1:
        raise SettingError(
            f"the net has {len(net.widths)} hidden layers; expected one, whose templates the next layer puts together. "
            f"Train one with hidden=(N,)."
        )
    integer(class_index, name="class_index", low=0, high=net.n_classes - 1)
    integer(n_modes, name="n_modes", low=1)
    n, *_ = check_axes(images, "n h w c", name="images", fix="Give images as in fit.")
    check_axes(labels, f"{n}", name="labels", fix="Give one label for each image.")
    own = images[np.asarray(labels) == model.classes_[class_index]]
    if not len(own):
        raise DataError("there are no images of the class; expected some. Give labels as in fit.")
    z = np.asarray(model.features_.transform(own), float) @ net.weights[0].T + net.biases[0]
    weights = net.weights[1][class_index]
    said = np.where(z > 0, z, net.slopes[0] * z) * weights
    # Equal images come out of a product of matrices with other last bits.
    n_different = len(np.unique((said / max(np.abs(said).max(), 1e-300)).round(9), axis=0))
    if n_different < n_modes:
        raise DataError(
            f"there are {n_different} images of the class that the units tell apart; expected at least {n_modes}, one "
            f"a mode. Give more."
        )
    found = KMeans(n_modes, n_init=4, random_state=0).fit_predict(said)
    largest_first = np.argsort(-np.bincount(found, minlength=n_modes), kind="stable")
    modes = np.argsort(largest_first)[found]
    return Recombination(
        class_name=model.class_names_[class_index],
        templates=first_layer_templates(
            net.weights[0], net.weights[1], image_shape=model.image_shape_, n_units=net.widths[0], is_sorted=False
        ),
        weights=weights,
        modes=modes,
        means=np.stack([own[modes == mode].mean(axis=0).round().astype(np.uint8) for mode in range(n_modes)]),
        shares=np.bincount(modes, minlength=n_modes) / len(own),
        contributions=np.stack([said[modes == mode].mean(axis=0) for mode in range(n_modes)]),
    )


def template_sheet(templates: Templates, *, n_columns: int = 8, title: str = "") -> "Figure":
    """Draw templates side by side, each under its caption.

    Args:
        templates: from `linear_templates` or `first_layer_templates`.
        n_columns: how many stand in a row.
        title: what stands above all.
    """
    from matplotlib.figure import Figure

    n_rows = -(-len(templates.weights) // integer(n_columns, name="n_columns", low=1))
    with look():
        figure = Figure(figsize=(1.15 * n_columns, 1.35 * n_rows + 0.4 * bool(title)), layout="constrained")
        grid = figure.subplots(n_rows, n_columns, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for axes, weights, caption in zip(grid.flat, templates.weights, templates.captions, strict=False):
            draw_tile(axes, shaded(weights), caption)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=10.5, fontweight="bold")
    return figure


def draw_tile(axes: "Axes", pixels: UInt8[np.ndarray, "h w c"], caption: str, *, color: str = COLORS["ink"]) -> None:
    """Draw one small image or template with its caption above it."""
    axes.imshow(pixels if pixels.shape[-1] == 3 else pixels[..., 0], cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()
    axes.set_title(caption, fontsize=7.5, fontweight="normal", loc="center", color=color, pad=2)


def _picture(found: Recombination, n_units: int) -> "Figure":
    from matplotlib.figure import Figure

    n_modes, n_units = len(found.means), min(n_units, len(found.weights))
    with look():
        figure = Figure(figsize=(1.15 * (n_units + 1), 1.28 * n_modes), layout="constrained")
        grid = figure.subplots(n_modes, n_units + 1, squeeze=False)
        for mode, line in enumerate(grid):
            draw_tile(line[0], found.means[mode], f"{100 * found.shares[mode]:.0f} % of {found.class_name}")
            for axes, unit in zip(
                line[1:], np.argsort(-np.abs(found.contributions[mode]), kind="stable"), strict=False
            ):
                said = found.contributions[mode, unit]
                color = COLORS["series-1"] if said > 0 else COLORS["series-2"]
                caption = f"unit {unit + 1}: {said:+.1f}"
                draw_tile(axes, shaded(found.templates.weights[unit]), caption, color=color)
    return figure
