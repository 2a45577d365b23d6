import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import SettingError
from foldline.models import MLP, AlexNet
from foldline.training import Augment, Population, Rows, StreamedRows, TrainingSettings, fit_model, fit_population
from foldline.training import population as module

RNG = np.random.default_rng(0)
X = RNG.standard_normal((90, 6)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] > 0).astype(np.int32) + (X[:, 2] > 1)
WEIGHTS = RNG.uniform(0.5, 1.5, 90).astype(np.float32)
TRAIN = Rows(jnp.asarray(X[:60]), jnp.asarray(Y[:60]))
VAL = Rows(jnp.asarray(X[60:]), jnp.asarray(Y[60:]), jnp.asarray(WEIGHTS[60:]))
KEYS = [jax.random.key(seed) for seed in (5, 6)]


def models(hidden=(7,)):
    return [MLP.random(n_in=6, n_out=3, hidden=hidden, key=jax.random.key(seed)) for seed in (1, 2)]


def all_settings(*numbers, **common):
    given = {"epochs": 4, "batch_size": 8, "lr": 0.05, **common}
    return [TrainingSettings(**(given | each)) for each in numbers]


def assert_as_alone(settings, *, val=VAL, hidden=(7,), train=TRAIN):
    together = fit_population(models(hidden), train, settings=[settings] * 2, keys=KEYS, val=val)
    for of_seed, model, key in zip(together, models(hidden), KEYS, strict=True):
        assert len(of_seed) == len(settings)
        for member, one in zip(of_seed, settings, strict=True):
            alone, history = fit_model(model, train, settings=one, key=key, val=val)
            for a, b in zip(jax.tree.leaves(member.model), jax.tree.leaves(alone), strict=True):
                assert_allclose(a, b, rtol=2e-4, atol=2e-5)
            assert member.history.best_epoch == history.best_epoch
            assert member.diverged_at is None
            for name, curve in history.curves.items():
                if name != "elapsed_s":
                    assert_allclose(getattr(member.history, name), curve, rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("numbers", "common"),
    [
        ([{"l2": 0.0}, {"l2": 0.1}], {}),
        ([{"lr": 0.01, "momentum": 0.5}, {"lr": 0.1, "momentum": 0.9}], {"nesterov": False}),
        ([{"dropout": 0.0}, {"dropout": 0.4}, {"dropout": 0.6, "l1": 0.01}], {}),
        ([{"label_smoothing": 0.0}, {"label_smoothing": 0.2}], {"schedule": "one_cycle"}),
        ([{"clip_norm": None}, {"clip_norm": 0.1}], {"warmup": 0.3}),
        ([{"loss_scale": 1.0}, {"loss_scale": 3.0}], {"loss": "svm", "lr": 0.01}),
        ([{"l2": 0.0, "lr": 0.01}, {"l2": 0.1, "lr": 0.02}], {"optimizer": "adamw", "micro_batches": 2}),
        ([{"l2": 0.0}, {"l2": 0.1}], {"augment": Augment((2, 3, 1), flip=True, shift_px=1)}),
        ([{"l2": 0.0}, {"lr": 1.0}], {"patience": 2, "epochs": 12}),
        ([{"l2": 0.0}, {"l2": 0.1}], {"sampling": "balanced"}),
    ],
)
def test_members_become_what_they_become_alone(numbers, common):
    assert_as_alone(all_settings(*numbers, **common))


@pytest.mark.parametrize("hidden", [(), (5, 4)])
def test_any_depth_with_and_without_validation_rows(hidden):
    assert_as_alone(all_settings({"l2": 1e-3}, {"l2": 0.1}), hidden=hidden)
    assert_as_alone(all_settings({"l2": 1e-3}, {"l2": 0.1}), hidden=hidden, val=None)


def test_rows_have_their_weights():
    assert_as_alone(all_settings({"l2": 1e-3}), train=TRAIN._replace(weights=jnp.asarray(WEIGHTS[:60])))


def test_a_population_that_does_not_fit_trains_in_parts(monkeypatch):
    settings = all_settings(*({"l2": l2} for l2 in (0, 1e-3, 1e-2, 0.1, 1)))
    whole = fit_population(models(), TRAIN, settings=[settings] * 2, keys=KEYS, val=VAL)
    sizes, of = [], Population.of.__func__

    def noting(cls, *args, settings, **rest):
        sizes.append(len(settings[0]))
        return of(cls, *args, settings=settings, **rest)

    monkeypatch.setattr(Population, "of", classmethod(noting))
    one = module.setting_bytes(models(), TRAIN, settings[0])
    monkeypatch.setattr(module, "usable_bytes", lambda: 2 * 2.5 * one)
    parts = fit_population(models(), TRAIN, settings=[settings] * 2, keys=KEYS, val=VAL)
    assert sizes == [2, 2, 1]
    for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(parts), strict=True):
        if isinstance(a, jax.Array):
            assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("val", [None, VAL])
def test_members_that_diverge_are_marked_and_the_others_go_on(val):
    settings = all_settings({"lr": 0.05}, {"lr": 1e30}, {"lr": 0.1}, l2=0.1)
    for of_seed in fit_population(models(), TRAIN, settings=[settings] * 2, keys=KEYS, val=val):
        assert [member.diverged_at for member in of_seed] == [None, 1, None]
        assert [member.history.n_epochs for member in of_seed] == [4, 0, 4]
        for member in of_seed:
            assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(member.model))
    assert_as_alone([settings[0], settings[2]], val=val)


def test_a_member_that_diverges_late_keeps_the_weights_before_it():
    # A step multiplies the weights by 1 - 2 lr l2 = -5.
    growing = all_settings({"l2": 3.0}, lr=1.0, momentum=0.0, schedule="constant", batch_size=60, epochs=70)
    (member,), _ = fit_population(models(), TRAIN, settings=[growing] * 2, keys=KEYS)
    assert member.diverged_at is not None
    assert member.diverged_at > 20
    assert member.history.n_epochs == member.diverged_at - 1
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(member.model))


def test_a_population_that_is_thinned_out_goes_on_as_if_the_others_had_never_been():
    settings = all_settings({"l2": 0.0}, {"l2": 0.1}, {"l2": 0.5}, {"l2": 1e-3}, epochs=6)
    population = Population.of(models(), TRAIN, settings=[settings] * 2, keys=KEYS, val=VAL)
    population.run(2)
    population.keep(np.array([3, 1]))
    population.run(6)
    whole = fit_population(models(), TRAIN, settings=[[settings[3], settings[1]]] * 2, keys=KEYS, val=VAL)
    for a, b in zip(jax.tree.leaves(population.members()), jax.tree.leaves(whole), strict=True):
        if isinstance(a, jax.Array):
            assert_allclose(a, b, rtol=2e-4, atol=2e-5)
    for kept, alone in zip(population.members()[0], whole[0], strict=True):
        assert_allclose(kept.history.val_accuracy, alone.history.val_accuracy, rtol=1e-6)


def test_validation_in_blocks_is_that_of_all_rows(monkeypatch):
    population = Population.of(models(), TRAIN, settings=[all_settings({}, {"l2": 0.1})] * 2, keys=KEYS, val=VAL)
    monkeypatch.setattr(module, "VAL_BLOCK_ROWS", 7)
    jax.clear_caches()
    loss, accuracy = module._judge(population.state.model, VAL, loss="softmax")
    for s, model in enumerate(models()):
        scores = model(VAL.X)
        right = (np.argmax(scores, axis=1) == np.asarray(VAL.y)) @ WEIGHTS[60:] / 30
        assert_allclose(accuracy[s], [right, right], rtol=1e-5)
    assert_array_equal(loss[:, 0], loss[:, 1])


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([{"epochs": 3}, {"epochs": 4}], "settings of a population differ in more than numbers|epochs differs"),
        ([{"batch_size": 8}, {"batch_size": 9}], r"batch_size differs in a population: \[8, 9\]; expected one"),
        ([{"patience": 3}, {}], "patience differs in a population"),
        ([{"sampling": "balanced"}, {}], "sampling differs in a population"),
        ([{"loss": "svm"}, {}], "differ in more than numbers; expected one plan"),
    ],
)
def test_what_is_no_number_may_not_differ(numbers, words):
    with pytest.raises(SettingError, match=words):
        fit_population(models(), TRAIN, settings=[all_settings(*numbers)] * 2, keys=KEYS)


def test_rows_of_a_file_are_refused(tmp_path):
    np.save(tmp_path / "X.npy", X)
    rows = Rows(StreamedRows(file=np.load(tmp_path / "X.npy", mmap_mode="r")), jnp.asarray(Y))
    with pytest.raises(SettingError, match="stay in their file; expected them in memory"):
        fit_population(models(), rows, settings=[all_settings({})] * 2, keys=KEYS)


def test_settings_of_one_member_change_nothing_for_another():
    one = all_settings({"l2": 0.01}, {"l2": 0.5})
    other = [one[0], dataclasses.replace(one[1], lr=1e30)]
    first, second = (fit_population(models(), TRAIN, settings=[s] * 2, keys=KEYS)[0][0].model for s in (one, other))
    for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        assert_array_equal(a, b)


def test_seeds_may_have_numbers_of_their_own():
    settings = [all_settings({"lr": 0.01}, {"l2": 0.3}), all_settings({"lr": 0.2}, {"l2": 0.1})]
    together = fit_population(models(), TRAIN, settings=settings, keys=KEYS, val=VAL)
    alone, _ = fit_model(models()[1], TRAIN, settings=settings[1][0], key=KEYS[1], val=VAL)
    for a, b in zip(jax.tree.leaves(together[1][0].model), jax.tree.leaves(alone), strict=True):
        assert_allclose(a, b, rtol=2e-4, atol=2e-5)


def test_maps_of_convolutions_count_for_the_memory():
    # 32 channels on 16x16 places, before they are pooled; a bias each would be 32 numbers.
    net = AlexNet.random(image_shape=(16, 16, 1), n_out=2, key=jax.random.key(0))
    assert module._numbers_a_row(net, 256) > 32 * 16 * 16
    # Of fully-connected nets: the input laid out, products, sums with biases and activations.
    mlp = MLP.random(n_in=7, n_out=3, hidden=(5,), key=jax.random.key(0))
    assert 7 + 2 * 5 + 2 * 3 <= module._numbers_a_row(mlp, 7) <= 7 + 8 * (5 + 3)
