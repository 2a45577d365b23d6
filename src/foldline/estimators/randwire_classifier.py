"""A randomly wired network."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any, Literal

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from foldline.core.checks import integer
from foldline.core.errors import ModelFileError, SettingError
from foldline.core.loaded import FIX
from foldline.estimators.image_rows import check_augment, image_shape_of_rows
from foldline.estimators.net_classifier import NetClassifier
from foldline.estimators.rows import ClassWeight, fitting_rate
from foldline.models import Net, RandWire, RandWireOnImages, Wiring, random_wiring
from foldline.models.randwire_images import check_large_enough
from foldline.training import Augment, Loss, Optimizer, Precision, Rows, Sampling, Schedule, TrainingSettings

MAX_WIDTH = 4096
MAX_STAGES = 5
# 8 nodes of 16 units told 79.6 % of the built-in clothes apart after four passes at 0.05 and at 0.2 alike.
RATES_ON_IMAGES = {"sgd": 0.1, "adamw": 0.003}


class RandomlyWiredClassifier(NetClassifier):
    """Network wired as a random graph, trained by mini-batch descent (see `RandWire`).

    Each node adds up what feeds it, with learned positive weights, then takes ReLU and a layer of `width` units. With
    `stages` the rows are raw pixels, and nodes are separable convolutions (see `RandWireOnImages`). The objective is
    that of `MLPClassifier`; only weight matrices are regularised. Settings are checked in `fit`.

    Args:
        graph: "ws" for Watts and Strogatz, "er" for Erdős and Rényi, "ba" for Barabási and Albert, "chain"
            for nodes in a row, which is no random graph.
        nodes: number of nodes, from 2 to 512.
        width: units of each node, from 1 to 4,096; with stages those of the first, doubled in each later one.
        stages: graphs one after the other, from 1 to 5, on images whose sides each of them halves; None for one graph
            on feature vectors.
        image_shape: (H, W, C) of the images whose pixels the rows are; None for square ones, of three channels or one.
            Of stages alone.
        p: of "er" the probability of an edge, None for 0.2; of "ws" that of turning one, None for 0.75.
        k: neighbours in the ring of "ws", even, None for 4.
        m: edges of each new node of "ba", None for 5.
        graph_seed: decides the graph, and with 1, 2, ... added to it those of later stages; `random_state` decides all
            else.
        dropout: share of units switched off in each step, in [0, 1), in what the first layer gives and the last reads;
            with stages in what the last reads.
        loss: "softmax" or "svm" (Weston-Watkins).
        l1: strength of the penalty on absolute weights, at least 0.
        l2: strength of the penalty on squared weights, at least 0; the plain sum of squares, with no half.
        optimizer: "sgd", with momentum, or "adamw".
        lr: largest learning rate, above 0; "auto" lets the training rows say, as for a net of one hidden layer of
            `width` units, and is 0.1 with stages, 0.003 for AdamW, as normalised nodes hardly depend on them; the rate
            that was used is `lr_`.
        momentum: of SGD, in [0, 1); AdamW ignores it.
        nesterov: whether SGD looks ahead along its momentum.
        schedule: of the learning rate over the run, as in `MLPClassifier`.
        warmup: share of the run over which the rate first rises in a straight line from nearly 0, in [0, 1).
        label_smoothing: share of the target probability that all classes are given alike, in [0, 1); of softmax alone.
        clip_norm: largest norm of the gradient of all layers together; longer ones are shortened to it; None for any.
        augment: how images are changed in each step (see `Augment`); None for not at all.
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
    Raises: as `MLPClassifier`; SettingError for a setting that the graph does not have, images that are too small or
        rows that are no such images.
    Convention: the defaults of the graph are the paper's.
    Source: Xie, Kirillov, Girshick, He (2019), "Exploring randomly wired neural networks for image recognition".
    Example:
        >>> from sklearn.datasets import load_digits
        >>> X, y = load_digits(return_X_y=True)
        >>> model = RandomlyWiredClassifier(nodes=6, width=16, epochs=5).fit(X / 16, y)
        >>> model.score(X / 16, y) > 0.9
        True
    """

    model_: RandWire | RandWireOnImages

    def __init__(
        self,
        *,
        graph: Literal["ws", "er", "ba", "chain"] = "ws",
        nodes: int = 32,
        width: int = 64,
        stages: int | None = None,
        image_shape: Sequence[int] | None = None,
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
        augment: Augment | None = None,
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
        self.graph = graph
        self.nodes = nodes
        self.width = width
        self.stages = stages
        self.image_shape = image_shape
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
        self.augment = augment
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

    def wiring(self, stage: int = 0) -> Wiring:
        """Draw the graph that the settings mean.

        Args:
            stage: which of several, from 0.
        Raises: SettingError for a setting outside its range, or a stage that there is not.
        """
        integer(stage, name="stage", low=0, high=(self.stages or 1) - 1)
        seed = integer(self.graph_seed, name="graph_seed", low=0, high=2**32 - 1 - stage) + stage
        return random_wiring(self.graph, n=self.nodes, seed=seed, p=self.p, k=self.k, m=self.m)

    def _architecture(self) -> dict[str, Any]:
        width = integer(self.width, name="width", low=1, high=MAX_WIDTH)
        check_augment(self.augment)
        if self.stages is None:
            if self.image_shape is not None:
                raise SettingError(
                    f"image_shape is {self.image_shape!r} and stages is None; expected stages with it, of nodes that "
                    f"are convolutions. Set stages, for example to 3, or leave image_shape out."
                )
            return {"width": width, "wiring": self.wiring()}
        n_stages = integer(self.stages, name="stages", low=1, high=MAX_STAGES)
        shape = image_shape_of_rows(self.image_shape, n_in=self.n_features_in_)
        check_augment(self.augment, image_shape=shape)
        check_large_enough(shape, n_stages=n_stages)
        return {"width": width, "image_shape": shape, "wirings": [self.wiring(stage) for stage in range(n_stages)]}

    def _first_model(self, train: Rows, *, key: PRNGKeyArray, seed: int) -> RandWire | RandWireOnImages:
        n_out = len(self.classes_)
        if self.stages is not None:
            return RandWireOnImages.random(n_out=n_out, **self._architecture(), key=key)
        return RandWire.random(n_in=train.X.shape[1], n_out=n_out, **self._architecture(), key=key)

    def _with_rate(self, settings: TrainingSettings, train: Rows, model: Net, *, seed: int) -> TrainingSettings:
        if self.lr != "auto":
            return settings
        if self.stages is not None:
            return replace(settings, lr=RATES_ON_IMAGES[self.optimizer])
        return replace(settings, lr=fitting_rate(train, settings, (self.width,), seed=seed))

    def _check_loaded_layers(self, n_classes: int) -> None:
        net: object = self.model_
        if isinstance(net, RandWireOnImages):  # whose arrays were checked when they were read
            if (prod(net.image_shape), len(net.outlet.b)) != (self.n_features_in_, n_classes):
                raise ModelFileError(
                    f"the net is one for images of shape {net.image_shape} and {len(net.outlet.b)} classes; expected "
                    f"{self.n_features_in_} pixels and {n_classes} classes. {FIX}"
                )
            return
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
