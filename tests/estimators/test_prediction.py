import csv
import json
import os

import numpy as np
import pytest
from jax import numpy as jnp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError

from foldline.core.errors import DataError, MissingDataError, ModelFileError
from foldline.core.text import printable
from foldline.estimators import (
    ImagePipeline,
    KNNClassifier,
    LinearClassifier,
    make_pipeline,
    predict_files,
    save,
)
from foldline.features import Pixels, Polar
from foldline.images.assembly import RESCALED
from foldline.models import MLP, Linear
from image_files import encode, kinds, noise, plain, write_files
from model_files import X, fitted, pipeline

SHAPE = (4, 5, 3)


def brightness_model(
    *, shape=SHAPE, loss="softmax", image_fit="native", classes=(0, 1), class_names=("dark", "bright")
):
    """Say "bright" of white images with probability 3/4, of black ones with 1/4: its score is ln 3 (2 mean - 1)."""
    n_pixels = int(np.prod(shape))
    classifier = LinearClassifier(loss=loss)
    classifier.classes_, classifier.n_features_in_, classifier.lr_ = np.array(classes), n_pixels, 0.1
    W = np.array([np.zeros(n_pixels), np.full(n_pixels, 2 * np.log(3) / n_pixels)], np.float32)
    layer = Linear(jnp.asarray(W), jnp.asarray([0, -np.log(3)], jnp.float32))
    classifier.model_ = MLP((layer,), "relu")
    features = Pixels().fit(np.zeros((1, *shape), np.uint8))
    return ImagePipeline.from_fitted(
        features, classifier, class_names=class_names, image_shape=shape, image_fit=image_fit
    )


FILES = {
    "new/white.png": encode(plain(255)),
    "new/black.png": encode(plain(0)),
    "new/deep/grey.png": encode(plain(200, (4, 5, 1))),
    "new/broken.png": b"\x89PNG\r\n\x1a\n and no more",
    "new/empty.jpg": b"",
    "new/notes.txt": b"notes",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with three images and three files that are none."""
    monkeypatch.chdir(write_files(tmp_path, FILES))
    return tmp_path


def classes_of(model, *paths, **options):
    """The class of each file, by its name with forward slashes."""
    predictions = predict_files(model, paths, **options)
    return dict(zip((file.replace(os.sep, "/") for file in predictions.files), predictions.classes, strict=True))


def test_each_file_gets_the_class_and_the_probabilities_of_its_pixels(folder):
    found = predict_files(brightness_model(), ["new/white.png", "new/black.png"])
    assert found.files == ("new/white.png", "new/black.png")
    assert found.classes == ("bright", "dark")
    assert found.class_names == ("dark", "bright")
    assert_allclose(found.proba, [[0.25, 0.75], [0.75, 0.25]], rtol=1e-5)
    assert found.problems == ()


def test_folders_and_patterns_are_looked_through(folder):
    every_image = {"new/black.png": "dark", "new/deep/grey.png": "bright", "new/white.png": "bright"}
    assert classes_of(brightness_model(), "new") == every_image
    assert classes_of(brightness_model(), "new/**/[bgw]*[!n].png") == every_image
    assert classes_of(brightness_model(), "new/*te.png", "new/deep") == {
        "new/white.png": "bright",
        "new/deep/grey.png": "bright",
    }


def test_files_that_are_no_images_are_listed(folder):
    problems = predict_files(brightness_model(), ["new"]).problems
    listed = {where.replace(os.sep, "/"): (kind, what) for kind, where, what in kinds(problems)}
    assert listed["new/empty.jpg"] == ("skipped", "the file is empty")
    assert listed["new/notes.txt"] == ("skipped", "unknown suffix '.txt'")
    kind, what = listed["new/broken.png"]
    assert kind == "skipped"
    assert "damaged image" in what or "not an image" in what
    assert listed["new/deep/grey.png"][0] == "changed"
    assert len(listed) == 4


def test_strict_turns_them_into_an_error(folder):
    with pytest.raises(DataError, match=r"3 of the files cannot be used .*expected none with strict"):
        predict_files(brightness_model(), ["new"], strict=True)
    assert len(classes_of(brightness_model(), "new/white.png", "new/deep", strict=True)) == 2


def test_a_saved_model_answers_as_the_one_at_hand(folder):
    model = brightness_model()
    model.save("model.safetensors")
    at_hand, saved, by_path = (
        predict_files(given, ["new"]) for given in (model, "model.safetensors", folder / "model.safetensors")
    )
    assert at_hand.classes == saved.classes == by_path.classes
    assert_array_equal(at_hand.proba, saved.proba)
    assert at_hand.files == saved.files


def test_native_images_are_judged_as_predict_judges_them(tmp_path):
    images = noise(9, 6, 8, 3, seed=4)
    model = pipeline(LinearClassifier())
    write_files(tmp_path, {f"{i}.png": encode(image) for i, image in enumerate(images)})
    found = predict_files(model, [tmp_path])
    assert found.classes == tuple(np.array(["cat", "dog", "fox"])[model.predict(images)])
    assert_array_equal(found.proba, model.predict_proba(images))


def test_a_grey_model_weighs_colours_to_grey(tmp_path):
    # ITU-R 601: green counts 0.587 and red 0.299, so that one is brighter than middle grey and the other is not.
    write_files(tmp_path, {"green.png": encode(plain((0, 255, 0))), "red.png": encode(plain((255, 0, 0)))})
    found = predict_files(brightness_model(shape=(4, 5, 1)), [tmp_path / "green.png", tmp_path / "red.png"])
    assert found.classes == ("bright", "dark")
    scores = np.log(3) * (2 * np.array([150, 76]) / 255 - 1)
    assert_allclose(found.proba[:, 1], 1 / (1 + np.exp(-scores)), rtol=1e-5)


def test_a_colour_model_takes_grey_as_three_equal_channels(tmp_path):
    write_files(tmp_path, {"grey.png": encode(plain(51, (4, 5, 1)))})
    score = np.log(3) * (2 * 51 / 255 - 1)
    found = predict_files(brightness_model(), [tmp_path / "grey.png"])
    assert_allclose(found.proba[0, 1], 1 / (1 + np.exp(-score)), rtol=1e-5)


@pytest.mark.parametrize(("image_fit", "mean"), [("crop", 1), ("native", 1), ("pad", 1 / 12)])
def test_other_sizes_are_fitted_as_in_training(tmp_path, image_fit, mean):
    # A black strip of 4x12 pixels with a white square in its middle, for a model of 4x4. Cut, it is the square; padded,
    # it becomes one row, a third of it white, among three black ones.
    strip = np.zeros((4, 12, 3), np.uint8)
    strip[:, 4:8] = 255
    write_files(tmp_path, {"strip.png": encode(strip)})
    found = predict_files(brightness_model(shape=(4, 4, 3), image_fit=image_fit), [tmp_path / "strip.png"])
    score = np.log(3) * (2 * mean - 1)
    # Scaling rounds to whole grey levels.
    assert_allclose(found.proba[0, 1], 1 / (1 + np.exp(-score)), atol=2 / 255)
    told = [("changed", str(tmp_path / "strip.png"), RESCALED)] if image_fit == "native" else []
    assert kinds(found.problems) == told


@pytest.mark.parametrize(
    ("classes", "class_names", "expected"),
    [
        ((10, 20), None, ("20", "10")),
        (("a", "b"), None, ("b", "a")),
        ((0, 2), ("dark", "middle", "bright"), ("bright", "dark")),
    ],
)
def test_classes_are_called_by_their_names(folder, classes, class_names, expected):
    model = brightness_model(classes=classes, class_names=class_names)
    assert predict_files(model, ["new/white.png", "new/black.png"]).classes == expected


def test_features_are_computed_once(folder):
    n_calls = []

    class Counted(Pixels):
        def transform(self, images):
            n_calls.append(len(images))
            return super().transform(images)

    model = brightness_model()
    model.features_ = Counted().fit(np.zeros((1, *SHAPE), np.uint8))
    predict_files(model, ["new"])
    assert n_calls == [3]


def test_images_are_scored_once(folder, monkeypatch):
    monkeypatch.setattr(LinearClassifier, "predict", None)
    assert predict_files(brightness_model(), ["new/white.png", "new/black.png"]).classes == ("bright", "dark")


def test_csv_has_a_header_and_a_row_a_file(folder):
    text = predict_files(brightness_model(), ["new/white.png", "new/black.png"]).to_csv()
    assert text == "file,class,probability\nnew/white.png,bright,0.750000\nnew/black.png,dark,0.750000\n"


def test_json_lines_have_an_object_a_file(folder):
    text = predict_files(brightness_model(), ["new/white.png"]).to_jsonl()
    assert text == '{"file": "new/white.png", "class": "bright", "probabilities": {"dark": 0.25, "bright": 0.75}}\n'


def test_an_svm_has_classes_and_no_probabilities(folder):
    found = predict_files(brightness_model(loss="svm"), ["new/white.png"])
    assert found.proba is None
    assert found.to_csv() == "file,class,probability\nnew/white.png,bright,\n"
    assert found.to_jsonl() == '{"file": "new/white.png", "class": "bright"}\n'


def test_nearest_neighbours_have_their_shares_as_probabilities(tmp_path):
    images = np.stack([plain(value) for value in (0, 10, 240, 250, 255)])
    model = make_pipeline(Pixels(), classifier=KNNClassifier(n_neighbors=2)).fit(images, np.array([0, 0, 1, 1, 1]))
    write_files(tmp_path, {"white.png": encode(plain(255))})
    found = predict_files(model, [tmp_path])
    assert (found.classes, found.proba.tolist()) == (("1",), [[0.0, 1.0]])


def test_odd_names_survive_both_forms(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = ['a,"b".png', "größe 狐.png", " x .png"] + (["two\nlines.png"] if os.name != "nt" else [])
    write_files(tmp_path, {file: encode(plain(255)) for file in files})
    names = ("d,ark", 'very "bright" 狐')
    found = predict_files(brightness_model(class_names=names), files)
    rows = list(csv.reader(found.to_csv().splitlines(keepends=True)))
    assert [row[:2] for row in rows[1:]] == [[printable(file), names[1]] for file in files]
    entries = [json.loads(line) for line in found.to_jsonl().splitlines()]
    assert [(entry["file"], entry["class"]) for entry in entries] == [(printable(file), names[1]) for file in files]
    assert set(entries[0]["probabilities"]) == set(names)


def test_a_path_that_leads_to_nothing_is_refused(folder):
    with pytest.raises(MissingDataError, match=r"nowhere is not there"):
        predict_files(brightness_model(), ["new", "nowhere"])
    with pytest.raises(MissingDataError, match=r"nowhere\.safetensors is not a file"):
        predict_files("nowhere.safetensors", ["new"])


def test_only_files_that_are_no_images_are_refused(folder):
    with pytest.raises(
        DataError, match=r"no image in new/notes\.txt, new/broken\.png can be used; expected at least one"
    ):
        predict_files(brightness_model(), ["new/notes.txt", "new/broken.png"])


def test_a_model_of_feature_vectors_is_refused(folder):
    save(fitted("linear.v1"), "vectors.safetensors")
    with pytest.raises(
        ModelFileError, match=r"vectors\.safetensors is no model of images but a LinearClassifier of oth"
    ):
        predict_files("vectors.safetensors", ["new"])


@pytest.mark.usefixtures("as_installed")
def test_a_model_of_points_is_refused(folder):
    for model in (fitted("knn.v1"), pipeline(LinearClassifier(), images=X[:, :2], features=Polar())):
        with pytest.raises(
            ModelFileError, match="is no model of images but a .*expected an ImagePipeline. Save the pipe"
        ):
            predict_files(model, ["new"])


def test_a_model_that_is_not_fitted_is_refused(folder):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        predict_files(make_pipeline(Pixels(), classifier=LinearClassifier()), ["new"])
