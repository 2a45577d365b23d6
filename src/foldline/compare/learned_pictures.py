"""The drawing of learning curves: accuracy over the number of training images, and over the seconds they took."""

from typing import TYPE_CHECKING

from foldline.insight.style import MARKERS, SERIES, look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from foldline.compare.learned import LearningCurves


def learned_picture(found: "LearningCurves") -> "Figure":
    """Draw every recipe's accuracy over training images on the left, and over seconds on the right.

    Args:
        found: what `learning_curves` gave.
    Convention: bars are standard deviations over seeds; seconds are those from pixels to a trained model.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    with look():
        figure = Figure(figsize=(9.6, 4.4), layout="constrained")
        of_images, of_seconds = figure.subplots(1, 2, sharey=True)
        for i, (recipe, title) in enumerate(found.recipes.items()):
            points = [point for point in found.points if point.recipe == recipe]
            means = [100 * point.accuracy.mean for point in points]
            looks = {"color": SERIES[i % len(SERIES)], "marker": MARKERS[i % len(MARKERS)], "markersize": 6}
            looks |= {"linestyle": "--"} if i // len(SERIES) % 2 else {}
            bars = [100 * point.accuracy.std for point in points] if found.n_seeds > 1 else None
            of_images.errorbar([p.n_train for p in points], means, yerr=bars, label=title, capsize=3, **looks)
            of_seconds.plot([point.elapsed_s for point in points], means, **looks)
        for axes, label in ((of_images, "training images"), (of_seconds, "seconds from pixels to a trained model")):
            axes.set_xscale("log")
            axes.set_xlabel(label)
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        of_images.set_ylabel("test images right, %")
        figure.legend(loc="outside lower center", ncols=3)
    return figure
