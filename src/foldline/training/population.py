"""Many nets of one architecture as one compiled program: a population is an axis."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Float64, Int, Int64, Key, PRNGKeyArray

from foldline.core.errors import SettingError
from foldline.core.memory import usable_bytes
from foldline.core.progress import tracking
from foldline.models import Net
from foldline.training.batches import epoch_batches
from foldline.training.epoch import Rows, TrainingState, first_state, training_step
from foldline.training.history import History
from foldline.training.losses import LOSSES
from foldline.training.objective import BatchProgress
from foldline.training.settings import Hyper, Plan, TrainingSettings
from foldline.training.streamed import StreamedRows

# Copies of a member's weights that are alive at a time: its own, their best, gradient, two of the optimiser, new ones.
COPIES = 7
VAL_BLOCK_ROWS = 512  # validation rows whose scores all members compute at a time


class Member(NamedTuple):
    """One net of a population, after training.

    Args:
        model: its best weights; of one that diverged those before it did, at the latest its first.
        history: its curves, up to where it stopped or diverged.
        diverged_at: the epoch, from 1, in which its loss or weights became NaN or infinite; None for never.
    """

    model: Net
    history: History
    diverged_at: int | None


@dataclass
class _Curves:
    """Entries of all members, an array (seeds, settings) an epoch."""

    train_loss: list[Float64[np.ndarray, "s h"]]
    train_accuracy: list[Float64[np.ndarray, "s h"]]
    val_loss: list[Float64[np.ndarray, "s h"]]
    val_accuracy: list[Float64[np.ndarray, "s h"]]
    elapsed_s: list[float]


def fit_population(
    models: Sequence[Net],
    train: Rows,
    *,
    settings: Sequence[Sequence[TrainingSettings]],
    keys: Sequence[PRNGKeyArray],
    val: Rows | None = None,
) -> list[list[Member]]:
    """Train every seed with every setting, many at once.

    Each member becomes what `fit_model` makes of its first weights, settings and key, but for the rounding of larger
    matrix products. Members that diverge are marked, and the others go on.

    Args:
        models: first weights, one net a seed, of one architecture.
        train: rows to learn from, in memory.
        settings: how to train, as many for each seed, of which only numbers may differ (see `Hyper`).
        keys: PRNG keys, one a seed.
        val: rows that are only looked at.
    Returns: the members of each seed, one for each of its settings.
    Raises: SettingError if settings differ in more than numbers, or rows are in a file.
    Convention: as many settings train at once as half of the usable memory holds, the others after them.
    """
    _check(settings, train)
    at_once = max(int(usable_bytes() / 2 / setting_bytes(models, train, settings[0][0])), 1)
    members: list[list[Member]] = [[] for _ in models]
    for start in range(0, len(settings[0]), at_once):
        some = [of_seed[start : start + at_once] for of_seed in settings]
        population = Population.of(models, train, settings=some, keys=keys, val=val)
        population.run(settings[0][0].epochs)
        for of_seed, new in zip(members, population.members(), strict=True):
            of_seed += new
    return members


def setting_bytes(models: Sequence[Net], train: Rows, settings: TrainingSettings) -> int:
    """Estimate the memory of one setting with all seeds."""
    weights = sum(int(leaf.size) for leaf in jax.tree.leaves(models[0]))
    rows = max(settings.rows_a_step(len(train.y)), VAL_BLOCK_ROWS)
    return 4 * len(models) * (COPIES * weights + rows * _numbers_a_row(models[0], train.X.shape[1]))


def _numbers_a_row(net: Net, n_in: int) -> int:
    """Count the numbers that a net computes of each row, as if none took the place of another."""

    def count(n_rows: int) -> int:
        rows = jax.ShapeDtypeStruct((n_rows, n_in), jnp.float32)  # type: ignore[no-untyped-call]  # untyped in JAX
        return _n_computed(jax.make_jaxpr(lambda net, X: net(X))(net, rows).jaxpr)

    return count(3) - count(2)  # what is computed of weights alone is in both


def _n_computed(jaxpr: Any) -> int:
    """Count the numbers in all results of a traced program and of those inside it."""
    n = 0
    for step in jaxpr.eqns:
        inner = [getattr(given, "jaxpr", given) for given in step.params.values()]
        inner = [program for program in inner if hasattr(program, "eqns")]
        n += sum(map(_n_computed, inner)) if inner else sum(math.prod(one.aval.shape) for one in step.outvars)
    return n


class Population:
    """Members under training: (seeds, settings) nets, which may be thinned out on the way."""

    def __init__(
        self,
        state: TrainingState,
        hyper: Hyper,
        train: Rows,
        val: Rows | None,
        *,
        plan: Plan,
        settings: TrainingSettings,
        generators: Sequence[np.random.Generator],
    ) -> None:
        self.state, self.hyper, self.train, self.val = state, hyper, train, val
        self.plan, self.settings, self.generators = plan, settings, list(generators)
        shape = hyper.lr.shape
        self.best = state.model
        self.best_epoch = np.zeros(shape, np.int64)
        self.diverged_at = np.zeros(shape, np.int64)  # 0 for never
        self.stopped_at = np.zeros(shape, np.int64)  # the epoch after which patience ended; 0 for never
        self.curves = _Curves([], [], [], [], [])

    @classmethod
    def of(
        cls,
        models: Sequence[Net],
        train: Rows,
        *,
        settings: Sequence[Sequence[TrainingSettings]],
        keys: Sequence[PRNGKeyArray],
        val: Rows | None,
    ) -> "Population":
        """Make one before its first epoch (arguments as those of `fit_population`)."""
        _check(settings, train)
        first = settings[0][0]
        n_steps = -(-len(train.y) // first.rows_a_step(len(train.y)))
        plan = _common_plan(settings, total_steps=n_steps * first.epochs)
        hyper = _stacked([_stacked([Hyper.of(one) for one in of_seed]) for of_seed in settings])
        order_keys, chance_keys = zip(*(jax.random.split(key) for key in keys), strict=True)
        state = _first_states(_stacked(models), hyper, jnp.stack(chance_keys), plan=plan)
        generators = [np.random.default_rng(np.asarray(jax.random.key_data(key))) for key in order_keys]
        return cls(state, hyper, train, val, plan=plan, settings=first, generators=generators)

    @property
    def n_epochs(self) -> int:
        """Epochs that were run."""
        return len(self.curves.elapsed_s)

    @property
    def is_running(self) -> Bool[np.ndarray, "s h"]:
        """Which members neither diverged nor ran out of patience."""
        runs: Bool[np.ndarray, "s h"] = np.logical_not(self.diverged_at + self.stopped_at)
        return runs

    def run(self, until_epoch: int) -> None:
        """Train up to an epoch, or until no member is left that learns."""
        labels = np.asarray(self.train.y)
        batch_size = self.settings.rows_a_step(len(labels))
        elapsed_s = self.curves.elapsed_s
        started_s = time.perf_counter() - (elapsed_s[-1] if elapsed_s else 0.0)
        with tracking(f"training {self.is_running.size} nets", until_epoch - self.n_epochs) as advance:
            while self.n_epochs < until_epoch and self.is_running.any():
                orders = np.stack([epoch_batches(labels, settings=self.settings, generator=g) for g in self.generators])
                self.state, progress = _run_epoch(
                    self.state, self.train, jnp.asarray(orders), self.hyper, plan=self.plan
                )
                self._note(progress, batch_size=batch_size)
                elapsed_s.append(time.perf_counter() - started_s)
                advance(1, f"{int(self.is_running.sum())} running")

    def keep(self, which: Int64[np.ndarray, " k"]) -> None:
        """Go on with some of the settings only."""
        pick = partial(jnp.take, indices=jnp.asarray(which), axis=1)
        model, optimizer_state = jax.tree.map(pick, (self.state.model, self.state.optimizer_state))
        self.state = TrainingState(model, optimizer_state, self.state.key)
        self.best = jax.tree.map(pick, self.best)
        self.hyper = jax.tree.map(pick, self.hyper)
        for name in ("best_epoch", "diverged_at", "stopped_at"):
            setattr(self, name, getattr(self, name)[:, which])
        for curve in (
            self.curves.train_loss,
            self.curves.train_accuracy,
            self.curves.val_loss,
            self.curves.val_accuracy,
        ):
            curve[:] = [entry[:, which] for entry in curve]

    def merits(self) -> Float64[np.ndarray, " h"]:
        """Rate the settings: means over seeds of the best validation accuracies so far, 0 for a seed that diverged."""
        best = np.max(self.curves.val_accuracy, axis=0)
        return np.asarray(np.where(self.diverged_at > 0, 0.0, best).mean(axis=0), np.float64)

    def members(self) -> list[list[Member]]:
        """Give the nets with their best weights so far."""
        n_seeds, n_settings = self.best_epoch.shape
        return [[self._member(s, h) for h in range(n_settings)] for s in range(n_seeds)]

    def _note(self, progress: BatchProgress, *, batch_size: int) -> None:
        epoch = self.n_epochs
        losses = np.asarray(progress.mean_loss, np.float64)  # (seeds, settings, steps)
        was_running = self.is_running
        self.curves.train_loss.append(losses.mean(axis=2))
        self.curves.train_accuracy.append(np.asarray(progress.n_right).mean(axis=2) / batch_size)
        is_finite = np.isfinite(losses).all(axis=2) & np.asarray(_are_finite(self.state.model))
        self.diverged_at[was_running & ~is_finite] = epoch + 1
        if self.val is None:
            is_better = self.is_running
        else:
            loss, accuracy = (
                np.asarray(x, np.float64) for x in _judge(self.state.model, self.val, loss=self.plan.loss)
            )
            before = np.max(self.curves.val_accuracy, axis=0) if self.curves.val_accuracy else np.full(loss.shape, -1.0)
            self.curves.val_loss.append(loss)
            self.curves.val_accuracy.append(accuracy)
            is_better = self.is_running & (accuracy > before)
        self.best = _where(jnp.asarray(is_better), self.state.model, self.best)
        self.best_epoch[is_better] = epoch
        if self.settings.patience is not None:
            self.stopped_at[self.is_running & (epoch - self.best_epoch >= self.settings.patience)] = epoch + 1

    def _member(self, seed: int, setting: int) -> Member:
        at = (seed, setting)
        diverged_at = int(self.diverged_at[at]) or None
        n_epochs = int(self.stopped_at[at]) or self.n_epochs if diverged_at is None else diverged_at - 1

        def curve(entries: list[Float64[np.ndarray, "s h"]]) -> Float64[np.ndarray, " e"]:
            return np.array([entry[at] for entry in entries[:n_epochs]], np.float64)

        history = History(
            train_loss=curve(self.curves.train_loss),
            train_accuracy=curve(self.curves.train_accuracy),
            val_loss=curve(self.curves.val_loss) if self.val is not None else None,
            val_accuracy=curve(self.curves.val_accuracy) if self.val is not None else None,
            elapsed_s=np.array(self.curves.elapsed_s[:n_epochs]),
            best_epoch=int(self.best_epoch[at]),
        )
        return Member(jax.tree.map(lambda leaf: leaf[at], self.best), history, diverged_at)


# A key belongs to a seed, whose settings share its chances: the axis of settings is of weights alone.
_OF_SETTINGS: Any = TrainingState(0, 0, None)  # type: ignore[arg-type]


@partial(jax.jit, static_argnames=("plan",))
def _first_states(model: Net, hyper: Hyper, keys: Key[Array, " s"], *, plan: Plan) -> TrainingState:
    def of_setting(model: Net, hyper: Hyper, key: PRNGKeyArray) -> TrainingState:
        state: TrainingState = first_state(model, hyper, key, plan=plan)
        return state

    # The optimiser's first state does not depend on numbers, and has to be spread over them.
    of_settings = jax.vmap(of_setting, in_axes=(None, 0, None), out_axes=_OF_SETTINGS)
    states: TrainingState = jax.vmap(of_settings)(model, hyper, keys)
    return states


@partial(jax.jit, static_argnames=("plan",))
def _run_epoch(
    state: TrainingState, rows: Rows, orders: Int[Array, "s steps batch"], hyper: Hyper, *, plan: Plan
) -> tuple[TrainingState, BatchProgress]:
    """Take a step of all members for each batch; those of a seed meet the same rows, which are read once."""
    of_settings = jax.vmap(
        partial(training_step, plan=plan),
        in_axes=(_OF_SETTINGS, None, None, 0),
        out_axes=(_OF_SETTINGS, 0),
    )
    of_seeds = jax.vmap(of_settings, in_axes=(0, None, 0, 0))

    def step(state: TrainingState, batches: Int[Array, "s batch"]) -> tuple[TrainingState, BatchProgress]:
        after: tuple[TrainingState, BatchProgress] = of_seeds(state, rows, batches, hyper)
        return after

    state, progress = jax.lax.scan(step, state, jnp.moveaxis(orders, 1, 0))
    return state, jax.tree.map(lambda leaf: jnp.moveaxis(leaf, 0, -1), progress)


@partial(jax.jit, static_argnames=("loss",))
def _judge(model: Net, val: Rows, *, loss: str) -> tuple[Float[Array, "s h"], Float[Array, "s h"]]:
    """Compute mean loss and share of right rows of all members, a few rows at a time."""
    n = len(val.y)
    n_blocks = -(-n // VAL_BLOCK_ROWS)
    index = jnp.arange(n_blocks * VAL_BLOCK_ROWS).reshape(n_blocks, -1)

    def of_block(index: Int[Array, " b"]) -> tuple[Float[Array, "s h"], Float[Array, "s h"]]:
        X, y, weights = val.picked(jnp.minimum(index, n - 1))
        counts = (index < n) * (1.0 if weights is None else weights)

        def of_member(model: Net) -> tuple[Float[Array, ""], Float[Array, ""]]:
            scores = model(X)
            right = jnp.argmax(scores, axis=1) == y
            return jnp.sum(LOSSES[loss](scores, y) * counts), jnp.sum(right * counts)

        sums: tuple[Float[Array, "s h"], Float[Array, "s h"]] = jax.vmap(jax.vmap(of_member))(model)
        return sums

    losses, right = jax.lax.map(of_block, index)
    return losses.sum(0) / n, right.sum(0) / n


@jax.jit
def _are_finite(model: Net) -> Bool[Array, "s h"]:
    leaves = [jnp.isfinite(leaf).all(axis=range(2, leaf.ndim)) for leaf in jax.tree.leaves(model)]
    return jnp.stack(leaves).all(axis=0)


@jax.jit
def _where(condition: Bool[Array, "s h"], yes: Net, no: Net) -> Net:
    def pick(a: Array, b: Array) -> Array:
        return jnp.where(condition.reshape(condition.shape + (1,) * (a.ndim - 2)), a, b)

    picked: Net = jax.tree.map(pick, yes, no)
    return picked


def _stacked(trees: Sequence[Any]) -> Any:
    """Put trees of the same kind side by side along a new first axis."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)


def _check(settings: Sequence[Sequence[TrainingSettings]], train: Rows) -> None:
    if isinstance(train.X, StreamedRows):
        raise SettingError("the rows stay in their file; expected them in memory, for a population. Load X.")
    _common_plan(settings, total_steps=1)
    for name in ("epochs", "batch_size", "sampling", "patience"):
        found = {getattr(one, name) for of_seed in settings for one in of_seed}
        if len(found) > 1:
            raise SettingError(f"{name} differs in a population: {sorted(found, key=str)}; expected one. Part them.")


def _common_plan(settings: Sequence[Sequence[TrainingSettings]], *, total_steps: int) -> Plan:
    """Give the plan of all settings: what some of them need and others set to 0 is computed for all."""
    plans = [Plan.of(one, total_steps=total_steps) for of_seed in settings for one in of_seed]
    needs: dict[str, Any] = {
        name: any(getattr(plan, name) for plan in plans) for name in Plan._fields if name.startswith("has_")
    }
    common = {plan._replace(**needs) for plan in plans}
    if len(common) > 1:
        raise SettingError("the settings of a population differ in more than numbers; expected one plan. Part them.")
    return common.pop()
