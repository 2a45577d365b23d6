import dataclasses
import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

import foldline as fl
from foldline.compare import sweeping as module
from foldline.compare import swept
from foldline.compare.points import POINTS
from foldline.core.errors import DataError, DivergedError, SettingError
from foldline.estimators import MLPClassifier

GRID = {"hidden": [(2,), (16,)], "l2": [1e-4, 1e-2, 1.0]}


@pytest.fixture(scope="module")
def result():
    return fl.sweep(POINTS["moons"](0), grid=GRID, model=MLPClassifier(epochs=12), seeds=2, halving=1)


def test_every_combination_is_trained_with_every_seed(result):
    assert len(result.rows) == 12
    assert [one.settings for one in result.combinations] == [
        {"hidden": hidden, "l2": l2} for hidden in GRID["hidden"] for l2 in GRID["l2"]
    ]
    assert {row.epochs for row in result.rows} == {12}
    assert not any(one.was_stopped for one in result.combinations)


def test_spread_is_mean_and_deviation_over_seeds(result):
    settings = {"hidden": (16,), "l2": 1e-2}
    values = [row.val_accuracy for row in result.rows if row.settings == settings]
    assert len(values) == 2
    (one,) = (one for one in result.combinations if one.settings == settings)
    assert_allclose(one.val, (np.mean(values), np.std(values, ddof=1)))


def test_the_best_is_chosen_by_validation_rows_and_worth_what_test_rows_say(result):
    assert result.best.val.mean == max(one.val.mean for one in result.combinations)
    tests = [row.test_accuracy for row in result.rows if row.settings == result.best.settings]
    assert_allclose(result.test_accuracy, (np.mean(tests), np.std(tests, ddof=1)))


def test_test_rows_choose_nothing(monkeypatch):
    # Labels of the test rows are turned round: what is chosen stays, what it is worth falls.
    def turned(*args, **options):
        for parts in module_splits(*args, **options):
            yield parts._replace(test=(parts.test[0], 1 - parts.test[1]))

    model = MLPClassifier(epochs=6)
    honest = fl.sweep(POINTS["moons"](0), grid=GRID, model=model, seeds=2, halving=3)
    module_splits = module.outer_splits
    monkeypatch.setattr(module, "outer_splits", turned)
    other = fl.sweep(POINTS["moons"](0), grid=GRID, model=model, seeds=2, halving=3)
    assert [row._replace(test_accuracy=None) for row in honest.rows] == [
        row._replace(test_accuracy=None) for row in other.rows
    ]
    assert_allclose(honest.test_accuracy.mean, 1 - other.test_accuracy.mean)


def test_parts_do_not_overlap_and_folds_test_every_row_once():
    X = np.arange(60.0)[:, None] @ np.ones((1, 2))
    y = np.arange(60) % 3
    tested = []
    for parts in module.outer_splits((X, y), None, folds=4, seed=0):
        sizes = [len(labels) for _, labels in parts]
        assert sum(sizes) == 60
        assert sizes[2] == 15
        seen = [set(np.round(rows[:, 0], 3)) for rows, _ in parts]
        assert len(set.union(*seen)) == 60
        assert_allclose(parts.train[0].mean(axis=0), 0, atol=1e-5)  # scaled by training rows alone
        tested += sorted(parts.test[1].tolist())
    assert len(tested) == 60


def test_folds_make_as_many_trainings_and_a_choice_each():
    result = fl.sweep(POINTS["circles"](0), grid={"l2": [1e-4, 3.0]}, model=MLPClassifier(epochs=5), seeds=2, folds=3)
    assert len(result.rows) == 2 * 2 * 3
    assert {row.fold for row in result.rows} == {0, 1, 2}


def test_images_are_split_as_their_source_says(digits):
    partition = np.where(np.arange(len(digits)) % 4 == 0, "test", "train")
    split = dataclasses.replace(digits, partition=tuple(partition.tolist()))
    (parts,) = module.outer_splits(split, ["raw"], folds=1, seed=0)
    assert len(parts.test[1]) == (partition == "test").sum()
    assert_allclose(parts.test[1], digits.labels[partition == "test"])
    result = fl.sweep(digits, grid={"l2": [1e-3]}, features=["raw"], model=MLPClassifier(epochs=8), seeds=1)
    assert result.test_accuracy.mean > 0.7
    assert result.source == digits.source


def test_the_sources_own_validation_images_validate(digits):
    parts = np.array(["train", "train", "val", "test"])[np.arange(len(digits)) % 4]
    split = dataclasses.replace(digits, partition=tuple(parts.tolist()))
    ((_, y), (_, y_val), (_, y_test)) = next(module.outer_splits(split, ["raw"], folds=1, seed=0))
    assert [len(y), len(y_val), len(y_test)] == [(parts == part).sum() for part in ("train", "val", "test")]
    assert_allclose(y_val, digits.labels[parts == "val"])
    folded = list(module.outer_splits(split, ["raw"], folds=3, seed=0))
    assert sum(len(parts.test[1]) for parts in folded) == len(digits)


def test_halving_stops_the_others_and_says_so():
    result = fl.sweep(POINTS["moons"](0), grid=GRID, model=MLPClassifier(epochs=9), seeds=2, halving=3)
    assert {row.epochs for row in result.rows} == {3, 9}
    assert not result.best.was_stopped
    assert sum(one.was_stopped for one in result.combinations) >= 3
    assert {row.epochs for row in result.rows if row.was_stopped} == {3}
    assert "hollow: stopped by halving" in result.picture().axes[0].get_title(loc="left")


def test_the_verdict_holds_size_against_l2(result):
    assert result.verdict.startswith("Best on validation rows: hidden ")
    assert "The widest net with its best L2 (hidden 16, l2" in result.verdict
    assert any(f" does {word} " in result.verdict for word in ("better than", "worse than", "as well as"))
    only_lr = fl.sweep(POINTS["moons"](0), grid={"lr": [0.1]}, model=MLPClassifier(epochs=2), seeds=1)
    assert "widest" not in only_lr.verdict


@pytest.mark.parametrize(("gain", "said"), [(0.2, "better than"), (-0.2, "worse than"), (0.0, "as well as")])
def test_the_verdict_says_which_way_it_came_out(gain, said):
    def row(hidden, l2, seed, accuracy):
        settings = {"hidden": (hidden,), "l2": l2}
        return swept.SweptRow(0, settings, seed, 5, False, accuracy, accuracy, accuracy)

    rows = [row(3, 1e-5, seed, 0.7 + 0.01 * seed) for seed in range(3)]
    rows += [row(100, 0.1, seed, 0.7 + gain + 0.01 * seed) for seed in range(3)]
    rows += [row(100, 1e-5, seed, 0.5) for seed in range(3)]
    rows += [row(3, 0.1, seed, 0.4) for seed in range(3)]
    result = swept.Sweep(rows=tuple(rows), names=("hidden", "l2"), source="x", environment={})
    assert f" does {said} the best of the narrower nets with the weakest (hidden 3, l2 1e-05" in result.verdict
    assert result.verdict.endswith("between seeds, on one split.")


def test_a_training_that_diverged_leaves_a_gap_and_is_not_chosen():
    result = fl.sweep(POINTS["moons"](0), grid={"lr": [0.1, 1e30]}, model=MLPClassifier(epochs=3), seeds=2, halving=1)
    sound, diverged = result.combinations
    assert result.best == sound
    assert [row.val_accuracy for row in diverged.rows] == [None, None]
    assert np.isnan(diverged.val).all()
    assert not diverged.was_stopped
    assert "halving" not in result.picture().axes[0].get_title(loc="left")


def test_settings_with_one_training_that_diverged_are_not_chosen_for_the_others():
    def row(l2, seed, accuracy):
        return swept.SweptRow(0, {"l2": l2}, seed, 5, False, accuracy, accuracy, accuracy)

    rows = [row(0.1, 0, 0.7), row(0.1, 1, 0.7), row(0.2, 0, 0.9), row(0.2, 1, None)]
    assert swept.best_of(rows).settings == {"l2": 0.1}
    assert swept.best_of(rows[2:]) is None


def test_if_all_diverge_that_is_told():
    with pytest.raises(DivergedError, match=r"diverged with every combination .* Give smaller learning rates"):
        fl.sweep(POINTS["moons"](0), grid={"lr": [1e29, 1e30]}, model=MLPClassifier(epochs=2), seeds=1, halving=1)


def test_patience_is_not_halving():
    # Nets that end early by patience can be the best ones, and no picture says that they were stopped.
    model = MLPClassifier(epochs=40, early_stopping=True, patience=2)
    result = fl.sweep(POINTS["moons"](0), grid={"l2": [1e-4, 1e-3, 1.0]}, model=model, seeds=2, halving=1)
    assert len({row.epochs for row in result.rows}) > 1
    assert not any(one.was_stopped for one in result.combinations)
    assert result.best.val.mean == max(one.val.mean for one in result.combinations)


def test_everything_is_written(result, tmp_path):
    import pyarrow.parquet

    written = result.save(tmp_path)
    assert [path.name for path in written] == ["sweep.parquet", "sweep.json", "sweep.png"]
    table = pyarrow.parquet.read_table(tmp_path / "sweep.parquet").to_pydict()
    assert table["hidden"] == ["2"] * 6 + ["16"] * 6
    assert table["val_accuracy"] == [row.val_accuracy for row in result.rows]
    summary = json.loads((tmp_path / "sweep.json").read_text())
    assert summary["test_accuracy"]["mean"] == result.test_accuracy.mean
    assert summary["verdict"] == result.verdict


def test_without_pyarrow_the_table_is_text(result, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    written = result.save(tmp_path)
    assert written[0].name == "sweep.csv"
    lines = written[0].read_text().splitlines()
    assert lines[0] == "fold,hidden,l2,seed,epochs,was_stopped,train_accuracy,val_accuracy,test_accuracy"
    assert len(lines) == 13


def test_the_picture_has_a_line_for_each_width_and_bars(result):
    axes = result.picture().axes[0]
    assert axes.get_xlabel() == "L2 strength"
    assert axes.get_xscale() == "log"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["hidden units 2", "hidden units 16"]
    line = axes.containers[0].lines[0]
    assert_allclose(line.get_xydata()[:, 0], GRID["l2"])
    expected = [100 * one.val.mean for one in result.combinations if one.settings["hidden"] == (2,)]
    assert_allclose(line.get_xydata()[:, 1], expected)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"grid": {}}, SettingError, "grid is empty; expected settings with one or more values each"),
        ({"grid": {"l2": []}}, SettingError, "grid is empty"),
        ({"grid": {"size": [1]}}, SettingError, "hyper names 'size'"),
        ({"seeds": 0}, SettingError, "seeds is 0; expected a whole number at least 1"),
        ({"folds": 0}, SettingError, "folds is 0"),
        ({"halving": 0}, SettingError, "halving is 0"),
        ({"features": ["raw"]}, SettingError, "and data are points; expected None"),
        ({"folds": 200}, DataError, "the smallest class has 150 rows; expected 200, one a fold. Lower folds"),
    ],
)
def test_bad_input_is_told(options, error, words):
    with pytest.raises(error, match=words):
        fl.sweep(POINTS["moons"](0), **{"grid": {"l2": [0.1]}, **options})


def test_a_grid_is_lists():
    for grid in ({"l2": 0.1}, {"activation": "relu"}):
        with pytest.raises(SettingError, match=r"grid is .*; expected a list of values for each setting. Write for"):
            module._check_grid(grid)


@pytest.mark.parametrize(
    ("points", "labels", "words"),
    [
        (np.ones((60, 2)), np.arange(50) % 2, r"data\[1\], the labels, has shape \(50,\); expected \(60\)"),
        (np.ones(60), np.arange(60) % 2, r"data\[0\], the points, has shape \(60,\); expected \(n, d\)"),
        (np.full((60, 2), np.inf), np.arange(60) % 2, "the points hold NaN or infinity; expected finite numbers"),
    ],
)
def test_points_that_are_none_are_told(points, labels, words):
    with pytest.raises(ValueError, match=words):
        module.checked_points(points, labels)


def test_too_few_rows_are_told():
    with pytest.raises(DataError, match="4 rows cannot be parted with 20% of each class apart"):
        fl.sweep((np.eye(4), np.array([0, 0, 1, 1])), grid={"l2": [0.1]})


def test_features_are_a_list_of_names(digits):
    for features, words in (
        ([], "features is empty; expected one or more of raw"),
        (["nothing"], "features is 'nothing'"),
    ):
        with pytest.raises(SettingError, match=words):
            fl.sweep(digits, grid={"l2": [0.1]}, features=features)
