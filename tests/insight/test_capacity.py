import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import make_moons

import foldline as fl
from foldline.core.errors import SettingError
from foldline.insight import compare_capacity

TRAIN, TEST = make_moons(60, noise=0.2, random_state=0), make_moons(90, noise=0.2, random_state=1)


@pytest.fixture(scope="module")
def found():
    return compare_capacity(*TRAIN, *TEST, widths=(2, 12), l2=(1e-5, 0.3), seed=3)


def test_panels_are_the_nets_that_fit_alone_gives(found):
    X = TRAIN[0].astype(np.float32)
    alone = fl.MLPClassifier(hidden=(12,), l2=1e-5, lr=0.1, epochs=400, random_state=3).fit(X, TRAIN[1])
    panel = found.by_width[1]
    assert panel.train_accuracy == pytest.approx(alone.score(X, TRAIN[1]), abs=0.02)
    assert panel.test_accuracy == pytest.approx(alone.score(TEST[0].astype(np.float32), TEST[1]), abs=0.03)
    assert panel.folds.n_regions == pytest.approx(fl.find_folds(alone, panel.folds.plane).n_regions, abs=3)


def test_more_units_learn_more_by_heart_and_l2_takes_it_back(found):
    few, many = found.by_width
    weak, strong = found.by_l2
    assert many.train_accuracy > few.train_accuracy
    assert strong.train_accuracy < weak.train_accuracy
    assert many.folds.n_regions > few.folds.n_regions
    assert [(panel.width, panel.l2) for panel in (*found.by_width, *found.by_l2)] == [
        (2, 1e-5),
        (12, 1e-5),
        (12, 1e-5),
        (12, 0.3),
    ]


def test_all_panels_look_through_one_window(found):
    assert len({panel.folds.plane.window for panel in (*found.by_width, *found.by_l2)}) == 1


def test_each_net_is_drawn_with_its_numbers(found):
    axes = found.picture().axes
    assert [a.get_title(loc="left") for a in axes] == [
        "2 hidden units",
        "12 hidden units",
        "12 units, L2 1e-05",
        "12 units, L2 0.3",
    ]
    assert f"{found.by_l2[1].folds.n_regions} regions" in axes[3].get_xlabel()


def test_labels_of_any_kind_are_taken():
    named = np.where(TRAIN[1] == 1, "up", "down")
    found = compare_capacity(TRAIN[0], named, TEST[0], np.where(TEST[1] == 1, "up", "down"), widths=[3], l2=[0.01])
    assert_array_equal(found.labels, TRAIN[1])


def test_widths_are_whole_numbers_and_prices_are_numbers(as_installed):
    with pytest.raises(SettingError, match=r"widths is 2\.7; expected a whole number at least 1"):
        compare_capacity(*TRAIN, *TEST, widths=(2.7,))
    with pytest.raises(SettingError, match="l2 is 'much'; expected a number at least 0"):
        compare_capacity(*TRAIN, *TEST, l2=("much",))


def test_empty_lists_are_refused():
    with pytest.raises(SettingError, match=r"widths is \(\); expected one or more numbers"):
        compare_capacity(*TRAIN, *TEST, widths=())
    with pytest.raises(SettingError, match=r"l2 is \[\]; expected one or more numbers"):
        compare_capacity(*TRAIN, *TEST, l2=[])
