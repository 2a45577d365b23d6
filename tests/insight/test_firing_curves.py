import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import SettingError
from foldline.insight import SpikingNeuron, firing_curve, firing_rates, voltage_trace

CURVE = firing_curve(time_ms=500)
NOISY = SpikingNeuron(noise_mv=3)


def relu(currents, slope_hz_per_na, threshold_na):
    return slope_hz_per_na * np.maximum(0, currents - threshold_na)


def sigmoid(currents, largest_hz, middle_na, width_na):
    return largest_hz / (1 + np.exp(-(currents - middle_na) / width_na))


def test_a_curve_holds_the_measured_and_the_computed_rates():
    assert_array_equal(CURVE.currents_na, np.linspace(0, 6, 61))
    assert_array_equal(CURVE.rates_hz, firing_rates(SpikingNeuron(), CURVE.currents_na, time_ms=500))
    assert_allclose(CURVE.rates_hz, CURVE.closed_form_hz, atol=0.5)  # Hz


@pytest.mark.parametrize(("fit", "function"), [(CURVE.relu, relu), (CURVE.sigmoid, sigmoid)])
def test_a_fit_is_what_its_parameters_and_errors_say(fit, function):
    expected = function(CURVE.currents_na, **fit.parameters)
    misses = CURVE.rates_hz - expected
    assert_allclose(fit.rates_hz, expected)
    assert fit.largest_hz == pytest.approx(np.abs(misses).max())
    assert fit.r2 == pytest.approx(1 - misses.var() / CURVE.rates_hz.var(), abs=5e-3)
    assert fit.r2 == pytest.approx(1 - (misses @ misses) / (61 * CURVE.rates_hz.var()))


@pytest.mark.parametrize(("fit", "function"), [(CURVE.relu, relu), (CURVE.sigmoid, sigmoid)])
def test_no_parameter_beside_those_of_a_fit_is_better(fit, function):
    best = ((CURVE.rates_hz - fit.rates_hz) ** 2).sum()
    for name, value in fit.parameters.items():
        for factor in (0.98, 1.02):
            other = function(CURVE.currents_na, **{**fit.parameters, name: factor * value})
            assert ((CURVE.rates_hz - other) ** 2).sum() > best


def test_noise_smooths_the_curve_and_brings_it_nearer_to_both_fits():
    noisy = firing_curve(NOISY, time_ms=4_000, step_ms=0.05, generator=np.random.default_rng(0))
    assert noisy.relu.r2 > CURVE.relu.r2 + 0.01
    assert noisy.sigmoid.r2 > CURVE.sigmoid.r2 + 0.005


def test_a_neuron_that_hardly_fires_is_refused():
    with pytest.raises(SettingError, match="fires at 2 different rates over 5 currents; expected at least 3.* of 2 nA"):
        firing_curve(currents_na=np.array([0, 1, 3.0, 3.0, 4]))


def test_three_rates_are_enough():
    assert firing_curve(currents_na=np.array([2.5, 3, 3.5])).sigmoid.r2 == pytest.approx(1)


def test_neurons_are_drawn(assert_golden):
    assert_golden(CURVE.picture(), "neuron")


def test_noisy_neurons_are_drawn():
    figure = firing_curve(NOISY, time_ms=500, step_ms=0.1, generator=np.random.default_rng(0)).picture()
    title = figure.axes[1].get_title(loc="left")
    assert title == "spiking neuron at 2.5 nA"
    assert "Where the analogy ends" in figure.get_supxlabel()


def test_convention_spikes_are_strokes_of_thirty_millivolts_at_their_times():
    trace = voltage_trace(SpikingNeuron(), 3.0, time_ms=40)
    strokes = CURVE.picture(trace).axes[1].collections[0].get_segments()
    assert [stroke[0][0] for stroke in strokes] == trace.spikes_ms.tolist()
    assert all(stroke[:, 1].tolist() == [-50, -20] for stroke in strokes)
