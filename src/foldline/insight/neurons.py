"""A spiking neuron: its voltage over time, and its firing rate, measured and computed."""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float, Float64, Int64

from foldline.core.checks import axes, number
from foldline.core.compiled import kernel
from foldline.core.errors import SettingError

STEP_MS = 0.01
MOST_STEPS = 10_000_000  # a voltage is kept for each
LARGEST_X = 25.0  # exp(x^2) leaves float64 soon after; no spike would come in the age of the universe


@dataclass(frozen=True, kw_only=True)
class SpikingNeuron:
    """A leaky integrate-and-fire neuron: its voltage leaks towards rest, follows a current, and is reset at threshold.

    time_constant du/dt = -(u - rest) + resistance I; at u >= threshold a spike, then u = reset, held for the refractory
    time.

    Args:
        rest_mv: voltage without current.
        reset_mv: voltage after a spike, below the threshold.
        threshold_mv: voltage at which it fires, above rest.
        resistance_mohm: of the membrane; 1 megohm times 1 nA is 1 mV.
        time_constant_ms: of the membrane.
        refractory_ms: after a spike.
        noise_mv: standard deviation that white noise in the current would give to the voltage of a neuron that never
            fires; 0 for none.
    Raises: SettingError for values that no such neuron has.
    Source: Gerstner, Kistler, Naud, Paninski (2014), "Neuronal Dynamics", section 1.3; default values as in its
        exercises.
    """

    rest_mv: float = -70.0
    reset_mv: float = -65.0
    threshold_mv: float = -50.0
    resistance_mohm: float = 10.0
    time_constant_ms: float = 8.0
    refractory_ms: float = 2.0
    noise_mv: float = 0.0

    def __post_init__(self) -> None:
        for part in fields(self):
            value = getattr(self, part.name)
            if part.name in ("resistance_mohm", "time_constant_ms"):
                number(value, name=part.name, low=0, above=True)
            else:
                number(value, name=part.name, low=-1000 if part.name in ("rest_mv", "reset_mv", "threshold_mv") else 0)
        if self.threshold_mv <= max(self.rest_mv, self.reset_mv):
            raise SettingError(
                f"threshold_mv is {self.threshold_mv:g}; expected more than rest_mv ({self.rest_mv:g}) and reset_mv "
                f"({self.reset_mv:g}). Raise the threshold."
            )

    @property
    def rheobase_na(self) -> float:
        """The current above which a neuron without noise fires."""
        return (self.threshold_mv - self.rest_mv) / self.resistance_mohm

    def closed_form_hz(self, currents_na: Float[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """Compute the firing rate at constant currents from its formula.

        rate = 1 / (refractory + time_constant ln((m - reset) / (m - threshold))), m = rest + resistance I; with noise
        the logarithm becomes sqrt(pi) times the integral of exp(x^2)(1 + erf x) from (reset - m) / (sqrt(2) noise) to
        (threshold - m) / (sqrt(2) noise).

        Source: Neuronal Dynamics, section 1.3, for the interval between spikes; Siegert (1951) for the one with noise.
        """
        _check_currents(currents_na)
        return np.array([1e3 / self._interval_ms(self._drive_mv(float(current))) for current in currents_na])

    def _drive_mv(self, current_na: float) -> float:
        """Give the voltage that a current would hold the neuron at if it never fired."""
        return self.rest_mv + self.resistance_mohm * current_na

    def _interval_ms(self, drive_mv: float) -> float:
        if self.noise_mv == 0:
            if drive_mv <= self.threshold_mv:
                return np.inf
            passage = np.log((drive_mv - self.reset_mv) / (drive_mv - self.threshold_mv))
        else:
            from scipy.integrate import quad
            from scipy.special import erfcx

            low, high = (np.array([self.reset_mv, self.threshold_mv]) - drive_mv) / (np.sqrt(2) * self.noise_mv)
            if high > LARGEST_X:
                return np.inf
            area, _ = quad(lambda x: erfcx(-x), low, high, limit=200)
            passage = np.sqrt(np.pi) * area
        return float(self.refractory_ms + self.time_constant_ms * passage)


@dataclass(frozen=True, kw_only=True)
class VoltageTrace:
    """What `voltage_trace` gives back.

    Args:
        neuron: whose voltage it is.
        current_na: that drives it.
        times_ms: (T,) from 0.
        voltages_mv: (T,) at these times.
        spikes_ms: (S,) when it fired.
    """

    neuron: SpikingNeuron
    current_na: float
    times_ms: Float64[np.ndarray, " t"]
    voltages_mv: Float64[np.ndarray, " t"]
    spikes_ms: Float64[np.ndarray, " s"]


def voltage_trace(
    neuron: SpikingNeuron,
    current_na: float,
    *,
    time_ms: float = 100.0,
    step_ms: float = STEP_MS,
    generator: np.random.Generator | None = None,
) -> VoltageTrace:
    """Simulate a neuron's voltage under a constant current, from rest.

    Args:
        neuron: what to simulate.
        current_na: from time 0 on.
        time_ms: how long.
        step_ms: between two times.
        generator: of the noise; needed by a neuron with noise.
    Raises: SettingError for times, steps or currents out of range, or noise without a generator.
    Convention: between steps the voltage follows the exact solution; a spike counts at the end of its step, where the
        trace already shows the reset; the refractory time is rounded to whole steps. The spike itself has no shape.
    """
    number(current_na, name="current_na", low=-1e6, high=1e6)
    spikes, voltages = _simulated(neuron, float(current_na), time_ms, step_ms, generator, is_fresh=True)
    return VoltageTrace(
        neuron=neuron,
        current_na=float(current_na),
        times_ms=step_ms * np.arange(len(voltages)),
        voltages_mv=voltages,
        spikes_ms=step_ms * spikes,
    )


def firing_rates(
    neuron: SpikingNeuron,
    currents_na: Float[np.ndarray, " n"],
    *,
    time_ms: float = 2_000.0,
    step_ms: float = STEP_MS,
    generator: np.random.Generator | None = None,
) -> Float64[np.ndarray, " n"]:
    """Measure a neuron's firing rate at constant currents, by simulation.

    Args:
        neuron: what to simulate.
        currents_na: (N,) finite.
        time_ms: how long each one lasts.
        step_ms: of the simulation. Without noise a rate r in Hz comes out at most step_ms r^2 / 1000 too low.
        generator: of the noise; needed by a neuron with noise.
    Returns: (N,) in Hz.
    Raises: ShapeError for another array; SettingError as in `voltage_trace`.
    Convention: a rate is one over the mean time between spikes, and 0 where none comes within the time; the clock
        starts with a spike.
    """
    _check_currents(currents_na)
    rates = np.zeros(len(currents_na))
    for i, current in enumerate(currents_na):
        spikes, _ = _simulated(neuron, float(current), time_ms, step_ms, generator, is_fresh=False)
        if len(spikes):
            rates[i] = 1e3 * len(spikes) / (step_ms * spikes[-1])
    return rates


def _check_currents(currents_na: object) -> None:
    axes(currents_na, "n", name="currents_na", fix="Give a row of currents, such as np.linspace(0, 6, 61).")
    if not np.isfinite(currents_na).all():  # type: ignore[call-overload]  # it is an array by now
        raise SettingError("currents_na holds NaN or infinity; expected finite numbers. Take these out.")


def _simulated(
    neuron: SpikingNeuron,
    current_na: float,
    time_ms: float,
    step_ms: float,
    generator: np.random.Generator | None,
    *,
    is_fresh: bool,
) -> tuple[Int64[np.ndarray, " s"], Float64[np.ndarray, " t"]]:
    """Give steps that end with a spike, and the voltage before the first step and after each.

    A fresh neuron starts at rest, another one has just fired.
    """
    number(step_ms, name="step_ms", low=0, above=True, high=neuron.time_constant_ms)
    number(time_ms, name="time_ms", low=step_ms, high=MOST_STEPS * step_ms)
    if generator is None:
        if neuron.noise_mv > 0:
            raise SettingError(
                f"generator is None, and noise_mv is {neuron.noise_mv:g}; expected a source of noise. Give a "
                f"numpy.random.default_rng(0)."
            )
        generator = np.random.default_rng(0)  # never asked
    n_refractory = round(neuron.refractory_ms / step_ms)
    voltages = np.empty(round(time_ms / step_ms) + 1)
    voltages[0] = neuron.rest_mv if is_fresh else neuron.reset_mv
    fires = _step_through_(
        voltages,
        neuron._drive_mv(current_na),
        neuron.reset_mv,
        neuron.threshold_mv,
        neuron.noise_mv,
        step_ms / neuron.time_constant_ms,
        n_refractory,
        0 if is_fresh else n_refractory,
        generator,
    )
    return np.flatnonzero(fires), voltages


@kernel(fastmath=False)
def _step_through_(
    voltages: np.ndarray,
    drive: float,
    reset: float,
    threshold: float,
    noise: float,
    step: float,
    n_refractory: int,
    waiting: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """Fill in the voltages after the first; `step` is in time constants. Returns which steps end with a spike."""
    fires = np.zeros(len(voltages), np.bool_)
    decay, scatter = np.exp(-step), noise * np.sqrt(1 - np.exp(-2 * step))
    u = voltages[0]
    for t in range(1, len(voltages)):
        if waiting > 0:
            waiting -= 1
        else:
            before = u
            u = drive + (u - drive) * decay
            if noise > 0:
                u += scatter * generator.standard_normal()
            fires[t] = u >= threshold
            if noise > 0 and not fires[t]:
                # The noise may have gone over the threshold and come back within the step, with this chance; left out,
                # rates would come out too low by a share that falls with the root of the step only.
                exponent = (threshold - before) * (threshold - u) / (noise * noise * step)
                fires[t] = exponent < 40 and generator.random() < np.exp(-exponent)
            if fires[t]:
                u = reset
                waiting = n_refractory
        voltages[t] = u
    return fires
