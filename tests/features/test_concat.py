import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin

from foldline.core.errors import DataError, SettingError
from foldline.features import HOG, ColorHistogram, Concat, Pixels, Polar
from foldline.features.concat import CHUNK_ROWS, SMALLEST_DEVIATION
from tolerances import TOLERANCE

FLOAT32 = TOLERANCE[np.dtype(np.float32)]
IMAGES = np.random.default_rng(0).integers(0, 256, (30, 16, 16, 3), dtype=np.uint8)


def plain(*features):
    return Concat(features=list(features), scale=None)


def test_features_stand_side_by_side_in_their_order():
    joined = plain(HOG(), ColorHistogram(n_bins=2)).fit_transform(IMAGES)
    assert_array_equal(joined, np.hstack([HOG().transform(IMAGES), ColorHistogram(n_bins=2).transform(IMAGES)]))


def test_training_rows_have_mean_zero_and_deviation_one():
    X = Concat(features=[Pixels()]).fit_transform(IMAGES).astype(np.float64)
    assert_allclose(X.mean(axis=0), 0, atol=1e-5)
    assert_allclose(X.std(axis=0), 1, rtol=1e-5)


def test_other_rows_are_scaled_by_what_the_training_rows_said():
    concat = Concat(features=[Pixels()]).fit(IMAGES[:20])
    train, other = (Pixels().transform(rows).astype(np.float64) for rows in (IMAGES[:20], IMAGES[20:]))
    assert_allclose(concat.transform(IMAGES[20:]), (other - train.mean(0)) / train.std(0), rtol=1e-4, atol=1e-5)


def test_fit_then_transform_equals_fit_transform():
    concat = Concat(features=[HOG(), Pixels()])
    assert_array_equal(concat.fit(IMAGES).transform(IMAGES), concat.fit_transform(IMAGES))


def test_a_number_that_hardly_changes_is_not_blown_up():
    images = np.full((100, 2, 2, 1), 100, np.uint8)
    images[::2, 0, 0], images[1, 1, 1] = 200, 101  # deviations of 50 and 0.1 grey levels, and two of 0
    X = Concat(features=[Pixels()]).fit_transform(images)
    rms = np.sqrt((50**2 + 0.0995**2) / 4)
    assert_allclose(X[1, 3], (1 - 0.01) / (SMALLEST_DEVIATION * rms), rtol=1e-3)
    assert_allclose(X[:, 0].std(), 1, rtol=1e-5)


def test_each_feature_has_its_own_smallest_deviation():
    alone = Concat(features=[ColorHistogram(n_bins=2)]).fit_transform(IMAGES)
    beside = Concat(features=[Pixels(), ColorHistogram(n_bins=2)]).fit_transform(IMAGES)
    assert_allclose(beside[:, -8:], alone, **FLOAT32)


def test_moments_over_chunks_equal_those_of_all_rows():
    points = np.random.default_rng(1).normal(1000, 1, (2 * CHUNK_ROWS + 7, 2)).astype(np.float32)
    concat = Concat(features=[Polar()]).fit(points)
    polar = Polar().fit_transform(points).astype(np.float64)
    assert_allclose(concat.mean_, polar.mean(0), rtol=1e-6)
    assert_allclose(concat.divisor_, np.maximum(polar.std(0), 0.1 * np.sqrt(polar.var(0).mean())), rtol=1e-5)


@given(st.permutations(range(12)))
def test_the_order_of_training_rows_does_not_matter(order):
    concat, shuffled = (Concat(features=[Pixels()]).fit(IMAGES[rows]) for rows in (range(12), order))
    assert_allclose(shuffled.transform(IMAGES), concat.transform(IMAGES), rtol=1e-4, atol=1e-5)


def test_convention_a_feature_that_never_changes_becomes_zero():
    assert not Concat(features=[Pixels()]).fit_transform(np.full((5, 2, 2, 1), 9, np.uint8)).any()


def test_convention_the_deviation_divides_by_n():
    images = np.array([0, 255], np.uint8).reshape(2, 1, 1, 1)
    assert_allclose(Concat(features=[Pixels()]).fit_transform(images), [[-1], [1]])


def test_input_features_stay_unfitted():
    feature = HOG()
    Concat(features=[feature]).fit(IMAGES)
    assert not hasattr(feature, "image_shape_")


def test_settings_of_features_are_reached_by_name():
    concat = Concat(features=[HOG(), Pixels(), HOG(cell_px=4)])
    assert concat.get_params()["hog2__cell_px"] == 4
    concat.set_params(hog__cell_px=2, pixels=ColorHistogram())
    assert [type(feature) for feature in concat.features] == [HOG, ColorHistogram, HOG]
    assert concat.features[0].cell_px == 2


def test_columns_are_named_after_their_features():
    names = Concat(features=[ColorHistogram(n_bins=2), Pixels()]).fit(IMAGES).get_feature_names_out()
    assert list(names[:2]) == ["colorhistogram0", "colorhistogram1"]
    assert names[8] == "pixels0"
    assert len(names) == 8 + 16 * 16 * 3


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "message"),
    [({"features": []}, "features is empty"), ({"features": [Pixels()], "scale": "max"}, "scale is 'max'")],
)
def test_settings_outside_their_range_are_refused(settings, message):
    with pytest.raises(SettingError, match=message):
        Concat(**settings).fit(IMAGES)


class Broken(Pixels):
    """A feature that divides by zero."""

    def transform(self, images):
        return np.full((len(images), 3), np.nan, np.float32)


def test_nan_in_a_feature_is_refused_with_its_name():
    with pytest.raises(DataError, match="Broken gives NaN, infinity or numbers too large to square"):
        Concat(features=[Broken()]).fit(IMAGES)


def test_a_new_list_and_settings_of_its_features_may_come_together():
    concat = Concat(features=[Pixels()]).set_params(features=[HOG(), Pixels()], hog__cell_px=4)
    assert concat.features[0].cell_px == 4


def test_columns_of_a_second_feature_of_a_kind_carry_its_name():
    names = Concat(features=[ColorHistogram(n_bins=2), ColorHistogram(n_bins=2)]).fit(IMAGES).get_feature_names_out()
    assert len(set(names)) == 16
    assert (names[0], names[8]) == ("colorhistogram0", "colorhistogram2__colorhistogram0")


class Rotation(TransformerMixin, BaseEstimator):
    """A feature that learns from the labels too."""

    def fit(self, X, y):
        assert len(y) == len(X)
        self.is_fitted_ = True
        return self

    def transform(self, X):
        return X[:, ::-1]


def test_features_that_learn_are_given_the_labels():
    points = np.arange(6, dtype=np.float32).reshape(3, 2)
    assert_array_equal(Concat(features=[Rotation()], scale=None).fit_transform(points, [0, 1, 0]), points[:, ::-1])


def test_a_fit_without_scale_forgets_the_scale_before_it():
    concat = Concat(features=[Pixels()]).fit(IMAGES).set_params(scale=None).fit(IMAGES[:, :4])
    assert concat.length((4, 16, 3)) == 4 * 16 * 3


def test_no_images_to_learn_from_are_refused():
    with pytest.raises(DataError, match="images is empty; expected at least one image"):
        Concat(features=[Pixels()]).fit(IMAGES[:0])
