import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import SettingError, ShapeError
from foldline.features import LocalDescriptor, Patches, VisualWords
from foldline.features.local_descriptor import Grid
from foldline.insight import word_answers, word_patches, words_on_image
from image_files import noise
from insight.made_up_words import BAR, DOWN, RIGHT, learned, with_words


def test_the_pixels_of_a_word_are_in_their_places():
    words = np.arange(2 * 12, dtype=np.float32).reshape(2, 12)
    patches = word_patches(with_words(words, (2, 2, 3)))
    assert patches.dtype == np.float32
    for k, row, col, channel in np.ndindex(2, 2, 2, 3):
        assert patches[k, row, col, channel] == words[k, (row * 2 + col) * 3 + channel]


@pytest.mark.parametrize("n_channels", [1, 3])
def test_convention_words_are_drawn_as_the_patches_that_whitening_makes_them_of(n_channels):
    images = noise(4, 8, 8, n_channels)
    drawn = word_patches(learned(images, codebook="sample")).reshape(5, -1)
    patches = Patches(patch_px=3, whiten=False).fit_transform(images).reshape(-1, 9 * n_channels)
    distances = np.abs(drawn[:, None] - patches).max(axis=2).min(axis=1)
    assert distances.max() < 1e-4


def test_convention_answers_of_nearest_to_the_negative_are_drawn_negative():
    patches = word_patches(with_words([RIGHT, DOWN], (2, 2, 1), encoding="nearest"))
    assert_array_equal(patches[2:], -patches[:2])
    whitened = learned(noise(4, 8, 8, 3), encoding="nearest")
    both = (word_patches(whitened) - whitened.descriptor_.whitening_mean_.reshape(3, 3, 3)).reshape(10, -1)
    assert_allclose(both[5:] @ whitened.descriptor_.whitening_, -whitened.words_, atol=1e-4)


class OneNumber(LocalDescriptor):
    title = "mean grey"

    def describe(self):
        return "mean grey"

    def grids(self, image_shape):
        return (Grid(1, 1),)

    def n_numbers(self, image_shape):
        return 1

    def describer(self, image_shape):
        return lambda image, band, out: out.fill(image.mean())


def test_words_of_other_descriptors_cannot_be_drawn():
    images = noise(9, 4, 4, 1)
    feature = VisualWords(n_words=2, descriptor=OneNumber(), levels=(1,), n_sampled=9).fit(images)
    for call in (lambda: word_patches(feature), lambda: words_on_image(feature, images[0])):
        with pytest.raises(SettingError, match=r"the words are of mean grey; expected words of patches, .* Fit Visual"):
            call()


def test_every_place_has_its_nearest_word():
    image = np.array([[0, 100, 50, 50], [0, 100, 90, 90]], np.uint8)[..., None]
    feature = with_words([RIGHT, DOWN], (2, 4, 1), stride_px=2, encoding="hard")
    found = words_on_image(feature, image)
    assert_array_equal(found.nearest, [[0, 1]])
    # Patches of -+50 and -+20 around their means, divided by sqrt(variance + 10): four numbers are that far from 1.
    assert_allclose(found.distance, [[2 - 100 / np.sqrt(2510), 2 - 40 / np.sqrt(410)]], rtol=1e-4)
    assert_array_equal(found.drawn[..., 0], [[-1, 1, -1, -1], [-1, 1, 1, 1]])
    assert_allclose(found.restored, image)
    assert_array_equal(found.answers, [0.5, 0.5])


@pytest.mark.parametrize("shape", [(7, 9, 1), (9, 7, 3)])
def test_the_grid_of_words_is_that_of_the_places(shape):
    images = noise(6, *shape)
    feature = learned(images, levels=(1, 2))
    found = words_on_image(feature, images[0])
    described = feature.descriptor_.transform(images[:1]).reshape(*found.nearest.shape, -1)
    for place in np.ndindex(shape[0] - 2, shape[1] - 2):
        distances = [np.sqrt(np.sum((described[place] - word) ** 2)) for word in feature.words_]
        assert found.nearest[place] == np.argmin(distances)
        assert_allclose(found.distance[place], min(distances), rtol=1e-4)
    assert found.drawn.shape == found.restored.shape == shape
    assert_allclose(found.answers, word_answers(feature, feature.transform(images[:1]))[0])


def test_convention_a_pixel_is_the_mean_of_the_patches_over_it():
    found = words_on_image(with_words([RIGHT, DOWN], (2, 3, 1)), BAR)
    assert_array_equal(found.drawn[..., 0], [[-1, 0, 1], [-1, 0, 1]])
    assert_allclose(found.restored, BAR)


def test_convention_patches_with_gaps_between_them_are_drawn_side_by_side():
    image = np.array([[0, 100, 7, 7, 0, 50], [0, 100, 7, 7, 0, 50]], np.uint8)[..., None]
    found = words_on_image(with_words([RIGHT, DOWN], (2, 6, 1), stride_px=4), image)
    assert_array_equal(found.drawn[..., 0], [[-1, 1, -1, 1]] * 2)
    assert_allclose(found.restored[..., 0], [[0, 100, 0, 50]] * 2)


def test_convention_brightness_and_contrast_are_those_that_come_closest():
    image = np.array([[10, 90], [20, 140]], np.uint8)[..., None]
    found = words_on_image(with_words([RIGHT, DOWN], (2, 2, 1)), image)
    best = np.linalg.lstsq(np.stack([np.ones(4), RIGHT], axis=1), image.ravel().astype(float), rcond=None)[0]
    assert_allclose(found.restored.ravel(), best[0] + best[1] * np.array(RIGHT), rtol=1e-5)


def test_convention_contrast_is_not_below_zero():
    far = 9 * np.array(DOWN)
    found = words_on_image(with_words([RIGHT, far], (2, 2, 1)), np.array([[100, 0], [100, 0]], np.uint8)[..., None])
    assert found.nearest.item() == 0
    assert_array_equal(found.restored, np.full((2, 2, 1), 50))


def test_a_flat_image_stays_flat():
    found = words_on_image(with_words([[0, 0, 0, 0], RIGHT], (3, 3, 1)), np.full((3, 3, 1), 77, np.uint8))
    assert_array_equal(found.nearest, np.zeros((2, 2)))
    assert_array_equal(found.restored, np.full((3, 3, 1), 77))


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("shape", [(1, 2, 3, 1), (2, 4, 1), (2, 3, 3), (2, 3)])
def test_images_of_other_shapes_are_refused(shape):
    with pytest.raises(ShapeError):
        words_on_image(with_words([RIGHT, DOWN], (2, 3, 1)), np.zeros(shape, np.uint8))
