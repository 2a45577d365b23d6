"""Training rows that stay in a file: read a few batches at a time, while the batches before them are learned from."""

import mmap
import time
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from jaxtyping import Float32, Int

from foldline.core.errors import DataError

# Numbers of one call's rows, 128 MB; two calls' are in memory at a time.
CALL_NUMBERS = 2**25

Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class StreamedRows:
    """Feature vectors in a memory-mapped file.

    Args:
        file: (M, D) float32, such as `numpy.load(path, mmap_mode="r")` gives.
        index: (N,) which of its rows, in their order; None for all.
    """

    file: np.memmap
    index: Int[np.ndarray, " n"] | None = None

    def __len__(self) -> int:
        return len(self.file) if self.index is None else len(self.index)

    @property
    def shape(self) -> tuple[int, int]:
        """N and D."""
        return len(self), self.file.shape[1]

    def subset(self, index: Int[np.ndarray, " b"]) -> "StreamedRows":
        """Give some rows, still in the file."""
        return StreamedRows(file=self.file, index=index if self.index is None else self.index[index])

    def rows(self, index: Int[np.ndarray, " b"]) -> Float32[np.ndarray, "b d"]:
        """Read some rows, whose indices are in [0, N)."""
        wanted = index if self.index is None else self.index[index]
        numbers = _empty_for_device((len(wanted), self.file.shape[1]))
        np.take(self.file, wanted, axis=0, out=numbers, mode="clip")  # "raise" would make a copy
        _let_go(self.file)
        return numbers

    def in_file_order(self, index: Int[np.ndarray, " b"]) -> Int[np.ndarray, " b"]:
        """Sort row numbers by their places in the file, which reads faster so."""
        return index[np.argsort(index if self.index is None else self.index[index], kind="stable")]

    def blocks(self, n_rows: int) -> Iterator[Float32[np.ndarray, "b d"]]:
        """Read all rows, so many at a time."""
        for start in range(0, len(self), n_rows):
            yield self.rows(np.arange(start, min(start + n_rows, len(self))))

    def check_finite(self) -> None:
        """Check all numbers. Raises: DataError if one is NaN or infinite."""
        for block in self.blocks(max(CALL_NUMBERS // self.file.shape[1], 1)):
            if not np.isfinite(block).all():
                raise DataError("the file of X holds NaN or infinity; expected finite numbers. Look at what wrote it.")


def one_ahead(items: Iterator[Item]) -> Generator[tuple[Item, float], None, None]:
    """Make items in a thread of their own, always one ahead of whoever takes them.

    Yields: an item, and the seconds that were waited for it.
    """
    with ThreadPoolExecutor(max_workers=1) as maker:
        ahead: Future[Item | None] | None = None
        while True:
            started_s = time.perf_counter()
            item = (ahead or maker.submit(next, items, None)).result()
            if item is None:
                return
            waited_s = time.perf_counter() - started_s
            ahead = maker.submit(next, items, None)
            yield item, waited_s


def _empty_for_device(shape: tuple[int, int]) -> Float32[np.ndarray, "b d"]:
    """Make an array that begins at a multiple of 64 bytes, which JAX takes as it is on a CPU, without a copy."""
    n = shape[0] * shape[1]
    room = np.empty(n + 16, np.float32)
    start = -(room.ctypes.data // 4) % 16
    return room[start : start + n].reshape(shape)


def _let_go(file: np.memmap) -> None:
    """Tell the system that what was read need not stay in memory, where it can be told."""
    mapped = getattr(file, "_mmap", None) or getattr(file.base, "_mmap", None)
    # Of a copy-on-write map ("c") it would throw away what the user changed.
    if isinstance(mapped, mmap.mmap) and file.mode in ("r", "r+") and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
