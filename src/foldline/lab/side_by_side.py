"""Two nets that learn the same points in the same order, and how they fared."""

from math import nan
from typing import Literal

import jax
import numpy as np
from jaxtyping import Float32

from foldline.core.errors import DataError, DivergedError
from foldline.lab.kept import Kept
from foldline.lab.playground import MOST_KEPT
from foldline.lab.points import LabPoints
from foldline.lab.state import LabState
from foldline.lab.trainer import Measured, Trainer
from foldline.models import Net

NAMES = ("wired", "regular")

Told = dict[str, dict[str, float | None]]


class SideBySide:
    """Two nets in training, with the same settings.

    Args:
        state: settings and seed.
        points: to learn from, and to be tested on.
        nets: a wired one and a regular one, before their first step.
    Convention: both take the same steps, each on the same points as the other.
    """

    def __init__(self, state: LabState, points: LabPoints, nets: tuple[Net, Net]) -> None:
        self._state, self._points = state, points
        self.trainers = tuple(Trainer(state, points, net) for net in nets)
        self.shown: tuple[Net, ...] = nets  # the newest that are finite
        self.measured: list[Measured] = []  # of these; none before the first time
        self.diverged: str | None = None
        self._curve: Kept[tuple[float, ...]] = Kept(MOST_KEPT)

    @property
    def step(self) -> int:
        """Training steps so far."""
        return self.trainers[0].step

    @property
    def curve(self) -> Float32[np.ndarray, "moments 9"]:
        """Step, and of each net loss of training and of testing points and share of these that is right."""
        return np.array(self._curve.entries, np.float32).reshape(-1, 9)

    def take(self, state: LabState, points: LabPoints) -> None:
        """Go on with other settings, and other points of as many classes."""
        if state.loss != self._state.loss:  # numbers of another loss are no part of the curve
            self._curve = Kept(MOST_KEPT)
        self._state, self._points = state, points
        for trainer in self.trainers:
            trainer.take(state, points)

    def train(self, n_steps: int) -> int:
        """Take the same steps with both nets, fewer if they would last long; say how many.

        Raises: DataError without points to learn from; DivergedError if a loss is no longer finite, now or before.
        """
        if self.diverged is not None:
            raise DivergedError(self.diverged)
        wired, regular = self.trainers
        left = n = wired.train(n_steps)
        if not n:
            raise DataError("there are no points to learn from; expected one at least. Choose other points.")
        while left:
            left -= regular.train(left)
        self.measure()
        return n

    def measure(self) -> None:
        """Take both nets as they are. Raises: DivergedError, with the last ones kept, if one is not finite."""
        nets = tuple(trainer.model for trainer in self.trainers)
        measured = [trainer.measured(net) for trainer, net in zip(self.trainers, nets, strict=True)]
        for name, net, of_net in zip(NAMES, nets, measured, strict=True):
            if not all(np.isfinite(leaf).all() for leaf in (of_net.numbers, *jax.tree.leaves(net))):
                self.diverged = (
                    f"the loss of the {name} net became infinite or NaN by step {self.step}; expected finite numbers. "
                    f"Lower lr (now {self._state.lr:g}) and reset the nets."
                )
                raise DivergedError(self.diverged)
        self.shown, self.measured = nets, measured
        row: list[float] = []
        for of_net in measured:
            (loss, right), (test_loss, test_right) = of_net.numbers.tolist()
            row += [loss, test_loss, right, test_right] if self._has_test else [loss, nan, right, nan]
        self._curve.add((self.step, *row))

    def told(self, name: Literal["loss", "accuracy"]) -> Told | None:
        """Give loss or accuracy of both nets on training and on testing points; None before they were measured."""
        if not self.measured:
            return None
        column, found = ("loss", "accuracy").index(name), {}
        for net, of_net in zip(NAMES, self.measured, strict=True):
            train, test = of_net.numbers[:, column].tolist()
            found[net] = {"train": train, "test": test if self._has_test else None}
        return found

    @property
    def _has_test(self) -> bool:
        return bool(self._points.is_test.any())
