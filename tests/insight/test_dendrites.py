from math import exp

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import SettingError, ShapeError
from foldline.insight import DendriticNeuron, SpikingNeuron, dendritic_response, find_separation

XOR = [False, True, True, False]
NEURONS = [DendriticNeuron.two_branches(), DendriticNeuron.calcium_spikes()]


@pytest.mark.parametrize("neuron", NEURONS)
def test_dendrites_compute_xor(neuron):
    response = dendritic_response(neuron)
    assert response.X.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert response.answers.tolist() == XOR
    assert response.rates_hz[1] == response.rates_hz[2] > 90
    assert find_separation(response.X, response.answers).unit is None


def test_a_branch_turns_on_for_its_own_input_alone():
    response = dendritic_response(NEURONS[0])
    assert_allclose(response.branches, [[0, 0], [0, 1], [1, 0], [0, 0]], atol=0.01)
    assert_allclose(response.currents_na, [0, 3, 3, 0], atol=0.06)


def test_a_calcium_spike_is_largest_at_the_threshold_and_smaller_for_more():
    output = NEURONS[1].branch_output(np.array([-1e-9, 0, 0.3, 3]))
    assert_allclose(output, [0, 1, exp(-1), exp(-10)])


def test_convention_the_cell_body_gets_the_sum_of_the_steady_branches_and_fires_by_its_own_law():
    soma = SpikingNeuron(threshold_mv=-60.0)
    neuron = DendriticNeuron(
        weights=np.array([[2.0], [-1.0], [0.0]]), thresholds=np.zeros(3), branch="sigmoid", branch_na=2.0, soma=soma
    )
    response = dendritic_response(neuron, np.array([[0.1], [-0.2]]))
    expected = [
        2 * (1 / (1 + exp(-20 * x)) + 1 / (1 + exp(10 * x)) + 0.5) for x in (0.1, -0.2)
    ]  # fmt: skip
    assert_allclose(response.currents_na, expected)
    assert_allclose(response.rates_hz, soma.closed_form_hz(np.array(expected)), rtol=5e-3)


def test_a_neuron_that_a_threshold_unit_can_stand_for_is_drawn_with_its_line():
    neuron = DendriticNeuron(
        weights=np.array([[1.0, 1.0]]), thresholds=np.array([1.5]), branch="sigmoid", branch_na=3.0
    )
    response = dendritic_response(neuron)
    assert_array_equal(response.answers, [False, False, False, True])
    assert response.picture().axes[0].get_title(loc="left") == "w x + b > 0 can: at best 4 of 4"


def test_dendrites_are_drawn(assert_golden):
    assert_golden(dendritic_response(NEURONS[0]).picture(), "dendrites")


def test_calcium_dendrites_are_drawn(assert_golden):
    assert_golden(dendritic_response(NEURONS[1]).picture(), "dendrites_calcium")


def test_settings_that_do_not_go_together_are_refused(as_installed):
    with pytest.raises(ShapeError, match="thresholds has shape .* Give one threshold for each branch"):
        DendriticNeuron(weights=np.eye(2), thresholds=np.zeros(3), branch="sigmoid", branch_na=1.0)
    with pytest.raises(SettingError, match="branch is 'step'; expected one of 'sigmoid', 'calcium'"):
        DendriticNeuron(weights=np.eye(2), thresholds=np.zeros(2), branch="step", branch_na=1.0)
    with pytest.raises(SettingError, match="branch_na is -1.0; expected a number at least 0"):
        DendriticNeuron(weights=np.eye(2), thresholds=np.zeros(2), branch="sigmoid", branch_na=-1.0)


def test_inputs_of_another_length_are_refused():
    with pytest.raises(ShapeError, match=r"X has shape \(4, 3\); expected \(n, 2\). Give one row an input"):
        dendritic_response(NEURONS[0], np.zeros((4, 3)))
