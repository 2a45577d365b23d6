"""What the linear classifier and the network share: scikit-learn's interface around one training run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, Self, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Float32, Float64, Int32, PRNGKeyArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from foldline.core.checks import axes, choice, number
from foldline.core.errors import DataError, ModelFileError, SettingError
from foldline.core.loaded import FIX
from foldline.core.seeds import generator_from_seed, key_from_seed, seed_from_random_state
from foldline.estimators.class_indices import class_indices
from foldline.estimators.loaded import loaded_classes
from foldline.estimators.weights import checked_weights
from foldline.models import MLP
from foldline.training import CodedRows, History, Loss, Rows, TrainingSettings, automatic_rate, fit_model

Matrix = Float[np.ndarray, "n d"]
ClassWeight = Mapping[Any, float] | Literal["balanced"] | None

# Every number of rows is padded up to one of these, so that predicting compiles at most four programs.
CHUNK_ROWS = (1, 16, 256, 4096)


def _has_probabilities(classifier: "NetClassifier") -> bool:
    if classifier.loss == "softmax":
        return True
    raise AttributeError(
        "predict_proba is not there with loss='svm': SVM scores are margins, not probabilities. Use "
        "decision_function, or loss='softmax'."
    )


class NetClassifier(ClassifierMixin, BaseEstimator):
    """Base of the classifiers that are nets, with or without hidden layers; use a subclass."""

    loss: Loss
    lr: float | Literal["auto"]
    early_stopping: bool
    validation_fraction: float
    patience: int
    class_weight: ClassWeight
    random_state: int | np.random.RandomState | None
    classes_: np.ndarray
    model_: MLP
    history_: History
    lr_: float | None
    n_features_in_: int

    def fit(
        self,
        X: Matrix | CodedRows,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        *,
        validation: tuple[Float[np.ndarray, "m d"] | CodedRows, np.ndarray] | None = None,
    ) -> Self:
        """Train on feature vectors and their labels.

        Args:
            X: (N, D) finite numbers, best near mean 0 and deviation 1; computed with as float32. Or their codes, which
                are decoded a batch at a time (see `ImagePipeline`).
            y: (N,) labels of any type, at least two different ones.
            sample_weight: (N,) non-negative weights of the rows; None for equal ones.
            validation: feature vectors and labels that choose the epoch whose weights are kept; None takes
                `validation_fraction` of the rows if `early_stopping`, else keeps the last epoch's, or what is nearest
                to the optimum.
        Raises: SettingError for a setting outside its range; DataError if there is one class only, or no weight on one
            side; DivergedError if the loss becomes NaN or infinite; ValueError from scikit-learn for arrays it does
            not take.
        Convention: rows count by sample weight times class weight, in the loss and in the validation accuracy that
            chooses the epoch; rows given as `validation` have class weights only.
        """
        X, y = self._checked_rows(X, y, reset=True)
        architecture, seed = self._architecture(), seed_from_random_state(self.random_state)
        settings = self._settings()
        self.classes_, labels = class_indices(y)
        train, val = self._rows(X, y, labels, sample_weight=sample_weight, validation=validation, seed=seed)
        first_key, training_key = jax.random.split(key_from_seed(seed))
        model = MLP.random(n_in=X.shape[1], n_out=len(self.classes_), **architecture, key=first_key)
        self._train_(model, train, val, settings=settings, key=training_key, seed=seed)
        return self

    def scores(self, X: Matrix) -> Float32[np.ndarray, "n k"]:
        """Compute the class scores s, one column a class in the order of `classes_`.

        Args:
            X: (N, D) finite numbers.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return np.concatenate([self._scores_of_chunk(chunk) for chunk in _chunks(X)])

    def decision_function(self, X: Matrix) -> Float32[np.ndarray, "n ..."]:
        """Compute the class scores, (N, K); with two classes how much the second leads, (N,)."""
        scores = self.scores(X)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: Matrix) -> np.ndarray:
        """Give the class with the largest score for every row."""
        best = np.argmax(self.scores(X), axis=1)
        return np.asarray(self.classes_[best])

    @available_if(_has_probabilities)
    def predict_proba(self, X: Matrix) -> Float32[np.ndarray, "n k"]:
        """Compute the softmax of the scores; rows sum to 1. Only with loss="softmax"."""
        scores = self.scores(X)
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together. Raises: ModelFileError if they do not."""
        n_classes = loaded_classes(self.classes_)
        choice(self.loss, get_args(Loss), name="loss")
        if self.lr_ is not None:
            number(self.lr_, name="lr_", low=0.0, above=True)
        shapes = [layer.W.shape for layer in self.model_.layers]
        if [self.n_features_in_, *(n_out for n_out, _ in shapes)] != [*(n_in for _, n_in in shapes), n_classes]:
            raise ModelFileError(
                f"the layers have weights of shapes {shapes} for {self.n_features_in_} features and {n_classes} "
                f"classes; expected each to take what the one before gives. {FIX}"
            )

    def _architecture(self) -> dict[str, Any]:
        raise NotImplementedError

    def _train_(
        self, model: MLP, train: Rows, val: Rows | None, *, settings: TrainingSettings, key: PRNGKeyArray, seed: int
    ) -> None:
        """Set what the rows teach, by mini-batch descent."""
        if self.lr == "auto":
            hidden = [len(layer.b) for layer in model.layers[:-1]]
            settings = replace(settings, lr=_fitting_rate(train, settings, hidden, seed=seed))
        self.lr_ = settings.lr
        self.model_, self.history_ = fit_model(model, train, settings=settings, key=key, val=val)

    def _settings(self) -> TrainingSettings:
        """Check all settings; an automatic rate is not known yet."""
        number(self.validation_fraction, name="validation_fraction", low=0.0, high=1.0, above=True, below=True)
        given = self.get_params(deep=False)
        names = TrainingSettings.__dataclass_fields__.keys() - {"patience"}
        chosen = {name: given[name] for name in names if name in given and not (name == "lr" and self.lr == "auto")}
        return TrainingSettings(**chosen, patience=self.patience if self.early_stopping else None)

    def _checked_rows(
        self, X: Matrix | CodedRows, y: np.ndarray, *, reset: bool
    ) -> tuple[Matrix | CodedRows, np.ndarray]:
        if not isinstance(X, CodedRows):
            X, y = validate_data(self, X, y, dtype=np.float32, reset=reset)
            return X, y
        y = np.asarray(y)
        if len(X) == 0:
            raise DataError("X holds no rows; expected at least one. Give some, or leave validation out.")
        axes(y, str(len(X)), name="y", fix="Give one label for each row.")
        if reset:
            self.n_features_in_ = X.n_columns
        return X, y

    def _rows(
        self,
        X: Matrix | CodedRows,
        y: np.ndarray,
        labels: Int32[np.ndarray, " n"],
        *,
        sample_weight: np.ndarray | None,
        validation: tuple[Float[np.ndarray, "m d"] | CodedRows, np.ndarray] | None,
        seed: int,
    ) -> tuple[Rows, Rows | None]:
        """Give the rows to learn from and those that choose the epoch."""
        of_classes = self._class_weights(y)
        weights = None if of_classes is None else of_classes[labels]
        if sample_weight is not None:
            given = checked_weights(sample_weight, n=len(X))
            weights = given if weights is None else given * weights
        if validation is not None:
            X_val, y_val = self._checked_rows(*validation, reset=False)
            val_labels = self._known_labels(y_val)
            val_weights = None if of_classes is None else of_classes[val_labels]
            return _on_device(X, labels, weights), _on_device(X_val, val_labels, val_weights)
        if not self.early_stopping:
            return _on_device(X, labels, weights), None
        rows, val_rows = _stratified_rows(labels, self.validation_fraction, seed=seed)
        picked = (None, None) if weights is None else (weights[rows], weights[val_rows])
        train, val = (X.subset(some) if isinstance(X, CodedRows) else X[some] for some in (rows, val_rows))
        return _on_device(train, labels[rows], picked[0]), _on_device(val, labels[val_rows], picked[1])

    def _class_weights(self, y: np.ndarray) -> Float64[np.ndarray, " k"] | None:
        given, classes = self.class_weight, self.classes_.tolist()
        if given is None:
            return None
        if isinstance(given, str) and given == "balanced":
            return np.asarray(compute_class_weight("balanced", classes=self.classes_, y=y), np.float64)
        if not isinstance(given, Mapping) or not set(given) <= set(classes):
            raise SettingError(
                f"class_weight is {str(given)[:60]!r}; expected None, 'balanced' or a mapping from classes, of "
                f"{str(classes)[:60]}, to weights. Change class_weight."
            )
        weights = np.array([given.get(name, 1.0) for name in classes], np.float64)
        return checked_weights(weights, n=len(classes), name="class_weight")

    def _known_labels(self, y: np.ndarray) -> Int32[np.ndarray, " n"]:
        labels = np.searchsorted(self.classes_, y).clip(max=len(self.classes_) - 1)
        unknown = self.classes_[labels] != y
        if unknown.any():
            raise DataError(
                f"the validation labels hold {y[unknown].tolist()[0]!r}; expected only classes of the training rows. "
                f"Split so that each class is in both."
            )
        return labels.astype(np.int32)

    def _scores_of_chunk(self, X: Float32[np.ndarray, "n d"]) -> Float32[np.ndarray, "n k"]:
        n_padded = next(size for size in CHUNK_ROWS if len(X) <= size)
        padded = np.zeros((n_padded, X.shape[1]), np.float32)
        padded[: len(X)] = X
        return np.asarray(_scores(self.model_, jnp.asarray(padded)))[: len(X)]


def _fitting_rate(train: Rows, settings: TrainingSettings, hidden: Sequence[int], *, seed: int) -> float:
    return automatic_rate(
        train.X if isinstance(train.X, CodedRows) else np.asarray(train.X),
        weights=None if train.weights is None else np.asarray(train.weights),
        l2=settings.l2,
        batch_size=settings.rows_a_step(len(train.y)),
        loss=settings.loss,
        optimizer=settings.optimizer,
        hidden=hidden,
        generator=generator_from_seed(seed),
    )


@jax.jit
def _scores(model: MLP, X: jax.Array) -> jax.Array:
    return model(X)


def _chunks(X: Float32[np.ndarray, "n d"]) -> list[Float32[np.ndarray, "m d"]]:
    return [X[start : start + CHUNK_ROWS[-1]] for start in range(0, len(X), CHUNK_ROWS[-1])]


def _on_device(X: Matrix | CodedRows, labels: np.ndarray, weights: Float64[np.ndarray, " n"] | None) -> Rows:
    rows = Rows(X if isinstance(X, CodedRows) else jnp.asarray(X), jnp.asarray(labels))
    if weights is None:
        return rows
    if weights.max() == 0:
        raise DataError(
            f"sample_weight times class_weight is zero for all {len(weights)} rows that train, or that validate; "
            f"expected at least one positive weight. Change them."
        )
    weights = weights / weights.max()  # first, because the sum of large weights may be infinite
    return rows._replace(weights=jnp.asarray(weights / weights.mean(), jnp.float32))


def _stratified_rows(
    labels: Int32[np.ndarray, " n"], fraction: float, *, seed: int
) -> tuple[Int32[np.ndarray, " a"], Int32[np.ndarray, " b"]]:
    rows = np.arange(len(labels), dtype=np.int32)
    try:
        train, val = train_test_split(rows, test_size=fraction, stratify=labels, random_state=seed)
    except ValueError as error:
        raise DataError(
            f"validation_fraction is {fraction:g} and the smallest class has {np.bincount(labels).min()} of "
            f"{len(labels)} rows: {error} Expected at least one row of each class on both sides. Add rows, change "
            f"validation_fraction, or turn early_stopping off."
        ) from error
    return train, val
