import dataclasses
import json
import tomllib

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from compare.conftest import coloured_set
from foldline.compare import fit, measuring
from foldline.compare.measuring import Splits
from foldline.core.errors import SettingError, ShapeError
from foldline.estimators import (
    AlexNetClassifier,
    KNNClassifier,
    LinearClassifier,
    MLPClassifier,
    RandomlyWiredClassifier,
    RidgeClassifier,
    load,
    make_pipeline,
)
from foldline.features import Pixels, ProductQuantizer
from foldline.images import load_images
from foldline.models import Stem
from foldline.training import Augment, CodedRows


@pytest.fixture(scope="module")
def run(digits):
    return fit(
        digits, features=["hog", "raw"], classifier=MLPClassifier(hidden=(16,), epochs=6, random_state=4), seed=2
    )


def test_a_run_is_a_folder_of_model_recipe_history_and_report(run, digits, tmp_path):
    written = run.save(tmp_path / "run")
    files = {path.name for path in written}
    assert files == {"model.safetensors", "recipe.toml", "history.jsonl", "leaderboard.json", "report.html"}
    assert set(written) == set((tmp_path / "run").iterdir())
    recipe = tomllib.loads((tmp_path / "run" / "recipe.toml").read_text())
    assert recipe["classifier"]["kind"] == "MLPClassifier"
    assert recipe["classifier"]["hidden"] == [16]
    assert [feature["kind"] for feature in recipe["features"]] == ["HOG", "Pixels"]
    assert recipe["data"]["source"] == "digits"
    assert recipe["data"]["split_seed"] == 2
    lines = [json.loads(line) for line in (tmp_path / "run" / "history.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert_allclose([line["val_accuracy"] for line in lines], run.board.best.history.val_accuracy)
    assert_array_equal(
        load(tmp_path / "run" / "model.safetensors").predict(digits.images), run.model.predict(digits.images)
    )


def test_the_classifiers_own_seed_is_kept(run):
    assert run.model.classifier_.random_state == 4


def test_the_classifier_given_stays_unfitted(digits):
    classifier = LinearClassifier(epochs=1)
    fit(digits, features=["raw"], classifier=classifier)
    assert not hasattr(classifier, "model_")


def test_by_default_grey_images_get_hog_and_coloured_ones_colour_too(digits):
    kinds = [
        [
            type(feature).__name__
            for feature in fit(images, classifier=LinearClassifier(epochs=1)).model.features_.features
        ]
        for images in (digits, coloured_set())
    ]
    assert kinds == [["HOG"], ["HOG", "ColorHistogram"]]


def test_accuracy_is_that_of_the_test_images(run):
    assert run.board.best.test_accuracy.mean > 0.8
    assert int(np.sum(run.board.best.confusion)) == 120


def test_a_large_model_is_kept(digits, monkeypatch):
    monkeypatch.setattr(measuring, "LARGEST_KEPT_MODEL_BYTES", 100)
    assert fit(digits, features=["raw"], classifier=LinearClassifier(epochs=1)).board.best.model_bytes > 100


@pytest.mark.usefixtures("as_installed")
def test_settings_of_every_kind_stand_in_the_recipe(digits, tmp_path):
    class_weight = {np.int64(k): np.float32(1 + (k == 3)) for k in range(10)}
    classifier = MLPClassifier(hidden=[np.int64(4)], l2=np.float64(0.5), epochs=np.int32(1), class_weight=class_weight)
    fit(digits, features=["raw"], classifier=classifier).save(tmp_path)
    recipe = tomllib.loads((tmp_path / "recipe.toml").read_text())["classifier"]
    assert (recipe["hidden"], recipe["l2"], recipe["epochs"]) == ([4], 0.5, 1)
    assert recipe["class_weight"] == {str(k): 1.0 + (k == 3) for k in range(10)}


def test_only_pixels_have_patches(digits):
    classifier = MLPClassifier(hidden=(8,), epochs=1, stem=Stem((8, 8, 1), n_directions=9))
    with pytest.raises(SettingError, match=r"features are hog; expected raw alone, .* or leave stem"):
        fit(digits, features=["hog"], classifier=classifier)


def test_an_augmented_run_says_how_and_is_saved_and_loaded(digits, tmp_path):
    classifier = MLPClassifier(hidden=(8,), epochs=2, augment=Augment((8, 8, 1), shift_px=1, zoom=0.1))
    run = fit(digits, features=["raw"], classifier=classifier)
    run.save(tmp_path)
    recipe = tomllib.loads((tmp_path / "recipe.toml").read_text())["classifier"]
    assert recipe["augment"] == {"image_shape": [8, 8, 1], "flip": False, "shift_px": 1, "zoom": 0.1, "cutout_px": 0}
    loaded = load(tmp_path / "model.safetensors")
    assert loaded.classifier_.augment == classifier.augment
    assert_array_equal(loaded.predict(digits.images), run.model.predict(digits.images))


@pytest.fixture(scope="module")
def learned(digits):
    """A layer that learned the digits below 5."""
    some = digits.subset(np.flatnonzero(digits.labels < 5))
    model = make_pipeline(Pixels(), classifier=MLPClassifier(hidden=(12, 9), epochs=5))
    return model.fit(some.images, some.labels).hidden_features()


def test_a_classifier_learns_on_a_layer_of_another_model_alone_or_beside_features(learned, digits, tmp_path):
    run = fit(digits, layer=learned, classifier=LinearClassifier(epochs=20))
    assert run.board.best.n_features == 9
    assert run.board.best.recipe == "layer/linear"
    assert run.board.best.test_accuracy.mean > 0.5
    assert_array_equal(run.model.features_.features_[0].transform(digits.images), learned.transform(digits.images))
    assert run.recipe["features"][0]["model"]["estimator"]["classifier"]["hidden"] == [12, 9]
    run.save(tmp_path)
    assert tomllib.loads((tmp_path / "recipe.toml").read_text()) == run.recipe
    beside = fit(digits, features=["hog", "raw"], layer=learned, classifier=LinearClassifier(epochs=1))
    assert [type(feature).__name__ for feature in beside.model.features_.features] == ["HOG", "Pixels", "LayerFeature"]
    assert beside.recipe["recipe"] == "hog+raw+layer"


def test_images_that_the_layer_does_not_take_are_told_before_any_work(learned, tmp_path):
    with pytest.raises(ShapeError, match=r"images have shape \(20, 20, 3\); expected \(8, 8, 1\)"):
        fit(coloured_set(), layer=learned, classifier=LinearClassifier(), folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("as_installed")
def test_a_layer_that_is_none_is_told(digits):
    with pytest.raises(SettingError, match=r"layer is Pixels\(\); expected None or a layer of a fitted model"):
        fit(digits, layer=Pixels(), classifier=LinearClassifier())


@pytest.mark.parametrize(
    ("features", "augment", "message"),
    [
        (["hog"], Augment((8, 8, 1), flip=True), r"features are hog; expected raw alone, .* or leave augment"),
        (["raw", "hog"], Augment((8, 8, 1), flip=True), "features are raw, hog; expected raw alone"),
        (None, Augment((8, 8, 1), flip=True), "features are hog; expected raw alone"),
        (["raw"], Augment((8, 8, 3), flip=True), r"image_shape \(8, 8, 3\), which is 192 numbers, and rows hold 64"),
        (["raw"], Augment((8, 8, 1), shift_px=8), "shift_px is 8; expected a whole number from 0 to 7"),
    ],
)
def test_only_pixels_are_augmented(digits, features, augment, message):
    with pytest.raises(SettingError, match=message):
        fit(digits, features=features, classifier=MLPClassifier(hidden=(8,), epochs=1, augment=augment))


def test_callbacks_are_told_every_epoch_and_may_end_the_training(digits):
    told = []
    run = fit(
        digits,
        features=["raw"],
        classifier=LinearClassifier(epochs=9),
        callbacks=[lambda report: told.append(report.epoch) or report.epoch == 3],
    )
    assert told == [1, 2, 3]
    assert run.board.best.history.n_epochs == 3


def test_a_recipe_that_cannot_be_written_leaves_no_other_file(run, tmp_path):
    with pytest.raises(TypeError):
        dataclasses.replace(run, recipe={"what": object()}).save(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_with_compression_the_classifier_learns_from_codes(digits, tmp_path, monkeypatch):
    learned_from = []
    original = LinearClassifier.fit

    def fit_and_look(self, X, y, **settings):
        learned_from.append((type(X), type(settings["validation"][0])))
        return original(self, X, y, **settings)

    monkeypatch.setattr(LinearClassifier, "fit", fit_and_look)
    run = fit(digits, features=["hog", "raw"], classifier=LinearClassifier(), compression=ProductQuantizer(group=4))
    assert learned_from == [(CodedRows, CodedRows)]
    assert run.board.best.test_accuracy.mean > 0.9
    run.save(tmp_path)
    assert tomllib.loads((tmp_path / "recipe.toml").read_text())["compression"]["group"] == 4
    loaded = load(tmp_path / "model.safetensors")
    assert loaded.compression.group == 4
    assert_array_equal(loaded.predict(digits.images), run.model.predict(digits.images))
    test = Splits.of(digits, seed=0).test
    assert run.board.best.test_accuracy.mean == run.model.score(test.images, test.labels)


def test_words_of_a_compressed_fit_vote(digits):
    run = fit(digits, features=["words"], classifier=LinearClassifier(epochs=3), compression=ProductQuantizer())
    assert run.board.best.codebook.votes.any()


@pytest.mark.usefixtures("as_installed")
def test_only_what_learns_in_batches_learns_from_codes(digits):
    for classifier, message in (
        (RidgeClassifier(), r"compression is ProductQuantizer\(\) for a RidgeClassifier; expected a ProductQuantizer"),
        (LinearClassifier(solver="lbfgs"), "solver is 'lbfgs' with compression"),
    ):
        with pytest.raises(SettingError, match=message):
            fit(digits, classifier=classifier, compression=ProductQuantizer())


@pytest.mark.usefixtures("as_installed")
def test_only_what_is_trained_in_epochs_is_fitted(digits):
    with pytest.raises(SettingError, match="classifier is a KNNClassifier; expected a LinearClassifier, an MLP"):
        fit(digits, classifier=KNNClassifier())


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ([], "features is empty"),
        (["sift"], "features is 'sift'"),
        ("hog", r"features is the text 'hog'; .* Write features=\['hog'\]"),
    ],
)
def test_unknown_features_are_refused(digits, features, message):
    with pytest.raises(SettingError, match=message):
        fit(digits, features=features, classifier=LinearClassifier())


@pytest.mark.parametrize(
    ("classifier", "words"),
    [
        (LinearClassifier(epochs=1), "one template a class"),
        (MLPClassifier(hidden=(), epochs=1), "one template a class"),
        (MLPClassifier(hidden=(4,), epochs=1), "the first layer's most influential units"),
        (AlexNetClassifier(epochs=1), "the filters of the first convolution, which are laid over every place"),
        (RandomlyWiredClassifier(stages=1, nodes=5, width=8, epochs=1), "the filters of the first convolution"),
    ],
)
def test_templates_are_called_what_they_are(tmp_path, classifier, words):
    digits = load_images("digits", size=12).subset(range(100))
    fit(digits, features=["raw"], classifier=classifier).save(tmp_path)
    assert f": {words}" in (tmp_path / "report.html").read_text(encoding="utf-8").replace("&#39;", "'")


@pytest.mark.parametrize("stages", [None, 2])
def test_the_report_draws_the_graph_of_a_wired_net(digits, tmp_path, stages):
    classifier = RandomlyWiredClassifier(stages=stages, nodes=5, width=8, epochs=1)
    fit(digits, features=["raw"], classifier=classifier).save(tmp_path)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'id="wiring-1"' in text or "wiring-1" in text
    assert "an edge is as wide as the weight that it has learned" in text
