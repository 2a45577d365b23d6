"""Points of the plane with classes: the playground's data sets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32

from foldline.core.errors import DataError, SettingError
from foldline.core.seeds import generator_from_seed
from foldline.lab.state import LabState
from foldline.lab.tables import read_table, shown

RADIUS = 2.5  # of the data sets, in a window that reaches to 3
TURN_RAD = 4.0  # that an arm of the spiral winds around the middle, as in the course notes of CS231n
BLOB_SPREAD = 0.3  # standard deviation of a blob, to which the noise comes
SHOWN_ROWS, SHOWN_COLUMNS = 150, 8  # of a file, in the small pictures of pairs
HUNDREDTH = 0.01  # of a unit, the grid of clicked points

XY = Float64[np.ndarray, "n 2"]


@dataclass(frozen=True, kw_only=True)
class LabPoints:
    """Points of the plane, their classes, and which of them are for testing.

    Args:
        columns: of the table that they come from, by name; none of other points.
        axes: what x and y are called.
        middle: where the origin lies in the units of the points' source.
        unit: how long 1 is in them, along x and y.
        told: which points these are, for a person; empty where that is plain.
    """

    xy: Float32[np.ndarray, "n 2"]
    labels: Int32[np.ndarray, " n"]
    is_test: Bool[np.ndarray, " n"]
    class_names: tuple[str, ...]
    columns: tuple[str, ...] = ()
    axes: tuple[str, str] = ("x", "y")
    middle: tuple[float, float] = (0.0, 0.0)
    unit: tuple[float, float] = (1.0, 1.0)
    told: str = ""

    @property
    def n_classes(self) -> int:
        """Number K of classes, at least 2; some may have no point."""
        return len(self.class_names)


@dataclass(frozen=True, kw_only=True)
class PointTable:
    """Rows of numbers of a user's own.

    Args:
        columns: their names.
        numbers: (N, D), less `middle` and divided by `unit`.
        labels: (N,).
        class_names: a text for each class.
        middle, unit: (D,) in the user's units.
        told: which rows these are, for a person; empty where that is plain.
    """

    columns: tuple[str, ...]
    numbers: Float64[np.ndarray, "n d"]
    labels: Int32[np.ndarray, " n"]
    class_names: tuple[str, ...]
    middle: Float64[np.ndarray, " d"]
    unit: Float64[np.ndarray, " d"]
    told: str = ""

    @classmethod
    def scaled(
        cls,
        numbers: Float64[np.ndarray, "n d"],
        *,
        columns: tuple[str, ...],
        labels: Int32[np.ndarray, " n"],
        class_names: tuple[str, ...],
        told: str = "",
    ) -> "PointTable":
        """Scale each column of (N, D) numbers to mean 0 and standard deviation 1; its numbers must differ."""
        middle, unit = numbers.mean(axis=0), numbers.std(axis=0)
        return cls(
            columns=columns,
            numbers=(numbers - middle) / unit,
            labels=labels,
            class_names=tuple(map(shown, class_names)),
            middle=middle,
            unit=unit,
            told=told,
        )

    def to_json(self) -> dict[str, object]:
        """Give everything as JSON."""
        return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(self).items()}

    def summary(self) -> dict[str, object]:
        """Say what there is, in short: how many points, classes, columns."""
        return {"points": len(self.labels), "classes": list(self.class_names), "columns": list(self.columns)}

    def shown(self) -> dict[str, object]:
        """Give a few rows of the first columns, for small pictures of every pair of them."""
        rows = np.linspace(0, len(self.labels) - 1, min(len(self.labels), SHOWN_ROWS)).astype(int)
        few = self.numbers[rows, :SHOWN_COLUMNS].round(2)
        return {**self.summary(), "rows": few.tolist(), "labels": self.labels[rows].tolist()}

    @classmethod
    def from_json(cls, found: Mapping[str, object]) -> "PointTable":
        """Take what `to_json` gave."""
        return cls(
            columns=tuple(found["columns"]),  # type: ignore[arg-type]  # a list, from to_json
            numbers=np.array(found["numbers"], np.float64),
            labels=np.array(found["labels"], np.int32),
            class_names=tuple(found["class_names"]),  # type: ignore[arg-type]
            middle=np.array(found["middle"], np.float64),
            unit=np.array(found["unit"], np.float64),
            told=str(found["told"]),
        )


def make_points(state: LabState, table: PointTable | None = None) -> LabPoints:
    """Make the points that a state asks for.

    Args:
        state: of it data, classes, points, noise, test, seed, clicked and columns.
        table: the rows of data="csv" and data="images".
    Raises: SettingError for columns that the table has not.
    Convention: the seed decides where points are and which are for testing, and `noise` and `test` only how much: while
        they are changed, points move straight away from where they would be without noise, and testing points stay so.
    """
    generator = generator_from_seed(state.seed)
    of_table: dict[str, Any] = {}
    if table is not None:
        i, j = _checked_columns(state.columns, len(table.columns))
        xy, labels, names = table.numbers[:, [i, j]], table.labels, table.class_names
        of_table = {"axes": (table.columns[i], table.columns[j]), "columns": table.columns, "told": table.told}
        of_table |= {
            name: (float(of[i]), float(of[j])) for name, of in (("middle", table.middle), ("unit", table.unit))
        }
    elif state.data == "points":
        clicked = np.array(state.clicked, np.int32).reshape(-1, 3)
        xy, labels = HUNDREDTH * clicked[:, :2], clicked[:, 2]
        names = _numbered(max(state.classes, int(labels.max(initial=0)) + 1))
    else:
        n_classes = 2 if state.data in TWO_CLASSES else state.classes
        labels = np.arange(state.points, dtype=np.int32) % n_classes
        xy = SHAPES[state.data](labels, n_classes, generator)
        xy = xy + state.noise * generator.normal(size=xy.shape)
        names = _numbered(n_classes)
    chance = generator_from_seed(state.seed + 1 if state.seed < 2**32 - 1 else 0).random(len(labels))
    is_test = chance < state.test
    if len(chance):
        is_test[chance.argmax()] = False  # one is always left to learn from
    return LabPoints(xy=xy.astype(np.float32), labels=labels, is_test=is_test, class_names=names, **of_table)


def read_points(text: str, *, name: str) -> PointTable:
    """Read columns of numbers, and one of classes, the last, from CSV.

    Args:
        text: with or without a line of headings.
        name: of the file, for messages.
    Raises: DataError as `read_table`, and for a column whose numbers are all alike.
    """
    columns, numbers, classes = read_table(text, name=name)
    names = tuple(dict.fromkeys(classes))
    check_spread(numbers, columns, name=name)
    labels = np.array([names.index(label) for label in classes], np.int32)
    return PointTable.scaled(numbers, columns=columns, labels=labels, class_names=names)


def check_spread(numbers: Float64[np.ndarray, "n d"], columns: Sequence[str], *, name: str) -> None:
    """Check that each column can be scaled. Raises: DataError for one whose numbers do not differ."""
    with np.errstate(over="ignore", invalid="ignore"):
        spread = numbers.std(axis=0)
    # The spread of equal numbers is what their mean was rounded by, and that of tiny ones 0.
    can_be = np.isfinite(spread) & (spread > 0) & (numbers.max(axis=0) > numbers.min(axis=0))
    if not can_be.all():
        raise DataError(
            f"{name} has a column that cannot be scaled, {columns[int(np.argmin(can_be))]}; expected numbers that "
            f"differ. Leave it out, or take another."
        )


def _checked_columns(columns: tuple[int, ...], n_columns: int) -> tuple[int, int]:
    i, j = columns
    if i == j or max(i, j) >= n_columns:
        raise SettingError(
            f"columns is {i},{j} and there are {n_columns} columns of numbers; expected two different ones, counted "
            f"from 0 to {n_columns - 1}. Choose others."
        )
    return i, j


def _spiral(labels: Int32[np.ndarray, " n"], n_classes: int, generator: np.random.Generator) -> XY:
    share = generator.random(len(labels))
    return _polar(RADIUS * share, TURN_RAD * share + 2 * np.pi * labels / n_classes)


def _circles(labels: Int32[np.ndarray, " n"], n_classes: int, generator: np.random.Generator) -> XY:
    return _polar(RADIUS * (labels + 0.5) / (n_classes - 0.5), generator.uniform(0, 2 * np.pi, len(labels)))


def _xor(labels: Int32[np.ndarray, " n"], n_classes: int, generator: np.random.Generator) -> XY:
    size = generator.uniform(0.1, 1, (len(labels), 2)) * RADIUS  # a gap of 0.5 between the classes
    right = generator.choice([-1.0, 1.0], len(labels))
    return np.stack([right, np.where(labels == 0, right, -right)], axis=1) * size


def _moons(labels: Int32[np.ndarray, " n"], n_classes: int, generator: np.random.Generator) -> XY:
    angle = generator.uniform(0, np.pi, len(labels))
    upper = np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], axis=1)
    return 0.65 * RADIUS * np.where(labels[:, None] == 0, upper, -upper)


def _blobs(labels: Int32[np.ndarray, " n"], n_classes: int, generator: np.random.Generator) -> XY:
    centres = _polar(np.full(len(labels), 0.7 * RADIUS), 2 * np.pi * labels / n_classes + 0.5)
    return np.asarray(centres + BLOB_SPREAD * generator.normal(size=(len(labels), 2)))


TWO_CLASSES = frozenset({"xor", "moons"})
SHAPES: dict[str, Callable[[Int32[np.ndarray, " n"], int, np.random.Generator], XY]] = {
    "spiral": _spiral,
    "circles": _circles,
    "xor": _xor,
    "moons": _moons,
    "blobs": _blobs,
}


def _polar(radius: Float64[np.ndarray, " n"], angle: Float64[np.ndarray, " n"]) -> XY:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _numbered(n: int) -> tuple[str, ...]:
    return tuple(map(str, range(n)))
