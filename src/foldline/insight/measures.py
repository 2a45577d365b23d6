"""How good a classifier is, beyond one accuracy: intervals, classes, confusions, confidence."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Int64

from foldline.core.checks import axes, integer
from foldline.core.errors import DataError

Z_95 = 1.959963984540054  # two-sided 95 % of a normal distribution


def wilson_interval(n_right: float, n: int) -> tuple[float, float]:
    """Compute the 95 % interval of an accuracy from a count of right answers.

    Args:
        n_right: how many were right; a mean over seeds is rounded to a whole number of images.
        n: how many images were asked about, at least 1.
    Returns: lower and upper end, in [0, 1].
    Raises: SettingError if fewer than none or more than all were right.
    Source: Wilson (1927), without continuity correction, as in SciPy.
    Example:
        >>> low, high = wilson_interval(90, 100)
        >>> round(low, 3), round(high, 3)
        (0.826, 0.945)
    """
    from scipy.stats import binomtest

    n = integer(n, name="n", low=1)
    n_whole = integer(round(n_right), name="n_right", low=0, high=n)
    interval = binomtest(n_whole, n).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Accuracy of one recipe minus that of another on the same images.

    Args:
        mean: of the differences image by image.
        low, high: 95 % interval; its middle lies a little nearer to 0 than the mean.
    """

    mean: float
    low: float
    high: float

    @property
    def is_tie(self) -> bool:
        """Whether chance alone could make the difference: its interval holds zero."""
        return self.low <= 0.0 <= self.high


def paired_difference(a: Float[np.ndarray, " n"], b: Float[np.ndarray, " n"]) -> Difference:
    """Compare two recipes image by image.

    d_i = a_i - b_i, M = N + 2, m = sum(d) / M, interval m +- 1.96 sqrt(((sum(d^2) + 1) / M - m^2) / M).

    Args:
        a: (N,) how often the first recipe was right on each image: 0 or 1, or a share of its seeds.
        b: (N,) the same for the second recipe, on the same images.
    Returns: sum(d) / N and the interval.
    Raises: ShapeError if b is not as long as a; DataError if there are no images.
    Convention: the interval speaks of the choice of test images, not of seeds.
    Convention: two images more, of which each recipe alone gets one half right, so that a few images prove little.
    Source: Agresti and Min (2005), Statistics in Medicine 24, 729-740: 1/2 added to each of the four cells; as printed
        for answers that are right or wrong. For shares of seeds the sums over images take the place of the counts.
    """
    (n,) = axes(a, "n", name="a", fix="Give one number for each image.")
    axes(b, str(n), name="b", fix="Give both recipes the same images.")
    if n == 0:
        raise DataError("a and b are empty; expected at least one image. Give the recipes images to answer.")
    d = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    n_more = n + 2
    middle = float(d.sum()) / n_more
    variance = (float(d @ d) + 1) / n_more - middle**2
    half = Z_95 * float(np.sqrt(variance / n_more))
    return Difference(mean=float(d.mean()), low=middle - half, high=middle + half)


@dataclass(frozen=True, kw_only=True)
class ClassScores:
    """Precision and recall of each class.

    Args:
        precision: (K,) share of the images called k that are k; 0 where none was.
        recall: (K,) share of the images of class k that were called k; 0 where there is none.
        n: (K,) images of class k.
    """

    precision: Float[np.ndarray, " k"]
    recall: Float[np.ndarray, " k"]
    n: Int64[np.ndarray, " k"]

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall over the classes that have images: every class counts the same."""
        return float(self.recall[self.n > 0].mean())


def confusion_counts(
    labels: Int[np.ndarray, " n"], predictions: Int[np.ndarray, " n"], *, n_classes: int
) -> Int64[np.ndarray, "k k"]:
    """Count who was taken for whom: entry (i, j) is the number of images of class i called j.

    Args:
        labels: (N,) true classes, in 0 ... K-1.
        predictions: (N,) what they were called, in 0 ... K-1.
        n_classes: K.
    Returns: (K, K) int64.
    Raises: ShapeError if there are more or fewer predictions than labels; DataError for a class that is none of the K.
    """
    from sklearn.metrics import confusion_matrix

    (n,) = axes(labels, "n", name="labels", fix="Give one label for each image.")
    axes(predictions, str(n), name="predictions", fix="Give one prediction for each image.")
    for name, given in (("labels", labels), ("predictions", predictions)):
        outside = given[(given < 0) | (given >= n_classes)]
        if outside.size:
            raise DataError(f"{name} holds {outside[0]}; expected 0 to {n_classes - 1}. Give the index of a class.")
    return np.asarray(confusion_matrix(labels, predictions, labels=np.arange(n_classes)), np.int64)


def class_scores(confusion: Int64[np.ndarray, "k k"]) -> ClassScores:
    """Compute precision and recall of each class.

    Args:
        confusion: (K, K) counts, row true, column predicted, as of `confusion_counts`.
    Returns: K of each.
    """
    n_right, n_called, n = np.diag(confusion), confusion.sum(axis=0), confusion.sum(axis=1)
    return ClassScores(precision=n_right / np.maximum(n_called, 1), recall=n_right / np.maximum(n, 1), n=n)


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Whether a confidence of 80 % means right four times in five.

    Args:
        n: (B,) predictions in each bin of confidence; the bins share [0, 1] evenly.
        confidence: (B,) mean confidence in the bin; 0 where it is empty.
        accuracy: (B,) share of right predictions in the bin; 0 where it is empty.
        ece: expected calibration error, sum_b n_b / N |accuracy_b - confidence_b|.
    """

    n: Int64[np.ndarray, " b"]
    confidence: Float[np.ndarray, " b"]
    accuracy: Float[np.ndarray, " b"]
    ece: float


def calibration(
    confidence: Float[np.ndarray, " n"], is_right: Bool[np.ndarray, " n"], *, n_bins: int = 10
) -> Calibration:
    """Sort predictions by their confidence and see how many of each bin were right.

    Args:
        confidence: (N,) probability given to the predicted class, in [0, 1].
        is_right: (N,) whether the prediction was right.
        n_bins: number of bins of equal width.
    Returns: counts and means of each bin, and the error over all.
    Raises: ShapeError if is_right is not as long as confidence; DataError for a confidence that is no probability;
        SettingError if there is no bin.
    Convention: a bin holds its upper end: 0.8 falls into (0.7, 0.8]; the first one holds 0 too.
    Source: Guo et al. (2017), On Calibration of Modern Neural Networks, section 2, eq. 3; as printed.
    """
    (n_answers,) = axes(confidence, "n", name="confidence", fix="Give one number for each prediction.")
    axes(is_right, str(n_answers), name="is_right", fix="Give one answer for each prediction.")
    outside = confidence[~((confidence >= 0) & (confidence <= 1))]
    if outside.size:
        raise DataError(f"confidence holds {outside[0]}; expected 0 to 1. Give probabilities, not scores.")
    upper_ends = np.arange(1, integer(n_bins, name="n_bins", low=1) + 1) / n_bins
    bins = np.searchsorted(upper_ends, confidence).clip(max=n_bins - 1)
    n = np.bincount(bins, minlength=n_bins).astype(np.int64)
    n_or_one = np.maximum(n, 1)
    mean_confidence = np.bincount(bins, weights=confidence, minlength=n_bins) / n_or_one
    accuracy = np.bincount(bins, weights=is_right, minlength=n_bins) / n_or_one
    ece = float(np.sum(n * np.abs(accuracy - mean_confidence)) / max(n.sum(), 1))
    return Calibration(n=n, confidence=mean_confidence, accuracy=accuracy, ece=ece)
