import pickle

import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score

from foldline.core.errors import DataError, DtypeError, SettingError, ShapeError
from foldline.estimators import (
    ImagePipeline,
    KNNClassifier,
    LinearClassifier,
    MLPClassifier,
    load,
    make_pipeline,
)
from foldline.features import HOG, ColorHistogram, Concat, Pixels, Polar
from image_files import striped_images
from model_files import IMAGES, LABELS, pipeline
from tolerances import TOLERANCE

STRIPES, DIRECTIONS = striped_images()


def small_model(**settings):
    return make_pipeline(HOG(cell_px=4, block_cells=None), classifier=LinearClassifier(**{"epochs": 5, **settings}))


@pytest.fixture(scope="module")
def fitted():
    return small_model().fit(STRIPES, DIRECTIONS)


def test_it_is_its_features_and_its_classifier_one_after_the_other(fitted):
    X = Concat(features=[HOG(cell_px=4, block_cells=None)]).fit_transform(STRIPES)
    classifier = LinearClassifier(epochs=5).fit(X, DIRECTIONS)
    assert_array_equal(fitted.predict(STRIPES), classifier.predict(X))
    assert_array_equal(fitted.predict_proba(STRIPES), classifier.predict_proba(X))
    assert_array_equal(fitted.decision_function(STRIPES), classifier.decision_function(X))


def test_stripes_are_told_apart_by_their_direction(fitted):
    new_images, new_directions = striped_images(60)
    assert fitted.score(new_images[24:], new_directions[24:]) > 0.9


def test_it_remembers_shape_fit_and_names():
    model = small_model().fit(STRIPES, DIRECTIONS, class_names=["along", "across"], image_fit="pad")
    assert model.image_shape_ == (12, 12, 1)
    assert model.image_fit_ == "pad"
    assert model.class_names_ == ("along", "across")
    assert model.classes_.tolist() == [0, 1]


def test_text_labels_name_themselves():
    names = np.array(["along", "across"])[DIRECTIONS]
    model = small_model().fit(STRIPES, names)
    assert model.class_names_ == ("across", "along")
    assert set(model.predict(STRIPES)) <= {"across", "along"}


def test_names_of_labels_that_training_lacks_are_left_out():
    model = small_model().fit(STRIPES, DIRECTIONS * 2, class_names=["along", "nothing", "across"])
    assert model.class_names_ == ("along", "across")
    assert model.classes_.tolist() == [0, 2]


def test_fitting_changes_neither_settings_nor_input():
    model, images, labels = small_model(), STRIPES.copy(), DIRECTIONS.copy()
    features, classifier = model.features, model.classifier
    model.fit(images, labels)
    assert (model.features, model.classifier) == (features, classifier)
    assert not hasattr(classifier, "model_")
    assert not hasattr(features, "features_")
    assert_array_equal(images, STRIPES)
    assert_array_equal(labels, DIRECTIONS)


@pytest.mark.usefixtures("as_installed")
def test_labels_may_be_a_list(fitted):
    model = clone(fitted).fit(STRIPES, DIRECTIONS.tolist())
    assert_array_equal(model.decision_function(STRIPES), fitted.decision_function(STRIPES))


def test_the_same_seed_gives_the_same_bits(fitted):
    assert_array_equal(
        small_model().fit(STRIPES, DIRECTIONS).decision_function(STRIPES), fitted.decision_function(STRIPES)
    )


@given(st.permutations(range(6)))
def test_an_image_is_judged_by_itself(fitted, order):
    expected = fitted.decision_function(STRIPES)
    found = fitted.decision_function(STRIPES[order])
    np.testing.assert_allclose(found, expected[order], **TOLERANCE[np.dtype(np.float32)])


def test_scaling_is_learned_from_training_images_alone(fitted):
    before = fitted.features_.mean_.copy()
    fitted.predict(255 - STRIPES)
    assert_array_equal(fitted.features_.mean_, before)
    assert_array_equal(before, Concat(features=[HOG(cell_px=4, block_cells=None)]).fit(STRIPES).mean_)


def test_validation_images_choose_the_epoch():
    model = small_model(epochs=4).fit(STRIPES[:16], DIRECTIONS[:16], validation=(STRIPES[16:], DIRECTIONS[16:]))
    history = model.classifier_.history_
    assert model.score(STRIPES[16:], DIRECTIONS[16:]) == pytest.approx(history.val_accuracy[history.best_epoch])


def test_weights_of_zero_leave_images_without_a_say():
    wrong = np.where(np.arange(24) < 12, DIRECTIONS, 1 - DIRECTIONS)
    model = small_model(epochs=20).fit(STRIPES, wrong, sample_weight=(np.arange(24) < 12).astype(float))
    assert model.score(STRIPES, DIRECTIONS) > 0.8


def test_parts_fitted_elsewhere_give_the_same_pipeline(fitted):
    joined = ImagePipeline.from_fitted(
        fitted.features_, fitted.classifier_, class_names=["a", "b"], image_shape=(12, 12, 1), image_fit="crop"
    )
    assert_array_equal(joined.decision_function(STRIPES), fitted.decision_function(STRIPES))
    assert (joined.class_names_, joined.image_shape_, joined.image_fit_) == (("a", "b"), (12, 12, 1), "crop")
    assert joined.classifier.get_params() == fitted.classifier_.get_params()
    assert not hasattr(joined.classifier, "model_")


@pytest.mark.parametrize(
    ("classifier", "has_probabilities", "has_scores"),
    [
        (LinearClassifier(), True, True),
        (LinearClassifier(loss="svm"), False, True),
        (MLPClassifier(loss="svm"), False, True),
        (KNNClassifier(), True, False),
    ],
)
def test_it_offers_what_its_classifier_offers(classifier, has_probabilities, has_scores):
    model = make_pipeline(Pixels(), classifier=classifier)
    assert hasattr(model, "predict_proba") == has_probabilities
    assert hasattr(model, "decision_function") == has_scores


def test_the_reason_for_missing_probabilities_is_the_classifiers_own():
    with pytest.raises(AttributeError, match="predict_proba") as caught:
        make_pipeline(Pixels(), classifier=LinearClassifier(loss="svm")).predict_proba  # noqa: B018
    pipelines_reason = caught.value.__cause__
    assert "SVM scores are margins, not probabilities" in str(pipelines_reason.__cause__)


def test_nearest_neighbours_are_ranked_by_their_shares():
    model = make_pipeline(HOG(cell_px=4), classifier=KNNClassifier(n_neighbors=3))
    scores = cross_val_score(model, STRIPES, DIRECTIONS, cv=2, scoring="roc_auc", error_score="raise")
    assert scores.min() > 0.9


def test_cross_validation_works():
    assert cross_val_score(small_model(), STRIPES, DIRECTIONS, cv=3, error_score="raise").mean() > 0.8
    proba = cross_val_predict(small_model(), STRIPES, DIRECTIONS, cv=3, method="predict_proba")
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)


def test_grid_search_works_over_classifier_and_features():
    grid = {"classifier__l2": [1e-4, 100.0], "features__hog__cell_px": [4, 12]}
    search = GridSearchCV(small_model(), grid, cv=2, error_score="raise").fit(STRIPES, DIRECTIONS)
    assert search.best_params_["classifier__l2"] == 1e-4
    assert len(search.cv_results_["params"]) == 4
    best = search.best_estimator_
    assert best.features_.features_[0].cell_px == search.best_params_["features__hog__cell_px"]
    assert search.predict(STRIPES).shape == (24,)


def test_a_search_may_replace_a_whole_feature():
    features = [HOG(cell_px=4, block_cells=None), HOG(cell_px=6)]
    search = GridSearchCV(small_model(), {"features__hog": features}, cv=2, error_score="raise")
    assert search.fit(STRIPES, DIRECTIONS).best_params_["features__hog"] in features


def test_a_clone_has_the_settings_and_nothing_learned(fitted):
    twin = clone(fitted)
    assert str(twin.get_params()) == str(fitted.get_params())
    assert not hasattr(twin, "classifier_")
    twin.set_params(features__hog__cell_px=3, classifier__l2=7.0)
    assert fitted.get_params()["features__hog__cell_px"] == 4
    assert fitted.get_params()["classifier__l2"] == 1e-4


def test_a_pickled_pipeline_answers_the_same_bits(fitted):
    twin = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(twin.decision_function(STRIPES), fitted.decision_function(STRIPES))


@pytest.mark.slow  # starts two processes
@pytest.mark.filterwarnings("default")
def test_two_processes_give_the_scores_of_one():
    one, two = (
        cross_val_score(small_model(), STRIPES, DIRECTIONS, cv=2, n_jobs=n_jobs, error_score="raise")
        for n_jobs in (1, 2)
    )
    assert_array_equal(one, two)


@pytest.mark.usefixtures("as_installed")
def test_frames_that_scikit_learn_is_told_to_make_are_taken(fitted):
    # A warning about unknown column names would be an error here.
    with sklearn.config_context(transform_output="pandas"):
        model = small_model().fit(STRIPES, DIRECTIONS, validation=(STRIPES, DIRECTIONS))
        assert model.predict(STRIPES).shape == (24,)
    assert not hasattr(model.classifier_, "feature_names_in_")
    assert model.predict(STRIPES).shape == (24,)


def test_its_own_save_is_read_by_load(fitted, tmp_path):
    fitted.save(tmp_path / "model.safetensors")
    assert_array_equal(load(tmp_path / "model.safetensors").predict(STRIPES), fitted.predict(STRIPES))


def test_points_are_classified_as_images_are():
    angle, label = np.linspace(0, 6, 40), np.arange(40) % 2
    points = np.stack([(1 + label) * np.cos(angle), (1 + label) * np.sin(angle)], axis=1)
    model = make_pipeline(Polar(), classifier=LinearClassifier(epochs=40)).fit(points, label)
    assert model.image_shape_ == (2,)
    assert model.score(points, label) == 1.0


def test_features_stand_side_by_side_in_the_order_given():
    model = make_pipeline(Pixels(), ColorHistogram(n_bins=2), classifier=LinearClassifier())
    assert [type(feature) for feature in model.features.features] == [Pixels, ColorHistogram]


def test_no_feature_is_refused():
    with pytest.raises(
        DataError, match=r"make_pipeline got no feature; expected at least one\. Add for example foldli"
    ):
        make_pipeline(classifier=LinearClassifier())


def test_a_pipeline_that_is_not_fitted_says_so():
    for ask in (small_model().predict, small_model().predict_proba, small_model().decision_function):
        with pytest.raises(NotFittedError, match="This ImagePipeline instance is not fitted yet"):
            ask(STRIPES)


@pytest.mark.parametrize("shape", [(5, 12, 12, 3), (5, 12, 14, 1), (5, 11, 12, 1), (5, 144)])
def test_images_of_another_shape_than_in_training_are_refused(fitted, shape):
    with pytest.raises(ShapeError, match=r"images has shape .*; expected \(n, 12, 12, 1\)\. Load them with"):
        fitted.predict(np.zeros(shape, np.uint8))


def test_images_of_another_kind_are_refused(fitted):
    with pytest.raises(DtypeError, match="images has dtype float64; expected uint8"):
        fitted.predict(STRIPES / 255)


class Untouched(HOG):
    """A feature that no test may have to compute: what is wrong is seen before."""

    def fit(self, images, y=None):
        raise AssertionError("work was done before the check")


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("labels", "extra", "error", "message"),
    [
        (LABELS[:-1], {}, ShapeError, r"labels has shape \(11,\); expected \(12\)\. Give one label for each image"),
        (LABELS[:, None], {}, ShapeError, r"labels has shape \(12, 1\); expected \(12\)"),
        (LABELS, {"class_names": ["a", "b"]}, DataError, "labels are 0 to 2 and there are 2 class names"),
        (LABELS + 0.5, {"class_names": ["a", "b", "c"]}, DataError, r"labels are 0\.5 to 2\.5 .*Give a name for every"),
        (LABELS, {"class_names": ["a", "b", "a"]}, DataError, "2 classes are called 'a'"),
        (
            LABELS,
            {"image_fit": "stretch"},
            SettingError,
            "image_fit is 'stretch'; expected one of 'native', 'crop', 'pa",
        ),
    ],
)
def test_what_is_wrong_is_said_before_any_work(labels, extra, error, message):
    with pytest.raises(error, match=message):
        make_pipeline(Untouched(), classifier=LinearClassifier()).fit(IMAGES, labels, **extra)


@pytest.mark.parametrize("extra", [{"validation": (IMAGES, LABELS)}, {"sample_weight": np.ones(12)}])
def test_what_a_classifier_has_no_use_for_is_refused(extra):
    (name,) = extra
    with pytest.raises(SettingError, match=f"{name} is given and KNNClassifier has no use for it; .*Leave {name} out"):
        make_pipeline(Untouched(), classifier=KNNClassifier()).fit(IMAGES, LABELS, **extra)


def test_validation_images_of_another_shape_are_refused():
    with pytest.raises(ShapeError, match=r"images have shape \(6, 7, 3\); expected \(6, 8, 3\), as in fit"):
        make_pipeline(Pixels(), classifier=LinearClassifier()).fit(
            IMAGES, LABELS, validation=(IMAGES[:, :, :7], LABELS)
        )


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"class_names": ["a"]}, DataError, "labels are 0 to 2 and there are 1 class names"),
        ({"class_names": ["a", "a", "b"]}, DataError, "2 classes are called 'a'"),
        ({"image_fit": "stretch"}, SettingError, "image_fit is 'stretch'"),
    ],
)
def test_parts_fitted_elsewhere_are_checked_too(change, error, message):
    parts = pipeline(LinearClassifier())
    given = {"class_names": None, "image_shape": parts.image_shape_, **change}
    with pytest.raises(error, match=message):
        ImagePipeline.from_fitted(parts.features_, parts.classifier_, **given)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([[1]], "images is a list; expected an array"),
        (5, "images is a int; expected an array"),
        (STRIPES[:0], r"images is of shape \(0, 12, 12, 1\); expected an array"),
    ],
)
def test_what_is_no_array_of_images_is_refused(fitted, images, message):
    with pytest.raises(ShapeError, match=message):
        small_model().fit(images, DIRECTIONS)


@pytest.mark.usefixtures("as_installed")
def test_a_list_instead_of_images_is_refused(fitted):
    with pytest.raises(ShapeError, match=r"images is a list; expected an array of shape \(n, 12, 12, 1\)"):
        fitted.predict([[1]])
