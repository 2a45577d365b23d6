"""CSV files of numbers and a class: the columns, by name."""

import csv
import io
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from foldline.core.errors import DataError
from foldline.core.text import plural, printable, reason
from foldline.lab.state import MOST_CLASSES, MOST_COLUMNS

MOST_ROWS = 5000
LONGEST_NAME = 40  # characters of a heading or a class


class Table(NamedTuple):
    """What a file holds.

    Args:
        columns: names of the columns of numbers.
        numbers: (N, D).
        classes: of each row, as it stands in the last column.
    """

    columns: tuple[str, ...]
    numbers: Float64[np.ndarray, "n d"]
    classes: tuple[str, ...]


def read_table(text: str, *, name: str) -> Table:
    """Read columns of numbers, and one of classes, the last, from CSV.

    Args:
        text: with or without a line of headings: a first line without any number before the class.
        name: of the file, for messages.
    Raises: DataError for other columns, fewer than 2 or more than 5,000 rows, and fewer than 2 or more than 8 classes.
    Convention: without headings two columns are x and y, and more are column 1, column 2, ...
    """
    try:
        reader = csv.reader(io.StringIO(text, newline=None))  # with line ends of every system
        rows = [(reader.line_num, row) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        raise DataError(f"{name} is no CSV ({reason(error)}); expected lines of x,y,class. Save it as CSV.") from error
    n_columns = max(len(rows[0][1]) - 1, 2) if rows else 2
    if n_columns > MOST_COLUMNS:
        raise DataError(
            f"{name} has {n_columns:,} columns before the last; expected 2 to {MOST_COLUMNS} of numbers, and the class "
            f"in the last. Leave some out."
        )
    columns = ("x", "y") if n_columns == 2 else tuple(f"column {i + 1}" for i in range(n_columns))
    # One number among the headings is rather a row with a slip in it.
    if rows and len(rows[0][1]) == n_columns + 1 and all(_number(entry) is None for entry in rows[0][1][:-1]):
        columns = tuple(shown(given) or usual for given, usual in zip(rows[0][1], columns, strict=False))
        rows = rows[1:]
    check_n_points(len(rows), name=name)
    numbers = np.array([_numbers(row, line, n_columns, name=name) for line, row in rows])
    classes = tuple(row[-1].strip() for _, row in rows)
    check_n_classes(len(set(classes)), name=name)
    return Table(columns, numbers, classes)


def check_n_points(n: int, *, name: str) -> None:
    """Check how many points there are. Raises: DataError for fewer than 2 or more than 5,000."""
    if not 2 <= n <= MOST_ROWS:
        raise DataError(
            f"{name} has {n:,} {plural('point', n)}; expected 2 to {MOST_ROWS:,}. Give fewer rows, or more."
        )


def check_n_classes(n: int, *, name: str) -> None:
    """Check how many classes there are. Raises: DataError for fewer than 2 or more than 8."""
    if not 2 <= n <= MOST_CLASSES:
        raise DataError(f"{name} has {n} {plural('class', n)}; expected 2 to {MOST_CLASSES}. Take other rows.")


def shown(name: object) -> str:
    """Give what a class or a column is called where a person reads."""
    return printable(str(name).strip())[:LONGEST_NAME]


def _numbers(row: list[str], line: int, n_columns: int, *, name: str) -> list[float]:
    found = [_number(entry) for entry in row[:-1]]
    numbers = [value for value in found if value is not None and np.isfinite(value)]
    if len(row) != n_columns + 1 or len(numbers) < n_columns or not row[-1].strip():
        found_row = printable(",".join(row))[:LONGEST_NAME]
        wanted = "two" if n_columns == 2 else str(n_columns)
        raise DataError(
            f"{name} has {found_row!r} in line {line}; expected {wanted} finite numbers and a class. Mend that line."
        )
    return numbers


def _number(text: str) -> float | None:
    try:
        return None if "_" in text else float(text)  # which takes 1_0 for 10
    except ValueError:
        return None
