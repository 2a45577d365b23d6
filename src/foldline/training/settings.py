"""How to train: settings that shape the compiled program, and numbers that flow through it."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from foldline.core.checks import choice, integer, number
from foldline.core.errors import SettingError
from foldline.training.augment import Augment

Loss = Literal["softmax", "svm"]
Optimizer = Literal["sgd", "adamw"]
Schedule = Literal["constant", "step", "cosine", "one_cycle"]
Sampling = Literal["shuffled", "balanced"]
Precision = Literal["float32", "bfloat16", "auto"]
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
            it; "cosine", down to 0 along half a cosine; "one_cycle", up from a 25th over the first 3/10, then down to
            nearly 0, both along half cosines.
        warmup: share of the run over which the rate first rises in a straight line from nearly 0, in [0, 1).
        l1: strength of the absolute penalty on weights.
        l2: strength of the squared penalty on weights.
        dropout: share of hidden units switched off in each step, in [0, 1).
        label_smoothing: share of the target probability that all classes are given alike, in [0, 1); of softmax alone.
        loss_scale: what the losses, not the penalties, are multiplied by, above 0.
        clip_norm: largest norm of the gradient of all layers together, above 0; longer ones are shortened to it; None
            for any.
        augment: how rows that are images are changed in each step; None for not at all.
        epochs: passes over the training rows.
        batch_size: rows a step; smaller sets are one batch; "auto" for a fiftieth of the rows, from 8 to 128.
        sampling: which rows an epoch meets: "shuffled", all of them in a random order; "balanced", as many, but every
            class as often as any other (see `foldline.training.batches`).
        micro_batches: parts of a batch that are computed one after the other, for less memory; the step is the same.
        precision: of the scores and their gradients in each step: "float32"; "bfloat16", from copies of weights and
            rows that keep the first 8 of their 24 binary digits, while weights, losses and the optimiser stay float32;
            "auto", "bfloat16" on a GPU or TPU and "float32" on a CPU.
        patience: epochs without a better validation accuracy after which training stops; None never stops early.
    Raises: SettingError for a value outside its range.
    """

    loss: Loss = "softmax"
    optimizer: Optimizer = "sgd"
    lr: float = 0.1
    momentum: float = 0.9
    nesterov: bool = True
    schedule: Schedule = "cosine"
    warmup: float = 0.0
    l1: float = 0.0
    l2: float = 1e-4
    dropout: float = 0.0
    label_smoothing: float = 0.0
    loss_scale: float = 1.0
    clip_norm: float | None = None
    augment: Augment | None = None
    epochs: int = 30
    batch_size: int | Literal["auto"] = "auto"
    sampling: Sampling = "shuffled"
    micro_batches: int = 1
    precision: Precision = "float32"
    patience: int | None = None

    def __post_init__(self) -> None:
        choice(self.loss, get_args(Loss), name="loss")
        choice(self.optimizer, get_args(Optimizer), name="optimizer")
        choice(self.schedule, get_args(Schedule), name="schedule")
        choice(self.sampling, get_args(Sampling), name="sampling")
        choice(self.precision, get_args(Precision), name="precision")
        number(self.lr, name="lr", low=0.0, above=True)
        number(self.momentum, name="momentum", low=0.0, high=1.0, below=True)
        number(self.l1, name="l1", low=0.0)
        number(self.l2, name="l2", low=0.0)
        number(self.dropout, name="dropout", low=0.0, high=1.0, below=True)
        number(self.warmup, name="warmup", low=0.0, high=1.0, below=True)
        number(self.label_smoothing, name="label_smoothing", low=0.0, high=1.0, below=True)
        if self.label_smoothing and self.loss != "softmax":
            raise SettingError(
                f"label_smoothing is {self.label_smoothing:g} with loss={self.loss!r}; expected 0: only the softmax "
                "loss has target probabilities. Leave label_smoothing out, or take loss='softmax'."
            )
        number(self.loss_scale, name="loss_scale", low=0.0, above=True)
        if self.clip_norm is not None:
            number(self.clip_norm, name="clip_norm", low=0.0, above=True)
        integer(self.epochs, name="epochs", low=1)
        integer(self.micro_batches, name="micro_batches", low=1)
        if self.batch_size != "auto":
            integer(self.batch_size, name="batch_size", low=1)
        if self.patience is not None:
            integer(self.patience, name="patience", low=1)

    @property
    def computes_in_bfloat16(self) -> bool:
        """Whether the steps compute in bfloat16 on this machine."""
        has_it = jax.default_backend() != "cpu"
        return self.precision == "bfloat16" or (self.precision == "auto" and has_it)

    def rows_a_step(self, n_rows: int) -> int:
        """Give the size of a batch for a training set of `n_rows` rows."""
        # Fifty steps an epoch keep small sets from being under-trained; beyond 128 rows a step gains little speed.
        wanted = min(max(n_rows // 50, 8), 128) if self.batch_size == "auto" else self.batch_size
        rows = min(wanted, n_rows)
        if rows % self.micro_batches:
            raise SettingError(
                f"micro_batches is {self.micro_batches} and a batch has {rows} rows; expected parts of equal size. "
                "Give a batch_size that it divides."
            )
        return rows


class Hyper(NamedTuple):
    """The numbers of the settings as traced arrays: changing one recompiles nothing, and a population is an axis."""

    lr: Float[Array, ""]
    momentum: Float[Array, ""]
    l1: Float[Array, ""]
    l2: Float[Array, ""]
    dropout: Float[Array, ""]
    label_smoothing: Float[Array, ""]
    loss_scale: Float[Array, ""]
    clip_norm: Float[Array, ""]

    @classmethod
    def of(cls, settings: TrainingSettings) -> "Hyper":
        """Take the numbers out of the settings."""
        numbers = {name: getattr(settings, name) for name in cls._fields}
        if settings.clip_norm is None:
            numbers["clip_norm"] = float("inf")
        return cls(**{name: jnp.float32(value) for name, value in numbers.items()})


class Plan(NamedTuple):
    """What shapes the compiled program; hashable, so that equal plans share one."""

    loss: str
    optimizer: str
    nesterov: bool
    schedule: str
    total_steps: int
    warmup_steps: int
    micro_batches: int
    in_bfloat16: bool
    augment: Augment | None
    has_l1: bool
    has_dropout: bool
    has_label_smoothing: bool
    has_clip_norm: bool

    @classmethod
    def of(cls, settings: TrainingSettings, *, total_steps: int) -> "Plan":
        """Take what is not a number out of the settings."""
        return cls(
            loss=settings.loss,
            optimizer=settings.optimizer,
            nesterov=settings.nesterov,
            schedule=settings.schedule,
            total_steps=total_steps,
            warmup_steps=round(settings.warmup * total_steps),
            micro_batches=settings.micro_batches,
            in_bfloat16=settings.computes_in_bfloat16,
            augment=settings.augment,
            has_l1=settings.l1 > 0,
            has_dropout=settings.dropout > 0,
            has_label_smoothing=settings.label_smoothing > 0,
            has_clip_norm=settings.clip_norm is not None,
        )

    @property
    def has_chance(self) -> bool:
        """Whether a step draws random numbers."""
        return self.has_dropout or self.augment is not None
