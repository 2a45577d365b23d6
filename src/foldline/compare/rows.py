"""What the comparison found out about each recipe, and about the data: frozen records of numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Float32, Int64, UInt8

from foldline.estimators import ImagePipeline
from foldline.images import Problem
from foldline.insight import Calibration, ClassScores, Templates, WordsOnImage
from foldline.training import History

ConfidenceKind = Literal["probability", "margin"]


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Share of right answers on the test images.

    Args:
        mean: mean over seeds.
        low, high: 95 % interval of the mean for the choice of test images (Wilson); each image counts once, however
            many seeds were trained.
        std: standard deviation over seeds (N - 1); 0 for one seed.
    """

    mean: float
    low: float
    high: float
    std: float


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A test image that was called something else.

    Args:
        row: its index in the test split.
        name: its file or row in the source.
        truth, prediction: class names.
        confidence: probability of the prediction, or its lead in score over the next class.
        image: (H, W, C).
    """

    row: int
    name: str
    truth: str
    prediction: str
    confidence: float
    image: UInt8[np.ndarray, "h w c"]


@dataclass(frozen=True, kw_only=True)
class Codebook:
    """Words of patches or of SIFT, and images told in them.

    Args:
        patches: (A, p, p, C) the words as pieces of images.
        n_looked_through: test images in which the places nearest to words of SIFT were looked for; None for words of
            patches, which are drawn from their own numbers.
        usual: (A,) how much of each there is in an average training image.
        examples: a test image of each of the first classes: name of the class, image, its words at every scale.
        votes: (K, A) how much each word speaks for each class, as in `foldline.insight.word_votes`; None for what is no
            linear classifier.
    """

    patches: Float32[np.ndarray, "a p p levels"]
    n_looked_through: int | None
    usual: Float32[np.ndarray, " a"]
    examples: tuple[tuple[str, UInt8[np.ndarray, "h w c"], tuple[WordsOnImage, ...]], ...]
    votes: Float32[np.ndarray, "k a"] | None


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """Which settings of a recipe's classifier were chosen on validation images, with the first seed.

    Args:
        n_tried: different settings that were tried, the recipe's own among them.
        own: the recipe's own settings, by name, of those that were tuned.
        chosen: what it was then trained with; the recipe's own where nothing tried was better.
        own_accuracy: share of validation images that are right with the recipe's own settings; None if they cannot be
            trained with.
        accuracy: the same with those chosen.
        tune_s: seconds that choosing took, beyond the trainings of `Row.train_s`.
    """

    n_tried: int
    own: Mapping[str, float | str | None]
    chosen: Mapping[str, float | str | None]
    own_accuracy: float | None
    accuracy: float
    tune_s: float


@dataclass(frozen=True, kw_only=True)
class Row:
    """One recipe, measured. What is not said to be over seeds is of the first.

    Args:
        recipe: its key, such as "hog/mlp2".
        feature_key, classifier_key: the keys of its two halves, such as "hog" and "mlp2".
        features, classifier: what a reader calls them.
        description: what it does, in a line.
        tuning: how its settings were chosen; None where they are the recipe's own.
        n_features: length of a feature vector.
        n_seeds: how often it was trained; 1 for what does not depend on a seed.
        test_accuracy: over seeds.
        val_accuracy: on validation images in the epoch that was kept, mean over seeds; None for what has no epochs.
        balanced_accuracy: mean recall of the classes on test images, mean over seeds.
        extract_s: seconds from all images to scaled features, shared by the recipes with these features; without
            compiling kernels, which the first run on a machine does.
        train_s: seconds of one training as a user waits, mean over seeds. A program that JAX keeps from an earlier
            training, in memory or on disk, is not compiled again.
        predict_us: microseconds from pixels to class, an image, in batches of 256.
        model_bytes: size of the saved model.
        confusion: (K, K) counts on test images, row true, column predicted.
        class_scores: precision and recall of each class.
        calibration: None for margins.
        confidence_kind: what confidences are.
        mistakes: the most confident ones, most confident first.
        n_mistakes: how many there are in all.
        history: learning curves; None for what is not trained in epochs.
        templates: None where features are not raw pixels, or the classifier has none.
        codebook: of the first feature that compares patches or SIFT with words; None where there is none.
        right: (N,) for each test image the share of seeds that were right.
        model: the fitted pipeline; None for nearest neighbours whose training rows are too many to be kept.
    """

    recipe: str
    feature_key: str
    classifier_key: str
    features: str
    classifier: str
    description: str
    tuning: Tuning | None
    n_features: int
    n_seeds: int
    test_accuracy: Accuracy
    val_accuracy: float | None
    balanced_accuracy: float
    extract_s: float
    train_s: float
    predict_us: float
    model_bytes: int
    confusion: Int64[np.ndarray, "k k"]
    class_scores: ClassScores
    calibration: Calibration | None
    confidence_kind: ConfidenceKind
    mistakes: tuple[Mistake, ...]
    n_mistakes: int
    history: History | None
    templates: Templates | None
    codebook: Codebook | None
    right: Float[np.ndarray, " n"]
    model: ImagePipeline | None

    @property
    def title(self) -> str:
        """What a reader calls it."""
        return f"{self.features}, {self.classifier}"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A recipe that could not be trained, and why."""

    recipe: str
    title: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class DataSummary:
    """What was compared on.

    Args:
        source: as the user named it.
        image_shape: (H, W, C).
        image_fit: "native", "crop" or "pad".
        class_names: names of the classes.
        n_train, n_val, n_test: (K,) images of each class in the three splits.
        own_split: whether the test images are those the source sets aside itself.
        own_val: whether the validation images are those of the source, too.
        examples: for each class a few of its training images.
        problems: what was found wrong.
    """

    source: str
    image_shape: tuple[int, ...]
    image_fit: str
    class_names: tuple[str, ...]
    n_train: Int64[np.ndarray, " k"]
    n_val: Int64[np.ndarray, " k"]
    n_test: Int64[np.ndarray, " k"]
    own_split: bool
    own_val: bool
    examples: tuple[UInt8[np.ndarray, "_ h w c"], ...]
    problems: tuple[Problem, ...]
