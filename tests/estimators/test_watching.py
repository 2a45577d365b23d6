"""Classifiers that train with checkpoints, callbacks, augmentation and rows of a file."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits

import foldline as fl
from foldline.core.errors import DataError, SettingError, ShapeError
from foldline.estimators.net_classifier import _check_watching
from killed_runs import Killed

X, Y = load_digits(return_X_y=True)
X = (X[:600] / 16).astype(np.float32)
Y = Y[:600]
STEM = fl.Stem((8, 8, 1), n_patches=4, patch_px=3, grid=3, regions=3, n_directions=20)
NAMES = np.array([f"digit {y}" for y in Y])


def test_a_fit_that_was_killed_goes_on_when_called_again(tmp_path):
    def classifier():
        return fl.MLPClassifier(hidden=(20,), epochs=6, dropout=0.2, early_stopping=True, random_state=3)

    def die(report):
        if report.epoch == 4:
            raise Killed

    checkpoints = fl.Checkpoints(folder=tmp_path, every_s=0.0)
    with pytest.raises(Killed):
        classifier().fit(X, NAMES, checkpoints=checkpoints, callbacks=[die])
    begun = []
    again = classifier().fit(X, NAMES, checkpoints=checkpoints, callbacks=[lambda report: begun.append(report.epoch)])
    assert begun == [4, 5, 6]
    assert_array_equal(again.scores(X), classifier().fit(X, NAMES).scores(X))


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("kind", [fl.LinearClassifier, fl.MLPClassifier])
def test_rows_of_a_file_train_as_those_in_memory(kind, early_stopping, tmp_path):
    np.save(tmp_path / "X.npy", X)
    classifiers = [
        kind(epochs=4, early_stopping=early_stopping, class_weight="balanced").fit(rows, NAMES)
        for rows in (np.load(tmp_path / "X.npy", mmap_mode="r"), X)
    ]
    of_file, in_memory = (classifier.scores(X) for classifier in classifiers)
    assert_allclose(of_file, in_memory, rtol=1e-4, atol=1e-4)
    assert classifiers[0].lr_ == pytest.approx(classifiers[1].lr_)


def test_a_file_with_nan_or_of_another_width_is_told(tmp_path):
    np.save(tmp_path / "X.npy", np.where(np.arange(64) == 9, np.nan, X))
    with pytest.raises(DataError, match="the file of X holds NaN or infinity"):
        fl.LinearClassifier().fit(np.load(tmp_path / "X.npy", mmap_mode="r"), Y)
    np.save(tmp_path / "val.npy", X[:, :60])
    val = (np.load(tmp_path / "val.npy", mmap_mode="r"), Y)
    with pytest.raises(ShapeError, match="the validation rows hold 60 numbers; expected 64, as the training rows"):
        fl.LinearClassifier().fit(X, Y, validation=val)


def test_the_solver_that_needs_all_numbers_reads_the_whole_file(tmp_path):
    np.save(tmp_path / "X.npy", X)
    of_file, in_memory = (
        fl.LinearClassifier(solver="lbfgs", epochs=20).fit(rows, Y).scores(X)
        for rows in (np.load(tmp_path / "X.npy", mmap_mode="r"), X)
    )
    assert_array_equal(of_file, in_memory)


def test_settings_of_the_step_are_saved_with_the_model(tmp_path):
    settings = {
        "warmup": 0.1,
        "label_smoothing": 0.1,
        "clip_norm": 1.0,
        "augment": fl.Augment((8, 8, 1), shift_px=1, cutout_px=2),
        "micro_batches": 2,
        "schedule": "one_cycle",
        "average_views": True,
        "stem": STEM,
    }
    model = fl.make_pipeline(fl.Pixels(), classifier=fl.MLPClassifier(hidden=(16,), epochs=5, **settings))
    images = np.uint8(255 * X.reshape(-1, 8, 8, 1))
    model.fit(images, Y).save(tmp_path / "model.safetensors")
    loaded = fl.load(tmp_path / "model.safetensors")
    assert {name: loaded.classifier.get_params()[name] for name in settings} == settings
    assert isinstance(loaded.classifier.augment, fl.Augment)
    assert isinstance(loaded.classifier.stem, fl.Stem)
    assert (loaded.classifier_.model_.linear, loaded.classifier_.model_.n_fixed) == ((0, 2), 1)
    assert_array_equal(loaded.predict(images), model.predict(images))


def test_a_stem_is_learned_but_for_its_whitening():
    classifier = fl.MLPClassifier(hidden=(16,), stem=STEM, lr=0.01, epochs=1)
    start = classifier._start(X, Y)
    first, after = start.model.layers, classifier.fit(X, Y).model_.layers
    assert_array_equal(first[0].W, after[0].W)
    assert all((a.W != b.W).any() for a, b in zip(first[1:], after[1:], strict=True))
    assert [layer.W.shape for layer in after] == [(20, 64), (36, 20), (36, 36), (16, 36), (10, 16)]


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_whitening_neither_fades_nor_moves(optimizer):
    settings = {"stem": STEM, "l2": 0.1, "lr": 0.01, "epochs": 2, "optimizer": optimizer, "clip_norm": 1.0}
    classifier = fl.MLPClassifier(hidden=(16,), **settings)
    assert_array_equal(classifier._start(X, Y).model.layers[0].W, classifier.fit(X, Y).model_.layers[0].W)


def test_a_net_with_a_stem_learns_digits():
    classifier = fl.MLPClassifier(hidden=(32,), stem=STEM, lr=0.02, epochs=10).fit(X, Y)
    assert classifier.score(X, Y) > 0.95


def test_a_population_with_a_stem_learns_as_its_members_do():
    classifier = fl.MLPClassifier(hidden=(8,), stem=STEM, lr=0.02, epochs=2)
    (trained,) = fl.train_population(classifier, X, Y, hyper={"l2": [0.001]})
    alone = fl.MLPClassifier(hidden=(8,), stem=STEM, lr=0.02, epochs=2, l2=0.001).fit(X, Y)
    assert_allclose(trained.classifier.scores(X), alone.scores(X), atol=1e-3)


def test_stems_of_equal_widths_start_a_population_each_with_its_own_weights():
    stems = [STEM, STEM._replace(patch_px=2)]
    classifier = fl.MLPClassifier(hidden=(8,), lr=0.02, epochs=1)
    trained = fl.train_population(classifier, X, Y, hyper={"stem": stems})
    for one, stem in zip(trained, stems, strict=True):
        alone = fl.MLPClassifier(hidden=(8,), lr=0.02, epochs=1, stem=stem).fit(X, Y)
        assert_allclose(one.classifier.scores(X), alone.scores(X), atol=1e-3)


def test_stems_that_do_not_fit_the_rows_are_told():
    with pytest.raises(SettingError, match=r"stem has image_shape \(8, 8, 3\), which is 192 numbers, and rows hold 64"):
        fl.MLPClassifier(stem=fl.Stem((8, 8, 3))).fit(X, Y)
    with pytest.raises(SettingError, match="stem is 'patches'; expected None or a Stem"):
        fl.MLPClassifier().set_params(stem="patches").fit(X, Y)


def test_scores_are_the_means_over_views():
    augment = fl.Augment((8, 8, 1), flip=True, shift_px=1)
    classifier = fl.MLPClassifier(hidden=(8,), lr=0.01, epochs=1, augment=augment).fit(X, Y)
    images = X[:5].reshape(5, 8, 8, 1)
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    moved = [padded[:, down : down + 8, across : across + 8] for down in range(3) for across in range(3)]
    views = [view.reshape(5, 64) for image in moved for view in (image, image[:, :, ::-1])]
    expected = np.mean([classifier.scores(np.ascontiguousarray(view)) for view in views], axis=0)
    assert_allclose(classifier.set_params(average_views=True).scores(X[:5]), expected, rtol=1e-4, atol=1e-5)


def test_views_without_a_way_to_change_images_are_refused():
    with pytest.raises(SettingError, match=r"average_views is True and augment is None; .* or leave average_views out"):
        fl.MLPClassifier(average_views=True).fit(X, Y)
    with pytest.raises(SettingError, match="average_views is 2; expected True or False"):
        fl.MLPClassifier().set_params(average_views=2).fit(X, Y)


def test_augmented_images_that_the_rows_are_not_are_told():
    with pytest.raises(SettingError, match=r"image_shape \(8, 8, 3\), which is 192 numbers, and rows hold 64"):
        fl.MLPClassifier(augment=fl.Augment((8, 8, 3), flip=True)).fit(X, Y)
    with pytest.raises(SettingError, match="augment is 'flip'; expected None or an Augment"):
        fl.MLPClassifier().set_params(augment="flip").fit(X, Y)


def test_a_map_without_rows_or_columns_is_refused(tmp_path):
    for shape in ((0, 64), (600, 0)):
        empty = np.lib.format.open_memmap(tmp_path / "X.npy", mode="w+", dtype=np.float32, shape=shape)
        with pytest.raises(ValueError, match=r"Found array with 0 (sample|feature)\(s\)"):
            fl.MLPClassifier().fit(empty, Y[: len(empty)])


@pytest.mark.parametrize(
    ("checkpoints", "callbacks", "words"),
    [
        ("run", (), r"checkpoints is 'run'; expected None or Checkpoints. Write Checkpoints\(folder='run'\)"),
        (None, print, "callbacks is <built-in function print>; expected a list of functions"),
        (None, [1], r"callbacks is \[1\]; expected a list of functions"),
    ],
)
def test_what_is_no_watcher_is_refused(checkpoints, callbacks, words):
    with pytest.raises(SettingError, match=words):
        _check_watching(checkpoints, callbacks)
