"""The regions of an image that its descriptors are pooled over, such as quarters or a spatial pyramid."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int, Int32

from foldline.core.checks import integer
from foldline.core.errors import SettingError, ShapeError
from foldline.features.local_descriptor import Grid

MOST_PARTS = 16  # along a side
MOST_LEVELS = 16

Levels = Sequence[int | tuple[int, int]]
"""(1,): the whole image; (2,): quarters; (1, 2, 4): a pyramid; (1, (3, 1)): the whole and three rows."""


@dataclass(frozen=True, kw_only=True)
class Regions:
    """Where places belong: to cells, which no border of any region cuts, and cells to regions.

    Args:
        cell_of: (P,) the cell of every place, grid by grid, row by row.
        n_cells: number of cells of all grids.
        members: for every region the cells it consists of; level by level, row by row.
    Convention: of n places along a side cut in m parts, part j holds the places i with i * m // n = j, so that one in
        the middle belongs to the upper or left.
    """

    cell_of: Int32[np.ndarray, " p"]
    n_cells: int
    members: tuple[Int[np.ndarray, " _"], ...]

    @classmethod
    def of(cls, grids: Sequence[Grid], levels: Sequence[tuple[int, int]]) -> "Regions":
        """Lay the regions of all levels over all grids."""
        cell_of: list[np.ndarray] = []
        members: list[list[np.ndarray]] = [[] for _ in range(n_regions(levels))]
        n_cells = 0
        for grid in grids:
            rows = _starts(grid.n_rows, [level[0] for level in levels])
            cols = _starts(grid.n_cols, [level[1] for level in levels])
            row_of = np.searchsorted(rows, np.arange(grid.n_rows), side="right") - 1
            col_of = np.searchsorted(cols, np.arange(grid.n_cols), side="right") - 1
            cell_of.append(n_cells + (row_of[:, None] * len(cols) + col_of).ravel())
            region = 0
            for n_down, n_across in levels:
                part = (rows * n_down // grid.n_rows)[:, None] * n_across + cols * n_across // grid.n_cols
                for number in range(n_down * n_across):
                    members[region].append(n_cells + np.flatnonzero(part == number))
                    region += 1
            n_cells += len(rows) * len(cols)
        return cls(
            cell_of=np.concatenate(cell_of).astype(np.int32),
            n_cells=n_cells,
            members=tuple(np.concatenate(cells) for cells in members),
        )

    @property
    def n_places(self) -> Float32[np.ndarray, " r"]:
        """How many places each region has."""
        in_cells = np.bincount(self.cell_of, minlength=self.n_cells).astype(np.float32)
        return self.joined(in_cells[:, None], np.add.reduce)[:, 0]

    def joined(self, cells: Float32[np.ndarray, "f k"], join: Callable[..., np.ndarray]) -> Float32[np.ndarray, "r k"]:
        """Pool the numbers of cells, with np.add.reduce or np.maximum.reduce, into those of regions."""
        return np.stack([join(cells[of_region], axis=0) for of_region in self.members])


def checked_levels(levels: object) -> tuple[tuple[int, int], ...]:
    """Give every level as (rows, columns) of regions. Raises: SettingError if there is none, or it is no such."""
    if not isinstance(levels, tuple | list) or not levels:
        raise SettingError(f"levels is {levels!r}; expected numbers such as (2,) or (1, 2, 4). Change levels.")
    if len(levels) > MOST_LEVELS:
        raise SettingError(f"levels has {len(levels)} entries; expected at most {MOST_LEVELS}. Change levels.")
    pairs = [level if isinstance(level, tuple | list) and len(level) == 2 else (level, level) for level in levels]
    first, second = (
        [integer(pair[side], name="a number in levels", low=1, high=MOST_PARTS) for pair in pairs] for side in (0, 1)
    )
    return tuple(zip(first, second, strict=True))


def working_bytes(grids: Sequence[Grid], levels: Sequence[tuple[int, int]], *, n_numbers: int) -> int:
    """Estimate what laying regions over grids and summing n_numbers for every cell take, in one thread."""
    n_cells = sum(
        len(_starts(grid.n_rows, [level[0] for level in levels])) * len(_starts(grid.n_cols, [b for _, b in levels]))
        for grid in grids
    )
    return 4 * n_cells * n_numbers + 16 * sum(grid.n_places for grid in grids)


def n_regions(levels: Sequence[tuple[int, int]]) -> int:
    """Count the regions of all levels."""
    return sum(n_down * n_across for n_down, n_across in levels)


def check_room(grids: Sequence[Grid], levels: Sequence[tuple[int, int]], image_shape: tuple[int, ...]) -> None:
    """Check that every region has a place in every grid. Raises: ShapeError otherwise."""
    n_down, n_across = (max(level[side] for level in levels) for side in (0, 1))
    for grid in grids:
        if grid.n_rows < n_down or grid.n_cols < n_across:
            height, width, _ = image_shape
            raise ShapeError(
                f"images of {height}x{width} pixels have {grid.n_rows}x{grid.n_cols} places that are described; "
                f"expected at least {n_down}x{n_across}, one for each region. Take smaller or closer descriptors, "
                f"lower levels, or load the images at a larger size."
            )


def _starts(n: int, parts: Sequence[int]) -> Int[np.ndarray, " c"]:
    """Give where cells begin along a side of n places: wherever a region of any level does."""
    return np.unique(np.concatenate([-(-np.arange(m) * n // m) for m in parts]))
