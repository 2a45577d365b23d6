import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import ParameterGrid

import foldline as fl
from foldline.core.errors import DataError, SettingError
from foldline.estimators import population as module
from foldline.training import CodedRows

X, Y = load_digits(return_X_y=True)
X, NAMES = (X[:400] / 16).astype(np.float32), np.array([f"digit {y}" for y in Y[:400]])
VAL = ((load_digits().data[400:600] / 16).astype(np.float32), np.array([f"digit {y}" for y in Y[400:600]]))


def assert_as_alone(trained, model, **options):
    for member in trained:
        alone = clone(model).set_params(**member.settings, random_state=member.seed).fit(X, NAMES, **options)
        assert_allclose(member.classifier.scores(VAL[0]), alone.scores(VAL[0]), rtol=1e-3, atol=1e-3)
        assert member.classifier.lr_ == pytest.approx(alone.lr_)
        assert member.classifier.get_params() == alone.get_params()
        assert_allclose(member.classifier.history_.train_loss, alone.history_.train_loss, rtol=1e-3)


@pytest.mark.parametrize(
    ("model", "hyper"),
    [
        (fl.LinearClassifier(epochs=3), {"l2": [1e-4, 1e-2], "l1": [0.0, 1e-3]}),
        (fl.LinearClassifier(epochs=3, loss="svm", class_weight="balanced"), {"lr": [0.01, "auto"]}),
        (fl.MLPClassifier(hidden=(9,), epochs=3), {"hidden": [(5,), (9,), (6, 4)], "dropout": [0.0, 0.3]}),
        (fl.MLPClassifier(hidden=(9,), epochs=6, early_stopping=True, patience=2), {"l2": [1e-4, 1e-2]}),
        (fl.MLPClassifier(hidden=(9,), epochs=3), [{"l2": 0.1}, {"class_weight": "balanced"}, {}]),
        (fl.MLPClassifier(hidden=(9,), epochs=3), {"sampling": ["shuffled", "balanced"]}),
    ],
)
def test_members_become_what_fit_makes_of_them_alone(model, hyper):
    assert_as_alone(fl.train_population(model, X, NAMES, hyper=hyper, seeds=[0, 7]), model)


def test_validation_rows_and_weights_are_those_of_fit():
    model = fl.MLPClassifier(hidden=(9,), epochs=4)
    weights = np.random.default_rng(0).uniform(0.5, 1.5, 400)
    trained = fl.train_population(
        model, X, NAMES, hyper={"l2": [1e-4, 1e-2]}, seeds=[3], sample_weight=weights, validation=VAL
    )
    assert_as_alone(trained, model, sample_weight=weights, validation=VAL)
    for member in trained:
        assert member.val_accuracy == pytest.approx(member.classifier.score(*VAL))


def test_members_learn_from_codes_as_fit_does():
    model = fl.MLPClassifier(hidden=(9,), epochs=4)
    quantizer = fl.ProductQuantizer(group=2).fit(X)

    def coded(rows):
        codes, centroids = jnp.asarray(quantizer.transform(rows)), jnp.asarray(quantizer.centroids_)
        return CodedRows(codes=codes, centroids=centroids, n_columns=rows.shape[1])

    codes, val = coded(X), (coded(VAL[0]), VAL[1])
    trained = fl.train_population(model, codes, NAMES, hyper={"l2": [1e-4, 1e-2]}, validation=val, halving=3)
    for member in trained:
        alone = clone(model).set_params(**member.settings).fit(codes, NAMES, validation=val)
        assert_allclose(member.classifier.scores(VAL[0]), alone.scores(VAL[0]), rtol=1e-3, atol=1e-3)


def test_what_differs_in_numbers_alone_is_one_program_and_members_come_in_their_order(monkeypatch):
    groups, fit_population = [], module.fit_population

    def noting(models, *args, settings, **rest):
        groups.append((len(models), len(settings[0])))
        return fit_population(models, *args, settings=settings, **rest)

    monkeypatch.setattr(module, "fit_population", noting)
    hyper = {"hidden": [(5,), (6,)], "l2": [1e-4, 1e-3, 1e-2]}
    trained = fl.train_population(fl.MLPClassifier(epochs=1), X, NAMES, hyper=hyper, seeds=range(2))
    assert groups == [(2, 3), (2, 3)]
    found = [(*member.settings.values(), member.seed) for member in trained]
    assert found == [(hidden, l2, seed) for hidden in hyper["hidden"] for l2 in hyper["l2"] for seed in range(2)]


def test_one_that_diverges_is_marked_and_can_still_be_asked():
    good, bad = fl.train_population(fl.LinearClassifier(epochs=2), X, NAMES, hyper={"lr": [0.1, 1e30]})
    assert good.diverged_at is None
    assert bad.diverged_at == 1
    assert bad.val_accuracy is None
    assert set(bad.classifier.predict(X)) <= set(NAMES)


def test_the_model_that_is_given_stays_as_it_is():
    model = fl.LinearClassifier(epochs=1)
    fl.train_population(model, X, NAMES, hyper={"l2": [0.5]}, seeds=[4])
    assert not hasattr(model, "model_")
    assert model.l2 != 0.5


def test_a_member_is_saved_and_loaded(tmp_path):
    (member,) = fl.train_population(fl.MLPClassifier(hidden=(5,), epochs=1), X, NAMES)
    fl.save(member.classifier, tmp_path / "m.safetensors")
    assert_array_equal(fl.load(tmp_path / "m.safetensors").scores(X), member.classifier.scores(X))


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        (fl.KNNClassifier(), {}, "model is a KNNClassifier; expected one that mini-batch descent trains: a Lin"),
        (fl.LinearClassifier(), {"hyper": {"width": [1]}}, "hyper names 'width', which LinearClassifier does not have"),
        (fl.LinearClassifier(), {"hyper": {"random_state": [1]}}, "seeds are given by themselves"),
        (fl.LinearClassifier(), {"hyper": {"l2": [-1.0]}}, "l2 is -1.0; expected a number at least 0"),
        (fl.LinearClassifier(), {"seeds": []}, "seeds is empty; expected one or more whole numbers"),
        (fl.LinearClassifier(), {"seeds": [-1]}, "a seed is -1; expected a whole number from 0"),
        (fl.LinearClassifier(solver="lbfgs"), {}, "solver is 'lbfgs', or hyper changes it; expected 'sgd'"),
        (fl.LinearClassifier(), {"hyper": {"solver": ["lbfgs"]}}, "or hyper changes it; expected 'sgd'"),
    ],
)
def test_bad_input_is_told(model, options, words):
    with pytest.raises(SettingError, match=words):
        fl.train_population(model, X, NAMES, **options)


def test_halving_trains_the_promising_longer_and_the_others_shorter():
    hyper = {"hidden": [(5,), (12,)], "lr": [1e-4, 1e-3, 0.05], "l2": [1e-4, 1.0, 0.1]}
    model, seen = fl.MLPClassifier(epochs=9), []
    trained = fl.train_population(
        model, X, NAMES, hyper=hyper, seeds=[0, 1], validation=VAL, halving=3, watch=lambda t: seen.append(len(t))
    )
    assert len(trained) == 36
    # 18 settings stop at epochs 1 and 3, where 6 and 2 go on.
    lengths = np.array([member.classifier.history_.n_epochs for member in trained])
    assert [int((lengths == n).sum()) for n in (1, 3, 9)] == [24, 8, 4]
    assert seen == [24, 8, 4]
    longest = [member for member in trained if member.classifier.history_.n_epochs == 9]
    assert all(member.settings["lr"] == 0.05 for member in longest)
    assert [member.was_stopped for member in trained] == (lengths < 9).tolist()
    assert_as_alone(longest, model, validation=VAL)
    alike = [(member.settings, member.seed) for member in trained]
    assert alike == [(settings, seed) for settings in ParameterGrid(hyper) for seed in (0, 1)]


def test_halving_needs_validation_rows():
    with pytest.raises(SettingError, match="halving is given and there are no validation rows; expected some"):
        fl.train_population(fl.LinearClassifier(epochs=1), X, NAMES, hyper={"l2": [0.1, 1.0]}, halving=2)


def test_halving_refuses_what_would_fill_the_memory(monkeypatch):
    options = {"hyper": {"hidden": [(5,), (6,)], "l2": [0.1, 1.0, 2.0]}, "seeds": [0, 1], "validation": VAL}
    monkeypatch.setattr("foldline.core.memory.usable_bytes", lambda: 1e5)
    with pytest.raises(DataError, match="halving of 12 nets needs .* GB of memory; .* Train fewer, or set halving=1"):
        fl.train_population(fl.MLPClassifier(epochs=1), X, NAMES, halving=3, **options)
    assert len(fl.train_population(fl.MLPClassifier(epochs=1), X, NAMES, **options)) == 12


@pytest.mark.parametrize("hyper", [{"l2": 0.1}, {"activation": "relu"}, [["l2", 0.1]], "l2", 3])
def test_what_is_no_list_of_settings_is_told(hyper):
    with pytest.raises(SettingError, match=r"hyper is .*; expected lists of values by the names of settings"):
        module._listed(hyper)
