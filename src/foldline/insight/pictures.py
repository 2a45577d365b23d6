"""Drawings of what `measures` counts and training records: confusions, calibration, learning curves."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int64

from foldline.core import checks
from foldline.insight.measures import Calibration
from foldline.insight.style import COLORS, look
from foldline.training import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_NUMBERED_CLASSES = 16  # more would not leave room for a number in each cell
MAX_NAMED_CLASSES = 40
MAX_SHARE_UNDER_INK = 0.7  # where ink and white are about equally well read on both colours of cells


def confusion_picture(confusion: Int64[np.ndarray, "k k"], class_names: tuple[str, ...]) -> "Figure":
    """Draw who was taken for whom: a row a true class, a column a prediction, darker for a larger share of the row.

    Args:
        confusion: (K, K) counts, row true, column predicted.
        class_names: K names; left out for more than 40 classes.
    Returns: a figure for `svg_text`.
    Raises: ShapeError if there is not a row and a column for each name.
    """
    from matplotlib.colors import to_rgb
    from matplotlib.figure import Figure

    k = len(class_names)
    checks.axes(confusion, f"{k} {k}", name="confusion", fix="Give one name for each class.")
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    # Right answers in blue, mistakes in orange, so that a few mistakes are seen beside many right ones.
    rgba = np.empty((k, k, 4))
    rgba[..., :3] = np.where(np.eye(k, dtype=bool)[..., None], to_rgb(COLORS["series-1"]), to_rgb(COLORS["series-2"]))
    rgba[..., 3] = np.sqrt(share)  # small shares stay visible
    side = min(max(0.42 * k, 4.2), 8.5)
    with look():
        figure = Figure(figsize=(side + 1.2, side + 0.6), layout="constrained")
        axes = figure.add_subplot()
        axes.imshow(rgba, interpolation="nearest")
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        if k <= MAX_NAMED_CLASSES:
            axes.set_xticks(range(k), class_names, rotation=45, ha="right", rotation_mode="anchor")
            axes.set_yticks(range(k), class_names)
        if k <= MAX_NUMBERED_CLASSES:
            for row, col in np.argwhere(confusion > 0):
                # Pure white is no variable of a page: cells keep their colours on a dark one, and so must it.
                color = "white" if share[row, col] > MAX_SHARE_UNDER_INK else COLORS["ink"]
                axes.text(col, row, f"{confusion[row, col]}", ha="center", va="center", fontsize=8, color=color)
    return figure


def calibration_picture(calibration: Calibration) -> "Figure":
    """Draw how often predictions of each confidence were right, beside the line where both are equal.

    Args:
        calibration: the bins; empty ones are left out.
    Returns: a figure for `svg_text`.
    """
    from matplotlib.figure import Figure

    filled = calibration.n > 0
    with look():
        figure = Figure(figsize=(4.6, 4.2), layout="constrained")
        top, bottom = figure.subplots(2, 1, height_ratios=(4, 1), sharex=True)
        top.plot([0, 1], [0, 1], color=COLORS["muted"], linestyle="--", linewidth=1.2)
        top.plot(
            calibration.confidence[filled],
            calibration.accuracy[filled],
            color=COLORS["series-1"],
            marker="o",
            markersize=5,
        )
        top.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="share that was right")
        top.text(0.97, 0.05, f"calibration error {calibration.ece:.3f}", ha="right", transform=top.transAxes)
        width = 1 / len(calibration.n)
        bottom.bar(
            (np.arange(len(calibration.n)) + 0.5) * width, calibration.n, width=0.9 * width, color=COLORS["series-3"]
        )
        bottom.set(xlabel="confidence in the prediction", ylabel="images")
        bottom.locator_params(axis="y", nbins=2)
    return figure


def learning_curves_picture(history: History) -> "Figure":
    """Draw loss and accuracy over the epochs, on training and validation rows, with the epoch that was kept.

    Args:
        history: of at least one epoch; without validation rows their curves and the epoch are left out.
    Returns: a figure for `svg_text`.
    """
    from matplotlib.figure import Figure

    with look():
        figure = Figure(figsize=(6.4, 3.0), layout="constrained")
        loss, accuracy = figure.subplots(1, 2)
        _curves(loss, history.train_loss, history.val_loss, history.best_epoch, ideal=0)
        _curves(accuracy, history.train_accuracy, history.val_accuracy, history.best_epoch, ideal=1)
        loss.set(title="loss", xlabel="epoch", ylim=(0, None))
        accuracy.set(title="accuracy", xlabel="epoch", ylim=(None, 1))
        accuracy.legend(loc="lower right")
    return figure


def _curves(axes: "Axes", train: np.ndarray, val: np.ndarray | None, best_epoch: int, *, ideal: float) -> None:
    epochs = np.arange(1, len(train) + 1)
    axes.update_datalim([(1, ideal)])  # so that the margin is a share of all that is shown
    marker = "o" if len(train) == 1 else None
    axes.plot(epochs, train, color=COLORS["series-3"], label="training", marker=marker)
    if val is not None:
        axes.plot(epochs, val, color=COLORS["series-1"], label="validation", marker=marker)
        axes.axvline(best_epoch + 1, color=COLORS["muted"], linestyle=":", linewidth=1.2)
        axes.plot(best_epoch + 1, val[best_epoch], "o", color=COLORS["series-1"], markersize=6)
    axes.set_xlim(0.5, len(train) + 0.5)
    axes.locator_params(axis="x", integer=True, nbins=6, min_n_ticks=1)
