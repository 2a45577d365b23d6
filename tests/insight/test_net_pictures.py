import numpy as np
import pytest
from numpy.testing import assert_allclose

from foldline.core.errors import SettingError
from foldline.insight import PiecewiseNet, bends, net_picture, relu_sum_picture
from insight.odd_nets import random_net

THREE = PiecewiseNet(
    weights=(np.array([[1.0], [-1.0], [2.0]]), np.array([[1.0, -0.5, 0.75]])),
    biases=(np.array([0.5, 0.25, -1.0]), np.array([0.1])),
    slopes=(0.0,),
)


def test_units_bend_where_the_lecture_says():
    places, changes = bends(THREE)
    assert_allclose(places, [-0.5, 0.25, 0.5])
    assert_allclose(changes, [1.0, -0.5, 1.5])
    x = places[:, None] + [-1e-3, 0, 1e-3]
    y = THREE.scores(x.reshape(-1, 1)).reshape(3, 3)
    assert_allclose((y[:, 2] - 2 * y[:, 1] + y[:, 0]) / 1e-3, changes, atol=1e-9)


def test_sums_of_bent_lines_are_drawn(assert_golden):
    assert_golden(relu_sum_picture(THREE), "relu_sum")


def test_nets_are_drawn(assert_golden):
    assert_golden(net_picture(random_net(4, 6, 3, seed=1)), "net")


def test_nets_of_another_shape_are_refused():
    with pytest.raises(SettingError, match="the net has a layer of 40 units; expected at most 16"):
        net_picture(random_net(40, 3, 2))
    with pytest.raises(SettingError, match="expected one input, one hidden layer of ReLU and one output"):
        relu_sum_picture(PiecewiseNet(weights=(np.eye(2),), biases=(np.zeros(2),), slopes=()))


@pytest.mark.parametrize(("low", "high"), [(1.0, -1.0), (0.0, 0.0), (float("nan"), 1.0)])
def test_an_interval_that_is_none_is_refused(low, high):
    net = PiecewiseNet(weights=(np.ones((1, 1)), np.ones((1, 1))), biases=(np.zeros(1), np.zeros(1)), slopes=(0.0,))
    with pytest.raises(SettingError, match="Change (low|high)"):
        relu_sum_picture(net, low=low, high=high)


def test_a_unit_without_weight_bends_nowhere():
    weights, biases = (np.array([[0.0], [2.0]]), np.ones((1, 2))), (np.ones(2), np.zeros(1))
    net = PiecewiseNet(weights=weights, biases=biases, slopes=(0.0,))
    places, changes = bends(net)
    assert places.tolist() == [-np.inf, -0.5]
    assert changes.tolist() == [0, 2]


def test_convention_weights_of_zero_are_not_drawn():
    net = PiecewiseNet(
        weights=(np.array([[2.0, 0.0], [0.0, -1.0]]), np.array([[0.0, 0.0]])),
        biases=(np.zeros(2), np.zeros(1)),
        slopes=(0.0,),
    )
    graph = net_picture(net).axes[0]
    n_lines = [len(lines.get_segments()) for lines in graph.collections if hasattr(lines, "get_segments")]
    assert n_lines == [1, 1, 0, 0]  # above and below 0, layer by layer


def test_colours_of_a_matrix_of_zeros_go_from_minus_one_to_one():
    net = PiecewiseNet(weights=(np.zeros((2, 3)), np.ones((1, 2))), biases=(np.zeros(2), np.zeros(1)), slopes=(0.0,))
    figure = net_picture(net)
    figure.canvas.draw()
    assert figure.axes[1].images[0].get_clim() == (-1, 1)
