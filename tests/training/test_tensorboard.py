import struct
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tensorboardX.proto.event_pb2 import Event, SessionLog

from foldline.core.errors import MissingExtraError, SaveError
from foldline.models import MLP
from foldline.training import EpochReport, Rows, TensorBoard, TrainingSettings, fit_model

X = np.random.default_rng(0).standard_normal((40, 4)).astype(np.float32)
ROWS = Rows(jnp.asarray(X), jnp.asarray((X[:, 0] > 0).astype(np.int32)))
NET = MLP.random(n_in=4, n_out=2, hidden=(), key=jax.random.key(0))


def events_of(folder):
    """Read the records of all files in the order of their names: length, its checksum, an event, its checksum."""
    events = []
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        while content:
            (n,) = struct.unpack("<Q", content[:8])
            events.append(Event.FromString(content[12 : 12 + n]))
            content = content[16 + n :]
    return events


def scalars_of(folder):
    return [
        (event.step, {value.tag: value.simple_value for value in event.summary.value})
        for event in events_of(folder)
        if event.HasField("summary")
    ]


def report(epoch, **numbers):
    return EpochReport(epoch, numbers, NET)


def test_every_epoch_of_a_training_is_written(tmp_path):
    _, history = fit_model(
        NET,
        ROWS,
        settings=TrainingSettings(epochs=3),
        key=jax.random.key(0),
        val=ROWS,
        callbacks=[TensorBoard(tmp_path / "run")],
    )
    scalars = scalars_of(tmp_path / "run")
    assert [step for step, _ in scalars] == [1, 2, 3]
    curves = {
        "loss/train": history.train_loss,
        "loss/validation": history.val_loss,
        "accuracy/train": history.train_accuracy,
        "accuracy/validation": history.val_accuracy,
        "elapsed_s": history.elapsed_s,
    }
    for i, (_, values) in enumerate(scalars):
        assert values == {tag: pytest.approx(curve[i], rel=1e-6) for tag, curve in curves.items()}


def test_an_epoch_is_on_the_disk_when_the_callback_returns(tmp_path):
    board = TensorBoard(tmp_path)
    for epoch in (1, 2):
        assert board(report(epoch, train_loss=1.5)) is None
        assert scalars_of(tmp_path)[-1] == (epoch, {"loss/train": 1.5})


def test_nothing_is_written_before_the_first_epoch(tmp_path):
    TensorBoard(tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("first_epoch", [1, 3])
def test_convention_a_run_that_goes_on_or_begins_anew_purges_what_was_said_of_its_epochs(tmp_path, first_epoch):
    board = TensorBoard(tmp_path)
    for epoch in (1, 2, 3, 4):
        board(report(epoch, train_loss=epoch))
    board(report(first_epoch, train_loss=9))
    assert len(list(tmp_path.iterdir())) == 2
    starts = [event.step for event in events_of(tmp_path) if event.session_log.status == SessionLog.START]
    assert starts == [1, first_epoch]
    assert scalars_of(tmp_path)[-1] == (first_epoch, {"loss/train": 9})


def test_two_runs_of_one_second_keep_their_files(tmp_path):
    boards = [TensorBoard(tmp_path) for _ in range(2)]
    for board in boards:
        board(report(1, train_loss=1))
    assert len(scalars_of(tmp_path)) == 2


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError, match=r"event files could not be written to .*file: .*\. Expected a folder that can"):
        TensorBoard(tmp_path / "file")(report(1, train_loss=1))


def test_without_tensorboardx_the_install_line_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(MissingExtraError, match=r"tensorboardX is not installed; .*: pip install 'foldline\[tensorb"):
        TensorBoard(tmp_path)
