"""One pass over the training rows as one compiled program."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from foldline.core.errors import SettingError
from foldline.models import Net
from foldline.training.coded import CodedRows
from foldline.training.losses import LOSSES
from foldline.training.objective import BatchProgress, objective
from foldline.training.optimizers import optimizer
from foldline.training.settings import Hyper, Plan
from foldline.training.streamed import CALL_NUMBERS, StreamedRows

DECODED_ROWS = 256  # of coded ones, whose scores are computed at a time


class Rows(NamedTuple):
    """Feature vectors, their codes or a file of them, labels and, if rows differ, weights of mean 1.

    All but the numbers of a file stay on the device.
    """

    X: Float[Array, "n d"] | CodedRows | StreamedRows
    y: Int[Array, " n"]
    weights: Float[Array, " n"] | None = None

    @property
    def numbers(self) -> Float[Array, "n d"]:
        """All feature vectors. Raises: SettingError if they are codes or in a file."""
        if isinstance(self.X, CodedRows | StreamedRows):
            raise SettingError(
                "the rows are codes, or stay in their file, and solver is 'lbfgs', which needs all of their numbers at "
                "once; expected 'sgd', which takes a batch at a time. Take solver='sgd', or numbers in memory."
            )
        return self.X

    def picked(
        self, index: Int[Array, " b"]
    ) -> tuple[Float[Array, "b d"], Int[Array, " b"], Float[Array, " b"] | None]:
        """Give numbers, labels and weights of some rows, whose indices are in [0, N)."""

        def pick(leaf: Array) -> Array:
            return leaf.at[index].get(mode="promise_in_bounds")

        assert not isinstance(self.X, StreamedRows), "rows of a file are read before they are picked"
        X = self.X.rows(index) if isinstance(self.X, CodedRows) else pick(self.X)
        return X, pick(self.y), None if self.weights is None else pick(self.weights)


class TrainingState(NamedTuple):
    """What one epoch hands to the next."""

    model: Net
    optimizer_state: optax.OptState
    key: PRNGKeyArray


@partial(jax.jit, static_argnames=("plan",))
def first_state(model: Net, hyper: Hyper, key: PRNGKeyArray, *, plan: Plan) -> TrainingState:
    """Make the state before the first epoch."""
    return TrainingState(model, optimizer(plan, hyper).init(model), key)


@partial(jax.jit, static_argnames=("plan",))
def run_steps(
    state: TrainingState,
    rows: Rows,
    order: Int[Array, "steps batch"],
    first: int | Int[Array, ""],
    last: int | Int[Array, ""],
    hyper: Hyper,
    *,
    plan: Plan,
) -> tuple[TrainingState, BatchProgress]:
    """Take one optimiser step for each of some rows of `order`.

    Args:
        state: model, optimiser state and key.
        rows: training data, on the device.
        order: (steps, batch) row numbers, in [0, N).
        first: the first row of `order`.
        last: the row after the last one.
        hyper: learning rate, momentum and strengths.
        plan: loss, optimiser and schedule.
    Returns: the next state; how each batch went, an entry a row of `order`, 0 outside [first, last).
    Convention: where an epoch is cut into calls does not change a bit, as all of them run the same program.
    """
    before = BatchProgress(jnp.zeros(len(order)), jnp.zeros(len(order), jnp.int32))

    def one(at: Int[Array, ""], carry: tuple[TrainingState, BatchProgress]) -> tuple[TrainingState, BatchProgress]:
        state, progress = carry
        state, of_batch = training_step(state, rows, order[at], hyper, plan=plan)
        return state, jax.tree.map(lambda all_, one: all_.at[at].set(one), progress, of_batch)

    done: tuple[TrainingState, BatchProgress] = jax.lax.fori_loop(first, last, one, (state, before))
    return done


def training_step(
    state: TrainingState, rows: Rows, batch: Int[Array, " batch"], hyper: Hyper, *, plan: Plan
) -> tuple[TrainingState, BatchProgress]:
    """Take one optimiser step with the rows of a batch."""
    key, batch_key = jax.random.split(state.key) if plan.has_chance else (state.key, None)
    # AdamW subtracts its own decay; giving it the gradient of the penalty too would count it twice.
    l2 = hyper.l2 if plan.optimizer == "sgd" else 0.0
    l1 = hyper.l1 if plan.has_l1 else 0.0

    def gradients_of(batch: Int[Array, " part"], key: PRNGKeyArray | None) -> tuple[Net, BatchProgress]:
        X, y, weights = rows.picked(batch)
        dropout_key = key
        if plan.augment is not None:
            assert key is not None  # has_chance
            dropout_key, augment_key = jax.random.split(key)
            X = plan.augment(X, augment_key)

        def cost(model: Net) -> tuple[Float[Array, ""], BatchProgress]:
            return objective(
                model,
                X,
                y,
                weights,
                loss=plan.loss,
                l1=l1,
                l2=l2,
                dropout=hyper.dropout,
                label_smoothing=hyper.label_smoothing if plan.has_label_smoothing else None,
                loss_scale=hyper.loss_scale,
                in_bfloat16=plan.in_bfloat16,
                key=dropout_key if plan.has_dropout else None,
            )

        of_part: tuple[Net, BatchProgress] = jax.grad(cost, has_aux=True)(state.model)
        return of_part

    if plan.micro_batches == 1:
        gradients, progress = gradients_of(batch, batch_key)
    else:
        gradients, progress = _in_parts(gradients_of, batch, batch_key, n_parts=plan.micro_batches)
    updates, optimizer_state = optimizer(plan, hyper).update(gradients, state.optimizer_state, state.model)
    model = optax.apply_updates(state.model, updates)
    return TrainingState(model, optimizer_state, key), progress


def _in_parts(
    gradients_of: Callable[[Array, PRNGKeyArray | None], tuple[Net, BatchProgress]],
    batch: Int[Array, " batch"],
    key: PRNGKeyArray | None,
    *,
    n_parts: int,
) -> tuple[Net, BatchProgress]:
    """Compute the mean gradient of the parts of a batch, one after the other."""
    parts = batch.reshape(n_parts, -1)
    keys = None if key is None else jax.random.split(key, n_parts)

    def add(sums: tuple[Net, BatchProgress], at: Int[Array, ""]) -> tuple[tuple[Net, BatchProgress], None]:
        part = gradients_of(parts[at], None if keys is None else keys[at])
        return jax.tree.map(jnp.add, sums, part), None

    of_first = jax.eval_shape(gradients_of, parts[0], None if keys is None else keys[0])
    zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), of_first)
    (gradients, progress), _ = jax.lax.scan(add, zeros, jnp.arange(n_parts))
    mean_gradients: Net = jax.tree.map(lambda leaf: leaf / n_parts, gradients)
    return mean_gradients, BatchProgress(progress.mean_loss / n_parts, progress.n_right)


def evaluate(model: Net, rows: Rows, *, loss: str) -> tuple[float, float]:
    """Compute the mean loss, without penalty, and the share of rows that are right, both with the rows' weights."""
    if not isinstance(rows.X, StreamedRows):
        sums = _loss_and_right(model, rows, loss=loss)
        return float(sums[0]) / len(rows.y), float(sums[1]) / len(rows.y)
    loss_sum, n_right, start = 0.0, 0.0, 0
    for numbers in rows.X.blocks(max(CALL_NUMBERS // rows.X.shape[1], 1)):
        some = slice(start, start + len(numbers))
        weights = None if rows.weights is None else rows.weights[some]
        sums = _loss_and_right(model, Rows(jnp.asarray(numbers), rows.y[some], weights), loss=loss)
        loss_sum, n_right, start = loss_sum + float(sums[0]), n_right + float(sums[1]), some.stop
    return loss_sum / start, n_right / start


@partial(jax.jit, static_argnames=("loss",))
def _loss_and_right(model: Net, rows: Rows, *, loss: str) -> tuple[Float[Array, ""], Float[Array, ""]]:
    scores = _scores_of_codes(model, rows.X) if isinstance(rows.X, CodedRows) else model(rows.numbers)
    losses = LOSSES[loss](scores, rows.y)
    weights = jnp.ones_like(losses) if rows.weights is None else rows.weights
    right = jnp.argmax(scores, axis=1) == rows.y
    return jnp.sum(losses * weights), jnp.sum(right * weights)


def _scores_of_codes(model: Net, X: CodedRows) -> Float[Array, "n k"]:
    """Decode a few rows at a time: all of them would not fit into the memory."""

    def scores_of_row(index: Int[Array, ""]) -> Float[Array, " k"]:
        return model(X.rows(index[None]))[0]

    scores: Float[Array, "n k"] = jax.lax.map(scores_of_row, jnp.arange(len(X)), batch_size=DECODED_ROWS)
    return scores
