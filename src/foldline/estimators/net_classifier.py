"""What the linear classifier and the network share: scikit-learn's interface around one training run."""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Float32, Int32, PRNGKeyArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from foldline.core.checks import axes, choice, is_list, number
from foldline.core.errors import DataError, ModelFileError, SettingError, ShapeError
from foldline.core.loaded import FIX
from foldline.core.seeds import key_from_seed, seed_from_random_state
from foldline.estimators.chunks import in_chunks
from foldline.estimators.class_indices import class_indices
from foldline.estimators.loaded import loaded_classes
from foldline.estimators.rows import (
    ClassWeight,
    FeatureRows,
    ValidationRows,
    class_weights,
    fitting_rate,
    known_labels,
    on_device,
    stratified_rows,
)
from foldline.estimators.weights import checked_weights
from foldline.models import MLP, Net
from foldline.training import (
    Augment,
    Callback,
    Checkpoints,
    CodedRows,
    History,
    Loss,
    Rows,
    StreamedRows,
    TrainingSettings,
    fit_model,
)

if TYPE_CHECKING:
    from foldline.estimators.hidden_layer import HiddenLayer

Matrix = Float[np.ndarray, "n d"]


def _has_probabilities(classifier: "NetClassifier") -> bool:
    if classifier.loss == "softmax":
        return True
    raise AttributeError(
        "predict_proba is not there with loss='svm': SVM scores are margins, not probabilities. Use "
        "decision_function, or loss='softmax'."
    )


class Start(NamedTuple):
    """What a training run begins with."""

    model: Net
    train: Rows
    val: Rows | None
    settings: TrainingSettings
    key: PRNGKeyArray


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
    model_: Net
    history_: History
    lr_: float | None
    n_features_in_: int

    def fit(
        self,
        X: FeatureRows,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        *,
        validation: tuple[ValidationRows, np.ndarray] | None = None,
        checkpoints: Checkpoints | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> Self:
        """Train on feature vectors and their labels.

        Args:
            X: (N, D) finite numbers, best near mean 0 and deviation 1; computed with as float32. A float32 memory map,
                such as `numpy.load(path, mmap_mode="r")` gives, stays in its file and is read a few batches at a time.
                Or their codes, which are decoded a batch at a time (see `ImagePipeline`).
            y: (N,) labels of any type, at least two different ones.
            sample_weight: (N,) non-negative weights of the rows; None for equal ones.
            validation: feature vectors and labels that choose the epoch whose weights are kept; None takes
                `validation_fraction` of the rows if `early_stopping`, else keeps the last epoch's, or what is nearest
                to the optimum.
            checkpoints: where mini-batch descent is written down as it goes, and goes on from if it was: after a kill,
                call `fit` again with the same arguments.
            callbacks: called with the report of every epoch of mini-batch descent; one that gives True ends it.
        Raises: SettingError for a setting outside its range; DataError if there is one class only, or no weight on one
            side; DivergedError if the loss becomes NaN or infinite; ValueError from scikit-learn for arrays it does
            not take.
        Convention: rows count by sample weight times class weight, in the loss and in the validation accuracy that
            chooses the epoch; rows given as `validation` have class weights only.
        """
        _check_watching(checkpoints, callbacks)
        start = self._start(X, y, sample_weight=sample_weight, validation=validation)
        self._train_(start, checkpoints=checkpoints, callbacks=callbacks)
        return self

    def scores(self, X: Matrix) -> Float32[np.ndarray, "n k"]:
        """Compute the class scores s, one column a class in the order of `classes_`.

        Args:
            X: (N, D) finite numbers.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return in_chunks(partial(_scores, self.model_, views=self._views()), X)

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

    def hidden_features(self, layer: int = -2) -> "HiddenLayer":
        """Give the net up to a hidden layer as a transformer: a feature transform that was learned.

        Args:
            layer: counted as in Python: 0 the first hidden layer, -2 the last; -1 is that of the scores, and none.
                Layers are those of `model_.layers`; of an AlexNet first the maps of each convolution, with what follows
                it, as rows; a wired graph is one layer, the mean over its outlets.
        Returns: a fitted transformer, (N, D) to (N, U) float32. It stays as it is when this classifier is fitted anew.
        Raises: SettingError if the net has no such hidden layer; scikit-learn's NotFittedError before `fit`.
        Example:
            >>> from sklearn.datasets import load_digits
            >>> from foldline.estimators import MLPClassifier
            >>> X, y = load_digits(return_X_y=True)
            >>> MLPClassifier(hidden=(32,), epochs=5).fit(X / 16, y).hidden_features().transform(X / 16).shape
            (1797, 32)
        """
        from foldline.estimators.hidden_layer import HiddenLayer

        check_is_fitted(self)
        hidden = HiddenLayer(FrozenEstimator(copy(self)), layer)
        hidden.depth()  # a wrong layer is told at once
        return hidden

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together. Raises: ModelFileError if they do not."""
        n_classes = loaded_classes(self.classes_)
        choice(self.loss, get_args(Loss), name="loss")
        if self.lr_ is not None:
            number(self.lr_, name="lr_", low=0.0, above=True)
        self._check_loaded_layers(n_classes)

    def _check_loaded_layers(self, n_classes: int) -> None:
        if not isinstance(self.model_, MLP):
            raise ModelFileError(f"model_ is a {type(self.model_).__name__}; expected a net of layers. {FIX}")
        shapes = [layer.W.shape for layer in self.model_.layers]
        if [self.n_features_in_, *(n_out for n_out, _ in shapes)] != [*(n_in for _, n_in in shapes), n_classes]:
            raise ModelFileError(
                f"the layers have weights of shapes {shapes} for {self.n_features_in_} features and {n_classes} "
                f"classes; expected each to take what the one before gives. {FIX}"
            )

    def _start(
        self,
        X: FeatureRows,
        y: np.ndarray,
        *,
        sample_weight: np.ndarray | None = None,
        validation: tuple[ValidationRows, np.ndarray] | None = None,
    ) -> "Start":
        """Check everything that `fit` was given, and give what training begins with."""
        X, y = self._checked_rows(X, y, reset=True)
        self._architecture(), self._settings()  # wrong ones are told before the rows are looked at
        seed = seed_from_random_state(self.random_state)
        self.classes_, labels = class_indices(y)
        train, val = self._rows(X, y, labels, sample_weight=sample_weight, validation=validation, seed=seed)
        return self._start_on(train, val, seed=seed)

    def _start_on(self, train: Rows, val: Rows | None, *, seed: int) -> "Start":
        """Give what training begins with on rows that are in place."""
        settings, n_in = self._settings(), train.X.shape[1]
        if settings.augment is not None:
            settings.augment.checked(n_in=n_in)
        first_key, training_key = jax.random.split(key_from_seed(seed))
        model = self._first_model(train, key=first_key, seed=seed)
        return Start(model, train, val, self._with_rate(settings, train, model, seed=seed), training_key)

    def _start_beside(self, lead: "NetClassifier", of_lead: "Start", *, seed: int) -> "Start":
        """Give what training begins with on the rows of another classifier, which were put in place for it."""
        self.classes_, self.n_features_in_ = lead.classes_, lead.n_features_in_
        return self._start_on(of_lead.train, of_lead.val, seed=seed)

    def _with_rate(self, settings: TrainingSettings, train: Rows, model: Net, *, seed: int) -> TrainingSettings:
        """Choose the learning rate, where the rows are to say."""
        if self.lr != "auto":
            return settings
        assert isinstance(model, MLP), "others choose for themselves"
        # A linear layer starts scaled, as rows are, and the one before it is what scales it.
        hidden = [len(layer.b) for layer in model.layers[max(model.linear, default=-1) + 1 : -1]]
        return replace(settings, lr=fitting_rate(train, settings, hidden, seed=seed))

    def _first_model(self, train: Rows, *, key: PRNGKeyArray, seed: int) -> Net:
        """Give the net that training begins with."""
        return MLP.random(n_in=train.X.shape[1], n_out=len(self.classes_), **self._architecture(), key=key)

    def _takes_batches(self) -> bool:
        """Say whether a few rows at a time are enough."""
        return True

    def _architecture(self) -> dict[str, Any]:
        raise NotImplementedError

    def _train_(self, start: "Start", *, checkpoints: Checkpoints | None, callbacks: Sequence[Callback]) -> None:
        """Set what the rows teach, by mini-batch descent."""
        model, history = fit_model(
            start.model,
            start.train,
            settings=start.settings,
            key=start.key,
            val=start.val,
            checkpoints=checkpoints,
            callbacks=callbacks,
        )
        self._adopt(start, model, history)

    def _adopt(self, start: "Start", model: Net, history: History) -> None:
        """Set what mini-batch descent taught."""
        self.model_, self.history_, self.lr_ = model, history, start.settings.lr

    def _settings(self) -> TrainingSettings:
        """Check all settings; an automatic rate is not known yet."""
        number(self.validation_fraction, name="validation_fraction", low=0.0, high=1.0, above=True, below=True)
        given = self.get_params(deep=False)
        names = TrainingSettings.__dataclass_fields__.keys() - {"patience"}
        chosen = {name: given[name] for name in names if name in given and not (name == "lr" and self.lr == "auto")}
        return TrainingSettings(**chosen, patience=self.patience if self.early_stopping else None)

    def _checked_rows(self, X: FeatureRows, y: np.ndarray, *, reset: bool) -> tuple[FeatureRows, np.ndarray]:
        # A map without numbers is for scikit-learn to refuse.
        if isinstance(X, np.memmap) and X.ndim == 2 and X.dtype == np.float32 and X.size and self._takes_batches():
            X = StreamedRows(file=X)
            X.check_finite()
        if not isinstance(X, CodedRows | StreamedRows):
            X, y = validate_data(self, X, y, dtype=np.float32, reset=reset)
            return X, y
        y = np.asarray(y)
        if len(X) == 0:
            raise DataError("X holds no rows; expected at least one. Give some, or leave validation out.")
        axes(y, str(len(X)), name="y", fix="Give one label for each row.")
        if reset:
            self.n_features_in_ = X.shape[1]
        elif X.shape[1] != self.n_features_in_:
            raise ShapeError(
                f"the validation rows hold {X.shape[1]:,} numbers; expected {self.n_features_in_:,}, as the training "
                "rows. Make both in the same way."
            )
        return X, y

    def _rows(
        self,
        X: FeatureRows,
        y: np.ndarray,
        labels: Int32[np.ndarray, " n"],
        *,
        sample_weight: np.ndarray | None,
        validation: tuple[ValidationRows, np.ndarray] | None,
        seed: int,
    ) -> tuple[Rows, Rows | None]:
        """Give the rows to learn from and those that choose the epoch."""
        of_classes = class_weights(self.class_weight, self.classes_, y)
        weights = None if of_classes is None else of_classes[labels]
        if sample_weight is not None:
            given = checked_weights(sample_weight, n=len(X))
            weights = given if weights is None else given * weights
        if validation is not None:
            X_val, y_val = self._checked_rows(*validation, reset=False)
            val_labels = known_labels(self.classes_, y_val)
            val_weights = None if of_classes is None else of_classes[val_labels]
            return on_device(X, labels, weights), on_device(X_val, val_labels, val_weights)
        if not self.early_stopping:
            return on_device(X, labels, weights), None
        rows, val_rows = stratified_rows(labels, self.validation_fraction, seed=seed)
        picked = (None, None) if weights is None else (weights[rows], weights[val_rows])
        train, val = (X[some] if isinstance(X, np.ndarray) else X.subset(some) for some in (rows, val_rows))
        return on_device(train, labels[rows], picked[0]), on_device(val, labels[val_rows], picked[1])

    def _views(self) -> Augment | None:
        """Say whose views of a row scores are the mean over; None for those of the row itself."""
        return None


def check_is_descended(model: object) -> None:
    """Check that a classifier is one that descends. Raises: SettingError for another."""
    if not isinstance(model, NetClassifier):
        raise SettingError(
            f"model is a {type(model).__name__}; expected one that mini-batch descent trains: a LinearClassifier, an "
            f"MLPClassifier, a RandomlyWiredClassifier or an AlexNetClassifier. Give one of these."
        )


def _check_watching(checkpoints: object, callbacks: object) -> None:
    if not isinstance(checkpoints, Checkpoints | None):
        raise SettingError(
            f"checkpoints is {checkpoints!r}; expected None or Checkpoints. Write Checkpoints(folder={checkpoints!r})."
        )
    if not is_list(callbacks) or not all(map(callable, callbacks)):  # type: ignore[call-overload]
        raise SettingError(f"callbacks is {callbacks!r}; expected a list of functions. Write callbacks=[...].")


@partial(jax.jit, static_argnames=("views",))
def _scores(model: Net, X: jax.Array, *, views: Augment | None) -> jax.Array:
    if views is None:
        return model(X)
    seen = jnp.stack(views.views(X))
    return jnp.mean(jax.lax.map(model, seen), axis=0)  # one after the other, for less memory
