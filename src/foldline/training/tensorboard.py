"""Epoch reports as event files that TensorBoard shows."""

import os
import secrets
import time
import weakref
from typing import TYPE_CHECKING

from foldline.core.errors import MissingExtraError, SaveError
from foldline.core.text import reason
from foldline.training.history import EpochReport

if TYPE_CHECKING:
    from tensorboardX.event_file_writer import EventsWriter

# One chart for both kinds of rows.
TAGS = {
    "train_loss": "loss/train",
    "val_loss": "loss/validation",
    "train_accuracy": "accuracy/train",
    "val_accuracy": "accuracy/validation",
}


class TensorBoard:
    """Callback that writes the numbers of every epoch to an event file: `tensorboard --logdir FOLDER` draws them.

    Args:
        folder: of this run alone; made at the first epoch. TensorBoard names the run after it.
    Raises: MissingExtraError without tensorboardX; SaveError, when called, if the file cannot be written.
    Convention: tags are loss/train, loss/validation, accuracy/train, accuracy/validation and elapsed_s; steps are
        epochs from 1; what an epoch said is on the disk before the next one begins.
    Convention: a run that goes on from a checkpoint, or begins anew, gets a file of its own, which tells TensorBoard to
        forget what an earlier one said of this and later epochs.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        try:
            import tensorboardX  # noqa: F401
        except ImportError as error:
            raise MissingExtraError(
                "tensorboardX is not installed; expected for TensorBoard's event files. Install it with: pip install "
                "'foldline[tensorboard]'"
            ) from error
        self.folder = folder
        self._epoch = 0
        self._writer: EventsWriter | None = None

    def __call__(self, report: EpochReport) -> None:
        """Write the numbers of an epoch."""
        try:
            if self._writer is None or report.epoch != self._epoch + 1:
                self._writer = self._new_writer(first_epoch=report.epoch)
            _write(self._writer, report)
        except OSError as error:
            raise SaveError(
                f"event files could not be written to {self.folder}: {error.strerror or reason(error)}. Expected a "
                "folder that can be written, with free space. Free some space or choose another place."
            ) from error
        self._epoch = report.epoch

    def _new_writer(self, *, first_epoch: int) -> "EventsWriter":
        # Not SummaryWriter: its flush does not wait for what is still in its queue.
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event, SessionLog

        os.makedirs(self.folder, exist_ok=True)
        # tensorboardX's names tell seconds only, and TensorBoard reads files in the order of their names.
        suffix = f".{time.time_ns()}.{secrets.token_hex(2)}"
        writer = EventsWriter(os.path.join(self.folder, "events"), suffix)
        weakref.finalize(self, writer.close)
        writer.write_event(
            Event(wall_time=time.time(), step=first_epoch, session_log=SessionLog(status=SessionLog.START))
        )
        return writer


def _write(writer: "EventsWriter", report: EpochReport) -> None:
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.proto.summary_pb2 import Summary

    values = [Summary.Value(tag=TAGS.get(name, name), simple_value=value) for name, value in report.numbers.items()]
    writer.write_event(Event(wall_time=time.time(), step=report.epoch, summary=Summary(value=values)))
    writer.flush()
