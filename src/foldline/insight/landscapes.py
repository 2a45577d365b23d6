"""The objective of a fitted classifier along a line of its weights, and what that says of convexity."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

import jax
import numpy as np
from jaxtyping import Float64
from sklearn.base import BaseEstimator

from foldline.core.checks import choice, integer, number
from foldline.core.errors import DataError
from foldline.core.seeds import generator_from_seed
from foldline.insight.convexity import (
    ROUNDING,
    Convexity,
    Structure,
    convexity_by_structure,
    worst_triple,
)
from foldline.insight.directions import Kind, direction_between, moved, random_direction
from foldline.insight.landscape_problem import Problem
from foldline.insight.minima import local_minima
from foldline.insight.slices import values_at
from foldline.models import MLP

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FARTHEST = 1e6  # steps; weights that were moved further have nothing left of their own
LEAST_ROUNDING = 4 * float(np.finfo(np.float32).eps)
N_CHECKED = 5  # places whose values are computed in float64 too


@dataclass(frozen=True, kw_only=True, eq=False)
class LossSlice:
    """What `loss_slice` gives back.

    Args:
        steps: (P,) how far each place lies from the fitted weights, in lengths of the direction.
        values: (P,) the objective there.
        rounding: the largest difference to values computed in float64, at five of the places.
        kind: "filter", "random", "weight" or "between".
        seed: of the direction; not used between two models.
        n_rows: rows that the objective is a mean over.
        convexity: what these samples say; values of a violating triple are computed in float64.
        structure: what the form of the model says.
        minima: indices of local minima between the ends, the lowest first.
    """

    steps: Float64[np.ndarray, " p"]
    values: Float64[np.ndarray, " p"]
    rounding: float
    kind: str
    seed: int
    n_rows: int
    convexity: Convexity
    structure: Structure
    minima: tuple[int, ...]

    @property
    def verdict(self) -> str:
        """Convex by structure, the triple that violates convexity, or how many samples showed none."""
        return self.structure.text if self.structure.is_convex else self.convexity.text

    def picture(self) -> "Figure":
        """Draw the values, the violating chord and the local minima."""
        from foldline.insight.landscape_pictures import slice_picture

        return slice_picture(self)


def loss_slice(
    model: BaseEstimator,
    X: np.ndarray,
    y: np.ndarray,
    *,
    kind: Kind = "filter",
    other: BaseEstimator | None = None,
    low: float | None = None,
    high: float | None = None,
    points: int = 201,
    seed: int = 0,
) -> LossSlice:
    """Compute the objective along a line through the fitted weights.

    F(W + c D) with F = (1/N) sum_i w_i L_i + l2 * sum of W^2 + l1 * sum of |W|: what `fit` minimises, without dropout
    and augmentation, on all rows at once.

    Args:
        model: a fitted LinearClassifier, MLPClassifier or RidgeClassifier, or a pipeline with one, as `load` gives.
        X: (N, D) feature vectors; images for a pipeline.
        y: (N,) labels of `model.classes_`.
        kind: how the direction D is drawn: "filter", each unit's weights as long as the unit's own; "random", all
            weights and biases as long as the net's own; "weight", one weight alone (see `random_direction`).
        other: a second model of the same shape and classes: D leads to it, and it lies at step 1. Of two pipelines the
            features of the first count.
        low, high: first and last step; None for -1 and 1, towards another model -0.5 and 1.5.
        points: how many, evenly spaced, from 3 to 100,000.
        seed: decides the direction.
    Returns: values, and what they say of convexity and local minima.
    Raises: SettingError for another classifier or settings outside their ranges; ShapeError for rows or a second model
        of another shape; DataError for unknown labels, numbers that are not finite, or a direction of length 0;
        DivergedError if a loss is not finite; scikit-learn's NotFittedError before `fit`.
    Convention: class weights count as in `fit`; a local minimum lies deeper below its surroundings than four times the
        rounding of the values.
    Source: Goodfellow, Vinyals, Saxe (2015), section 2; Li et al. (2018), sections 3 and 4.
    Example:
        >>> from sklearn.datasets import load_digits
        >>> from foldline.estimators import LinearClassifier
        >>> X, y = load_digits(return_X_y=True)
        >>> found = loss_slice(LinearClassifier(epochs=5).fit(X / 16, y), X / 16, y)
        >>> found.structure.is_convex, found.convexity.violation, len(found.minima)
        (True, None, 1)
    """
    choice(kind, get_args(Kind), name="kind")
    integer(points, name="points", low=3, high=100_000)
    first, last = _range(low, high, default=(-1.0, 1.0) if other is None else (-0.5, 1.5))
    generator = generator_from_seed(seed)
    problem = Problem.of(model, X, y)
    if other is None:
        direction = random_direction(problem.model, kind=kind, generator=generator)
    else:
        direction = direction_towards(other, model, X, y)
    steps, structure = np.linspace(first, last, points), convexity_by_structure(model)
    found = slice_of(problem, direction, steps=steps, structure=structure)
    return replace(found, kind=kind if other is None else "between", seed=seed)


def slice_of(problem: Problem, direction: MLP, *, steps: Float64[np.ndarray, " p"], structure: Structure) -> LossSlice:
    """Compute and judge the objective along a direction (see `loss_slice`)."""
    values = values_at(problem, [direction], steps[:, None])

    def exact(step: float) -> float:
        with jax.enable_x64(True):
            return problem.exact(moved(problem.model, [direction], [step]))

    rounding = rounding_of(values, lambda i: exact(float(steps[i])))
    return LossSlice(
        steps=steps,
        values=values,
        rounding=rounding,
        kind="given",
        seed=0,
        n_rows=len(problem.y),
        convexity=worst_triple(steps, values, exact, rounding=ROUNDING),
        structure=structure,
        minima=tuple(i for (i,) in local_minima(values, depth=4 * rounding)),
    )


def direction_towards(other: BaseEstimator, model: BaseEstimator, X: np.ndarray, y: np.ndarray) -> MLP:
    """Give the direction from a model to another of the same classes, in the same order."""
    classes = model.classes_.tolist()
    of_other = np.asarray(getattr(other, "classes_", classes)).tolist()
    if classes != of_other:
        raise DataError(
            f"the other model knows the classes {str(of_other)[:60]}; expected {str(classes)[:60]}, as the first. Fit "
            "both to the same classes."
        )
    return direction_between(*(Problem.of(one, X, y).model for one in (model, other)))


def rounding_of(values: Float64[np.ndarray, "..."], exact: Callable[[int], float]) -> float:
    """Say by how much values differ from exact ones, at some places of which one is the lowest."""
    flat = values.ravel()
    some = {*np.linspace(0, len(flat) - 1, N_CHECKED - 1).astype(int).tolist(), int(np.argmin(flat))}
    differences = [abs(float(flat[i]) - exact(i)) for i in sorted(some)]
    return max(*differences, LEAST_ROUNDING * float(np.abs(flat).min()))


def _range(low: float | None, high: float | None, *, default: tuple[float, float]) -> tuple[float, float]:
    first = number(default[0] if low is None else low, name="low", low=-FARTHEST, high=FARTHEST)
    return first, number(default[1] if high is None else high, name="high", low=first, high=FARTHEST, above=True)
