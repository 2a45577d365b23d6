"""Work on many images side by side, in threads: decoders and kernels let go of Python's lock."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from foldline.core.checks import integer

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

T = TypeVar("T")
R = TypeVar("R")


def n_cores() -> int:
    """Count the processor cores that this process may run on: under taskset fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def n_threads() -> int:
    """Give the number of threads to work with: $FOLDLINE_THREADS, else one a core.

    Raises: SettingError if the variable is no whole number above 0.
    """
    chosen = os.environ.get("FOLDLINE_THREADS")
    if not chosen:
        return n_cores()
    return integer(int(chosen) if chosen.isdecimal() else chosen, name="FOLDLINE_THREADS", low=1)


def in_threads(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Apply `work` to every item and give the results in the items' order.

    Items are drawn as threads become free, so that a stream of large ones is never in memory as a whole.

    Example:
        >>> list(in_threads(abs, [-1, 2, -3]))
        [1, 2, 3]
    """
    n = n_threads()
    if n == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(n) as pool:
        pending: deque[Future[R]] = deque()
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) > 2 * n:  # one at work and one waiting for each thread
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def one_blas_thread() -> AbstractContextManager[object]:
    """Keep NumPy's matrix products in the thread that asks for them: ours are one a core already."""
    limits: AbstractContextManager[object] = _loaded_libraries().limit(limits=1, user_api="blas")
    return limits


@cache
def _loaded_libraries() -> "ThreadpoolController":
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()  # once: looking for libraries takes longer than setting their threads


def row_chunks(n_rows: int, *, most: int) -> list[slice]:
    """Cut rows into chunks of nearly equal size, at most `most` rows each, enough that every thread has work.

    Example:
        >>> row_chunks(5, most=2)
        [slice(0, 1, None), slice(1, 3, None), slice(3, 5, None)]
    """
    n_chunks = min(max(-(-n_rows // most), n_threads()), n_rows)
    bounds = [n_rows * i // n_chunks for i in range(n_chunks + 1)] if n_chunks else []
    return [slice(first, last) for first, last in pairwise(bounds)]
