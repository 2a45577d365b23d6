import re

import pytest

from foldline.core.errors import SettingError
from foldline.estimators import LinearClassifier, MLPClassifier, RidgeClassifier, make_classifier
from foldline.models import Stem
from foldline.training import Augment


def test_no_hidden_layer_means_a_linear_classifier():
    assert type(make_classifier()) is LinearClassifier
    assert type(make_classifier(hidden=())) is LinearClassifier
    assert type(make_classifier(hidden=[])) is LinearClassifier


def test_hidden_layers_mean_a_network_of_these_widths():
    made = make_classifier(hidden=(256, 128))
    assert type(made) is MLPClassifier
    assert made.hidden == (256, 128)


@pytest.mark.parametrize("hidden", [(), (8,)])
def test_settings_reach_the_classifier_and_none_takes_its_default(hidden):
    made = make_classifier(hidden=hidden, l2=0.5, loss="svm", lr=None, batch_size=None)
    assert (made.l2, made.loss, made.lr, made.batch_size) == (0.5, "svm", "auto", "auto")


@pytest.mark.parametrize("hidden", [(), (8,)])
@pytest.mark.parametrize("setting", [{"l2": 0.0}, {"momentum": 0.0}, {"nesterov": False}])
def test_zero_and_false_are_settings_as_others(hidden, setting):
    made = make_classifier(hidden=hidden, **setting)
    assert {name: getattr(made, name) for name in setting} == setting


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("activation", "tanh"),
        ("dropout", 0.5),
        ("warmup", 0.1),
        ("label_smoothing", 0.1),
        ("clip_norm", 1.0),
        ("micro_batches", 2),
        ("precision", "bfloat16"),
        ("augment", Augment((8, 8, 1), flip=True)),
        ("stem", Stem((8, 8, 1))),
        ("average_views", True),
    ],
)
def test_settings_of_nets_without_a_hidden_layer_are_refused(name, value):
    with pytest.raises(
        SettingError, match=f"{name} is {re.escape(repr(value))} and there is no hidden layer; .*or leave {name} out"
    ):
        make_classifier(**{name: value})
    assert getattr(make_classifier(hidden=(8,), **{name: value}), name) == value


@pytest.mark.parametrize("solver", ["auto", "sgd", "lbfgs"])
def test_nets_have_no_solver(solver):
    with pytest.raises(SettingError, match=rf"solver is '{solver}' and hidden is \(8,\); expected no hidden layer"):
        make_classifier(hidden=[8], solver=solver)
    assert make_classifier(solver=solver).solver == solver
    assert make_classifier(hidden=[8], solver=None).hidden == [8]


def test_squares_mean_a_ridge_classifier():
    assert make_classifier(loss="squares").get_params() == RidgeClassifier().get_params()
    made = make_classifier(loss="squares", hidden=(), l2=0.5, random_state=3, lr=None)
    assert type(made) is RidgeClassifier
    assert made.l2 == 0.5


@pytest.mark.parametrize(
    ("name", "value"),
    [("solver", "lbfgs"), ("l1", 0.0), ("epochs", 3), ("dropout", 0.5), ("class_weight", "balanced"), ("loss_", 1)],
)
def test_settings_of_training_by_steps_are_refused_with_squares(name, value):
    message = f"{name} is {value!r} with loss='squares'; expected no other setting than l2: .* Leave {name} out, or ta"
    with pytest.raises(SettingError, match=message):
        make_classifier(loss="squares", l2=0.1, **{name: value})


def test_nets_have_no_squares():
    with pytest.raises(
        SettingError, match=r"loss is 'squares' and hidden is \(8,\); .* Leave hidden out, or take loss"
    ):
        make_classifier(hidden=[8], loss="squares")


def test_a_setting_that_does_not_exist_is_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'widths'"):
        make_classifier(widths=3)


@pytest.mark.usefixtures("as_installed")
def test_a_number_for_the_widths_is_refused_when_training():
    with pytest.raises(SettingError, match=r"hidden is 256; expected a tuple of widths such as \(100,\)"):
        make_classifier(hidden=256).fit([[0.0], [1.0]], [0, 1])
