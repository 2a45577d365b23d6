import numpy as np
import pytest
from numpy.testing import assert_array_equal

from foldline.compare.saved_models import images_for, layer_of
from foldline.core.errors import MissingDataError, ModelFileError, SettingError
from foldline.estimators import LinearClassifier, MLPClassifier, save
from foldline.features import Concat, Pixels
from foldline.images import load_images
from image_files import noise
from model_files import fitted, pipeline


@pytest.fixture
def file(tmp_path):
    """A place for a model file."""
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize(("image_fit", "fit"), [("native", "crop"), ("crop", "crop"), ("pad", "pad")])
def test_images_come_to_the_size_and_the_colours_of_the_model(image_fit, fit):
    images = images_for(pipeline(LinearClassifier(), image_fit=image_fit), "digits")
    assert images.fit == fit
    grey = load_images("digits", size=(6, 8), fit=fit).images
    assert_array_equal(images.images, np.repeat(grey, 3, axis=3))


def test_images_of_the_models_own_shape_stay_as_they_are():
    digits = load_images("digits")
    model = pipeline(LinearClassifier(), images=digits.images[:12], features=Concat(features=[Pixels()]))
    images = images_for(model, "digits")
    assert_array_equal(images.images, digits.images)
    assert images.fit == "native"


def test_a_layer_of_a_saved_model_is_that_of_the_model(file):
    model = pipeline(MLPClassifier(hidden=(4, 2)))
    model.save(file)
    images = noise(5, 6, 8, 3)
    for layer in (0, -2):
        expected = model.hidden_features(layer).transform(images)
        assert_array_equal(layer_of(file, layer).transform(images), expected)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            fitted("linear.v1"),
            "is no pipeline of images but a LinearClassifier of other rows; expected an ImagePipeline",
        ),
        (fitted("raw.v1"), "is no pipeline of images but a Pixels"),
    ],
)
def test_what_takes_no_images_has_no_layer_for_them(file, model, message):
    save(model, file)
    with pytest.raises(ModelFileError, match=message):
        layer_of(file)
    with pytest.raises(ModelFileError, match=message):
        images_for(model, "digits")


def test_a_model_without_such_a_layer_is_told(file):
    pipeline(LinearClassifier()).save(file)
    with pytest.raises(SettingError, match="a LinearClassifier without hidden layers"):
        layer_of(file)
    with pytest.raises(MissingDataError, match="is not a file"):
        layer_of(file.parent / "nothing")
