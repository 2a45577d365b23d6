"""What the classes are called wherever a person reads."""

from collections.abc import Sequence

import numpy as np

from foldline.core.errors import DataError
from foldline.core.text import printable


def named_classes(classes: np.ndarray, class_names: Sequence[str] | None) -> tuple[str, ...]:
    """Give the name of every class.

    Args:
        classes: (K,) the different labels, sorted.
        class_names: what label 0, 1, ... is called; None takes the labels themselves.
    Raises: DataError if a label has no name, or none of its own.
    """
    labels = classes.tolist() if class_names is None else _named(classes, class_names)
    names = tuple(str(label) for label in labels)
    for name in names:
        if name != printable(name):
            raise DataError(f"a class is called {name!r}; expected a line of UTF-8 text. Rename it.")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{names.count(twice)} classes are called {twice!r}; expected one. Rename the others.")
    return names


def _named(classes: np.ndarray, class_names: Sequence[str]) -> list[str]:
    labels, n_names = classes.tolist(), len(class_names)
    if not labels or not all(isinstance(label, int) and 0 <= label < n_names for label in labels):
        found = f"{labels[0]!r} to {labels[-1]!r}" if labels else "missing"
        raise DataError(
            f"labels are {found} and there are {n_names} class names; expected labels 0 to {n_names - 1}. Give a name "
            f"for every label."
        )
    return [class_names[label] for label in labels]
