"""How to train: settings that shape the compiled program, and numbers that flow through it."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import jax.numpy as jnp
from jaxtyping import Array, Float

from foldline.core.checks import choice, integer, number

Loss = Literal["softmax", "svm"]
Optimizer = Literal["sgd", "adamw"]
Schedule = Literal["constant", "step", "cosine"]
Solver = Literal["auto", "sgd", "lbfgs"]


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Everything that decides how a model is trained.

    Args:
        loss: "softmax" or "svm".
        optimizer: "sgd" (with momentum) or "adamw".
        lr: largest learning rate, above 0.
        momentum: of SGD, in [0, 1); AdamW ignores it.
        nesterov: whether SGD looks ahead along its momentum.
        schedule: learning rate over the run: "constant"; "step", a tenth after 1/2 and a hundredth after 3/4 of
            it; "cosine", down to 0 along half a cosine.
        l1: strength of the absolute penalty on weights.
        l2: strength of the squared penalty on weights.
        dropout: share of hidden units switched off in each step, in [0, 1).
        epochs: passes over the training rows.
        batch_size: rows a step; smaller sets are one batch; "auto" for a fiftieth of the rows, from 8 to 128.
        patience: epochs without a better validation accuracy after which training stops; None never stops early.
    Raises: SettingError for a value outside its range.
    """

    loss: Loss = "softmax"
    optimizer: Optimizer = "sgd"
    lr: float = 0.1
    momentum: float = 0.9
    nesterov: bool = True
    schedule: Schedule = "cosine"
    l1: float = 0.0
    l2: float = 1e-4
    dropout: float = 0.0
    epochs: int = 30
    batch_size: int | Literal["auto"] = "auto"
    patience: int | None = None

    def __post_init__(self) -> None:
        choice(self.loss, get_args(Loss), name="loss")
        choice(self.optimizer, get_args(Optimizer), name="optimizer")
        choice(self.schedule, get_args(Schedule), name="schedule")
        number(self.lr, name="lr", low=0.0, above=True)
        number(self.momentum, name="momentum", low=0.0, high=1.0, below=True)
        number(self.l1, name="l1", low=0.0)
        number(self.l2, name="l2", low=0.0)
        number(self.dropout, name="dropout", low=0.0, high=1.0, below=True)
        integer(self.epochs, name="epochs", low=1)
        if self.batch_size != "auto":
            integer(self.batch_size, name="batch_size", low=1)
        if self.patience is not None:
            integer(self.patience, name="patience", low=1)

    def rows_a_step(self, n_rows: int) -> int:
        """Give the size of a batch for a training set of `n_rows` rows."""
        # Fifty steps an epoch keep small sets from being under-trained; beyond 128 rows a step gains little speed.
        wanted = min(max(n_rows // 50, 8), 128) if self.batch_size == "auto" else self.batch_size
        return min(wanted, n_rows)


class Hyper(NamedTuple):
    """The numbers of the settings as traced arrays: changing one recompiles nothing, and a population is an axis."""

    lr: Float[Array, ""]
    momentum: Float[Array, ""]
    l1: Float[Array, ""]
    l2: Float[Array, ""]
    dropout: Float[Array, ""]

    @classmethod
    def of(cls, settings: TrainingSettings) -> "Hyper":
        """Take the numbers out of the settings."""
        return cls(*(jnp.float32(getattr(settings, name)) for name in cls._fields))


class Plan(NamedTuple):
    """What shapes the compiled program; hashable, so that equal plans share one."""

    loss: str
    optimizer: str
    nesterov: bool
    schedule: str
    total_steps: int
    has_l1: bool
    has_dropout: bool

    @classmethod
    def of(cls, settings: TrainingSettings, *, total_steps: int) -> "Plan":
        """Take what is not a number out of the settings."""
        return cls(
            settings.loss,
            settings.optimizer,
            settings.nesterov,
            settings.schedule,
            total_steps,
            settings.l1 > 0,
            settings.dropout > 0,
        )
