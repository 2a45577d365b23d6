"""Runs that end between two checkpoints, as a kill ends them."""

from contextlib import contextmanager

import pytest

from foldline.training.checkpoints import CheckpointWriter


class Killed(BaseException):
    """Ends a run as a kill does: no `except Exception` sees it."""


@contextmanager
def killed_after(n_writes, monkeypatch):
    """Let the run in the block write so many checkpoints, and kill it when it wants to write the next."""
    write, n_written = CheckpointWriter.write, 0

    def write_or_die(self, snapshot):
        nonlocal n_written
        if n_written == n_writes:
            raise Killed
        n_written += 1
        write(self, snapshot)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(CheckpointWriter, "write", write_or_die)
        yield
