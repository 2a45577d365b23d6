import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from foldline.core.errors import DataError, SettingError
from foldline.images.splits import is_split, split_rows


def parted(labels, *, partition=None, test=None, val=None, seed=0):
    labels = np.asarray(labels, np.int32)
    names = [f"class {k}" for k in range(labels.max(initial=0) + 1)]
    return [rows.tolist() for rows in split_rows(labels, names, partition=partition, test=test, val=val, seed=seed)]


@st.composite
def labels_and_fraction(draw):
    """Labels of up to 6 classes with at least so many images each that every part can have one."""
    fraction = draw(st.sampled_from([0.05, 0.1, 0.2, 0.25, 1 / 3, 0.5, 0.7, 0.8, 0.9]))
    counts = draw(st.lists(st.integers(2, 40), min_size=1, max_size=6))
    labels = np.repeat(np.arange(len(counts)), counts)
    return draw(st.randoms(use_true_random=False)).sample(labels.tolist(), len(labels)), fraction


@given(labels_and_fraction(), st.integers(0, 2**32 - 1))
def test_parts_are_disjoint_in_rising_order_and_hold_every_row(case, seed):
    labels, fraction = case
    train, test = parted(labels, test=fraction, seed=seed)
    assert train == sorted(train)
    assert test == sorted(test)
    assert sorted(train + test) == list(range(len(labels)))


@given(labels_and_fraction(), st.integers(0, 2**32 - 1))
def test_convention_every_class_is_parted_in_the_same_proportion(case, seed):
    labels, fraction = case
    _, test = parted(labels, test=fraction, seed=seed)
    for k in set(labels):
        n, n_drawn = labels.count(k), sum(labels[row] == k for row in test)
        assert n_drawn == min(max(int(fraction * n + 0.5), 1), n - 1)


@given(labels_and_fraction())
def test_the_same_seed_draws_the_same_and_another_one_others(case):
    labels, fraction = case
    first, again, other = (parted(labels, test=fraction, seed=seed) for seed in (7, 7, 8))
    assert first == again
    assume(len(labels) > 30)
    assert first != other


def test_validation_rows_are_drawn_from_the_training_rows():
    labels = [0, 1] * 50
    train, test = parted(labels, test=0.2, seed=5)
    smaller, val, same_test = parted(labels, test=0.2, val=0.25, seed=5)
    assert same_test == test
    assert sorted(smaller + val) == train
    assert len(val) == 20


OWN = ["train"] * 10 + ["val"] * 4 + ["test"] * 6
LABELS = [0, 1] * 10
TRAIN, VAL, TEST = list(range(10)), list(range(10, 14)), list(range(14, 20))


def test_convention_marked_validation_images_validate_when_asked_and_else_train():
    assert parted(LABELS, partition=OWN) == [TRAIN + VAL, TEST]
    assert parted(LABELS, partition=OWN, val=0.5) == [TRAIN, VAL, TEST]


def test_convention_without_test_images_the_validation_images_test():
    partition = [part.replace("test", "train") for part in OWN]
    assert parted(LABELS, partition=partition) == [TRAIN + TEST, VAL]
    train, val, test = parted(LABELS, partition=partition, val=0.25)
    assert test == VAL
    assert sorted(train + val) == TRAIN + TEST
    assert len(val) == 4


def test_a_fraction_for_testing_overrules_the_source():
    train, test = parted(LABELS, partition=OWN, test=0.4)
    assert len(test) == 8
    assert sorted(train + test) == list(range(20))


@pytest.mark.parametrize("partition", [None, ["train"] * 20, ["test"] * 20, ["val"] * 10 + ["test"] * 10])
def test_without_a_split_of_the_source_a_fifth_is_drawn(partition):
    assert [len(rows) for rows in parted(LABELS, partition=partition)] == [16, 4]


def test_a_source_that_only_trains_or_only_tests_is_not_split():
    assert is_split(["train", "test"])
    assert is_split(["val", "train"])
    assert not any(map(is_split, (None, [], ["train"], ["test", "val"])))


@pytest.mark.parametrize("test", [0.01, 0.2, 0.99])
def test_convention_every_class_is_in_every_part_however_few_its_images(test):
    labels = np.array([0] * 100 + [1] * 3)
    for part in parted(labels, test=test, val=test):
        assert set(labels[part]) == {0, 1}


@pytest.mark.parametrize(
    ("val", "needed", "parts"), [(None, 2, "training and testing"), (0.1, 3, "training, validation and testing")]
)
def test_a_class_with_fewer_images_than_parts_is_named(val, needed, parts):
    enough = [0] * 40 + [1] * needed
    parted(enough, val=val)
    with pytest.raises(DataError) as caught:
        parted(enough[:-1], val=val)
    n_images = "1 image" if needed == 2 else f"{needed - 1} images"
    assert str(caught.value) == (
        f"class 'class 1' has {n_images} to split; expected at least {needed}, one for each of {parts}. Add images or "
        "leave the class out."
    )


@pytest.mark.parametrize("n_small", [2, 3])
def test_several_classes_that_are_too_small_are_counted(n_small):
    with pytest.raises(DataError, match=rf"'class 1' has 1 image to split \({n_small} classes have too few\)"):
        parted([0] * 10 + list(range(1, 1 + n_small)))


def test_a_class_of_the_sources_training_images_too_small_for_validation_is_named():
    partition = ["train"] * 11 + ["test"] * 11
    with pytest.raises(DataError, match="'class 1' has 1 image to split; expected at least 2"):
        parted(([0] * 10 + [1]) * 2, partition=partition, val=0.2)


def test_a_class_without_images_is_in_the_way_of_no_split():
    labels = np.array([0, 2] * 10, np.int32)
    train, test = split_rows(labels, ["a", "b", "c"], partition=None, test=0.2, val=None, seed=0)
    assert (len(train), len(test)) == (16, 4)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan"), "half"])
@pytest.mark.parametrize("part", ["test", "val"])
def test_a_fraction_outside_0_and_1_is_refused(part, fraction):
    with pytest.raises(SettingError, match=f"{part} is .*; expected a number above 0 and below 1. Change {part}"):
        parted(LABELS, **{part: fraction})


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, None])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(SettingError, match="seed is .*; expected a whole number from 0 to 4294967295"):
        parted(LABELS, partition=OWN, seed=seed)
