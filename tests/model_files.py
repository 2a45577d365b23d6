"""Small fitted estimators of every kind, their model files, and files that somebody changed by hand."""

import json
from functools import cache
from itertools import pairwise

import jax
import numpy as np
from jax import numpy as jnp
from numpy.testing import assert_array_equal
from safetensors import safe_open
from safetensors.numpy import save_file
from sklearn.base import BaseEstimator

from foldline.estimators import (
    AlexNetClassifier,
    ImagePipeline,
    LayerFeature,
    LinearClassifier,
    MLPClassifier,
    RandomlyWiredClassifier,
)
from foldline.estimators.registry import SAVEABLE
from foldline.features import ColorHistogram, Concat, DenseSIFT, ImageFeature, Patches, Pixels
from foldline.models import MLP, AlexNet, Linear, RandWire
from image_files import noise
from small_features import small_feature

IMAGES = noise(12, 6, 8, 3)
LABELS = np.arange(12) % 3
X = IMAGES.reshape(12, -1)[:, :5] / np.float32(255)


@cache
def fitted(key):
    """Fit one entry of the registry on a few rows; nobody may change what it gives."""
    kind = SAVEABLE[key]
    if kind is LayerFeature:
        return pipeline(MLPClassifier(hidden=(4, 2))).hidden_features(0)
    if issubclass(kind, ImageFeature):
        return small_feature(kind, IMAGES.shape[1:]).fit(IMAGES)
    if kind is Patches:
        return Patches(patch_px=3, n_sampled=300).fit(IMAGES)
    if kind is DenseSIFT:
        return DenseSIFT(bin_px=(2,)).fit(noise(2, 7, 9, 3))
    if kind is Concat:
        return two_features().fit(IMAGES)
    if kind is ImagePipeline:
        return pipeline(fitted("linear.v1"))
    if kind is LinearClassifier or kind is MLPClassifier:
        return kind(epochs=1).fit(X, LABELS)
    if kind is RandomlyWiredClassifier:
        return kind(nodes=4, k=2, width=3, epochs=1).fit(X, LABELS)
    if kind is AlexNetClassifier:
        return untrained_alexnet()
    return kind().fit(X, LABELS)


def untrained_alexnet():
    """Give the net of the smallest images it takes its first weights alone: compiling a training takes long."""
    model = AlexNetClassifier()
    model.classes_, model.n_features_in_, model.lr_ = np.arange(3), 12 * 12, 0.01
    model.model_ = AlexNet.random(image_shape=(12, 12, 1), n_out=3, key=jax.random.key(0))
    return model


def pipeline(classifier, *, images=IMAGES, features=None, **names):
    """Put a classifier like the given one behind features, with weights that were never trained."""
    features = (features or two_features()).fit(images)
    n_features = features.transform(images).shape[1]
    return ImagePipeline.from_fitted(
        features,
        untrained(classifier, n_features=n_features),
        class_names=names.get("class_names", ["cat", "dog", "fox"]),
        image_shape=images.shape[1:],
        image_fit=names.get("image_fit", "pad"),
    )


def untrained(classifier, *, n_features, classes=(0, 1, 2), seed=0):
    """Give a classifier weights by hand: quicker than training, and as good for files."""
    rng = np.random.default_rng(seed)
    widths = [n_features, *getattr(classifier, "hidden", ()), len(classes)]
    layers = tuple(
        Linear(jnp.asarray(rng.normal(size=(n_out, n_in)), np.float32), jnp.asarray(rng.normal(size=n_out), np.float32))
        for n_in, n_out in pairwise(widths)
    )
    made = type(classifier)(**classifier.get_params())
    made.classes_, made.n_features_in_, made.lr_ = np.array(classes), n_features, 0.1
    made.model_ = MLP(layers, getattr(classifier, "activation", "relu"))
    return made


def two_features():
    """Give two features side by side, scaled."""
    return Concat(features=[Pixels(), ColorHistogram(n_bins=2)])


def rewrite(path, change):
    """Change a model file by hand: `change` gets its recipe and its tensors, and alters them in place."""
    with safe_open(path, framework="numpy") as opened:
        recipe = json.loads(opened.metadata()["foldline"])
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118  (no iterator)
    change(recipe, tensors)
    save_file(tensors, path, {"foldline": json.dumps(recipe)})


def assert_same(found, expected):
    """Fail unless two estimators, or values of them, are equal in kind and content; arrays to the last bit."""
    assert type(found) is type(expected)
    match expected:
        case BaseEstimator():
            assert_same(found.get_params(deep=False), expected.get_params(deep=False))
            assert_same(attributes(found), attributes(expected))
        case dict():
            assert list(found) == list(expected)
            for name in expected:
                assert_same(found[name], expected[name])
        case list() | tuple():
            assert len(found) == len(expected)
            for one, other in zip(found, expected, strict=True):
                assert_same(one, other)
        case MLP():
            assert found.activation == expected.activation
            assert_same(
                [[np.asarray(p) for p in (layer.W, layer.b)] for layer in found.layers],
                [[np.asarray(p) for p in (layer.W, layer.b)] for layer in expected.layers],
            )
        case RandWire():
            assert found.wiring == expected.wiring
            leaves = [[np.asarray(leaf) for leaf in jax.tree.leaves(net)] for net in (found, expected)]
            assert_same(*leaves)
        case np.ndarray():
            assert found.dtype.kind == expected.dtype.kind
            assert found.dtype.kind == "U" or found.dtype == expected.dtype
            assert_array_equal(found, expected)
        case _:
            assert found == expected


def attributes(estimator):
    """Give what an estimator learned, without its learning curves."""
    return {name: value for name, value in vars(estimator).items() if name.endswith("_") and name != "history_"}
