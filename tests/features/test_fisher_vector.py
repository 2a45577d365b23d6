import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from scipy.stats import norm
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from foldline.core.errors import DataError, ModelFileError, SettingError, ShapeError
from foldline.features import Patches, image_feature
from foldline.features.dense_sift import DenseSIFT
from foldline.features.fisher_vector import FisherVector

# Log densities are float32 sums, right to about 1e-6 of their largest term; a root makes small errors larger.
GRADIENT, ROOT = {"rtol": 1e-3, "atol": 1e-3}, {"rtol": 1e-2, "atol": 1e-2}
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 12, 13, 3), dtype=np.uint8)


def small(**settings):
    patches = Patches(patch_px=4, n_sampled=500)
    return FisherVector(**{"descriptor": patches, "n_gaussians": 5, "n_principal": 6, "n_sampled": 500, **settings})


def textbook(feature, images):  # Sanchez et al. (2013), eq. 15 to 18, over T, from scipy's densities, region by region
    w, m, s = feature.weights_, feature.means_, np.sqrt(feature.variances_)
    (grid,), vectors = feature.descriptor_.grids(images.shape[1:]), []
    for descriptors in feature.descriptor_.transform(images).astype(np.float64):
        x = ((descriptors - feature.mean_) @ feature.directions_)[:, None]
        q = softmax(np.log(w) + norm.logpdf(x, m, s).sum(axis=2), axis=1)
        z = (x - m) / s
        by_place = [(q - w) / np.sqrt(w)] if feature.with_weights else []
        by_place += [(q[..., None] * z / np.sqrt(w)[:, None]).reshape(len(q), -1)]
        by_place += [(q[..., None] * (z**2 - 1) / np.sqrt(2 * w)[:, None]).reshape(len(q), -1)]
        on_grid = np.concatenate(by_place, axis=1).reshape(*grid, -1)
        for level in feature.levels:
            rows, cols = (np.arange(n) * level // n for n in grid)
            for a, b in itertools.product(range(level), repeat=2):
                vector = on_grid[rows == a][:, cols == b].mean(axis=(0, 1))
                if feature.improved:
                    vector = np.sign(vector) * np.sqrt(np.abs(vector))
                    vector /= np.linalg.norm(vector)
                vectors.append(vector)
    return np.reshape(vectors, (len(images), -1))


@pytest.mark.parametrize("levels", [(1,), (1, 2), (2, 3), (9,)])
@pytest.mark.parametrize("with_weights", [False, True])
@pytest.mark.parametrize("improved", [False, True])
def test_vectors_equal_the_textbook(levels, with_weights, improved):
    feature = small(levels=levels, with_weights=with_weights, improved=improved).fit(IMAGES)
    vectors = feature.transform(IMAGES[:3])
    assert vectors.shape == (3, sum(n * n for n in levels) * 5 * (12 + with_weights))
    assert_allclose(vectors, textbook(feature, IMAGES[:3]), **(ROOT if improved else GRADIENT))


def test_an_image_of_several_bands_equals_the_textbook():
    images = np.random.default_rng(2).integers(0, 256, (2, 40, 41, 1), dtype=np.uint8)
    feature = small(improved=False).fit(images)
    assert len(feature.descriptor_.bands(images.shape[1:])) > 5
    assert_allclose(feature.transform(images), textbook(feature, images), **GRADIENT)


def test_every_region_of_an_improved_vector_has_length_one():
    parts = small(levels=(1, 2)).fit_transform(IMAGES).reshape(len(IMAGES), 5, -1)
    assert_allclose(np.linalg.norm(parts, axis=2), 1, rtol=1e-5)


def test_training_images_have_hardly_a_gradient_on_average():
    feature = small(levels=(1,), improved=False, with_weights=True, n_sampled=12 * 90).fit(IMAGES)
    vectors = feature.transform(IMAGES)
    # EM ends where the gradient over the whole sample, here every place, is zero; after 20 rounds it is near that.
    assert np.abs(vectors.mean(axis=0)).max() < 0.2 * np.abs(vectors).max()


def test_the_same_seed_learns_the_same_mixture_and_another_seed_another():
    one, same, other = (small(random_state=seed).fit(IMAGES).means_ for seed in (0, 0, 1))
    assert_array_equal(one, same)
    assert not np.allclose(one, other)


def test_without_a_descriptor_it_describes_sift():
    images = np.random.default_rng(2).integers(0, 256, (3, 30, 40, 1), dtype=np.uint8)
    feature = small(descriptor=None).fit(images)
    assert isinstance(feature.descriptor_, DenseSIFT)
    assert feature.directions_.shape == (128, 6)
    assert_allclose(feature.transform(images), textbook(feature, images), **ROOT)


def test_scales_of_a_descriptor_are_all_summed():
    images = np.random.default_rng(2).integers(0, 256, (3, 30, 40, 1), dtype=np.uint8)
    feature = small(descriptor=DenseSIFT(bin_px=(3, 5)), levels=(1,), improved=False).fit(images)
    alone = [small(descriptor=DenseSIFT(bin_px=(side,)), levels=(1,), improved=False).fit(images) for side in (3, 5)]
    n_places = []
    for one in alone:
        n_places.append(one.descriptor_.n_places((30, 40, 1)))
        for name in ("mean_", "directions_", "weights_", "means_", "variances_"):
            setattr(one, name, getattr(feature, name))
    expected = np.average([one.transform(images) for one in alone], axis=0, weights=n_places)
    assert_allclose(feature.transform(images), expected, **GRADIENT)


@pytest.mark.parametrize(
    "shape",
    [(12, 12, 1), (12, 13, 3), (100, 80, 1), (8, 8, 1), (7, 9, 1), (40, 5, 3), (5, 5, 1), (3, 30, 1), (3, 3, 3)],
)
def test_the_settings_for_images_fit_them(shape):
    images = np.random.default_rng(1).integers(0, 256, (3, *shape), dtype=np.uint8)
    feature = FisherVector.for_images(shape).set_params(n_gaussians=3, n_sampled=300)
    assert feature.fit_transform(images).shape == (3, feature.length(shape))


def test_the_same_vectors_come_from_any_number_of_threads(monkeypatch):
    vectors = []
    for n_threads in ("1", "3"):
        monkeypatch.setenv("FOLDLINE_THREADS", n_threads)
        vectors.append(small().fit_transform(IMAGES))
    assert_array_equal(*vectors)


def test_images_that_are_not_in_one_piece_in_memory_are_learned_from():
    mirrored = IMAGES[::2, :, ::-1]
    assert_array_equal(small().fit(mirrored).means_, small().fit(mirrored.copy()).means_)


def test_the_settings_are_left_as_they_were():
    feature = small().fit(IMAGES)
    assert not hasattr(feature.descriptor, "whitening_")
    assert clone(feature).get_params().keys() == feature.get_params().keys()


def test_nothing_is_given_before_the_mixture_is_learned():
    with pytest.raises(NotFittedError):
        small().transform(IMAGES)


def test_images_of_one_colour_have_no_gaussians():
    with pytest.raises(DataError, match="the sample has 1 different descriptors; expected at least n_gaussians=5"):
        small().fit(np.full((5, 8, 8, 1), 90, np.uint8))


def test_fewer_places_than_gaussians_are_refused():
    with pytest.raises(DataError, match="the sample has 90 different descriptors; expected at least n_gaussians=100"):
        small(n_gaussians=100).fit(IMAGES[:1])


# Descriptors of 9x10 patches of 48 numbers, twice; sums over 4 cells of 5 Gaussians; two 64-bit numbers a place.
WORKING = 2 * 4 * 90 * 48 + 4 * 4 * 5 * 13 + 16 * 90


def test_what_would_fill_the_memory_is_refused_before_anything_is_learned_and_before_vectors_are_made(monkeypatch):
    def tiny_machine(n_bytes, what, *, fix):
        raise DataError(f"{what} needs {n_bytes} bytes. {fix}")

    feature = small().fit(IMAGES)
    monkeypatch.setenv("FOLDLINE_THREADS", "3")
    monkeypatch.setattr(image_feature, "check_memory", tiny_machine)
    for n, work in ((1, small().fit), (12, feature.transform)):
        n_bytes = 4 * n * 300 + 3 * WORKING
        with pytest.raises(DataError, match=f"of {n} images, 300 numbers each, needs {n_bytes} bytes. Lower n_gauss"):
            work(IMAGES)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"n_gaussians": 1}, SettingError, "n_gaussians is 1; expected a whole number from 2 to 4096"),
        ({"n_principal": 0}, SettingError, "n_principal is 0; expected a whole number at least 1"),
        (
            {"n_principal": 49},
            SettingError,
            "n_principal is 49, and a descriptor has 48 numbers; expected at most as many. Lower n_principal",
        ),
        ({"n_sampled": 4}, SettingError, "n_sampled is 4; expected a whole number at least 5"),
        ({"descriptor": "sift"}, SettingError, "descriptor is 'sift'; expected a local descriptor"),
        ({"with_weights": "yes"}, SettingError, "with_weights is 'yes'; expected True or False"),
        ({"improved": None}, SettingError, "improved is None; expected True or False"),
        ({"levels": ()}, SettingError, r"levels is \(\); expected numbers such as"),
        ({"levels": (10,)}, ShapeError, "have 9x10 places that are described; expected at least 10x10"),
        ({"descriptor": Patches(patch_px=13)}, ShapeError, "images of 12x13 pixels are smaller than a patch of 13x13"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        small(**settings).fit(IMAGES)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (
            "descriptor_",
            lambda d: Patches(patch_px=3),
            "descriptor_ is Patches.*; expected Patches.*, as in the settings",
        ),
        ("mean_", lambda a: a[1:], r"mean_ has shape \(47,\); expected \(48\)"),
        ("directions_", lambda a: a[:, :5], r"directions_ has shape \(48, 5\); expected \(48, 6\)"),
        ("directions_", lambda a: a.astype(np.float64), "directions_ is an array of float64; expected .* float32"),
        ("weights_", lambda a: a[:4], r"weights_ has shape \(4,\); expected \(5\)"),
        ("means_", lambda a: a.T, r"means_ has shape \(6, 5\); expected \(5, 6\)"),
        ("variances_", lambda a: a.astype(np.float32), "variances_ is an array of float32; expected .* float64"),
        ("variances_", lambda a: 0 * a, "variances_ holds 0; expected numbers above 0"),
        ("weights_", lambda a: a - 1, "weights_ holds -0.*; expected numbers above 0"),
    ],
)
def test_learned_parts_that_do_not_fit_are_refused(name, change, message):
    feature = small().fit(IMAGES)
    feature.check_loaded()
    setattr(feature, name, change(getattr(feature, name)))
    with pytest.raises((ModelFileError, ShapeError), match=message):
        feature.check_loaded()


def test_settings_that_shape_the_mixture_count_from_the_next_fit_on():
    feature = small(with_weights=True, levels=(1,)).fit(IMAGES)
    before = feature.transform(IMAGES)
    feature.set_params(n_gaussians=2, n_principal=3)
    assert_array_equal(feature.transform(IMAGES), before)
    assert feature.fit_transform(IMAGES).shape == (len(IMAGES), 2 * (2 * 3 + 1))
