"""Planes through the playground's net in the space of its weights, and what there is at places of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64

from foldline.core.errors import DataError
from foldline.core.plane_inputs import plane_inputs
from foldline.core.seeds import generator_from_seed
from foldline.insight.directions import (
    direction_between,
    moved,
    plane_of_path,
    random_direction,
    reordered_net,
)
from foldline.insight.landscape_problem import BLOCK_ROWS, Problem
from foldline.insight.slices import values_at
from foldline.lab.inputs import window_grid
from foldline.lab.playground import Moment
from foldline.lab.points import LabPoints
from foldline.lab.state import LabState
from foldline.models import MLP, n_numbers

# Rows are filled up to one of these, so that a new point compiles nothing; beyond, `Problem` cuts them into blocks.
ROWS = (512, 1024, BLOCK_ROWS)
MOST_PLACES = 51  # of one call of the compiled program
# Rows times weights of one place, and of all places of one call. Measured, two threads: a place of (256, 256), 67,000
# weights, takes 7 ms on 4,000 rows and 1 ms on 500; 51 places of (20,) on 512 rows take 0.8 ms.
MOST_WORK_A_PLACE = 34 * 10**6
MOST_WORK = 5 * 10**8
MOST_ON_PATH = 100  # nets of a path: a matrix of as many rows is taken apart with every picture
FARTHEST_ON_PATH = 0.8  # where the farthest net of a path lies, in steps
SIDE = 32  # pixels of the picture of what a net does

NOT_YET = "The net has not come far enough for these directions yet: press Play. Until then they are random."
NO_ORDER = "Units can only change places in a hidden layer of two or more. The directions are random instead."
ALL_ZERO = "All weights are still 0: random directions are as long as if each weight were 1."


@dataclass(frozen=True, kw_only=True, eq=False)
class WeightPlane:
    """The nets W + x D_1 + y D_2 around a net, and the objective that training makes small.

    Args:
        problem: the objective on the training points, and the net in the middle.
        directions: D_1 and D_2.
        points: of the objective.
        inputs: what the net sees of a point.
        settings: what else the plane was made for, as `settings_of` gives it.
        step: training steps of the net in the middle.
        path: (T, 2) where the nets met in training fall on the plane; None for another kind.
        path_share: how much of the squared way of the path lies in the plane; None for another kind.
        n_rows: training points that count: all, or of a large net as many as are computed in time.
        note: why the directions are others than was asked for; None if they are not.
    """

    problem: Problem
    directions: tuple[MLP, MLP]
    points: LabPoints
    inputs: tuple[str, ...]
    settings: tuple[object, ...]
    step: int
    n_rows: int
    path: Float64[np.ndarray, "t 2"] | None = None
    path_share: float | None = None
    note: str | None = None

    @property
    def places_a_call(self) -> int:
        """How many places `values` should be asked for at once: as many as take some hundredths of a second."""
        work = len(self.problem.y) * n_numbers(self.problem.model)
        return min(max(MOST_WORK // work, 1), MOST_PLACES)

    def values(self, places: Float64[np.ndarray, "p 2"]) -> Float64[np.ndarray, " p"]:
        """Compute the objective at no more places than `places_a_call`."""
        filled = np.pad(places, ((0, self.places_a_call - len(places)), (0, 0)))
        return values_at(self.problem, self.directions, filled)[: len(places)]

    def seen(
        self, place: tuple[float, float], *, window: tuple[float, float, float, float]
    ) -> tuple[Float[np.ndarray, "side side k"], float]:
        """Give the scores of the net at a place at the middles of pixels, the top row first, and its share right."""
        net = jax.tree.map(
            lambda leaf: jnp.asarray(leaf, jnp.float32), moved(self.problem.model, self.directions, place)
        )
        grid = jnp.asarray(plane_inputs(window_grid(window, side=SIDE), self.inputs))
        X, y, weights = (jnp.asarray(rows) for rows in (self.problem.X, self.problem.y, self.problem.weights))
        scores, share = _seen(net, grid, X, y, weights)
        return np.asarray(scores).reshape(SIDE, SIDE, -1), float(share)


def settings_of(state: LabState) -> tuple[object, ...]:
    """Give what a plane hangs on beside the net and the points."""
    return state.landscape_kind, state.landscape_seed, state.loss, state.l1, state.l2


def weight_plane(state: LabState, points: LabPoints, moments: Sequence[Moment]) -> WeightPlane:
    """Lay the plane that a state asks for.

    Args:
        state: of it landscape_kind and landscape_seed, inputs, loss, l1 and l2.
        points: of which the training points count.
        moments: of training, the first and the one in the middle of the plane at the ends.
    Raises: DataError without points to learn from.
    Convention: rows are left out where rows times weights exceed MOST_WORK_A_PLACE; the seed decides which.
    Convention: the first directions that a seed gives are those of `loss_slice` and `loss_plane`. "start" and
        "reordered" lead to their net in a step of 1; the second direction is random. Of a path each direction is scaled
        so that its farthest net lies at 0.8.
    """
    model = moments[-1].model
    generator = generator_from_seed(state.landscape_seed)
    path = share = note = None
    try:
        match state.landscape_kind:
            case "start":
                first = direction_between(model, moments[0].model)
                directions = first, random_direction(model, kind="filter", generator=generator)
            case "reordered":
                first = direction_between(model, reordered_net(model, generator=generator))
                directions = first, random_direction(model, kind="filter", generator=generator)
            case "path":
                found = plane_of_path(model, [moment.model for moment in _thinned(moments)])
                lengths = np.abs(found.places).max(axis=0) / FARTHEST_ON_PATH
                path, share = found.places / lengths, found.share
                directions = _scaled(found.directions[0], lengths[0]), _scaled(found.directions[1], lengths[1])
            case _:
                directions = _drawn(model, state.landscape_kind, generator)
    except DataError:  # of directions of length 0, and of paths that do not bend
        generator = generator_from_seed(state.landscape_seed)
        kind = state.landscape_kind if state.landscape_kind in ("filter", "random", "weight") else "filter"
        if _is_zero(model):
            note = ALL_ZERO
            directions = _drawn(jax.tree.map(jnp.ones_like, model), kind, generator)
        else:
            note = NO_ORDER if state.landscape_kind == "reordered" else NOT_YET
            directions = _drawn(model, kind, generator)
    problem = _problem(model, points, state)
    return WeightPlane(
        problem=problem,
        n_rows=int(np.count_nonzero(problem.weights)),
        directions=directions,
        points=points,
        inputs=state.inputs,
        settings=settings_of(state),
        step=moments[-1].step,
        path=path,
        path_share=share,
        note=note,
    )


def _drawn(model: MLP, kind: str, generator: np.random.Generator) -> tuple[MLP, MLP]:
    first, second = (random_direction(model, kind=kind, generator=generator) for _ in range(2))  # type: ignore[arg-type]
    # Of one weight alone the second could be the first once more, and the plane a line.
    while kind == "weight" and all(
        (np.asarray(a) != 0).tolist() == (np.asarray(b) != 0).tolist()
        for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True)
    ):
        second = random_direction(model, kind="weight", generator=generator)
    return first, second


def _scaled(direction: MLP, length: float) -> MLP:
    scaled: MLP = jax.tree.map(lambda leaf: leaf * np.float32(length), direction)
    return scaled


def _thinned(moments: Sequence[Moment]) -> Sequence[Moment]:
    """Leave out moments evenly, but never the first or the last."""
    stride = -(-len(moments) // (MOST_ON_PATH - 1))
    return [moments[0], *moments[:0:-stride][::-1]]


def _is_zero(model: MLP) -> bool:
    return not any(np.asarray(layer.W).any() for layer in model.layers)


def _problem(model: MLP, points: LabPoints, state: LabState) -> Problem:
    rows = np.flatnonzero(~points.is_test)
    if not len(rows):
        raise DataError("there are no points that have a loss; expected one at least. Click some in the playground.")
    most = MOST_WORK_A_PLACE // n_numbers(model)
    if len(rows) > most:
        rows = np.sort(generator_from_seed(state.seed).choice(rows, most, replace=False))
    xy, labels, n = points.xy[rows], points.labels[rows], len(rows)
    lacking = next((size for size in ROWS if size >= n), n) - n
    return Problem(
        model=model,
        X=np.pad(plane_inputs(xy, state.inputs), ((0, lacking), (0, 0))),
        y=np.pad(labels, (0, lacking)),
        weights=np.pad(np.full(n, (n + lacking) / n, np.float32), (0, lacking)),
        loss=state.loss,
        l1=state.l1,
        l2=state.l2,
    )


@eqx.filter_jit
def _seen(
    net: MLP, grid: Float[Array, "pixels d"], X: Float[Array, "n d"], y: Array, weights: Float[Array, " n"]
) -> tuple[Float[Array, "pixels k"], Float[Array, ""]]:
    return net(grid), jnp.mean(weights * (jnp.argmax(net(X), axis=1) == y))
