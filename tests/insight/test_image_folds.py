import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

import foldline as fl
from foldline.core.errors import DataError, ModelFileError, SettingError
from image_files import noise


@pytest.fixture(scope="module")
def model():
    images = noise(30, 8, 8, 1, seed=0)
    classifier = fl.MLPClassifier(hidden=(12,), epochs=3)
    return fl.make_pipeline(fl.Pixels(), classifier=classifier).fit(images, np.arange(30) % 3)


@pytest.fixture
def files(tmp_path):
    for i, image in enumerate(noise(5, 8, 8, 1, seed=1)):
        Image.fromarray(image[..., 0]).save(tmp_path / f"{i}.png")
    return tmp_path


def test_three_images_span_the_plane(model, files):
    found = fl.find_image_folds(model, [files / "0.png", files / "1.png", files / "2.png"])
    plane, through = found.folds.plane, found.through
    assert_allclose(plane.at(plane.coordinates(through.X)), through.X, atol=1e-5)
    assert_array_equal(np.asarray(through.class_names)[through.winners], model.predict(through.images).astype(str))
    assert found.folds.n_regions > 1
    assert found.picture().axes


def test_more_images_lie_around_their_principal_plane(model, files):
    found = fl.find_image_folds(model, [files])
    assert len(found.through.files) == 5
    assert_allclose(found.folds.plane.origin, found.through.X.mean(axis=0), atol=1e-5)


def test_fewer_than_three_images_are_refused(model, files):
    with pytest.raises(DataError, match="there are 2 images; expected three or more"):
        fl.find_image_folds(model, [files / "0.png", files / "1.png"])


def test_the_same_image_twice_is_refused(model, files):
    (files / "copy.png").write_bytes((files / "0.png").read_bytes())
    with pytest.raises(DataError, match="two of the three points of the plane are the same"):
        fl.find_image_folds(model, [files / "0.png", files / "1.png", files / "copy.png"])


def test_models_of_other_rows_are_refused(files, as_installed):
    X = np.random.default_rng(0).standard_normal((20, 2)).astype(np.float32)
    with pytest.raises(ModelFileError, match="a LinearClassifier of other rows than images"):
        fl.find_image_folds(fl.LinearClassifier(epochs=1).fit(X, X[:, 0] > 0), [files])


def test_curved_nets_are_refused_before_images_are_read(model):
    curved = fl.make_pipeline(fl.Pixels(), classifier=fl.MLPClassifier(hidden=(4,), activation="tanh", epochs=1))
    curved.fit(noise(9, 8, 8, 1, seed=0), np.arange(9) % 3)
    with pytest.raises(SettingError, match="activation 'tanh', which is curved"):
        fl.find_image_folds(curved, ["nowhere.png"])
