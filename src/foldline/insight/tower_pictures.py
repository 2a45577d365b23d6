"""The picture of towers: a function of two variables, its towers, its pyramids, and what is left."""

from typing import TYPE_CHECKING

import numpy as np

from foldline.insight.certificates import rounded_up
from foldline.insight.style import look
from foldline.insight.towers import PlaneApproximation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PIXELS = 241


def towers_picture(approximation: PlaneApproximation) -> "Figure":
    """Draw what `towers` found."""
    from matplotlib.figure import Figure

    (x0, x1), (y0, y1) = approximation.box
    x, y = np.meshgrid(np.linspace(x0, x1, PIXELS), np.linspace(y0, y1, PIXELS))
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    function = np.asarray(approximation.formula.values(*points.T).middle)
    towers, pyramids = approximation.towers, approximation.pyramids
    error = pyramids.net(points) - function
    bound = max(pyramids.bound, 1e-300)
    limits = float(function.min()), float(function.max())
    panels = (
        (f"{approximation.name[:40]}", function, "cividis", limits),
        (
            f"{len(towers.net.u)} towers: error ≈ {towers.at_least:.3g}",
            towers.net(points),
            "cividis",
            limits,
        ),
        (
            f"{len(pyramids.net.u)} pyramids: error ≤ {rounded_up(pyramids.bound)}",
            pyramids.net(points),
            "cividis",
            limits,
        ),
        ("Error of the pyramids", error, "RdBu_r", (-bound, bound)),
    )
    with look():
        figure = Figure(figsize=(13.6, 3.6), layout="constrained")
        for axes, (title, values, colors, (low, high)) in zip(figure.subplots(1, 4), panels, strict=True):
            image = axes.imshow(
                values.reshape(x.shape),
                origin="lower",
                extent=(x0, x1, y0, y1),
                cmap=colors,
                vmin=low,
                vmax=high,
                aspect="auto",
            )
            axes.grid(visible=False)
            axes.set_title(title)
            axes.set(xlabel="x", ylabel="y")
            figure.colorbar(image, ax=axes, shrink=0.85)
    return figure
