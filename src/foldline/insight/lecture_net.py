"""The lecture's net, 10-32-32-32-10 with ReLU and softmax: slices of its loss from seeds, from tame to wild."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from foldline.core.checks import integer
from foldline.core.progress import tracking
from foldline.core.seeds import generator_from_seed, key_from_seed
from foldline.estimators import MLPClassifier
from foldline.insight.convexity import convexity_by_structure
from foldline.insight.directions import random_direction
from foldline.insight.landscape_problem import Problem
from foldline.insight.landscapes import LossSlice, slice_of
from foldline.insight.minima import local_minima
from foldline.models import MLP

if TYPE_CHECKING:
    from matplotlib.figure import Figure

N_FEATURES, HIDDEN, N_CLASSES = 10, (32, 32, 32), 10
N_ROWS = 20
STEPS = np.linspace(-4.0, 4.0, 401)
# As shares of the range of values: what the eye sees in a picture, as a hill and as a ripple.
SEEN_VIOLATION, SEEN_DEPTH = 0.05, 0.002
KINDS = ("convex-looking", "not convex", "local minima", "wild")
FEWEST_WILD_MINIMA = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class LectureSlices:
    """What `lecture_slices` gives back.

    Args:
        slices: one of each kind, in the order of KINDS, with its seed; kinds that no seed gave are missing.
        counts: how many seeds gave each kind; the rest are in between.
        n_seeds: how many were looked at.
    """

    slices: dict[str, LossSlice]
    counts: dict[str, int]
    n_seeds: int

    def picture(self) -> "Figure":
        """Draw the slices side by side, with their seeds."""
        from foldline.insight.landscape_pictures import lecture_picture

        return lecture_picture(self)


def lecture_slices(n_seeds: int = 100) -> LectureSlices:
    """Look at one slice from each of the seeds 0, 1, ..., and keep one of each kind.

    A seed decides 20 rows of 10 features from a normal distribution, their labels, evenly drawn from 10 classes, the
    first weights of a ReLU net with three hidden layers of 32 units, and one weight of it, which moves by up to four
    lengths of the row it stands in (401 places). There is no penalty. A slice is

    - "convex-looking": with a minimum, and no violation of convexity among its samples;
    - "not convex": with a violation of 5 % of its range or more, and one minimum at most;
    - "local minima": with two or three of them, and such a violation;
    - "wild": with four minima or more, and such a violation.

    Of each kind the slice with the most minima is kept, of several that with the largest violation as a share of its
    range, of equals the first.

    Args:
        n_seeds: how many to look at, from 1 to 10,000.
    Raises: SettingError if n_seeds is outside its range.
    Convention: a minimum lies deeper than 0.2 % of the range below its surroundings.
    Source: the settings of the net are those of "Lecture 5: Neural Networks" (University of Michigan, 2020), slides
        92-95, which do not say what was moved.
    Example:
        >>> found = lecture_slices(3)
        >>> found.n_seeds, sum(found.counts.values()) <= 3
        (3, True)
    """
    integer(n_seeds, name="n_seeds", low=1, high=10_000)
    slices: dict[str, LossSlice] = {}
    counts = dict.fromkeys(KINDS, 0)
    with tracking("slices", n_seeds) as advance:
        for seed in range(n_seeds):
            found = lecture_slice(seed)
            kind = kind_of(found)
            if kind is not None:
                counts[kind] += 1
                slices[kind] = max(slices.get(kind, found), found, key=_wildness)
            advance(1, "")
    return LectureSlices(
        slices={kind: slices[kind] for kind in KINDS if kind in slices}, counts=counts, n_seeds=n_seeds
    )


def lecture_slice(seed: int) -> LossSlice:
    """Compute the slice of one seed (see `lecture_slices`)."""
    generator = generator_from_seed(seed)
    problem = Problem(
        model=MLP.random(n_in=N_FEATURES, n_out=N_CLASSES, hidden=HIDDEN, key=key_from_seed(seed)),
        X=generator.standard_normal((N_ROWS, N_FEATURES)).astype(np.float32),
        y=generator.integers(N_CLASSES, size=N_ROWS).astype(np.int32),
        weights=np.ones(N_ROWS, np.float32),
        loss="softmax",
    )
    direction = random_direction(problem.model, kind="weight", generator=generator)
    found = slice_of(problem, direction, steps=STEPS, structure=convexity_by_structure(MLPClassifier(hidden=HIDDEN)))
    minima = local_minima(found.values, depth=SEEN_DEPTH * float(np.ptp(found.values)))
    return replace(found, kind="weight", seed=seed, minima=tuple(i for (i,) in minima))


def kind_of(found: LossSlice) -> str | None:
    """Say of which of KINDS a slice is; None for in between."""
    n_minima, violation = len(found.minima), found.convexity.violation
    if violation is None:
        return "convex-looking" if n_minima else None
    if violation.amount < SEEN_VIOLATION * np.ptp(found.values):
        return None
    if n_minima <= 1:
        return "not convex"
    return "local minima" if n_minima < FEWEST_WILD_MINIMA else "wild"


def _wildness(found: LossSlice) -> tuple[int, float]:
    violation = found.convexity.violation
    return len(found.minima), 0.0 if violation is None else violation.amount / float(np.ptp(found.values))
