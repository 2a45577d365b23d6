"""The grammar of a model file: what goes in comes out, and nothing else can be made of it."""

import json

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.linear_model import LogisticRegression

from foldline.core.errors import ModelFileError, SettingError
from foldline.estimators import LinearClassifier
from foldline.estimators.encoding import Decoder, Encoder
from foldline.estimators.registry import SAVEABLE
from foldline.features import Pixels
from foldline.models import MLP, Linear
from model_files import X, assert_same, fitted

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
)
ARRAYS = hnp.arrays(
    st.sampled_from([np.bool_, np.int8, np.uint8, np.int32, np.int64, np.uint64, np.float16, np.float32, np.float64]),
    hnp.array_shapes(max_dims=3, max_side=3),
)
TEXTS = st.lists(st.text(st.characters(exclude_characters="\0"), max_size=5), min_size=1).map(np.array)
OBJECTS = st.lists(st.text(max_size=5) | st.integers(), min_size=1).map(lambda items: np.array(items, dtype=object))
VALUES = st.recursive(
    SCALARS | ARRAYS | TEXTS | OBJECTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(SCALARS, inner, max_size=3)
    ),
    max_leaves=8,
)


def through_a_file(value):
    encoder = Encoder()
    text = json.dumps(encoder.value(value), allow_nan=False)
    return Decoder(encoder.tensors).value(json.loads(text))


@given(VALUES)
def test_a_value_comes_back_as_it_was(value):
    assert_same(through_a_file(value), value)


@pytest.mark.parametrize(
    ("value", "plain"),
    [(np.int64(3), 3), (np.float32(0.5), 0.5), (np.bool_(True), True), (np.str_("svm"), "svm"), (np.float64(2), 2.0)],
)
def test_numpys_scalars_become_pythons(value, plain):
    assert through_a_file(value) == plain


def test_a_setting_that_an_older_file_does_not_know_takes_its_default():
    encoded = Encoder().estimator(LinearClassifier(l2=0.5))
    del encoded["settings"]["sampling"]
    assert_same(Decoder({}).estimator(encoded).get_params(), LinearClassifier(l2=0.5).get_params())


@pytest.mark.parametrize("order", ["<", ">"])
def test_numbers_of_any_byte_order_keep_their_values(order):
    assert through_a_file(np.array([1, 2, 300], f"{order}i4")).tolist() == [1, 2, 300]


def test_an_array_that_is_not_in_one_piece_is_written_as_it_reads():
    assert through_a_file(np.arange(12).reshape(3, 4)[:, ::2].T).tolist() == [[0, 4, 8], [2, 6, 10]]


@pytest.mark.parametrize("key", SAVEABLE)
def test_every_entry_of_the_registry_comes_back_whole(key):
    assert_same(through_a_file(fitted(key)), fitted(key))


def test_what_is_not_fitted_and_public_is_not_written():
    encoder = Encoder()
    model = LinearClassifier()
    model.classes_, model._secret, model.__dict__["__odd__"], model.note = np.arange(2), 1, 2, 3
    assert list(encoder.estimator(model)["fitted"]) == ["classes_"]


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        np.float32("nan"),
        np.longdouble(1),
        np.zeros(2, np.longdouble),
        np.zeros(2, complex),
        np.array(["2026-11-24"], "M8[D]"),
        np.array([b"cat"]),
        np.array([["a", "b"]]),
        np.array([np.random.RandomState(0)], dtype=object),
        b"cat",
        {1, 2},
        1j,
        len,
        np.random.RandomState(0),
    ],
    ids=lambda value: repr(value).partition(" at 0x")[0][:40],
)
def test_what_a_file_cannot_hold_is_refused_by_name(value):
    with pytest.raises(ModelFileError, match="cannot be written to a model file; expected finite numbers, text"):
        Encoder().value([{"a": value}])


def test_an_estimator_of_somebody_else_is_refused_by_name():
    with pytest.raises(ModelFileError, match="LogisticRegression is not one of foldline's estimators; .*linear.v1"):
        Encoder().estimator(LogisticRegression())


def test_a_subclass_of_ours_is_not_ours():
    class Quicker(LinearClassifier):
        pass

    with pytest.raises(ModelFileError, match="Quicker is not one of foldline's estimators"):
        Encoder().estimator(Quicker())


@pytest.mark.parametrize("key", ["sklearn.svm.SVC", "os.system", "builtins.eval", "linear.v2", "__import__", ""])
def test_only_classes_of_the_registry_are_built(key):
    with pytest.raises(ModelFileError, match=f"it needs '{key}', which this foldline does not know; .*newer foldline"):
        Decoder({}).estimator({"key": key, "settings": {}, "fitted": {}})


@pytest.mark.parametrize(
    "name",
    [
        "__class__",
        "__dict__",
        "__sklearn_tags__",
        "_fill",
        "_validate_params",
        "predict",
        "fit",
        "loss",
        "a b_",
        "note__",
        "",
        "_",
    ],
)
def test_only_names_of_fitted_attributes_are_set(name):
    node = {"key": "linear.v1", "settings": {}, "fitted": {name: 1}}
    with pytest.raises(ModelFileError, match="is not the name of a fitted attribute"):
        Decoder({}).estimator(node)


@pytest.mark.parametrize(
    "node",
    [
        {"set": [1]},
        {"__reduce__": ["os.system", "ls"]},
        {},
        [],
        [1],
        {"net": {}},
        {"list": [{"tuple": [{"lambda": "x"}]}]},
    ],
)
def test_what_is_not_of_the_grammar_is_refused(node):
    with pytest.raises(ModelFileError, match="is not part of a model file's grammar"):
        Decoder({}).value(node)


@pytest.mark.parametrize(
    ("W", "b", "message"),
    [
        (np.zeros((2, 3)), np.zeros(2, np.float32), "W is an array of float64; expected an array of float32"),
        (np.zeros((2, 3), np.int32), np.zeros(2, np.float32), "W is an array of int32"),
        (np.zeros((2, 3), np.float32), np.zeros(2, np.float16), "b is an array of float16"),
        (np.zeros(6, np.float32), np.zeros(2, np.float32), r"W has shape \(6,\); expected \(out, in\)"),
        (np.zeros((2, 3), np.float32), np.zeros(3, np.float32), r"b has shape \(3,\); expected \(2\)"),
    ],
)
def test_a_layer_of_the_wrong_shape_or_kind_is_refused(W, b, message):
    node = {"net": {"activation": "relu", "layers": [["W", "b"]]}}
    with pytest.raises(ValueError, match=message):
        Decoder({"W": W, "b": b}).value(node)


@pytest.mark.parametrize(("linear", "n_fixed"), [([1], 0), ([-1], 0), (["0"], 0), ([0], 2), ([0], -1), ([0], None)])
def test_layers_that_a_net_does_not_have_are_refused(linear, n_fixed):
    tensors = {"W": np.zeros((2, 2), np.float32), "b": np.zeros(2, np.float32)}
    node = {"net": {"activation": "relu", "layers": [["W", "b"]], "linear": linear, "n_fixed": n_fixed}}
    with pytest.raises(SettingError, match="the number of a layer is"):
        Decoder(tensors).value(node)


def test_a_net_with_linear_layers_comes_back_and_plain_ones_are_written_as_before():
    layers = tuple(Linear(jnp.ones((2, 2)), jnp.ones(2)) for _ in range(3))
    back = through_a_file(MLP(layers, "elu", linear=(1,), n_fixed=2))
    assert (back.linear, back.n_fixed, back.activation, len(back.layers)) == ((1,), 2, "elu", 3)
    assert Encoder().value(MLP(layers, "elu"))["net"].keys() == {"activation", "layers"}


def test_a_net_with_an_activation_a_layer_comes_back():
    layers = tuple(Linear(jnp.ones((2, 2)), jnp.ones(2)) for _ in range(3))
    assert through_a_file(MLP(layers, ("relu", "tanh"))).activation == ("relu", "tanh")


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("activation", ["exec", {"tuple": ["exec"]}, {"tuple": ["relu", "relu"]}])
def test_a_net_of_other_activations_is_refused(activation):
    tensors = {"W": np.zeros((2, 2), np.float32), "b": np.zeros(2, np.float32)}
    with pytest.raises(SettingError, match="activation is 'exec'; expected one of|activation has 2 words; expected 1"):
        Decoder(tensors).value({"net": {"activation": activation, "layers": [["W", "b"]] * 2}})


def test_a_feature_and_a_classifier_keep_apart():
    both = through_a_file({"feature": Pixels(), "model": fitted("linear.v1")})
    assert isinstance(both["feature"], Pixels)
    assert (both["model"].predict(X) == fitted("linear.v1").predict(X)).all()
