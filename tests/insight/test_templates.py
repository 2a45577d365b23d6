import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.preprocessing import StandardScaler

from foldline.core.errors import SettingError, ShapeError
from foldline.estimators import LinearClassifier
from foldline.features import Pixels
from foldline.insight import first_layer_templates, linear_templates, shaded
from image_files import noise

NAMES = ("cat", "dog")


def test_a_template_has_the_pixels_of_its_class_in_their_places():
    coef = np.arange(2 * 2 * 3 * 3, dtype=np.float32).reshape(2, 18)
    found = linear_templates(coef, image_shape=(2, 3, 3), class_names=NAMES)
    assert found.captions == NAMES
    assert found.is_of_classes
    assert found.weights.shape == (2, 2, 3, 3)
    assert found.weights.dtype == np.float32
    for k, row, col, channel in np.ndindex(2, 2, 3, 3):
        assert found.weights[k, row, col, channel] == coef[k, (row * 3 + col) * 3 + channel]


def test_templates_are_in_the_order_of_the_pixel_feature():
    images = noise(5, 3, 4, 3)
    weights = np.random.default_rng(0).normal(size=(2, 36)).astype(np.float32)
    templates = linear_templates(weights, image_shape=(3, 4, 3), class_names=NAMES).weights
    scores = np.einsum("khwc,nhwc->nk", templates, images / 255)
    assert_allclose(scores, Pixels().transform(images) @ weights.T, rtol=1e-4, atol=1e-5)


def test_convention_weights_are_those_on_standardised_pixels():
    # Pixel 0 tells the classes apart, pixel 1 is noise of a thousandth of a grey level. As trained, on standardised
    # pixels, the first weighs most; divided by its deviation the second would be the whole template.
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    grey = np.stack([labels * 200.0 + rng.normal(0, 20, 60), 128 + rng.normal(0, 1e-3, 60)], axis=1)
    scaler = StandardScaler().fit(grey)
    classifier = LinearClassifier(epochs=20).fit(scaler.transform(grey), labels)
    template = linear_templates(classifier.coef_, image_shape=(1, 2, 1), class_names=NAMES).weights[1].ravel()
    assert_array_equal(template, classifier.coef_[1])
    assert abs(template[0]) > 5 * abs(template[1])
    on_grey_levels = np.abs(template / scaler.scale_)
    assert on_grey_levels[1] > on_grey_levels[0]


def influence(W_first, W_next):
    return [np.sqrt((W_first[u] ** 2).sum()) * np.sqrt((W_next[:, u] ** 2).sum()) for u in range(len(W_first))]


def test_the_most_influential_units_come_first():
    # Lengths 1, 2, 3 of the rows times 6, 1, 1 of the columns: 6, 2, 3.
    W_first = np.array([[1, 0], [0, 2], [3, 0]], np.float32)
    W_next = np.array([[6, 1, 0], [0, 0, 1]], np.float32)
    found = first_layer_templates(W_first, W_next, image_shape=(1, 2, 1))
    assert found.captions == ("unit 1", "unit 3", "unit 2")
    assert not found.is_of_classes
    assert_array_equal(found.weights[:, 0, :, 0], [[1, 0], [3, 0], [0, 2]])


@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_no_unit_left_out_has_more_influence_than_one_taken(seed, n_units):
    rng = np.random.default_rng(seed)
    W_first, W_next = rng.normal(size=(7, 4)).astype(np.float32), rng.normal(size=(3, 7)).astype(np.float32)
    found = first_layer_templates(W_first, W_next, image_shape=(2, 2, 1), n_units=n_units)
    assert len(found.captions) == len(found.weights) == min(n_units, 7)
    units = [int(caption.removeprefix("unit ")) - 1 for caption in found.captions]
    assert units == sorted(range(7), key=lambda u: -influence(W_first, W_next)[u])[:n_units]
    assert_array_equal(found.weights.reshape(len(units), 4), W_first[units])


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100))
def test_convention_influence_is_a_product_of_lengths_that_scaling_a_relu_unit_leaves_alone(seed, factor):
    rng = np.random.default_rng(seed)
    W_first, W_next = rng.normal(size=(5, 4)), rng.normal(size=(3, 5))
    scaled_first, scaled_next = W_first.copy(), W_next.copy()
    scaled_first[2] *= factor
    scaled_next[:, 2] /= factor
    before, after = (
        first_layer_templates(*layers, image_shape=(2, 2, 1)).captions
        for layers in ((W_first, W_next), (scaled_first, scaled_next))
    )
    assert before == after


def test_of_equal_units_the_first_comes_first():
    found = first_layer_templates(np.ones((4, 2)), np.ones((3, 4)), image_shape=(1, 2, 1))
    assert found.captions == ("unit 1", "unit 2", "unit 3", "unit 4")


def test_weight_zero_is_middle_grey_and_the_largest_are_white_and_black():
    weights = np.array([0.0, 0.5, -0.5, 1.0, -1.0], np.float32).reshape(1, 5, 1)
    assert shaded(weights).ravel().tolist() == [128, 192, 64, 255, 1]


def test_a_template_of_zeros_is_middle_grey():
    assert_array_equal(shaded(np.zeros((2, 3, 3), np.float32)), np.full((2, 3, 3), 128))


@given(st.floats(1e-6, 1e6))
def test_only_proportions_of_weights_are_drawn(factor):
    weights = np.random.default_rng(0).normal(size=(6, 7, 3)).astype(np.float32)
    difference = shaded(weights).astype(int) - shaded(weights * np.float32(factor))
    assert np.abs(difference).max() <= 1  # a half is rounded either way


def test_channels_are_drawn_each_by_itself():
    weights = np.zeros((1, 1, 3), np.float32)
    weights[..., 1] = 2
    assert shaded(weights).tolist() == [[[128, 255, 128]]]


def test_convention_the_loudest_half_percent_is_cut_off():
    # Of 1000 weights +-1 and one of 1000: the percentile is 1, so that the others keep full contrast.
    weights = np.tile([1.0, -1.0], 500).astype(np.float32)
    weights[0] = 1000
    drawn = shaded(weights.reshape(20, 50, 1)).ravel()
    assert (drawn[0], set(drawn[1:].tolist())) == (255, {1, 255})
    weights[:8] = 1000  # eight of a thousand are more than a half percent: they set the scale
    assert set(shaded(weights.reshape(20, 50, 1)).ravel()[8:].tolist()) == {128}


@pytest.mark.parametrize("n_weights", [11, 13, 36])
def test_weights_of_other_features_are_no_templates(n_weights):
    W = np.zeros((2, n_weights), np.float32)
    message = rf"W has {n_weights} weights a row; expected 12 for images of shape \(2, 2, 3\)\. Templates exist for raw"
    with pytest.raises(ShapeError, match=message):
        linear_templates(W, image_shape=(2, 2, 3), class_names=NAMES)
    with pytest.raises(ShapeError, match=message):
        first_layer_templates(W, np.zeros((3, 2)), image_shape=(2, 2, 3))


@pytest.mark.usefixtures("as_installed")
def test_layers_and_names_that_do_not_belong_together_are_refused():
    W = np.zeros((2, 12), np.float32)
    with pytest.raises(ShapeError, match=r"coef has shape \(2, 12\); expected \(3, d\)\. Name every class"):
        linear_templates(W, image_shape=(2, 2, 3), class_names=("cat", "dog", "fox"))
    with pytest.raises(
        ShapeError, match=r"W_next has shape \(3, 5\); expected \(m, 2\)\. Give the weights of the layer"
    ):
        first_layer_templates(W, np.zeros((3, 5)), image_shape=(2, 2, 3))
    with pytest.raises(ShapeError, match=r"W_first has shape \(12,\); expected \(u, d\)"):
        first_layer_templates(W[0], np.zeros((3, 12)), image_shape=(2, 2, 3))
    with pytest.raises(SettingError, match="n_units is 0; expected a whole number at least 1"):
        first_layer_templates(W, np.zeros((3, 2)), image_shape=(2, 2, 3), n_units=0)
