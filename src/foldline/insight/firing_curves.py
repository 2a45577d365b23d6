"""A neuron's firing rate over its input, beside the activation functions that stand for it, fitted."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float64

from foldline.core.errors import SettingError
from foldline.insight.neurons import STEP_MS, SpikingNeuron, VoltageTrace, firing_rates

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RATES_FOR_A_FIT = 3  # the sigmoid has three parameters


@dataclass(frozen=True, kw_only=True)
class RateFit:
    """An activation function fitted to a firing-rate curve.

    Args:
        name: "ReLU" or "sigmoid".
        parameters: what was fitted, with units in the names.
        rates_hz: (N,) its values at the curve's currents.
        r2: share of the rates' variance that it explains.
        largest_hz: largest difference from a measured rate.
    """

    name: str
    parameters: dict[str, float]
    rates_hz: Float64[np.ndarray, " n"]
    r2: float
    largest_hz: float


@dataclass(frozen=True, kw_only=True)
class FiringCurve:
    """What `firing_curve` gives back.

    Args:
        neuron: that was measured.
        currents_na: (N,) constant currents.
        rates_hz: (N,) measured by simulation.
        closed_form_hz: (N,) computed.
        relu: slope_hz_per_na max(0, I - threshold_na), fitted.
        sigmoid: largest_hz / (1 + exp(-(I - middle_na) / width_na)), fitted.
    """

    neuron: SpikingNeuron
    currents_na: Float64[np.ndarray, " n"]
    rates_hz: Float64[np.ndarray, " n"]
    closed_form_hz: Float64[np.ndarray, " n"]
    relu: RateFit
    sigmoid: RateFit

    def picture(self, trace: VoltageTrace | None = None) -> "Figure":
        """Draw an artificial neuron beside this one (see `neuron_picture`)."""
        from foldline.insight.neuron_pictures import neuron_picture

        return neuron_picture(self, trace)


def firing_curve(
    neuron: SpikingNeuron | None = None,
    currents_na: Float[np.ndarray, " n"] | None = None,
    *,
    time_ms: float = 2_000.0,
    step_ms: float = STEP_MS,
    generator: np.random.Generator | None = None,
) -> FiringCurve:
    """Measure a neuron's firing rate over its input current, and fit ReLU and sigmoid to it by least squares.

    Args:
        neuron: what to simulate; None for the textbook's.
        currents_na: (N,) constant currents; None for 61 from 0 to three times the rheobase.
        time_ms: as in `firing_rates`.
        step_ms: as in `firing_rates`.
        generator: as in `firing_rates`.
    Returns: measured and computed rates, and both fits.
    Raises: as `firing_rates`; SettingError if the neuron fires at fewer than three different rates.
    Example:
        >>> curve = firing_curve(currents_na=np.linspace(0, 6, 13), time_ms=500)
        >>> print(f"{curve.neuron.rheobase_na:g} nA, {curve.rates_hz[-1]:.0f} Hz, {curve.closed_form_hz[-1]:.0f} Hz")
        2 nA, 220 Hz, 220 Hz
    """
    neuron = SpikingNeuron() if neuron is None else neuron
    if currents_na is None:
        currents_na = np.linspace(0, 3 * neuron.rheobase_na, 61)
    rates = firing_rates(neuron, currents_na, time_ms=time_ms, step_ms=step_ms, generator=generator)
    n_rates = len(np.unique(rates[rates > 0]))
    if n_rates < RATES_FOR_A_FIT:
        raise SettingError(
            f"the neuron fires at {n_rates} different rates over {len(rates)} currents; expected at least "
            f"{RATES_FOR_A_FIT}, to fit curves to. Give more currents above its rheobase of "
            f"{neuron.rheobase_na:.3g} nA."
        )
    currents = np.asarray(currents_na, np.float64)
    middle, span = float(currents[rates > 0].mean()), float(np.ptp(currents))
    return FiringCurve(
        neuron=neuron,
        currents_na=currents,
        rates_hz=rates,
        closed_form_hz=neuron.closed_form_hz(currents),
        relu=_fitted("ReLU", _relu, currents, rates, slope_hz_per_na=rates.max() / span, threshold_na=currents.min()),
        sigmoid=_fitted(
            "sigmoid", _sigmoid, currents, rates, largest_hz=rates.max(), middle_na=middle, width_na=span / 10
        ),
    )


def _relu(currents: Float64[np.ndarray, " n"], slope: float, threshold: float) -> Float64[np.ndarray, " n"]:
    return slope * np.maximum(0, currents - threshold)


def _sigmoid(
    currents: Float64[np.ndarray, " n"], largest: float, middle: float, width: float
) -> Float64[np.ndarray, " n"]:
    from scipy.special import expit

    return np.asarray(largest * expit((currents - middle) / width))


def _fitted(
    name: str,
    function: Callable[..., np.ndarray],
    currents: Float64[np.ndarray, " n"],
    rates: Float64[np.ndarray, " n"],
    **start: float,
) -> RateFit:
    from scipy.optimize import OptimizeWarning, curve_fit

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OptimizeWarning)  # of the parameters' covariance, which is not used
        found, _ = curve_fit(function, currents, rates, p0=list(start.values()), maxfev=10_000)
    fitted = function(currents, *found)
    return RateFit(
        name=name,
        parameters=dict(zip(start, found.tolist(), strict=True)),
        rates_hz=fitted,
        r2=float(1 - ((rates - fitted) ** 2).sum() / ((rates - rates.mean()) ** 2).sum()),
        largest_hz=float(np.abs(rates - fitted).max()),
    )
