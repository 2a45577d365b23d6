import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from foldline.core.errors import DivergedError, ModelFileError, SaveError, SettingError
from foldline.models import MLP
from foldline.training import Checkpoints, Rows, TrainingSettings, fit_model
from foldline.training import checkpoints as module
from foldline.training.checkpoints import CheckpointWriter, has_checkpoints
from killed_runs import killed_after

KEY = jax.random.key(3)
RNG = np.random.default_rng(0)
X = RNG.standard_normal((90, 5)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] > 0).astype(np.int32)
TRAIN, VAL = Rows(jnp.asarray(X[:60]), jnp.asarray(Y[:60])), Rows(jnp.asarray(X[60:]), jnp.asarray(Y[60:]))
SETTINGS = TrainingSettings(epochs=5, batch_size=7, dropout=0.2, lr=0.05)
MODEL = MLP.random(n_in=5, n_out=2, hidden=(6,), key=jax.random.key(1))


def run(folder=None, *, settings=SETTINGS, train=TRAIN, every_s=0.0, key=KEY, **options):
    checkpoints = None if folder is None else Checkpoints(folder=folder, every_s=every_s, **options)
    return fit_model(MODEL, train, settings=settings, key=key, val=VAL, checkpoints=checkpoints)


def stopped(n_writes, folder, monkeypatch, **options):
    """Run until so many checkpoints are written."""
    with killed_after(n_writes, monkeypatch):
        run(folder, **options)


def assert_same_run(one, other):
    for a, b in zip(jax.tree.leaves(one[0]), jax.tree.leaves(other[0]), strict=True):
        assert_array_equal(a, b)
    for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy"):
        assert_array_equal(getattr(one[1], name), getattr(other[1], name))
    assert one[1].best_epoch == other[1].best_epoch


# An epoch of 9 steps is 5 calls, after each of which a checkpoint is written: 25 in all.
@pytest.mark.parametrize("n_writes", [1, 2, 5, 6, 13, 24])
def test_a_run_that_was_killed_goes_on_to_the_same_weights(n_writes, tmp_path, monkeypatch):
    stopped(n_writes, tmp_path, monkeypatch)
    assert_same_run(run(tmp_path), run())


def test_balanced_epochs_go_on_where_they_were(tmp_path, monkeypatch):
    settings = dataclasses.replace(SETTINGS, sampling="balanced")
    stopped(13, tmp_path, monkeypatch, settings=settings)
    assert_same_run(run(tmp_path, settings=settings), run(settings=settings))


def test_a_run_may_be_killed_again_and_again(tmp_path, monkeypatch):
    for _ in range(4):
        stopped(3, tmp_path, monkeypatch)
    assert_same_run(run(tmp_path), run())


def test_a_finished_run_gives_its_end_without_another_step(tmp_path, monkeypatch):
    finished = run(tmp_path)
    monkeypatch.delattr("foldline.training.fit.run_steps")
    assert_same_run(run(tmp_path), finished)


def test_patience_outlives_a_kill(tmp_path, monkeypatch):
    settings = dataclasses.replace(SETTINGS, epochs=40, patience=3, lr=0.5)
    whole = run(settings=settings)
    assert whole[1].n_epochs < 40
    stopped(7, tmp_path, monkeypatch, settings=settings)
    assert_same_run(run(tmp_path, settings=settings), whole)


def test_time_goes_on_from_where_it_stopped(tmp_path, monkeypatch):
    stopped(20, tmp_path, monkeypatch)
    elapsed_s = run(tmp_path)[1].elapsed_s
    assert (np.diff(elapsed_s) > 0).all()


def test_only_the_newest_two_are_kept(tmp_path):
    run(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "epoch-000004-step-000000008.safetensors",
        "epoch-000005-step-000000000.safetensors",
    ]


def test_what_a_kill_in_the_middle_of_writing_leaves_is_removed(tmp_path, monkeypatch):
    stopped(3, tmp_path, monkeypatch)
    half = tmp_path / ".epoch-000000-step-000000004.safetensors.0a1b2c3d.part"
    half.write_bytes(b"half of a checkpoint")
    mine = tmp_path / "notes.part"
    mine.write_text("not foldline's")
    run(tmp_path)
    assert not half.exists()
    assert mine.exists()


def test_a_run_that_a_callback_ended_is_over(tmp_path):
    checkpoints = Checkpoints(folder=tmp_path, every_s=0.0)
    options = {"settings": SETTINGS, "key": KEY, "val": VAL, "checkpoints": checkpoints}
    ended = fit_model(MODEL, TRAIN, callbacks=[lambda report: report.epoch == 2], **options)
    assert ended[1].n_epochs == 2
    assert_same_run(fit_model(MODEL, TRAIN, callbacks=[lambda report: pytest.fail("it went on")], **options), ended)


def test_epochs_and_time_say_when(tmp_path, monkeypatch):
    written = []

    def note(self, snapshot):
        written.append((snapshot.epoch, snapshot.step))

    monkeypatch.setattr(CheckpointWriter, "write", note)
    run(tmp_path, every_s=1e9, every_epochs=2)
    assert written == [(2, 0), (4, 0), (5, 0)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"train": Rows(TRAIN.X.at[0, 0].add(1e-3), TRAIN.y)}, "a run with other data; expected one of this run"),
        ({"train": Rows(TRAIN.X, TRAIN.y.at[0].set(1 - TRAIN.y[0]))}, "with other data"),
        ({"settings": dataclasses.replace(SETTINGS, l2=0.2)}, "with another recipe"),
        ({"key": jax.random.key(4)}, "with another recipe"),
    ],
)
def test_another_run_is_told_apart_and_nothing_is_lost(change, words, tmp_path):
    run(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(SettingError, match=words):
        run(tmp_path, **change)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_serves(tmp_path, monkeypatch):
    stopped(8, tmp_path, monkeypatch)
    _, newest = sorted(tmp_path.iterdir())
    for damage in (b"", newest.read_bytes()[:-40]):
        newest.write_bytes(damage)
        with pytest.raises(ModelFileError, match=rf"{newest.name} cannot be read as a checkpoint: .* Delete it"):
            run(tmp_path)
    newest.unlink()
    assert_same_run(run(tmp_path), run())


@pytest.mark.parametrize("missing", ["leaf_0", "losses", "train_loss"])
def test_a_checkpoint_without_one_of_its_arrays_is_damaged(missing, tmp_path):
    run(tmp_path)
    newest = sorted(tmp_path.iterdir())[-1]
    tensors, content = module._read(newest)
    tensors.pop(missing)
    module.save_file(tensors, newest, {"foldline-checkpoint": json.dumps(content)})
    with pytest.raises(ModelFileError, match="cannot be read as a checkpoint"):
        run(tmp_path)


def test_a_checkpoint_of_a_later_format_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FORMAT", 2)
    run(tmp_path)
    monkeypatch.setattr(module, "FORMAT", 1)
    with pytest.raises(ModelFileError, match="of format 2; expected format 1"):
        run(tmp_path)


def test_a_folder_that_cannot_be_written_ends_the_run_and_leaves_what_was_there(tmp_path, monkeypatch):
    stopped(8, tmp_path, monkeypatch)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(tensors, path, metadata):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "save_file", full)
    with pytest.raises(SaveError, match="No space left on device. Expected a folder that can be written"):
        run(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    monkeypatch.undo()
    assert_same_run(run(tmp_path), run())


def test_weights_that_are_not_finite_are_never_written(tmp_path):
    settings = TrainingSettings(epochs=2, batch_size=60, lr=1e25)
    with pytest.raises(DivergedError, match="Lower lr"):
        run(tmp_path, settings=settings, train=Rows(1e20 * TRAIN.X, TRAIN.y))
    assert not has_checkpoints(tmp_path)


@pytest.mark.parametrize(("setting", "value"), [("every_s", -1.0), ("every_epochs", 0)])
def test_settings_outside_their_range_are_refused(setting, value, tmp_path):
    with pytest.raises(SettingError, match=f"{setting} is {value}"):
        Checkpoints(folder=tmp_path, **{setting: value})
