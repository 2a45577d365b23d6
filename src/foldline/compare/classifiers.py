"""The classifiers of the recipes and the constants that they are trained with.

The constants were chosen on validation rows of Fashion-MNIST and CIFAR-10, never on test rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sklearn.base import BaseEstimator

from foldline.estimators import KNNClassifier, LinearClassifier, MLPClassifier, RidgeClassifier

# A large set needs fewer passes: about this many rows are met in a training, within the limits beside it.
ROWS_MET = 900_000
MIN_EPOCHS, MAX_EPOCHS = 12, 60


@dataclass(frozen=True, kw_only=True)
class ClassifierChoice:
    """One way to decide.

    Args:
        key: its word in a recipe's key.
        title: what a reader calls it.
        description: what it is, in a line.
        build: makes a fresh, unfitted classifier for a number of training rows and a seed.
        depends_on_seed: whether another seed gives another model.
        fit_options: what `fit` is given besides rows, such as checkpoints.
    """

    key: str
    title: str
    description: str
    build: Callable[[int, int], BaseEstimator]
    depends_on_seed: bool = True
    fit_options: Mapping[str, Any] = field(default_factory=dict, hash=False)


def epochs_for(n_train: int) -> int:
    """Choose the passes over the training rows.

    Example:
        >>> epochs_for(500), epochs_for(54_000)
        (60, 16)
    """
    return min(max(ROWS_MET // n_train, MIN_EPOCHS), MAX_EPOCHS)


def _softmax(n_train: int, seed: int) -> BaseEstimator:
    return LinearClassifier(loss="softmax", l2=3e-3, epochs=epochs_for(n_train), random_state=seed)


def _svm(n_train: int, seed: int) -> BaseEstimator:
    return LinearClassifier(loss="svm", l2=1e-2, epochs=epochs_for(n_train), random_state=seed)


def _ridge(n_train: int, seed: int) -> BaseEstimator:
    return RidgeClassifier(l2=1e-2)


def _knn(n_train: int, seed: int) -> BaseEstimator:
    return KNNClassifier(n_neighbors=5)  # scikit-learn's default


def _two_layers(n_train: int, seed: int) -> BaseEstimator:
    return _net((256,), n_train, seed)


def _three_layers(n_train: int, seed: int) -> BaseEstimator:
    return _net((256, 128), n_train, seed)


def _net(hidden: tuple[int, ...], n_train: int, seed: int) -> BaseEstimator:
    return MLPClassifier(hidden=hidden, l2=1e-3, dropout=0.3, epochs=epochs_for(n_train), random_state=seed)


CLASSIFIERS: dict[str, ClassifierChoice] = {
    "softmax": ClassifierChoice(
        key="softmax", title="softmax", description="linear classifier, softmax loss", build=_softmax
    ),
    "svm": ClassifierChoice(key="svm", title="SVM", description="linear classifier, multiclass SVM loss", build=_svm),
    "ridge": ClassifierChoice(
        key="ridge",
        title="ridge",
        description="linear classifier, least squares",
        build=_ridge,
        depends_on_seed=False,
    ),
    "knn": ClassifierChoice(
        key="knn",
        title="nearest neighbours",
        description="majority of the 5 nearest training images",
        build=_knn,
        depends_on_seed=False,
    ),
    "mlp2": ClassifierChoice(
        key="mlp2", title="2-layer net", description="net with 256 hidden ReLU units, dropout", build=_two_layers
    ),
    "mlp3": ClassifierChoice(
        key="mlp3",
        title="3-layer net",
        description="net with 256 and 128 hidden ReLU units, dropout",
        build=_three_layers,
    ),
}
