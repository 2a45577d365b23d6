import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError

from foldline.core.errors import DataError, SettingError, ShapeError
from foldline.features import VisualWords
from foldline.features._patches import PatchGrid
from foldline.features.visual_words import BAND_PATCHES, cells_of_patches

# A distance is the root of a difference of squares: in float32 a patch that is a word has one of up to a hundredth.
LIKENESS = {"rtol": 1e-4, "atol": 1e-2}
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 12, 13, 3), dtype=np.uint8)


def small(**settings):
    return VisualWords(**{"n_words": 7, "patch_px": 4, "n_sampled": 500, **settings})


def textbook(feature, images):  # plain loops over images, patches and regions; Coates, Lee, Ng (2011), eq. 4
    side, stride, vectors = feature.patch_px, feature.stride_px, []
    for image in images.astype(np.float64):
        tops, lefts = (range(0, length - side + 1, stride) for length in image.shape[:2])
        likeness = np.empty((len(tops), len(lefts), feature.n_words))
        for (i, top), (j, left) in itertools.product(enumerate(tops), enumerate(lefts)):
            patch = image[top : top + side, left : left + side].ravel()
            patch = (patch - patch.mean()) / np.sqrt(patch.var() + 10)
            white = (patch - feature.whitening_mean_) @ feature.whitening_
            distances = np.linalg.norm(white - feature.words_, axis=1)
            if feature.encoding == "triangle":
                likeness[i, j] = np.maximum(0, distances.mean() - distances)
            else:
                likeness[i, j] = np.arange(feature.n_words) == distances.argmin()
        pool = np.mean if feature.pooling == "average" else np.max
        for level in feature.levels:
            rows, cols = (np.arange(n) * level // n for n in likeness.shape[:2])
            for a, b in itertools.product(range(level), repeat=2):
                vectors.append(pool(likeness[rows == a][:, cols == b], axis=(0, 1)))
    return np.reshape(vectors, (len(images), -1))


@pytest.mark.parametrize("encoding", ["triangle", "hard"])
@pytest.mark.parametrize("pooling", ["average", "max"])
@pytest.mark.parametrize("levels", [(1,), (2,), (1, 2, 4), (2, 3), (9,), (4, 1)])
def test_vectors_equal_the_textbook(encoding, pooling, levels):
    feature = small(encoding=encoding, pooling=pooling, levels=levels).fit(IMAGES)
    assert_allclose(feature.transform(IMAGES[:3]), textbook(feature, IMAGES[:3]), **LIKENESS)


@given(st.integers(2, 5), st.integers(1, 3), st.sampled_from([(9, 30, 1), (30, 9, 3), (9, 9, 1)]))
def test_any_patches_and_shapes_equal_the_textbook(patch_px, stride_px, shape):
    images = np.random.default_rng(1).integers(0, 256, (4, *shape), dtype=np.uint8)
    feature = small(patch_px=patch_px, stride_px=stride_px, levels=(2,)).fit(images)
    assert_allclose(feature.transform(images), textbook(feature, images), **LIKENESS)


def test_an_image_of_several_bands_equals_the_textbook():
    images = np.random.default_rng(2).integers(0, 256, (1, 40, 41, 1), dtype=np.uint8)
    feature = small().fit(images)
    assert 5 * BAND_PATCHES < (40 - 3) * (41 - 3)
    assert_allclose(feature.transform(images), textbook(feature, images), **LIKENESS)


def test_hard_votes_of_a_region_add_up_to_one():
    vectors = small(encoding="hard", levels=(2,)).fit_transform(IMAGES)
    assert_allclose(vectors.reshape(len(IMAGES), 4, 7).sum(axis=2), 1, rtol=1e-5)


def test_the_same_seed_learns_the_same_words_and_another_seed_others():
    one, same, other = (small(random_state=seed).fit(IMAGES).words_ for seed in (0, 0, 1))
    assert_array_equal(one, same)
    assert not np.allclose(one, other)


def test_words_that_are_patches_are_whitened_patches_of_the_images():
    feature = small(codebook="patches").fit(IMAGES)
    windows = np.lib.stride_tricks.sliding_window_view(IMAGES, (4, 4), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    patches = windows.reshape(-1, 48).astype(np.float64)
    patches -= patches.mean(axis=1, keepdims=True)
    patches /= np.sqrt(patches.var(axis=1, keepdims=True) + 10)
    white = (patches - feature.whitening_mean_) @ feature.whitening_
    assert np.linalg.norm(feature.words_[:, None] - white, axis=-1).min(axis=1).max() < 1e-4


def test_convention_a_middle_patch_belongs_to_the_upper_or_left_region():
    grid = PatchGrid(image_shape=(6, 6, 1), patch_px=4, stride_px=1)
    starts = [np.array([0, 2])] * 2
    assert_array_equal(cells_of_patches(grid, starts).reshape(3, 3), [[0, 0, 1], [0, 0, 1], [2, 2, 3]])
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
    with pytest.raises(DataError, match="the sample has 1 different patches; expected at least n_words=7"):
        small().fit(np.full((5, 8, 8, 1), 90, np.uint8))


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"n_words": 1}, SettingError, "n_words is 1; expected a whole number from 2 to 16384"),
        ({"patch_px": 1}, SettingError, "patch_px is 1; expected a whole number from 2 to 64"),
        ({"stride_px": 0}, SettingError, "stride_px is 0"),
        ({"codebook": "forest"}, SettingError, "codebook is 'forest'; expected one of 'kmeans', 'patches'"),
        ({"encoding": "soft"}, SettingError, "encoding is 'soft'"),
        ({"pooling": "sum"}, SettingError, "pooling is 'sum'"),
        ({"levels": ()}, SettingError, r"levels is \(\); expected numbers such as"),
        ({"levels": 2}, SettingError, "levels is 2; expected numbers such as"),
        ({"levels": (0,)}, SettingError, "a number in levels is 0"),
        ({"n_sampled": 6}, SettingError, "n_sampled is 6; expected a whole number at least 7"),
        ({"patch_px": 13}, ShapeError, "images of 12x13 pixels have 0x1 patches of 13 pixels; expected at least 2x2"),
        ({"levels": (10,)}, ShapeError, "have 9x10 patches of 4 pixels; expected at least 10x10, one for each region"),
        ({"n_sampled": 10**12}, DataError, "a sample of 1,000,000,000,000 patches needs .* Lower n_sampled"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        small(**settings).fit(IMAGES)
