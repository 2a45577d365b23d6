"""Trains a net of one hidden layer near a function, some steps at a time."""

from functools import partial
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Key

from foldline.core.errors import DivergedError
from foldline.core.seeds import key_from_seed
from foldline.insight.learned_units import BATCH, Samples, State, Weights, first_weights, mean_square
from foldline.insight.targets import Target
from foldline.insight.unit_sums import UnitSum
from foldline.lab.state import LabState

Whole: TypeAlias = int | Int[Array, ""]
Number: TypeAlias = float | Float[Array, ""]

WIDTH = 304  # of every net, with units that stay off, so that another number of units compiles nothing
CALL_STEPS = 250  # that one call takes at most: about 0.02 s


class BumpTrainer:
    """A net in training.

    Args:
        state: optimiser, its settings and seed.
        f: what it learns, from samples (see `Samples`).
        low: where the interval begins.
        high: where it ends.
        n_units: hidden units.
    Convention: the first weights and the rows of each step hang on the seed alone; after n steps the net is the same,
        however they were cut into calls.
    """

    def __init__(self, state: LabState, f: Target, *, low: float, high: float, n_units: int) -> None:
        self.step = 0
        self.n_units = n_units
        self._state = state
        self._samples = Samples.of(f, low=low, high=high)
        *of_weights, self._of_rows = jax.random.split(key_from_seed(state.seed), 4)
        self._weights = _first_weights(jnp.stack(of_weights), jnp.asarray(n_units), width=WIDTH)
        self._memory = _optimizer(state.optimizer, state.lr, state.momentum).init(self._weights)
        self._diverged: str | None = None

    def take(self, state: LabState) -> None:
        """Go on with other settings."""
        if state.optimizer != self._state.optimizer:
            self._memory = _optimizer(state.optimizer, state.lr, state.momentum).init(self._weights)
        self._state = state

    @property
    def net(self) -> UnitSum:
        """The net as it is now."""
        return self._samples.net(self._weights, n_units=self.n_units)

    def train(self, n_steps: int) -> int:
        """Take some steps, fewer if they are many; say how many.

        Raises: DivergedError if the weights are no longer finite, now or before; the net stays the last good one.
        """
        if self._diverged is not None:
            raise DivergedError(self._diverged)
        n, state = min(n_steps, CALL_STEPS), self._state
        weights, memory = _take_steps(
            (self._weights, self._memory),
            (self._samples.x, self._samples.y),
            jnp.asarray(self.n_units),
            self._of_rows,
            (self.step, self.step + n),
            (state.lr, state.momentum),
            optimizer=state.optimizer,
        )
        if not all(np.isfinite(part).all() for part in weights):
            self._diverged = (
                f"the weights became infinite or NaN by step {self.step + n}; expected finite numbers. Lower lr (now "
                f"{state.lr:g}) and reset the net."
            )
            raise DivergedError(self._diverged)
        self._weights, self._memory = weights, memory
        self.step += n
        return n


_first_weights = jax.jit(first_weights, static_argnames=("width",))


def _optimizer(name: str, lr: Number, momentum: Number) -> optax.GradientTransformation:
    # Without a price on weights AdamW is Adam.
    return optax.sgd(lr, momentum=momentum) if name == "sgd" else optax.adam(lr)


@partial(jax.jit, static_argnames=("optimizer",))
def _take_steps(
    state: State,
    samples: tuple[Float[Array, " n"], Float[Array, " n"]],
    count: Int[Array, ""],
    key: Key[Array, ""],
    between: tuple[Whole, Whole],
    rates: tuple[Number, Number],
    *,
    optimizer: str,
) -> State:
    (x, y), (first, last) = samples, between
    steps = _optimizer(optimizer, *rates)

    def one(step: Int[Array, ""], state: State) -> State:
        weights, memory = state
        rows = jax.random.randint(jax.random.fold_in(key, step), (BATCH,), 0, len(x))
        updates, memory = steps.update(jax.grad(mean_square)(weights, count, x[rows], y[rows]), memory)
        moved: Weights = optax.apply_updates(weights, updates)
        return moved, memory

    done: State = jax.lax.fori_loop(first, last, one, state)
    return done
