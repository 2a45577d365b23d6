"""One list of checks that every feature of images passes; a new one joins by its line in the registry."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import estimator_checks

from foldline.core import parallel
from foldline.core.errors import DataError, DtypeError, ShapeError
from foldline.features import FEATURES, HOG, IMAGE_FEATURES, Concat, ImageFeature, Pixels, image_feature
from foldline.features.registry import newest_image_features
from small_features import CHECKS_WITHOUT_DATA, small_feature
from tolerances import TOLERANCE

FLOAT32 = TOLERANCE[np.dtype(np.float32)]
RNG = np.random.default_rng(0)


def images_for(kind, n=4, shape=(20, 24)):
    return RNG.integers(0, 256, (n, *shape, 3 if kind.needs_color else 1), dtype=np.uint8)


def made(kind, images):
    return small_feature(kind, images.shape[1:])


def fitted(kind, images):
    return made(kind, images).fit(images)


every_feature = pytest.mark.parametrize("kind", IMAGE_FEATURES.values(), ids=IMAGE_FEATURES)


def test_registry_keys_carry_a_version():
    assert all(re.fullmatch(r"[a-z_]+\.v\d+", key) for key in FEATURES)


def test_commands_and_recipes_name_the_newest_version():
    class NewHOG(HOG):
        pass

    registry = {"hog.v10": NewHOG, "hog.v2": HOG, "hog.v1": HOG, "raw.v1": Pixels, "concat.v1": Concat}
    assert newest_image_features(registry) == {"hog": NewHOG, "raw": Pixels}


@every_feature
def test_vectors_are_finite_float32_of_the_length_it_says(kind):
    images = images_for(kind)
    feature = fitted(kind, images)
    vectors = feature.transform(images)
    assert vectors.shape == (4, feature.length(images.shape[1:]))
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()


@every_feature
def test_images_are_left_as_they_were(kind):
    images = images_for(kind)
    before = images.copy()
    made(kind, images).fit_transform(images)
    assert_array_equal(images, before)


@every_feature
def test_one_image_alone_equals_its_row_in_a_batch(kind):
    images = images_for(kind, n=60)
    feature = fitted(kind, images)
    vectors = feature.transform(images)
    for row in (0, 13, 59):
        assert_allclose(feature.transform(images[row : row + 1])[0], vectors[row], **FLOAT32)


@every_feature
def test_the_same_images_give_the_same_bits_in_any_number_of_threads(kind, monkeypatch):
    images = images_for(kind, n=40)
    vectors = []
    for n_threads in ("1", "3"):
        monkeypatch.setenv("FOLDLINE_THREADS", n_threads)
        assert parallel.n_threads() == int(n_threads)
        vectors.append(fitted(kind, images).transform(images))
    assert_allclose(vectors[0], vectors[1], **FLOAT32)
    assert_array_equal(fitted(kind, images).transform(images), vectors[1])


@every_feature
@given(order=st.permutations(range(6)))
def test_permuted_images_give_permuted_vectors(kind, order):
    images = np.random.default_rng(1).integers(0, 256, (6, 20, 24, 3 if kind.needs_color else 1), dtype=np.uint8)
    feature = fitted(kind, images)
    assert_allclose(feature.transform(images[order]), feature.transform(images)[order], **FLOAT32)


@every_feature
def test_views_of_larger_arrays_give_the_same_vectors(kind):
    images = images_for(kind)
    frame = np.zeros((4, 30, 30, images.shape[3]), np.uint8)
    frame[:, 5:25, 3:27] = images[:, :, ::-1]
    view = frame[:, 5:25, 3:27][:, :, ::-1]
    assert not view.flags.c_contiguous
    feature = fitted(kind, images)
    assert_array_equal(feature.transform(view), feature.transform(images))


@pytest.mark.parametrize("kind", [kind for kind in IMAGE_FEATURES.values() if not kind().learned()])
def test_what_learns_nothing_needs_no_fit(kind):
    images = images_for(kind)
    assert_array_equal(made(kind, images).transform(images), fitted(kind, images).transform(images))


@every_feature
def test_images_that_are_not_in_one_piece_can_be_fitted(kind):
    images = images_for(kind)[:, ::-1]
    assert_array_equal(fitted(kind, images).transform(images), fitted(kind, images.copy()).transform(images.copy()))


@every_feature
def test_no_images_give_no_vectors(kind):
    images = images_for(kind)
    feature = fitted(kind, images)
    assert feature.transform(images[:0]).shape == (0, feature.length(images.shape[1:]))


@every_feature
def test_set_output_gives_a_named_frame(kind):
    images = images_for(kind)
    frame = made(kind, images).set_output(transform="pandas").fit_transform(images)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns[:2]) == [f"{kind.__name__.lower()}0", f"{kind.__name__.lower()}1"]


@every_feature
def test_columns_have_no_names_before_their_number_is_known(kind):
    with pytest.raises(NotFittedError):
        made(kind, images_for(kind)).get_feature_names_out()


@every_feature
def test_a_clone_has_the_same_settings_and_nothing_learned(kind):
    images = images_for(kind)
    feature = made(kind, images).fit(images)
    assert repr(clone(feature)) == repr(feature)
    assert not hasattr(clone(feature), "image_shape_")


@every_feature
def test_it_says_what_it_is(kind):
    assert issubclass(kind, ImageFeature)
    assert kind.title
    assert made(kind, images_for(kind)).describe()


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("check", CHECKS_WITHOUT_DATA)
@pytest.mark.parametrize("kind", [*IMAGE_FEATURES.values(), Concat])
def test_scikit_learns_checks_that_need_no_data(kind, check):
    feature = Concat(features=[next(iter(IMAGE_FEATURES.values()))()]) if kind is Concat else kind()
    getattr(estimator_checks, check)(kind.__name__, feature)


@pytest.mark.usefixtures("as_installed")
@every_feature
@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda x: x[0], ShapeError, r"images has shape \(20, 24, \d\); expected \(n, h, w, c\)"),
        (lambda x: np.repeat(x[..., :1], 2, axis=3), ShapeError, "expected 1 or 3 channels"),
        (lambda x: x[:, :0], ShapeError, "at least one pixel"),
        (lambda x: x / np.float32(255), DtypeError, "images has dtype float32; expected uint8"),
        (lambda x: x.astype(np.int64), DtypeError, "images has dtype int64"),
    ],
)
def test_arrays_that_are_no_images_are_refused(kind, spoil, error, message):
    images = images_for(kind)
    with pytest.raises(error, match=message):
        fitted(kind, images).transform(spoil(images))


@every_feature
def test_images_of_another_shape_than_in_fit_are_refused(kind):
    images = images_for(kind)
    with pytest.raises(ShapeError, match=r"images have shape \(24, 24, \d\); expected \(20, 24, \d\), as in fit"):
        made(kind, images).fit(images).transform(images_for(kind, shape=(24, 24)))


@every_feature
def test_vectors_that_would_fill_the_memory_are_refused_first(kind, monkeypatch):
    images = images_for(kind)
    feature = fitted(kind, images)
    monkeypatch.setattr(image_feature, "check_memory", tiny_machine)
    with pytest.raises(
        DataError, match=f"{kind.__name__} of 4 images, [0-9,]+ numbers each,.*{re.escape(kind.fewer_numbers)}"
    ):
        feature.transform(images)


def tiny_machine(n_bytes, what, *, fix):
    raise DataError(f"{what} needs {n_bytes} bytes; expected at most 100. {fix}")
