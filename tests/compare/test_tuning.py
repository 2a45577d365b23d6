import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from foldline.compare import Recipe, compare, tuning
from foldline.compare.classifiers import CLASSIFIERS, ClassifierChoice, Range
from foldline.compare.features import FEATURE_CHOICES
from foldline.compare.fitted import LabelledRows
from foldline.compare.measuring import Splits, extract, extract_codes
from foldline.compare.recipes import FeatureSet
from foldline.compare.tuning import tune
from foldline.core.errors import DataError, SettingError
from foldline.estimators import LinearClassifier, MLPClassifier
from foldline.features import ProductQuantizer

N_SETTINGS = 5
KEYS = [f"raw/{name}" for name in CLASSIFIERS if name != "mlp3"]  # as mlp2, for more time


@pytest.fixture(scope="module")
def digits(digits):
    """Digits under noise: without it, nearly all settings are right about all validation images."""
    noise = np.random.default_rng(0).normal(0, 110, digits.images.shape)
    return dataclasses.replace(digits, images=np.clip(digits.images + noise, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def splits(digits):
    return Splits.of(digits, seed=1)


@pytest.fixture(scope="module")
def rows(splits):
    """Training and validation rows of raw pixels."""
    extracted = extract(FEATURE_CHOICES["raw"], splits)
    return LabelledRows(extracted.train, splits.train.labels), LabelledRows(extracted.val, splits.val.labels)


@pytest.fixture(scope="module")
def tuned(digits):
    return compare(digits, recipes=KEYS, seeds=1, seed=1, tune=N_SETTINGS)


@pytest.fixture(scope="module")
def untuned(digits):
    return compare(digits, recipes=KEYS, seeds=1, seed=1)


def short(build=lambda n, seed: LinearClassifier(epochs=3, random_state=seed), **tuned):
    """A classifier that costs next to nothing."""
    return ClassifierChoice(key="own", title="own", description="of the user", build=build, tuned=tuned)


def own_recipe(choice):
    return Recipe(key="raw/own", features=FeatureSet.named("raw"), classifier=choice)


def choices(board):
    return {row.recipe: dataclasses.replace(row.tuning, tune_s=0.0) for row in board.rows}


def test_a_tuned_recipe_is_at_least_as_good_on_validation_images(tuned, untuned):
    assert tuned.failures == ()
    for row in tuned.rows:
        assert row.tuning.accuracy >= row.tuning.own_accuracy
        if row.val_accuracy is not None:  # the numbers are those of the trainings that are compared
            assert row.val_accuracy == row.tuning.accuracy
            assert untuned.row(row.recipe).val_accuracy == row.tuning.own_accuracy


def test_every_recipe_has_as_many_tries_with_its_own_settings_among_them(tuned):
    assert tuned.n_settings == N_SETTINGS
    for row in tuned.rows:
        assert row.tuning.n_tried == N_SETTINGS
        classifier = CLASSIFIERS[row.classifier_key].build(500, 1)
        assert row.tuning.own == {name: classifier.get_params()[name] for name in row.tuning.own}
        assert row.tuning.tune_s > 0


def test_what_was_chosen_is_what_was_trained_with(tuned, untuned):
    assert any(row.tuning.chosen != row.tuning.own for row in tuned.rows if "lr" in row.tuning.own)
    for row in tuned.rows:
        params = row.model.classifier_.get_params()
        assert {name: params[name] for name in row.tuning.chosen} == row.tuning.chosen
        if row.tuning.chosen == row.tuning.own:
            assert row.test_accuracy == untuned.row(row.recipe).test_accuracy


def test_test_images_choose_nothing(digits, tuned, monkeypatch):
    of = Splits.of

    def turned(image_set, *, seed):
        parts = of(image_set, seed=seed)
        return dataclasses.replace(parts, test=dataclasses.replace(parts.test, labels=9 - parts.test.labels))

    monkeypatch.setattr(Splits, "of", turned)
    other = compare(digits, recipes=KEYS, seeds=1, seed=1, tune=N_SETTINGS)
    assert choices(other) == choices(tuned)
    for row in other.rows:
        assert row.test_accuracy.mean < 0.3


def test_the_same_seed_makes_the_same_choices_and_another_draws_others(rows):
    def drawn(seed):
        choice = CLASSIFIERS["softmax"]
        return tuning._settings(choice, choice.build(500, seed), rows[0], n=9, seed=seed)

    assert drawn(3) == drawn(3)
    assert drawn(3)[0] == drawn(4)[0] == {"l2": 3e-3, "lr": "auto"}
    assert not {one["l2"] for one in drawn(3)[1:]} & {one["l2"] for one in drawn(4)[1:]}


@pytest.mark.parametrize("name", ["softmax", "svm", "mlp2", "mlp3"])
@pytest.mark.parametrize("n", [1, 2, 3, 12])
def test_what_is_drawn_lies_in_its_range(rows, name, n):
    choice = CLASSIFIERS[name]
    model = choice.build(len(rows[0].X), 0)
    own, *others = tuning._settings(choice, model, rows[0], n=n, seed=0)
    assert len(others) == n - 1
    rate = model.fit(*rows[0]).lr_ if n == 12 else None
    for one in others:
        assert 0.99e-2 * own["l2"] <= one["l2"] <= 1.01e2 * own["l2"]
        assert rate is None or 0.99 / 8 * rate <= one["lr"] <= 2.01 * rate
        assert 0 <= one.get("dropout", 0.0) <= 0.5
    if n == 12:  # spread over the range: a point in each quarter of every axis
        shares = (np.log10([one["l2"] / own["l2"] for one in others]) + 2) / 4
        assert set((4 * shares).astype(int)) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("n", "n_train", "expected"),
    [
        (1, 400, [5]),
        (3, 400, [5, 1, 19]),
        (6, 400, [5, 1, 3, 7, 9, 19]),
        (30, 400, [5, 1, 3, 7, 9, 11, 13, 15, 17, 19]),
        (4, 30, [5, 1, 3]),
    ],
)
def test_neighbours_are_odd_and_at_most_the_root_of_the_rows(n, n_train, expected):
    train = LabelledRows(np.zeros((n_train, 2), np.float32), np.zeros(n_train, int))
    choice = CLASSIFIERS["knn"]
    settings = tuning._settings(choice, choice.build(n_train, 0), train, n=n, seed=0)
    assert [one["n_neighbors"] for one in settings] == expected
    assert all(isinstance(one["n_neighbors"], int) for one in settings)


@pytest.mark.parametrize(("n", "factors"), [(2, [1, 100]), (3, [1, 0.01, 100]), (5, [1, 0.01, 0.1, 10, 100])])
def test_one_setting_is_tried_in_equal_steps_one_of_which_is_the_recipes_own(rows, n, factors):
    choice = CLASSIFIERS["ridge"]
    settings = tuning._settings(choice, choice.build(500, 0), rows[0], n=n, seed=0)
    assert_allclose([one["l2"] for one in settings], 1e-2 * np.array(factors))


@pytest.mark.parametrize(("name", "setting"), [("ridge", "l2"), ("knn", "n_neighbors")])
def test_what_is_judged_at_once_is_judged_as_each_alone(rows, name, setting):
    choice = CLASSIFIERS[name]
    model = choice.build(500, 0)
    tries = tuning._tries(model, tuning._settings(choice, model, rows[0], n=7, seed=0), *rows, seed=0)
    alone = [type(model)(**one.settings).fit(*rows[0]).score(*rows[1]) for one in tries]
    assert_allclose([one.accuracy for one in tries], alone)
    assert len(set(alone)) > 1
    best = tune(choice, *rows, n=7, seed=0).tuning
    assert best.accuracy == max(alone)
    assert best.chosen[setting] == tries[int(np.argmax(alone))].settings[setting]


def test_of_those_that_halving_trains_to_the_end_the_best_is_ahead(rows, monkeypatch):
    stops = [[("a", 0.99), ("b", 0.1)], [("c", 0.5), ("d", None), ("e", 0.7), ("f", 0.6)]]

    def halved(*args, watch, **options):
        for stop in stops:
            watch([SimpleNamespace(settings={"l2": name}, val_accuracy=accuracy) for name, accuracy in stop])

    monkeypatch.setattr(tuning, "train_population", halved)
    settings = [{"l2": name} for name in "abcdef"]
    assert tuning._ahead(LinearClassifier(), settings, *rows, seed=0) == {"l2": "e"}


def test_squares_that_cannot_be_solved_together_are_solved_alone(rows, monkeypatch):
    def refuse(X, y, *, l2):
        raise DataError("l2 is less than the rounding")

    together = tune(CLASSIFIERS["ridge"], *rows, n=5, seed=0).tuning
    monkeypatch.setattr(tuning, "fit_ridges", refuse)
    alone = tune(CLASSIFIERS["ridge"], *rows, n=5, seed=0).tuning
    assert alone == dataclasses.replace(together, tune_s=alone.tune_s)


def test_of_equal_ones_the_recipes_own_stays(rows):
    far = (LabelledRows(rows[0].X, rows[0].y), LabelledRows(rows[1].X[:1], rows[1].y[:1]))
    best = tune(CLASSIFIERS["knn"], *far, n=9, seed=0).tuning
    assert best.accuracy == 1
    assert best.chosen == best.own == {"n_neighbors": 5}


def test_settings_that_diverge_are_left_for_those_that_do_not(rows):
    build = short(lambda n, seed: LinearClassifier(lr=1e30, epochs=3), lr=Range(low=1e-33, high=1e-30, of="factors"))
    best = tune(build, *rows, n=4, seed=0)
    assert best.tuning.own_accuracy is None
    assert best.tuning.accuracy > 0.5
    assert best.first.classifier.lr == best.tuning.chosen["lr"] < 1.1


def test_if_all_settings_diverge_the_recipe_fails_with_the_reason(digits):
    build = short(lambda n, seed: LinearClassifier(lr=1e30, epochs=2), lr=Range(low=0.5, high=2, of="factors"))
    board = compare(digits, recipes=["raw/ridge", own_recipe(build)], seeds=1, tune=3)
    assert [row.recipe for row in board.rows] == ["raw/ridge"]
    assert board.failures[0].reason.startswith("none of the 3 settings that were tried could be trained; expected one")
    assert "Lower lr" in board.failures[0].reason


def test_if_tuning_fills_the_memory_the_recipe_fails_with_the_reason(digits, monkeypatch):
    monkeypatch.setattr("foldline.core.memory.usable_bytes", lambda: 1e6)
    board = compare(digits, recipes=["raw/knn", "raw/softmax"], seeds=1, tune=9)
    assert [row.recipe for row in board.rows] == ["raw/knn"]
    assert "halving of 9 nets needs" in board.failures[0].reason


def test_a_classifier_of_another_kind_is_fitted_with_each_setting(rows):
    def solved(l2):
        return LinearClassifier(solver="lbfgs", l2=l2, epochs=9)

    choice = short(lambda n, seed: solved(1e3), l2=Range(low=1e-6, high=1, of="factors"))
    best = tune(choice, *rows, n=3, seed=0).tuning
    alone = {l2: solved(l2).fit(*rows[0]).score(*rows[1]) for l2 in (1e-3, 1.0)}
    assert best.chosen == {"l2": max(alone, key=alone.get)}
    assert best.accuracy == pytest.approx(max(alone.values()))
    assert best.accuracy > best.own_accuracy


def test_recipes_that_learn_from_codes_are_tuned_on_codes(splits):
    recipe = dataclasses.replace(Recipe.named("raw/softmax"), compression=ProductQuantizer(group=2))
    codes = extract_codes(recipe, splits)
    best = tune(
        short(l2=Range(low=1e-2, high=1e2, of="factors"), lr=Range(low=0.1, high=2, of="factors")),
        LabelledRows(codes.train, splits.train.labels),
        LabelledRows(codes.val, splits.val.labels),
        n=3,
        seed=0,
    )
    assert best.tuning.n_tried == 3
    assert best.tuning.accuracy > 0.5


def test_recipes_without_ranges_are_compared_as_they_are_with_a_note(digits):
    board = compare(digits, recipes=["raw/ridge", own_recipe(short())], seeds=1, tune=2)
    assert board.row("raw/own").tuning is None
    assert board.row("raw/ridge").tuning.n_tried == 2
    assert board.notes == ("raw/own was not tuned: nothing says which of its settings may change.",)
    assert "Settings of 1 of 2 recipes were tuned on validation images, with 2 tries each." in board.verdict.text


def test_where_there_are_fewer_settings_it_is_said(digits):
    board = compare(digits, recipes=["raw/knn"], seeds=1, tune=40)
    n_tried = board.best.tuning.n_tried
    assert n_tried < 15
    assert board.notes == (f"raw/knn: {n_tried} settings tried of 40; there are no others.",)
    assert "Settings of all recipes were tuned on validation images, with at most 40 tries each." in board.verdict.text


def test_the_verdict_says_how_often_was_tried(tuned, untuned):
    assert "Settings of all recipes were tuned on validation images, with 5 tries each." in tuned.verdict.text
    assert "tuned" not in untuned.verdict.text


def test_every_seed_is_trained_with_what_the_first_chose(digits, monkeypatch):
    trained, fit = [], LinearClassifier.fit

    def watched(classifier, *args, **options):
        trained.append((classifier.random_state, classifier.l2))
        return fit(classifier, *args, **options)

    monkeypatch.setattr(LinearClassifier, "fit", watched)
    strong = short(
        lambda n, seed: LinearClassifier(l2=10.0, epochs=3, random_state=seed),
        l2=Range(low=1e-5, high=1, of="factors"),
    )
    row = compare(digits, recipes=[own_recipe(strong)], seeds=3, seed=4, tune=2).best
    assert row.tuning.chosen == {"l2": 1e-4}
    assert row.n_seeds == 3
    # The recipe's own and the winner in tuning; the winner serves as the first of three trainings.
    assert trained == [(4, 10.0), (4, 1e-4), (5, 1e-4), (6, 1e-4)]


def test_settings_and_their_gain_stand_in_the_json_and_the_report(tuned, untuned, tmp_path):
    content = json.loads(tuned.to_json())
    assert content["tune"] == N_SETTINGS
    for row, written in zip(tuned.rows, content["rows"], strict=True):
        assert written["tuning"] == dataclasses.asdict(row.tuning)
    tuned.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("5 settings tried in ") == len(tuned.rows)
    assert "Settings: of each recipe's classifier 5 were tried with the first seed" in page

    content = json.loads(untuned.to_json())
    assert content["tune"] == 0
    assert [row["tuning"] for row in content["rows"]] == [None] * len(KEYS)
    untuned.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "settings tried in" not in page
    assert "Settings: of each" not in page


@pytest.mark.parametrize("none", [0, None])
def test_none_and_zero_tune_nothing(digits, none):
    assert compare(digits, recipes=["raw/ridge"], tune=none).best.tuning is None


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("wrong", [-1, "a", 1.5, True])
def test_a_number_of_tries_that_is_none_is_refused(digits, wrong):
    with pytest.raises(SettingError, match=f"tune is {wrong!r}; expected a whole number at least 0. Change tune."):
        compare(digits, recipes=["raw/ridge"], tune=wrong)


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (short(width=Range(low=1, high=2)), "tuned names 'width', which LinearClassifier does not have; expected sett"),
        (
            short(lambda n, seed: MLPClassifier(), clip_norm=Range(low=1, high=2, of="factors")),
            "the recipe's own clip_norm is None; expected a number at least 0. Change the recipe's own clip_norm",
        ),
    ],
)
def test_ranges_that_do_not_fit_the_classifier_are_refused(rows, choice, words):
    with pytest.raises(SettingError, match=words):
        tune(choice, *rows, n=3, seed=0)
