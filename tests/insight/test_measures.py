import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, precision_score, recall_score

from foldline.core.errors import DataError, SettingError, ShapeError
from foldline.insight import (
    Calibration,
    ClassScores,
    Difference,
    calibration,
    class_scores,
    confusion_counts,
    paired_difference,
    wilson_interval,
)
from strategies import answers_of_classifiers_N, labels_and_predictions_NK


def wilson_from_the_paper(n_right, n):
    """Wilson (1927): the p for which |p_hat - p| <= z sqrt(p (1 - p) / n), solved as a quadratic in p."""
    z, p_hat = norm.ppf(0.975), n_right / n
    a, b, c = 1 + z**2 / n, -2 * p_hat - z**2 / n, p_hat**2
    root = math.sqrt(max(b**2 - 4 * a * c, 0))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


@given(st.integers(1, 5000), st.floats(0, 1))
def test_wilson_interval_equals_the_papers(n, share):
    n_right = round(share * n)
    assert_allclose(wilson_interval(n_right, n), wilson_from_the_paper(n_right, n), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("n_right", "n", "low", "high"),
    [
        (0, 10, 0, 0.27753),  # z^2 / (n + z^2)
        (10, 10, 0.72247, 1),
        (1, 1, 0.20654, 1),
        (50, 100, 0.40383, 0.59617),
    ],
)
def test_wilson_interval_of_small_counts(n_right, n, low, high):
    assert_allclose(wilson_interval(n_right, n), (low, high), atol=1e-5)


@given(st.integers(1, 1000), st.data())
def test_wilson_interval_of_the_wrong_answers_is_its_mirror_image(n, data):
    n_right = data.draw(st.integers(0, n))
    low, high = wilson_interval(n_right, n)
    assert 0 <= low <= n_right / n <= high <= 1
    assert_allclose(wilson_interval(n - n_right, n), (1 - high, 1 - low), atol=1e-12)


def test_a_mean_over_seeds_is_rounded_to_whole_images():
    assert wilson_interval(90.4, 100) == wilson_interval(90, 100)
    assert wilson_interval(90.6, 100) == wilson_interval(91, 100)
    assert wilson_interval(100.0000001, 100) == wilson_interval(100, 100)


@pytest.mark.parametrize(
    ("n_right", "n", "message"),
    [
        (0, 0, "n is 0; expected a whole number at least 1"),
        (11, 10, "n_right is 11; .*0 to 10"),
        (-1, 10, "n_right is -1"),
    ],
)
def test_counts_that_cannot_be_are_refused(n_right, n, message):
    with pytest.raises(SettingError, match=message):
        wilson_interval(n_right, n)


def test_difference_on_paper():
    # d = 1, 0, 0, -1, 1: mean 1 / 5, of seven middle 1 / 7, variance (3 + 1) / 7 - 1 / 49 = 27 / 49.
    found = paired_difference(np.array([1.0, 1, 0, 0, 1]), np.array([0.0, 1, 0, 1, 0]))
    assert found.mean == pytest.approx(1 / 5)
    half = 1.959964 * math.sqrt(27 / 49 / 7)
    assert (found.low, found.high) == pytest.approx((1 / 7 - half, 1 / 7 + half))


def interval_of_agresti_and_min(n_both, n_only_a, n_only_b, n_neither):
    """Agresti and Min (2005): Wald's interval of p12 - p21 after 1/2 is added to each cell of the two by two table."""
    cells = [count + 0.5 for count in (n_both, n_only_a, n_only_b, n_neither)]
    _, p12, p21, _ = [count / sum(cells) for count in cells]
    half = norm.ppf(0.975) * math.sqrt((p12 + p21 - (p12 - p21) ** 2) / sum(cells))
    return p12 - p21 - half, p12 - p21 + half


@given(answers_of_classifiers_N())
def test_difference_equals_agresti_and_mins(answers):
    a, b = answers
    table = [int(np.sum((a == right) & (b == also))) for right, also in ((1, 1), (1, 0), (0, 1), (0, 0))]
    found = paired_difference(a, b)
    assert_allclose((found.low, found.high), interval_of_agresti_and_min(*table), rtol=1e-9, atol=1e-12)
    assert_allclose(found.mean, (table[1] - table[2]) / len(a), atol=1e-12)


def test_difference_on_many_images_is_that_of_the_plain_normal_interval():
    d = np.repeat([1.0, 0.0, -1.0], [700, 8700, 600])
    found = paired_difference(np.maximum(d, 0), np.maximum(-d, 0))
    half = 1.959964 * d.std() / math.sqrt(len(d))
    assert (found.low, found.high) == pytest.approx((d.mean() - half, d.mean() + half), abs=1e-5)


@given(answers_of_classifiers_N())
def test_the_other_way_round_the_difference_is_the_negative(answers):
    there, back = paired_difference(*answers), paired_difference(*answers[::-1])
    assert_allclose((back.mean, back.low, back.high), (-there.mean, -there.high, -there.low), atol=1e-12)
    assert back.is_tie == there.is_tie


def test_convention_the_interval_is_one_of_images():
    # Answers that are shares of three seeds are taken as they are: more seeds make no interval narrower by themselves.
    thirds = paired_difference(np.array([1 / 3, 1.0, 2 / 3]), np.array([1 / 3, 0.0, 0.0]))
    middle = (1 + 2 / 3) / 5
    half = 1.959964 * math.sqrt(((1 + 4 / 9 + 1) / 5 - middle**2) / 5)
    assert (thirds.low, thirds.high) == pytest.approx((middle - half, middle + half))


@pytest.mark.parametrize(("n_won", "n", "is_tie"), [(1, 1, True), (2, 2, True), (4, 20, True), (8, 20, False)])
def test_convention_a_few_images_prove_little(n_won, n, is_tie):
    assert paired_difference((np.arange(n) < n_won).astype(float), np.zeros(n)).is_tie == is_tie


@pytest.mark.parametrize(
    ("low", "high", "is_tie"),
    [(-0.1, 0.2, True), (0.0, 0.2, True), (-0.2, 0.0, True), (0.01, 0.2, False), (-0.2, -0.01, False)],
)
def test_a_tie_is_an_interval_that_holds_zero(low, high, is_tie):
    assert Difference(mean=(low + high) / 2, low=low, high=high).is_tie == is_tie


def test_equal_answers_are_a_tie():
    found = paired_difference(np.array([1.0, 0, 1]), np.array([1.0, 0, 1]))
    assert found.mean == 0
    assert found.high == -found.low == pytest.approx(1.959964 / 5)  # variance 1 / 5, over 5
    assert found.is_tie


@pytest.mark.usefixtures("as_installed")
def test_answers_to_other_images_are_not_compared():
    with pytest.raises(ShapeError, match=r"b has shape \(1,\); expected \(3\)\. Give both recipes the same images"):
        paired_difference(np.ones(3), np.ones(1))
    with pytest.raises(DataError, match="a and b are empty; expected at least one image"):
        paired_difference(np.ones(0), np.ones(0))


def test_confusions_on_paper():
    found = confusion_counts(np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 0, 2, 0]), n_classes=4)
    assert_array_equal(found, [[1, 1, 0, 0], [0, 1, 0, 0], [2, 0, 1, 0], [0, 0, 0, 0]])
    assert found.dtype == np.int64


@given(labels_and_predictions_NK())
def test_confusions_equal_counting_one_by_one(case):
    labels, predictions, k = case
    counts = np.zeros((k, k), int)
    for label, prediction in zip(labels, predictions, strict=True):
        counts[label, prediction] += 1
    assert_array_equal(confusion_counts(labels, predictions, n_classes=k), counts)


@given(labels_and_predictions_NK())
def test_class_scores_equal_scikit_learns(case):
    labels, predictions, k = case
    found = class_scores(confusion_matrix(labels, predictions, labels=range(k)))
    options = {"labels": range(k), "average": None, "zero_division": 0}
    assert_allclose(found.precision, precision_score(labels, predictions, **options))
    assert_allclose(found.recall, recall_score(labels, predictions, **options))
    assert_array_equal(found.n, np.bincount(labels, minlength=k))


@given(labels_and_predictions_NK())
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true", "ignore:A single label was found")
def test_balanced_accuracy_equals_scikit_learns(case):
    labels, predictions, k = case
    found = class_scores(confusion_matrix(labels, predictions, labels=range(k))).balanced_accuracy
    assert_allclose(found, balanced_accuracy_score(labels, predictions))


def test_balanced_accuracy_counts_a_rare_class_as_much_as_a_common_one():
    found = class_scores(np.array([[90, 10, 0], [1, 1, 0], [0, 0, 0]]))
    assert found.balanced_accuracy == pytest.approx((0.9 + 0.5) / 2)


def test_precision_and_recall_of_what_never_was_are_zero():
    found = class_scores(np.array([[0, 2], [0, 0]]))
    assert isinstance(found, ClassScores)
    assert found.precision.tolist() == [0, 0]
    assert found.recall.tolist() == [0, 0]


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("labels", "predictions", "error", "message"),
    [
        ([0, 1], [0, 2], DataError, "predictions holds 2; expected 0 to 1. Give the index of a class"),
        ([0, -1], [0, 1], DataError, "labels holds -1; expected 0 to 1"),
        ([0, 1], [0], ShapeError, r"predictions has shape \(1,\); expected \(2\)\. Give one prediction for each"),
        ([[0, 1]], [0, 1], ShapeError, r"labels has shape \(1, 2\); expected \(n\)"),
    ],
)
def test_labels_that_cannot_be_counted_are_refused(labels, predictions, error, message):
    with pytest.raises(error, match=message):
        confusion_counts(np.array(labels), np.array(predictions), n_classes=2)


def test_calibration_on_paper():
    # Two bins: in [0, 0.5] sure of 0.4 and right once in two, in (0.5, 1] sure of 0.8 and right in two of three.
    confidence, is_right = np.array([0.3, 0.5, 0.7, 0.8, 0.9]), np.array([True, False, True, True, False])
    found = calibration(confidence, is_right, n_bins=2)
    assert_array_equal(found.n, [2, 3])
    assert_allclose(found.confidence, [0.4, 0.8])
    assert_allclose(found.accuracy, [1 / 2, 2 / 3])
    assert found.ece == pytest.approx(2 / 5 * 0.1 + 3 / 5 * (0.8 - 2 / 3))


def calibration_error_of_guo(confidence, is_right, n_bins):
    """Guo et al. (2017), eq. 3, with the bins ((m - 1) / M, m / M] of section 2; plain Python on purpose."""
    n, error = len(confidence), 0.0
    for m in range(1, n_bins + 1):
        inside = [
            i for i in range(n) if (m - 1) / n_bins < confidence[i] <= m / n_bins or (m == 1 and confidence[i] == 0)
        ]
        if inside:
            accuracy = sum(bool(is_right[i]) for i in inside) / len(inside)
            mean = sum(float(confidence[i]) for i in inside) / len(inside)
            error += len(inside) / n * abs(accuracy - mean)
    return error


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30), st.integers(1, 15))
def test_calibration_error_equals_guos(answers, n_bins):
    confidence, is_right = (np.array(column) for column in zip(*answers, strict=True))
    found = calibration(confidence, is_right, n_bins=n_bins)
    assert_allclose(found.ece, calibration_error_of_guo(confidence, is_right, n_bins), atol=1e-12)
    assert found.n.sum() == len(answers)


@pytest.mark.parametrize("end", range(1, 11))
def test_convention_a_bin_holds_its_upper_end(end):
    found = calibration(np.array([end / 10]), np.array([True]))
    assert found.n.tolist() == [int(i == end - 1) for i in range(10)]
    if end < 10:
        above = calibration(np.array([np.nextafter(end / 10, 1)]), np.array([True]))
        assert above.n.tolist() == [int(i == end) for i in range(10)]


def test_convention_the_first_bin_holds_zero_too():
    assert calibration(np.array([0.0, 0.1]), np.array([False, True])).n.tolist() == [2] + [0] * 9


def test_answers_as_sure_as_they_are_right_have_no_calibration_error():
    assert calibration(np.full(5, 0.8), np.arange(5) < 4).ece == pytest.approx(0)


def test_no_answers_have_no_calibration_error():
    found = calibration(np.zeros(0), np.zeros(0, bool))
    assert isinstance(found, Calibration)
    assert found.ece == 0
    assert found.n.sum() == 0


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("confidence", "is_right", "n_bins", "error", "message"),
    [
        (
            [0.5, 1.01],
            [True, True],
            10,
            DataError,
            r"confidence holds 1\.01; expected 0 to 1\. Give probabilities, not s",
        ),
        ([0.5, -0.1], [True, True], 10, DataError, r"confidence holds -0\.1"),
        ([0.5, np.nan], [True, True], 10, DataError, "confidence holds nan"),
        ([0.5, 0.6], [True], 10, ShapeError, r"is_right has shape \(1,\); expected \(2\)"),
        ([0.5], [True], 0, SettingError, "n_bins is 0; expected a whole number at least 1"),
    ],
)
def test_confidences_that_are_none_are_refused(confidence, is_right, n_bins, error, message):
    with pytest.raises(error, match=message):
        calibration(np.array(confidence), np.array(is_right), n_bins=n_bins)
