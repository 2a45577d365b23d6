import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from foldline.core.errors import SettingError
from foldline.estimators import HiddenLayer, LinearClassifier, MLPClassifier, RandomlyWiredClassifier
from foldline.models import MLP, Linear, Stem
from foldline.training import Augment
from model_files import untrained, untrained_alexnet
from tolerances import TOLERANCE

X, Y = load_digits(return_X_y=True)
X, Y = (X[:400] / 16).astype(np.float32), Y[:400]
FLOAT32 = TOLERANCE[np.dtype(np.float32)]


def on_paper():
    """A net of two inputs and hidden layers of two and one unit, with weights by hand."""
    model = untrained(MLPClassifier(hidden=(2, 1)), n_features=2, classes=(0, 1))
    model.model_ = MLP(
        (
            Linear(jnp.array([[1.0, -1.0], [-1.0, 1.0]]), jnp.array([0.0, 0.5])),
            Linear(jnp.array([[2.0, 1.0]]), jnp.array([-1.0])),
            Linear(jnp.array([[1.0], [-1.0]]), jnp.array([0.0, 0.0])),
        ),
        "relu",
    )
    return model


@pytest.fixture(scope="module")
def net():
    return MLPClassifier(hidden=(12, 7), epochs=5).fit(X, Y)


@pytest.mark.parametrize(
    ("layer", "units"),
    [
        (0, [[2.0, 0.0], [0.0, 2.5]]),  # relu([3 - 1, 1 - 3 + 0.5]), relu([1 - 3, 3 - 1 + 0.5])
        (-3, [[2.0, 0.0], [0.0, 2.5]]),
        (1, [[3.0], [1.5]]),  # relu(2 * 2 + 0 - 1), relu(0 + 2.5 - 1)
        (-2, [[3.0], [1.5]]),
    ],
)
def test_layers_of_a_net_on_paper(layer, units):
    assert_array_equal(on_paper().hidden_features(layer).transform(np.array([[3.0, 1.0], [1.0, 3.0]])), units)


def test_convention_numbers_are_those_after_the_activation():
    model = on_paper()
    model.model_ = MLP(model.model_.layers, "identity")
    assert_array_equal(model.hidden_features(0).transform(np.array([[3.0, 1.0]])), [[2.0, -1.5]])


@pytest.mark.parametrize(
    ("classifier", "last"),
    [
        (MLPClassifier(hidden=(12, 7), epochs=1, dropout=0.5), lambda net: net.layers[-1]),
        (MLPClassifier(hidden=(5,), epochs=1, stem=Stem((8, 8, 1), 2, 4, 3, 2, 9)), lambda net: net.layers[-1]),
        (RandomlyWiredClassifier(nodes=5, k=2, width=6, epochs=1), lambda net: net.outlet),
        (untrained_alexnet(), lambda net: net.connected[-1]),
    ],
    ids=["layers", "stem", "wired", "convolutions"],
)
def test_scores_are_the_last_layer_of_the_last_hidden_one(classifier, last):
    rows = X
    if isinstance(classifier, MLPClassifier | RandomlyWiredClassifier):
        classifier = clone(classifier).fit(X, Y)
    else:
        rows = np.random.default_rng(0).standard_normal((300, 144)).astype(np.float32)
    W, b = (np.asarray(part) for part in (last(classifier.model_).W, last(classifier.model_).b))
    h = classifier.hidden_features().transform(rows)
    assert h.dtype == np.float32
    assert_allclose(
        h @ W.T + b, classifier.scores(rows), rtol=1e-4, atol=1e-4
    )  # products of other sizes in one of them


def test_layers_of_an_mlp_are_those_it_has_with_a_stem_and_its_bottleneck():
    stem = Stem((8, 8, 1), n_patches=2, patch_px=4, grid=3, regions=2, n_directions=9)
    model = MLPClassifier(hidden=(5,), epochs=1, stem=stem).fit(X, Y)
    assert [model.hidden_features(k).transform(X).shape[1] for k in range(4)] == [9, 18, 8, 5]
    assert [model.hidden_features(k).transform(X).min() < 0 for k in range(4)] == [True, False, True, False]


def test_layers_of_an_alexnet_are_maps_as_rows_then_units():
    model = untrained_alexnet()
    rows = np.random.default_rng(0).standard_normal((2, 144)).astype(np.float32)
    first, last_maps = (model.hidden_features(layer).transform(rows) for layer in (0, 4))
    assert (first.shape, last_maps.shape) == ((2, 6 * 6 * 32), (2, 1 * 1 * 64))
    maps = jax.jit(lambda net, X: net.maps(X))(model.model_, rows.reshape(2, 12, 12, 1))
    assert_allclose(first, np.asarray(maps[0]).reshape(2, -1), **FLOAT32)
    assert [model.hidden_features(layer).transform(rows).shape[1] for layer in (-3, -2)] == [256, 256]


def test_convention_of_a_classifier_that_averages_views_it_is_the_row_itself():
    augment = Augment((8, 8, 1), shift_px=2)
    net = MLPClassifier(hidden=(12,), epochs=1, augment=augment, average_views=True).fit(X, Y)
    plain = clone(net).set_params(average_views=False).fit(X, Y)
    assert_array_equal(net.hidden_features().transform(X), plain.hidden_features().transform(X))


@pytest.mark.parametrize("n", [1, 16, 17, 257])
def test_any_number_of_rows_gives_the_same_units(net, n):
    rows = np.resize(X, (600, 64))
    assert_allclose(net.hidden_features(0).transform(rows[:n]), net.hidden_features(0).transform(rows)[:n], **FLOAT32)


def test_it_stays_as_it_is_when_the_net_is_fitted_anew():
    model = MLPClassifier(hidden=(6,), epochs=1).fit(X, Y)
    hidden = model.hidden_features()
    before = hidden.transform(X)
    model.fit(X, Y[::-1])
    assert_array_equal(hidden.transform(X), before)
    assert not np.array_equal(model.hidden_features().transform(X), before)


def test_fitting_and_cloning_keep_what_was_learned(net):
    hidden = net.hidden_features(0)
    twin = clone(hidden).set_params(layer=1).fit(X[:3], Y[:3])
    assert_array_equal(twin.transform(X), net.hidden_features(1).transform(X))
    assert_array_equal(clone(hidden).transform(X), hidden.transform(X))
    assert hidden.layer == 0


def test_a_linear_classifier_on_it_can_be_searched_over_layers(net):
    model = make_pipeline(net.hidden_features(), LinearClassifier(epochs=20))
    search = GridSearchCV(model, {"hiddenlayer__layer": [0, -2]}, cv=2).fit(X, Y)
    assert search.best_score_ > 0.9


def test_columns_are_named_and_numbered(net):
    frame = net.hidden_features().set_output(transform="pandas").fit_transform(X)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == [f"hiddenlayer{unit}" for unit in range(7)]


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (-1, r"layer is -1, which gives the scores; expected a hidden one: 0 to 1, or -3 to -2"),
        (2, r"layer is 2, which gives the scores"),
        (3, r"layer is 3; expected a hidden one: 0 to 1, or -3 to -2\. Choose one of these"),
        (-4, r"layer is -4; expected a hidden one"),
        (0.5, r"layer is 0\.5; expected a hidden one"),
        ("last", r"layer is 'last'; expected a hidden one"),
        (True, r"layer is True; expected a hidden one"),
    ],
)
@pytest.mark.usefixtures("as_installed")
def test_a_layer_that_is_none_is_told_at_once(net, layer, message):
    with pytest.raises(SettingError, match=message):
        net.hidden_features(layer)


@pytest.mark.parametrize("classifier", [LinearClassifier(epochs=1), MLPClassifier(hidden=(), epochs=1)])
def test_a_linear_classifier_has_no_hidden_layer(classifier):
    kind = type(classifier).__name__
    with pytest.raises(SettingError, match=f"{kind} without hidden layers; expected a net with some. Fit for example"):
        clone(classifier).fit(X, Y).hidden_features()


def test_a_net_that_is_not_fitted_has_learned_no_features():
    with pytest.raises(NotFittedError):
        MLPClassifier().hidden_features()
    with pytest.raises(NotFittedError):
        HiddenLayer(FrozenEstimator(MLPClassifier())).fit(X)


@pytest.mark.parametrize("given", [None, MLPClassifier(), FrozenEstimator(Linear), 3])
@pytest.mark.usefixtures("as_installed")
def test_what_is_no_frozen_net_is_refused(given):
    with pytest.raises(SettingError, match="expected a FrozenEstimator of a net. Fit an MLPClassifier or another net"):
        HiddenLayer(given).fit(X)


@pytest.mark.usefixtures("as_installed")
def test_scikit_learns_checks_stop_it_only_by_rows_of_another_length(net):
    found = check_estimator(net.hidden_features(), on_fail=None, on_skip=None)
    reasons = {one["check_name"]: told(one["exception"]) for one in found if one["status"] == "failed"}
    assert {name: why for name, why in reasons.items() if "is expecting 64 features as input" not in why} == {}
    assert sum(one["status"] == "passed" for one in found) >= 15


def told(error):
    """Give what an exception and those that it came from say."""
    return "" if error is None else f"{error} {told(error.__cause__ or error.__context__)}"
