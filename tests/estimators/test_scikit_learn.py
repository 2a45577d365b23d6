"""Classifiers and features of points behave as scikit-learn's own."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from foldline.estimators import (
    AlexNetClassifier,
    KNNClassifier,
    LinearClassifier,
    MLPClassifier,
    RandomlyWiredClassifier,
    RidgeClassifier,
)
from foldline.features import PlaneInputs, Polar

X, Y = load_digits(return_X_y=True)
X, Y = X[:300] / 16, Y[:300]

BATCHES_DIFFER = (
    "training by random batches: leaving a row out or repeating it changes every later batch, so that weights and "
    "repetitions agree in expectation, not to the last digit"
)


FLOAT32 = (
    "float32 products and a stated gap: the optimum with weights and that with repetitions agree to three to six "
    "digits (see the tests of fit_to_optimum and solve_least_squares), and the check wants seven"
)
SOLVED = LinearClassifier(solver="lbfgs", epochs=100)  # its features are not scaled, for which 30 passes are few
WIRED = RandomlyWiredClassifier(nodes=3, k=2, width=16)
SOLVED_SVM = LinearClassifier(solver="auto", loss="svm", epochs=200)


def expected_failures(estimator):
    if isinstance(estimator, KNNClassifier | PlaneInputs | Polar):
        return {}
    is_solved = isinstance(estimator, RidgeClassifier) or getattr(estimator, "solver", "sgd") != "sgd"
    reason = FLOAT32 if is_solved else BATCHES_DIFFER
    return {"check_sample_weight_equivalence_on_dense_data": reason}


@parametrize_with_checks(
    [
        LinearClassifier(),
        SOLVED,
        SOLVED_SVM,
        MLPClassifier(hidden=(20,)),
        WIRED,
        KNNClassifier(),
        RidgeClassifier(),
        Polar(),
        PlaneInputs(inputs=("x", "y2", "r")),
    ],
    expected_failed_checks=expected_failures,
)
@pytest.mark.usefixtures("as_installed")
@pytest.mark.filterwarnings("default")
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.mark.usefixtures("as_installed")
def test_scikit_learns_checks_stop_a_convolutional_net_only_by_rows_that_are_no_images():
    found = check_estimator(AlexNetClassifier(epochs=1), on_fail=None, on_skip=None)
    reasons = {one["check_name"]: told(one["exception"]) for one in found if one["status"] == "failed"}
    assert {name: reason for name, reason in reasons.items() if "image_shape is " not in reason} == {}
    assert sum(one["status"] == "passed" for one in found) >= 20


def told(error):
    """Give what an exception and those that it came from say."""
    return "" if error is None else f"{error} {told(error.__cause__ or error.__context__)}"


@pytest.mark.parametrize("classifier", [LinearClassifier(epochs=10), MLPClassifier(epochs=10), KNNClassifier()])
def test_cross_validation_works(classifier):
    assert cross_val_score(classifier, X, Y, cv=3).mean() > 0.85


def test_grid_search_works_through_a_pipeline():
    model = make_pipeline(StandardScaler(), MLPClassifier(epochs=5))
    search = GridSearchCV(model, {"mlpclassifier__hidden": [(8,), (32,)], "mlpclassifier__l2": [1e-4]}, cv=2).fit(X, Y)
    assert search.best_params_["mlpclassifier__hidden"] == (32,)


def test_a_clone_gives_the_same_bits():
    model = MLPClassifier(epochs=3, dropout=0.2, random_state=5)
    first, second = model.fit(X, Y).scores(X), clone(model).fit(X, Y).scores(X)
    assert (first == second).all()


def test_another_seed_gives_another_model():
    first, second = (MLPClassifier(epochs=2, random_state=seed).fit(X, Y).scores(X) for seed in (0, 1))
    assert not np.allclose(first, second)
