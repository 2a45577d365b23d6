"""A convolutional network, trained end to end on pixels."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any, Literal

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from foldline.core.checks import choice
from foldline.core.errors import ModelFileError
from foldline.core.loaded import FIX
from foldline.estimators.image_rows import check_augment, check_loaded_views, image_shape_of_rows
from foldline.estimators.net_classifier import NetClassifier
from foldline.estimators.rows import ClassWeight, fitting_rate
from foldline.models import PLANS, AlexNet, Net
from foldline.training import Augment, Loss, Optimizer, Precision, Rows, Sampling, Schedule, TrainingSettings


class AlexNetClassifier(NetClassifier):
    """Convolutional network on raw pixels, trained by mini-batch descent from pixels to classes (see `AlexNet`).

    Five convolutions with ReLU and overlapping pooling, then three fully-connected layers. The objective is that of
    `MLPClassifier`; weights are regularised, biases are not. Settings are checked in `fit`.

    Args:
        size: "small", about a quarter of the paper's widths, for images of 12 to 64 pixels a side; "paper", for those
            of 227.
        image_shape: (H, W, C) of the images whose pixels the rows are; None for square ones, of three channels or one.
        dropout: share of the units of fully-connected hidden layers switched off in each step, in [0, 1).
        loss: "softmax" or "svm" (Weston-Watkins).
        l1: strength of the penalty on absolute weights, at least 0.
        l2: strength of the penalty on squared weights, at least 0; the plain sum of squares, with no half.
        optimizer: "sgd", with momentum, or "adamw".
        lr: largest learning rate, above 0; "auto" lets the training rows say, as for a net of one hidden layer as wide
            as the last one here; the rate that was used is `lr_`.
        momentum: of SGD, in [0, 1); AdamW ignores it.
        nesterov: whether SGD looks ahead along its momentum.
        schedule: of the learning rate over the run, as in `MLPClassifier`.
        warmup: share of the run over which the rate first rises in a straight line from nearly 0, in [0, 1).
        label_smoothing: share of the target probability that all classes are given alike, in [0, 1); of softmax alone.
        clip_norm: largest norm of the gradient of all layers together; longer ones are shortened to it; None for any.
        augment: how images are changed in each step (see `Augment`); None for not at all.
        average_views: whether scores are the means of those of several views of each row: mirrored and moved by half of
            its shift_px, as `augment` does; the paper takes ten.
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
    Raises: as `MLPClassifier`; SettingError for images that are too small, or rows that are not such images.
    Source: Krizhevsky, Sutskever, Hinton (2012), "ImageNet classification with deep convolutional neural networks".
    Example:
        >>> from sklearn.datasets import load_digits
        >>> digits = load_digits()
        >>> X = np.kron(digits.images, np.ones((2, 2))).reshape(-1, 256)[:300] / 16
        >>> model = AlexNetClassifier(image_shape=(16, 16, 1), epochs=2).fit(X, digits.target[:300])
        >>> model.predict(X).shape
        (300,)
    """

    model_: AlexNet

    def __init__(
        self,
        *,
        size: Literal["small", "paper"] = "small",
        image_shape: Sequence[int] | None = None,
        dropout: float = 0.5,
        loss: Loss = "softmax",
        l1: float = 0.0,
        l2: float = 1e-4,
        optimizer: Optimizer = "sgd",
        lr: float | Literal["auto"] = "auto",
        momentum: float = 0.9,
        nesterov: bool = True,
        schedule: Schedule = "cosine",
        warmup: float = 0.1,
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
        self.size = size
        self.image_shape = image_shape
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
        if self.average_views:
            check_augment(self.augment, image_shape=self.model_.image_shape)

    def _views(self) -> Augment | None:
        return self.augment if self.average_views else None

    def _architecture(self) -> dict[str, Any]:
        choice(self.size, tuple(PLANS), name="size")
        shape = image_shape_of_rows(self.image_shape, n_in=self.n_features_in_)
        check_augment(self.augment, average_views=self.average_views, image_shape=shape)
        PLANS[self.size].map_shape(shape)
        return {"image_shape": shape, "plan": PLANS[self.size]}

    def _first_model(self, train: Rows, *, key: PRNGKeyArray, seed: int) -> AlexNet:
        return AlexNet.random(n_out=len(self.classes_), **self._architecture(), key=key)

    def _with_rate(self, settings: TrainingSettings, train: Rows, model: Net, *, seed: int) -> TrainingSettings:
        if self.lr != "auto":
            return settings
        return replace(settings, lr=fitting_rate(train, settings, PLANS[self.size].hidden[-1:], seed=seed))

    def _check_loaded_layers(self, n_classes: int) -> None:
        net: object = self.model_
        if not isinstance(net, AlexNet):
            raise ModelFileError(f"model_ is a {type(net).__name__}; expected an AlexNet. {FIX}")
        shape, plan = net.image_shape, net.plan
        wanted = jax.eval_shape(
            partial(AlexNet.random, image_shape=shape, plan=plan, n_out=n_classes), key=jax.random.key(0)
        )
        shapes = [[leaf.shape for leaf in jax.tree.leaves(one)] for one in (net, wanted)]
        if prod(shape) != self.n_features_in_ or shapes[0] != shapes[1]:
            raise ModelFileError(
                f"the net has {len(shapes[0])} arrays for images of shape {shape} that do not fit "
                f"{self.n_features_in_} pixels and {n_classes} classes; expected those of shapes {shapes[1]}. {FIX}"
            )
