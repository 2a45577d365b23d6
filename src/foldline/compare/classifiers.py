"""The classifiers of the recipes and the constants that they are trained with.

The constants were chosen on validation rows of Fashion-MNIST and CIFAR-10, never on test rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sklearn.base import BaseEstimator

from foldline.compare.features import ImageShape
from foldline.estimators import (
    AlexNetClassifier,
    KNNClassifier,
    LinearClassifier,
    MLPClassifier,
    RandomlyWiredClassifier,
    RidgeClassifier,
)
from foldline.models import Stem
from foldline.training import Augment

# A large set needs fewer passes: about this many rows are met in a training, within the limits beside it.
ROWS_MET = 900_000
MIN_EPOCHS, MAX_EPOCHS = 12, 60
PARTS = 4  # of a batch, for convolutions

OF_BEST_NETS: dict[str, Any] = {
    "hidden": (500,),
    "lr": 0.05,
    "warmup": 0.15,
    "label_smoothing": 0.1,
    "batch_size": 250,
}


@dataclass(frozen=True, kw_only=True)
class Range:
    """Values of a setting that tuning may try.

    Args:
        low, high: the ends.
        of: what they are: "values"; "factors" of the recipe's own value, in equal ratios; or "odd counts", exponents of
            the number of training rows whose powers are rounded down to odd whole numbers.
    """

    low: float
    high: float
    of: Literal["values", "factors", "odd counts"] = "values"

    def at(self, share: float, *, own: float, n_train: int) -> float:
        """Give the value at a share of the way from one end to the other.

        Example:
            >>> Range(low=0.01, high=100, of="factors").at(0.75, own=0.003, n_train=500)
            0.03
            >>> Range(low=0, high=0.5, of="odd counts").at(1.0, own=5, n_train=400)
            19
        """
        match self.of:
            case "values":
                value = self.low + (self.high - self.low) * share
            case "factors":
                value = own * self.low * (self.high / self.low) ** share
            case "odd counts":  # two classes that share the votes of an even number tie
                return int((n_train ** (self.low + (self.high - self.low) * share) - 1) / 2) * 2 + 1
        return float(f"{value:.3g}")  # what is shown is what was trained with


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
        tuned: settings that tuning may change, by name, and how far; none where it has nothing to change. "factors" of
            an automatic learning rate are of the rate that the training rows give.
        of_images: gives settings that the shape of the images decides; None where it decides nothing.
    """

    key: str
    title: str
    description: str
    build: Callable[[int, int], BaseEstimator]
    depends_on_seed: bool = True
    fit_options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    tuned: Mapping[str, Range] = field(default_factory=dict)
    of_images: Callable[[ImageShape], Mapping[str, Any]] | None = None

    def for_images(self, image_shape: ImageShape) -> "ClassifierChoice":
        """Give the one for images of shape (H, W, C)."""
        if self.of_images is None:
            return self
        build, settings = self.build, self.of_images(image_shape)
        return replace(self, build=lambda n_train, seed: build(n_train, seed).set_params(**settings))


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


def _wired(n_train: int, seed: int) -> BaseEstimator:
    return RandomlyWiredClassifier(
        width=128, l2=1e-3, dropout=0.2, lr=0.03, epochs=epochs_for(n_train), random_state=seed
    )


def _best_net(n_train: int, seed: int) -> BaseEstimator:
    return MLPClassifier(dropout=0.5, epochs=_epochs_of_best(n_train, least=12), **OF_BEST_NETS, random_state=seed)


def _augmented_net(n_train: int, seed: int) -> BaseEstimator:
    epochs = _epochs_of_best(n_train, least=28)
    return MLPClassifier(dropout=0.1, epochs=epochs, average_views=True, **OF_BEST_NETS, random_state=seed)


def _epochs_of_best(n_train: int, *, least: int) -> int:
    # Chosen on the 45,000 images of CIFAR-10 that are not for validation; as many rows are met in a smaller set.
    return min(max(45_000 * least // n_train, least), MAX_EPOCHS)


def _alexnet(n_train: int, seed: int) -> BaseEstimator:
    # Without shortened gradients 540 clothes taught it 68 %, with them 79 %.
    return AlexNetClassifier(
        l2=3e-4,
        clip_norm=2.0,
        dropout=0.3,
        epochs=_epochs_of_convolutions(n_train),
        **in_parts(n_train),
        random_state=seed,
    )


def _wired_images(n_train: int, seed: int) -> BaseEstimator:
    return RandomlyWiredClassifier(
        nodes=8,
        width=16,
        dropout=0.1,
        warmup=0.1,
        epochs=_epochs_of_convolutions(n_train),
        **in_parts(n_train),
        random_state=seed,
    )


def _epochs_of_convolutions(n_train: int) -> int:
    return max(2 * epochs_for(n_train) // 3, MIN_EPOCHS)  # each takes many times as long as one of other nets


def in_parts(n_train: int) -> dict[str, Any]:
    """Choose batches as "auto" does, rounded so that they fall into parts that fit into the caches.

    Example:
        >>> in_parts(1000), in_parts(45_000)
        ({'batch_size': 20, 'micro_batches': 1}, {'batch_size': 128, 'micro_batches': 4})
    """
    batch_size = min(max(n_train // 50, 8), 128) // PARTS * PARTS
    return {"batch_size": batch_size, "micro_batches": PARTS if batch_size >= 16 * PARTS else 1}


def _shape_and_augment(image_shape: ImageShape) -> dict[str, Any]:
    return {"image_shape": image_shape, **_augment(image_shape)}


def _stages_and_augment(image_shape: ImageShape) -> dict[str, Any]:
    # Every stage halves the sides and pools windows of 3 pixels.
    n_stages = next(n for n in (3, 2, 1) if min(image_shape[:2]) >= 3 * 2 ** (n - 1) or n == 1)
    return {"stages": n_stages, **_shape_and_augment(image_shape)}


def _stem(image_shape: ImageShape) -> dict[str, Any]:
    return {"stem": Stem.for_images(image_shape)}


def _stem_and_augment(image_shape: ImageShape) -> dict[str, Any]:
    return {**_stem(image_shape), **_augment(image_shape)}


def _augment(image_shape: ImageShape) -> dict[str, Any]:
    return {"augment": Augment(image_shape, flip=True, shift_px=min(image_shape[:2]) // 10)}


# Two decades to each side: the constants above suit tens of thousands of rows. Fewer rows want a higher price on
# weights, more rows a lower one.
L2_RANGE = Range(low=1e-2, high=1e2, of="factors")
# The automatic rate is near the largest that trains: nets broke down at 4 to 8 times their best one, and linear
# classifiers did best at 0.7 to 2.2 times theirs (see foldline.training.rates). A small one costs epochs only.
RATE_RANGE = Range(low=1 / 8, high=2, of="factors")
# From none to half of the units, as is usual for hidden layers: Srivastava et al. (2014), section A.4.
DROPOUT_RANGE = Range(low=0.0, high=0.5)
# From the nearest row alone to the square root of the number of rows: k has to grow with them, and more slowly than
# they do (Stone, 1977, theorem 2); the root is the rule of thumb.
NEIGHBORS_RANGE = Range(low=0.0, high=0.5, of="odd counts")

OF_LINEAR = {"l2": L2_RANGE, "lr": RATE_RANGE}
OF_NETS = {**OF_LINEAR, "dropout": DROPOUT_RANGE}

CLASSIFIERS: dict[str, ClassifierChoice] = {
    "softmax": ClassifierChoice(
        key="softmax",
        title="softmax",
        description="linear classifier, softmax loss",
        build=_softmax,
        tuned=OF_LINEAR,
    ),
    "svm": ClassifierChoice(
        key="svm",
        title="SVM",
        description="linear classifier, multiclass SVM loss",
        build=_svm,
        tuned=OF_LINEAR,
    ),
    "ridge": ClassifierChoice(
        key="ridge",
        title="ridge",
        description="linear classifier, least squares",
        build=_ridge,
        depends_on_seed=False,
        tuned={"l2": L2_RANGE},
    ),
    "knn": ClassifierChoice(
        key="knn",
        title="nearest neighbours",
        description="majority of the nearest training images, 5 unless tuned",
        build=_knn,
        depends_on_seed=False,
        tuned={"n_neighbors": NEIGHBORS_RANGE},
    ),
    "mlp2": ClassifierChoice(
        key="mlp2",
        title="2-layer net",
        description="net with 256 hidden ReLU units, dropout",
        build=_two_layers,
        tuned=OF_NETS,
    ),
    "mlp3": ClassifierChoice(
        key="mlp3",
        title="3-layer net",
        description="net with 256 and 128 hidden ReLU units, dropout",
        build=_three_layers,
        tuned=OF_NETS,
    ),
}

# Nets at their best on raw pixels; they take minutes, and are trained where they are asked for by name.
PIXEL_CLASSIFIERS: dict[str, ClassifierChoice] = {
    "mlp-best": ClassifierChoice(
        key="mlp-best",
        title="net at its best",
        description="fully-connected net that starts with patches, a linear bottleneck and 500 ReLU units, dropout",
        build=_best_net,
        tuned=OF_NETS,
        of_images=_stem,
    ),
    "mlp-augmented": ClassifierChoice(
        key="mlp-augmented",
        title="net at its best, augmented",
        description="the same on mirrored and shifted images, longer; predicts by the mean of such views",
        build=_augmented_net,
        tuned=OF_NETS,
        of_images=_stem_and_augment,
    ),
    "alexnet": ClassifierChoice(
        key="alexnet",
        title="convolutional net",
        description="AlexNet at a quarter of its widths, on mirrored and shifted images, dropout",
        build=_alexnet,
        tuned=OF_NETS,
        of_images=_shape_and_augment,
    ),
    "wired-images": ClassifierChoice(
        key="wired-images",
        title="randomly wired convolutions",
        description="a Watts-Strogatz graph of 8 separable convolutions in each of up to three stages, on mirrored and "
        "shifted images",
        build=_wired_images,
        tuned=OF_NETS,
        of_images=_stages_and_augment,
    ),
}

# Trained where a recipe names them, and never meant by a pattern: they take several times as long as the others.
NAMED_CLASSIFIERS: dict[str, ClassifierChoice] = {
    "wired": ClassifierChoice(
        key="wired",
        title="randomly wired net",
        description="net wired as a Watts-Strogatz graph of 32 nodes of 128 ReLU units, dropout",
        build=_wired,
        tuned=OF_NETS,
    ),
}
