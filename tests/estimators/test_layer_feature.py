import pickle
import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils import estimator_checks

from foldline.core.errors import DataError, DtypeError, ModelFileError, SettingError, ShapeError
from foldline.estimators import (
    ImagePipeline,
    KNNClassifier,
    LayerFeature,
    LinearClassifier,
    MLPClassifier,
    load,
    make_pipeline,
    save,
)
from foldline.features import HOG, Concat, Pixels, Polar, image_feature
from image_files import noise
from model_files import IMAGES, LABELS, assert_same, fitted, pipeline, rewrite, untrained_alexnet
from small_features import CHECKS_WITHOUT_DATA
from tolerances import TOLERANCE

FLOAT32 = TOLERANCE[np.dtype(np.float32)]
MODEL = pipeline(MLPClassifier(hidden=(9, 5)))
OTHERS = noise(60, 6, 8, 3, seed=4)


@pytest.fixture
def file(tmp_path):
    """A place for a model file."""
    return tmp_path / "model.safetensors"


@pytest.fixture(scope="module")
def on_it():
    """A linear classifier on what another net learned, beside a feature by hand."""
    model = make_pipeline(MODEL.hidden_features(), HOG(cell_px=3), classifier=LinearClassifier(epochs=3))
    return model.fit(IMAGES, LABELS, class_names=["cat", "dog", "fox"])


@pytest.mark.parametrize("layer", [0, -2])
def test_it_is_what_the_layer_makes_of_the_models_features(layer):
    units = MODEL.hidden_features(layer).transform(OTHERS)
    X = MODEL.features_.transform(OTHERS)
    assert units.dtype == np.float32
    assert_allclose(units, MODEL.classifier_.hidden_features(layer).transform(X), **FLOAT32)
    assert MODEL.hidden_features(layer).length((6, 8, 3)) == units.shape[1] == (9 if layer == 0 else 5)


def test_scores_of_a_convolutional_model_are_its_last_layer_on_it():
    images = noise(300, 12, 12, 1)
    net = untrained_alexnet()
    model = ImagePipeline.from_fitted(
        Concat(features=[Pixels()]).fit(images), net, class_names=None, image_shape=(12, 12, 1)
    )
    last = net.model_.connected[-1]
    scores = model.hidden_features().transform(images) @ np.asarray(last.W).T + np.asarray(last.b)
    assert_allclose(scores, model.decision_function(images), rtol=1e-4, atol=1e-4)


def test_one_image_alone_equals_its_row_in_a_batch_and_none_gives_none():
    feature = MODEL.hidden_features()
    units = feature.transform(OTHERS)
    for row in (0, 13, 59):
        assert_allclose(feature.transform(OTHERS[row : row + 1])[0], units[row], **FLOAT32)
    assert feature.transform(OTHERS[:0]).shape == (0, 5)


def test_another_pipeline_learns_on_it_and_leaves_it_as_it_is(on_it):
    learned = on_it.features_.features_[0]
    assert_array_equal(learned.transform(OTHERS), MODEL.hidden_features().transform(OTHERS))
    assert on_it.classifier_.n_features_in_ == 5 + learned_hog_length()


def learned_hog_length():
    return HOG(cell_px=3).length((6, 8, 3))


def test_a_clone_keeps_what_was_learned_and_has_settings_of_its_own():
    feature = MODEL.hidden_features()
    twin = clone(feature).set_params(layer=0)
    assert_array_equal(twin.transform(OTHERS), MODEL.hidden_features(0).transform(OTHERS))
    assert feature.layer == -2
    again = clone(make_pipeline(feature, classifier=LinearClassifier(epochs=1))).fit(IMAGES, LABELS)
    assert_array_equal(again.features_.features_[0].transform(OTHERS), feature.transform(OTHERS))


def test_it_stays_as_it_is_when_the_model_is_fitted_anew():
    model = make_pipeline(Pixels(), classifier=MLPClassifier(hidden=(4,), epochs=1)).fit(IMAGES, LABELS)
    feature = model.hidden_features()
    before = feature.transform(OTHERS)
    model.fit(IMAGES, LABELS[::-1])
    assert_array_equal(feature.transform(OTHERS), before)


def test_it_can_be_pickled():
    feature = MODEL.hidden_features()
    assert_array_equal(pickle.loads(pickle.dumps(feature)).transform(OTHERS), feature.transform(OTHERS))


def test_set_output_gives_a_named_frame():
    frame = MODEL.hidden_features().set_output(transform="pandas").fit_transform(IMAGES)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == [f"layerfeature{unit}" for unit in range(5)]


def test_it_says_what_it_is():
    said = MODEL.hidden_features(0).describe()
    assert said.startswith("9 units of hidden layer 0 (of 0 to 1) of MLPClassifier(hidden=(9, 5)) on Pixels(), Color")
    assert said.endswith(", which learned 3 classes")


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("check", CHECKS_WITHOUT_DATA)
def test_scikit_learns_checks_that_need_no_data(check):
    getattr(estimator_checks, check)("LayerFeature", MODEL.hidden_features())


def test_a_model_on_it_answers_the_same_bits_after_loading_and_is_saved_as_the_same_bytes(on_it, file, tmp_path):
    on_it.save(file)
    again = load(file)
    assert_same(again, on_it)
    assert_array_equal(again.decision_function(OTHERS), on_it.decision_function(OTHERS))
    again.save(tmp_path / "again.safetensors")
    assert file.read_bytes() == (tmp_path / "again.safetensors").read_bytes()


def test_layers_of_layers_can_be_saved(on_it, file):
    second = make_pipeline(MODEL.hidden_features(), classifier=MLPClassifier(hidden=(3,), epochs=1))
    third = make_pipeline(second.fit(IMAGES, LABELS).hidden_features(), classifier=LinearClassifier(epochs=1))
    third.fit(IMAGES, LABELS).save(file)
    assert_array_equal(load(file).decision_function(OTHERS), third.decision_function(OTHERS))


@pytest.mark.parametrize("shape", [(6, 9, 3), (6, 8, 1)])
def test_images_of_another_shape_than_the_models_are_refused(shape):
    message = re.escape(f"images have shape {shape}; expected (6, 8, 3), as in fit")
    for use in (MODEL.hidden_features().transform, clone(MODEL.hidden_features()).fit):
        with pytest.raises(ShapeError, match=message):
            use(noise(3, *shape))


@pytest.mark.usefixtures("as_installed")
def test_arrays_that_are_no_images_are_refused():
    with pytest.raises(DtypeError, match="images has dtype float64; expected uint8"):
        MODEL.hidden_features().transform(OTHERS / 255)
    with pytest.raises(ShapeError, match=r"images has shape \(6, 8, 3\); expected \(n, h, w, c\)"):
        MODEL.hidden_features().transform(OTHERS[0])


def test_units_that_would_fill_the_memory_are_refused_first(monkeypatch):
    def tiny_machine(n_bytes, what, *, fix):
        raise DataError(f"{what} needs {n_bytes} bytes; expected at most 100. {fix}")

    feature = MODEL.hidden_features()
    monkeypatch.setattr(image_feature, "check_memory", tiny_machine)
    with pytest.raises(DataError, match="LayerFeature of 60 images, 5 numbers each, needs"):
        feature.transform(OTHERS)


@pytest.mark.parametrize(
    ("model", "layer", "message"),
    [
        (MODEL, -1, "layer is -1, which gives the scores; expected a hidden one: 0 to 1, or -3 to -2"),
        (MODEL, 7, "layer is 7; expected a hidden one: 0 to 1, or -3 to -2"),
        (fitted("pipeline.v1"), -2, "classifier is a LinearClassifier without hidden layers"),
    ],
)
def test_a_layer_that_is_none_is_told_at_once(model, layer, message):
    with pytest.raises(SettingError, match=message):
        model.hidden_features(layer)


def test_a_model_that_is_not_fitted_has_learned_no_features():
    model = make_pipeline(Pixels(), classifier=MLPClassifier())
    with pytest.raises(NotFittedError):
        model.hidden_features()
    with pytest.raises(NotFittedError):
        LayerFeature(FrozenEstimator(model)).fit(IMAGES)


def test_a_classifier_that_is_no_net_has_no_layers():
    model = make_pipeline(Pixels(), classifier=KNNClassifier()).fit(IMAGES, LABELS)
    message = r"classifier is FrozenEstimator\(estimator=KNNClassifier\(\)\); expected a FrozenEstimator of a net. Fit"
    with pytest.raises(SettingError, match=message):
        model.hidden_features()


def test_a_model_of_points_is_told_to_take_rows():
    points = np.random.default_rng(0).standard_normal((12, 2))
    model = ImagePipeline(Polar(), MLPClassifier(hidden=(3,), epochs=1)).fit(points, LABELS)
    with pytest.raises(
        SettingError, match=r"takes rows of shape \(2,\); expected images .*of its classifier_, for rows"
    ):
        model.hidden_features()


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("given", [None, "net", MODEL, FrozenEstimator(MLPClassifier())])
def test_what_is_no_frozen_model_is_refused(given):
    with pytest.raises(SettingError, match="expected a FrozenEstimator of an ImagePipeline. Call hidden_features of"):
        LayerFeature(given).fit(IMAGES)


def in_layer(**changes):
    """Change settings of the layer."""
    return lambda recipe: recipe["estimator"]["settings"].update(changes)


def in_net(**changes):
    """Change fitted attributes of the net that learned the layer."""

    def change(recipe):
        model = recipe["estimator"]["settings"]["model"]["frozen"]
        model["fitted"]["classifier_"]["estimator"]["fitted"].update(changes)

    return change


def in_model(**changes):
    """Change fitted attributes of the pipeline that learned the layer."""
    return lambda recipe: recipe["estimator"]["settings"]["model"]["frozen"]["fitted"].update(changes)


def unfrozen(recipe):
    settings = recipe["estimator"]["settings"]
    settings["model"] = {"estimator": settings["model"]["frozen"]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (in_layer(layer=2), "layer is 2, which gives the scores"),
        (in_layer(layer=10**30), "layer is 1000000000000000000000000000000; expected a hidden one"),
        (in_layer(layer={"list": [0]}), r"layer is \[0\]; expected a hidden one"),
        (in_layer(model=None), "model is None; expected a FrozenEstimator of an ImagePipeline"),
        (in_layer(model={"frozen": 3}), "cannot be read as a model"),
        (
            in_layer(model={"frozen": {"key": "os.system", "settings": {}, "fitted": {}}}),
            "'os.system', which this fold",
        ),
        (in_layer(model={"frozen": {"key": "raw.v1", "settings": {}, "fitted": {}}}), "model is FrozenEst.*; expected"),
        (unfrozen, "model is ImagePipeline.*; expected a FrozenEstimator of an ImagePipeline"),
        (in_model(image_shape_={"tuple": [8, 6, 3]}), r"images have shape \(8, 6, 3\); expected \(6, 8, 3\)"),
        (in_model(image_shape_={"tuple": [6, 8]}), r"the model takes rows of shape \(6, 8\); expected images"),
        (in_model(image_shape_=None), "cannot be read as a model"),
        (in_model(classifier_=None), "cannot be read as a model"),
        (in_net(n_features_in_=7), "the layers have weights of shapes"),
        (in_net(model_=None), "model_ is a NoneType; expected a net of layers"),
        (lambda recipe: recipe["estimator"]["fitted"].clear(), "image_shape_"),
        (lambda recipe: recipe["estimator"]["fitted"].update(image_shape_={"tuple": [9, 9, 3]}), r"\(9, 9, 3\); expec"),
    ],
)
@pytest.mark.usefixtures("as_installed")
def test_a_file_whose_parts_do_not_fit_is_refused(file, change, message):
    save(MODEL.hidden_features(), file)
    rewrite(file, lambda recipe, tensors: change(recipe))
    with pytest.raises(ModelFileError, match=message):
        load(file)
