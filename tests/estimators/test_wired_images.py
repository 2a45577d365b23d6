import numpy as np
import pytest
from numpy.testing import assert_array_equal

import foldline as fl
from foldline.compare import fit
from foldline.core.errors import ModelFileError, SettingError
from foldline.training import Augment
from killed_runs import Killed
from model_files import rewrite

GENERATOR = np.random.default_rng(0)
SIDE = 8
LABELS = np.arange(60) % 2
# Class 1 has a light square somewhere: what convolutions see and templates do not.
IMAGES = GENERATOR.integers(0, 60, (60, SIDE, SIDE, 1)).astype(np.uint8)
for image in IMAGES[1::2]:
    row, col = GENERATOR.integers(0, SIDE - 2, 2)
    image[row : row + 3, col : col + 3] = 255
X = IMAGES.reshape(60, -1) / 255


def small(**settings):
    return fl.RandomlyWiredClassifier(**{"stages": 2, "nodes": 3, "k": 2, "width": 8, "epochs": 2, **settings})


def pipeline(**settings):
    return fl.make_pipeline(fl.Pixels(), classifier=small(**settings))


def test_it_learns_what_is_somewhere():
    model = pipeline(epochs=15).fit(IMAGES[:40], LABELS[:40])
    assert model.score(IMAGES[40:], LABELS[40:]) > 0.85
    assert model.classifier_.lr_ == 0.1


def test_every_stage_has_a_graph_of_its_own_seed():
    model = small(nodes=6, graph_seed=4).fit(X, LABELS)
    assert [stage.wiring for stage in model.model_.stages] == [model.wiring(0), model.wiring(1)]
    assert model.wiring(1) == small(nodes=6, graph_seed=5).wiring()


def test_a_killed_fit_on_changing_images_goes_on_when_called_again(tmp_path):
    def die(report):
        if report.epoch == 2:
            raise Killed

    def fit(**options):
        settings = {"epochs": 3, "dropout": 0.2, "augment": Augment((SIDE, SIDE, 1), flip=True, shift_px=1)}
        return small(**settings).fit(X, LABELS, **options)

    checkpoints = fl.Checkpoints(folder=tmp_path, every_s=0.0)
    with pytest.raises(Killed):
        fit(checkpoints=checkpoints, callbacks=[die])
    assert_array_equal(fit(checkpoints=checkpoints).scores(X), fit().scores(X))


def test_a_model_gives_the_same_bits_after_loading(tmp_path):
    model = pipeline().fit(IMAGES, LABELS)
    model.save(tmp_path / "model.safetensors")
    loaded = fl.load(tmp_path / "model.safetensors")
    assert_array_equal(loaded.predict_proba(IMAGES), model.predict_proba(IMAGES))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda net: net["arrays"].pop(), r"b has shape \(2, 16\); expected \(k\)"),
        (lambda net: net["graphs"].pop(), "zip|shorter|longer|shape"),
        (lambda net: net.update(width=4097), "width is 4097; expected a whole number from 1 to 4096"),
        (lambda net: net.update(width=16), "an array of the net"),
        (lambda net: net.update(image_shape=[8, 4, 2]), r"image_shape is \(8, 4, 2\) for 2 stages; expected at"),
        (lambda net: net.update(image_shape=[8, 9, 1]), r"of shape \(8, 9, 1\) and 2 classes; expected 64 pixels"),
        (lambda net: net["graphs"][0].update(n_nodes=10**9), "nodes is 1000000000"),
        (lambda net: net.update(graphs=net["graphs"] * 3), "stages is 6; expected a whole number from 1 to 5"),
        (lambda net: net.update(graphs=[]), "stages is 0"),
    ],
)
def test_a_changed_net_in_a_file_is_refused(tmp_path, change, message):
    file = tmp_path / "model.safetensors"
    fl.save(small(epochs=1).fit(X, LABELS), file)
    rewrite(file, lambda recipe, _: change(recipe["estimator"]["fitted"]["model_"]["wired_images"]))
    with pytest.raises(ModelFileError, match=message):
        fl.load(file)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stages": 0}, "stages is 0; expected a whole number from 1 to 5"),
        ({"stages": 3}, r"image_shape is \(8, 8, 1\) for 3 stages; expected at least 12x12 pixels"),
        ({"image_shape": (4, 4, 1)}, "which is 16 numbers, and rows hold 64"),
        ({"stages": None, "image_shape": (8, 8, 1)}, "image_shape is .* and stages is None; expected stages with it"),
        ({"graph_seed": "a"}, "graph_seed is 'a'; expected a whole number"),
        ({"augment": 3}, "augment is 3; expected None or an Augment"),
        ({"augment": Augment((4, 4, 1), flip=True)}, "augment has image_shape"),
        ({"augment": Augment((16, 4, 1), flip=True)}, r"image_shape \(16, 4, 1\) and the images have \(8, 8, 1\)"),
    ],
)
def test_settings_outside_their_range_are_told(settings, message):
    with pytest.raises(SettingError, match=message):
        small(**settings).fit(X, LABELS)


def test_one_image_of_each_of_two_classes_is_enough():
    assert set(small(epochs=1).fit(X[:2], LABELS[:2]).predict(X)) <= {0, 1}


def test_features_beside_pixels_are_refused():
    names = tuple(f"image {i}" for i in range(60))
    images = fl.ImageSet(
        images=IMAGES, labels=LABELS.astype(np.int32), class_names=("none", "square"), names=names, source="made"
    )
    with pytest.raises(SettingError, match="classifier is a RandomlyWiredClassifier with stages and features are hog"):
        fit(images, features=["hog"], classifier=small())


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(("stage", "told"), [("a", "stage is 'a'"), (-1, "stage is -1"), (2, "stage is 2")])
def test_stages_that_there_are_not_are_told(stage, told):
    with pytest.raises(SettingError, match=f"{told}; expected a whole number from 0 to 1"):
        small(stages=2).wiring(stage)
