"""A fully-connected network of any depth and width."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import PRNGKeyArray

from foldline.core.checks import integer
from foldline.core.errors import SettingError
from foldline.core.seeds import generator_from_seed
from foldline.estimators.image_rows import check_augment, check_loaded_views
from foldline.estimators.net_classifier import NetClassifier
from foldline.estimators.rows import ClassWeight, drawn_rows
from foldline.models import MLP, Net, Stem, each_activation
from foldline.models.stem import SAMPLE_ROWS
from foldline.training import Augment, Loss, Optimizer, Precision, Rows, Sampling, Schedule


class MLPClassifier(NetClassifier):
    """Multi-layer perceptron s = W2 a(W1 x + b1) + b2, or deeper, trained by mini-batch descent.

    Minimises (1/N) sum_i L_i + l2 * sum of W^2 + l1 * sum of |W| over all layers, with the losses of
    `LinearClassifier`. Settings are checked in `fit`.

    Args:
        hidden: widths of the hidden layers, first to last, each at least 1; none for a linear classifier.
        activation: "relu", "leaky_relu", "elu", "softplus", "sigmoid", "tanh" or "identity"; or one for each hidden
            layer, such as ("relu", "tanh"); a stem's filters then have the first one's.
        stem: first layers for rows that are images, before the hidden ones (see `Stem`); None for none.
        dropout: share of hidden units switched off in each step, in [0, 1).
        loss: "softmax" or "svm" (Weston-Watkins).
        l1: strength of the penalty on absolute weights, at least 0.
        l2: strength of the penalty on squared weights, at least 0; the plain sum of squares, with no half.
        optimizer: "sgd", with momentum, or "adamw".
        lr: largest learning rate, above 0; "auto" lets the training rows say (see `foldline.training.automatic_rate`);
            the rate that was used is `lr_`.
        momentum: of SGD, in [0, 1); AdamW ignores it.
        nesterov: whether SGD looks ahead along its momentum.
        schedule: of the learning rate over the run: "constant"; "step", a tenth after 1/2 and a hundredth after 3/4 of
            it; "cosine", down to 0 along half a cosine; "one_cycle", up from a 25th over the first 3/10, then down to
            nearly 0, both along half cosines.
        warmup: share of the run over which the rate first rises in a straight line from nearly 0, in [0, 1).
        label_smoothing: share of the target probability that all classes are given alike, in [0, 1); of softmax alone.
        clip_norm: largest norm of the gradient of all layers together; longer ones are shortened to it; None for any.
        augment: how rows that are images are changed in each step (see `Augment`); None for not at all.
        average_views: whether scores are the means of those of several views of each row: mirrored and moved by half of
            its shift_px, as `augment` does.
        epochs: passes over the training rows, at least 1.
        batch_size: rows a step, at least 1; "auto" for a fiftieth of the rows, but from 8 to 128.
        sampling: which rows an epoch meets: "shuffled", all of them in a random order; "balanced", as many, but every
            class as often as any other: rare ones in several passes over their rows, of common ones a random part.
            Unlike class_weight="balanced", which counts each row of a rare class for more, it leaves the lengths of
            steps alike, and counts validation rows once each; both together would make up for rare classes twice.
        micro_batches: parts of a batch that are computed one after the other, for less memory; the step is the same.
        precision: in which each step computes scores and gradients: "float32"; "bfloat16", from copies of weights and
            rows that keep the first 8 of their 24 binary digits, while weights, losses and the optimiser stay float32;
            "auto", "bfloat16" on a GPU or TPU and "float32" on a CPU. Predictions are float32 always.
        early_stopping: whether to stop after `patience` epochs without a better validation accuracy.
        validation_fraction: share of the training rows, in (0, 1), held out for that when `fit` is given no validation
            rows.
        patience: epochs to wait, at least 1.
        class_weight: weights of the classes; "balanced" for the inverse of their frequencies; None for equal ones.
        random_state: seed of first weights, order of rows, dropout and augmentation.
    Convention: biases are not regularised; weights start as He's for ReLU and its kin, Glorot's otherwise.
    Example:
        >>> from sklearn.datasets import load_digits
        >>> X, y = load_digits(return_X_y=True)
        >>> MLPClassifier(hidden=(32,), epochs=5).fit(X / 16, y).score(X / 16, y) > 0.9
        True
    """

    model_: MLP

    def __init__(
        self,
        *,
        hidden: Sequence[int] = (100,),
        activation: str | Sequence[str] = "relu",
        stem: Stem | None = None,
        dropout: float = 0.0,
        loss: Loss = "softmax",
        l1: float = 0.0,
        l2: float = 1e-4,
        optimizer: Optimizer = "sgd",
        lr: float | Literal["auto"] = "auto",
        momentum: float = 0.9,
        nesterov: bool = True,
        schedule: Schedule = "cosine",
        warmup: float = 0.0,
        label_smoothing: float = 0.0,
        clip_norm: float | None = None,
        augment: Augment | None = None,
        average_views: bool = False,
        epochs: int = 30,
        batch_size: int | Literal["auto"] = "auto",
        sampling: Sampling = "shuffled",
        micro_batches: int = 1,
        precision: Precision = "float32",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        class_weight: ClassWeight = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.stem = stem
        self.dropout = dropout
        self.loss = loss
        self.l1 = l1
        self.l2 = l2
        self.optimizer = optimizer
        self.lr = lr
        self.momentum = momentum
        self.nesterov = nesterov
        self.schedule = schedule
        self.warmup = warmup
        self.label_smoothing = label_smoothing
        self.clip_norm = clip_norm
        self.augment = augment
        self.average_views = average_views
        self.epochs = epochs
        self.batch_size = batch_size
        self.sampling = sampling
        self.micro_batches = micro_batches
        self.precision = precision
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.class_weight = class_weight
        self.random_state = random_state

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together. Raises: ModelFileError if they do not."""
        super().check_loaded()
        check_loaded_views(self.augment, self.average_views, n_in=self.n_features_in_)

    def _architecture(self) -> dict[str, Any]:
        if not isinstance(self.hidden, tuple | list):
            raise SettingError(
                f"hidden is {self.hidden!r}; expected a tuple of widths such as (100,) or (256, 128). Change hidden."
            )
        check_augment(self.augment, average_views=self.average_views)
        if not isinstance(self.stem, Stem | None):
            raise SettingError(f"stem is {self.stem!r}; expected None or a Stem. Give one with image_shape.")
        widths = tuple(integer(width, name="a width in hidden", low=1) for width in self.hidden)
        if self.dropout and not widths and self.stem is None:
            raise SettingError(
                f"dropout is {self.dropout!r} and hidden is empty; expected hidden units to switch off. Set hidden, or "
                f"dropout to 0."
            )
        if not isinstance(self.activation, str | tuple | list):
            raise SettingError(
                f"activation is {self.activation!r}; expected a word such as 'relu', or a tuple with one for each "
                f"hidden layer. Change activation."
            )
        each_activation(self.activation, len(widths))
        activation = self.activation if isinstance(self.activation, str) else tuple(self.activation)
        return {"hidden": widths, "activation": activation}

    def _views(self) -> Augment | None:
        return self.augment if self.average_views else None

    def _first_model(self, train: Rows, *, key: PRNGKeyArray, seed: int) -> Net:
        if self.stem is None:
            return super()._first_model(train, key=key, seed=seed)
        stem, generator = self.stem.checked(n_in=train.X.shape[1]), generator_from_seed(seed)
        first = stem.first_layers(drawn_rows(train.X, SAMPLE_ROWS, generator=generator), generator=generator)
        n_in, n_out = len(first[-1].b), len(self.classes_)
        rest = MLP.random(n_in=n_in, n_out=n_out, **self._architecture(), key=key)
        activation = rest.activation
        if not isinstance(activation, str):
            activation = ("identity", (*activation, "relu")[0], "identity", *activation)
        return MLP((*first, *rest.layers), activation, linear=(0, 2), n_fixed=1)
