import numpy as np
import pytest

from foldline.core.errors import DataError
from foldline.estimators.class_names import named_classes


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (np.array([0, 3], np.int32), ("0", "3")),
        (np.array(["cat", "狐"]), ("cat", "狐")),
        (np.array([0.5, 1.0]), ("0.5", "1.0")),
        (np.array([False, True]), ("False", "True")),
        (np.array(["cat", "dog"], dtype=object), ("cat", "dog")),
    ],
)
def test_without_names_labels_name_themselves(labels, names):
    assert named_classes(labels, None) == names


def test_a_label_is_the_index_of_its_name():
    assert named_classes(np.array([0, 2]), ["cat", "dog", "fox"]) == ("cat", "fox")


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (np.array([0, 3]), "labels are 0 to 3"),
        (np.array([-1, 1], np.int8), "labels are -1 to 1"),
        (np.array([0.0, 1.0]), r"labels are 0\.0 to 1\.0"),
        (np.array(["a", "b"]), "labels are 'a' to 'b'"),
        (np.array([], int), "labels are missing"),
    ],
)
def test_a_label_without_a_name_is_refused(labels, found):
    with pytest.raises(DataError, match=f"{found} and there are 3 class names; expected labels 0 to 2. Give a name"):
        named_classes(labels, ["cat", "dog", "fox"])


def test_two_classes_of_one_name_are_refused():
    with pytest.raises(DataError, match="2 classes are called 'cat'; expected one. Rename the others"):
        named_classes(np.arange(3), ["cat", "dog", "cat"])


@pytest.mark.parametrize("name", ["cat\udcff", "two\nlines", "\x1b[2J"])
def test_a_name_that_is_no_line_of_text_is_refused(name):
    with pytest.raises(DataError, match=r"a class is called .*; expected a line of UTF-8 text\. Rename it"):
        named_classes(np.arange(2), [name, "dog"])
