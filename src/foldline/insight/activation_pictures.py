"""The six activation functions with their derivatives, in numbers and as small panels."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float64

from foldline.core.checks import axes
from foldline.core.errors import SettingError
from foldline.insight.style import COLORS, SERIES, look
from foldline.models.activations import ACTIVATIONS, LEAKY_SLOPE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# In the lecture's order.
FORMULAS = {
    "sigmoid": "1 / (1 + exp(\N{MINUS SIGN}x))",
    "tanh": "tanh x",
    "relu": "max(0, x)",
    "leaky_relu": f"max({LEAKY_SLOPE} x, x)",
    "softplus": "log(1 + exp x)",
    "elu": "x, or exp(x) \N{MINUS SIGN} 1 below 0",
}
TITLES = {"relu": "ReLU", "leaky_relu": "leaky ReLU", "elu": "ELU"}
BESIDE = 1e-6  # where the derivative is taken left and right of 0
REACH = 4.0


@dataclass(frozen=True, kw_only=True)
class ActivationCurve:
    """One activation function, computed by what the nets use.

    Args:
        name: key of ACTIVATIONS.
        x: (N,) where.
        values: (N,) of the function.
        derivatives: (N,) by automatic differentiation.
        slopes_at_0: the derivative just below 0, at 0 and just above.
    """

    name: str
    x: Float64[np.ndarray, " n"]
    values: Float64[np.ndarray, " n"]
    derivatives: Float64[np.ndarray, " n"]
    slopes_at_0: tuple[float, float, float]

    @property
    def has_kink(self) -> bool:
        """Whether the derivative jumps at 0, so that the one there is a convention."""
        below, _, above = self.slopes_at_0
        return abs(above - below) > 1e-3


def activation_curves(x: Float[np.ndarray, " n"] | None = None) -> tuple[ActivationCurve, ...]:
    """Compute the six activation functions and their derivatives.

    Args:
        x: (N,) finite; None for 401 from -4 to 4.
    Returns: one curve each, in the lecture's order.
    Raises: ShapeError for another array; SettingError for numbers that are not finite.
    Example:
        >>> [curve.name for curve in activation_curves() if curve.has_kink]
        ['relu', 'leaky_relu']
    """
    import jax
    import jax.numpy as jnp

    x = np.linspace(-REACH, REACH, 401) if x is None else x
    axes(x, "n", name="x", fix="Give a row of numbers, such as np.linspace(-4, 4, 401).")
    if not np.isfinite(x).all():
        raise SettingError("x holds NaN or infinity; expected finite numbers. Take these out.")
    curves = []
    with jax.enable_x64(True):
        for name in FORMULAS:
            derive = jax.vmap(jax.grad(ACTIVATIONS[name]))
            below, at, above = derive(jnp.array([-BESIDE, 0.0, BESIDE])).tolist()
            where = jnp.asarray(x, jnp.float64)
            curves.append(
                ActivationCurve(
                    name=name,
                    x=np.asarray(where),
                    values=np.asarray(jax.vmap(ACTIVATIONS[name])(where)),
                    derivatives=np.asarray(derive(where)),
                    slopes_at_0=(below, at, above),
                )
            )
    return tuple(curves)


def activations_picture() -> "Figure":
    """Draw the six functions, solid, and their derivatives, dashed.

    Returns: a figure for `svg_text`.
    Convention: where a derivative jumps, a full dot marks the value that training uses and an empty one the other.
    """
    from matplotlib.figure import Figure

    with look():
        figure = Figure(figsize=(9.0, 5.2), layout="constrained")
        panels = figure.subplots(2, 3, sharex=True)
        for panel, curve in zip(panels.flat, activation_curves(), strict=True):
            _draw_curve(panel, curve)
        for panel in panels[1]:
            panel.set_xlabel("x")
        handles, labels = panels[0, 2].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=3, fontsize=9)
    return figure


def _draw_curve(panel: "Axes", curve: ActivationCurve) -> None:
    panel.axhline(0, color=COLORS["muted"], linewidth=0.8)
    panel.axvline(0, color=COLORS["muted"], linewidth=0.8)
    panel.plot(curve.x, curve.values, color=SERIES[0], label="function")
    # The line breaks where the derivative jumps.
    jumps = np.where((curve.x == 0) & curve.has_kink, np.nan, curve.derivatives)
    panel.plot(curve.x, jumps, color=SERIES[1], linestyle=(0, (4, 2)), label="derivative")
    if curve.has_kink:
        below, at, above = curve.slopes_at_0
        other = above if at == below else below
        panel.plot(0, other, "o", color="white", markeredgecolor=SERIES[1], markersize=5.5, zorder=4)
        panel.plot(
            0, at, "o", color=SERIES[1], markersize=5.5, zorder=4, linestyle="none", label="derivative used at 0"
        )
        panel.annotate(
            f"at 0: {at:g}",
            (0, at),
            xytext=(-8, 6) if at == above else (8, -13),
            ha="right" if at == above else "left",
            textcoords="offset points",
            fontsize=8.5,
            color=SERIES[1],
        )
    panel.set_title(f"{TITLES.get(curve.name, curve.name)}: {FORMULAS[curve.name]}")
    panel.set(ylim=(-1.3, 2.2) if curve.name in ("sigmoid", "tanh") else (-1.3, REACH))
