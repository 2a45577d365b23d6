"""One list of checks that every local descriptor passes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import estimator_checks

from foldline.core.errors import DataError, DtypeError, ShapeError
from foldline.features import FEATURES, LocalDescriptor, local_descriptor
from foldline.features.local_descriptor import Band
from small_features import CHECKS_WITHOUT_DATA
from tolerances import TOLERANCE

FLOAT32 = TOLERANCE[np.dtype(np.float32)]
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 30, 34, 3), dtype=np.uint8)
SHAPE = IMAGES.shape[1:]

KINDS = {key: kind for key, kind in FEATURES.items() if issubclass(kind, LocalDescriptor)}
every_descriptor = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def made(kind):
    descriptor = kind()
    return descriptor.set_params(n_sampled=400) if "n_sampled" in descriptor.get_params() else descriptor


@every_descriptor
def test_descriptors_are_finite_float32_of_the_shape_it_says(kind):
    descriptor = made(kind).fit(IMAGES)
    found = descriptor.transform(IMAGES)
    assert found.shape == (6, descriptor.n_places(SHAPE), descriptor.n_numbers(SHAPE))
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert found.any()


@every_descriptor
def test_bands_cover_every_place_once_in_order(kind):
    descriptor = made(kind).fit(IMAGES)
    rows = [(band.grid, row) for band in descriptor.bands(SHAPE) for row in band.rows]
    assert rows == [(i, row) for i, grid in enumerate(descriptor.grids(SHAPE)) for row in range(grid.n_rows)]


@every_descriptor
def test_one_band_alone_equals_its_rows_of_all(kind):
    descriptor = made(kind).fit(IMAGES)
    (whole,) = descriptor.transform(IMAGES[2:3])
    grids, describe, start = descriptor.grids(SHAPE), descriptor.describer(SHAPE), 0
    for index, rows in descriptor.bands(SHAPE):
        n = len(rows) * grids[index].n_cols
        out = np.full((n, whole.shape[1]), np.nan, np.float32)
        describe(IMAGES[2], Band(index, rows), out)
        assert_array_equal(out, whole[start : start + n])
        start += n


@every_descriptor
def test_one_image_alone_equals_its_row_and_images_are_left_as_they_were(kind):
    before, descriptor = IMAGES.copy(), made(kind).fit(IMAGES)
    assert_allclose(descriptor.transform(IMAGES[4:5])[0], descriptor.transform(IMAGES)[4], **FLOAT32)
    assert_array_equal(IMAGES, before)


@every_descriptor
def test_views_of_larger_arrays_give_the_same(kind):
    descriptor = made(kind).fit(IMAGES)
    mirrored = IMAGES[:, :, ::-1]
    assert_array_equal(descriptor.transform(mirrored), descriptor.transform(mirrored.copy()))


@every_descriptor
def test_a_sample_holds_descriptors_of_the_images_none_twice(kind):
    descriptor = made(kind).fit(IMAGES)
    every = descriptor.transform(IMAGES).reshape(-1, descriptor.n_numbers(SHAPE))
    sample = descriptor.sample(IMAGES, 100, generator=np.random.default_rng(0))
    assert len(sample) == 100
    found = {tuple(row) for row in np.round(every, 3).tolist()}
    assert all(tuple(row) in found for row in np.round(sample, 3).tolist())
    assert len(np.unique(sample, axis=0)) == 100


@every_descriptor
def test_a_sample_larger_than_all_there_is_holds_all(kind):
    descriptor = made(kind).fit(IMAGES)
    sample = descriptor.sample(IMAGES[:2], 10**6, generator=np.random.default_rng(0))
    assert len(sample) == 2 * descriptor.n_places(SHAPE)


@every_descriptor
def test_a_clone_has_the_same_settings_and_nothing_learned(kind):
    descriptor = made(kind).fit(IMAGES)
    assert clone(descriptor).get_params() == descriptor.get_params()
    assert not hasattr(clone(descriptor), "image_shape_")


@every_descriptor
def test_it_says_what_it_is(kind):
    assert kind.title
    assert made(kind).describe()


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("check", CHECKS_WITHOUT_DATA)
@every_descriptor
def test_scikit_learns_checks_that_need_no_data(kind, check):
    getattr(estimator_checks, check)(kind.__name__, kind())


@pytest.mark.usefixtures("as_installed")
@every_descriptor
@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda x: x[0], ShapeError, r"images has shape \(30, 34, 3\); expected \(n, h, w, c\)"),
        (lambda x: x / np.float32(255), DtypeError, "images has dtype float32; expected uint8"),
        (lambda x: x[:, 1:], ShapeError, r"images have shape \(29, 34, 3\); expected \(30, 34, 3\), as in fit"),
        (lambda x: x[:, :3, :1], ShapeError, "images have shape"),
    ],
)
def test_arrays_that_are_no_such_images_are_refused(kind, spoil, error, message):
    descriptor = made(kind).fit(IMAGES)
    with pytest.raises(error, match=message):
        descriptor.transform(spoil(IMAGES))


@pytest.mark.usefixtures("as_installed")
@every_descriptor
def test_images_too_small_to_have_a_place_are_refused(kind):
    with pytest.raises(ShapeError, match="images of 1x3 pixels .*; expected .* larger size"):
        made(kind).fit(IMAGES[:, :1, :3])


@every_descriptor
def test_no_images_have_no_sample(kind):
    descriptor = made(kind).fit(IMAGES)
    with pytest.raises(DataError, match="images is empty; expected at least one image to learn from"):
        descriptor.sample(IMAGES[:0], 10, generator=np.random.default_rng(0))


@every_descriptor
def test_descriptors_that_would_fill_the_memory_are_refused_first(kind, monkeypatch):
    descriptor = made(kind).fit(IMAGES)
    monkeypatch.setattr(local_descriptor, "check_memory", tiny_machine)
    with pytest.raises(DataError, match=f"{kind.__name__} of 6 images, [0-9,]+ places each"):
        descriptor.transform(IMAGES)
    with pytest.raises(DataError, match="a sample of 100 of [0-9,]+ places an image needs .* Lower n_sampled"):
        descriptor.sample(IMAGES, 100, generator=np.random.default_rng(0))


def tiny_machine(n_bytes, what, *, fix):
    raise DataError(f"{what} needs {n_bytes} bytes; expected at most 100. {fix}")


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind().learned()])
def test_nothing_is_described_before_something_is_learned(kind):
    with pytest.raises(NotFittedError):
        made(kind).transform(IMAGES)
