"""A small comparison that several tests look at, and rows made up for the verdict."""

import dataclasses
from functools import partial

import numpy as np
import pytest

from foldline.compare import Recipe, compare
from foldline.compare.classifiers import CLASSIFIERS
from foldline.compare.features import FEATURE_CHOICES
from foldline.compare.recipes import FeatureSet
from foldline.features import IMAGE_FEATURES
from foldline.images import ImageSet, load_images
from small_features import small_feature

NAMES = ("<b>& bold</b>", "grün", "3 $x^2$")


def coloured_set(n=120, *, seed=0):
    """Images of three classes, told apart by their colour and, less well, by the direction of their stripes."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n, dtype=np.int32) % 3
    images = rng.integers(0, 120, (n, 20, 20, 3), dtype=np.uint8)
    for row, label in enumerate(labels):
        images[row, ..., label] += 80
        if label == 0 and row % 4:
            images[row, ::4] = 0
    return ImageSet(
        images=images,
        labels=labels,
        class_names=NAMES,
        names=tuple(f"folder/{row}.png" for row in range(n)),
        source="my/photos.tar.gz",
    )


SMALL_CHOICES = {
    key: dataclasses.replace(FEATURE_CHOICES[key], build=partial(small_feature, kind))
    for key, kind in IMAGE_FEATURES.items()
}


def small_recipe(key):
    """Give a recipe of features that cost next to nothing to learn."""
    features, _, classifier = key.partition("/")
    parts = tuple(SMALL_CHOICES[name] for name in features.split("+"))
    return Recipe(key=key, features=FeatureSet(key=features, parts=parts), classifier=CLASSIFIERS[classifier])


@pytest.fixture(scope="session")
def board():
    """Two trainings of each of a few recipes on coloured images with class names that need escaping."""
    recipes = ["raw/softmax", "raw/svm", "color/knn", "hog+color/mlp2", "hog/softmax", small_recipe("words/softmax")]
    return compare(coloured_set(), recipes=recipes, seeds=2, seed=3)


@pytest.fixture(scope="session")
def digits():
    return load_images("digits").subset(range(600))


@pytest.fixture
def made_up(board):
    """Give a function that changes a real row: another key, accuracy image by image, speed and size."""

    def make(recipe, right, *, predict_us=10.0, model_bytes=1000):
        right = np.asarray(right, np.float64)
        features, _, classifier = recipe.partition("/")
        accuracy = dataclasses.replace(board.rows[0].test_accuracy, mean=float(right.mean()))
        return dataclasses.replace(
            board.rows[0],
            recipe=recipe,
            feature_key=features,
            classifier_key=classifier,
            features=features,
            classifier=classifier,
            right=right,
            test_accuracy=accuracy,
            predict_us=predict_us,
            model_bytes=model_bytes,
        )

    return make
