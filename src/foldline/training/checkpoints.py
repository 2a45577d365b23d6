"""Runs that are never lost: what a training run is, written down as it goes, and read again after a kill."""

import hashlib
import json
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float32, Int32, PRNGKeyArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from foldline.core.checks import integer, number
from foldline.core.errors import ModelFileError, SettingError
from foldline.core.files import atomic_path
from foldline.core.text import reason
from foldline.models import Net
from foldline.training.curves import Curves
from foldline.training.epoch import Rows, TrainingState
from foldline.training.settings import TrainingSettings
from foldline.training.streamed import CALL_NUMBERS, StreamedRows

FORMAT = 1
KEPT = 2  # the newest, and the one before, in case somebody damages the newest
HASHED_BYTES = 2**24  # of an array at a time
_NAME = re.compile(r"epoch-(\d{6})-step-(\d{9})\.safetensors")


@dataclass(frozen=True, kw_only=True)
class Checkpoints:
    """Where and how often a run is written down. A run whose folder holds checkpoints goes on from the newest.

    A run that was killed at any moment and goes on, on the same machine, ends with the weights of one that was not.

    Args:
        folder: of this run alone; made if it is not there.
        every_s: seconds after which one is written, at least 0; looked at every eighth of an epoch.
        every_epochs: also at the end of every so many epochs, at least 1; None for by time alone.
    Convention: one more is written at the end; the newest two are kept.
    """

    folder: str | os.PathLike[str]
    every_s: float = 60.0
    every_epochs: int | None = None

    def __post_init__(self) -> None:
        number(self.every_s, name="every_s", low=0.0)
        if self.every_epochs is not None:
            integer(self.every_epochs, name="every_epochs", low=1)


@dataclass
class Snapshot:
    """Everything that a run is between two steps.

    Args:
        state: model, optimiser state and key.
        curves: of the epochs before, and the best weights.
        losses: mean losses of the batches of the epoch that is under way, 0 for steps to come.
        n_right: rows of each batch that were right, likewise.
        orders: the generator of the orders of rows, as it was before this epoch's.
        epoch: the epoch that is under way, from 0.
        step: how many of its steps are done.
        is_stopped: whether a callback has ended the training.
    """

    state: TrainingState
    curves: Curves[Net]
    losses: Float32[np.ndarray, " steps"]
    n_right: Int32[np.ndarray, " steps"]
    orders: Mapping[str, Any]
    epoch: int = 0
    step: int = 0
    is_stopped: bool = False


@dataclass
class CheckpointWriter:
    """The checkpoints of one run.

    Args:
        settings: where and how often.
        run: what the run is told by, for each of "recipe" and "data".
    """

    settings: Checkpoints
    run: dict[str, str]
    written_s: float = field(default_factory=time.monotonic)

    @classmethod
    def of(
        cls,
        checkpoints: Checkpoints,
        *,
        model: Net,
        train: Rows,
        val: Rows | None,
        settings: TrainingSettings,
        key: PRNGKeyArray,
    ) -> "CheckpointWriter":
        """Make that of a run, which is told by all that decides its weights."""
        from foldline import __version__

        recipe = hashlib.sha256(repr((__version__, settings, jax.tree.structure(model))).encode())
        for leaf in [*jax.tree.leaves(model), jax.random.key_data(key)]:
            _add(recipe, leaf)
        data = hashlib.sha256()
        for rows in (train, val):
            for leaf in jax.tree.leaves(rows):
                _add(data, leaf)
        return cls(checkpoints, {"recipe": recipe.hexdigest(), "data": data.hexdigest()})

    def is_due(self, *, at_end_of_epoch: int | None = None) -> bool:
        """Say whether it is time to write; at the end of an epoch, counted from 1, also by its number."""
        every = self.settings.every_epochs
        if at_end_of_epoch is not None and every is not None and at_end_of_epoch % every == 0:
            return True
        return time.monotonic() - self.written_s >= self.settings.every_s

    def write(self, snapshot: Snapshot) -> None:
        """Write a snapshot to a file of its own and remove all but the newest two.

        Raises: SaveError if it cannot be written; the files before it stand as they were.
        """
        tensors, metadata = _packed(snapshot)
        content = {"format": FORMAT, **self.run, **metadata}
        path = Path(self.settings.folder) / f"epoch-{snapshot.epoch:06}-step-{snapshot.step:09}.safetensors"
        with atomic_path(path) as temporary:
            try:
                save_file(tensors, temporary, {"foldline-checkpoint": json.dumps(content)})
            except SafetensorError as error:
                raise OSError(str(error)) from error
        for _, old in _found(self.settings.folder)[:-KEPT]:
            old.unlink(missing_ok=True)
        self.written_s = time.monotonic()

    def newest(self, first: Snapshot) -> Snapshot | None:
        """Read the newest checkpoint, if there is one.

        Args:
            first: the run's snapshot before its first step, whose shapes must be met.
        Raises: ModelFileError if it is damaged or of another version; SettingError if it is of a run with other data or
            another recipe.
        """
        _remove_unfinished(self.settings.folder)
        found = _found(self.settings.folder)
        if not found:
            return None
        _, path = found[-1]
        tensors, content = _read(path)
        for name, what in (("data", "other data"), ("recipe", "another recipe (settings, classes, seed or version)")):
            if content.get(name) != self.run[name]:
                raise SettingError(
                    f"{path} is a checkpoint of a run with {what}; expected one of this run, which could go on from "
                    "it. Give the same data and settings, or another folder; nothing in it was changed."
                )
        try:
            return _unpacked(tensors, content, first)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelFileError(_damaged(path, reason(error))) from error


def has_checkpoints(folder: str | os.PathLike[str]) -> bool:
    """Say whether a run could go on from this folder."""
    return bool(_found(folder))


def remove_checkpoints(folder: str | os.PathLike[str], *, last: Sequence[str] = ()) -> None:
    """Remove the checkpoints of a finished run, and the folder if nothing else is in it.

    Args:
        folder: of the run.
        last: names of files of the caller's own in it that are removed after them, in this order.
    """
    _remove_unfinished(folder)
    for _, path in _found(folder):
        path.unlink(missing_ok=True)
    for name in last:
        (Path(folder) / name).unlink(missing_ok=True)
    with suppress(OSError):  # something else is in there, or it is not there
        Path(folder).rmdir()


def _remove_unfinished(folder: str | os.PathLike[str]) -> None:
    """Remove what a run that was killed while it wrote has left."""
    if os.path.isdir(folder):
        for path in Path(folder).glob(".epoch-*.part"):
            path.unlink(missing_ok=True)


def _add(digest: "hashlib._Hash", leaf: Any) -> None:
    if isinstance(leaf, StreamedRows):
        for block in leaf.blocks(max(CALL_NUMBERS // leaf.shape[1], 1)):
            _add(digest, block)
        return
    array = np.asarray(leaf)
    digest.update(repr((array.shape, array.dtype.str)).encode())
    flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    for start in range(0, len(flat), HASHED_BYTES):
        digest.update(flat[start : start + HASHED_BYTES].data)


def _found(folder: str | os.PathLike[str]) -> list[tuple[tuple[int, int], Path]]:
    """List the checkpoints of a folder, oldest first."""
    if not os.path.isdir(folder):
        return []
    named = ((_NAME.fullmatch(path.name), path) for path in Path(folder).iterdir())
    return sorted(((int(match[1]), int(match[2])), path) for match, path in named if match)


def _curves(curves: Curves[Net]) -> Iterator[str]:
    return (f.name for f in fields(curves) if isinstance(getattr(curves, f.name), list))


def _packed(snapshot: Snapshot) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    state = snapshot.state._replace(key=jax.random.key_data(snapshot.state.key))
    leaves = jax.tree.leaves((state, snapshot.curves.best_model))
    tensors = {f"leaf_{i}": np.asarray(leaf, order="C") for i, leaf in enumerate(leaves)}
    tensors |= {"losses": snapshot.losses, "n_right": snapshot.n_right}
    tensors |= {name: np.array(getattr(snapshot.curves, name), np.float64) for name in _curves(snapshot.curves)}
    return tensors, {
        "epoch": snapshot.epoch,
        "step": snapshot.step,
        "is_stopped": snapshot.is_stopped,
        "best_epoch": snapshot.curves.best_epoch,
        "elapsed_s": time.perf_counter() - snapshot.curves.started_s,
        "waited_s": snapshot.curves.waited_s,
        "orders": snapshot.orders,
    }


def _unpacked(tensors: dict[str, np.ndarray], content: dict[str, Any], first: Snapshot) -> Snapshot:
    state = first.state._replace(key=jax.random.key_data(first.state.key))
    like, structure = jax.tree.flatten((state, first.curves.best_model))
    leaves = [tensors[f"leaf_{i}"] for i in range(len(like))]
    losses, n_right = tensors["losses"], tensors["n_right"]
    for leaf, expected in zip([*leaves, losses, n_right], [*like, first.losses, first.n_right], strict=True):
        if leaf.shape != expected.shape or leaf.dtype != expected.dtype:
            raise ValueError(f"an array of shape {leaf.shape} where {expected.shape} was expected")
    state, best_model = jax.tree.unflatten(structure, [jnp.asarray(leaf) for leaf in leaves])
    curves = Curves(best_model, best_epoch=int(content["best_epoch"]), waited_s=float(content["waited_s"]))
    for name in _curves(curves):
        setattr(curves, name, tensors[name].tolist())
    curves.started_s = time.perf_counter() - float(content["elapsed_s"])
    state = state._replace(key=jax.random.wrap_key_data(state.key))
    return Snapshot(
        state,
        curves,
        losses,
        n_right,
        orders=content["orders"],
        epoch=int(content["epoch"]),
        step=int(content["step"]),
        is_stopped=bool(content["is_stopped"]),
    )


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    try:
        with safe_open(path, framework="numpy") as opened:
            content = json.loads((opened.metadata() or {})["foldline-checkpoint"])
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118  (no iterator)
    except Exception as error:  # a damaged file can raise nearly anything
        raise ModelFileError(_damaged(path, reason(error))) from error
    if content.get("format") != FORMAT:
        raise ModelFileError(
            f"{path} is a checkpoint of format {content.get('format')}; expected format {FORMAT}. Go on with the "
            "version of foldline that wrote it."
        )
    return tensors, content


def _damaged(path: Path, why: str) -> str:
    return (
        f"{path} cannot be read as a checkpoint: {why.rstrip('.')}. Expected a file written by foldline, unchanged. "
        "Delete it to go on from the one before it, or to start again."
    )
