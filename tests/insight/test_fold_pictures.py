import io

import numpy as np
import pytest

from foldline.core.errors import DtypeError, SettingError, ShapeError
from foldline.insight import Plane, find_folds, folds_picture
from insight.odd_nets import random_net

FOLDS = find_folds(random_net(2, 8, 5, 3, seed=6), Plane.whole((-2, 2, -1.5, 1.5)))
X = np.random.default_rng(0).uniform(-1.4, 1.4, (30, 2))


def test_folds_are_drawn(assert_golden):
    labels = FOLDS.net.scores(X).argmax(axis=1)
    assert_golden(folds_picture(FOLDS, X=X, labels=labels, class_names=["cat", "$dog$", "car"]), "folds")


def test_images_are_drawn_where_they_lie(assert_golden):
    images = np.random.default_rng(1).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    assert_golden(folds_picture(FOLDS, X=X[:3], images=images), "folds_of_images")


def test_a_name_and_a_label_are_wanted_for_each(as_installed):
    with pytest.raises(ShapeError, match="class_names has 2 names; expected 3"):
        folds_picture(FOLDS, class_names=["cat", "dog"])
    with pytest.raises(ShapeError, match="Give one label for each vector"):
        FOLDS.picture(X=X, labels=np.zeros(29, int))
    with pytest.raises(ShapeError, match="images has shape .2, 8, 8, 3.; expected .3, h, w, c."):
        folds_picture(FOLDS, X=X[:3], images=np.zeros((2, 8, 8, 3), np.uint8))


@pytest.mark.parametrize("text", ["abc", "ab"])
def test_a_text_is_no_list_of_names(text):
    with pytest.raises(SettingError, match=f"class_names is '{text}'; expected a list of 3 names. Write a list"):
        folds_picture(FOLDS, class_names=text)


def test_labels_that_are_names_are_refused(as_installed):
    with pytest.raises(DtypeError, match="labels has dtype <U3; expected whole numbers, the index of each one's class"):
        FOLDS.picture(X=X, labels=np.array(["cat"] * 30))


def test_oblong_windows_are_drawn_as_wide_as_others():
    folds = find_folds(FOLDS.net, Plane.whole((-500, 500, -1, 1)))
    figure = folds_picture(folds)
    figure.savefig(io.BytesIO())
    box = figure.axes[0].get_window_extent()
    assert box.height > 0.3 * box.width
