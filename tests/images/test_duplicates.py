from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from foldline.images import ImageSet, duplicates_across, duplicates_within
from image_files import kinds, noise


def part(pixels, name, labels=None):
    return ImageSet(
        images=np.stack(pixels),
        labels=np.array([0] * len(pixels) if labels is None else labels, np.int32),
        class_names=("cat", "dog"),
        names=tuple(f"{name}/{i}" for i in range(len(pixels))),
    )


A, B, C, D = (noise(3, 4, 3, seed=seed) for seed in range(4))
SAME, DIFFERENT = (f"the same pixels stand in two splits{how}" for how in ("", ", labelled differently"))


def test_an_image_in_two_parts_is_named_with_where_it_stood_first():
    found = duplicates_across(part([A, B], "train"), part([C, B, A], "test"))
    assert kinds(found) == [("duplicate", "test/1 = train/1", SAME), ("duplicate", "test/2 = train/0", SAME)]


def test_every_copy_in_the_later_part_counts():
    found = duplicates_across(part([A, A], "train"), part([A, A, A], "test"))
    assert [problem.where for problem in found] == [f"test/{i} = train/0" for i in range(3)]


def test_copies_within_one_part_are_no_leak():
    assert duplicates_across(part([A, A], "train"), part([B, B], "test")) == ()


def test_of_three_parts_each_is_compared_with_all_before_it():
    found = duplicates_across(part([A], "train"), part([B, A], "val"), part([A, B, C], "test"))
    assert [problem.where for problem in found] == ["val/1 = train/0", "test/0 = train/0", "test/1 = val/0"]


def test_copies_with_different_labels_are_told_apart():
    found = duplicates_across(part([A, B], "train", [0, 1]), part([A, B], "test", [1, 1]))
    assert [problem.what for problem in found] == [DIFFERENT, SAME]


def test_convention_one_grey_level_makes_another_image():
    changed = A.copy()
    changed[2, 3, 1] ^= 1
    assert duplicates_across(part([A], "train"), part([changed], "test")) == ()


def test_the_shape_belongs_to_the_image():
    tall = A.reshape(4, 3, 3)
    assert duplicates_across(part([A], "train"), part([tall], "test")) == ()


def test_images_that_lie_mirrored_in_memory_are_compared_by_their_pixels():
    photos = part([A, A[:, ::-1]], "train")
    assert len(duplicates_across(photos, part([A[:, ::-1]], "test"))) == 1


@given(st.lists(st.integers(0, 3), min_size=1), st.lists(st.integers(0, 3), min_size=1))
def test_the_count_is_that_of_plain_loops(first, second):
    images = [A, B, C, D]
    found = duplicates_across(part([images[i] for i in first], "train"), part([images[i] for i in second], "test"))
    assert len(found) == sum(any(i == j for j in first) for i in second)


def test_within_a_set_without_a_split_every_later_copy_is_listed():
    found = duplicates_within(part([A, B, A, B, A], "photos", [0, 0, 0, 1, 0]))
    twice, differently = "the same pixels stand twice", "the same pixels stand twice, labelled differently"
    assert kinds(found) == [
        ("duplicate", "photos/2 = photos/0", twice),
        ("duplicate", "photos/3 = photos/1", differently),
        ("duplicate", "photos/4 = photos/0", twice),
    ]


def test_within_a_set_with_a_split_only_copies_across_it_are_listed():
    photos = replace(part([A, A, B, C, B], "photos"), partition=("train", "train", "train", "test", "test"))
    assert kinds(duplicates_within(photos)) == [("duplicate", "photos/4 = photos/2", SAME)]
