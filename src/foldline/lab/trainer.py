"""Trains a small net on points, some steps at a time; nothing is compiled anew while numbers of the settings change."""

import time
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Int, Int32

from foldline.core.plane_inputs import plane_inputs
from foldline.core.seeds import generator_from_seed, key_from_seed
from foldline.lab.inputs import window_grid
from foldline.lab.points import LabPoints
from foldline.lab.state import LabState, activations_of
from foldline.models import MLP, Linear, Net
from foldline.models.initialisation import fan_of
from foldline.training import LOSSES, Rows, TrainingSettings
from foldline.training.epoch import TrainingState, first_state, run_steps
from foldline.training.settings import Hyper, Plan

# Steps that one call of the compiled program can take; fewer cost what they are. A call costs as much as 50 steps of a
# small net, so many are best (measured, 512 for 128: a quarter less a step of 10 points); but the points of all of them
# are handed over, which for large batches costs more than it saves.
CALL_STEPS, FEWEST_STEPS, CALL_POINTS = 512, 128, 2**14
CALL_S = 0.04  # no call should last longer: what a person does meanwhile waits for it
LEAST_ROWS = 512  # points are filled up to this or a double of it, so that a new point compiles nothing
RESPONSE_SIDE = 20  # pixels of the picture of a unit
MOST_RESPONSES = 32  # units of each layer that have one

Layers = Sequence[tuple[Float[np.ndarray, "_ _"], Float[np.ndarray, " _"]]]  # W (out, in) and b (out,)


class Measured(NamedTuple):
    """How well a net does, and what its hidden units hand on over the window.

    Args:
        numbers: mean loss without penalty, and accuracy, of training points and of testing points; 0 of none.
        responses: a picture a unit, the top row first.
    """

    numbers: Float32[np.ndarray, "2 2"]
    responses: Float32[np.ndarray, "units side side"]


class Trainer:
    """A net in training.

    Args:
        state: settings and seed.
        points: to learn from, and to be tested on.
        model: the net before its first step; None for one of the state's layers.
    Convention: net, order of points and dropout hang on the seed alone; after n steps the net is the same, however they
        were cut into calls.
    Convention: points are met pass after pass, each in a new random order; a batch may go over from one to the next.
    """

    def __init__(self, state: LabState, points: LabPoints, model: Net | None = None) -> None:
        generator = generator_from_seed(state.seed)
        self.model = first_net(state, n_classes=points.n_classes, generator=generator) if model is None else model
        self.step = 0
        self.epoch = 0.0  # passes over the training points, which may become more or fewer meanwhile
        self.examples_per_s: float | None = None
        self._generator = generator
        self._program: tuple[object, ...] | None = None  # that ran last
        self._step_s: float | None = None  # how long a step of it takes, None before it is known
        self._use(state)
        self._place(points)
        self._restart()

    def take(self, state: LabState, points: LabPoints) -> None:
        """Go on with other settings, and other points of as many classes."""
        before = self._plan
        self._use(state)
        if points is not self._points:
            self._place(points)
        if self._plan.optimizer != before.optimizer:
            self._restart()

    def _use(self, state: LabState) -> None:
        settings = TrainingSettings(
            loss=state.loss,  # type: ignore[arg-type]  # checked in state.py
            optimizer=state.optimizer,  # type: ignore[arg-type]
            lr=state.lr,
            momentum=state.momentum,
            l1=state.l1,
            l2=state.l2,
            dropout=state.dropout,
            batch_size=state.batch,
            schedule="constant",
        )
        self._state = state
        self._call_steps = min(CALL_STEPS, max(CALL_POINTS // state.batch, FEWEST_STEPS))
        # The price of absolute weights is always there, and costs nothing; dropout would halve the speed.
        self._plan, self._hyper = Plan.of(settings, total_steps=1)._replace(has_l1=True), Hyper.of(settings)
        self._grid = jnp.asarray(plane_inputs(window_grid(state.window, side=RESPONSE_SIDE), state.inputs))

    def _place(self, points: LabPoints) -> None:
        self._points = points
        self._rows, self._shares = _on_device(points, self._state)
        self._train_rows = np.flatnonzero(~points.is_test).astype(np.int32)
        self._queue = np.zeros(0, np.int32)

    def _restart(self) -> None:
        """Forget what the optimiser remembers of earlier steps."""
        self._training = first_state(self.model, self._hyper, key_from_seed(self._state.seed), plan=self._plan)

    def put(self, model: Net) -> None:
        """Go on with other numbers in the same arrays; the optimiser remembers its steps."""
        self.model = model
        self._training = TrainingState(model, self._training.optimizer_state, self._training.key)

    def train(self, n_steps: int) -> int:
        """Take some steps, fewer if they would last longer than CALL_S; say how many."""
        if not len(self._train_rows):
            return 0
        program = (self._plan, self._state.batch, self._rows.y.shape)
        if program != self._program:
            self._step_s = None
        most = 1 if self._step_s is None else min(max(int(CALL_S / self._step_s), 1), self._call_steps)
        n = min(n_steps, most)
        order = jnp.asarray(self._next_batches(n))
        start = time.perf_counter()
        self._training, progress = run_steps(self._training, self._rows, order, 0, n, self._hyper, plan=self._plan)
        np.asarray(progress.mean_loss)  # waits
        if program == self._program:  # else it was compiled just now, which tells nothing about a step
            self._step_s = (time.perf_counter() - start) / n
            if n_steps > 1:  # a single one is mostly the call
                self.examples_per_s = self._state.batch / self._step_s
        self._program = program
        self.model = self._training.model
        self.step += n
        self.epoch += n * self._state.batch / len(self._train_rows)
        return n

    def measured(self, model: Net) -> Measured:
        """Measure a net of this architecture on the points and the window."""
        numbers, responses = _measured(
            model, self._rows.numbers, self._rows.y, self._shares, self._grid, loss=self._state.loss
        )
        pictures = np.asarray(responses).T.reshape(-1, RESPONSE_SIDE, RESPONSE_SIDE)
        return Measured(np.asarray(numbers), pictures)

    def _next_batches(self, n_steps: int) -> Int32[np.ndarray, "steps batch"]:
        """Draw the next batches; the rows after them are not taken."""
        batch = self._state.batch
        wanted = n_steps * batch
        n_passes = -(-max(wanted - len(self._queue), 0) // len(self._train_rows))
        if n_passes:
            passes = self._generator.permuted(np.tile(self._train_rows, (n_passes, 1)), axis=1)
            self._queue = np.concatenate([self._queue, passes.ravel()])
        batches = np.zeros((self._call_steps, batch), np.int32)
        batches[:n_steps] = self._queue[:wanted].reshape(n_steps, batch)
        self._queue = self._queue[wanted:]
        return batches


def first_net(state: LabState, *, n_classes: int, generator: np.random.Generator) -> MLP:
    """Draw a net as `MLP.random` does, with NumPy: JAX would compile a generator for every new width."""
    widths = [len(state.inputs), *state.hidden, n_classes]
    follows = [*activations_of(state), "identity"]
    layers = []
    for n_in, n_out, activation in zip(widths[:-1], widths[1:], follows, strict=True):
        W = generator.normal(size=(n_out, n_in)) / np.sqrt(fan_of(n_out=n_out, n_in=n_in, activation=activation))
        if not state.hidden:
            W = np.zeros_like(W)
        layers.append((W, np.zeros(n_out)))
    return net_of_layers(layers, state)


def net_of_layers(layers: Layers, state: LabState) -> MLP:
    """Make a net with the activations of a state."""
    made = (Linear(jnp.asarray(W, jnp.float32), jnp.asarray(b, jnp.float32)) for W, b in layers)
    return MLP(tuple(made), activations_of(state))


def _on_device(points: LabPoints, state: LabState) -> tuple[Rows, Float[Array, "2 n"]]:
    """Give points as rows, filled up, and the share of each in the means of training and of testing points."""
    n, n_rows = len(points.labels), LEAST_ROWS
    while n_rows < n:
        n_rows *= 2
    X, y = np.zeros((n_rows, len(state.inputs)), np.float32), np.zeros(n_rows, np.int32)
    X[:n], y[:n] = plane_inputs(points.xy, state.inputs), points.labels
    shares = np.zeros((2, n_rows), np.float32)
    for row, chosen in enumerate((~points.is_test, points.is_test)):
        shares[row, :n] = chosen / max(chosen.sum(), 1)
    return Rows(jnp.asarray(X), jnp.asarray(y)), jnp.asarray(shares)


@partial(jax.jit, static_argnames=("loss",))
def _measured(
    model: Net,
    X: Float[Array, "n d"],
    y: Int[Array, " n"],
    shares: Float[Array, "2 n"],
    grid: Float[Array, "pixels d"],
    *,
    loss: str,
) -> tuple[Float[Array, "2 2"], Float[Array, "pixels units"]]:
    scores = model(X)
    each = jnp.stack([LOSSES[loss](scores, y), jnp.argmax(scores, axis=1) == y], axis=1)
    shown = [h[:, :MOST_RESPONSES] for h in model.hidden(grid)]
    return shares @ each, jnp.concatenate([jnp.zeros((len(grid), 0)), *shown], axis=1)
