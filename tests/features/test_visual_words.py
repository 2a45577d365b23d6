import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError

from foldline.core.errors import DataError, SettingError, ShapeError
from foldline.features import Patches, VisualWords, image_feature
from foldline.features._regions import Regions
from foldline.features.local_descriptor import PLACES_A_BAND, Grid

# A distance is the root of a difference of squares: in float32 a patch that is a word has one of up to a hundredth.
LIKENESS = {"rtol": 1e-4, "atol": 1e-2}
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 12, 13, 3), dtype=np.uint8)


def small(*, patch_px=4, stride_px=1, **settings):
    descriptor = Patches(patch_px=patch_px, stride_px=stride_px, n_sampled=500)
    return VisualWords(**{"n_words": 7, "descriptor": descriptor, "n_sampled": 500, **settings})


def answers(feature, x):  # one descriptor; plain NumPy from the papers
    squares = np.sum((x - feature.words_) ** 2, axis=1)
    distances, n_words = np.sqrt(squares), len(feature.words_)
    match feature.encoding:
        case "triangle":
            return np.maximum(0, distances.mean() - distances)
        case "hard":
            return np.arange(n_words) == distances.argmin()
        case "soft":
            parts = np.exp(-(squares - squares.min()) / (2 * feature.softness * feature.spread_))
            return parts / parts.sum()
        case "nearest":
            n = feature.n_nearest or round(0.4 * n_words)
            negative = np.sum((-x - feature.words_) ** 2, axis=1)
            return np.concatenate([square <= np.sort(square)[n - 1] for square in (squares, negative)])
        case "llc":
            nearest = np.argsort(distances)[: feature.n_nearest or 5]
            shifted = feature.words_[nearest].astype(np.float64) - x
            gram = shifted @ shifted.T
            weights = np.linalg.solve(gram + 1e-4 * np.trace(gram) * np.eye(len(gram)), np.ones(len(gram)))
            codes = np.zeros(n_words)
            codes[nearest] = weights / weights.sum()
            return codes


def textbook(feature, images):  # plain loops over images, patches and regions; Coates, Ng, Lee (2011)
    side, stride, vectors = feature.descriptor.patch_px, feature.descriptor.stride_px, []
    mean, whitening = feature.descriptor_.whitening_mean_, feature.descriptor_.whitening_
    for image in images.astype(np.float64):
        tops, lefts = (range(0, length - side + 1, stride) for length in image.shape[:2])
        likeness = np.empty((len(tops), len(lefts), feature.n_words * (2 if feature.encoding == "nearest" else 1)))
        for (i, top), (j, left) in itertools.product(enumerate(tops), enumerate(lefts)):
            patch = image[top : top + side, left : left + side].ravel()
            patch = (patch - patch.mean()) / np.sqrt(patch.var() + 10)
            likeness[i, j] = answers(feature, (patch - mean) @ whitening)
        for level in feature.levels:
            n_down, n_across = level if isinstance(level, tuple) else (level, level)
            rows, cols = (np.arange(n) * m // n for n, m in zip(likeness.shape[:2], (n_down, n_across), strict=True))
            for a, b in itertools.product(range(n_down), range(n_across)):
                region = likeness[rows == a][:, cols == b]
                pool = {"average": np.mean, "sum": np.sum, "max": np.max}[feature.pooling]
                pooled = pool(region, axis=(0, 1))
                vectors.append(np.maximum(pooled, 0) if feature.pooling == "max" else pooled)
    return np.reshape(vectors, (len(images), -1))


@pytest.mark.parametrize("encoding", ["triangle", "hard", "soft", "nearest", "llc"])
@pytest.mark.parametrize("pooling", ["average", "sum", "max"])
@pytest.mark.parametrize("levels", [(1,), (2,), (1, 2, 4), (2, 3), (9,), (4, 1), (1, (3, 1)), ((2, 5),)])
def test_vectors_equal_the_textbook(encoding, pooling, levels):
    feature = small(encoding=encoding, pooling=pooling, levels=levels).fit(IMAGES)
    assert_allclose(feature.transform(IMAGES[:3]), textbook(feature, IMAGES[:3]), **LIKENESS)


@given(st.integers(2, 5), st.integers(1, 3), st.sampled_from([(9, 30, 1), (30, 9, 3), (9, 9, 1)]))
def test_any_patches_and_shapes_equal_the_textbook(patch_px, stride_px, shape):
    images = np.random.default_rng(1).integers(0, 256, (4, *shape), dtype=np.uint8)
    feature = small(patch_px=patch_px, stride_px=stride_px, levels=(2,)).fit(images)
    assert_allclose(feature.transform(images), textbook(feature, images), **LIKENESS)


@pytest.mark.parametrize("shape", [(40, 5, 3), (8, 8, 1), (5, 5, 3), (3, 3, 1), (3, 50, 1)])
def test_the_settings_for_narrow_images_fit_them(shape):
    images = np.random.default_rng(1).integers(0, 256, (30, *shape), dtype=np.uint8)
    feature = VisualWords.for_images(shape).set_params(n_words=6, n_sampled=300)
    feature.descriptor.set_params(n_sampled=300)
    assert_allclose(feature.fit_transform(images)[:3], textbook(feature, images[:3]), **LIKENESS)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (
            (40, 1, 3),
            "images of 40x1 pixels are smaller than a patch of 2x2; expected at least that size. Lower patch_px",
        ),
        (
            (2, 9, 1),
            "images of 2x9 pixels have 1x8 places that are described; expected at least 2x2, one for each regi",
        ),
    ],
)
def test_images_of_one_or_two_pixels_are_refused(shape, message):
    with pytest.raises(ShapeError, match=message):
        VisualWords.for_images(shape).fit(np.zeros((9, *shape), np.uint8))


def test_an_image_of_several_bands_equals_the_textbook():
    images = np.random.default_rng(2).integers(0, 256, (1, 40, 41, 1), dtype=np.uint8)
    feature = small().fit(images)
    assert 5 * PLACES_A_BAND < (40 - 3) * (41 - 3)
    assert_allclose(feature.transform(images), textbook(feature, images), **LIKENESS)


def test_hard_votes_of_a_region_add_up_to_one():
    vectors = small(encoding="hard", levels=(2,)).fit_transform(IMAGES)
    assert_allclose(vectors.reshape(len(IMAGES), 4, 7).sum(axis=2), 1, rtol=1e-5)


def test_the_same_seed_learns_the_same_words_and_another_seed_others():
    one, same, other = (small(random_state=seed).fit(IMAGES).words_ for seed in (0, 0, 1))
    assert_array_equal(one, same)
    assert not np.allclose(one, other)


def test_words_of_the_sample_are_whitened_patches_of_the_images():
    feature = small(codebook="sample").fit(IMAGES)
    windows = np.lib.stride_tricks.sliding_window_view(IMAGES, (4, 4), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    patches = windows.reshape(-1, 48).astype(np.float64)
    patches -= patches.mean(axis=1, keepdims=True)
    patches /= np.sqrt(patches.var(axis=1, keepdims=True) + 10)
    white = (patches - feature.descriptor_.whitening_mean_) @ feature.descriptor_.whitening_
    assert np.linalg.norm(feature.words_[:, None] - white, axis=-1).min(axis=1).max() < 1e-4


def test_convention_a_middle_patch_belongs_to_the_upper_or_left_region():
    regions = Regions.of([Grid(3, 3)], [(2, 2)])
    assert_array_equal(regions.cell_of.reshape(3, 3), [[0, 0, 1], [0, 0, 1], [2, 2, 3]])
    feature = small(encoding="hard", levels=(2,)).fit(IMAGES)
    assert_allclose(feature.transform(IMAGES), textbook(feature, IMAGES), **LIKENESS)


def test_levels_without_a_common_divisor_take_no_more_memory_than_their_regions():
    feature = small(levels=(5, 7, 8, 9)).fit(IMAGES)
    tracemalloc.start()
    vectors = feature.transform(IMAGES[:2])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6  # 2,520 x 2,520 cells would be 178 MB
    assert_allclose(vectors, textbook(feature, IMAGES[:2]), **LIKENESS)


def test_images_that_are_not_in_one_piece_in_memory_are_learned_from():
    mirrored = IMAGES[::2, :, ::-1]
    assert_array_equal(small().fit(mirrored).words_, small().fit(mirrored.copy()).words_)


def test_nothing_is_given_before_words_are_learned():
    with pytest.raises(NotFittedError):
        small().transform(IMAGES)


def test_images_of_one_colour_have_no_words():
    with pytest.raises(DataError, match="the sample has 1 different descriptors; expected at least n_words=7"):
        small().fit(np.full((5, 8, 8, 1), 90, np.uint8))


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"n_words": 1}, SettingError, "n_words is 1; expected a whole number from 2 to 16384"),
        ({"patch_px": 1}, SettingError, "patch_px is 1; expected a whole number from 2 to 64"),
        ({"stride_px": 0}, SettingError, "stride_px is 0"),
        ({"codebook": "forest"}, SettingError, "codebook is 'forest'; expected one of 'kmeans', 'sample'"),
        ({"encoding": "fuzzy"}, SettingError, "encoding is 'fuzzy'"),
        ({"pooling": "median"}, SettingError, "pooling is 'median'"),
        ({"levels": (1,) * 17}, SettingError, "levels has 17 entries; expected at most 16"),
        ({"n_words": 300, "n_nearest": 257, "encoding": "llc"}, SettingError, "expected a whole number from 1 to 256"),
        ({"n_nearest": 8}, SettingError, "n_nearest is 8; expected a whole number from 1 to 7"),
        ({"softness": 0}, SettingError, "softness is 0; expected a number above 0"),
        ({"descriptor": "sift"}, SettingError, "descriptor is 'sift'; expected a local descriptor"),
        ({"levels": ()}, SettingError, r"levels is \(\); expected numbers such as"),
        ({"levels": 2}, SettingError, "levels is 2; expected numbers such as"),
        ({"levels": (0,)}, SettingError, "a number in levels is 0"),
        ({"n_sampled": 6}, SettingError, "n_sampled is 6; expected a whole number at least 7"),
        ({"patch_px": 13}, ShapeError, "images of 12x13 pixels are smaller than a patch of 13x13"),
        (
            {"levels": (10,)},
            ShapeError,
            "have 9x10 places that are described; expected at least 10x10, one for each region",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        small(**settings).fit(IMAGES)


def test_settings_that_shape_what_was_learned_count_from_the_next_fit_on():
    feature = small().fit(IMAGES)
    before = feature.transform(IMAGES)
    feature.set_params(n_words=3, descriptor=Patches(patch_px=6))
    assert_array_equal(feature.transform(IMAGES), before)
    assert feature.fit_transform(IMAGES).shape == (len(IMAGES), 4 * 3)


def test_settings_of_what_is_done_with_words_count_at_once():
    feature = small().fit(IMAGES)
    feature.set_params(encoding="nearest", levels=(1,), pooling="sum")
    assert_allclose(feature.transform(IMAGES[:2]), textbook(feature, IMAGES[:2]), **LIKENESS)


def test_a_fit_that_fails_leaves_nothing_of_the_one_before():
    feature = small().fit(IMAGES)
    with pytest.raises(SettingError):
        feature.set_params(n_words=1).fit(IMAGES)
    with pytest.raises(NotFittedError):
        feature.set_params(n_words=7).transform(IMAGES)


def test_working_memory_is_counted_before_words_are_learned(monkeypatch):
    asked = []
    monkeypatch.setenv("FOLDLINE_THREADS", "2")
    monkeypatch.setattr(image_feature, "check_memory", lambda n_bytes, *_, **__: asked.append(n_bytes))
    small(n_words=7).fit(IMAGES)
    # 9x10 patches of 48 numbers, products of 192 of them and all words, sums over 4 cells, two 64-bit numbers a place.
    assert asked == [4 * 4 * 7 + 2 * (4 * 90 * 48 + 4 * 192 * 7 + 4 * 4 * 7 + 16 * 90)]
