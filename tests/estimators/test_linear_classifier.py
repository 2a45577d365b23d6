import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from foldline.core.errors import ModelFileError, SettingError
from foldline.estimators import LinearClassifier, linear_classifier, load, save
from model_files import assert_same, rewrite

X, Y = load_digits(return_X_y=True)
X, Y = (X[:300] / 16).astype(np.float32), Y[:300].astype(np.int32)


def solved(**settings):
    return LinearClassifier(**{"solver": "lbfgs", "l2": 0.01, "epochs": 100, **settings})


@pytest.fixture(scope="module")
def model():
    return solved().fit(X, Y)


def test_the_optimum_is_that_of_scikit_learn(model):
    reference = LogisticRegression(C=1 / (2 * 0.01 * len(X)), solver="newton-cg", tol=1e-8).fit(X.astype(np.float64), Y)
    assert_allclose(model.coef_, reference.coef_, atol=2e-3)
    assert_allclose(model.predict_proba(X), reference.predict_proba(X), atol=1e-3)
    assert 0 < model.optimality_gap_ < 1e-5


def test_balanced_classes_are_those_of_scikit_learn():
    rare = (Y != 3) | (np.arange(300) < 50)
    reference = LogisticRegression(C=1 / (2 * 0.01 * rare.sum()), class_weight="balanced", max_iter=1000, tol=1e-8)
    reference.fit(X[rare].astype(np.float64), Y[rare])
    assert_allclose(solved(class_weight="balanced").fit(X[rare], Y[rare]).coef_, reference.coef_, atol=2e-3)


def test_a_solver_refuses_balanced_sampling_and_auto_takes_mini_batches_for_it():
    with pytest.raises(SettingError, match=r"sampling is 'balanced' with solver='lbfgs'; expected 'shuffled'.* Change"):
        solved(sampling="balanced").fit(X, Y)
    model = solved(solver="auto", sampling="balanced", epochs=2).fit(X, Y)
    assert model.lr_ is not None
    assert model.optimality_gap_ is None


def test_mini_batches_do_not_come_as_near(model):
    batches = LinearClassifier(l2=0.01, epochs=20).fit(X, Y)
    final = []
    for m in (model, batches):
        log_proba = np.log(m.predict_proba(X))[np.arange(len(Y)), np.searchsorted(m.classes_, Y)]
        final.append(-log_proba.mean() + 0.01 * np.sum(m.coef_.astype(np.float64) ** 2))
    assert final[0] < final[1]


@pytest.mark.parametrize("random_state", [1, 2])
def test_the_seed_does_not_matter(model, random_state):
    assert (solved(random_state=random_state).fit(X, Y).coef_ == model.coef_).all()


def test_validation_rows_choose_the_pass():
    chosen = solved(l2=1e-5).fit(X[:100], Y[:100], validation=(X[100:], Y[100:]))
    assert_allclose(chosen.score(X[100:], Y[100:]), chosen.history_.val_accuracy.max(), rtol=1e-6)


def test_early_stopping_has_its_patience():
    history = solved(early_stopping=True, patience=2).fit(X, Y).history_
    assert history.n_epochs == history.best_epoch + 3


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"solver": "newton"}, "solver is 'newton'; expected one of 'auto', 'sgd', 'lbfgs'"),
        ({"l1": 1e-3}, "l1 is 0.001 with solver='lbfgs'; expected 0, without which the objective is not smooth"),
        ({"l2": 0.0}, "l2 is 0 with solver='lbfgs'; expected a number above 0, .* Change l2, or take solver='sgd'"),
    ],
)
def test_what_has_no_optimum_or_is_not_smooth_is_refused(settings, message):
    with pytest.raises(SettingError, match=message):
        solved(**settings).fit(X, Y)


def test_another_solver_forgets_what_the_first_one_told():
    both = solved(epochs=2).fit(X, Y)
    assert both.lr_ is None
    both.set_params(solver="sgd", l2=0.0).fit(X, Y)
    assert both.optimality_gap_ is None
    assert both.lr_ > 0


def svm_objective(model, l2):
    scores, true = model.scores(X).astype(np.float64), np.searchsorted(model.classes_, Y)
    own = scores[np.arange(len(Y)), true]
    hinge = np.maximum(0, scores - own[:, None] + 1).sum(axis=1) - 1  # the true class adds its margin of 1
    return hinge.mean() + l2 * np.sum(model.coef_.astype(np.float64) ** 2)


def test_an_svm_comes_to_a_thousandth_of_its_minimum_and_batches_do_not():
    nearest, batches = solved(loss="svm", epochs=400).fit(X, Y), LinearClassifier(loss="svm", l2=0.01).fit(X, Y)
    assert 0 < nearest.optimality_gap_ < 1.1e-3 * svm_objective(nearest, 0.01)
    assert svm_objective(batches, 0.01) > svm_objective(nearest, 0.01)
    assert not hasattr(nearest, "predict_proba")


@pytest.mark.parametrize("loss", ["softmax", "svm"])
def test_the_gap_of_mini_batches_is_true_and_at_most_the_objective(loss):
    batches, nearest = (LinearClassifier(loss=loss, solver=s, l2=0.01, epochs=60).fit(X, Y) for s in ("sgd", "lbfgs"))
    if loss == "svm":
        found, least = svm_objective(batches, 0.01), svm_objective(nearest, 0.01)
    else:
        found, least = (
            log_loss(Y, m.predict_proba(X)) + 0.01 * np.sum(m.coef_.astype(np.float64) ** 2) for m in (batches, nearest)
        )
    assert found - least <= batches.optimality_gap_ <= found + 1e-5


@pytest.mark.parametrize("settings", [{"l2": 0.0}, {"l1": 1e-3}, {"class_weight": {0: 0.0}}])
def test_what_has_no_optimum_has_no_gap(settings):
    model = LinearClassifier(solver="auto", epochs=2).set_params(**settings).fit(X, Y)
    assert model.optimality_gap_ is None
    assert model.lr_ > 0


@pytest.mark.parametrize("loss", ["softmax", "svm"])
def test_auto_goes_to_the_optimum_of_a_small_set(loss):
    automatic, nearest = (LinearClassifier(loss=loss, solver=s, epochs=9).fit(X, Y) for s in ("auto", "lbfgs"))
    assert (automatic.coef_ == nearest.coef_).all()
    assert automatic.lr_ is None


@pytest.mark.parametrize(
    "changed", [{"lr": 0.1}, {"optimizer": "adamw"}, {"batch_size": 9}, {"momentum": 0.5}, {"schedule": "step"}]
)
def test_auto_takes_mini_batches_where_their_settings_are_given(changed):
    assert LinearClassifier(solver="auto", epochs=1, **changed).fit(X, Y).lr_ is not None


@pytest.mark.parametrize("name", ["MOST_ROWS", "MOST_FEATURES"])
def test_auto_takes_mini_batches_for_a_large_set(monkeypatch, name):
    monkeypatch.setattr(linear_classifier, name, 299 if name == "MOST_ROWS" else 63)
    assert LinearClassifier(solver="auto", epochs=1).fit(X, Y).lr_ is not None


def test_a_file_holds_solver_and_gap(model, tmp_path):
    save(model, tmp_path / "model")
    assert_same(load(tmp_path / "model"), model)


def test_files_from_before_there_were_solvers_are_read(tmp_path):
    def older(recipe, _):
        del recipe["estimator"]["settings"]["solver"], recipe["estimator"]["fitted"]["optimality_gap_"]

    trained = LinearClassifier(epochs=1).fit(X, Y)
    save(trained, tmp_path / "model")
    rewrite(tmp_path / "model", older)
    found = load(tmp_path / "model")
    assert (found.solver, found.optimality_gap_) == ("sgd", None)
    assert (found.predict(X) == trained.predict(X)).all()


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        ("settings", {"solver": "newton"}, "solver is 'newton'"),
        ("fitted", {"optimality_gap_": -1.0}, "optimality_gap_ is -1.0"),
    ],
)
def test_a_damaged_solver_or_gap_is_refused(model, tmp_path, part, change, message):
    save(model, tmp_path / "model")
    rewrite(tmp_path / "model", lambda recipe, _: recipe["estimator"][part].update(change))
    with pytest.raises(ModelFileError, match=message):
        load(tmp_path / "model")
