import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from foldline.core.errors import DataError, SettingError
from foldline.estimators import LinearClassifier, MLPClassifier
from foldline.estimators.chunks import CHUNK_ROWS
from foldline.training import fit_model
from tolerances import TOLERANCE

X, Y = load_digits(return_X_y=True)
X, Y = (X / 16).astype(np.float32), Y.astype(np.int32)
FLOAT32 = TOLERANCE[np.dtype(np.float32)]


@pytest.fixture(scope="module")
def linear():
    return LinearClassifier(epochs=5).fit(X[:400], Y[:400])


def test_scores_of_a_linear_classifier_are_Wx_plus_b(linear):
    assert_allclose(linear.scores(X[:5]), X[:5] @ linear.coef_.T + linear.intercept_, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n", [1, 2, 16, 17, 300])
def test_any_number_of_rows_gives_the_same_scores(linear, n):
    assert_allclose(linear.scores(X[:n]), linear.scores(X)[:n], **FLOAT32)


def test_more_rows_than_one_chunk_are_joined(linear):
    many = np.tile(X[:3], (CHUNK_ROWS[-1] // 3 + 5, 1))
    assert len(many) > CHUNK_ROWS[-1]
    scores = linear.scores(many)
    assert_allclose(scores[-3:], linear.scores(X[:3]), **FLOAT32)
    assert len(scores) == len(many)


def test_probabilities_are_the_softmax_of_the_scores(linear):
    odds = np.exp(linear.scores(X[:9]).astype(np.float64))
    assert_allclose(linear.predict_proba(X[:9]), odds / odds.sum(1, keepdims=True), **FLOAT32)


def test_svm_scores_are_not_called_probabilities():
    model = LinearClassifier(loss="svm", epochs=2).fit(X[:200], Y[:200])
    assert not hasattr(model, "predict_proba")
    assert model.score(X[:200], Y[:200]) > 0.8


def test_a_net_without_activation_equals_its_product_matrix():
    model = MLPClassifier(hidden=(30, 20), activation="identity", epochs=2).fit(X[:200], Y[:200])
    W, b = np.eye(64), np.zeros(64)
    for layer in model.model_.layers:
        W, b = np.asarray(layer.W) @ W, np.asarray(layer.W) @ b + np.asarray(layer.b)
    assert_allclose(model.scores(X[:9]), X[:9] @ W.T + b, rtol=1e-4, atol=1e-4)


def test_balanced_classes_weigh_the_rare_one():
    rare = np.concatenate([np.flatnonzero(Y == 3)[:120], np.flatnonzero(Y == 8)[:6]])
    plain = LinearClassifier(epochs=3, lr=0.002).fit(X[rare], Y[rare])
    balanced = LinearClassifier(epochs=3, lr=0.002, class_weight="balanced").fit(X[rare], Y[rare])
    test = np.flatnonzero((Y == 3) | (Y == 8))[150:]
    recall = [np.mean(m.predict(X[test][Y[test] == 8]) == 8) for m in (plain, balanced)]
    assert recall[1] > recall[0]


@pytest.mark.parametrize("kind", [LinearClassifier, MLPClassifier])
def test_balanced_sampling_meets_the_rare_class_as_often(kind):
    rare = np.concatenate([np.flatnonzero(Y == 3)[:120], np.flatnonzero(Y == 8)[:6]])
    test = np.flatnonzero((Y == 3) | (Y == 8))[150:]
    models = [kind(epochs=3, lr=0.002, sampling=s).fit(X[rare], Y[rare]) for s in ("shuffled", "balanced")]
    recall = [np.mean(m.predict(X[test][Y[test] == 8]) == 8) for m in models]
    assert recall[1] > recall[0]


def test_an_automatic_rate_is_that_of_the_rows_as_balanced_sampling_meets_them():
    # The rare class alone has long rows; met in half of the steps, they want a ten times smaller rate.
    y = np.where(np.arange(1000) < 50, 1, 0)
    rows = np.random.default_rng(0).standard_normal((1000, 20)).astype(np.float32) * np.where(y == 1, 30, 1)[:, None]
    rates = [LinearClassifier(epochs=1, sampling=s).fit(rows, y).lr_ for s in ("shuffled", "balanced")]
    assert 8 < rates[0] / rates[1] < 12


def test_early_stopping_holds_rows_out_and_keeps_the_best_epoch():
    model = MLPClassifier(early_stopping=True, patience=2, epochs=60).fit(X[:300], Y[:300])
    history = model.history_
    assert history.n_epochs < 60
    assert history.best_epoch == np.argmax(history.val_accuracy)


def test_validation_rows_choose_the_epoch(linear):
    model = LinearClassifier(epochs=4).fit(X[:200], Y[:200], validation=(X[200:300], Y[200:300]))
    assert_allclose(model.score(X[200:300], Y[200:300]), model.history_.val_accuracy.max(), rtol=1e-6)


def test_input_is_left_as_it_was():
    before = X[:50].copy(), Y[:50].copy()
    LinearClassifier(epochs=1).fit(X[:50], Y[:50])
    assert (X[:50] == before[0]).all()
    assert (Y[:50] == before[1]).all()


def test_training_leaves_no_float64_switched_on():
    LinearClassifier(epochs=1).fit(X[:50].astype(np.float64), Y[:50])
    assert not jax.config.jax_enable_x64


@pytest.mark.parametrize("model", [LinearClassifier(), MLPClassifier()])
def test_one_class_only_is_refused(model):
    with pytest.raises(DataError, match="one class only, 3; expected at least 2 classes"):
        model.fit(X[:20], np.full(20, 3))


def test_validation_labels_that_training_lacks_are_refused():
    rows = Y[:200] != 9
    with pytest.raises(DataError, match="validation labels hold 9; expected only classes of the training rows"):
        LinearClassifier().fit(X[:200][rows], Y[:200][rows], validation=(X[:200], Y[:200]))


def test_too_few_rows_for_early_stopping_say_so():
    with pytest.raises(DataError, match="validation_fraction is 0.1 and the smallest class has 1 of"):
        LinearClassifier(early_stopping=True).fit(X[:11], np.array([0] * 10 + [1]))


def test_nan_in_features_is_refused():
    broken = X[:50].copy()
    broken[3, 4] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        LinearClassifier().fit(broken, Y[:50])


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"activation": "swish"}, "activation is 'swish'; expected one of 'identity', 'sigmoid'"),
        ({"activation": ("relu", "relu")}, "activation has 2 words; expected 1, one a hidden layer, or"),
        ({"activation": None}, "activation is None; expected a word such as 'relu', or a tuple"),
        ({"hidden": (0,)}, "a width in hidden is 0; expected a whole number at least 1"),
        ({"hidden": 100}, "hidden is 100; expected a tuple of widths"),
        ({"loss": "hinge"}, "loss is 'hinge'"),
        ({"validation_fraction": 1.0}, "validation_fraction is 1.0"),
    ],
)
def test_a_setting_outside_its_range_is_refused(settings, message):
    with pytest.raises(SettingError, match=message):
        MLPClassifier(**settings).fit(X[:50], Y[:50])


def test_dropout_without_hidden_units_is_refused():
    with pytest.raises(SettingError, match="dropout is 0.5 and hidden is empty; expected hidden units"):
        MLPClassifier(hidden=(), dropout=0.5).fit(X[:50], Y[:50])


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ("balance", SettingError, "class_weight is 'balance'; expected None, 'balanced' or a mapping from classes"),
        ([1.0] * 10, SettingError, "expected None, 'balanced' or a mapping"),
        ({"three": 2.0}, SettingError, "expected None, 'balanced' or a mapping from classes, of \\[0, 1, 2"),
        ({3: -1.0}, DataError, "class_weight holds -1.0; expected finite numbers of at least 0"),
        ({3: np.nan}, DataError, "class_weight holds nan"),
        (dict.fromkeys(range(10), 0.0), DataError, "zero for all 50 rows"),
    ],
)
@pytest.mark.usefixtures("as_installed")
def test_weights_of_classes_that_are_none_are_refused(weights, error, message):
    with pytest.raises(error, match=message):
        LinearClassifier(class_weight=weights).fit(X[:50], Y[:50])


def test_all_weights_zero_is_refused():
    with pytest.raises(DataError, match="is zero for all 20 rows that train, .*; expected at least one positive"):
        LinearClassifier().fit(X[:20], Y[:20], np.zeros(20))


def test_the_largest_weights_there_are_count_as_ones():
    plain = LinearClassifier(epochs=1).fit(X[:50], Y[:50])
    heavy = LinearClassifier(epochs=1).fit(X[:50], Y[:50], np.full(50, 1e308))
    assert_array_equal(heavy.coef_, plain.coef_)


@pytest.fixture
def rows_of(monkeypatch):
    """Give a function that fits a model and tells the rows that were trained on and validated with."""

    def rows_of(model, *given, **named):
        seen = []

        def spying(net, train, **others):
            seen.append((train, others["val"]))
            return fit_model(net, train, **others)

        monkeypatch.setattr("foldline.estimators.net_classifier.fit_model", spying)
        model.fit(*given, **named)
        return seen[0]

    return rows_of


def test_weights_have_mean_one_on_both_sides(rows_of):
    weights = np.random.default_rng(0).exponential(size=300)
    for rows in rows_of(LinearClassifier(epochs=1, early_stopping=True), X[:300], Y[:300], weights):
        assert_allclose(rows.weights.mean(), 1, rtol=1e-5)


def test_convention_validation_rows_have_class_weights(rows_of):
    model = LinearClassifier(epochs=2, class_weight={3: 5.0, 8: 0.0})
    rows_of(model, X[:300], Y[:300], validation=(X[300:400], Y[300:400]))
    weights = np.select([Y[300:400] == 3, Y[300:400] == 8], [5.0, 0.0], 1.0)
    right = np.average(model.predict(X[300:400]) == Y[300:400], weights=weights)
    assert_allclose(model.history_.val_accuracy[model.history_.best_epoch], right, rtol=1e-5)


def test_the_automatic_rate_looks_at_training_rows_alone():
    shifted = X[:300].copy()
    model = LinearClassifier(epochs=1, early_stopping=True).fit(shifted, Y[:300])
    _, held_out = train_test_split(np.arange(300), test_size=0.1, stratify=Y[:300], random_state=0)
    shifted[held_out] += 100
    assert LinearClassifier(epochs=1, early_stopping=True).fit(shifted, Y[:300]).lr_ == model.lr_


@pytest.mark.parametrize("model", [LinearClassifier(l2=30.0, epochs=2), MLPClassifier(l2=30.0, epochs=2)])
def test_a_strong_penalty_does_not_diverge(model):
    model.fit(X[:300], Y[:300])
    assert model.history_.train_loss.max() < 1.1 * model.history_.train_loss[0] < 10
