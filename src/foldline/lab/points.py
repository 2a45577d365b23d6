"""Points of the plane with classes: the playground's data sets."""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32

from foldline.core.errors import DataError, SettingError
from foldline.core.seeds import generator_from_seed
from foldline.core.text import plural, printable, reason
from foldline.lab.state import MOST_CLASSES, LabState

RADIUS = 2.5  # of the data sets, in a window that reaches to 3
TURN_RAD = 4.0  # that an arm of the spiral winds around the middle, as in the course notes of CS231n
BLOB_SPREAD = 0.3  # standard deviation of a blob, to which the noise comes
MOST_POINTS = 5000  # of a file
HUNDREDTH = 0.01  # of a unit, the grid of clicked points

XY = Float64[np.ndarray, "n 2"]


@dataclass(frozen=True, kw_only=True)
class LabPoints:
    """Points of the plane, their classes, and which of them are for testing.

    Args:
        middle: where the origin lies in the units of the points' source.
        unit: how long 1 is in them, along x and y.
    """

    xy: Float32[np.ndarray, "n 2"]
    labels: Int32[np.ndarray, " n"]
    is_test: Bool[np.ndarray, " n"]
    class_names: tuple[str, ...]
    middle: tuple[float, float] = (0.0, 0.0)
    unit: tuple[float, float] = (1.0, 1.0)

    @property
    def n_classes(self) -> int:
        """Number K of classes, at least 2; some may have no point."""
        return len(self.class_names)


@dataclass(frozen=True, kw_only=True)
class FilePoints:
    """Points that a user brought; those of a file are scaled to mean 0 and standard deviation 1 in each direction.

    Args:
        middle: what was taken from each direction, in the user's own units: the mean.
        unit: what it was divided by then: the standard deviation.
    """

    xy: XY
    labels: Int32[np.ndarray, " n"]
    class_names: tuple[str, ...]
    middle: tuple[float, float] = (0.0, 0.0)
    unit: tuple[float, float] = (1.0, 1.0)

    def to_json(self) -> dict[str, object]:
        """Give everything as JSON."""
        arrays = {"xy": self.xy.tolist(), "labels": self.labels.tolist()}
        return {**arrays, "class_names": self.class_names, "middle": self.middle, "unit": self.unit}

    @classmethod
    def from_json(cls, found: Mapping[str, object]) -> "FilePoints":
        """Take what `to_json` gave."""
        return cls(
            xy=np.array(found["xy"], np.float64),
            labels=np.array(found["labels"], np.int32),
            class_names=tuple(found["class_names"]),  # type: ignore[arg-type]  # lists, from to_json
            middle=tuple(found["middle"]),  # type: ignore[arg-type]
            unit=tuple(found["unit"]),  # type: ignore[arg-type]
        )


def make_points(state: LabState, file: FilePoints | None = None) -> LabPoints:
    """Make the points that a state asks for.

    Args:
        state: of it data, classes, points, noise, test, seed and clicked.
        file: the points of data="csv".
    Raises: SettingError for data="csv" without a file.
    Convention: the seed decides where points are and which are for testing, and `noise` and `test` only how much: while
        they are changed, points move straight away from where they would be without noise, and testing points stay so.
    """
    generator = generator_from_seed(state.seed)
    if state.data == "csv":
        if file is None:
            raise SettingError("no CSV file was given, and data is 'csv'; expected one. Upload one, or choose others.")
        xy, labels, names = file.xy, file.labels, file.class_names
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
    scale = (file.middle, file.unit) if state.data == "csv" and file is not None else ((0.0, 0.0), (1.0, 1.0))
    return LabPoints(
        xy=xy.astype(np.float32), labels=labels, is_test=is_test, class_names=names, middle=scale[0], unit=scale[1]
    )


def read_points(text: str, *, name: str) -> FilePoints:
    """Read two columns of numbers and one of classes from CSV.

    Args:
        text: with or without a line of headings.
        name: of the file, for messages.
    Raises: DataError for other columns, fewer than 2 or more than 5,000 rows, and fewer than 2 or more than 8 classes.
    """
    try:
        reader = csv.reader(io.StringIO(text, newline=None))  # with line ends of every system
        rows = [(reader.line_num, row) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        raise DataError(f"{name} is no CSV ({reason(error)}); expected lines of x,y,class. Save it as CSV.") from error
    if rows and len(rows[0][1]) == 3 and _number(rows[0][1][0]) is _number(rows[0][1][1]) is None:
        rows = rows[1:]  # headings; one number among them is rather a point with a slip in it
    check_n_points(len(rows), name=name)
    pairs = []
    for n, row in rows:
        point = _point(row) if len(row) == 3 and row[2].strip() else None
        if point is None:
            shown = printable(",".join(row))[:40]
            raise DataError(
                f"{name} has {shown!r} in line {n}; expected two finite numbers and a class. Mend that line."
            )
        pairs.append(point)
    labels = [row[2].strip() for _, row in rows]
    names = tuple(dict.fromkeys(labels))
    check_n_classes(len(names), name=name)
    xy = np.array(pairs)
    middle, spread = xy.mean(axis=0), checked_spread(xy, name=name)
    return FilePoints(
        xy=(xy - middle) / spread,
        labels=np.array([names.index(label) for label in labels], np.int32),
        class_names=tuple(map(shown_class, names)),
        middle=tuple(middle.tolist()),
        unit=tuple(spread.tolist()),
    )


def check_n_points(n: int, *, name: str) -> None:
    """Check how many points there are. Raises: DataError for fewer than 2 or more than 5,000."""
    if not 2 <= n <= MOST_POINTS:
        raise DataError(
            f"{name} has {n:,} {plural('point', n)}; expected 2 to {MOST_POINTS:,}. Give fewer rows, or more."
        )


def check_n_classes(n: int, *, name: str) -> None:
    """Check how many classes there are. Raises: DataError for fewer than 2 or more than 8."""
    if not 2 <= n <= MOST_CLASSES:
        raise DataError(f"{name} has {n} {plural('class', n)}; expected 2 to {MOST_CLASSES}. Take other rows.")


def checked_spread(xy: XY, *, name: str) -> Float64[np.ndarray, " 2"]:
    """Give the standard deviation of each column. Raises: DataError for one whose numbers do not differ."""
    with np.errstate(over="ignore", invalid="ignore"):
        spread = np.asarray(xy.std(axis=0))
    # The spread of equal numbers is what their mean was rounded by, and that of tiny ones 0.
    if not (np.isfinite(spread).all() and (spread > 0).all() and (xy.max(axis=0) > xy.min(axis=0)).all()):
        raise DataError(
            f"{name} has a column that cannot be scaled; expected numbers that differ. Take another column."
        )
    return spread


def shown_class(label: object) -> str:
    """Give what a class is called where a person reads."""
    return printable(str(label))[:40]


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


def _point(row: list[str]) -> tuple[float, float] | None:
    x, y = _number(row[0]), _number(row[1])
    return (x, y) if x is not None and y is not None and np.isfinite([x, y]).all() else None


def _number(text: str) -> float | None:
    try:
        return None if "_" in text else float(text)  # which takes 1_0 for 10
    except ValueError:
        return None
