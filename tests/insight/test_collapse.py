from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import foldline as fl
from foldline.core.errors import SettingError, ShapeError
from foldline.insight import find_collapse
from insight.odd_nets import net_of, random_net

X = np.random.default_rng(0).standard_normal((60, 9)).astype(np.float32)


def test_two_layers_collapse_to_their_product_on_paper():
    net = net_of([[[1, 2], [0, 1]], [[3, -1]]], [[1, 0], [5]], "identity")
    collapse = find_collapse(net, np.array([[1.0, 1.0], [-2.0, 0.0]]))
    assert collapse.W.tolist() == [[3, 5]]
    assert collapse.b.tolist() == [8]
    assert (collapse.largest_score, collapse.largest_difference, collapse.float32_difference) == (16, 0, 0)


def test_a_deep_net_without_activation_gives_the_scores_of_one_linear_classifier():
    net = random_net(9, 30, 20, 10, 4, activation="identity")
    collapse = find_collapse(net, X)
    scores = X.astype(np.float64) @ collapse.W.T + collapse.b
    assert_allclose(net(jnp.asarray(X)), scores, atol=1e-4)
    assert 0 < collapse.largest_difference < 1e-12
    assert 0 < collapse.float32_difference < 1e-4
    assert collapse.largest_score == pytest.approx(np.abs(scores).max())
    assert [W.shape for W in collapse.weights] == [(30, 9), (20, 30), (10, 20), (4, 10)]


def test_differences_are_those_of_rounding_in_the_layers():
    # Layer by layer the second input is lost beside 1e16; in the product the large weights cancel first.
    net = net_of([[[1e16, 1], [1e16, 0]], [[1, -1]]], [[0, 0], [0]], "identity")
    collapse = find_collapse(net, np.ones((1, 2)))
    assert collapse.W.tolist() == [[0, 1]]
    assert (collapse.largest_score, collapse.largest_difference, collapse.float32_difference) == (0, 1, 1)


def test_a_users_saved_model_collapses(tmp_path):
    model = fl.MLPClassifier(hidden=(8, 8), activation="identity", epochs=2).fit(X, X[:, 0] > 0)
    fl.save(model, tmp_path / "deep.safetensors")
    collapse = fl.find_collapse(fl.load(tmp_path / "deep.safetensors"), X)
    assert_allclose(X @ collapse.W.T + collapse.b, model.scores(X), atol=1e-5)


def test_a_linear_classifier_is_its_own_collapse():
    collapse = find_collapse(random_net(9, 3, activation="relu"), X)
    assert_array_equal(collapse.W, collapse.weights[0])
    assert collapse.largest_difference == 0


def test_collapses_are_drawn(assert_golden):
    collapse = find_collapse(random_net(9, 12, 7, 3, activation="identity"), X)
    collapse = replace(collapse, largest_difference=2e-15)  # the true one is rounding, which machines do otherwise
    assert_golden(collapse.picture(class_names=["cat", "dog", "owl"]), "collapse")


def test_deeper_collapses_name_the_ends_of_their_product():
    figure = find_collapse(random_net(9, 5, 5, 5, 3, activation="identity"), X).picture()
    assert [axes.get_title(loc="left") for axes in figure.axes[:5]] == [
        "W4  (3×5)",
        "W3  (5×5)",
        "W2  (5×5)",
        "W1  (5×9)",
        "= W4 … W1  (3×9)",
    ]


def test_convention_colours_of_a_matrix_go_from_minus_to_plus_its_largest_number():
    collapse = find_collapse(random_net(9, 5, 3, activation="identity"), X)
    limits = [axes.images[0].get_clim() for axes in collapse.picture().axes[:3]]
    largest = [np.abs(W).max() for W in (*collapse.weights[::-1], collapse.W)]
    assert_allclose(limits, [(-value, value) for value in largest])


def test_nets_with_an_activation_are_refused():
    with pytest.raises(SettingError, match="activation 'tanh'; expected 'identity'"):
        find_collapse(random_net(9, 5, 5, 3, activation=("identity", "tanh")), np.zeros((1, 9)))
    with pytest.raises(SettingError, match="activation 'relu'; expected 'identity'.* Train a net with activation"):
        find_collapse(random_net(9, 4, 2), X)


def test_wrong_vectors_and_names_are_refused():
    net = random_net(9, 4, 2, activation="identity")
    with pytest.raises(ShapeError, match="Give vectors of the length that the net takes"):
        find_collapse(net, X[:, :5])
    with pytest.raises(SettingError, match="X holds no vectors"):
        find_collapse(net, X[:0])
    with pytest.raises(ShapeError, match="class_names has 3 names; expected 2"):
        find_collapse(net, X).picture(class_names=["cat", "dog", "owl"])
