"""Model files that somebody changed by hand: well-formed, and refused because their parts do not fit together."""

import json
import sys
import time
import tracemalloc

import numpy as np
import pytest
from safetensors.numpy import save_file

from foldline.core.errors import ModelFileError
from foldline.estimators import LinearClassifier, load, save
from foldline.features import HOG, Concat, DenseSIFT, ImageFeature, Pixels, Polar, VisualWords
from image_files import noise
from model_files import X, fitted, pipeline, rewrite, untrained

pytestmark = pytest.mark.usefixtures("as_installed")


@pytest.fixture
def file(tmp_path):
    """A place for a model file."""
    return tmp_path / "model.safetensors"


def refused(estimator, file, change, *, match):
    """Save, change the file by hand, and see it refused in these words, with the file's name in front."""
    save(estimator, file)
    rewrite(file, change)
    with pytest.raises(ModelFileError, match=match) as caught:
        load(file)
    assert str(caught.value).startswith(str(file))


def in_fitted(**changes):
    """Change fitted attributes of the outermost estimator."""
    return lambda recipe, tensors: recipe["estimator"]["fitted"].update(changes)


def in_classifier(**changes):
    """Change fitted attributes of a pipeline's classifier."""
    return lambda recipe, tensors: recipe["estimator"]["fitted"]["classifier_"]["estimator"]["fitted"].update(changes)


def in_tensor(n_axes, change, *, kind="f"):
    """Put another array in the place of the first tensor of so many axes."""

    def change_first(recipe, tensors):
        name = next(
            name for name in sorted(tensors) if tensors[name].ndim == n_axes and tensors[name].dtype.kind == kind
        )
        tensors[name] = np.ascontiguousarray(change(tensors[name]))

    return change_first


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda W: W[:2], r"b has shape \(3,\); expected \(2\)"),
        (
            lambda W: W[:, :4],
            r"weights of shapes .* for 5 features and 3 classes; expected each to take what the one be",
        ),
        (lambda W: W.astype(np.float64), "W is an array of float64; expected an array of float32"),
        (lambda W: W.astype(np.int32), "W is an array of int32; expected an array of float32"),
        (lambda W: np.append(W[:, :-1], np.full((3, 1), np.nan, np.float32), axis=1), "a tensor holds NaN or infinity"),
        (
            lambda W: np.append(W[:, :-1], np.full((3, 1), -np.inf, np.float32), axis=1),
            "a tensor holds NaN or infinity",
        ),
    ],
)
def test_weights_that_do_not_fit_are_refused(file, change, message):
    refused(untrained(LinearClassifier(), n_features=5), file, in_tensor(2, change), match=message)


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3", "C64"])
def test_tensors_that_numpy_does_not_know_are_refused(file, dtype):
    save_file({"a": np.zeros(2, np.uint64)}, file, {"foldline": json.dumps({"format": 1, "estimator": {}})})
    size = {"BF16": 8, "F8_E4M3": 16, "C64": 2}[dtype]
    data = file.read_bytes().replace(b'"U64","shape":[2]', f'"{dtype}","shape":[{size}]'.encode())
    # The header's length stands in front of it.
    header = len(data) - 8 - 16
    file.write_bytes(header.to_bytes(8, "little") + data[8:])
    with pytest.raises(ModelFileError, match="cannot be read as a model"):
        load(file)


@pytest.mark.parametrize(
    "classes",
    [
        {"list": [0, 1, 2]},
        {"strings": ["a", "b"]},
        {"strings": ["b", "a", "c"]},
        {"strings": ["a", "a", "b"]},
        {"strings": ["a"]},
        {"objects": [1, "a", None]},
        {"objects": [{"list": [0]}, {"list": [1]}, {"list": [2]}]},
        None,
        "abc",
    ],
)
@pytest.mark.parametrize("key", ["linear.v1", "knn.v1"])
def test_classes_that_are_not_those_of_the_weights_are_refused(file, key, classes):
    refused(fitted(key), file, in_fitted(classes_=classes), match="classes|labels|not supported")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (in_tensor(2, lambda X: X[:9]), r"train_y_ has shape \(12,\); expected \(9\)"),
        (in_tensor(2, lambda X: X[:, :4]), r"train_X_ has shape \(12, 4\); expected \(n, 5\)"),
        (in_tensor(2, lambda X: X.astype(np.float16)), "train_X_ is an array of float16; expected an array of float32"),
        (in_fitted(n_features_in_=4), r"train_X_ has shape \(12, 5\); expected \(n, 4\)"),
        (in_fitted(n_features_in_=10**12), "train_X_ has shape"),
        (in_fitted(train_X_={"list": [1.0]}), "train_X_ is a list; expected an array of float32"),
        (in_fitted(classes_={"strings": ["a", "b", "c", "d"]}), "train_y_ holds other labels than 0 to 3"),
        (
            lambda recipe, tensors: recipe["estimator"]["settings"].update(n_neighbors=13),
            "n_neighbors is 13; .*1 to 12",
        ),
        (lambda recipe, tensors: recipe["estimator"]["settings"].update(n_neighbors=0), "n_neighbors is 0; expected"),
        (
            lambda recipe, tensors: recipe["estimator"]["settings"].update(n_neighbors="3"),
            "n_neighbors is '3'; expected",
        ),
    ],
)
def test_neighbours_that_do_not_fit_are_refused(file, change, message):
    refused(fitted("knn.v1"), file, change, match=message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (in_fitted(class_names_={"tuple": ["cat", "dog"]}), "labels are 0 to 2 and there are 2 class names"),
        (in_fitted(class_names_={"tuple": ["cat", "dog", "fox", "eel"]}), "class_names_ is .*'eel'.* for 3 classes"),
        (in_fitted(class_names_={"list": ["cat", "dog", "fox"]}), "class_names_ is"),
        (in_fitted(class_names_={"tuple": ["cat", "dog", 3]}), "class_names_ is"),
        (in_fitted(class_names_={"tuple": ["cat", "dog", "dog"]}), "2 classes are called 'dog'"),
        (in_fitted(class_names_={"tuple": ["cat", "dog", "\ud800"]}), "expected a line of UTF-8 text"),
        (in_fitted(image_fit_="stretch"), "image_fit_ is 'stretch'; expected one of 'native', 'crop', 'pad'"),
        (in_fitted(image_shape_={"tuple": [6, 8, 1]}), "images have 1 channel"),
        (
            in_fitted(image_shape_={"tuple": [7, 8, 3]}),
            r"of shape \(7, 8, 3\) give 176 numbers; expected 152, as in fit",
        ),
        (in_fitted(image_shape_={"tuple": [8, 6, 3]}), r"have shape \(8, 6, 3\); expected \(6, 8, 3\), as in fit"),
        (in_fitted(image_shape_={"tuple": [6.0, 8, 3]}), "a side of image_shape_ is 6.0; expected a whole number"),
        (in_fitted(image_shape_={"tuple": [6, 8]}), "not enough values to unpack"),
        (in_fitted(image_shape_=None), "not iterable"),
        (in_fitted(features_=None), "cannot be read as a model"),
        (in_fitted(classifier_=None), "cannot be read as a model"),
        (in_classifier(n_features_in_=4), "weights of shapes"),
        (in_classifier(model_=None), "model_ is a NoneType; expected a net of layers"),
        (lambda recipe, tensors: recipe["estimator"].update(fitted={}), "not fitted yet"),
        (lambda recipe, tensors: recipe["estimator"].update(settings={}), "missing 2 required"),
        (lambda recipe, tensors: recipe["estimator"]["settings"].update(more=1), "unexpected keyword argument"),
        (lambda recipe, tensors: tensors.popitem(), "cannot be read as a model: 'tensor_"),
    ],
)
def test_a_pipeline_whose_parts_do_not_fit_is_refused(file, change, message):
    refused(fitted("pipeline.v1"), file, change, match=message)


@pytest.mark.parametrize(
    ("name", "scale", "message"),
    [
        ("mean_", np.ones(151, np.float32), r"divisor_ has shape \(152,\); expected \(151\)"),
        ("divisor_", np.ones((2, 152), np.float32), r"divisor_ has shape \(2, 152\); expected \(152\)"),
        ("divisor_", np.ones(152), "divisor_ is an array of float64; expected an array of float32"),
        ("divisor_", np.zeros(152, np.float32), r"divisor_ holds 0\.0; expected numbers above 0"),
        ("divisor_", np.full(152, -1, np.float32), r"divisor_ holds -1\.0; expected numbers above 0"),
    ],
)
def test_a_scale_that_does_not_fit_is_refused(file, name, scale, message):
    def change(recipe, tensors):
        node = recipe["estimator"]["fitted"]["features_"]["estimator"]["fitted"][name]
        tensors[node["tensor"]] = scale

    refused(fitted("pipeline.v1"), file, change, match=message)


@pytest.mark.parametrize("sides", [(16384, 16384), (10**6, 10**6), (10**12, 1), (2**63, 2**63), (1, 10**400)])
def test_a_size_that_no_image_has_takes_no_memory(file, sides):
    model = pipeline(LinearClassifier(), features=Concat(features=[HOG(cell_px=3, block_cells=None)]))
    refused_cheaply(model, file, in_fitted(image_shape_={"tuple": [*sides, 3]}))


@pytest.mark.parametrize("settings", [{"n_orientations": 10**9}, {"n_orientations": 2**64}, {"cell_px": 10**30}])
def test_a_setting_that_asks_for_all_memory_takes_none(file, settings):
    def change(recipe, tensors):
        features = recipe["estimator"]["fitted"]["features_"]["estimator"]["fitted"]["features_"]
        features["list"][0]["estimator"]["settings"].update(settings)

    model = pipeline(LinearClassifier(), features=Concat(features=[HOG(cell_px=3, block_cells=None)]))
    refused_cheaply(model, file, change)


def in_every_part(image_shape):
    """Change the shape of the images wherever it stands."""

    def change(node, _=None):
        for name, value in node.items() if isinstance(node, dict) else enumerate(node):
            if name == "image_shape_":
                node[name] = {"tuple": list(image_shape)}
            elif isinstance(value, dict | list):
                change(value)

    return change


def pipeline_of(feature):
    return pipeline(LinearClassifier(), images=noise(12, 8, 9, 3), features=Concat(features=[feature]))


@pytest.fixture
def no_images(monkeypatch):
    """Fail where vectors of images are computed."""
    monkeypatch.setattr(ImageFeature, "transform", lambda self, images: pytest.fail("an image was made"))


@pytest.mark.parametrize("key", ["words.v1", "fisher.v1"])
def test_a_model_of_very_large_images_is_loaded_without_making_one(file, key, request):
    save(pipeline_of(fitted(key)), file)
    rewrite(file, in_every_part((16384, 16384, 3)))
    request.getfixturevalue("no_images")
    assert load(file).image_shape_ == (16384, 16384, 3)


def test_very_large_images_of_another_shape_than_the_features_are_refused(file):
    def change(recipe, tensors):
        in_every_part((9000, 8000, 3))(recipe)
        in_fitted(image_shape_={"tuple": [8000, 9000, 3]})(recipe, tensors)

    message = r"images have shape \(8000, 9000, 3\); expected \(9000, 8000, 3\), as in fit"
    refused(pipeline_of(fitted("fisher.v1")), file, change, match=message)


def test_very_large_images_of_five_channels_are_refused(file):
    model = pipeline_of(VisualWords(n_words=5, n_sampled=300, descriptor=DenseSIFT(bin_px=(2,)), levels=(1,)))
    refused(model, file, in_every_part((600, 700, 5)), match="expected 1 or 3 channels and at least one pixel")


def test_a_model_of_images_too_large_for_the_memory_is_refused(file):
    sift = VisualWords(n_words=5, n_sampled=300, descriptor=DenseSIFT(bin_px=(2,), step_px=1), levels=(1,))
    message = r"VisualWords of 1 images, 5 numbers each, needs \d+.* GB of memory"
    refused(pipeline_of(sift), file, in_every_part((16384, 16384, 3)), match=message)


def refused_cheaply(model, file, change):
    save(model, file)
    rewrite(file, change)
    tracemalloc.start()
    started_s = time.perf_counter()
    try:
        with pytest.raises(ModelFileError):
            load(file)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - started_s < 60


@pytest.mark.parametrize(
    "node",
    [
        '{"list":[' * 100_000 + "1" + "]}" * 100_000,
        '{"list":[' * 400 + "1" + "]}" * 400,
        '{"estimator":{"key":"pipeline.v1","settings":{"features":1,"classifier":' * 900
        + "1"
        + '},"fitted":{}}}' * 900,
        "[" * 10**6,
        "9" * 10**6,
    ],
    ids=["lists", "shallower lists", "pipelines", "no end", "digits"],
)
def test_a_recipe_nested_deeply_is_refused(file, node):
    recipe = '{"format": 1, "estimator": {"key": "linear.v1", "settings": {"l2": ' + node + '}, "fitted": {"a_": 1}}}'
    save_file({}, file, {"foldline": recipe})
    with pytest.raises(ModelFileError):
        load(file)


def test_loading_runs_no_code_that_a_file_names(file, capfd):
    def change(recipe, tensors):
        recipe["estimator"]["settings"]["class_weight"] = {"dict": [["__reduce__", "os.system('echo run')"]]}
        recipe["estimator"]["settings"]["random_state"] = "__import__('os').system('echo run')"
        recipe["estimator"]["fitted"]["classes_"] = {"strings": ["%s", "__import__('os')", "{0.__class__}"]}

    save(untrained(LinearClassifier(), n_features=5), file)
    rewrite(file, change)
    before = set(sys.modules)
    model = load(file)
    assert list(model.classes_) == ["%s", "__import__('os')", "{0.__class__}"]
    model.predict(X)
    assert capfd.readouterr().out == ""
    assert not {"pickle", "marshal", "shelve"} & (set(sys.modules) - before)


def test_a_classifier_where_features_should_be_is_refused(file):
    def change(recipe, tensors):
        parts = recipe["estimator"]["fitted"]
        parts["features_"] = parts["classifier_"]

    refused(fitted("pipeline.v1"), file, change, match="cannot be read as a model|image_shape_")


def test_a_feature_where_the_classifier_should_be_is_refused(file):
    def change(recipe, tensors):
        parts = recipe["estimator"]["fitted"]
        parts["classifier_"] = parts["features_"]

    refused(fitted("pipeline.v1"), file, change, match="cannot be read as a model")


def test_points_may_be_classified_too(file):
    model = pipeline(LinearClassifier(), images=X[:, :2], features=Polar())
    save(model, file)
    assert (load(file).predict(X[:, :2]) == model.predict(X[:, :2])).all()
    rewrite(file, in_fitted(image_shape_={"tuple": [10**12]}))
    with pytest.raises(ModelFileError, match="a side of image_shape_ is 1000000000000; expected a whole number"):
        load(file)


def test_features_that_give_more_numbers_than_the_classifier_takes_are_refused(file):
    model = pipeline(LinearClassifier(), features=Pixels())
    save(model, file)
    assert load(file).image_shape_ == (6, 8, 3)
    change = in_fitted(image_shape_={"tuple": [7, 8, 3]})
    refused(model, file, change, match="the features give 168 numbers and the classifier takes 144; expected as many")


@pytest.mark.parametrize(
    ("key", "change", "message"),
    [
        ("concat.v1", in_fitted(mean_=None), "mean_ is a NoneType; expected an array of float32"),
        (
            "concat.v1",
            lambda recipe, _: recipe["estimator"]["fitted"].pop("mean_"),
            "cannot be read as a model: .*mean_",
        ),
        (
            "concat.v1",
            lambda recipe, _: recipe["estimator"]["settings"].update(scale="standard"),
            "scale is 'standard'",
        ),
        ("linear.v1", lambda recipe, _: recipe["estimator"]["settings"].update(loss="svmm"), "loss is 'svmm'"),
        ("mlp.v1", lambda recipe, _: recipe["estimator"]["fitted"].pop("lr_"), "cannot be read as a model: .*lr_"),
    ],
)
def test_a_part_that_is_missing_or_unknown_is_refused(file, key, change, message):
    refused(fitted(key), file, change, match=message)


def test_what_another_version_wrote_and_this_one_does_not_know_says_so(file):
    def change(recipe, tensors):
        recipe["version"] = "9.7"
        recipe["estimator"]["settings"]["label_smoothing"] = 0.1

    message = "label_smoothing.* It was written by foldline 9.7, and this is .*: try that version"
    refused(fitted("linear.v1"), file, change, match=message)


@pytest.mark.parametrize("number", ["1", 0, None])
def test_a_format_that_is_no_number_is_damage(file, number):
    message = f"format is {number!r}; expected a whole number at least 1"
    refused(fitted("linear.v1"), file, lambda recipe, _: recipe.update(format=number), match=message)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("words_", np.ones((4, 27), np.float32), r"words_ has shape \(4, 27\); expected \(5, 27\)"),
        ("words_", np.ones((5, 27)), "words_ is an array of float64; expected an array of float32"),
    ],
)
def test_words_that_do_not_fit_are_refused(file, name, array, message):
    def change(recipe, tensors):
        tensors[recipe["estimator"]["fitted"][name]["tensor"]] = array

    refused(fitted("words.v1"), file, change, match=message)


@pytest.mark.parametrize("key", ["patches.v1", "words.v1"])
@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("whitening_", np.ones((27, 26), np.float32), r"whitening_ has shape \(27, 26\)"),
        ("whitening_mean_", np.ones(26, np.float32), r"whitening_mean_ has shape \(26,\)"),
    ],
)
def test_whitening_that_does_not_fit_is_refused(file, key, name, array, message):
    def change(recipe, tensors):
        estimator = recipe["estimator"]
        patches = estimator if key == "patches.v1" else estimator["fitted"]["descriptor_"]["estimator"]
        tensors[patches["fitted"][name]["tensor"]] = array

    refused(fitted(key), file, change, match=message)


def test_words_of_other_descriptors_than_the_settings_name_are_refused(file):
    def change(recipe, _):
        recipe["estimator"]["fitted"]["descriptor_"]["estimator"]["settings"]["stride_px"] = 2

    refused(fitted("words.v1"), file, change, match="descriptor_ is Patches.*; expected Patches.*, as in the settings")


def test_words_with_a_negative_spread_are_refused(file):
    refused(
        fitted("words.v1"),
        file,
        lambda recipe, _: recipe["estimator"]["fitted"].update(spread_=-1.0),
        match="spread_ is -1.0; expected a number of at least 0",
    )


def test_words_without_a_codebook_are_refused(file):
    refused(fitted("words.v1"), file, lambda recipe, _: recipe["estimator"]["fitted"].pop("words_"), match="not fitted")


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"tuple": [6, 8, 3.0]}, r"a side of image_shape_ is 3.0; expected a whole number"),
        ({"tuple": [6, 8]}, r"image_shape_ is \(6, 8\); expected \(height, width, channels\)"),
        ({"tuple": [6, 1 << 20, 3]}, "a side of image_shape_ is 1048576"),
    ],
)
@pytest.mark.parametrize("key", ["words.v1", "fisher.v1", "patches.v1"])
def test_shapes_of_images_that_are_none_are_refused(file, key, shape, message):
    def change(recipe, _):
        estimator = recipe["estimator"]
        estimator["fitted"]["image_shape_"] = shape
        if "descriptor_" in estimator["fitted"]:
            estimator["fitted"]["descriptor_"]["estimator"]["fitted"]["image_shape_"] = shape

    refused(fitted(key), file, change, match=message)


@pytest.mark.parametrize("size", [1e16, 1e30, 3e38])
def test_words_too_large_to_square_are_refused(file, size):
    def change(recipe, tensors):
        name = recipe["estimator"]["fitted"]["words_"]["tensor"]
        tensors[name] = np.full_like(tensors[name], size)

    refused(fitted("words.v1"), file, change, match="words_ holds numbers of 1e[+]15 or more")


def test_scales_of_other_lengths_than_the_features_are_refused(file):
    def change(recipe, tensors):
        for name in ("mean_", "divisor_"):
            tensor = recipe["estimator"]["fitted"][name]["tensor"]
            tensors[tensor] = tensors[tensor][:1]

    refused(
        fitted("concat.v1"), file, change, match=r"images of shape \(6, 8, 3\) give 152 numbers; expected 1, as in fit"
    )


def test_features_of_images_of_different_shapes_are_refused(file):
    def change(recipe, _):
        features = recipe["estimator"]["fitted"]["features_"]["list"]
        features[0]["estimator"]["fitted"]["image_shape_"] = {"tuple": [6, 9, 3]}

    refused(fitted("concat.v1"), file, change, match="features are of images of shapes .*; expected one shape")
