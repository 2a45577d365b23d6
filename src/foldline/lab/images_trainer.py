"""Trains a classifier of images, some steps at a time, and measures it."""

import time
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Int, Int32

from foldline.core.seeds import generator_from_seed, key_from_seed
from foldline.lab.images_features import Vectors
from foldline.lab.state import LabState
from foldline.lab.trainer import CALL_S, CALL_STEPS
from foldline.models import MLP, Linear
from foldline.models.initialisation import fan_of
from foldline.training import LOSSES, Rows, TrainingSettings
from foldline.training.epoch import first_state, run_steps
from foldline.training.settings import Hyper, Plan

# Training images that the curves speak of, and the numbers of them all: more would cost more than the steps.
MEASURED_ROWS, MEASURED_NUMBERS = 1_000, 2**22


class Measured(NamedTuple):
    """How well a classifier does.

    Args:
        numbers: mean loss without penalty, and accuracy, of training images and of test images.
        scores: of every test image.
    """

    numbers: Float32[np.ndarray, "2 2"]
    scores: Float32[np.ndarray, "n k"]


class ImagesTrainer:
    """A linear classifier, or a net with one hidden layer of ReLU, in training.

    Args:
        state: of it images_units, seed and the settings of training.
        vectors: of the images.
    Convention: as those of `Trainer`: everything hangs on the seed alone, and images are met pass after pass.
    """

    def __init__(self, state: LabState, vectors: Vectors) -> None:
        labels = vectors.images.train.labels
        self._generator = generator_from_seed(state.seed)
        self.model = _first_net(state, vectors, self._generator)
        self.step = 0
        self.examples_per_s: float | None = None
        self._rows = Rows(vectors.X_train, jnp.asarray(labels))
        self._queue = np.zeros(0, np.int32)
        n_measured = min(len(labels), MEASURED_ROWS, max(MEASURED_NUMBERS // vectors.X_train.shape[1], 1))
        self.measured_rows = measured = np.linspace(0, len(labels) - 1, n_measured).astype(np.int32)
        self._measured_rows = Rows(vectors.X_train[measured], self._rows.y[measured])
        self._test = Rows(vectors.X_test, jnp.asarray(vectors.images.test.labels))
        self._program: tuple[object, ...] | None = None  # that ran last
        self._step_s: float | None = None  # how long a step of it takes, None before it is known
        self._use(state)
        self._restart()

    @property
    def epoch(self) -> float:
        """Passes over the training images."""
        return self._n_seen / len(self._rows.y)

    def take(self, state: LabState) -> None:
        """Go on with other settings of training."""
        before = self._plan
        self._use(state)
        if self._plan.optimizer != before.optimizer:
            self._training = first_state(self.model, self._hyper, key_from_seed(state.seed), plan=self._plan)

    def train(self, n_steps: int) -> int:
        """Take some steps, fewer if they would last longer than CALL_S; say how many."""
        batch = min(self._state.batch, len(self._rows.y))
        program = (self._plan, batch)
        if program != self._program:
            self._step_s = None
        n = min(n_steps, 1 if self._step_s is None else min(max(int(CALL_S / self._step_s), 1), CALL_STEPS))
        order = jnp.asarray(self._next_batches(n, batch))
        start = time.perf_counter()
        self._training, progress = run_steps(self._training, self._rows, order, 0, n, self._hyper, plan=self._plan)
        np.asarray(progress.mean_loss)  # waits
        if program == self._program:  # else it was compiled just now, which tells nothing about a step
            self._step_s = (time.perf_counter() - start) / n
            if n_steps > 1:  # a single one is mostly the call
                self.examples_per_s = batch / self._step_s
        self._program = program
        model = self._training.model
        assert isinstance(model, MLP)
        self.model = model
        self.step += n
        self._n_seen += n * batch
        return n

    def measured(self) -> Measured:
        """Measure the classifier on some of the training images and on all test images."""
        numbers, scores = _measured(self.model, self._measured_rows, self._test, loss=self._state.loss)
        return Measured(np.asarray(numbers), np.asarray(scores))

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
        self._plan, self._hyper = Plan.of(settings, total_steps=1)._replace(has_l1=True), Hyper.of(settings)

    def _restart(self) -> None:
        self._n_seen = 0
        self._training = first_state(self.model, self._hyper, key_from_seed(self._state.seed), plan=self._plan)

    def _next_batches(self, n_steps: int, batch: int) -> Int32[np.ndarray, "steps batch"]:
        """Draw the next batches; the rows after them are not taken."""
        wanted, n_rows = n_steps * batch, len(self._rows.y)
        while len(self._queue) < wanted:
            self._queue = np.concatenate([self._queue, self._generator.permutation(n_rows).astype(np.int32)])
        batches = np.zeros((CALL_STEPS, batch), np.int32)
        batches[:n_steps] = self._queue[:wanted].reshape(n_steps, batch)
        self._queue = self._queue[wanted:]
        return batches


def _first_net(state: LabState, vectors: Vectors, generator: np.random.Generator) -> MLP:
    """Draw a net as `MLP.random` does, with NumPy: JAX would compile a generator for every new width."""
    n_in, n_out, n_units = vectors.X_train.shape[1], len(vectors.images.class_names), state.images_units
    if not n_units:
        return MLP((_layer(np.zeros((n_out, n_in))),), "relu")
    layers = []
    for out, fan_in, activation in ((n_units, n_in, "relu"), (n_out, n_units, "identity")):
        spread = np.sqrt(fan_of(n_out=out, n_in=fan_in, activation=activation))
        layers.append(_layer(generator.normal(size=(out, fan_in)) / spread))
    return MLP(tuple(layers), "relu")


def _layer(W: Float[np.ndarray, "out in"]) -> Linear:
    return Linear(jnp.asarray(W, jnp.float32), jnp.zeros(len(W), jnp.float32))


@partial(jax.jit, static_argnames=("loss",))
def _measured(model: MLP, train: Rows, test: Rows, *, loss: str) -> tuple[Float[Array, "2 2"], Float[Array, "n k"]]:
    def told(scores: Float[Array, "m k"], y: Int[Array, " m"]) -> Float[Array, " 2"]:
        return jnp.stack([LOSSES[loss](scores, y).mean(), jnp.mean(jnp.argmax(scores, axis=1) == y)])

    scores = model(test.numbers)
    return jnp.stack([told(model(train.numbers), train.y), told(scores, test.y)]), scores
