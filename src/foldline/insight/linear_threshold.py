"""What one linear threshold unit can answer: a linear program finds its weights, or the proof that there are none."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Bool, Float, Float64

from foldline.core.checks import axes
from foldline.core.errors import ShapeError

MOST_POINTS = 12  # 2^12 linear programs of `best_threshold_unit` take seconds


@dataclass(frozen=True, kw_only=True)
class ThresholdUnit:
    """One artificial neuron that says yes where w x + b > 0.

    Args:
        w: (D,) weights.
        b: bias.
    """

    w: Float64[np.ndarray, " d"]
    b: float

    def __call__(self, X: Float[np.ndarray, "n d"]) -> Bool[np.ndarray, " n"]:
        """Say for each vector whether w x + b > 0."""
        return np.asarray(X @ self.w + self.b > 0)


@dataclass(frozen=True, kw_only=True)
class Separation:
    """What `find_separation` gives back; one of the two is None.

    Args:
        unit: a unit that gives all answers.
        multipliers: (N,) the proof that there is none: numbers from 0 to 1 with sum 1. Each vector demands
            s (w x + b) >= 1, with s = 1 for yes and -1 for no. Times these and added up, the left sides cancel,
            whatever w and b are, and leave 0 >= 1.
    """

    unit: ThresholdUnit | None
    multipliers: Float64[np.ndarray, " n"] | None


def find_separation(X: Float[np.ndarray, "n d"], answers: Bool[np.ndarray, " n"]) -> Separation:
    """Find a linear threshold unit that gives the wanted answers, or prove that there is none.

    Args:
        X: (N, D) inputs.
        answers: (N,) yes or no for each.
    Returns: the unit or the proof, each the solution of a linear program.
    Raises: ShapeError if there is not one answer for each vector.
    Convention: vectors that differ by less than a 1e-9th of every column's range count as one.
    Source: Minsky and Papert (1969) for the question; Farkas's lemma for the proof.
    Example:
        >>> square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        >>> find_separation(square, np.array([False, True, True, False])).multipliers.tolist()
        [0.25, 0.25, 0.25, 0.25]
    """
    from scipy.optimize import linprog

    n, d = axes(X, "n d", name="X", fix="Give a row for each vector.")
    if np.shape(answers) != (n,):
        raise ShapeError(f"answers has shape {np.shape(answers)}; expected ({n},). Give one answer for each vector.")
    # Linear programs are solved to tolerances that have no unit; every column is brought to the range 1.
    centre, scale = np.mean(X, axis=0), np.ptp(X, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    demands = np.where(answers, 1.0, -1.0)[:, None] * np.column_stack([(X - centre) / scale, np.ones(n)])
    # Finitely many strict inequalities leave room; it is scaled to 1.
    found = linprog(np.zeros(d + 1), A_ub=-demands, b_ub=-np.ones(n), bounds=(None, None))
    if found.success:
        w = found.x[:d] / scale
        return Separation(unit=ThresholdUnit(w=w, b=float(found.x[d] - w @ centre)), multipliers=None)
    proof = linprog(np.zeros(n), A_eq=np.vstack([demands.T, np.ones(n)]), b_eq=[*np.zeros(d + 1), 1.0])
    assert proof.success, "of two such programs one has a solution"
    return Separation(unit=None, multipliers=np.asarray(proof.x))


def best_threshold_unit(X: Float[np.ndarray, "n d"], answers: Bool[np.ndarray, " n"]) -> ThresholdUnit:
    """Find the linear threshold unit that gives most of the wanted answers, by trying all answers there could be.

    Args:
        X: (N, D) inputs, at most 12.
        answers: (N,) yes or no for each.
    Raises: ShapeError for more vectors, or other numbers of answers.
    """
    n, _ = axes(X, "n d", name="X", fix="Give a row for each vector.")
    if n > MOST_POINTS or np.shape(answers) != (n,):
        raise ShapeError(
            f"X has {n} vectors and answers the shape {np.shape(answers)}; expected at most {MOST_POINTS} vectors and "
            f"one answer for each. Give fewer vectors, each with its answer."
        )
    flips = sorted(product((False, True), repeat=n), key=sum)  # fewest mistakes first
    units = (find_separation(X, np.asarray(answers) ^ np.array(flip, bool)).unit for flip in flips)
    return next(unit for unit in units if unit is not None)  # that always yes is one of them
