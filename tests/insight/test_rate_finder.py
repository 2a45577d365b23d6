import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits

import foldline as fl
from foldline.core.errors import SettingError
from foldline.insight.rate_finder import RateTest, _sound_steps, smoothed
from foldline.insight.style import COLORS
from foldline.training import StreamedRows

X, Y = load_digits(return_X_y=True)
X, Y = (X[:400] / 16).astype(np.float32), Y[:400]


@pytest.fixture(scope="module")
def found():
    return fl.find_rate(fl.MLPClassifier(hidden=(16,)), X, Y, seeds=[0, 1])


def test_rates_grow_in_equal_ratios(found):
    assert len(found.rates) == 200
    assert_allclose(found.rates[[0, -1]], [1e-5, 10.0])
    assert_allclose(found.rates[1:] / found.rates[:-1], 1e6 ** (1 / 199))


def test_a_tenth_of_the_rate_with_the_least_loss_is_suggested(found):
    assert found.suggested == pytest.approx(found.rates[np.argmin(found.losses)] / 10)
    assert found.losses.min() < found.losses[0] / 2


def test_the_automatic_rate_is_that_of_fit(found):
    assert found.automatic == pytest.approx(fl.MLPClassifier(hidden=(16,), epochs=1).fit(X, Y).lr_)


def test_losses_are_the_mean_over_seeds_and_end_where_they_diverge(found):
    assert found.batch_losses.shape == (2, 200)
    assert_allclose(found.losses, smoothed(found.batch_losses.mean(axis=0))[: len(found.losses)])
    assert found.diverged_at == found.rates[len(found.losses)]


def test_the_suggested_rate_learns(found):
    model = fl.MLPClassifier(hidden=(16,), lr=found.suggested, epochs=10).fit(X, Y)
    assert model.score(X, Y) > 0.95


def test_labels_of_any_kind_and_weights_are_taken():
    names = np.array([f"digit {y}" for y in Y])
    model = fl.LinearClassifier(class_weight="balanced", early_stopping=True)
    weighted = fl.find_rate(model, X, names, sample_weight=np.arange(400.0), seeds=[5], n_steps=60)
    assert not np.allclose(weighted.batch_losses, fl.find_rate(model, X, names, seeds=[5], n_steps=60).batch_losses)
    assert not hasattr(model, "model_")


def test_convention_the_exponential_mean_is_corrected_for_its_beginning():
    # m = 0.1, 0.29, 0.561 of losses 1, 2, 3; the weights given so far are 0.1, 0.19, 0.271.
    assert_allclose(smoothed(np.array([1.0, 2.0, 3.0])), [1.0, 0.29 / 0.19, 0.561 / 0.271])


@pytest.mark.parametrize(
    ("losses", "n_sound"),
    [([2, 1, 4, 4.1, 1], 3), ([2, 1, np.nan, 1], 2), ([2, np.inf, 1], 1), ([2, 1, 3], 3)],
)
def test_convention_losses_have_diverged_above_four_times_their_least(losses, n_sound):
    assert _sound_steps(np.array(losses, np.float64)) == n_sound


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (fl.KNNClassifier(), {}, "model is a KNNClassifier; expected one that mini-batch descent trains: a Lin"),
        (fl.LinearClassifier(solver="lbfgs"), {}, "solver is 'lbfgs'; expected 'sgd': a solver takes no learning rate"),
        (fl.LinearClassifier(), {"low": 0.0}, "low is 0.0; expected a number above 0"),
        (fl.LinearClassifier(), {"low": 0.1, "high": 0.1}, "high is 0.1; expected a number above 0.1"),
        (fl.LinearClassifier(), {"n_steps": 5}, "n_steps is 5; expected a whole number from 20 to 10000"),
        (fl.LinearClassifier(), {"seeds": []}, "seeds is empty; expected one or more whole numbers"),
        (fl.LinearClassifier(), {"seeds": [-1]}, "a seed is -1; expected a whole number from 0"),
        (fl.LinearClassifier(), {"high": 1e-3}, "the loss still falls at high, a rate of 0.001; .* Raise high"),
        (fl.LinearClassifier(), {"low": 1e3, "high": 1e9}, "the loss rises from low, a rate of 1000; .* Lower low"),
        (fl.MLPClassifier(hidden=(0,)), {}, "a width in hidden is 0"),
    ],
)
def test_bad_input_is_told(model, options, message):
    with pytest.raises(SettingError, match=message):
        fl.find_rate(model, X, Y, **options)


@pytest.mark.usefixtures("as_installed")
def test_rows_of_a_file_are_refused(tmp_path):
    file = np.memmap(tmp_path / "X", np.float32, "w+", shape=X.shape)
    file[:] = X
    with pytest.raises(SettingError, match="the rows stay in their file; expected some of them in memory"):
        fl.find_rate(fl.LinearClassifier(), file, Y)
    with pytest.raises(SettingError, match="the rows stay in their file"):
        fl.find_rate(fl.LinearClassifier(), StreamedRows(file=file), Y)


def a_test():
    rates = np.geomspace(1e-4, 1, 41)
    batch_losses = np.stack(
        [2.3 - 1.5 * np.exp(-((np.log10(rates) + 1) ** 2)) + 0.1 * np.cos(9 * i * rates) for i in (1, 2)]
    )
    return RateTest(
        rates=rates,
        batch_losses=batch_losses,
        losses=smoothed(batch_losses.mean(axis=0))[:38],
        diverged_at=float(rates[38]),
        suggested=0.012,
        automatic=0.022,
    )


def test_the_picture_looks_like_its_golden_one(assert_golden):
    assert_golden(a_test().picture(), "rates")


def test_the_picture_is_drawn_from_the_numbers():
    test = a_test()
    axes = test.picture().axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    assert_array_equal(lines["smoothed"].get_xydata(), np.stack([test.rates[:38], test.losses], axis=1))
    assert_allclose(lines["batches"].get_ydata(), test.batch_losses.mean(axis=0)[:38])
    assert lines["suggested: 0.012"].get_xdata() == [0.012, 0.012]
    assert lines["automatic: 0.022"].get_color() == COLORS["series-5"]
    assert axes.get_xscale() == "log"
    assert axes.get_title(loc="left") == "diverged at 0.63"
