"""A randomly wired network."""

from dataclasses import replace
from functools import partial
from typing import Any, Literal

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from foldline.core.checks import integer
from foldline.core.errors import ModelFileError
from foldline.core.loaded import FIX
from foldline.estimators.net_classifier import NetClassifier
from foldline.estimators.rows import ClassWeight, fitting_rate
from foldline.models import Net, RandWire, Wiring, random_wiring
from foldline.training import Loss, Optimizer, Rows, Schedule, TrainingSettings

MAX_WIDTH = 4096


class RandomlyWiredClassifier(NetClassifier):
    """Network wired as a random graph, trained by mini-batch descent (see `RandWire`).

    Each node adds up what feeds it, with learned positive weights, then takes ReLU and a layer of `width` units. The
    objective is that of `MLPClassifier`; only weight matrices are regularised. Settings are checked in `fit`.

    Args:
        graph: "ws" for Watts and Strogatz, "er" for Erdős and Rényi, "ba" for Barabási and Albert.
        nodes: number of nodes, from 2 to 512.
        width: units of each node, from 1 to 4,096.
        p: of "er" the probability of an edge, None for 0.2; of "ws" that of turning one, None for 0.75.
        k: neighbours in the ring of "ws", even, None for 4.
        m: edges of each new node of "ba", None for 5.
        graph_seed: decides the graph; `random_state` decides all else.
        dropout: share of units switched off in each step, in [0, 1), in what the first layer gives and the last reads.
        loss: "softmax" or "svm" (Weston-Watkins).
        l1: strength of the penalty on absolute weights, at least 0.
        l2: strength of the penalty on squared weights, at least 0; the plain sum of squares, with no half.
        optimizer: "sgd", with momentum, or "adamw".
        lr: largest learning rate, above 0; "auto" lets the training rows say, as for a net of one hidden layer of
            `width` units; the rate that was used is `lr_`.
        momentum: of SGD, in [0, 1); AdamW ignores it.
        nesterov: whether SGD looks ahead along its momentum.
        schedule: of the learning rate over the run, as in `MLPClassifier`.
        warmup: share of the run over which the rate first rises in a straight line from nearly 0, in [0, 1).
        label_smoothing: share of the target probability that all classes are given alike, in [0, 1); of softmax alone.
        clip_norm: largest norm of the gradient of all layers together; longer ones are shortened to it; None for any.
        epochs: passes over the training rows, at least 1.
        batch_size: rows a step, at least 1; "auto" for a fiftieth of the rows, but from 8 to 128.
        micro_batches: parts of a batch that are computed one after the other, for less memory; the step is the same.
        early_stopping: whether to stop after `patience` epochs without a better validation accuracy.
        validation_fraction: share of the training rows, in (0, 1), held out for that when `fit` is given no validation
            rows.
        patience: epochs to wait, at least 1.
        class_weight: weights of the classes; "balanced" for the inverse of their frequencies; None for equal ones.
        random_state: seed of first weights, order of rows and dropout.
    Raises: as `MLPClassifier`; SettingError for a setting that the graph does not have.
    Convention: the defaults of the graph are the paper's.
    Source: Xie, Kirillov, Girshick, He (2019), "Exploring randomly wired neural networks for image recognition".
    Example:
        >>> from sklearn.datasets import load_digits
        >>> X, y = load_digits(return_X_y=True)
        >>> model = RandomlyWiredClassifier(nodes=6, width=16, epochs=5).fit(X / 16, y)
        >>> model.score(X / 16, y) > 0.9
        True
    """

    model_: RandWire

    def __init__(
        self,
        *,
        graph: Literal["ws", "er", "ba"] = "ws",
        nodes: int = 32,
        width: int = 64,
        p: float | None = None,
        k: int | None = None,
        m: int | None = None,
        graph_seed: int = 0,
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
        epochs: int = 30,
        batch_size: int | Literal["auto"] = "auto",
        micro_batches: int = 1,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        class_weight: ClassWeight = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.graph = graph
        self.nodes = nodes
        self.width = width
        self.p = p
        self.k = k
        self.m = m
        self.graph_seed = graph_seed
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
        self.epochs = epochs
        self.batch_size = batch_size
        self.micro_batches = micro_batches
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.class_weight = class_weight
        self.random_state = random_state

    def wiring(self) -> Wiring:
        """Draw the graph that the settings mean. Raises: SettingError for one outside its range."""
        return random_wiring(self.graph, n=self.nodes, seed=self.graph_seed, p=self.p, k=self.k, m=self.m)

    def _architecture(self) -> dict[str, Any]:
        width = integer(self.width, name="width", low=1, high=MAX_WIDTH)
        return {"width": width, "wiring": self.wiring()}

    def _first_model(self, train: Rows, *, key: PRNGKeyArray, seed: int) -> RandWire:
        return RandWire.random(n_in=train.X.shape[1], n_out=len(self.classes_), **self._architecture(), key=key)

    def _with_rate(self, settings: TrainingSettings, train: Rows, model: Net, *, seed: int) -> TrainingSettings:
        if self.lr != "auto":
            return settings
        return replace(settings, lr=fitting_rate(train, settings, (self.width,), seed=seed))

    def _check_loaded_layers(self, n_classes: int) -> None:
        net: object = self.model_
        if not isinstance(net, RandWire):
            raise ModelFileError(f"model_ is a {type(net).__name__}; expected a wired net. {FIX}")
        shapes = [leaf.shape for leaf in jax.tree.leaves(net)]
        width, wiring = len(net.inlet.b), net.wiring
        wanted = _shapes(self.n_features_in_, n_classes, width, wiring)
        if shapes != wanted:
            raise ModelFileError(
                f"the net has arrays of {len(shapes)} shapes that do not fit a graph of {wiring.n_nodes} nodes and "
                f"{len(wiring.edges)} edges, {self.n_features_in_} features and {n_classes} classes; expected "
                f"{len(wanted)} that do. {FIX}"
            )


def _shapes(n_in: int, n_out: int, width: int, wiring: Wiring) -> list[tuple[int, ...]]:
    first: RandWire = jax.eval_shape(
        partial(RandWire.random, n_in=n_in, n_out=n_out, width=width, wiring=wiring), key=jax.random.key(0)
    )
    return [leaf.shape for leaf in jax.tree.leaves(first)]
