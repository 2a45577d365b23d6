import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from foldline.core.errors import DivergedError, SettingError
from foldline.models import MLP, Linear
from foldline.training import Augment, Rows, TrainingSettings, fit_model
from foldline.training.batches import shuffled_batches
from foldline.training.optimizers import schedule
from foldline.training.settings import Hyper, Plan
from tolerances import TOLERANCE

KEY = jax.random.key(0)
RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] > 0).astype(np.int32)
ROWS = Rows(jnp.asarray(X), jnp.asarray(Y))


def fitted(rows=ROWS, *, start=None, hidden=(6,), val=None, callbacks=(), **settings):
    model = start or MLP.random(n_in=rows.X.shape[1], n_out=2, hidden=hidden, key=jax.random.key(7))
    return fit_model(model, rows, settings=TrainingSettings(**settings), key=KEY, val=val, callbacks=callbacks)


def random_linear(n_in):
    W = jax.random.normal(jax.random.key(7), (2, n_in))
    return MLP((Linear(W, jnp.zeros(2)),), "identity")


def sgd_by_hand(model, X, y, orders, rates, *, momentum, nesterov, l1, l2):
    """Sutskever et al. (2013) in plain NumPy for one linear softmax layer: velocity, then step."""
    W, b = (np.asarray(leaf, np.float64) for leaf in (model.layers[0].W, model.layers[0].b))
    vW, vb, step = np.zeros_like(W), np.zeros_like(b), 0
    for order in orders:
        for batch in order:
            s = X[batch] @ W.T + b
            p = np.exp(s - s.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            p[np.arange(len(batch)), y[batch]] -= 1
            gW, gb = p.T @ X[batch] / len(batch) + 2 * l2 * W + l1 * np.sign(W), p.mean(0)
            vW, vb = momentum * vW + gW, momentum * vb + gb
            dW, db = (gW + momentum * vW, gb + momentum * vb) if nesterov else (vW, vb)
            W, b = W - rates[step] * dW, b - rates[step] * db
            step += 1
    return W, b


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("schedule", ["constant", "step", "cosine"])
def test_sgd_equals_the_same_steps_by_hand(schedule, nesterov):
    epochs, lr = 4, 0.1
    settings = {"lr": lr, "momentum": 0.8, "l1": 0.003, "l2": 0.02, "epochs": epochs, "batch_size": 16}
    start = random_linear(4)
    model, _ = fitted(start=start, schedule=schedule, nesterov=nesterov, **settings)
    generator = np.random.default_rng(np.asarray(jax.random.key_data(jax.random.split(KEY)[0])))
    orders = [shuffled_batches(60, 16, generator=generator) for _ in range(epochs)]
    t = np.arange(16) / 16
    rates = {
        "constant": np.full(16, lr),
        "step": lr * np.repeat([1, 1, 0.1, 0.01], 4),
        "cosine": lr * (1 + np.cos(np.pi * t)) / 2,
    }[schedule]
    W, b = sgd_by_hand(start, X, Y, orders, rates, momentum=0.8, nesterov=nesterov, l1=0.003, l2=0.02)
    assert_allclose(model.layers[0].W, W, **TOLERANCE[np.dtype(np.float32)])
    assert_allclose(model.layers[0].b, b, **TOLERANCE[np.dtype(np.float32)])


def test_convention_adamw_decays_weights_alone_by_twice_l2_times_lr():
    # Features of zero give weights no gradient, so decay alone moves them: W (1 - lr 2 l2) a step.
    rows = Rows(jnp.zeros((4, 3)), jnp.array([0, 1, 0, 1]))
    settings = {"optimizer": "adamw", "lr": 0.1, "l2": 0.5, "schedule": "constant", "epochs": 2, "batch_size": 4}
    start = random_linear(3)
    model, _ = fitted(rows, start=start, **settings)
    assert_allclose(model.layers[0].W, 0.9**2 * start.layers[0].W, rtol=1e-5)


@pytest.mark.parametrize("settings", [{}, {"optimizer": "adamw", "lr": 0.01}, {"loss": "svm"}, {"dropout": 0.2}])
def test_training_learns_a_line(settings):
    model, history = fitted(epochs=60, **settings)
    assert np.mean(np.argmax(model(ROWS.X), axis=1) == Y) > 0.95
    assert history.train_loss[-1] < history.train_loss[0]


def test_the_same_key_gives_the_same_bits():
    first, second = (fitted(epochs=3, dropout=0.3)[0] for _ in range(2))
    assert all((a == b).all() for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True))


def test_the_best_validation_weights_are_kept():
    # Labels of the validation rows are turned round: the best epoch is an early one.
    val = Rows(ROWS.X, 1 - ROWS.y)
    model, history = fitted(val=val, epochs=20, lr=0.02)
    kept = np.mean(np.argmax(model(val.X), axis=1) == np.asarray(val.y))
    assert history.best_epoch == np.argmax(history.val_accuracy)
    assert history.best_epoch < 19
    assert_allclose(kept, max(history.val_accuracy), rtol=1e-6)


def test_patience_stops_early():
    _, history = fitted(val=Rows(ROWS.X, 1 - ROWS.y), epochs=50, patience=3)
    assert history.n_epochs == history.best_epoch + 1 + 3


def test_without_validation_rows_the_last_epoch_is_kept():
    _, history = fitted(epochs=4)
    assert (history.best_epoch, history.n_epochs, history.val_accuracy) == (3, 4, None)


def test_row_weights_of_zero_take_rows_out_of_the_gradient():
    weights = jnp.asarray(np.where(Y == 0, 2.0, 0.0).astype(np.float32))
    model, _ = fitted(Rows(ROWS.X, ROWS.y, weights), epochs=60)
    assert (np.argmax(model(ROWS.X), axis=1) == 0).all()


@pytest.mark.parametrize("lr", [1e6, 1e30])
def test_a_loss_that_is_not_finite_names_the_step_and_what_to_change(lr):
    with pytest.raises(DivergedError, match=r"at step \d+; expected finite numbers. Lower lr \(now 1e\+"):
        fitted(lr=lr, loss="softmax", epochs=30, l2=0.1)


def test_infinite_weights_after_the_last_step_are_seen():
    with pytest.raises(DivergedError, match="weights became infinite or NaN in the last step"):
        fitted(Rows(1e20 * ROWS.X, ROWS.y), lr=1e25, epochs=1, batch_size=60, hidden=())


@pytest.mark.parametrize(
    ("n_rows", "batch_size", "expected"),
    [(10, "auto", 8), (3, "auto", 3), (2000, "auto", 40), (60000, "auto", 128), (50, 64, 50)],
)
def test_automatic_batches_are_a_fiftieth_of_the_rows(n_rows, batch_size, expected):
    assert TrainingSettings(batch_size=batch_size).rows_a_step(n_rows) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"loss": "hinge"},
        {"optimizer": "lbfgs"},
        {"schedule": "linear"},
        {"sampling": "stratified"},
        {"precision": "float16"},
        {"lr": 0},
        {"momentum": 1.0},
        {"l1": -1e-3},
        {"l2": float("nan")},
        {"dropout": 1.0},
        {"epochs": 0},
        {"batch_size": 0},
        {"patience": 0},
    ],
)
@pytest.mark.usefixtures("as_installed")
def test_a_setting_outside_its_range_is_refused_by_name(wrong):
    with pytest.raises(SettingError, match=f"^{next(iter(wrong))} is"):
        TrainingSettings(**wrong)


def test_settings_are_read_only():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainingSettings().lr = 1.0


@pytest.mark.parametrize(("n_steps", "rates"), [(1, [1]), (2, [1, 0.1]), (4, [1, 1, 0.1, 0.01])])
def test_the_step_schedule_begins_at_its_full_rate_in_the_shortest_run(n_steps, rates):
    settings = TrainingSettings(schedule="step", lr=1.0)
    rate_at = schedule(Plan.of(settings, total_steps=n_steps), Hyper.of(settings))
    assert_allclose([rate_at(step) for step in range(n_steps)], rates, rtol=1e-6)


def test_parts_of_a_batch_give_the_step_of_the_whole():
    whole, parts = (fitted(batch_size=12, micro_batches=n, epochs=4) for n in (1, 3))
    for a, b in zip(jax.tree.leaves(whole[0]), jax.tree.leaves(parts[0]), strict=True):
        assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert_allclose(whole[1].train_loss, parts[1].train_loss, rtol=1e-5)
    assert_allclose(whole[1].train_accuracy, parts[1].train_accuracy)


def test_parts_of_a_batch_draw_their_own_chances():
    rows = Rows(jnp.ones((8, 4)), jnp.zeros(8, jnp.int32))
    settings = {"dropout": 0.5, "batch_size": 8, "epochs": 1, "lr": 1e-6}
    assert fitted(rows, micro_batches=2, **settings)[1].train_loss != fitted(rows, **settings)[1].train_loss


def test_parts_that_a_batch_does_not_have_are_refused():
    with pytest.raises(SettingError, match="micro_batches is 5 and a batch has 12 rows; expected parts of equal size"):
        fitted(batch_size=12, micro_batches=5)


def test_a_long_gradient_is_shortened_to_its_norm():
    # One step of plain descent moves all weights together by at most lr * clip_norm.
    start = random_linear(4)
    moves = []
    for clip_norm in (None, 0.01):
        model, _ = fitted(
            start=start, clip_norm=clip_norm, lr=0.5, momentum=0.0, nesterov=False, l2=0.0, epochs=1, batch_size=60
        )
        moved = jax.tree.map(jnp.subtract, model, start)
        moves.append(np.sqrt(sum(float(jnp.sum(leaf**2)) for leaf in jax.tree.leaves(moved))))
    assert moves[0] > 0.02
    assert_allclose(moves[1], 0.5 * 0.01, rtol=1e-4)


def test_loss_scale_multiplies_losses_and_not_the_penalty():
    start = random_linear(4)
    plain = {"momentum": 0.0, "nesterov": False, "epochs": 1, "batch_size": 60, "schedule": "constant"}
    scaled, _ = fitted(start=start, loss_scale=4.0, lr=0.1, l2=0.02, **plain)
    same, _ = fitted(start=start, lr=0.4, l2=0.005, **plain)
    assert_allclose(scaled.layers[0].W, same.layers[0].W, rtol=1e-5)


def test_smoothed_labels_hold_the_scores_together():
    # The best probabilities of the true class are 1 - smoothing / 2 with two classes.
    model, _ = fitted(hidden=(), l2=0.0, label_smoothing=0.4, epochs=400, lr=1.0, batch_size=60)
    proba = jax.nn.softmax(model(10 * ROWS.X / jnp.linalg.norm(ROWS.X, axis=1, keepdims=True)))
    plain, _ = fitted(hidden=(), l2=0.0, epochs=400, lr=1.0, batch_size=60)
    assert float(jnp.abs(model.layers[0].W).max()) < float(jnp.abs(plain.layers[0].W).max()) / 4
    assert float(jnp.max(proba, axis=1).mean()) > 0.6


def test_label_smoothing_is_of_softmax_alone():
    with pytest.raises(SettingError, match=r"label_smoothing is 0.1 with loss='svm'; expected 0"):
        TrainingSettings(loss="svm", label_smoothing=0.1)


@pytest.mark.parametrize("name", ["constant", "step", "cosine"])
def test_a_warmup_rises_in_a_straight_line_and_then_the_schedule_begins(name):
    settings = TrainingSettings(schedule=name, warmup=0.25, lr=0.4)
    rate = schedule(Plan.of(settings, total_steps=16), Hyper.of(settings))
    rates = [float(rate(step)) for step in range(16)]
    assert_allclose(rates[:5], 0.4 * np.array([0.2, 0.4, 0.6, 0.8, 1.0]), rtol=1e-5)
    later = dataclasses.replace(settings, warmup=0.0)
    rest = schedule(Plan.of(later, total_steps=12), Hyper.of(later))
    assert_allclose(rates[4:], [float(rest(step)) for step in range(12)], rtol=1e-6)


def test_one_cycle_rises_from_a_25th_and_falls_to_nearly_nothing():
    settings = TrainingSettings(schedule="one_cycle", lr=0.5)
    rate = schedule(Plan.of(settings, total_steps=100), Hyper.of(settings))
    rates = np.array([float(rate(step)) for step in range(100)])
    assert_allclose(rates[0], 0.5 / 25, rtol=1e-4)
    assert np.argmax(rates) == 30
    assert_allclose(rates.max(), 0.5, rtol=1e-5)
    assert rates[99] < 0.002


def test_callbacks_are_told_every_epoch_and_one_may_end_the_training():
    told = []

    def ending(report):
        told.append(report)
        return report.epoch == 3

    model, history = fitted(epochs=10, callbacks=[ending, lambda report: None], val=ROWS)
    assert [report.epoch for report in told] == [1, 2, 3]
    assert history.n_epochs == 3
    assert told[1].numbers == {name: curve[1] for name, curve in history.curves.items()}
    assert_allclose(told[-1].model(ROWS.X), model(ROWS.X)) if history.best_epoch == 2 else None


def test_augmented_rows_are_learned_from_and_unchanged_ones_are_not_met():
    # An image is 1 where the class is told and 0 elsewhere; covered wholly, nothing tells it.
    images = np.zeros((40, 4, 4, 1), np.float32)
    images[::2, :, :2], images[1::2, :, 2:] = 1, 1
    rows = Rows(jnp.asarray(images.reshape(40, 16)), jnp.asarray(np.arange(40) % 2))
    _, seen = fitted(rows, epochs=30)
    _, covered = fitted(rows, epochs=30, augment=Augment((4, 4, 1), cutout_px=20))
    _, mirrored = fitted(rows, epochs=30, augment=Augment((4, 4, 1), flip=True))
    assert seen.train_accuracy[-1] == 1.0
    assert covered.train_loss[-1] > 0.6
    assert mirrored.train_loss[-1] > 0.5


def test_a_rare_class_is_learned_from_as_often_as_a_common_one():
    # Nothing tells the classes apart: probabilities go to the shares in which they are met.
    y = np.where(np.arange(60) < 6, 1, 0)
    rows = Rows(jnp.zeros((60, 4)), jnp.asarray(y))
    for sampling, share in (("shuffled", 0.1), ("balanced", 0.5)):
        model, _ = fitted(rows, hidden=(), sampling=sampling, epochs=60, batch_size=60, lr=1.0, l2=0.0)
        assert_allclose(jax.nn.softmax(model(rows.X[:1]))[0, 1], share, atol=0.01)


def test_weights_of_rows_multiply_with_how_often_they_are_met():
    y = np.where(np.arange(60) < 6, 1, 0)
    rows = Rows(jnp.zeros((60, 4)), jnp.asarray(y), jnp.asarray(np.where(y == 1, 3.0, 1.0), jnp.float32))
    model, _ = fitted(rows, hidden=(), sampling="balanced", epochs=60, batch_size=60, lr=0.5, l2=0.0)
    assert_allclose(jax.nn.softmax(model(rows.X[:1]))[0, 1], 0.75, atol=0.01)
