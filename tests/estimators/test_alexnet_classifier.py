import re

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from foldline.core.errors import DataError, ModelFileError, SettingError
from foldline.estimators import AlexNetClassifier, load, make_pipeline, save
from foldline.estimators.image_rows import checked_image_shape
from foldline.features import Pixels
from foldline.models import MLP, AlexNet
from foldline.training import Augment, Checkpoints
from image_files import noise
from killed_runs import Killed

IMAGES = noise(20, 12, 12, 3)
LABELS = np.arange(20) % 2
X = (IMAGES.reshape(20, -1) / np.float32(255) - 0.5) * 3
# One training for all tests that only need a net: compiling takes longer than learning.
MODEL = AlexNetClassifier(epochs=60, batch_size=10, lr=0.02, dropout=0.0, augment=Augment((12, 12, 3)))


@pytest.fixture(scope="module")
def fitted():
    return make_pipeline(Pixels(), classifier=MODEL).fit(IMAGES, LABELS)


@pytest.mark.slow
def test_it_learns_twenty_images_by_heart(fitted):
    assert fitted.score(IMAGES, LABELS) == 1.0


@pytest.mark.slow
def test_what_is_loaded_predicts_the_same_bits_and_is_saved_as_the_same_bytes(fitted, tmp_path):
    fitted.save(tmp_path / "a.safetensors")
    again = load(tmp_path / "a.safetensors")
    assert_array_equal(again.predict_proba(IMAGES), fitted.predict_proba(IMAGES))
    assert again.classifier_.model_.plan == fitted.classifier_.model_.plan
    again.save(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


@pytest.mark.slow
def test_one_image_scores_as_in_a_batch(fitted):
    assert_allclose(fitted.decision_function(IMAGES[3:4])[0], fitted.decision_function(IMAGES)[3], rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_to_the_same_scores(fitted, tmp_path):
    def die(report):
        if report.epoch == 20:
            raise Killed

    rows = fitted.features_.transform(IMAGES)
    checkpoints = Checkpoints(folder=tmp_path, every_s=0.0)
    with pytest.raises(Killed):
        clone(MODEL).fit(rows, LABELS, checkpoints=checkpoints, callbacks=[die])
    begun = []
    watch = [lambda report: begun.append(report.epoch)]
    again = clone(MODEL).fit(rows, LABELS, checkpoints=checkpoints, callbacks=watch)
    assert begun[0] == 20
    assert_array_equal(again.scores(rows), fitted.classifier_.scores(rows))


@pytest.mark.slow
def test_a_cross_is_known_in_a_place_where_none_was_in_training():
    rng = np.random.default_rng(0)
    drawn = np.zeros((2, 5, 5))
    drawn[0, 2], drawn[0, :, 2] = 1, 1  # a cross upright, and one that is not
    drawn[1][np.eye(5, dtype=bool) | np.eye(5, dtype=bool)[::-1]] = 1

    def set_of(n, places):
        images, labels = 0.1 * rng.standard_normal((n, 12, 12, 1)), rng.integers(0, 2, n)
        for image, label in zip(images, labels, strict=True):
            i, j = places[rng.integers(len(places))]
            image[i : i + 5, j : j + 5, 0] += drawn[label]
        return images.reshape(n, -1).astype(np.float32), labels

    places = [(i, j) for i in range(8) for j in range(8)]
    known = [place for place in places if sum(place) % 3]
    model = AlexNetClassifier(epochs=12, batch_size=25, lr=0.02, dropout=0.0).fit(*set_of(300, known))
    assert model.score(*set_of(100, [place for place in places if sum(place) % 3 == 0])) > 0.9


def test_a_file_whose_arrays_do_not_fit_the_images_is_refused(tmp_path):
    model = AlexNetClassifier()
    model.classes_, model.n_features_in_, model.lr_ = np.arange(2), 432, 0.01
    model.model_ = AlexNet.random(image_shape=(24, 24, 3), n_out=2, key=jax.random.key(0))
    save(model, tmp_path / "a.safetensors")
    with pytest.raises(ModelFileError, match="do not fit 432 pixels and 2 classes"):
        load(tmp_path / "a.safetensors")
    model.model_ = AlexNet.random(image_shape=(12, 12, 3), n_out=2, key=jax.random.key(0))
    save(model, tmp_path / "a.safetensors")
    assert load(tmp_path / "a.safetensors").model_.plan == model.model_.plan
    model.model_ = MLP.random(n_in=432, n_out=2, hidden=(3,), key=jax.random.key(0))
    save(model, tmp_path / "a.safetensors")
    with pytest.raises(ModelFileError, match="model_ is a MLP; expected an AlexNet"):
        load(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": "large"}, "size is 'large'; expected one of 'small', 'paper'"),
        ({"size": "paper"}, "expected at least 55x55 pixels"),
        ({"image_shape": (4, 36, 3)}, "expected at least 12x12 pixels"),
        ({"image_shape": (12, 12, 1)}, "which is 144 numbers, and rows hold 432"),
        ({"image_shape": "12x12"}, "expected height, width and channels"),
        ({"image_shape": (12, 12.5, 3)}, "the width in image_shape is 12.5"),
        ({"augment": "flip"}, "augment is 'flip'; expected None or an Augment"),
        ({"augment": Augment((12, 12, 1))}, "image_shape (12, 12, 1) and the images have (12, 12, 3)"),
        ({"dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_wrong_settings_are_told_before_training(settings, message):
    with pytest.raises(SettingError, match=re.escape(message)):
        AlexNetClassifier().set_params(**settings).fit(X, LABELS)


def test_rows_that_are_no_square_images_are_refused_without_a_shape():
    with pytest.raises(SettingError, match="rows hold 430 numbers; expected the raw pixels of square images"):
        AlexNetClassifier().fit(X[:, :430], LABELS)


def test_one_class_is_refused():
    with pytest.raises(DataError, match="class"):
        AlexNetClassifier().fit(X, np.zeros(20))


def test_a_shape_that_is_none_is_refused():
    with pytest.raises(SettingError, match="expected height, width and channels"):
        checked_image_shape(None)
