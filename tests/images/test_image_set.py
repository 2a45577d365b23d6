from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from foldline.core.errors import DataError, DtypeError, ShapeError
from foldline.images import ImageSet, Problem
from image_files import noise


def image_set(n=4, **changes):
    given = {
        "images": noise(n, 5, 6, 3),
        "labels": np.arange(n, dtype=np.int32) % 2,
        "class_names": ("cat", "dog"),
        "names": tuple(f"{i}.png" for i in range(n)),
    }
    return ImageSet(**(given | changes))


def test_a_set_is_as_long_as_its_labels_and_cannot_be_rebound():
    photos = image_set(3)
    assert len(photos) == 3
    with pytest.raises(FrozenInstanceError):
        photos.labels = photos.labels[::-1]


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"images": noise(4, 5, 6)},
            ShapeError,
            r"images has shape \(4, 5, 6\); expected \(n, h, w, c\)\. Give images",
        ),
        ({"images": noise(4, 5, 6, 2)}, ShapeError, r"images has 2 channels; expected 1 or 3\. Give images as"),
        ({"images": noise(4, 5, 6, 3) / 255}, DtypeError, r"images has dtype float64; expected uint8\. Give images as"),
        ({"labels": np.zeros(3, np.int32)}, ShapeError, r"labels has shape \(3,\); expected \(4\)\. Give one label"),
        ({"labels": np.zeros((4, 1), np.int32)}, ShapeError, r"labels has shape \(4, 1\); expected \(4\)"),
        ({"labels": np.zeros(4)}, DtypeError, r"labels has dtype float64; expected int32\. Use labels\.astype"),
        (
            {"labels": np.array([0, 1, 2, 0], np.int32)},
            DataError,
            r"labels holds 2; expected 0 to 1 for 2 class names\.",
        ),
        ({"labels": np.array([0, -1, 1, 0], np.int32)}, DataError, r"labels holds -1; expected 0 to 1"),
        ({"names": ("a.png",)}, ShapeError, r"names has 1 entries; expected 4, one for each image\. Give all of them"),
        ({"partition": ("train",) * 5}, ShapeError, r"partition has 5 entries; expected 4"),
        (
            {"partition": ("train", "train", "validation", "test")},
            DataError,
            r"partition holds 'validation'; expected 'train', 'val' or 'test' for each image\. Rename the mark",
        ),
        (
            {"class_names": ("cat", "cat")},
            DataError,
            r"class_names holds 'cat' twice; expected 2 different names\. Rename",
        ),
    ],
)
def test_what_does_not_belong_together_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        image_set(**changes)


def test_grey_images_and_an_empty_set_are_allowed():
    assert image_set(images=noise(4, 5, 6, 1)).images.shape[3] == 1
    assert len(image_set(0)) == 0


def test_a_subset_has_the_rows_in_the_order_given_and_keeps_the_rest():
    problem = Problem(kind="skipped", where="x", what="empty")
    photos = image_set(partition=("train", "val", "test", "train"), problems=(problem,), source="photos", fit="pad")
    part = photos.subset([2, 0])
    assert_array_equal(part.images, photos.images[[2, 0]])
    assert part.labels.tolist() == [0, 0]
    assert (part.names, part.partition) == (("2.png", "0.png"), ("test", "train"))
    assert (part.problems, part.source, part.fit, part.class_names) == ((problem,), "photos", "pad", ("cat", "dog"))
    assert len(photos.subset([])) == 0


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("rows", [np.array([True, False, True, False]), [0.5, 1.0]])
def test_rows_that_are_no_whole_numbers_are_refused(rows):
    # A mask would otherwise be taken for the rows 1, 0, 1, 0.
    with pytest.raises(DtypeError, match=r"rows has dtype .*; expected whole numbers\. Turn a mask .* np\.flatnonzero"):
        image_set().subset(rows)


@pytest.mark.parametrize(
    ("partition", "expected"),
    [
        (None, False),
        (("train",) * 4, False),
        (("test",) * 4, False),
        (("val", "val", "test", "test"), False),
        (("train", "train", "test", "test"), True),
        (("train", "train", "val", "val"), True),
    ],
)
def test_a_source_has_its_own_split_if_some_images_train_and_some_do_not(partition, expected):
    assert image_set(partition=partition).has_own_split is expected


def test_split_gives_two_parts_or_with_val_three():
    photos = image_set(40)
    assert [len(part) for part in photos.split()] == [32, 8]
    assert photos.split()[1].names == photos.split(test=0.2, seed=0)[1].names
    assert [len(part) for part in photos.split(test=0.25, val=0.2, seed=3)] == [24, 6, 10]


def test_a_part_can_be_split_again():
    train, _ = image_set(50, partition=("train",) * 40 + ("test",) * 10).split()
    assert [len(part) for part in train.split()] == [32, 8]
