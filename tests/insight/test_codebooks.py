import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import SettingError, ShapeError
from foldline.estimators import ImagePipeline, KNNClassifier, LinearClassifier, make_pipeline
from foldline.features import HOG, Concat, Patches, Pixels, VisualWords
from foldline.insight import usual_answers, word_answers, word_votes
from image_files import noise
from insight.made_up_words import DOWN, RIGHT, with_words


@pytest.mark.parametrize(("encoding", "n_answers"), [("hard", 2), ("nearest", 4)])
def test_convention_answers_of_an_image_are_the_mean_over_its_regions(encoding, n_answers):
    feature = with_words([RIGHT, DOWN], (4, 4, 1), levels=(1, (1, 2)), encoding=encoding)
    vectors = np.arange(2 * 3 * n_answers, dtype=np.float32).reshape(2, -1)
    expected = [
        [(row[a] + row[n_answers + a] + row[2 * n_answers + a]) / 3 for a in range(n_answers)] for row in vectors
    ]
    assert_array_equal(word_answers(feature, vectors), expected)


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
