import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import SettingError, ShapeError
from foldline.estimators import ImagePipeline, KNNClassifier, LinearClassifier, make_pipeline
from foldline.features import HOG, Concat, LocalDescriptor, Patches, Pixels, VisualWords
from foldline.features.local_descriptor import Grid
from foldline.insight import usual_answers, word_answers, word_patches, word_votes, words_on_image
from image_files import noise

RIGHT = [-1, 1, -1, 1]  # of a patch of 2x2 the right half is bright
DOWN = [-1, -1, 1, 1]
BAR = np.array([[0, 100, 200], [0, 100, 200]], np.uint8)[..., None]


def with_words(words, image_shape, *, stride_px=1, **settings):
    """Words of 2x2 patches, not whitened, made up instead of learned."""
    words = np.array(words, np.float32)
    descriptor = Patches(patch_px=2, stride_px=stride_px, whiten=False)
    feature = VisualWords(n_words=len(words), descriptor=descriptor, **{"levels": (1,), **settings})
    feature.descriptor_ = Patches(**descriptor.get_params()).fit(np.zeros((1, *image_shape), np.uint8))
    feature.words_, feature.spread_, feature.image_shape_ = words, 1.0, image_shape
    return feature


def learned(images, **settings):
    descriptor = Patches(patch_px=3, n_sampled=300)
    return VisualWords(**{"n_words": 5, "n_sampled": 300, "descriptor": descriptor, **settings}).fit(images)


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


@pytest.mark.parametrize(("encoding", "n_answers"), [("hard", 2), ("nearest", 4)])
def test_convention_answers_of_an_image_are_the_mean_over_its_regions(encoding, n_answers):
    feature = with_words([RIGHT, DOWN], (4, 4, 1), levels=(1, (1, 2)), encoding=encoding)
    vectors = np.arange(2 * 3 * n_answers, dtype=np.float32).reshape(2, -1)
    expected = [
        [(row[a] + row[n_answers + a] + row[2 * n_answers + a]) / 3 for a in range(n_answers)] for row in vectors
    ]
    assert_array_equal(word_answers(feature, vectors), expected)


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


def linear_model(monkeypatch, coef, *, classes=(0, 1)):
    """A model of pixels and of two words in a left and a right half, with weights made up instead of trained."""
    feature = with_words([RIGHT, DOWN], (2, 4, 1), levels=((1, 2),))
    features = Concat(features=[Pixels(), feature], scale=None)
    features.features_ = [Pixels().fit(np.zeros((1, 2, 4, 1), np.uint8)), feature]
    classifier = LinearClassifier()
    classifier.classes_ = np.array(classes)
    monkeypatch.setattr(LinearClassifier, "coef_", property(lambda self: np.array(coef, np.float32)))
    return ImagePipeline.from_fitted(features, classifier, class_names=None, image_shape=(2, 4, 1))


def test_votes_are_weights_times_what_a_class_has_more_or_less_of_where_both_agree(monkeypatch):
    pixels = [9.0] * 8
    # Two halves of two words. Class 0 has 1 more of word 0 on the left and 2 more of word 1 on the right, class 1 less.
    model = linear_model(monkeypatch, [[*pixels, 3, 1, 1, -1], [*pixels, -3, 1, 1, -2]])
    X = np.array(
        [[*pixels, 6, 5, 0, 9], [*pixels, 4, 5, 0, 5], [*pixels, 8, 5, 0, 9], [*pixels, 6, 5, 0, 5]], np.float32
    )
    votes = word_votes(model, model.features_.features_[1], X, np.array([0, 1, 0, 1]))
    assert votes.dtype == np.float32
    # Word 1 on the right speaks against class 0, which has more of it: it counts nothing.
    assert_array_equal(votes, [[3, 0], [-3, -4]])


def test_convention_a_weight_counts_as_far_as_the_class_differs(monkeypatch):
    # The weight of word 1 is a hundred times that of word 0, but no class has more of it.
    model = linear_model(monkeypatch, [[0] * 8 + [1, 100, 0, 0], [0] * 8 + [-1, -100, 0, 0]])
    X = np.zeros((2, 12), np.float32)
    X[0, 8] = 2
    assert_array_equal(word_votes(model, model.features_.features_[1], X, np.array([0, 1])), [[1, 0], [-1, 0]])


def test_convention_a_weight_that_disagrees_with_its_class_counts_nothing(monkeypatch):
    model = linear_model(monkeypatch, [[0] * 8 + [-1, 0, 2, 0], [0] * 8 + [1, 0, -2, 0]])
    X = np.zeros((2, 12), np.float32)
    X[0, [8, 10]] = 2
    # The left half would give word 0 one vote less.
    assert_array_equal(word_votes(model, model.features_.features_[1], X, np.array([0, 1])), [[2, 0], [-2, 0]])


def test_a_class_without_images_gets_no_votes(monkeypatch):
    model = linear_model(monkeypatch, [[1.0] * 12, [1.0] * 12, [-1.0] * 12], classes=("a", "b", "c"))
    X = noise(4, 12, 1, 1).reshape(4, 12).astype(np.float32)
    votes = word_votes(model, model.features_.features_[1], X, np.array(["a", "b", "a", "b"]))
    assert_array_equal(votes[2], [0, 0])
    assert votes[:2].any()


def test_votes_of_a_trained_model_are_cast_in_its_own_columns():
    images, labels = noise(30, 8, 8, 3), np.arange(30) % 3
    words = VisualWords(n_words=4, n_sampled=200, descriptor=Patches(patch_px=3, n_sampled=200), levels=(2,))
    model = make_pipeline(HOG(cell_px=4), words, Pixels(), classifier=LinearClassifier(epochs=5)).fit(images, labels)
    hog, feature, _ = model.features_.features_
    X, first = model.features_.transform(images), hog.length((8, 8, 3))
    expected = np.zeros((3, 4))
    for k, region, word in np.ndindex(3, 4, 4):
        column = first + region * 4 + word
        weight, more = model.classifier_.coef_[k, column], X[labels == k, column].mean() - X[:, column].mean()
        expected[k, word] += abs(weight) * more if weight * more > 0 else 0
    assert_allclose(word_votes(model, feature, X, labels), expected, rtol=1e-3, atol=1e-5)


def test_usual_answers_are_the_mean_over_the_training_images():
    images, labels = noise(20, 8, 8, 3), np.arange(20) % 2
    words = VisualWords(n_words=4, n_sampled=200, descriptor=Patches(patch_px=3, n_sampled=200), levels=(1, 2))
    model = make_pipeline(Pixels(), words, classifier=KNNClassifier(n_neighbors=1)).fit(images, labels)
    feature = model.features_.features_[1]
    assert_allclose(
        usual_answers(model, feature), word_answers(feature, feature.transform(images)).mean(axis=0), rtol=1e-5
    )
    with pytest.raises(SettingError, match=r"the classifier is a KNNClassifier; expected a LinearClassifier"):
        word_votes(model, feature, model.features_.transform(images), labels)


def test_features_of_other_models_and_unscaled_ones_are_refused(monkeypatch):
    model = linear_model(monkeypatch, [[1.0] * 12] * 2)
    X, y = np.zeros((2, 12), np.float32), np.array([0, 1])
    stranger = with_words([RIGHT, DOWN], (2, 4, 1), levels=((1, 2),))
    for call in (lambda: word_votes(model, stranger, X, y), lambda: usual_answers(model, stranger)):
        with pytest.raises(
            SettingError, match=r"feature is not of this model; expected one of model.features_.features_"
        ):
            call()
    with pytest.raises(SettingError, match=r"the features are not scaled; expected scale='feature'. Take the mean"):
        usual_answers(model, model.features_.features_[1])


@pytest.mark.usefixtures("as_installed")
def test_vectors_and_labels_that_do_not_belong_together_are_refused(monkeypatch):
    model = linear_model(monkeypatch, [[1.0] * 12] * 2)
    feature, y = model.features_.features_[1], np.array([0, 1])
    with pytest.raises(
        ShapeError, match=r"X has shape \(2, 4\); expected \(n, 12\)\. Give what model.features_.transf"
    ):
        word_votes(model, feature, np.zeros((2, 4), np.float32), y)
    with pytest.raises(ShapeError, match=r"y has shape \(2,\); expected \(3\)\. Give one label for each vector"):
        word_votes(model, feature, np.zeros((3, 12), np.float32), y)
    with pytest.raises(ShapeError, match=r"vectors has shape \(2, 12\); expected \(n, 4\)\. Give what this feature's"):
        word_answers(feature, np.zeros((2, 12), np.float32))
