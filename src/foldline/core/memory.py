"""Refusing what the machine's memory cannot hold, before the system has to end the process."""

import os
from pathlib import Path

from foldline.core.errors import DataError

SHARE = 0.7  # of the machine's memory that one array may ask for; everything beside it needs the rest

# What a container may use stands in one of these (version 2 and 1 of Linux's control groups).
_LIMIT_FILES = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def check_memory(n_bytes: int, what: str, *, fix: str) -> None:
    """Check that so many bytes can be held. Raises: DataError otherwise.

    Args:
        n_bytes: bytes needed.
        what: what needs them, as it stands in the message.
        fix: a sentence that says what to do.
    """
    available = usable_bytes()
    if n_bytes > available:
        raise DataError(
            f"{what} needs {n_bytes / 1e9:.1f} GB of memory; expected at most {available / 1e9:.1f} GB, {SHARE:.0%} of "
            f"this machine's. {fix}"
        )


def usable_bytes() -> float:
    """Give how many bytes one array may ask for."""
    return _memory_bytes() * SHARE


def _memory_bytes() -> float:
    return min([_installed_bytes(), *map(_limit_bytes, _LIMIT_FILES)])


def _installed_bytes() -> float:
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return 16e9  # Windows does not tell without a package of its own


def _limit_bytes(file: Path) -> float:
    try:
        text = file.read_text().strip()
    except OSError:
        return float("inf")
    return float(text) if text.isdecimal() else float("inf")  # "max"
