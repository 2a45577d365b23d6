import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal

from foldline.training import TrainingSettings, epoch_batches
from foldline.training.batches import balanced_batches, shuffled_batches

Y = np.array([2] * 30 + [0] * 7 + [5] * 1)  # of three classes; 1, 3 and 4 have no row
LABELS = hnp.arrays(np.int32, st.integers(1, 60), elements=st.integers(0, 5))


@pytest.mark.parametrize(("n_rows", "batch_size"), [(5, 2), (6, 2), (1, 1), (7, 7)])
def test_an_epoch_meets_every_row(n_rows, batch_size):
    order = shuffled_batches(n_rows, batch_size, generator=np.random.default_rng(0))
    assert order.shape == (-(-n_rows // batch_size), batch_size)
    assert set(order.ravel()) == set(range(n_rows))


def test_convention_the_last_batch_is_filled_from_the_epochs_beginning():
    order = shuffled_batches(5, 3, generator=np.random.default_rng(0)).ravel()
    assert order[5] == order[0]


def balanced(y=Y, batch_size=5, seed=0):
    return balanced_batches(y, batch_size, generator=np.random.default_rng(seed))


@given(LABELS, st.integers(1, 60))
def test_a_balanced_epoch_has_as_many_steps_and_each_class_as_often_up_to_one_row(y, batch_size):
    batch_size = min(batch_size, len(y))
    order = balanced(y, batch_size)
    assert order.shape == shuffled_batches(len(y), batch_size, generator=np.random.default_rng(0)).shape
    met = np.bincount(y[order.ravel()], minlength=6)[np.unique(y)]
    assert met.max() - met.min() <= 1


@given(LABELS, st.integers(1, 60))
def test_convention_classes_take_turns_so_that_each_batch_is_balanced_up_to_two_rows(y, batch_size):
    order = balanced(y, min(batch_size, len(y)))
    classes = np.unique(y)
    for batch in order:
        met = np.bincount(y[batch], minlength=6)[classes]
        assert met.max() - met.min() <= 2
    n_whole_turns = order.size // len(classes)
    turns = y[order.ravel()][: n_whole_turns * len(classes)].reshape(n_whole_turns, -1)
    assert_array_equal(np.sort(turns, axis=1), np.tile(classes, (n_whole_turns, 1)))


@given(LABELS, st.integers(1, 60))
def test_convention_no_row_is_met_again_before_all_others_of_its_class(y, batch_size):
    order = balanced(y, min(batch_size, len(y))).ravel()
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        met = order[y[order] == label]
        for start in range(0, len(met), len(rows)):
            one_pass = met[start : start + len(rows)]
            assert len(set(one_pass)) == len(one_pass)


def test_passes_classes_and_epochs_have_orders_of_their_own():
    generator = np.random.default_rng(0)
    first, second = (balanced_batches(Y, 40, generator=generator).ravel() for _ in range(2))
    assert (first != second).any()
    of_seven = first[Y[first] == 0]
    assert (of_seven[:5] != of_seven[7:12]).any()
    turns = Y[first][:39].reshape(13, 3)
    assert len({tuple(turn) for turn in turns}) > 2


@pytest.mark.parametrize("sampling", ["shuffled", "balanced"])
def test_the_settings_say_which_and_the_generator_alone_decides_an_epoch(sampling):
    settings = TrainingSettings(sampling=sampling, batch_size=4)
    generator = np.random.default_rng(3)
    epoch_batches(Y, settings=settings, generator=generator)
    again = np.random.default_rng()
    again.bit_generator.state = generator.bit_generator.state
    order = epoch_batches(Y, settings=settings, generator=generator)
    assert_array_equal(order, epoch_batches(Y, settings=settings, generator=again))
    assert (np.count_nonzero(order == 37) > 5) == (sampling == "balanced")
