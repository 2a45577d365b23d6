"""Kinds of fields of the lab's state: what a value may be, as JSON and as a part of a link."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol
from urllib.parse import quote

from foldline.core.checks import choice, integer, is_list, number
from foldline.core.errors import SettingError
from foldline.core.text import printable

NUMBER = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?(e-?[0-9]{1,3})?")  # what JavaScript and Python read alike
WHOLE = re.compile(r"-?[0-9]{1,15}")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

Pairs = dict[str, object]


class Kind(Protocol):
    """What a field of the state may be."""

    def schema(self) -> Pairs:
        """Give the limits, for the page's controls."""

    def checked(self, value: object, *, name: str) -> object:
        """Give a value as the state holds it: tuples for lists. Raises: SettingError for one that it may not be."""

    def read(self, text: str, *, name: str) -> object:
        """Read a value from a part of a link. Raises: SettingError."""

    def write(self, value: object) -> str:
        """Write a value for a link."""


@dataclass(frozen=True)
class Choice:
    """One of some words."""

    choices: tuple[str, ...]

    def schema(self) -> Pairs:
        return {"kind": "choice", "choices": list(self.choices)}

    def checked(self, value: object, *, name: str) -> object:
        choice(value, self.choices, name=name)
        return value

    def read(self, text: str, *, name: str) -> object:
        return self.checked(text, name=name)

    def write(self, value: object) -> str:
        return str(value)


@dataclass(frozen=True)
class Whole:
    """A whole number in [low, high]."""

    low: int
    high: int

    def schema(self) -> Pairs:
        return {"kind": "whole", "low": self.low, "high": self.high}

    def checked(self, value: object, *, name: str) -> object:
        return integer(value, name=name, low=self.low, high=self.high)

    def read(self, text: str, *, name: str) -> object:
        return self.checked(int(text) if WHOLE.fullmatch(text) else text, name=name)

    def write(self, value: object) -> str:
        return str(value)


@dataclass(frozen=True)
class Number:
    """A number in [low, high]; with `above` and `below` without that end."""

    low: float
    high: float
    above: bool = False
    below: bool = False

    def schema(self) -> Pairs:
        return {"kind": "number", "low": self.low, "above": self.above, "high": self.high, "below": self.below}

    def checked(self, value: object, *, name: str) -> object:
        return number(value, name=name, low=self.low, high=self.high, above=self.above, below=self.below)

    def read(self, text: str, *, name: str) -> object:
        return self.checked(float(text) if NUMBER.fullmatch(text) else text, name=name)

    def write(self, value: object) -> str:
        # A plus sign would be read as a space by programs that take links for forms.
        return repr(value).removesuffix(".0").replace("e+", "e")


@dataclass(frozen=True)
class ListOf:
    """From `fewest` to `most` values of one kind, with commas between them in a link.

    How many they are can be divided by `multiple`; words are all different, unless they may come `again`.
    """

    item: Choice | Whole | Number
    fewest: int
    most: int
    multiple: int = 1
    again: bool = False

    def schema(self) -> Pairs:
        of_item = self.item.schema()
        lengths: Pairs = {"fewest": self.fewest, "most": self.most, "multiple": self.multiple, "again": self.again}
        return {**of_item, "kind": f"{of_item['kind']}s", **lengths}

    def checked(self, value: object, *, name: str) -> object:
        items = _items(value, name=name, fewest=self.fewest, most=self.most)
        if len(items) % self.multiple:
            raise SettingError(
                f"{name} has {len(items)} entries; expected a multiple of {self.multiple}. Change {name}."
            )
        checked = tuple(self.item.checked(item, name=f"an entry of {name}") for item in items)
        if isinstance(self.item, Choice) and not self.again and len(set(checked)) < len(checked):
            raise SettingError(f"{name} is {','.join(map(str, checked))}; expected different words. Leave one out.")
        return checked

    def read(self, text: str, *, name: str) -> object:
        parts = text.split(",", self.most) if text else []
        _items(parts, name=name, fewest=self.fewest, most=self.most)
        return self.checked([self.item.read(part, name=f"an entry of {name}") for part in parts], name=name)

    def write(self, value: object) -> str:
        assert isinstance(value, tuple)
        return ",".join(map(self.item.write, value))


@dataclass(frozen=True)
class Text:
    """A line of at most `most` characters, percent-encoded in a link but for its slashes."""

    most: int

    def schema(self) -> Pairs:
        return {"kind": "text", "most": self.most}

    def checked(self, value: object, *, name: str) -> object:
        if not isinstance(value, str) or value != printable(value) or len(value) > self.most:
            shown = printable(repr(value)[:40])
            raise SettingError(f"{name} is {shown}; expected a line of at most {self.most} characters. Change {name}.")
        return value

    def read(self, text: str, *, name: str) -> object:
        return self.checked(text, name=name)

    def write(self, value: object) -> str:
        return quote(str(value), safe="/")


@dataclass(frozen=True)
class Window:
    """Left, right, bottom and top of what is seen of the plane."""

    end: Number

    def schema(self) -> Pairs:
        return {**self.end.schema(), "kind": "window"}

    def checked(self, value: object, *, name: str) -> object:
        ends = _items(value, name=name, fewest=4, most=4)
        left, right, bottom, top = (self.end.checked(end, name=f"an end of {name}") for end in ends)
        if not (left < right and bottom < top):  # type: ignore[operator]  # floats, from Number
            raise SettingError(
                f"{name} is {left:g},{right:g},{bottom:g},{top:g}; expected left below right and bottom below top. "
                "Exchange ends."
            )
        return left, right, bottom, top

    def read(self, text: str, *, name: str) -> object:
        return self.checked([self.end.read(part, name=f"an end of {name}") for part in text.split(",", 4)], name=name)

    def write(self, value: object) -> str:
        assert isinstance(value, tuple)
        return ",".join(map(self.end.write, value))


@dataclass(frozen=True)
class Points:
    """Points (x, y, class), x and y in hundredths of a unit; five characters each in a link."""

    reach: int  # the largest x and y; with `reach` added, two digits of base 36 hold one
    classes: int
    most: int

    def schema(self) -> Pairs:
        limits: Pairs = {"low": -self.reach, "high": self.reach, "most_classes": self.classes, "most": self.most}
        return {"kind": "points", **limits}

    def checked(self, value: object, *, name: str) -> object:
        return tuple(self._point(item, name=name) for item in _items(value, name=name, fewest=0, most=self.most))

    def read(self, text: str, *, name: str) -> object:
        if len(text) % 5 or not set(text) <= set(DIGITS):
            raise SettingError(
                f"{name} has {len(text)} characters; expected five of 0-9 and a-z for every point. Copy the whole link."
            )
        points = [
            (
                int(text[at : at + 2], 36) - self.reach,
                int(text[at + 2 : at + 4], 36) - self.reach,
                int(text[at + 4], 36),
            )
            for at in range(0, len(text), 5)
        ]
        return self.checked(points, name=name)

    def write(self, value: object) -> str:
        assert isinstance(value, tuple)
        return "".join(
            _two_digits(x + self.reach) + _two_digits(y + self.reach) + DIGITS[label] for x, y, label in value
        )

    def _point(self, value: object, *, name: str) -> tuple[int, int, int]:
        x, y, label = _items(value, name=f"a point of {name}", fewest=3, most=3)
        return (
            integer(x, name=f"an x of {name}", low=-self.reach, high=self.reach),
            integer(y, name=f"a y of {name}", low=-self.reach, high=self.reach),
            integer(label, name=f"a class of {name}", low=0, high=self.classes - 1),
        )


@dataclass(frozen=True)
class Edges:
    """Edges (from, to) of a graph, from < to, in ascending order; two characters each in a link."""

    nodes: int  # at most 36, one character each

    def schema(self) -> Pairs:
        return {"kind": "edges", "nodes": self.nodes}

    def checked(self, value: object, *, name: str) -> object:
        edges = []
        for item in _items(value, name=name, fewest=0, most=self.nodes * (self.nodes - 1) // 2):
            source, target = _items(item, name=f"an edge of {name}", fewest=2, most=2)
            start = integer(source, name=f"the start of an edge of {name}", low=0, high=self.nodes - 2)
            end = integer(target, name=f"the end of an edge of {name}", low=start + 1, high=self.nodes - 1)
            edges.append((start, end))
        if any(one >= other for one, other in pairwise(edges)):
            raise SettingError(f"{name} are not in ascending order, each once; expected them so. Sort {name}.")
        return tuple(edges)

    def read(self, text: str, *, name: str) -> object:
        if len(text) % 2 or not set(text) <= set(DIGITS):
            raise SettingError(
                f"{name} has {len(text)} characters; expected two of 0-9 and a-z for every edge. Copy the whole link."
            )
        return self.checked([(int(text[at], 36), int(text[at + 1], 36)) for at in range(0, len(text), 2)], name=name)

    def write(self, value: object) -> str:
        assert isinstance(value, tuple)
        return "".join(DIGITS[start] + DIGITS[end] for start, end in value)


@dataclass(frozen=True)
class Heights:
    """Heights at so many even places, in hundredths of a unit; two characters each in a link."""

    places: int
    reach: int  # the largest height; with `reach` added, two digits of base 36 hold one

    def schema(self) -> Pairs:
        return {"kind": "heights", "low": -self.reach, "high": self.reach, "fewest": self.places, "most": self.places}

    def checked(self, value: object, *, name: str) -> object:
        heights = _items(value, name=name, fewest=self.places, most=self.places)
        return tuple(
            integer(height, name=f"a height of {name}", low=-self.reach, high=self.reach) for height in heights
        )

    def read(self, text: str, *, name: str) -> object:
        if len(text) != 2 * self.places or not set(text) <= set(DIGITS):
            raise SettingError(
                f"{name} has {len(text)} characters; expected {2 * self.places} of 0-9 and a-z. Copy the whole link."
            )
        return self.checked([int(text[at : at + 2], 36) - self.reach for at in range(0, len(text), 2)], name=name)

    def write(self, value: object) -> str:
        assert isinstance(value, tuple)
        return "".join(_two_digits(height + self.reach) for height in value)


def _items(value: object, *, name: str, fewest: int, most: int) -> Sequence[object]:
    if not is_list(value) or not isinstance(value, Sequence):
        raise SettingError(f"{name} is {value!r:.40}; expected a list. Change {name}.")
    if not fewest <= len(value) <= most:
        wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        raise SettingError(f"{name} has {len(value)} entries; expected {wanted}. Change {name}.")
    return value


def _two_digits(number: int) -> str:
    return DIGITS[number // 36] + DIGITS[number % 36]
