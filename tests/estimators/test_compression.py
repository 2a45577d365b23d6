"""Training on codes: a byte for every few numbers, decoded a batch at a time."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from foldline.core.errors import DataError, SettingError
from foldline.estimators import KNNClassifier, LinearClassifier, MLPClassifier, image_pipeline, load, make_pipeline
from foldline.features import HOG, Pixels, ProductQuantizer
from image_files import striped_images

STRIPES, DIRECTIONS = striped_images()


def compressed(classifier=None, *, group=4, feature=None):
    classifier = classifier or LinearClassifier(epochs=20)
    return make_pipeline(feature or HOG(cell_px=4), classifier=classifier, compression=ProductQuantizer(group=group))


@pytest.mark.parametrize("classifier", [LinearClassifier(), MLPClassifier(hidden=(5,)), LinearClassifier(loss="svm")])
def test_stripes_are_told_apart_by_codes_of_their_directions(classifier):
    model = compressed(classifier).fit(STRIPES, DIRECTIONS)
    assert model.score(STRIPES, DIRECTIONS) == 1


def test_codes_that_lose_nothing_teach_what_the_numbers_teach():
    plain = make_pipeline(HOG(cell_px=4), classifier=LinearClassifier(epochs=5)).fit(STRIPES, DIRECTIONS)
    coded = compressed(LinearClassifier(epochs=5)).fit(STRIPES, DIRECTIONS)  # 24 rows have 24 typical values
    np.testing.assert_allclose(coded.classifier_.coef_, plain.classifier_.coef_, atol=1e-3)


def test_vectors_of_all_images_are_never_in_memory(monkeypatch):
    monkeypatch.setattr(image_pipeline, "LEARNING_IMAGES", 50)
    monkeypatch.setattr(image_pipeline, "CODED_AT_ONCE", 50)
    images = np.random.default_rng(0).integers(0, 256, (3000, 40, 40, 1), dtype=np.uint8)
    model = compressed(LinearClassifier(epochs=1), group=20, feature=Pixels())
    tracemalloc.start()
    model.fit(images, np.arange(3000) % 2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.8 * 4 * images.size  # of the numbers; what JAX holds is not traced


def test_validation_images_choose_the_epoch_and_early_stopping_holds_codes_back():
    model = compressed(LinearClassifier(epochs=9)).fit(STRIPES, DIRECTIONS, validation=(STRIPES[:6], DIRECTIONS[:6]))
    assert len(model.classifier_.history_.val_accuracy) == 9
    stopping = compressed(LinearClassifier(epochs=30, early_stopping=True, patience=2)).fit(STRIPES, DIRECTIONS)
    assert stopping.classifier_.history_.n_epochs < 30


def test_weights_of_zero_leave_codes_without_a_say():
    weights = (np.arange(24) < 12).astype(float)
    wrong = np.where(weights > 0, DIRECTIONS, 1 - DIRECTIONS)
    model = compressed().fit(STRIPES, wrong, sample_weight=weights)
    assert model.score(STRIPES, DIRECTIONS) == 1


def test_a_model_from_codes_is_saved_and_predicts_the_same(tmp_path):
    model = compressed().fit(STRIPES, DIRECTIONS)
    model.save(tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    assert_array_equal(loaded.decision_function(STRIPES), model.decision_function(STRIPES))
    assert loaded.compression.group == 4


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("classifier", "compression", "message"),
    [
        (
            KNNClassifier(),
            ProductQuantizer(),
            "ProductQuantizer.* for a KNNClassifier; expected a ProductQuantizer, for",
        ),
        (LinearClassifier(), 8, "compression is 8 for a LinearClassifier; expected a ProductQuantizer"),
        (LinearClassifier(solver="lbfgs"), ProductQuantizer(), "solver is 'lbfgs' with compression; expected 'sgd'"),
    ],
)
def test_what_cannot_be_compressed_is_refused(classifier, compression, message):
    with pytest.raises(SettingError, match=message):
        make_pipeline(HOG(cell_px=4), classifier=classifier, compression=compression).fit(STRIPES, DIRECTIONS)


def test_no_validation_images_are_refused():
    with pytest.raises(DataError, match="X holds no rows"):
        compressed().fit(STRIPES, DIRECTIONS, validation=(STRIPES[:0], DIRECTIONS[:0]))


@pytest.mark.usefixtures("as_installed")
def test_validation_labels_may_be_a_list():
    model = compressed(LinearClassifier(epochs=2))
    model.fit(STRIPES, DIRECTIONS, validation=(STRIPES[:6], DIRECTIONS[:6].tolist()))
    assert len(model.classifier_.history_.val_accuracy) == 2
