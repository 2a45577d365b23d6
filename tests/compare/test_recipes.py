import pytest

from foldline.compare import RECIPES, Recipe
from foldline.compare.classifiers import CLASSIFIERS, MAX_EPOCHS, MIN_EPOCHS, epochs_for, in_parts
from foldline.compare.features import FEATURE_CHOICES
from foldline.compare.recipes import LEARNED, PIXEL_RECIPES, FeatureSet, choose_recipes
from foldline.core.errors import SettingError
from foldline.features import HOG, IMAGE_FEATURES, ColorHistogram

COLOUR, GREY = (32, 32, 3), (28, 28, 1)


def keys(wanted, *, is_grey=False):
    return [recipe.key for recipe in choose_recipes(wanted, is_grey=is_grey)[0]]


def test_by_default_every_classifier_meets_hand_made_features_and_some_meet_codebooks():
    assert keys(None) == list(RECIPES)
    for features in ("raw", "color", "hog", "hog+color"):
        assert {f"{features}/{classifier}" for classifier in CLASSIFIERS} <= set(RECIPES)
    assert {"words/softmax", "words-large/ridge", "fisher/softmax", "hog+color+words/mlp2"} <= set(RECIPES)
    assert "words-large/mlp2" not in RECIPES  # it would take minutes


def test_grey_images_leave_colour_out_and_say_so():
    chosen, notes = choose_recipes(None, is_grey=True)
    assert all("color" not in recipe.key for recipe in chosen)
    assert notes == ["14 colour recipes were left out, because the images are grey."]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (["hog/svm"], ["hog/svm"]),
        (["hog/s*"], ["hog/softmax", "hog/svm"]),
        (["hog/svm", "hog/s*", "hog/svm"], ["hog/svm", "hog/softmax"]),
        (["color+raw/mlp2"], ["color+raw/mlp2"]),
    ],
)
def test_recipes_are_named_by_keys_and_patterns_each_once(wanted, expected):
    assert keys(wanted) == expected


@pytest.mark.parametrize("name", FEATURE_CHOICES)
@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_every_feature_goes_with_every_classifier(name, classifier):
    recipe = Recipe.named(f"{name}/{classifier}")
    assert FEATURE_CHOICES[name].title in recipe.title
    assert recipe.classifier.title in recipe.title
    assert recipe.describe(COLOUR)


def test_every_feature_of_the_registry_can_be_named():
    assert set(IMAGE_FEATURES) <= set(FEATURE_CHOICES)
    assert all(type(FEATURE_CHOICES[name].build(COLOUR)) is kind for name, kind in IMAGE_FEATURES.items())


@pytest.mark.parametrize(("key", "augmented"), [("mlp-best", False), ("mlp-augmented", True)])
def test_nets_at_their_best_are_trained_where_they_are_named_and_only_there(key, augmented):
    assert keys([key, "raw/knn"]) == [key, "raw/knn"]
    assert key not in keys(None) + keys(["*"]) + keys(["raw/*"])
    (recipe,), _ = choose_recipes([key], is_grey=True)
    assert recipe.features.key == "raw"
    assert recipe.describe(COLOUR)
    net = recipe.classifier.for_images((20, 30, 1)).build(1000, 7)
    assert (net.stem.image_shape, net.random_state) == ((20, 30, 1), 7)
    assert (net.augment is not None) is augmented


@pytest.mark.parametrize("wrong", ["hog/mlp-best", "raw/mlp-augmented"])
def test_nets_at_their_best_have_no_other_features(wrong):
    with pytest.raises(SettingError, match="or one of mlp-best, mlp-augmented"):
        choose_recipes([wrong], is_grey=False)


def test_features_side_by_side_are_built_for_the_images():
    built = FeatureSet.named("hog+color").build(GREY)
    assert [type(feature) for feature in built] == [HOG, ColorHistogram]
    assert built[0].cell_px == 4


@pytest.mark.parametrize("wrong", ["sift/svm", "hog", "hog/forest", "hog/", "/svm", "nothing*", ""])
def test_an_unknown_recipe_is_refused_with_what_there_is(wrong):
    with pytest.raises(
        SettingError, match=r"recipes names .*; expected FEATURES/CLASSIFIER with features of raw, color"
    ):
        choose_recipes([wrong], is_grey=False)


def test_nothing_left_for_grey_images_is_refused():
    with pytest.raises(SettingError, match=r"would need colour; expected at least one recipe without"):
        choose_recipes(["color/svm"], is_grey=True)


@pytest.mark.parametrize("wanted", [[], ()])
def test_no_recipe_at_all_is_refused_as_such(wanted):
    with pytest.raises(SettingError, match=r"recipes is empty; expected one or more keys .* Name one such as"):
        choose_recipes(wanted, is_grey=False)


def test_a_text_is_not_taken_for_a_list_of_letters():
    with pytest.raises(SettingError, match=r"recipes is the text 'hog/svm'; .* Write recipes=\['hog/svm'\]"):
        choose_recipes("hog/svm", is_grey=False)


def test_classifiers_stand_in_the_registry_under_their_keys():
    assert list(CLASSIFIERS) == [classifier.key for classifier in CLASSIFIERS.values()]


def test_larger_sets_are_passed_over_less_often_within_limits():
    assert epochs_for(10) == MAX_EPOCHS
    assert epochs_for(10**7) == MIN_EPOCHS
    assert MIN_EPOCHS < epochs_for(30_000) < MAX_EPOCHS


def test_wired_is_trained_where_it_is_named_and_not_by_default():
    (recipe,), _ = choose_recipes(["hog/wired"], is_grey=True)
    assert recipe.key == "hog/wired"
    assert type(recipe.classifier.build(1000, 3)).__name__ == "RandomlyWiredClassifier"
    assert not any(key.endswith("/wired") for key in RECIPES)


def test_nets_that_learn_their_features_are_added_where_they_are_asked_for():
    keys = [recipe.key for recipe in choose_recipes(["hog/softmax"], is_grey=True, learned=True)[0]]
    assert keys == ["hog/softmax", "hog/wired", "mlp-best", "wired-images", "alexnet"]
    plain = [recipe.key for recipe in choose_recipes(None, is_grey=False)[0]]
    assert [recipe.key for recipe in choose_recipes(None, is_grey=False, learned=True)[0]] == [*plain, *LEARNED]


@pytest.mark.parametrize(("side", "n_stages"), [(32, 3), (12, 3), (11, 2), (6, 2), (5, 1), (2, 1)])
def test_wired_convolutions_have_as_many_stages_as_images_allow(side, n_stages):
    made = PIXEL_RECIPES["wired-images"].classifier.for_images((side, 40, 3)).build(1000, 0)
    assert (made.stages, made.image_shape, made.augment.flip) == (n_stages, (side, 40, 3), True)


@pytest.mark.parametrize("n_train", [9, 99, 1000, 12_345, 54_000])
def test_batches_of_convolutions_fall_into_parts(n_train):
    batch_size, n_parts = in_parts(n_train).values()
    assert batch_size % n_parts == 0
    assert batch_size == pytest.approx(min(max(n_train // 50, 8), 128), abs=3)


def test_nets_of_pixels_pass_over_small_sets_more_often():
    epochs = {
        key: [PIXEL_RECIPES[key].classifier.build(n, 0).epochs for n in (100, 4_500, 45_000, 54_000)]
        for key in ("mlp-best", "mlp-augmented", "alexnet")
    }
    assert epochs == {"mlp-best": [60, 60, 12, 12], "mlp-augmented": [60, 60, 28, 28], "alexnet": [40, 40, 13, 12]}
