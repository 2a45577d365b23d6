"""The function whose landscape is looked at: what a fitted classifier minimises, on rows that are given."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Int, Int32
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from foldline.core.checks import axes
from foldline.core.errors import DataError, SettingError, ShapeError
from foldline.estimators import ImagePipeline, LinearClassifier, MLPClassifier, RidgeClassifier
from foldline.estimators.rows import ClassWeight, class_weights
from foldline.models import MLP, Linear
from foldline.training.losses import LOSSES, smoothed_softmax_losses
from foldline.training.objective import penalty

# Rows whose activations are in memory at once. Slices of nets 10-32-32-32-10 and 784-100-10 took 1.15 and 1.07 times
# as long with 500, 1.03 and 1.06 times with 5,000, 2.5 and 1.8 times with 250.
BLOCK_ROWS = 2_000

Block = tuple[Float32[np.ndarray, "m d"], Int32[np.ndarray, " m"], Float32[np.ndarray, " m"]]


def squares_losses(scores: Float[Array, "n k"], y: Int[Array, " n"]) -> Float[Array, " n"]:
    """Compute what least squares charges: L_i = sum_j (s_j - t_j)^2, t_j being 1 for the right class, -1 for others."""
    targets = jnp.where(jnp.arange(scores.shape[1]) == y[:, None], 1.0, -1.0)
    return jnp.sum((scores - targets) ** 2, axis=1)


ALL_LOSSES = {**LOSSES, "squares": squares_losses}


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """The objective F = (1/N) sum_i w_i L_i + l2 * sum of W^2 + l1 * sum of |W|, and the weights it was fitted to.

    Args:
        model: the net with its fitted weights.
        X: (N, D) feature vectors.
        y: (N,) labels in 0 ... K-1.
        weights: (N,) weights of the rows, mean 1.
        loss: key of ALL_LOSSES.
        l1, l2: strengths of the penalties.
        label_smoothing: share of the target probability that all classes are given alike.
    """

    model: MLP
    X: Float32[np.ndarray, "n d"]
    y: Int32[np.ndarray, " n"]
    weights: Float32[np.ndarray, " n"]
    loss: str
    l1: float = 0.0
    l2: float = 0.0
    label_smoothing: float = 0.0

    @classmethod
    def of(cls, model: BaseEstimator, X: np.ndarray, y: np.ndarray) -> "Problem":
        """Take the objective of a fitted classifier (see `loss_slice` for what may be given)."""
        if isinstance(model, ImagePipeline):
            check_is_fitted(model)
            _check_classifier(model.classifier_)
            axes(
                X,
                " ".join(["n", *map(str, model.image_shape_)]),
                name="X",
                fix="Give images with the size and the channels of the training images.",
            )
            X, model = np.asarray(model.features_.transform(X)), model.classifier_
        _check_classifier(model)
        check_is_fitted(model)
        n_rows, n_features = axes(X, "n d", name="X", fix="Give a feature vector a row; images go with a pipeline.")
        if n_features != model.n_features_in_:
            raise ShapeError(
                f"X has {n_features:,} numbers a row; expected {model.n_features_in_:,}, as the model was fitted to. "
                "Make the features in the same way."
            )
        y = np.asarray(y)
        axes(y, str(n_rows), name="y", fix="Give one label for each row.")
        if n_rows == 0:
            raise DataError("X holds no rows; expected at least one. Give some.")
        X = np.asarray(X, np.float32)
        if not np.isfinite(X).all():
            raise DataError("X holds NaN or infinity; expected finite numbers. Remove these rows.")
        labels = _labels(model.classes_, y)
        given = class_weights(_class_weight(model, y), model.classes_, y)
        weights = np.ones(n_rows) if given is None else given[labels]
        if not weights.any():
            raise DataError("class_weight is zero for all rows; expected one that counts. Give rows of other classes.")
        return cls(
            model=_net(model),
            X=X,
            y=labels,
            weights=(weights / weights.mean()).astype(np.float32),
            loss=getattr(model, "loss", "squares"),
            l1=float(getattr(model, "l1", 0.0)),
            l2=float(model.l2),
            label_smoothing=float(getattr(model, "label_smoothing", 0.0)),
        )

    def blocks(self, block_rows: int = BLOCK_ROWS) -> Iterator[Block]:
        """Give the rows a block at a time, the last filled up with rows of weight 0 so that one program serves all."""
        n = min(block_rows, len(self.y))
        for start in range(0, len(self.y), n):
            some = slice(start, start + n)
            lacking = n - len(self.y[some])
            yield (
                np.pad(self.X[some], ((0, lacking), (0, 0))),
                np.pad(self.y[some], (0, lacking)),
                np.pad(self.weights[some], (0, lacking)),
            )

    def exact(self, model: MLP) -> float:
        """Compute F of a net with float64 weights, all in float64."""
        with jax.enable_x64(True):
            sums = [
                float(_loss_sum(model, *map(_float64, block), loss=self.loss, label_smoothing=self.label_smoothing))
                for block in self.blocks()
            ]
            return sum(sums) / len(self.y) + float(penalty(model, l1=self.l1, l2=self.l2))


def row_losses(
    scores: Float[Array, "n k"], y: Int[Array, " n"], *, loss: str, label_smoothing: float
) -> Float[Array, " n"]:
    """Compute L_i of each row."""
    if label_smoothing:
        return smoothed_softmax_losses(scores, y, smoothing=label_smoothing)
    return ALL_LOSSES[loss](scores, y)


@partial(jax.jit, static_argnames=("loss", "label_smoothing"))
def _loss_sum(model: MLP, X: Array, y: Array, weights: Array, *, loss: str, label_smoothing: float) -> Array:
    return jnp.sum(weights * row_losses(model(X), y, loss=loss, label_smoothing=label_smoothing))


def _float64(array: np.ndarray) -> Array:
    return jnp.asarray(array.astype(np.float64) if array.dtype == np.float32 else array)


def _check_classifier(model: object) -> None:
    if not isinstance(model, LinearClassifier | MLPClassifier | RidgeClassifier):
        raise SettingError(
            f"model is a {type(model).__name__}; expected a LinearClassifier, an MLPClassifier or a RidgeClassifier, "
            "or a pipeline with one: others have no weights to move. Give one of these."
        )
    if getattr(model, "stem", None) is not None:
        raise SettingError(
            f"model has stem={model.stem!r}; expected None: landscapes are of nets all of whose layers are learned and "
            "followed by the activation. Give a net without a stem."
        )


def _class_weight(model: BaseEstimator, y: np.ndarray) -> ClassWeight:
    given: ClassWeight = getattr(model, "class_weight", None)
    lacking = sorted(set(model.classes_.tolist()) - set(y.tolist()), key=str)
    if isinstance(given, str) and lacking:
        raise DataError(
            f"class_weight is {given!r} and y lacks the class {lacking[0]!r}; expected rows of all classes, whose "
            "frequencies are the weights. Give more rows."
        )
    return given


def _labels(classes: np.ndarray, y: np.ndarray) -> Int32[np.ndarray, " n"]:
    unknown = sorted(set(y.tolist()) - set(classes.tolist()), key=str)
    if unknown:
        raise DataError(
            f"y holds {unknown[0]!r}; expected only classes that the model knows, {str(classes.tolist())[:60]}. Give "
            "rows of these."
        )
    return np.searchsorted(classes, y).astype(np.int32)


def _net(model: BaseEstimator) -> MLP:
    if isinstance(model, RidgeClassifier):
        return MLP((Linear(jnp.asarray(model.coef_), jnp.asarray(model.intercept_)),), "identity")
    net: MLP = model.model_
    return net
