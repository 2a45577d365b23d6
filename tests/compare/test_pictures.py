import dataclasses

import numpy as np
import pytest

from foldline.compare.pictures import accuracy_against_time
from foldline.insight import svg_text

RANGES = [(0.3, 0.9), (2.0, 30.0), (0.7,), (0.05, 500.0)]


@pytest.fixture
def timed(board, made_up):
    """Give a function that makes a board of one recipe a time; the second one ties, is faster and shipped."""

    def timed(*elapsed_s):
        rows = []
        for i, seconds in enumerate(elapsed_s):
            recipe = f"{('raw', 'hog')[i % 2]}/{('softmax', 'mlp2', 'knn')[i % 3]}"
            row = made_up(recipe, np.arange(200) < 180 - (i > 1))
            mean = row.test_accuracy.mean
            accuracy = dataclasses.replace(row.test_accuracy, low=mean - 0.05, high=mean + 0.04)
            rows.append(
                dataclasses.replace(
                    row,
                    test_accuracy=accuracy,
                    extract_s=seconds / 2,
                    train_s=seconds / 2,
                    predict_us=5.0 if i == 1 else 10.0,
                )
            )
        return dataclasses.replace(board, rows=tuple(rows))

    return timed


@pytest.mark.parametrize("elapsed_s", RANGES)
def test_times_are_written_as_seconds(timed, elapsed_s):
    svg = svg_text(accuracy_against_time(timed(*elapsed_s)), name="accuracy", title="Accuracy")
    assert "mathdefault" not in svg
    assert svg.count(" s</text>") >= 3


def test_the_best_and_the_one_to_ship_can_be_read_where_they_are_close(timed):
    figure = accuracy_against_time(timed(0.3, 0.3, 0.9))
    figure.draw_without_rendering()
    best, ship = (text.get_window_extent() for text in figure.axes[0].texts)
    assert [text.get_text() for text in figure.axes[0].texts] == ["best", "ship"]
    assert not best.overlaps(ship)


def test_one_recipe_is_best_and_shipped_and_none_without_models_is(timed):
    one = timed(0.7)
    without = dataclasses.replace(one, rows=(dataclasses.replace(one.best, model=None),))
    labels = [[text.get_text() for text in accuracy_against_time(b).axes[0].texts] for b in (one, without)]
    assert labels == [["best, ship"], ["best"]]


def test_more_features_than_colours_are_told_apart(timed):
    one = timed(*[0.5] * 9)
    rows = tuple(dataclasses.replace(row, features=f"features {i}") for i, row in enumerate(one.rows))
    axes = accuracy_against_time(dataclasses.replace(one, rows=rows)).axes[0]
    marks = [line for line in axes.lines if line.get_marker() not in ("None", "")]
    assert len(marks) == 9
    assert len({(line.get_color(), line.get_markerfacecolor()) for line in marks}) == 9


def test_accuracy_against_time_looks_as_drawn(timed, assert_golden):
    assert_golden(accuracy_against_time(timed(0.3, 0.31, 0.5, 0.9)), "accuracy-against-time")
