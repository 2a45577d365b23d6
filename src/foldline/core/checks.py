"""Checks at the doors: shapes and settings, each with an error that says what to do."""

from collections.abc import Collection, Sequence
from numbers import Integral, Real

from foldline.core.errors import SettingError, ShapeError


def axes(array: object, pattern: str, *, name: str, fix: str) -> tuple[int, ...]:
    """Check the number of axes of an array and give their lengths.

    Args:
        array: any array, of NumPy, JAX or another library.
        pattern: one word an axis; a number must be met exactly ("n h w 3"), a name takes any length.
        name: what the array is called in the caller's signature.
        fix: a sentence that says how to mend it.
    Returns: the shape, so that it can be unpacked into named lengths.
    Raises: ShapeError if the shape does not fit the pattern, or there is none.
    Example:
        >>> import numpy as np
        >>> axes(np.zeros((2, 4, 5, 3)), "n h w c", name="images", fix="Add a batch axis.")
        (2, 4, 5, 3)
    """
    words = pattern.split()
    if not hasattr(array, "shape"):
        raise ShapeError(f"{name} is a {type(array).__name__}; expected an array of shape ({', '.join(words)}). {fix}")
    shape = tuple(array.shape)
    fits = len(shape) == len(words) and all(
        word.isidentifier() or word == str(length) for word, length in zip(words, shape, strict=True)
    )
    if not fits:
        raise ShapeError(f"{name} has shape {shape}; expected ({', '.join(words)}). {fix}")
    return shape


def choice(value: object, choices: Collection[object], *, name: str) -> None:
    """Check that a setting is one of a closed list.

    Raises: SettingError otherwise, with the list.
    """
    if value not in choices:
        listed = ", ".join(repr(c) for c in choices)
        raise SettingError(f"{name} is {value!r}; expected one of {listed}. Choose one of these.")


def boolean(value: object, *, name: str) -> bool:
    """Check that a setting is True or False and give it as a bool. Raises: SettingError otherwise."""
    if isinstance(value, bool) or getattr(getattr(value, "dtype", None), "kind", "") == "b":  # NumPy's own too
        return bool(value)
    raise SettingError(f"{name} is {value!r}; expected True or False. Change {name}.")


def integer(value: object, *, name: str, low: int, high: int | None = None) -> int:
    """Check that a setting is a whole number in [low, high] and give it as an int.

    Raises: SettingError otherwise (booleans are refused too).
    """
    if not isinstance(value, bool) and isinstance(value, Integral):
        whole = int(value)
        if whole >= low and (high is None or whole <= high):
            return whole
    wanted = f"at least {low}" if high is None else f"from {low} to {high}"
    raise SettingError(f"{name} is {value!r}; expected a whole number {wanted}. Change {name}.")


def number(
    value: object,
    *,
    name: str,
    low: float,
    high: float = float("inf"),
    above: bool = False,
    below: bool = False,
) -> float:
    """Check that a setting is a finite number in [low, high] and give it as a float.

    Args:
        value: the setting.
        name: its name in the caller's signature.
        low: smallest allowed value; with `above` the value must be larger than it.
        high: largest allowed value; with `below` the value must be smaller than it.
        above: whether `low` itself is refused.
        below: whether `high` itself is refused.
    Raises: SettingError otherwise.
    """
    if not isinstance(value, bool) and isinstance(value, Real):
        try:
            real = float(value)
        except OverflowError:  # a whole number beyond all floats
            real = float("inf")
        over = real > low if above else real >= low
        under = real < high if below else real <= high
        if over and under and abs(real) != float("inf"):
            return real
    left = f"above {low:g}" if above else f"at least {low:g}"
    right = "" if high == float("inf") else f" and {'below' if below else 'at most'} {high:g}"
    raise SettingError(f"{name} is {value!r}; expected a number {left}{right}. Change {name}.")


def is_list(value: object) -> bool:
    """Say whether something is a list of values, such as a tuple, range or one-dimensional array, and not a text.

    Example:
        >>> is_list([1, 2]), is_list(range(3)), is_list("l2"), is_list(3)
        (True, True, False, False)
    """
    if isinstance(value, Sequence):
        return not isinstance(value, str | bytes)
    return getattr(value, "ndim", None) == 1
