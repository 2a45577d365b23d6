"""Takes training steps, some at a time; nothing is compiled anew while numbers of the settings change."""

import time

import jax.numpy as jnp
import numpy as np
from jaxtyping import Int32

from foldline.core.seeds import key_from_seed
from foldline.lab.state import LabState
from foldline.models import Net
from foldline.training import Rows, TrainingSettings
from foldline.training.epoch import TrainingState, first_state, run_steps
from foldline.training.settings import Hyper, Plan

# Steps that one call of the compiled program can take; fewer cost what they are. A call costs as much as 50 steps of a
# small net, so many are best (measured, 512 for 128: a quarter less a step of 10 points); but the rows of all of them
# are named beforehand, which for large batches costs more than it saves.
CALL_STEPS, FEWEST_STEPS, CALL_ROWS = 512, 128, 2**14
CALL_S = 0.04  # no call should last longer: what a person does meanwhile waits for it


class Stepper:
    """A net in training.

    Args:
        model: the net before its first step.
        state: settings of training, and seed.
        generator: decides in which order rows are met.
    Convention: after n steps the net is the same, however they were cut into calls.
    Convention: rows are met pass after pass, each in a new random order; a batch may go over from one to the next.
    """

    def __init__(self, model: Net, state: LabState, generator: np.random.Generator) -> None:
        self.model = model
        self.step = 0
        self.epoch = 0.0  # passes over the rows, which may become more or fewer meanwhile
        self.examples_per_s: float | None = None
        self._generator = generator
        self._program: tuple[object, ...] | None = None  # that ran last
        self._step_s: float | None = None  # how long a step of it takes, None before it is known
        self._training: TrainingState
        self._use(state)
        self._restart()

    def place(self, rows: Rows, train_rows: Int32[np.ndarray, " n"]) -> None:
        """Learn from these rows from now on.

        Args:
            rows: all there are.
            train_rows: those to learn from.
        """
        self._rows, self._train_rows = rows, train_rows
        self._queue = np.zeros(0, np.int32)

    def use(self, state: LabState) -> None:
        """Go on with other settings."""
        before = self._plan
        self._use(state)
        if self._plan.optimizer != before.optimizer:
            self._restart()

    def put(self, model: Net) -> None:
        """Go on with other numbers in the same arrays; the optimiser remembers its steps."""
        self.model = model
        self._training = TrainingState(model, self._training.optimizer_state, self._training.key)

    def train(self, n_steps: int) -> int:
        """Take some steps, fewer if they would last longer than CALL_S; say how many."""
        if not len(self._train_rows):
            return 0
        batch = self._state.batch
        program = (self._plan, batch, self._rows.y.shape)
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
                self.examples_per_s = batch / self._step_s
        self._program = program
        self.model = self._training.model
        self.step += n
        self.epoch += n * batch / len(self._train_rows)
        return n

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
        self._call_steps = min(CALL_STEPS, max(CALL_ROWS // state.batch, FEWEST_STEPS))
        # The price of absolute weights is always there, and costs nothing; dropout would halve the speed.
        self._plan, self._hyper = Plan.of(settings, total_steps=1)._replace(has_l1=True), Hyper.of(settings)

    def _restart(self) -> None:
        """Forget what the optimiser remembers of earlier steps."""
        self._training = first_state(self.model, self._hyper, key_from_seed(self._state.seed), plan=self._plan)

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
