"""What shall be approximated: a formula, lines through points, or a function with bounds on its derivatives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64

from foldline.core.errors import DataError, SettingError
from foldline.core.text import plural
from foldline.insight.formula import Formula
from foldline.insight.intervals import FUNCTION_ULPS, Interval, hull

Column = Float64[np.ndarray, "_"]


class OnCells(NamedTuple):
    """A function on cells from lo to hi, an entry a cell.

    Args:
        at_lo: its value at lo, coming from inside the cell.
        at_hi: its value at hi, coming from inside.
        v: its values in the cell.
        d: its slopes, at kinks those of both sides.
        dd: its second derivatives, without bound where it may have a kink.
    """

    at_lo: Interval
    at_hi: Interval
    v: Interval
    d: Interval
    dd: Interval


@runtime_checkable
class Bounded(Protocol):
    """A function of one variable whose values and derivatives can be bounded on cells."""

    def breaks(self) -> Column:
        """Give the places that no cell may reach over."""
        ...

    def on(self, lo: Column, hi: Column) -> OnCells:
        """Bound it on cells."""
        ...


@runtime_checkable
class Target(Bounded, Protocol):
    """A bounded function that can also be looked at."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def sample(self, x: Column) -> Column:
        """Give values at points, rounded."""
        ...


@dataclass(frozen=True)
class FormulaTarget:
    """A formula in x."""

    formula: Formula

    @property
    def name(self) -> str:
        """What the user typed."""
        return self.formula.text

    def breaks(self) -> Column:
        """None."""
        return np.empty(0)

    def on(self, lo: Column, hi: Column) -> OnCells:
        """Bound it by interval arithmetic."""
        jet = self.formula.jet(Interval(lo, hi))
        return OnCells(self.formula.values(lo), self.formula.values(hi), jet.v, jet.d, jet.dd)

    def sample(self, x: Column) -> Column:
        """Give values at points."""
        return np.asarray(self.formula.values(x).middle)


@dataclass(frozen=True)
class PointsTarget:
    """Lines from point to point."""

    x: Column
    y: Column
    name: str = "lines through points"

    def breaks(self) -> Column:
        """The points."""
        return self.x

    def on(self, lo: Column, hi: Column) -> OnCells:
        """Bound the line that each cell lies on."""
        at = np.clip(np.searchsorted(self.x, lo, side="right") - 1, 0, len(self.x) - 2)
        start, x0, x1 = _exactly(self.y[at]), _exactly(self.x[at]), _exactly(self.x[at + 1])
        slope = (_exactly(self.y[at + 1]) - start) / (x1 - x0)
        at_lo, at_hi = (start + slope * (_exactly(x) - x0) for x in (lo, hi))
        nothing = Interval(np.zeros_like(lo), np.zeros_like(lo))
        return OnCells(at_lo, at_hi, hull(at_lo, at_hi), slope, nothing)

    def sample(self, x: Column) -> Column:
        """Give values at points."""
        return np.asarray(np.interp(x, self.x, self.y))


@dataclass(frozen=True)
class FunctionTarget:
    """A Python function with bounds on |f'| and |f''|, of which one may be unknown (infinite).

    Its values are taken to be right within 8 units in the last place, as those of NumPy are.
    """

    function: Callable[[float], float]
    max_slope: float
    max_bend: float
    name: str = "f(x)"

    def breaks(self) -> Column:
        """None."""
        return np.empty(0)

    def on(self, lo: Column, hi: Column) -> OnCells:
        """Bound it by its values at the ends and the derivatives."""
        at_lo, at_hi = self._near(lo), self._near(hi)
        width = hi - lo
        with np.errstate(invalid="ignore"):
            stray = np.fmin(self.max_slope * width / 2, self.max_bend * width**2 / 8) * (1 + 1e-12)
        ends = hull(at_lo, at_hi)
        full = np.ones_like(lo)
        return OnCells(
            at_lo,
            at_hi,
            Interval(ends.lo - stray, ends.hi + stray),
            Interval(-self.max_slope * full, self.max_slope * full),
            Interval(-self.max_bend * full, self.max_bend * full),
        )

    def sample(self, x: Column) -> Column:
        """Give values at points. Raises: DataError if one is no finite number."""
        values = []
        for place in x:
            try:
                value = float(self.function(float(place)))
            except (TypeError, ValueError, ArithmeticError) as error:
                raise DataError(
                    f"f({place:g}) failed ({error}); expected a finite number for every x of the range. Mend f or "
                    "choose another range."
                ) from error
            if not np.isfinite(value):
                raise DataError(
                    f"f({place:g}) is {value}; expected a finite number for every x of the range. Mend f or choose "
                    "another range."
                )
            values.append(value)
        return np.array(values)

    def _near(self, x: Column) -> Interval:
        values = self.sample(x)
        slack = np.abs(values) * FUNCTION_ULPS * 2.0**-52 + 1e-300
        return Interval(values - slack, values + slack)


def points_target(points: object) -> PointsTarget:
    """Check points and order them by x.

    Raises: DataError if they are fewer than two, not finite, or two have the same x; SettingError if they are no
        pairs of numbers.
    """
    mend = "Give rows of two numbers, x and y."
    try:
        table = np.array(points, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SettingError(f"the points are no numbers ({error}); expected rows of x and y. {mend}") from error
    if table.ndim != 2 or table.shape[1] != 2:
        raise SettingError(f"the points have shape {table.shape}; expected (n, 2). {mend}")
    if len(table) < 2:
        raise DataError(f"there is {len(table)} point; expected two or more, to draw lines between. Add points.")
    if not np.isfinite(table).all():
        row = int(np.argmin(np.isfinite(table).all(axis=1)))
        raise DataError(f"point {row + 1} is {table[row].tolist()}; expected finite numbers. Mend or remove it.")
    x, y = table[np.argsort(table[:, 0], kind="stable")].T.copy()
    repeated = np.flatnonzero(np.diff(x) == 0)
    if len(repeated):
        raise DataError(
            f"two points have x = {x[repeated[0]]:g}; expected one value for each x. Remove one, or take their mean."
        )
    return PointsTarget(x, y)


def read_points(path: str) -> PointsTarget:
    """Read a CSV file of points, with or without a line of names. Raises: DataError if it cannot be read as such."""
    import csv
    from pathlib import Path

    from foldline.core.errors import MissingDataError

    if not Path(path).is_file():
        raise MissingDataError(f"there is no file {path}; expected a CSV file of x and y. Check the path.")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = [
                (line, row) for line, row in enumerate(csv.reader(file), start=1) if any(cell.strip() for cell in row)
            ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no CSV file ({error}); expected lines of x,y. Save it as CSV.") from error
    points: list[Sequence[float]] = []
    for number, (line, row) in enumerate(rows):
        try:
            x, y = (float(cell) for cell in row)
        except ValueError:
            if number == 0 and len(row) == 2 and not any(_is_number(cell) for cell in row):
                continue  # names
            raise DataError(
                f"line {line} of {path} is {','.join(row)[:60]!r}; expected two numbers, x,y. Mend or remove the line."
            ) from None
        points.append((x, y))
    if len(points) < 2:
        found = f"{len(points)} {plural('point', len(points))}"
        raise DataError(f"{path} has {found}; expected two or more, to draw lines between. Add points.")
    return points_target(points)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _exactly(values: Column) -> Interval:
    return Interval.exactly(values)
