import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import foldline as fl
from foldline.core.errors import DataError, SettingError, ShapeError
from foldline.insight import recombine, template_sheet
from image_files import noise


def two_modes(n, seed):
    """Images of two classes; those of class 0 are bright above or below, those of class 1 are not."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 60, (n, 6, 6, 1))
    labels, is_above = np.arange(n) % 2, rng.random(n) < 0.7
    images[(labels == 0) & is_above, :3] += 180
    images[(labels == 0) & ~is_above, 3:] += 180
    return images.astype(np.uint8), labels, is_above


IMAGES, LABELS, IS_ABOVE = two_modes(200, 0)


@pytest.fixture(scope="module")
def model():
    classifier = fl.MLPClassifier(hidden=(8,), epochs=30, lr=0.05)
    return fl.make_pipeline(fl.Pixels(), classifier=classifier).fit(IMAGES, LABELS, class_names=["bar", "none"])


def test_modes_of_a_class_are_found_the_largest_first(model):
    found = recombine(model, IMAGES, LABELS, class_index=0)
    assert_array_equal(found.modes == 0, IS_ABOVE[LABELS == 0])
    assert_allclose(found.shares, [IS_ABOVE[LABELS == 0].mean(), 1 - IS_ABOVE[LABELS == 0].mean()])
    assert found.means[0, :3].mean() > found.means[0, 3:].mean() + 100
    assert found.class_name == "bar"


def test_contributions_sum_to_the_score(model):
    found = recombine(model, IMAGES, LABELS, class_index=1, n_modes=1)
    own = model.classifier_.scores(np.asarray(model.features_.transform(IMAGES[LABELS == 1])))[:, 1]
    bias = float(model.classifier_.model_.layers[-1].b[1])
    assert found.contributions.sum() + bias == pytest.approx(own.mean(), abs=1e-3)


def test_templates_stand_in_the_nets_order(model):
    found = recombine(model, IMAGES, LABELS, class_index=0)
    assert_allclose(found.templates.weights.reshape(8, 36), model.classifier_.model_.layers[0].W, atol=1e-6)
    assert_allclose(found.weights, model.classifier_.model_.layers[1].W[0], atol=1e-6)


def test_modes_are_drawn(model, assert_golden):
    rng = np.random.default_rng(0)
    found = recombine(model, IMAGES, LABELS, class_index=0)
    assert_golden(
        type(found)(**{**vars(found), "contributions": rng.uniform(-3, 3, (2, 8)).round(2)}).picture(), "modes"
    )
    assert len(template_sheet(found.templates, n_columns=4, title="all").axes) == 8


def test_other_models_are_refused(model):
    with pytest.raises(SettingError, match="the model is a LinearClassifier; expected an ImagePipeline of raw pixels"):
        recombine(model_of_rows(), IMAGES, LABELS, class_index=0)
    deep = fl.make_pipeline(fl.Pixels(), classifier=fl.MLPClassifier(hidden=(4, 4), epochs=1)).fit(IMAGES, LABELS)
    with pytest.raises(SettingError, match="the net has 2 hidden layers; expected one"):
        recombine(deep, IMAGES, LABELS, class_index=0)
    with pytest.raises(SettingError, match="class_index is 2; expected a whole number from 0 to 1"):
        recombine(model, IMAGES, LABELS, class_index=2)
    with pytest.raises(
        DataError, match="there are 1 images of the class that the units tell apart; expected at least 2"
    ):
        recombine(model, noise(2, 6, 6, 1), np.array([0, 1]), class_index=0)
    with pytest.raises(
        DataError, match="there are 1 images of the class that the units tell apart; expected at least 2"
    ):
        recombine(model, np.repeat(IMAGES[:1], 9, axis=0), np.repeat(LABELS[:1], 9), class_index=int(LABELS[0]))
    with pytest.raises(DataError, match="there are no images of the class; expected some"):
        recombine(model, IMAGES, LABELS + 7, class_index=0)


def test_a_label_is_wanted_for_each_image(model, as_installed):
    with pytest.raises(ShapeError, match=r"labels has shape \(3,\); expected \(4\)\. Give one label for each image"):
        recombine(model, IMAGES[:4], LABELS[:3], class_index=0)


def model_of_rows():
    X = np.random.default_rng(0).standard_normal((20, 3)).astype(np.float32)
    return fl.LinearClassifier(epochs=1).fit(X, X[:, 0] > 0)
