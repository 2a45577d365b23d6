"""One pass over the training rows as one compiled program."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from foldline.core.errors import SettingError
from foldline.models import MLP
from foldline.training.coded import CodedRows
from foldline.training.losses import LOSSES
from foldline.training.objective import BatchProgress, objective
from foldline.training.optimizers import optimizer
from foldline.training.settings import Hyper, Plan

DECODED_ROWS = 256  # of coded ones, whose scores are computed at a time


class Rows(NamedTuple):
    """Data that stay on the device: feature vectors or their codes, labels and, if rows differ, weights of mean 1."""

    X: Float[Array, "n d"] | CodedRows
    y: Int[Array, " n"]
    weights: Float[Array, " n"] | None = None

    @property
    def numbers(self) -> Float[Array, "n d"]:
        """All feature vectors. Raises: SettingError if they are codes."""
        if isinstance(self.X, CodedRows):
            raise SettingError(
                "the rows are codes and solver is 'lbfgs', which needs all of their numbers at once; expected 'sgd', "
                "which decodes a batch at a time. Take solver='sgd', or no compression."
            )
        return self.X

    def picked(
        self, index: Int[Array, " b"]
    ) -> tuple[Float[Array, "b d"], Int[Array, " b"], Float[Array, " b"] | None]:
        """Give numbers, labels and weights of some rows, whose indices are in [0, N)."""

        def pick(leaf: Array) -> Array:
            return leaf.at[index].get(mode="promise_in_bounds")

        X = self.X.rows(index) if isinstance(self.X, CodedRows) else pick(self.X)
        return X, pick(self.y), None if self.weights is None else pick(self.weights)


class TrainingState(NamedTuple):
    """What one epoch hands to the next."""

    model: MLP
    optimizer_state: optax.OptState
    key: PRNGKeyArray


@partial(jax.jit, static_argnames=("plan",))
def first_state(model: MLP, hyper: Hyper, key: PRNGKeyArray, *, plan: Plan) -> TrainingState:
    """Make the state before the first epoch."""
    return TrainingState(model, optimizer(plan, hyper).init(model), key)


@partial(jax.jit, static_argnames=("plan",))
def run_epoch(
    state: TrainingState, rows: Rows, order: Int[Array, "steps batch"], hyper: Hyper, *, plan: Plan
) -> tuple[TrainingState, BatchProgress]:
    """Take one optimiser step per row of `order`.

    Args:
        state: model, optimiser state and key.
        rows: training data, on the device.
        order: (steps, batch) row numbers, in [0, N).
        hyper: learning rate, momentum and strengths.
        plan: loss, optimiser and schedule.
    """
    update = optimizer(plan, hyper).update
    # AdamW subtracts its own decay; giving it the gradient of the penalty too would count it twice.
    l2 = hyper.l2 if plan.optimizer == "sgd" else 0.0
    l1 = hyper.l1 if plan.has_l1 else 0.0

    def step(state: TrainingState, batch: Int[Array, " batch"]) -> tuple[TrainingState, BatchProgress]:
        key, dropout_key = jax.random.split(state.key) if plan.has_dropout else (state.key, None)
        picked = rows.picked(batch)

        def cost(model: MLP) -> tuple[Float[Array, ""], BatchProgress]:
            return objective(model, *picked, loss=plan.loss, l1=l1, l2=l2, dropout=hyper.dropout, key=dropout_key)

        gradients, progress = jax.grad(cost, has_aux=True)(state.model)
        updates, optimizer_state = update(gradients, state.optimizer_state, state.model)
        model = optax.apply_updates(state.model, updates)
        return TrainingState(model, optimizer_state, key), progress

    return jax.lax.scan(step, state, order)


@partial(jax.jit, static_argnames=("loss",))
def evaluate(model: MLP, rows: Rows, *, loss: str) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Compute the mean loss, without penalty, and the share of rows that are right, both with the rows' weights."""
    scores = _scores_of_codes(model, rows.X) if isinstance(rows.X, CodedRows) else model(rows.X)
    losses = LOSSES[loss](scores, rows.y)
    weights = jnp.ones_like(losses) if rows.weights is None else rows.weights
    right = jnp.argmax(scores, axis=1) == rows.y
    return jnp.mean(losses * weights), jnp.mean(right * weights)


def _scores_of_codes(model: MLP, X: CodedRows) -> Float[Array, "n k"]:
    """Decode a few rows at a time: all of them would not fit into the memory."""

    def scores_of_row(index: Int[Array, ""]) -> Float[Array, " k"]:
        return model(X.rows(index[None]))[0]

    scores: Float[Array, "n k"] = jax.lax.map(scores_of_row, jnp.arange(len(X)), batch_size=DECODED_ROWS)
    return scores
