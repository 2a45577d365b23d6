"""Refusing what the machine's memory cannot hold, before the system has to end the process."""

import os

from foldline.core.errors import DataError

SHARE = 0.7  # of the machine's memory that one array may ask for; everything beside it needs the rest


def check_memory(n_bytes: int, what: str, *, fix: str) -> None:
    """Check that so many bytes can be held. Raises: DataError otherwise.

    Args:
        n_bytes: bytes needed.
        what: what needs them, as it stands in the message.
        fix: a sentence that says what to do.
    """
    available = _memory_bytes() * SHARE
    if n_bytes > available:
        raise DataError(
            f"{what} needs {n_bytes / 1e9:.1f} GB of memory; expected at most {available / 1e9:.1f} GB, {SHARE:.0%} of "
            f"this machine's. {fix}"
        )


def _memory_bytes() -> float:
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return 16e9  # Windows does not tell without a package of its own
