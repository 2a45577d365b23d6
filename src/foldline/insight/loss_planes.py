"""The objective of a fitted classifier over a plane of its weights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

import jax
import numpy as np
from jaxtyping import Float64
from sklearn.base import BaseEstimator

from foldline.core.checks import choice, integer, number
from foldline.core.errors import SettingError
from foldline.core.seeds import generator_from_seed
from foldline.insight.convexity import (
    ROUNDING,
    Convexity,
    Structure,
    convexity_by_structure,
    furthest_above,
    worst_triple,
)
from foldline.insight.directions import Kind, moved, plane_of_path, random_direction
from foldline.insight.landscape_problem import Problem
from foldline.insight.landscapes import FARTHEST, direction_towards, rounding_of
from foldline.insight.minima import local_minima
from foldline.insight.slices import values_at
from foldline.models import MLP

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True, eq=False)
class LossPlane:
    """What `loss_plane` gives back.

    Args:
        steps_1: (P,) steps along the first direction, to the right.
        steps_2: (Q,) steps along the second, upwards.
        values: (Q, P) the objective, a row for each of steps_2.
        rounding, seed, n_rows, structure: as in `LossSlice`.
        kind: "filter", "random", "between" or "path".
        convexity: what the rows and the columns of the grid say, as in `LossSlice`.
        minima: (row, column) of local minima inside the grid, the lowest first.
        path: (T, 2) where the nets of a path fall on the plane; None for another kind.
        path_share: how much of the squared way of the path lies in the plane; None for another kind.
    """

    steps_1: Float64[np.ndarray, " p"]
    steps_2: Float64[np.ndarray, " q"]
    values: Float64[np.ndarray, "q p"]
    rounding: float
    kind: str
    seed: int
    n_rows: int
    convexity: Convexity
    structure: Structure
    minima: tuple[tuple[int, int], ...]
    path: Float64[np.ndarray, "t 2"] | None = None
    path_share: float | None = None

    @property
    def verdict(self) -> str:
        """As of `LossSlice`."""
        return self.structure.text if self.structure.is_convex else self.convexity.text

    def picture(self) -> "Figure":
        """Draw contours, the fitted weights, local minima and the path, if there is one."""
        from foldline.insight.landscape_pictures import plane_picture

        return plane_picture(self)


def loss_plane(
    model: BaseEstimator,
    X: np.ndarray,
    y: np.ndarray,
    *,
    kind: Kind = "filter",
    other: BaseEstimator | None = None,
    path: Sequence[MLP] | None = None,
    span: float = 1.0,
    points: int = 51,
    seed: int = 0,
) -> LossPlane:
    """Compute the objective over a plane through the fitted weights.

    Args:
        model, X, y, kind: as in `loss_slice`; both directions are drawn alike.
        other: a second model: the first direction leads to it, the second is drawn.
        path: nets met in training (see `WeightPath`): the directions are those in which the way to `model` goes
            furthest, in units of weight, and the plane is as large as the path.
        span: how far to go along a drawn direction, above 0; around a path, a margin of so many quarters of its extent.
        points: in each direction, from 3 to 1,001.
        seed: decides the directions that are drawn.
    Returns: values on a grid; towards another model from step -0.5 to 1.5, else from -span to span.
    Raises: as `loss_slice`, and for paths that are too short or straight, DataError; SettingError if both `other` and
        `path` are given.
    Convention: convexity is judged along the rows and the columns of the grid.
    Source: Li et al. (2018), sections 4 and 7.2.
    """
    choice(kind, get_args(Kind), name="kind")
    integer(points, name="points", low=3, high=1_001)
    number(span, name="span", low=0.0, high=FARTHEST, above=True)
    generator = generator_from_seed(seed)
    if other is not None and path is not None:
        raise SettingError("other and path are both given; expected one of them. Leave one out.")
    problem = Problem.of(model, X, y)
    ends, place, share = [(-span, span)] * 2, None, None
    if path is not None:
        plane = plane_of_path(problem.model, path)
        directions, place, share = list(plane.directions), plane.places, plane.share
        ends = _around(np.vstack([place, [0.0, 0.0]]), margin=0.25 * span)
    else:
        directions = [random_direction(problem.model, kind=kind, generator=generator) for _ in range(2)]
    if other is not None:
        directions[0], ends[0] = direction_towards(other, model, X, y), (-0.5, 1.5)
    steps_1, steps_2 = (np.linspace(*end, points) for end in ends)
    grid = np.stack(np.meshgrid(steps_1, steps_2), axis=-1)
    values = values_at(problem, directions, grid.reshape(-1, 2)).reshape(points, points)

    def exact(steps: Sequence[float]) -> float:
        with jax.enable_x64(True):
            return problem.exact(moved(problem.model, directions, steps))

    rounding = rounding_of(values, lambda i: exact(grid.reshape(-1, 2)[i].tolist()))
    return LossPlane(
        steps_1=steps_1,
        steps_2=steps_2,
        values=values,
        rounding=rounding,
        kind="path" if path is not None else "between" if other is not None else kind,
        seed=seed,
        n_rows=len(problem.y),
        convexity=_along_rows_and_columns(steps_1, steps_2, values, exact),
        structure=convexity_by_structure(model),
        minima=tuple((i, j) for i, j in local_minima(values, depth=4 * rounding)),
        path=place,
        path_share=share,
    )


def _around(places: Float64[np.ndarray, "t 2"], *, margin: float) -> list[tuple[float, float]]:
    low, high = places.min(axis=0), places.max(axis=0)
    extra = margin * (high - low)
    return [(float(a), float(b)) for a, b in zip(low - extra, high + extra, strict=True)]


def _along_rows_and_columns(
    steps_1: Float64[np.ndarray, " p"],
    steps_2: Float64[np.ndarray, " q"],
    values: Float64[np.ndarray, "q p"],
    exact: Callable[[tuple[float, float]], float],
) -> Convexity:
    """Judge the line of the grid with the triple furthest above its chord."""
    rows = [_amount(steps_1, line) for line in values]
    columns = [_amount(steps_2, line) for line in values.T]
    is_row = max(rows) >= max(columns)
    at = int(np.argmax(rows if is_row else columns))
    x, line, fixed = (steps_1, values[at], steps_2[at]) if is_row else (steps_2, values[:, at], steps_1[at])

    def place(step: float) -> tuple[float, float]:
        return (step, float(fixed)) if is_row else (float(fixed), step)

    found = worst_triple(x, line, lambda step: exact(place(step)), rounding=ROUNDING, told=place)
    return replace(found, n_samples=values.size)


def _amount(x: Float64[np.ndarray, " n"], line: Float64[np.ndarray, " n"]) -> float:
    found = furthest_above(x, line)
    if found is None:
        return 0.0
    i, j, k = found
    return float(line[j] - np.interp(x[j], x[[i, k]], line[[i, k]]))
