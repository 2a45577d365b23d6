"""A linear classifier: one template a class."""

from typing import Any, Literal

import numpy as np
from jaxtyping import Float32

from foldline.estimators.net_classifier import ClassWeight, NetClassifier


class LinearClassifier(NetClassifier):
    """Linear classifier s = W x + b with softmax or multiclass SVM loss, trained by mini-batch descent.

    Args:
        loss: "softmax" or "svm" (Weston-Watkins).
        l1: strength of the penalty on absolute weights.
        l2: strength of the penalty on squared weights.
        optimizer: "sgd" or "adamw".
        lr: largest learning rate; "auto" lets the training rows say (see `foldline.training.automatic_rate`); the rate
            that was used is `lr_`.
        momentum: of SGD, in [0, 1).
        nesterov: whether SGD looks ahead along its momentum.
        schedule: "constant", "step" or "cosine".
        epochs: passes over the training rows.
        batch_size: rows a step; "auto" for a fiftieth of the rows, but from 8 to 128.
        early_stopping: whether to stop after `patience` epochs without a better validation accuracy.
        validation_fraction: share of the training rows held out for that when `fit` is given no validation rows.
        patience: epochs to wait.
        class_weight: weights of the classes; "balanced" for the inverse of their frequencies; None for equal ones.
        random_state: seed of first weights and order of rows.
    Example:
        >>> from sklearn.datasets import load_digits
        >>> X, y = load_digits(return_X_y=True)
        >>> LinearClassifier(epochs=5).fit(X / 16, y).score(X / 16, y) > 0.9
        True
    """

    def __init__(
        self,
        *,
        loss: str = "softmax",
        l1: float = 0.0,
        l2: float = 1e-4,
        optimizer: str = "sgd",
        lr: float | Literal["auto"] = "auto",
        momentum: float = 0.9,
        nesterov: bool = True,
        schedule: str = "cosine",
        epochs: int = 30,
        batch_size: int | Literal["auto"] = "auto",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        class_weight: ClassWeight = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.loss = loss
        self.l1 = l1
        self.l2 = l2
        self.optimizer = optimizer
        self.lr = lr
        self.momentum = momentum
        self.nesterov = nesterov
        self.schedule = schedule
        self.epochs = epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.class_weight = class_weight
        self.random_state = random_state

    @property
    def coef_(self) -> Float32[np.ndarray, "k d"]:
        """W, one template a row, in the order of `classes_`; K rows also for two classes."""
        return np.asarray(self.model_.layers[0].W)

    @property
    def intercept_(self) -> Float32[np.ndarray, " k"]:
        """The biases b."""
        return np.asarray(self.model_.layers[0].b)

    def _architecture(self) -> dict[str, Any]:
        return {}
