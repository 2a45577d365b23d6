"""The classifiers of the recipes and the constants that they are trained with.

The constants were chosen on validation rows of Fashion-MNIST and CIFAR-10, never on test rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sklearn.base import BaseEstimator

from foldline.estimators import KNNClassifier, LinearClassifier, MLPClassifier

# A large set needs fewer passes: about this many rows are met in a training, within the limits beside it.
ROWS_MET = 900_000
MIN_EPOCHS, MAX_EPOCHS = 12, 60


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What a classifier must be built for.

    Args:
        n_features: length D of the feature vectors, standardised to mean 0 and deviation 1.
        n_train: training rows.
        seed: of first weights, order of rows and dropout.
    """

    n_features: int
    n_train: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class ClassifierChoice:
    """One way to decide.

    Args:
        title: what a reader calls it.
        description: what it is, in a line.
        build: makes a fresh, unfitted classifier.
        depends_on_seed: whether another seed gives another model.
    """

    title: str
    description: str
    build: Callable[[Situation], BaseEstimator]
    depends_on_seed: bool = True


def epochs_for(n_train: int) -> int:
    """Choose the passes over the training rows.

    Example:
        >>> epochs_for(500), epochs_for(54_000)
        (60, 16)
    """
    return min(max(ROWS_MET // n_train, MIN_EPOCHS), MAX_EPOCHS)


def _softmax(situation: Situation) -> BaseEstimator:
    # Steps on standardised features must shrink with their number: 0.01 was best at 784, 0.001 at 3072.
    lr = min(8.0 / situation.n_features, 0.01)
    return LinearClassifier(
        loss="softmax", lr=lr, l2=1e-3, epochs=epochs_for(situation.n_train), random_state=situation.seed
    )


def _svm(situation: Situation) -> BaseEstimator:
    # The hinges of all wrong classes add up, so the steps are smaller than softmax's; 0.001 at 784, 0.0003 at 3072.
    lr = min(1.0 / situation.n_features, 0.01)
    return LinearClassifier(
        loss="svm", lr=lr, l2=1e-2, epochs=epochs_for(situation.n_train), random_state=situation.seed
    )


def _knn(situation: Situation) -> BaseEstimator:
    return KNNClassifier(n_neighbors=5)  # scikit-learn's default


def _two_layers(situation: Situation) -> BaseEstimator:
    return _net((256,), situation)


def _three_layers(situation: Situation) -> BaseEstimator:
    return _net((256, 128), situation)


def _net(hidden: tuple[int, ...], situation: Situation) -> BaseEstimator:
    return MLPClassifier(
        hidden=hidden,
        lr=0.02,
        l2=1e-4,
        dropout=0.3,
        epochs=epochs_for(situation.n_train),
        random_state=situation.seed,
    )


CLASSIFIERS: dict[str, ClassifierChoice] = {
    "softmax": ClassifierChoice(title="softmax", description="linear classifier, softmax loss", build=_softmax),
    "svm": ClassifierChoice(title="SVM", description="linear classifier, multiclass SVM loss", build=_svm),
    "knn": ClassifierChoice(
        title="nearest neighbours",
        description="majority of the 5 nearest training images",
        build=_knn,
        depends_on_seed=False,
    ),
    "mlp2": ClassifierChoice(
        title="2-layer net", description="net with 256 hidden ReLU units, dropout", build=_two_layers
    ),
    "mlp3": ClassifierChoice(
        title="3-layer net", description="net with 256 and 128 hidden ReLU units, dropout", build=_three_layers
    ),
}
