import dataclasses
import subprocess
import sys
import weakref

import numpy as np
import pytest
from jax.errors import JaxRuntimeError
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix

from foldline.compare import Recipe, compare, measuring
from foldline.compare import run as running
from foldline.compare.classifiers import ClassifierChoice
from foldline.compare.features import FEATURE_CHOICES
from foldline.compare.measuring import Splits, extract, measure, side_by_side
from foldline.compare.recipes import FeatureSet
from foldline.core.errors import DataError, SettingError
from foldline.estimators import ImagePipeline, LinearClassifier
from foldline.features import Concat
from foldline.images import ImageSet


def test_rows_come_best_first_and_every_recipe_has_one(board):
    means = [row.test_accuracy.mean for row in board.rows]
    assert means == sorted(means, reverse=True)
    assert {row.recipe for row in board.rows} == {
        "raw/softmax",
        "raw/svm",
        "color/knn",
        "hog+color/mlp2",
        "hog/softmax",
        "words/softmax",
    }
    assert board.failures == ()


def test_colour_tells_coloured_images_apart(board):
    assert board.row("color/knn").test_accuracy.mean > 0.95


def test_numbers_of_a_row_are_those_of_its_own_model(board, digits):
    digits_board = compare(digits, recipes=["hog/softmax"], seeds=1, seed=5)
    row = digits_board.best
    test = Splits.of(digits, seed=5).test
    predictions = row.model.predict(test.images)
    assert row.test_accuracy.mean == accuracy_score(test.labels, predictions)
    assert_allclose(row.balanced_accuracy, balanced_accuracy_score(test.labels, predictions))
    assert_array_equal(row.confusion, confusion_matrix(test.labels, predictions))
    assert_array_equal(row.right, predictions == test.labels)
    assert row.n_mistakes == np.sum(predictions != test.labels)
    assert row.n_features == row.model.features_.transform(test.images).shape[1]


def test_mistakes_are_real_and_the_most_confident_come_first(board):
    for row in board.rows:
        confidence = [mistake.confidence for mistake in row.mistakes]
        assert confidence == sorted(confidence, reverse=True)
        assert all(mistake.truth != mistake.prediction for mistake in row.mistakes)
        assert all(mistake.name.startswith("folder/") for mistake in row.mistakes)


def test_every_recipe_meets_the_same_images_and_test_images_meet_nobody(digits):
    splits = Splits.of(digits, seed=1)
    names = [set(part.names) for part in (splits.train, splits.val, splits.test)]
    assert len(set.union(*names)) == len(digits) == sum(map(len, names))
    assert_array_equal(Splits.of(digits, seed=1).test.images, splits.test.images)


def test_scaling_sees_training_rows_only(digits):
    splits = Splits.of(digits, seed=1)
    pixels = FEATURE_CHOICES["raw"]
    extracted = extract(pixels, splits)
    bright = dataclasses.replace(splits.test, images=255 - splits.test.images)
    other = extract(pixels, Splits(train=splits.train, val=bright, test=bright))
    assert_array_equal(other.train, extracted.train)
    assert_array_equal(other.features.mean_, extracted.features.mean_)


def test_the_spread_over_seeds_is_that_of_separate_trainings(digits):
    both = compare(digits, recipes=["raw/mlp2"], seeds=2, seed=1).best.test_accuracy
    splits = Splits.of(digits, seed=1)
    extracted = extract(FEATURE_CHOICES["raw"], splits)
    singles = [
        measure(Recipe.named("raw/mlp2"), splits, extracted, seeds=range(seed, seed + 1)).test_accuracy.mean
        for seed in (1, 2)
    ]
    assert_allclose([both.mean, both.std], [np.mean(singles), np.std(singles, ddof=1)])


def test_what_does_not_depend_on_a_seed_is_trained_once(board):
    assert board.row("color/knn").n_seeds == 1
    assert board.row("raw/svm").n_seeds == 2


def test_the_same_seed_gives_the_same_accuracies(digits):
    first, second = (compare(digits, recipes=["raw/softmax", "raw/mlp2"], seeds=1, seed=2) for _ in range(2))
    assert [row.test_accuracy for row in first.rows] == [row.test_accuracy for row in second.rows]


def own_recipe(build, **settings):
    classifier = ClassifierChoice(key="bad", title="bad", description="fails", build=build, **settings)
    return Recipe(key="raw/bad", features=FeatureSet.named("raw"), classifier=classifier)


def failing():
    return own_recipe(lambda n, seed: LinearClassifier(lr=1e30, epochs=2))


def test_a_recipe_that_the_machine_cannot_train_is_listed_and_the_others_go_on(digits):
    for error in (MemoryError("9 GB"), JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory.\nBacktrace")):

        def build(n, seed, error=error):
            raise error

        board = compare(digits, recipes=["raw/softmax", own_recipe(build)], seeds=1)
        assert [row.recipe for row in board.rows] == ["raw/softmax"]
        first_line = str(error).splitlines()[0].rstrip(".")
        assert board.failures[0].reason.startswith(f"the machine could not do it: {first_line}. Expected enough memory")


def test_features_that_need_too_much_memory_fail_alone(digits, monkeypatch):
    def extract_or_not(choice, splits):
        if choice.key == "hog":
            raise MemoryError
        return extract(choice, splits)

    monkeypatch.setattr(running, "extract", extract_or_not)
    board = compare(digits, recipes=["hog/softmax", "raw/softmax"], seeds=1)
    assert [failure.recipe for failure in board.failures] == ["hog/softmax"]
    assert "could not do it: MemoryError. Expected" in board.failures[0].reason


def test_a_feature_of_several_sets_is_extracted_once_and_kept_no_longer_than_awaited(digits, monkeypatch):
    extracted, alive = [], []

    def counted(choice, splits):
        alive.append([key for key, block in extracted if block() is not None])
        block = extract(choice, splits)
        extracted.append((choice.key, weakref.ref(block)))
        return block

    monkeypatch.setattr(running, "extract", counted)
    recipes = ["raw/softmax", "hog/softmax", "hog+raw/softmax", "words/softmax"]
    board = compare(digits, recipes=recipes, seeds=1)
    assert [key for key, _ in extracted] == ["raw", "hog", "words"]
    assert alive[1:] == [["raw"], []]
    seconds = {row.feature_key: row.extract_s for row in board.rows}
    assert_allclose(seconds["hog+raw"], seconds["hog"] + seconds["raw"])


def test_features_extracted_alone_and_joined_are_those_extracted_together(digits):
    splits = Splits.of(digits, seed=1)
    parts = [FEATURE_CHOICES[key] for key in ("hog", "raw")]
    joined = side_by_side([extract(part, splits) for part in parts])
    together = Concat(features=[part.build(splits.train.images.shape[1:]) for part in parts])
    assert_array_equal(joined.train, together.fit_transform(splits.train.images))
    assert_array_equal(joined.test, together.transform(splits.test.images))
    assert_array_equal(joined.features.transform(splits.val.images), joined.val)
    assert repr(joined.features) == repr(together)


def test_a_recipe_that_diverges_is_listed_and_the_others_go_on(digits):
    board = compare(digits, recipes=["raw/softmax", failing()], seeds=1)
    assert [row.recipe for row in board.rows] == ["raw/softmax"]
    assert board.failures[0].recipe == "raw/bad"
    assert "Lower lr" in board.failures[0].reason


def test_if_no_recipe_can_be_trained_the_first_reason_is_told(digits):
    with pytest.raises(DataError, match=r"none of 1 recipes could be trained.*raw/bad, said: .*Lower lr"):
        compare(digits, recipes=[failing()], seeds=1)


def test_features_that_do_not_fit_the_images_fail_alone(digits):
    tiny = dataclasses.replace(digits, images=digits.images[:, 3:5, 3:5])
    board = compare(tiny, recipes=["raw/softmax", "hog/softmax"], seeds=1)
    assert [failure.recipe for failure in board.failures] == ["hog/softmax"]
    assert "images of 2x2 pixels have 1x1 cells" in board.failures[0].reason


def test_a_class_too_small_to_split_is_refused_by_name(digits):
    few = digits.subset(np.r_[np.flatnonzero(digits.labels != 3), np.flatnonzero(digits.labels == 3)[:2]])
    with pytest.raises(DataError, match="class '3' has 2 images to split"):
        compare(few, recipes=["raw/softmax"])


def test_copies_across_the_split_are_counted():
    rng = np.random.default_rng(0)
    images = np.repeat(rng.integers(0, 256, (40, 8, 8, 1), dtype=np.uint8), 2, axis=0)
    doubled = ImageSet(
        images=images,
        labels=np.arange(80, dtype=np.int32) % 4 // 2,
        class_names=("a", "b"),
        names=tuple(map(str, range(80))),
    )
    board = compare(doubled, recipes=["raw/softmax"], seeds=1)
    duplicates = [problem for problem in board.data.problems if problem.kind == "duplicate"]
    assert len(duplicates) > 5


def test_only_nearest_neighbours_are_too_large_to_keep(digits, monkeypatch):
    monkeypatch.setattr(measuring, "LARGEST_KEPT_MODEL_BYTES", 100)
    board = compare(digits, recipes=["raw/softmax", "raw/mlp2", "raw/knn"], seeds=1)
    assert {row.recipe for row in board.rows if row.model is None} == {"raw/knn"}


def test_models_are_weighed_without_a_file(digits, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "full"))
    row = compare(digits, recipes=["raw/knn"], seeds=1).best
    row.model.save(tmp_path / "model.safetensors")
    assert row.model_bytes == (tmp_path / "model.safetensors").stat().st_size


@pytest.mark.parametrize("n", [60, 600])
def test_predictions_are_timed_in_batches_of_one_size(digits, monkeypatch, n):
    shapes, predict = set(), ImagePipeline.predict

    def watched(model, images):
        shapes.add(images.shape)
        return predict(model, images)

    monkeypatch.setattr(ImagePipeline, "predict", watched)
    compare(digits.subset(range(n)), recipes=["raw/softmax"], seeds=1)
    assert shapes == {(256, 8, 8, 1)}


@pytest.mark.parametrize(
    ("parts", "own_split", "own_val"),
    [(None, False, False), ("train test", True, False), ("train val", True, False), ("train val test", True, True)],
)
def test_whose_validation_images_they_are_is_told(digits, parts, own_split, own_val):
    partition = None if parts is None else tuple(np.resize(parts.split(), len(digits)).tolist())
    data = compare(dataclasses.replace(digits, partition=partition), recipes=["raw/softmax"], seeds=1).data
    assert (data.own_split, data.own_val) == (own_split, own_val)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("settings", [{"seeds": 0}, {"seed": -1}, {"seed": 2**32 - 1}, {"seeds": 1.5}])
def test_seeds_outside_their_range_are_refused(digits, settings):
    with pytest.raises(SettingError, match=f"{next(iter(settings))} is"):
        compare(digits, **settings)


@pytest.mark.parametrize("first", ["import foldline.compare", "import foldline; foldline.compare"])
def test_the_room_is_callable_as_the_function_of_its_name_in_any_order(first):
    script = f"{first}; import foldline; from foldline.compare import RECIPES; assert callable(foldline.compare)"
    subprocess.run([sys.executable, "-c", script], check=True)
