import numpy as np
from numpy.testing import assert_array_equal

from foldline.images.problems import Problem
from foldline.images.sources import join_partitions
from image_files import kinds, noise


def test_partitions_stand_one_after_the_other_and_mark_their_rows():
    train, test = noise(2, 3, 4, 1), noise(1, 3, 4, 1)
    joined = join_partitions(
        {"train": (train, np.array([0, 1])), "test": (test, np.array([1]))},
        ("cat", "dog"),
        problems=(Problem(kind="warning", where="x", what="odd"),),
    )
    assert_array_equal(joined.images, np.concatenate([train, test]))
    assert joined.labels.tolist() == [0, 1, 1]
    assert joined.partition == ("train", "train", "test")
    assert joined.class_names == ("cat", "dog")
    assert kinds(joined.problems) == [("warning", "x", "odd")]
