import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import SettingError, ShapeError
from foldline.features import DenseSIFT, LocalDescriptor, Patches, VisualWords
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
        with pytest.raises(
            SettingError, match=r"the words are of mean grey; expected words of patches or of SIFT, .* Fit"
        ):
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


def of_sift(images, *, bin_px=(2, 3), step_px=2, **settings):
    descriptor = DenseSIFT(step_px=step_px, bin_px=bin_px)
    made = {"n_words": 6, "n_sampled": 400, "descriptor": descriptor, "levels": (1,), "codebook": "sample", **settings}
    return VisualWords(**made).fit(images)


def square(image, top, left, side):
    """Grey levels of a square, pixel by pixel; beyond the border the outermost pixels are repeated."""
    height, width, _ = image.shape
    levels = [
        [image[min(max(row, 0), height - 1), min(max(col, 0), width - 1)] for col in range(left, left + side)]
        for row in range(top, top + side)
    ]
    weights = [0.299, 0.587, 0.114] if image.shape[2] == 3 else [1.0]
    return np.array(levels, np.float64) @ weights


def places_of(descriptor, image_shape):
    """Top, left and side of the square of every place, in the order of descriptors."""
    for grid, bin_px in zip(descriptor.grids(image_shape), descriptor.bin_px, strict=True):
        start, side = -(bin_px // 2), 3 * bin_px + 2 * (bin_px // 2) + 1
        for row, col in np.ndindex(*grid):
            yield start + descriptor.step_px * row, start + descriptor.step_px * col, side


def plain(levels):
    """Free a square of brightness and contrast."""
    return (levels - levels.mean()) / np.sqrt(levels.var() + 10)


@pytest.mark.parametrize(("shape", "bin_px"), [((13, 15, 3), (3,)), ((15, 13, 1), (2,))])
@pytest.mark.parametrize("encoding", ["hard", "nearest"])
def test_convention_a_word_of_sift_is_the_mean_of_the_nearest_places_one_an_image(shape, bin_px, encoding):
    images = noise(8, *shape)
    feature = of_sift(images, bin_px=bin_px, encoding=encoding)
    patches = word_patches(feature, images)
    squares, described = list(places_of(feature.descriptor_, shape)), feature.descriptor_.transform(images)
    side = max(side for _, _, side in squares)
    assert patches.shape == (12 if encoding == "nearest" else 6, side, side, 1)
    for word, patch in enumerate(patches):
        wanted = feature.words_[word] if word < 6 else -feature.words_[word - 6]
        distance = np.sqrt(((described - wanted) ** 2).sum(axis=2))
        chosen = np.argsort(distance.min(axis=1), kind="stable")[:5]
        cut = [(row, *squares[distance[row].argmin()]) for row in chosen]
        expected = np.mean([plain(square(images[row], top, left, side)) for row, top, left, side in cut], axis=0)
        assert_allclose(patch[..., 0], expected, atol=1e-4)


def test_a_word_of_sift_that_all_images_have_is_drawn_as_it_is_in_them():
    images = np.repeat(noise(1, 9, 9, 1), 7, axis=0)
    feature = of_sift(images, bin_px=(2,), step_px=1, n_words=9)  # 3x3 places
    patches = word_patches(feature, images)
    squares = [plain(square(images[0], top, left, 9)) for top, left, _ in places_of(feature.descriptor_, (9, 9, 1))]
    described = feature.descriptor_.transform(images[:1])[0]
    for word, patch in zip(feature.words_, patches, strict=True):
        place = np.sqrt(((described - word) ** 2).sum(axis=1)).argmin()
        assert_allclose(patch[..., 0], squares[place], atol=1e-4)


def test_convention_squares_of_smaller_scales_are_enlarged():
    images = np.zeros((3, 13, 13, 1), np.uint8)
    images[:, :, 4:] = 200  # a bin of 2 pixels has the edge in its middle at the first column of places
    feature = of_sift(noise(9, 13, 13, 1), bin_px=(2, 3), step_px=20)
    feature.words_ = feature.descriptor_.transform(images[:1])[0][:1]
    (patch,) = word_patches(feature, images)
    assert patch.shape == (12, 12, 1)
    # The square begins a pixel before the image: of its 9 columns, 5 are dark and 4 bright, as are 6.67 of 12.
    dark, bright = patch[:, :6, 0], patch[:, 7:, 0]
    assert (dark < 0).all()
    assert (bright > 0).all()
    assert_allclose(patch, np.repeat(patch[:1], 12, axis=0), atol=1e-5)


@pytest.mark.parametrize("scale", [0, 1])
@pytest.mark.parametrize("shape", [(13, 16, 3), (16, 13, 1)])
def test_every_place_of_a_scale_of_sift_has_its_nearest_word(shape, scale):
    images = noise(6, *shape)
    feature = of_sift(images)
    found = words_on_image(feature, images[0], patches=word_patches(feature, images), scale=scale)
    grids = feature.descriptor_.grids(shape)
    first = sum(grid.n_places for grid in grids[:scale])
    described = feature.descriptor_.transform(images[:1])[0, first : first + grids[scale].n_places]
    distance = np.sqrt(((described[:, None] - feature.words_) ** 2).sum(axis=2))
    assert_array_equal(found.nearest, distance.argmin(axis=1).reshape(grids[scale]))
    assert_allclose(found.distance.ravel(), distance.min(axis=1), rtol=1e-3, atol=1e-3)
    assert found.squares == ((-1, 2, 9), (-1, 2, 12))[scale]
    assert_allclose(found.answers, word_answers(feature, feature.transform(images[:1]))[0])


def test_words_of_sift_are_drawn_in_their_places_inside_the_image():
    image = noise(1, 13, 13, 3)
    feature = of_sift(np.repeat(image, 5, axis=0), bin_px=(2,), step_px=3, n_words=9)  # every place is a word
    found = words_on_image(feature, image[0], patches=word_patches(feature, np.repeat(image, 5, axis=0)))
    total, n = np.zeros((13, 13)), np.zeros((13, 13))
    for top, left, side in places_of(feature.descriptor_, (13, 13, 3)):
        drawn = plain(square(image[0], top, left, side))
        for row, col in np.ndindex(side, side):
            if 0 <= top + row < 13 and 0 <= left + col < 13:
                total[top + row, left + col] += drawn[row, col]
                n[top + row, left + col] += 1
    assert found.drawn.shape == found.restored.shape == (13, 13, 1)
    assert_allclose(found.drawn[..., 0], total / n, atol=1e-4)
    grey = square(image[0], 0, 0, 13)
    assert_allclose(found.restored[..., 0], grey, atol=0.1)


def test_flat_images_have_flat_words_of_sift():
    images = np.full((2, 9, 9, 3), (80, 13, 201), np.uint8)
    feature = of_sift(noise(6, 9, 9, 3), bin_px=(2,))
    patches = word_patches(feature, images)
    assert not patches.any()
    assert_allclose(words_on_image(feature, images[0], patches=patches).restored, 54.465, rtol=1e-5)


def test_the_word_of_nothing_is_drawn_as_flat_places():
    images = noise(6, 9, 40, 1)
    feature = of_sift(images, bin_px=(2,))
    feature.words_ = np.zeros((1, 128), np.float32)
    images[:, :, 20:] = 80
    assert not word_patches(feature, images).any()


@pytest.mark.usefixtures("as_installed")
def test_words_of_sift_are_not_drawn_without_images():
    images = noise(6, 13, 13, 3)
    feature = of_sift(images)
    for none in (None, images[:0]):
        with pytest.raises(SettingError, match=r"images is empty; expected some, in which words of SIFT are"):
            word_patches(feature, none)
    with pytest.raises(SettingError, match=r"patches is None and the words are of SIFT; .* from word_patches\(feature"):
        words_on_image(feature, images[0])
    patches = word_patches(feature, images)
    with pytest.raises(SettingError, match="scale is 2; expected a whole number from 0 to 1"):
        words_on_image(feature, images[0], patches=patches, scale=2)
    with pytest.raises(ShapeError, match=r"patches has shape \(5, 12, 12, 1\); expected \(6, p, p, c\)"):
        words_on_image(feature, images[0], patches=patches[:5])
    with pytest.raises(ShapeError, match=r"images have shape \(12, 13, 3\)"):
        word_patches(feature, images[:, 1:])
