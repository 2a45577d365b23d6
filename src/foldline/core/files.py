"""Files that are either wholly written or not there: temporary name, flush, rename."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from foldline.core.errors import FoldlineError, SaveError


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`; on leaving without an error it is flushed and renamed to `path`.

    Args:
        path: where the finished file shall stand; missing parent folders are made, a link is followed.
    Raises: SaveError if something other than a file stands there, the disk is full, the folder is read-only, or the
        like; an older file at `path` is left as it was and the temporary one is removed.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        kind = "a folder" if os.path.isdir(path) else "a device or the like"
        raise SaveError(
            f"{path} could not be written: it is {kind}. Expected a file to replace, or a name that is free. Choose "
            "another place; what stood there before is untouched."
        )
    target = Path(os.path.realpath(path))
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        free = target.parent / f".{target.name}.{secrets.token_hex(4)}.part"
        free.touch(exist_ok=False)  # with the user's usual rights, which tempfile's would not have
        temporary = free
        rights = temporary.stat().st_mode
        yield temporary
        _flush(temporary)
        temporary.chmod(rights)  # safetensors puts a file of its own there, which only its owner reads
        temporary.replace(target)
    except FoldlineError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise SaveError(
            f"{target} could not be written: {reason}. Expected a folder that can be written, with free space. "
            f"Free some space or choose another place; what stood there before is untouched."
        ) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


class _Tried(FoldlineError):
    """Leaves `atomic_path` before anything is renamed."""


def check_can_write(path: str | os.PathLike[str]) -> None:
    """Check that a file can be written, before the work whose result it shall hold; nothing but its folder is made.

    Args:
        path: as in `atomic_path`.
    Raises: SaveError as `atomic_path` does.
    """
    with suppress(_Tried), atomic_path(path):
        raise _Tried


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a UTF-8 text file atomically. Raises: SaveError as `atomic_path`."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def _flush(path: Path) -> None:
    # r+b because Windows flushes only descriptors that are open for writing.
    with path.open("r+b") as file:
        os.fsync(file.fileno())
