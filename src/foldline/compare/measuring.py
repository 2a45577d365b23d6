"""One recipe on one split: trained with every seed, judged on the test images, timed and weighed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int
from sklearn.base import BaseEstimator

from foldline.compare.codebooks import codebook_of
from foldline.compare.features import FeatureChoice
from foldline.compare.fitted import Fitted, LabelledRows, fitted
from foldline.compare.recipes import Recipe
from foldline.compare.rows import Accuracy, ConfidenceKind, Mistake, Row
from foldline.compare.tuning import tune
from foldline.core.compiled import timing_kernels
from foldline.core.errors import SettingError
from foldline.estimators import ImagePipeline, KNNClassifier, RidgeClassifier
from foldline.estimators.saving import saved_bytes
from foldline.features import Concat, Pixels
from foldline.images import ImageSet
from foldline.insight import (
    Templates,
    calibration,
    class_scores,
    confusion_counts,
    filter_templates,
    first_layer_templates,
    linear_templates,
    wilson_interval,
)
from foldline.models import MLP, AlexNet, RandWireOnImages
from foldline.training import CodedRows, History

VAL_SHARE = 0.1
N_MISTAKES_KEPT = 24
TIMED_BATCH = 256
MOST_DECODED = 5_000  # training vectors whose means over classes say which words vote
# Nearest neighbours keep all training rows, and a table of such models would fill the memory. What other classifiers
# learn does not grow with the rows: it is kept whatever its size.
LARGEST_KEPT_MODEL_BYTES = 64 * 2**20


def check_image_set(image_set: object) -> None:
    """Check the kind of what is to be compared on. Raises: SettingError for what is no `ImageSet`."""
    if not isinstance(image_set, ImageSet):
        raise SettingError(
            f"image_set is a {type(image_set).__name__}; expected an ImageSet. Give what load_images gave."
        )


@dataclass(frozen=True, kw_only=True)
class Splits:
    """The same three parts for every recipe."""

    train: ImageSet
    val: ImageSet
    test: ImageSet

    @classmethod
    def of(cls, image_set: ImageSet, *, seed: int) -> "Splits":
        """Part the images: the source's own test and validation images, else a fifth and a tenth of the rest.

        Raises: DataError if a class is too small for it.
        """
        train, val, test = image_set.split(val=VAL_SHARE, seed=seed)
        return cls(train=train, val=val, test=test)


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """The feature vectors of one feature set, shared by its classifiers, and the seconds they took.

    Those of training and validation images may be codes; the test images are always judged by their numbers.
    """

    features: Concat
    train: Float32[np.ndarray, "n d"] | CodedRows
    val: Float32[np.ndarray, "m d"] | CodedRows
    test: Float32[np.ndarray, "t d"]
    elapsed_s: float


def extract(choice: FeatureChoice, splits: Splits) -> Extracted:
    """Turn the images of all three parts into feature vectors, scaled by what the training rows say."""
    with timing_kernels() as compiling_s:  # once a machine, and no part of what a feature costs
        started_s = time.perf_counter()
        features = Concat(features=[choice.build(splits.train.images.shape[1:])])
        train = features.fit_transform(splits.train.images)
        val, test = features.transform(splits.val.images), features.transform(splits.test.images)
        elapsed_s = time.perf_counter() - started_s - compiling_s()
    return Extracted(features=features, train=train, val=val, test=test, elapsed_s=elapsed_s)


def extract_codes(recipe: Recipe, splits: Splits) -> Extracted:
    """Turn training and validation images into codes, whose numbers are never in memory all at once."""
    train, val = splits.train, splits.val
    with timing_kernels() as compiling_s:
        started_s = time.perf_counter()
        features = Concat(features=recipe.features.build(train.images.shape[1:]))
        pipeline = ImagePipeline(features, recipe.classifier.build(len(train), 0), recipe.compression)
        code = pipeline.learn_codes(features, train.images, train.labels)
        train_codes, val_codes, test = code(train.images), code(val.images), features.transform(splits.test.images)
        elapsed_s = time.perf_counter() - started_s - compiling_s()
    return Extracted(features=features, train=train_codes, val=val_codes, test=test, elapsed_s=elapsed_s)


def side_by_side(blocks: Sequence[Extracted]) -> Extracted:
    """Join the vectors of several features; its seconds are the sum of theirs."""
    if len(blocks) == 1:
        return blocks[0]
    return Extracted(
        features=Concat.joined([block.features for block in blocks]),
        train=np.concatenate([block.train for block in blocks], axis=1),
        val=np.concatenate([block.val for block in blocks], axis=1),
        test=np.concatenate([block.test for block in blocks], axis=1),
        elapsed_s=sum(block.elapsed_s for block in blocks),
    )


def measure(recipe: Recipe, splits: Splits, extracted: Extracted, *, seeds: range, n_settings: int = 0) -> Row:
    """Train a recipe with every seed and measure it; details are those of the first seed.

    Args:
        recipe: what is trained.
        splits, extracted: the images and their feature vectors.
        seeds: of the trainings.
        n_settings: how many settings are tried on the validation rows first; 0 for the recipe's own only.
    Raises: FoldlineError if it cannot be trained, for example because it diverges.
    """
    if not recipe.classifier.depends_on_seed:
        seeds = seeds[:1]
    train, val = LabelledRows(extracted.train, splits.train.labels), LabelledRows(extracted.val, splits.val.labels)
    image_shape = splits.train.images.shape[1:]
    choice, tuning, ready = recipe.classifier.for_images(image_shape), None, None
    if n_settings and choice.tuned:
        tuning, ready = tune(choice, train, val, n=n_settings, seed=seeds[0])
    trainings: list[_Training] = []
    for seed in seeds:
        classifier = choice.build(len(train.X), seed).set_params(**({} if tuning is None else tuning.chosen))
        trainings.append(_Training.of(ready or fitted(classifier, train, val, **choice.fit_options), extracted.test))
        ready = None  # it is the first seed's
    first = trainings[0]
    test = splits.test
    n_classes = len(test.class_names)
    scores = [class_scores(confusion_counts(test.labels, t.predictions, n_classes=n_classes)) for t in trainings]
    right = np.mean([t.predictions == test.labels for t in trainings], axis=0)
    is_right = first.predictions == test.labels
    model = ImagePipeline.from_fitted(
        extracted.features,
        first.classifier,
        class_names=test.class_names,
        image_shape=image_shape,
        image_fit=test.fit,
        compression=recipe.compression,
    )
    model_bytes = saved_bytes(model)
    return Row(
        recipe=recipe.key,
        feature_key=recipe.features.key,
        classifier_key=recipe.classifier.key,
        features=recipe.features.title,
        classifier=recipe.classifier.title,
        description=recipe.describe(image_shape),
        tuning=tuning,
        n_features=extracted.train.shape[1],
        n_seeds=len(trainings),
        test_accuracy=_accuracy([float(np.mean(t.predictions == test.labels)) for t in trainings], n=len(test)),
        val_accuracy=_mean_val_accuracy([t.history for t in trainings]),
        balanced_accuracy=float(np.mean([score.balanced_accuracy for score in scores])),
        extract_s=extracted.elapsed_s,
        train_s=float(np.mean([t.elapsed_s for t in trainings])),
        predict_us=_predict_us(model, test.images),
        model_bytes=model_bytes,
        confusion=confusion_counts(test.labels, first.predictions, n_classes=n_classes),
        class_scores=scores[0],
        calibration=calibration(first.confidence, is_right) if first.confidence_kind == "probability" else None,
        confidence_kind=first.confidence_kind,
        mistakes=_most_confident_mistakes(first, test),
        n_mistakes=int(np.sum(~is_right)),
        history=first.history,
        templates=_templates(model),
        codebook=codebook_of(model, *_as_numbers(extracted.train, splits.train.labels), test=test),
        right=right,
        model=model if _is_kept(model, model_bytes) else None,
    )


def _as_numbers(
    X: Float32[np.ndarray, "n d"] | CodedRows, y: Int[np.ndarray, " n"]
) -> tuple[Float32[np.ndarray, "m d"], Int[np.ndarray, " m"]]:
    """Give vectors and labels; of codes those of some rows, evenly spread, decoded."""
    if not isinstance(X, CodedRows):
        return X, y
    rows = np.linspace(0, len(X) - 1, min(len(X), MOST_DECODED)).round().astype(int)
    return np.asarray(X.rows(rows)), y[rows]


@dataclass(frozen=True, kw_only=True)
class _Training:
    """One seed's classifier and what it said about the test images."""

    classifier: BaseEstimator
    elapsed_s: float
    history: History | None
    predictions: Int[np.ndarray, " n"]
    confidence: Float[np.ndarray, " n"]
    confidence_kind: ConfidenceKind

    @classmethod
    def of(cls, fitted: Fitted, X: Float32[np.ndarray, "n d"]) -> "_Training":
        """Ask a fitted classifier about the test images."""
        predictions, confidence, kind = _answers(fitted.classifier, X)
        return cls(
            classifier=fitted.classifier,
            elapsed_s=fitted.elapsed_s,
            history=fitted.history,
            predictions=predictions,
            confidence=confidence,
            confidence_kind=kind,
        )


def _answers(
    classifier: BaseEstimator, X: Float32[np.ndarray, "n d"]
) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, " n"], ConfidenceKind]:
    """Give for every row the predicted class and how sure the classifier is, looking at the rows once."""
    if hasattr(classifier, "predict_proba"):
        proba = classifier.predict_proba(X)
        return classifier.classes_[proba.argmax(axis=1)], proba.max(axis=1), "probability"
    scores = classifier.scores(X)
    best_two = np.partition(scores, -2, axis=1)[:, -2:]
    return classifier.classes_[scores.argmax(axis=1)], best_two[:, 1] - best_two[:, 0], "margin"


def _accuracy(accuracies: list[float], *, n: int) -> Accuracy:
    mean = float(np.mean(accuracies))
    low, high = wilson_interval(mean * n, n)
    std = float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else 0.0
    return Accuracy(mean=mean, low=low, high=high, std=std)


def _mean_val_accuracy(histories: list[History | None]) -> float | None:
    best = [h.val_accuracy[h.best_epoch] for h in histories if h is not None and h.val_accuracy is not None]
    return float(np.mean(best)) if best else None


def _is_kept(model: ImagePipeline, model_bytes: int) -> bool:
    return not isinstance(model.classifier_, KNNClassifier) or model_bytes <= LARGEST_KEPT_MODEL_BYTES


def _predict_us(model: ImagePipeline, images: np.ndarray) -> float:
    """Time predictions of one batch: the median of 3 to 20 repeats after a warm-up, in about 0.3 s."""
    # A call has a cost of its own; a few images would be charged for all of it.
    images = np.resize(images[:TIMED_BATCH], (TIMED_BATCH, *images.shape[1:]))
    model.predict(images)
    times_s: list[float] = []
    while len(times_s) < 3 or (len(times_s) < 20 and sum(times_s) < 0.3):
        started_s = time.perf_counter()
        model.predict(images)
        times_s.append(time.perf_counter() - started_s)
    return float(np.median(times_s)) / len(images) * 1e6


def _most_confident_mistakes(training: _Training, test: ImageSet) -> tuple[Mistake, ...]:
    wrong: Bool[np.ndarray, " n"] = training.predictions != test.labels
    rows = np.flatnonzero(wrong)
    rows = rows[np.argsort(-training.confidence[rows], kind="stable")][:N_MISTAKES_KEPT]
    return tuple(
        Mistake(
            row=int(row),
            name=test.names[row],
            truth=test.class_names[test.labels[row]],
            prediction=test.class_names[training.predictions[row]],
            confidence=float(training.confidence[row]),
            image=test.images[row].copy(),
        )
        for row in rows
    )


def _templates(model: ImagePipeline) -> Templates | None:
    if [type(feature) for feature in model.features_.features] != [Pixels]:
        return None
    names = model.class_names_
    if isinstance(model.classifier_, RidgeClassifier):
        return linear_templates(model.classifier_.coef_, image_shape=model.image_shape_, class_names=names)
    net = getattr(model.classifier_, "model_", None)
    if isinstance(net, AlexNet):
        return filter_templates(np.asarray(net.convolutions[0].W))
    if isinstance(net, RandWireOnImages):
        return filter_templates(np.asarray(net.stages[0].inlet.W))
    if not isinstance(net, MLP):
        return None
    first, *following = net.folded.layers
    if not following:
        return linear_templates(np.asarray(first.W), image_shape=model.image_shape_, class_names=names)
    return first_layer_templates(np.asarray(first.W), np.asarray(following[0].W), image_shape=model.image_shape_)
