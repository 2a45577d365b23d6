"""Whole data sets, read as they lie in the folder that $FOLDLINE_DATA names; run with `-m full`."""

import os
from pathlib import Path

import numpy as np
import pytest

import foldline as fl
from foldline.images import duplicates_within

pytestmark = pytest.mark.full


def full_set(name):
    if "FOLDLINE_DATA" not in os.environ:
        pytest.skip("FOLDLINE_DATA is not set")
    path = Path(os.environ["FOLDLINE_DATA"]) / name
    if not path.exists():
        pytest.skip(f"{name} is not in $FOLDLINE_DATA")
    return fl.load_images(path)


@pytest.mark.parametrize(
    ("name", "shape", "n_test", "largest_class"),
    [
        ("mnist", (70_000, 28, 28, 1), 10_000, 7_877),
        ("fashion-mnist", (70_000, 28, 28, 1), 10_000, 7_000),
        ("cifar-10-batches-bin", (60_000, 32, 32, 3), 10_000, 6_000),
        ("caltech101-25.tar", (2_525, 64, 64, 3), 505, 25),
        ("pedestrian-dev.tar", (1_000, 128, 64, 3), 200, 500),
    ],
)
def test_a_published_set_is_read_whole(name, shape, n_test, largest_class):
    images = full_set(name)
    assert images.images.shape == shape
    assert max(np.bincount(images.labels)) == largest_class
    assert len(images.split()[1]) == n_test
    assert not [problem for problem in images.problems if problem.kind == "skipped"]


def test_caltech_holds_no_copies():
    assert duplicates_within(full_set("caltech101-25.tar")) == ()


def test_a_linear_classifier_on_hog_reads_digits():
    train, test = full_set("mnist").split()
    model = fl.make_pipeline(fl.HOG(cell_px=4), classifier=fl.LinearClassifier(epochs=5, l2=1e-4))
    # Measured: 98.0 %.
    assert model.fit(train.images, train.labels).score(test.images, test.labels) > 0.97


def test_hog_and_a_linear_svm_tell_people_from_background():
    train, test = full_set("pedestrian-dev.tar").split(seed=0)
    model = fl.make_pipeline(fl.HOG(), classifier=fl.LinearClassifier(loss="svm", l2=1e-2))
    # Measured: 98.0 %; 200 images give or take a point.
    assert model.fit(train.images, train.labels).score(test.images, test.labels) > 0.95
