from math import exp, log

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import SettingError, ShapeError
from foldline.insight import SpikingNeuron, firing_rates, voltage_trace

CURRENTS = np.array([0, 1.9, 2.01, 2.5, 3, 6, 20])
SHORT = SpikingNeuron(rest_mv=-60, reset_mv=-62, threshold_mv=-55, time_constant_ms=20, refractory_ms=5)


@pytest.mark.parametrize("neuron", [SpikingNeuron(), SHORT])
@pytest.mark.parametrize("step_ms", [0.01, 0.1])
def test_the_simulated_rate_is_that_of_the_formula_less_at_most_a_step_each_interval(neuron, step_ms):
    measured, expected = firing_rates(neuron, CURRENTS, step_ms=step_ms), neuron.closed_form_hz(CURRENTS)
    assert measured.max() > 100
    assert (measured <= expected + 1e-9).all()
    assert (expected - measured <= 1e-3 * step_ms * expected**2 + 1e-9).all()


def test_the_formula_is_the_textbooks():
    # 3 nA times 10 megohm lift the voltage by 30 mV, to -40: it goes from -65 to -50 of them.
    assert SpikingNeuron().closed_form_hz(np.array([3.0]))[0] == pytest.approx(1000 / (2 + 8 * log(25 / 10)))
    assert SpikingNeuron().rheobase_na == 2


def test_up_to_the_rheobase_a_neuron_is_silent():
    assert_array_equal(SpikingNeuron().closed_form_hz(np.array([-1, 0, 2.0])), 0)
    assert_array_equal(firing_rates(SpikingNeuron(), np.array([-1, 0, 2.0])), 0)


@pytest.mark.parametrize("step_ms", [0.05, 0.5])
def test_the_simulated_rate_with_noise_is_siegerts(step_ms):
    neuron = SpikingNeuron(noise_mv=3)
    currents = np.array([1.0, 1.5, 2, 3, 4])
    measured = firing_rates(neuron, currents, time_ms=40_000, step_ms=step_ms, generator=np.random.default_rng(0))
    # Crossings fall on the ends of steps, which costs half a step each interval.
    expected = 1 / (1 / neuron.closed_form_hz(currents) + 0.5e-3 * step_ms)
    assert_allclose(measured, expected, rtol=0.03, atol=0.2)
    assert expected[0] > 0.5  # noise makes a neuron fire below its rheobase


def test_the_formula_with_little_noise_is_nearly_that_without():
    currents = np.array([0, 1.5, 2.2, 4, 20])
    assert_allclose(
        SpikingNeuron(noise_mv=0.05).closed_form_hz(currents), SpikingNeuron().closed_form_hz(currents), rtol=1e-3
    )


def test_below_threshold_the_voltage_is_the_exact_exponential():
    trace = voltage_trace(SpikingNeuron(), 1.5, time_ms=20, step_ms=0.5)
    assert_allclose(trace.voltages_mv, [-70 + 15 * (1 - exp(-t / 8)) for t in trace.times_ms])
    assert len(trace.spikes_ms) == 0
    assert trace.times_ms[-1] == pytest.approx(20)


def test_after_a_spike_the_voltage_is_reset_and_held():
    trace = voltage_trace(SpikingNeuron(), 3.0, time_ms=60, step_ms=0.01)
    assert len(trace.spikes_ms) == 6
    assert trace.voltages_mv.max() < -50
    first = round(trace.spikes_ms[0] / 0.01)
    assert trace.spikes_ms[0] == pytest.approx(8 * log(30 / 10), abs=0.0101)  # from rest
    assert_array_equal(trace.voltages_mv[first : first + 201], -65)
    assert trace.voltages_mv[first + 201] > -65
    assert_allclose(np.diff(trace.spikes_ms), 2 + 8 * log(2.5), atol=0.0101)


def test_noise_has_the_stated_standard_deviation():
    neuron = SpikingNeuron(threshold_mv=500, noise_mv=2)
    trace = voltage_trace(neuron, 0.0, time_ms=40_000, step_ms=1.0, generator=np.random.default_rng(0))
    assert trace.voltages_mv[100:].std() == pytest.approx(2, rel=0.05)


def test_the_same_generator_gives_the_same_spikes():
    runs = [
        voltage_trace(SpikingNeuron(noise_mv=3), 2.0, generator=np.random.default_rng(seed)).spikes_ms
        for seed in (5, 5, 6)
    ]
    assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_convention_the_clock_of_a_rate_starts_with_a_spike_and_ends_with_the_last():
    interval_ms = 2 + 8 * log(2.5)
    three_and_a_half = firing_rates(SpikingNeuron(), np.array([3.0]), time_ms=3.5 * interval_ms)
    assert three_and_a_half[0] == pytest.approx(1000 / interval_ms, rel=2e-3)
    assert firing_rates(SpikingNeuron(), np.array([3.0]), time_ms=0.9 * interval_ms)[0] == 0


def test_convention_a_spike_counts_at_the_end_of_its_step_and_rests_whole_steps():
    trace = voltage_trace(SpikingNeuron(refractory_ms=2.2), 3.0, time_ms=60, step_ms=0.5)
    assert trace.spikes_ms[:2].tolist() == [9.0, 9.0 + 2.0 + 7.5]  # 8 ln 3 = 8.8; 2.2 are four steps; 8 ln 2.5 = 7.3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"resistance_mohm": 0.0}, "resistance_mohm is 0.0; expected a number above 0"),
        ({"time_constant_ms": -1.0}, "time_constant_ms is -1.0; expected a number above 0"),
        ({"noise_mv": -1.0}, "noise_mv is -1.0; expected a number at least 0"),
        ({"rest_mv": float("nan")}, "rest_mv is nan; expected a number"),
        (
            {"threshold_mv": -66.0, "reset_mv": -65.0},
            "expected more than rest_mv .* Raise the threshold",
        ),
    ],
)
def test_neurons_that_cannot_be_are_refused(settings, message):
    with pytest.raises(SettingError, match=message):
        SpikingNeuron(**settings)


def test_wrong_settings_of_a_simulation_are_refused():
    neuron = SpikingNeuron()
    with pytest.raises(SettingError, match="generator is None, and noise_mv is 2; expected a source of noise"):
        voltage_trace(SpikingNeuron(noise_mv=2.0), 1.0)
    with pytest.raises(SettingError, match="step_ms is 9.0; expected a number above 0 and at most 8"):
        voltage_trace(neuron, 1.0, step_ms=9.0)
    with pytest.raises(SettingError, match="time_ms is 0.5; expected a number at least 1"):
        firing_rates(neuron, CURRENTS, time_ms=0.5, step_ms=1.0)
    with pytest.raises(SettingError, match="currents_na holds NaN or infinity"):
        firing_rates(neuron, np.array([1, np.nan]))
    with pytest.raises(SettingError, match="current_na is inf"):
        voltage_trace(neuron, float("inf"))


def test_currents_in_a_table_are_refused(as_installed):
    with pytest.raises(ShapeError, match="currents_na has shape .* Give a row of currents"):
        firing_rates(SpikingNeuron(), CURRENTS[None])
