import dataclasses

import numpy as np
import pytest

from foldline.compare.verdict import judge

N = 200


def share(n_right):
    return np.arange(N) < n_right


def test_the_winner_the_gains_and_what_to_ship_are_said(board, made_up):
    best, raw, softmax = (
        made_up("hog/mlp2", share(180), model_bytes=5000),
        made_up("raw/mlp2", share(150)),
        made_up("hog/softmax", share(140)),
    )
    verdict = judge([best, raw, softmax], board.data)
    assert (verdict.best, verdict.tied, verdict.ship) == ("hog/mlp2", (), "hog/mlp2")
    assert verdict.headline == "hog, mlp2: 90.0 % of test images right"
    assert "With the same classifier, mlp2, hog gains 15.0 points over raw." in verdict.text
    assert "With the same features, hog, mlp2 gains 20.0 points over softmax." in verdict.text
    assert "Ship hog, mlp2: nothing else is as good" in verdict.text


def test_of_recipes_that_tie_the_fastest_to_predict_is_shipped(board, made_up):
    best, close = made_up("hog/mlp2", share(180), predict_us=50.0), made_up("hog/softmax", share(179), predict_us=5.0)
    verdict = judge([best, close], board.data)
    assert verdict.tied == ("hog/softmax",)
    assert verdict.ship == "hog/softmax"
    assert "hog, softmax ties with it" in verdict.text
    assert "faster to predict (5.0 µs an image, 1 kB, instead of 50 µs and 1 kB)" in verdict.text


def test_titles_with_commas_are_told_apart(board, made_up):
    rows = [made_up(key, share(180 - i)) for i, key in enumerate(("hog/mlp2", "hog/softmax", "raw/mlp2", "raw/svm"))]
    assert "hog, softmax; raw, mlp2; and raw, svm tie with it" in judge(rows, board.data).text


@pytest.mark.parametrize(("predict_us", "ship"), [(41.0, "hog/mlp2"), (39.0, "hog/softmax")])
def test_convention_the_best_is_left_only_for_what_is_clearly_faster(board, made_up, predict_us, ship):
    best, close = made_up("hog/mlp2", share(180), predict_us=50.0), made_up("hog/softmax", share(179))
    verdict = judge([best, dataclasses.replace(close, predict_us=predict_us)], board.data)
    assert verdict.ship == ship
    assert ("nothing that ties is clearly faster" in verdict.text) == (ship == "hog/mlp2")


def test_a_small_but_steady_lead_is_no_tie(board, made_up):
    # 8 images more of 200, none the other way round: the paired interval excludes 0 though both accuracies' overlap.
    verdict = judge([made_up("hog/mlp2", share(108)), made_up("raw/mlp2", share(100))], board.data)
    assert verdict.tied == ()


def test_leads_in_both_directions_tie(board, made_up):
    verdict = judge([made_up("hog/mlp2", share(108)), made_up("raw/mlp2", ~share(100))], board.data)
    assert verdict.tied == ("raw/mlp2",)


def test_a_model_too_large_to_keep_is_not_shipped(board, made_up):
    best = made_up("hog/mlp2", share(180), predict_us=50.0)
    large = dataclasses.replace(made_up("hog/knn", share(180), predict_us=5.0), model=None)
    assert judge([best, large], board.data).ship == "hog/mlp2"


def test_the_best_of_what_ties_is_shipped_if_the_best_is_too_large_to_keep(board, made_up):
    best, tied = made_up("hog/knn", share(180), model_bytes=90_000_000), made_up("hog/mlp2", share(179))
    verdict = judge([dataclasses.replace(best, model=None), tied], board.data)
    assert verdict.ship == "hog/mlp2"
    assert "hog, knn keeps all its training rows (90 MB) and is not saved. Ship hog, mlp2: as good" in verdict.text


def test_a_worse_recipe_is_shipped_if_all_better_ones_are_too_large_to_keep(board, made_up):
    large = dataclasses.replace(made_up("hog/knn", share(180)), model=None)
    verdict = judge([large, made_up("hog/mlp2", share(150)), made_up("raw/mlp2", share(149))], board.data)
    assert verdict.ship == "hog/mlp2"
    assert "Ship hog, mlp2: the best of those that are saved" in verdict.text


@pytest.mark.parametrize(("n", "others"), [(1, ""), (2, ", and so does every other recipe")])
def test_nothing_is_shipped_if_no_model_is_kept(board, made_up, n, others):
    rows = [dataclasses.replace(made_up(key, share(180)), model=None) for key in ("hog/knn", "raw/knn")]
    verdict = judge(rows[:n], board.data)
    assert verdict.ship is None
    assert "No model is saved, and saving removes an older model.safetensors: hog, knn keeps all" in verdict.text
    assert verdict.text.endswith(f"its training rows (1 kB){others}.")


def test_that_the_leader_was_chosen_on_these_images_is_said(board, made_up):
    rows = [made_up(f"hog/{name}", share(180)) for name in ("mlp2", "mlp3", "svm")]
    said = judge(rows, board.data).text
    assert "It is the first of 3 on these test images; expect slightly less on new ones." in said


def test_recipes_are_matched_by_their_halves_whatever_they_are_called(board, made_up):
    best = dataclasses.replace(made_up("hog/mlp2", share(180)), recipe="mine")
    verdict = judge([best, made_up("raw/mlp2", share(150))], board.data)
    assert "With the same classifier, mlp2, hog gains 15.0 points over raw." in verdict.text


def test_no_better_than_guessing_is_said(board, made_up):
    n_test = np.array([60, 20, 20])
    data = dataclasses.replace(board.data, n_test=n_test)
    row = made_up("raw/softmax", np.arange(100) < 58)
    low = dataclasses.replace(row.test_accuracy, low=0.48, high=0.67)
    verdict = judge([dataclasses.replace(row, test_accuracy=low)], data)
    assert "would be right on 60.0 %: no recipe is clearly better than that" in verdict.text


def test_one_recipe_alone_has_a_verdict(board, made_up):
    assert judge([made_up("raw/softmax", share(150))], board.data).ship == "raw/softmax"


def test_one_recipe_alone_is_compared_with_nothing(board, made_up):
    text = judge([made_up("raw/softmax", share(150))], board.data).text
    assert text.endswith("A prediction takes 10 µs, the model 1 kB.")
    for words in ("Ship", "else", "leads", "tie"):
        assert words not in text
