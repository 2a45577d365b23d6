"""What happened epoch by epoch."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from foldline.models import Net


class EpochReport(NamedTuple):
    """What a callback is told after an epoch.

    Args:
        epoch: its number, from 1.
        numbers: the newest entry of every curve of `History`, by its name.
        model: the net as it is now.
    """

    epoch: int
    numbers: dict[str, float]
    model: Net


@dataclass(frozen=True, kw_only=True)
class History:
    """Learning curves; entry e belongs to epoch e + 1, which is one pass over the training rows.

    Args:
        train_loss: mean of the batch losses met during the epoch, without the penalty, dropout included.
        train_accuracy: share of training rows that were right when their batch was met.
        val_loss: mean loss on the validation rows after the epoch; None without validation rows.
        val_accuracy: share of validation rows that are right after the epoch, as the rows weigh; None without them.
        elapsed_s: seconds since training began, compilation included.
        best_epoch: index of the epoch whose weights were kept: the first with the best validation accuracy, else the
            last of mini-batch descent, and the nearest to the optimum of a solver.
        idle_share: share of `elapsed_s` in which steps waited for rows of a file, in [0, 1]; 0 for rows in memory.
    Convention: what is waited is the time until the next rows are on the device, counted from when nothing is left to
        compute without them. Reading beside the computing is no waiting, even where it slows that down, nor is reading
        of validation rows.
    """

    train_loss: Float64[np.ndarray, " e"]
    train_accuracy: Float64[np.ndarray, " e"]
    val_loss: Float64[np.ndarray, " e"] | None
    val_accuracy: Float64[np.ndarray, " e"] | None
    elapsed_s: Float64[np.ndarray, " e"]
    best_epoch: int
    idle_share: float = 0.0

    @property
    def table(self) -> dict[str, Float64[np.ndarray, " e"]]:
        """The curves as columns, a row an epoch: `pandas.DataFrame(history.table)` is a tidy table."""
        return {"epoch": np.arange(1.0, self.n_epochs + 1), **self.curves}

    @property
    def n_epochs(self) -> int:
        """Number of epochs that were run."""
        return len(self.train_loss)

    @property
    def curves(self) -> dict[str, Float64[np.ndarray, " e"]]:
        """The curves that there are, by their names: without validation rows only those of training and time."""
        names = ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "elapsed_s")
        return {name: curve for name in names if (curve := getattr(self, name)) is not None}
