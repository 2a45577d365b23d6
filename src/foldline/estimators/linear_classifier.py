"""A linear classifier: one template a class."""

from collections.abc import Sequence
from inspect import signature
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float32

from foldline.core.checks import choice, number
from foldline.core.errors import SettingError
from foldline.estimators.net_classifier import NetClassifier, Start
from foldline.estimators.rows import ClassWeight
from foldline.models import MLP, Net
from foldline.training import (
    Callback,
    Checkpoints,
    History,
    Loss,
    Optimizer,
    Rows,
    Sampling,
    Schedule,
    Solver,
    TrainingSettings,
    fit_svm_to_optimum,
    fit_to_optimum,
    has_optimum,
    optimality_gap,
    svm_optimality_gap,
)

# What solver="auto" takes for small. Of 50,000 rows of 3,528 numbers (HoG of CIFAR-10, softmax) "lbfgs" came to 1e-3 of
# the optimum in 17 passes, "sgd" to 3e-2 in 15. More rows were not measured; their passes say much the same again.
# The metric of "lbfgs" takes the cube of the number of features, 3 s at 3,528.
MOST_ROWS, MOST_FEATURES = 100_000, 4_096
OF_MINI_BATCHES = ("optimizer", "lr", "momentum", "nesterov", "schedule", "batch_size", "sampling")


class LinearClassifier(NetClassifier):
    """Linear classifier s = W x + b with softmax or multiclass SVM loss, by mini-batch descent or at its optimum.

    Minimises (1/N) sum_i L_i + l2 * sum of W^2 + l1 * sum of |W|, where L_i is the cross-entropy of the softmax of s or
    the hinge sum over j != y_i of max(0, s_j - s_{y_i} + 1). Settings are checked in `fit`.

    `optimality_gap_` bounds how far the objective of the kept weights is above its minimum: by a gradient for the
    softmax, by a duality gap for the SVM. It is None where it cannot be stated: with l2 of 0, l1 above 0, rows that are
    codes, a class without weight, or balanced sampling. After "sgd" it is often no less than the objective itself,
    because the proof wants a small gradient, which a noisy descent does not end with. "lbfgs" ends when it is a
    millionth of the first objective of a softmax, or a thousandth of the minimum of an SVM.

    Args:
        solver: "sgd", mini-batch descent with the optimiser below; "lbfgs", which goes to the optimum, wants l2 above 0
            and l1 of 0, refuses balanced sampling, and takes no notice of optimizer, lr, momentum, nesterov, schedule
            and batch_size; or "auto": "lbfgs" if there is an optimum, at most 100,000 rows of at most 4,096 numbers,
            and none of these settings is changed, else "sgd". Features that are strongly correlated, such as bags of
            visual words, want "lbfgs"; an optimum leans on its rows as far as l2 lets it, and wants a larger l2 than a
            few epochs of descent.
        loss: "softmax" or "svm" (Weston-Watkins).
        l1: strength of the penalty on absolute weights, at least 0.
        l2: strength of the penalty on squared weights, at least 0; the plain sum of squares, with no half.
        optimizer: "sgd", with momentum, or "adamw".
        lr: largest learning rate, above 0; "auto" lets the training rows say (see `foldline.training.automatic_rate`);
            the rate that was used is `lr_`, None for "lbfgs".
        momentum: of SGD, in [0, 1); AdamW ignores it.
        nesterov: whether SGD looks ahead along its momentum.
        schedule: of the learning rate over the run: "constant"; "step", a tenth after 1/2 and a hundredth after 3/4 of
            it; "cosine", down to 0 along half a cosine; "one_cycle", up from a 25th over the first 3/10, then down to
            nearly 0, both along half cosines.
        epochs: passes over the training rows, at least 1; for "lbfgs", whose steps take a pass each, the most there may
            be: 50 to 200 reach the optimum of most sets, up to 400 that of an SVM.
        batch_size: rows a step, at least 1; "auto" for a fiftieth of the rows, but from 8 to 128.
        sampling: which rows an epoch meets: "shuffled", all of them in a random order; "balanced", as many, but every
            class as often as any other: rare ones in several passes over their rows, of common ones a random part.
            Unlike class_weight="balanced", which counts each row of a rare class for more, it leaves the lengths of
            steps alike, and counts validation rows once each; both together would make up for rare classes twice.
        early_stopping: whether to stop after `patience` epochs without a better validation accuracy.
        validation_fraction: share of the training rows, in (0, 1), held out for that when `fit` is given no validation
            rows.
        patience: epochs to wait, at least 1.
        class_weight: weights of the classes; "balanced" for the inverse of their frequencies; None for equal ones.
        random_state: seed of the order of rows.
    Convention: biases are not regularised; weights start at 0.
    Source: Bishop (2006), eq. 4.108, for the softmax; Weston and Watkins (1999), eq. 10, without their factor of two.
    Example:
        >>> from sklearn.datasets import load_digits
        >>> X, y = load_digits(return_X_y=True)
        >>> LinearClassifier(epochs=5).fit(X / 16, y).score(X / 16, y) > 0.9
        True
    """

    optimality_gap_: float | None = None

    model_: MLP

    def __init__(
        self,
        *,
        solver: Solver = "sgd",
        loss: Loss = "softmax",
        l1: float = 0.0,
        l2: float = 1e-4,
        optimizer: Optimizer = "sgd",
        lr: float | Literal["auto"] = "auto",
        momentum: float = 0.9,
        nesterov: bool = True,
        schedule: Schedule = "cosine",
        epochs: int = 30,
        batch_size: int | Literal["auto"] = "auto",
        sampling: Sampling = "shuffled",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        class_weight: ClassWeight = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.solver = solver
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
        self.sampling = sampling
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

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together. Raises: ModelFileError if they do not."""
        super().check_loaded()
        choice(self.solver, get_args(Solver), name="solver")
        if self.optimality_gap_ is not None:
            number(self.optimality_gap_, name="optimality_gap_", low=0.0)

    def _architecture(self) -> dict[str, Any]:
        return {}

    def _settings(self) -> TrainingSettings:
        choice(self.solver, get_args(Solver), name="solver")
        settings = super()._settings()
        if self.solver == "lbfgs":
            _check_solvable(settings)
        return settings

    def _train_(self, start: Start, *, checkpoints: Checkpoints | None, callbacks: Sequence[Callback]) -> None:
        train, settings = start.train, start.settings
        gap_is_known = has_optimum(train, settings=settings, n_classes=len(self.classes_))
        if self.solver == "lbfgs" or (self.solver == "auto" and gap_is_known and self._suits_lbfgs(train)):
            self.lr_ = None
            assert isinstance(start.model, MLP), "the first net is one layer"
            solve = {"softmax": fit_to_optimum, "svm": fit_svm_to_optimum}[settings.loss]
            self.model_, self.history_, self.optimality_gap_ = solve(
                start.model, train, settings=settings, val=start.val
            )
            return
        super()._train_(start, checkpoints=checkpoints, callbacks=callbacks)
        gap = {"softmax": optimality_gap, "svm": svm_optimality_gap}[settings.loss]
        self.optimality_gap_ = gap(self.model_, train, settings=settings) if gap_is_known else None

    def _adopt(self, start: Start, model: Net, history: History) -> None:
        self.optimality_gap_ = None
        super()._adopt(start, model, history)

    def _takes_batches(self) -> bool:
        return self.solver != "lbfgs"

    def _with_rate(self, settings: TrainingSettings, train: Rows, model: Net, *, seed: int) -> TrainingSettings:
        return settings if self.solver == "lbfgs" else super()._with_rate(settings, train, model, seed=seed)

    def _suits_lbfgs(self, train: Rows) -> bool:
        n_rows, n_features = train.numbers.shape
        chosen = self.get_params(deep=False)
        defaults = {name: setting.default for name, setting in signature(type(self)).parameters.items()}
        is_sgd_meant = any(chosen[name] != defaults[name] for name in OF_MINI_BATCHES)
        return n_rows <= MOST_ROWS and n_features <= MOST_FEATURES and not is_sgd_meant


def _check_solvable(settings: TrainingSettings) -> None:
    for name, value, wanted, is_met in (
        ("l1", f"{settings.l1:g}", "0, without which the objective is not smooth", settings.l1 == 0),
        ("l2", f"{settings.l2:g}", "a number above 0, without which there may be no optimum", settings.l2 > 0),
        (
            "sampling",
            repr(settings.sampling),
            "'shuffled', as it computes with all rows at once, where class_weight='balanced' serves",
            settings.sampling == "shuffled",
        ),
    ):
        if not is_met:
            raise SettingError(
                f"{name} is {value} with solver='lbfgs'; expected {wanted}. Change {name}, or take solver='sgd'."
            )
