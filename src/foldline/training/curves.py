"""Learning curves in the making, and the best weights so far."""

import time
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from foldline.models import Net
from foldline.training.epoch import Rows, evaluate
from foldline.training.history import EpochReport, History

OneNet = TypeVar("OneNet", bound=Net)


@dataclass
class Curves(Generic[OneNet]):
    """What a training run writes down epoch by epoch.

    Args:
        best_model: the weights that are kept so far.
        waited_s: seconds that steps have waited for rows of a file.
    """

    best_model: OneNet
    best_epoch: int = 0
    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    elapsed_s: list[float] = field(default_factory=list)
    started_s: float = field(default_factory=time.perf_counter)
    waited_s: float = 0.0

    def add(self, *, loss: float, accuracy: float) -> None:
        """Begin the entry of an epoch with the mean loss and the share of rows that were right during it."""
        self.train_loss.append(loss)
        self.train_accuracy.append(accuracy)
        self.elapsed_s.append(time.perf_counter() - self.started_s)

    def keep(self, model: OneNet) -> None:
        """Keep the weights of the latest epoch."""
        self.best_model, self.best_epoch = model, len(self.train_loss) - 1

    def judge(self, model: OneNet, val: Rows, *, loss: str) -> None:
        """Look at the validation rows, and keep the weights if more of these are right than ever."""
        val_loss, val_accuracy = evaluate(model, val, loss=loss)
        if not self.val_accuracy or val_accuracy > max(self.val_accuracy):
            self.keep(model)
        self.val_loss.append(val_loss)
        self.val_accuracy.append(val_accuracy)

    def has_stalled(self, patience: int | None) -> bool:
        """Say whether there were `patience` epochs after the best one; None never stalls."""
        return patience is not None and len(self.train_loss) - 1 - self.best_epoch >= patience

    def note(self) -> str:
        """Give the latest loss and validation accuracy for the progress bar."""
        said = f"loss {self.train_loss[-1]:.3f}"
        return f"{said}, val {self.val_accuracy[-1]:.1%}" if self.val_accuracy else said

    def report(self, model: Net) -> EpochReport:
        """Give what callbacks are told about the latest epoch, after which the net is `model`."""
        names = ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "elapsed_s")
        numbers = {name: curve[-1] for name in names if (curve := getattr(self, name))}
        return EpochReport(len(self.train_loss), numbers, model)

    def history(self) -> History:
        """Give the finished curves."""
        return History(
            train_loss=np.array(self.train_loss),
            train_accuracy=np.array(self.train_accuracy),
            val_loss=np.array(self.val_loss) if self.val_loss else None,
            val_accuracy=np.array(self.val_accuracy) if self.val_accuracy else None,
            elapsed_s=np.array(self.elapsed_s),
            best_epoch=self.best_epoch,
            idle_share=self.waited_s / self.elapsed_s[-1] if self.waited_s else 0.0,
        )
