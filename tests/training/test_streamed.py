import dataclasses
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import DataError
from foldline.models import MLP
from foldline.training import Checkpoints, Rows, StreamedRows, TrainingSettings, calls, epoch, fit, fit_model, streamed
from foldline.training.checkpoints import _read
from killed_runs import killed_after

RNG = np.random.default_rng(0)
X = RNG.standard_normal((101, 5)).astype(np.float32)
Y = jnp.asarray((X[:, 0] + X[:, 1] > 0).astype(np.int32))
WEIGHTS = jnp.asarray(RNG.uniform(0.5, 1.5, 101).astype(np.float32))
SETTINGS = TrainingSettings(epochs=3, batch_size=8, dropout=0.2, lr=0.05)


@pytest.fixture
def file(tmp_path):
    np.save(tmp_path / "X.npy", X)
    return np.load(tmp_path / "X.npy", mmap_mode="r")


@pytest.fixture(autouse=True)
def few_rows_a_call(monkeypatch):
    for module in (streamed, calls, epoch):
        monkeypatch.setattr(module, "CALL_NUMBERS", 5 * 8 * 3)  # 3 steps, of 13


def fitted(rows, *, settings=SETTINGS, **options):
    model = MLP.random(n_in=5, n_out=2, hidden=(6,), key=jax.random.key(1))
    return fit_model(model, rows, settings=settings, key=jax.random.key(0), **options)


def assert_same(one, other):
    for a, b in zip(jax.tree.leaves(one[0]), jax.tree.leaves(other[0]), strict=True):
        assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert_allclose(one[1].train_loss, other[1].train_loss, rtol=1e-5)


@pytest.mark.parametrize("sampling", ["shuffled", "balanced"])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_rows_of_a_file_train_as_those_in_memory(file, weights, sampling):
    settings = dataclasses.replace(SETTINGS, sampling=sampling)
    y = jnp.asarray(np.where(np.arange(101) < 3, 1, 0), jnp.int32)  # the three are met several times a call
    of_file, in_memory = (
        fitted(Rows(rows, y, weights), settings=settings) for rows in (StreamedRows(file=file), jnp.asarray(X))
    )
    assert_same(of_file, in_memory)


def test_a_subset_of_a_file_trains_and_validates_as_those_rows(file):
    some, others = np.arange(80)[::-1], np.arange(80, 101)
    rows = StreamedRows(file=file)
    y, y_val, weights = Y[some], Y[others], WEIGHTS[others]
    of_file = fitted(Rows(rows.subset(some), y), val=Rows(rows.subset(others), y_val, weights))
    in_memory = fitted(Rows(jnp.asarray(X[some]), y), val=Rows(jnp.asarray(X[others]), y_val, weights))
    assert_same(of_file, in_memory)
    assert_allclose(of_file[1].val_loss, in_memory[1].val_loss, rtol=1e-5)
    assert_allclose(of_file[1].val_accuracy, in_memory[1].val_accuracy, rtol=1e-5)


def test_a_subset_of_a_subset_reads_the_right_rows(file):
    rows = StreamedRows(file=file).subset(np.array([9, 3, 7, 3])).subset(np.array([2, 0, 3]))
    assert rows.shape == (3, 5)
    assert_array_equal(rows.rows(np.array([1, 2, 0])), X[[9, 3, 7]])


def test_a_run_on_a_file_goes_on_from_its_checkpoint(file, tmp_path):
    rows = Rows(StreamedRows(file=file), Y)
    whole = fitted(rows)
    checkpoints = Checkpoints(folder=tmp_path / "run", every_s=0.0)
    fitted(rows, checkpoints=checkpoints)
    newest = sorted((tmp_path / "run").iterdir())[-1]
    newest.unlink()  # the one before it is in the middle of the last epoch
    again = fitted(rows, checkpoints=checkpoints)
    for a, b in zip(jax.tree.leaves(whole[0]), jax.tree.leaves(again[0]), strict=True):
        assert_array_equal(a, b)


@pytest.fixture
def slow_file(file, monkeypatch):
    """Give a file that takes 20 ms for each call's rows."""
    rows = StreamedRows.rows

    def slowly(self, index):
        time.sleep(0.02)
        return rows(self, index)

    monkeypatch.setattr(StreamedRows, "rows", slowly)
    return file


def waited_s(history):
    return history.idle_share * history.elapsed_s[-1]


def test_rows_in_memory_are_never_waited_for():
    assert fitted(Rows(jnp.asarray(X), Y))[1].idle_share == 0


def test_steps_that_wait_for_rows_are_idle(slow_file):
    history = fitted(Rows(StreamedRows(file=slow_file), Y))[1]
    assert 0.02 < waited_s(history) < history.elapsed_s[-1]


def test_convention_reading_beside_the_computing_is_no_waiting(file, monkeypatch):
    # A clock that moves while rows are read and at no other time, and steps that last until the next rows are there.
    clock_s, n_read, n_taken, rows, steps = 0.0, 0, 0, StreamedRows.rows, fit.run_steps

    def read(self, index):
        nonlocal clock_s, n_read
        numbers, clock_s = rows(self, index), clock_s + 1.0
        n_read += 1
        return numbers

    def take(*arguments, **options):
        nonlocal n_taken
        n_taken += 1
        while n_read < min(n_taken + 1, 3 * 5):
            time.sleep(0.001)
        return steps(*arguments, **options)

    monkeypatch.setattr(StreamedRows, "rows", read)
    monkeypatch.setattr(fit, "run_steps", take)
    monkeypatch.setattr(time, "perf_counter", lambda: clock_s)
    history = fitted(Rows(StreamedRows(file=file), Y))[1]
    assert clock_s == 15
    assert_allclose(waited_s(history), 1.0)  # for the very first rows alone


def test_convention_reading_validation_rows_is_no_waiting(slow_file):
    rows = Rows(StreamedRows(file=slow_file), Y)
    in_memory = Rows(jnp.asarray(X), Y)
    assert fitted(in_memory, val=rows)[1].idle_share == 0


def test_waiting_before_a_kill_is_not_forgotten(file, slow_file, tmp_path, monkeypatch):
    checkpoints = Checkpoints(folder=tmp_path / "run", every_s=0.0)
    with killed_after(7, monkeypatch):
        fitted(Rows(StreamedRows(file=slow_file), Y), checkpoints=checkpoints)
    _, content = _read(sorted((tmp_path / "run").iterdir())[-1])
    assert content["waited_s"] > 0.02
    history = fitted(Rows(StreamedRows(file=file), Y), checkpoints=checkpoints)[1]
    assert content["waited_s"] < waited_s(history) < history.elapsed_s[-1]


def test_other_numbers_in_the_file_are_other_data(file, tmp_path):
    checkpoints = Checkpoints(folder=tmp_path / "run")
    fitted(Rows(StreamedRows(file=file), Y), checkpoints=checkpoints)
    np.save(tmp_path / "other.npy", np.where(X[50, 2] == X, 0, X))
    other = StreamedRows(file=np.load(tmp_path / "other.npy", mmap_mode="r"))
    with pytest.raises(ValueError, match="other data"):
        fitted(Rows(other, Y), checkpoints=checkpoints)


def test_numbers_that_are_not_finite_are_told(tmp_path):
    np.save(tmp_path / "X.npy", np.where(X[100, 4] == X, np.nan, X))
    rows = StreamedRows(file=np.load(tmp_path / "X.npy", mmap_mode="r"))
    with pytest.raises(DataError, match="the file of X holds NaN or infinity; expected finite numbers"):
        rows.check_finite()
    dataclasses.replace(rows, index=np.arange(100)).check_finite()
