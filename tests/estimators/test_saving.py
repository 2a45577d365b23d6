"""Model files: the round trip, what is refused, and what a damaged or hostile file can do (nothing)."""

import json
import os
import sys
import tracemalloc
from contextlib import contextmanager
from copy import copy
from functools import cache
from inspect import signature

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from safetensors.numpy import save_file
from sklearn.exceptions import NotFittedError

from foldline.core.errors import FoldlineError, MissingDataError, ModelFileError, SaveError
from foldline.estimators import ImagePipeline, KNNClassifier, LinearClassifier, MLPClassifier, load, save
from foldline.estimators.registry import CLASSIFIERS, SAVEABLE
from foldline.estimators.saving import _SAVED_DTYPES, saved_bytes
from foldline.features import Concat, Polar
from image_files import noise
from model_files import IMAGES, LABELS, X, assert_same, fitted, pipeline, rewrite, untrained
from small_features import QUICK
from strategies import damaged_bytes

DTYPES = {
    "BOOL": "bool",
    **{f"{kind[0].upper()}{bits}": f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)},
    **{f"F{bits}": f"float{bits}" for bits in (16, 32, 64)},
}
every_entry = pytest.mark.parametrize("key", SAVEABLE)
# The switch is the same for every case, so that one switch for all of them is what is meant.
as_installed_for_all = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A place for a model file."""
    return tmp_path_factory.mktemp("models") / "model.safetensors"


def through_a_file(estimator, file):
    save(estimator, file)
    return load(file)


@every_entry
def test_load_after_save_is_the_identity(key, file):
    assert_same(through_a_file(fitted(key), file), fitted(key))


SETTINGS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9)
    | st.lists(st.integers(1, 999), max_size=3)
    | st.lists(st.integers(1, 999), max_size=3).map(tuple)
    | st.dictionaries(st.integers() | st.text(max_size=3), st.floats(0, 9), max_size=3)
)


# What a fitted estimator answers depends on these, so that loading refuses what they cannot be.
DECISIVE = {
    "loss": st.sampled_from(["softmax", "svm"]),
    "n_neighbors": st.integers(1, len(X)),
    "scale": st.just("feature"),
    "codebook": st.sampled_from(["kmeans", "sample"]),
    "encoding": st.sampled_from(["triangle", "hard", "soft", "nearest", "llc"]),
    "pooling": st.sampled_from(["average", "sum", "max"]),
    "levels": st.sampled_from([(1,), (2,), (1, 2), (1, (2, 1))]),
    "n_words": st.just(QUICK["n_words"]),
    "n_nearest": st.none() | st.integers(1, QUICK["n_words"]),
    "softness": st.floats(0.01, 10),
    "n_sampled": st.integers(QUICK["n_words"], 10**9),
    "patch_px": st.just(3),
    "group": st.just(8),
    "solver": st.sampled_from(["auto", "sgd", "lbfgs"]),
    "n_gaussians": st.just(QUICK["n_gaussians"]),
    "n_principal": st.just(QUICK["n_principal"]),
    "with_weights": st.booleans(),
    "improved": st.booleans(),
    "step_px": st.integers(1, 9),
    "bin_px": st.sampled_from([(2,), (2, 2)]),
    "whiten": st.just(True),
    "root": st.booleans(),
    "stride_px": st.integers(1, 2),
    "average_views": st.just(False),
    "layer": st.sampled_from([0, 1, -2, -3]),
    "inputs": st.sampled_from([["angle"], ("x", "x2")]),
    "middle": st.sampled_from([(0, 0.5), [-1, 1e9]]),
    "unit": st.sampled_from([(1, 0.5), [1e-9, 3.0]]),
}


@pytest.mark.usefixtures("as_installed")
@as_installed_for_all
@pytest.mark.parametrize("key", [key for key, kind in SAVEABLE.items() if signature(kind).parameters])
@given(st.data())
def test_every_setting_comes_back(file, key, data):
    estimator = copy(fitted(key))
    for name, value in estimator.get_params(deep=False).items():
        if name in DECISIVE:
            estimator.set_params(**{name: data.draw(DECISIVE[name], name)})
        elif not hasattr(value, "get_params") and name != "features":
            estimator.set_params(**{name: data.draw(SETTINGS, name)})
    assert_same(through_a_file(estimator, file), estimator)


@pytest.mark.parametrize("key", ["mlp.v1", "alexnet.v1"])
def test_a_net_that_averages_views_needs_them(file, key, as_installed):
    estimator = copy(fitted(key)).set_params(average_views=True, augment=3)
    with pytest.raises(ModelFileError, match="average_views is True and augment is 3; expected an Augment"):
        through_a_file(estimator, file)


@pytest.mark.parametrize(
    "classifier",
    [
        LinearClassifier(),
        LinearClassifier(loss="svm"),
        MLPClassifier(hidden=(7,)),
        MLPClassifier(hidden=(5, 4, 3), activation="elu", dropout=0.5),
        MLPClassifier(hidden=(), activation="identity"),
        MLPClassifier(hidden=(5, 4), activation=("leaky_relu", "tanh")),
    ],
)
def test_predictions_after_loading_are_the_same_bits(classifier, file):
    model, images = pipeline(classifier), noise(40, 6, 8, 3, seed=1)
    loaded = through_a_file(model, file)
    assert_array_equal(loaded.decision_function(images), model.decision_function(images))
    assert_array_equal(loaded.predict(images), model.predict(images))
    assert hasattr(loaded, "predict_proba") == (classifier.loss == "softmax")


@pytest.mark.parametrize("model", [KNNClassifier(n_neighbors=2), LinearClassifier(epochs=2)])
def test_a_trained_classifier_answers_the_same_bits_after_loading(model, file):
    model.fit(X, LABELS)
    assert_array_equal(through_a_file(model, file).predict_proba(X), model.predict_proba(X))


def test_an_array_that_is_not_stored_row_by_row_is_written_as_it_reads(file):
    model = KNNClassifier(n_neighbors=2).fit(np.asfortranarray(X), LABELS)
    assert not model.train_X_.flags.c_contiguous
    assert_same(through_a_file(model, file), model)


@pytest.mark.parametrize(
    "labels",
    [
        np.array([3, 7, 9]),
        np.array([-1, 0, 1], np.int8),
        np.array([1, 2, 2**63], np.uint64),
        np.array([0.5, 1.5, 2.0]),
        np.array([False, True, True]),
        np.array(["cat", "dög", "狐"]),
        np.array(["cat", "dog", "fox"], dtype=object),
        np.array([1, 2, 30], dtype=object),
    ],
    ids=lambda labels: f"{labels.dtype}-{labels[0]}",
)
def test_labels_keep_their_kind(labels, file):
    model = untrained(LinearClassifier(), n_features=5, classes=np.unique(labels))
    loaded = through_a_file(model, file)
    assert loaded.classes_.dtype.kind == labels.dtype.kind
    assert loaded.predict(X).tolist() == model.predict(X).tolist()


@pytest.mark.usefixtures("as_installed")
def test_columns_that_pandas_named_are_still_known(file):
    frame = pd.DataFrame(X[:, :3], columns=["x", "y", "größe"])
    loaded = through_a_file(Polar().fit(frame), file)
    assert list(loaded.get_feature_names_out()) == ["r", "theta", "größe"]
    loaded.transform(frame)  # scikit-learn warns of names that it does not know
    with pytest.raises(ValueError, match="feature names should match"):
        loaded.transform(frame.rename(columns={"x": "z"}))


LINES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20)


@given(st.lists(LINES, min_size=3, max_size=3, unique=True))
def test_class_names_may_be_any_line_of_text(file, names):
    parts = fitted("pipeline.v1")
    model = ImagePipeline.from_fitted(
        parts.features_, parts.classifier_, class_names=names, image_shape=parts.image_shape_
    )
    assert through_a_file(model, file).class_names_ == tuple(names)


@every_entry
def test_the_size_is_that_of_the_file(key, file):
    save(fitted(key), file)
    assert saved_bytes(fitted(key)) == file.stat().st_size


@pytest.mark.parametrize("large", _SAVED_DTYPES)
@pytest.mark.parametrize("small", ["I64", "F32", "U8"])
def test_the_size_is_that_of_the_file_whatever_the_order_of_its_tensors(large, small, file):
    # Offsets in the header have more digits behind a large tensor than before it: by order of types, then of names.
    model = copy(fitted("knn.v1"))
    for i in range(40):
        setattr(model, f"more{i}_", np.zeros(2, DTYPES[small]))
    model.more3_ = np.zeros(100_000, DTYPES[large])
    save(model, file)
    assert saved_bytes(model) == file.stat().st_size


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_size_is_that_of_the_file_for_names_of_any_text(file, name):
    model = copy(fitted("knn.v1"))
    model.names_ = np.array([name])
    save(model, file)
    assert saved_bytes(model) == file.stat().st_size


def test_the_size_is_computed_without_a_copy_of_the_tensors():
    model = KNNClassifier().fit(np.zeros((4000, 500), np.float32), np.arange(4000) % 2)
    tracemalloc.start()
    n_bytes = saved_bytes(model)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_bytes > 8_000_000
    assert most < 1_000_000


def test_convention_equal_models_are_equal_files(tmp_path):
    for name in ("a", "b", "c", "d"):
        save(fitted("pipeline.v1"), tmp_path / name)
    assert len({(tmp_path / name).read_bytes() for name in ("a", "b", "c", "d")}) == 1


def test_convention_learning_curves_are_left_out(file):
    assert hasattr(fitted("mlp.v1"), "history_")
    assert not hasattr(through_a_file(fitted("mlp.v1"), file), "history_")


def test_a_loaded_model_can_be_saved_again(file, tmp_path):
    save(through_a_file(fitted("pipeline.v1"), file), tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == file.read_bytes()


def test_saving_takes_missing_folders_odd_names_and_text_paths(tmp_path):
    path = str(tmp_path / "new" / "größe 狐.model")
    save(fitted("linear.v1"), path)
    assert_same(load(path), fitted("linear.v1"))


def test_a_model_that_is_not_fitted_is_not_saved(tmp_path):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        save(LinearClassifier(), tmp_path / "model")
    assert not os.listdir(tmp_path)


def test_a_model_that_cannot_be_written_whole_is_not_written_at_all(file, tmp_path):
    save(fitted("linear.v1"), tmp_path / "model")
    model = untrained(LinearClassifier(random_state=np.random.RandomState(0)), n_features=5)
    with pytest.raises(ModelFileError, match=r"RandomState.* cannot be written .*a random_state to a whole number"):
        save(model, tmp_path / "model")
    assert_same(load(tmp_path / "model"), fitted("linear.v1"))


@contextmanager
def files_end_at(n_bytes):
    """Let the system refuse to write beyond so many bytes of a file, as it does on a full disk."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("n_bytes", [0, 100, 5000])
def test_a_disk_that_fills_up_leaves_the_older_file(tmp_path, n_bytes):
    older, path = fitted("linear.v1"), tmp_path / "model.safetensors"
    save(older, path)
    newer = untrained(MLPClassifier(hidden=(100,)), n_features=100)
    with files_end_at(n_bytes), pytest.raises(SaveError, match=r"could not be written: .*too large.* untouched"):
        save(newer, path)
    assert_same(load(path), older)
    assert os.listdir(tmp_path) == ["model.safetensors"]


def test_a_folder_in_the_place_of_the_file_is_a_save_error(tmp_path):
    (tmp_path / "model" / "inside").mkdir(parents=True)
    with pytest.raises(SaveError, match="could not be written"):
        save(fitted("linear.v1"), tmp_path / "model")
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.parametrize("name", ["nothing", "n" * 300, "a\0b"])
def test_a_path_that_leads_to_nothing_is_missing_data(tmp_path, name):
    with pytest.raises(MissingDataError, match=r"is not a file; expected a model saved by foldline\. Check the path"):
        load(tmp_path / name)


def test_a_folder_is_no_model(tmp_path):
    with pytest.raises(ModelFileError, match=r"is a folder; expected a model .* Name the \.safetensors file in it"):
        load(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="only there may a file's name be no text")
def test_a_file_whose_name_is_no_text_is_read_and_named(file, tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff.safetensors"
    save(fitted("linear.v1"), os.fsdecode(path))
    assert_same(load(os.fsdecode(path)), fitted("linear.v1"))
    with open(path, "wb"), pytest.raises(ModelFileError, match=r"/\\udcff\.safetensors cannot be read") as caught:
        load(os.fsdecode(path))
    str(caught.value).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"a text file, of some length",
        b"\x89PNG\r\n\x1a\n" + bytes(90),
        b"\0" * 4096,
        b"\xff" * 64,
        b"PK\3\4",
    ],
)
def test_a_file_of_another_kind_is_no_model(file, data):
    file.write_bytes(data)
    with pytest.raises(
        ModelFileError, match=r"cannot be read as a model: .*Expected a \.safetensors .* Copy or save it"
    ):
        load(file)


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt"}, {"recipe": "{}"}])
def test_weights_of_another_program_are_no_model(file, metadata):
    save_file({"layer.weight": np.zeros((2, 3), np.float32)}, file, metadata)
    with pytest.raises(ModelFileError, match="holds tensors but no foldline recipe; .*other programs cannot be loaded"):
        load(file)


@pytest.mark.parametrize("text", ["", "1", "null", "[]", "{}", '{"format": 1}', '{"format": "1"}', '{"format": 1e999}'])
def test_a_recipe_that_is_none_is_refused(file, text):
    save_file({}, file, {"foldline": text})
    with pytest.raises(ModelFileError):
        load(file)


def test_a_newer_format_says_so(file):
    save(fitted("linear.v1"), file)
    rewrite(file, lambda recipe, tensors: recipe.update(format=2, version="3.1.0", more={}))
    with pytest.raises(
        ModelFileError, match=r"has format 2 and was written by foldline 3\.1\.0; expected format 1\. Inst"
    ):
        load(file)


def test_a_newer_kind_of_estimator_says_so(file):
    save(fitted("pipeline.v1"), file)
    rewrite(
        file, lambda recipe, tensors: recipe["estimator"]["fitted"]["classifier_"]["estimator"].update(key="net.v7")
    )
    with pytest.raises(ModelFileError, match=r"model\.safetensors: it needs 'net\.v7', .*Install a newer foldline"):
        load(file)


@every_entry
def test_a_file_cut_short_anywhere_is_refused(key, file):
    save(fitted(key), file)
    data = file.read_bytes()
    for length in range(0, len(data), 29):
        file.write_bytes(data[:length])
        with pytest.raises(ModelFileError):
            load(file)


@pytest.mark.usefixtures("as_installed")
@as_installed_for_all
@pytest.mark.filterwarnings("default")  # numbers may be changed to any that are finite
@given(st.data())
def test_a_damaged_file_is_refused_or_answers(file, data):
    model = data.draw(st.sampled_from([fitted("pipeline.v1"), fitted("knn.v1"), fitted("mlp.v1"), on_a_layer()]))
    save(model, file)
    file.write_bytes(data.draw(damaged_bytes(file.read_bytes())))
    refused_or_answers(file)


@pytest.mark.usefixtures("as_installed")
@as_installed_for_all
@pytest.mark.filterwarnings("default")
@given(st.data())
def test_a_changed_recipe_is_refused_or_answers(file, data):
    model = data.draw(st.sampled_from([fitted("pipeline.v1"), fitted("knn.v1"), fitted("mlp.v1"), on_a_layer()]))
    save(model, file)
    rewrite(file, lambda recipe, tensors: change_somewhere(recipe, data.draw))
    refused_or_answers(file)


@cache
def on_a_layer():
    """Give a model whose feature is a hidden layer of another one."""
    return pipeline(LinearClassifier(), features=Concat(features=[fitted("layer.v1")]))


def refused_or_answers(file):
    """Load and ask, at the door as users do; nothing but our errors may come out."""
    try:
        model = load(file)
    except FoldlineError:
        return
    if hasattr(model, "predict"):
        rows = IMAGES if hasattr(model, "image_shape_") else X
        assert len(model.predict(rows[:, : model.n_features_in_] if rows is X else rows)) == len(rows)


GRAMMAR = ["list", "tuple", "tensor", "dict", "net", "strings", "objects", "frozen"]
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 2**70)
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from([*SAVEABLE]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(GRAMMAR), inner),
    max_leaves=4,
)


def change_somewhere(recipe, draw):
    """Put another value, or another place's value, into one place of the recipe; or take the place away."""
    places = list(all_places(recipe))
    holder, name = draw(st.sampled_from(places))
    match draw(st.sampled_from(["other", "copy", "lose"])):
        case "other":
            holder[name] = draw(PLAIN)
        case "copy":
            other_holder, other = draw(st.sampled_from(places))
            holder[name] = json.loads(json.dumps(other_holder[other]))
        case "lose":
            del holder[name]


def all_places(node):
    for name in node if isinstance(node, dict) else range(len(node)):
        yield node, name
        if isinstance(node[name], dict | list):
            yield from all_places(node[name])


def test_every_classifier_checks_what_it_reads():
    assert all(hasattr(kind, "check_loaded") for kind in CLASSIFIERS.values())
