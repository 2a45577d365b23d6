"""Compiled code, kept in the user's cache folder."""

import inspect
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from numba import njit
from numba.core import config as _numba_config

from foldline.core.caches import cache_folder

MOST_MAPPINGS = 30_000  # of memory, of one process; Linux allows 65,530

P = ParamSpec("P")
R = TypeVar("R")

config: Any = _numba_config  # its settings are made at run time, unseen by type checkers

# Rearranging sums lets LLVM keep several partial sums in one vector register. NaN and infinity keep their meaning
# only where they cannot occur: kernels see uint8 pixels and finite settings.
FAST_MATH = frozenset({"nnan", "ninf", "nsz", "contract", "reassoc", "arcp"})


def kernel(*, parallel: bool = False, fastmath: bool = True) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile a pixel kernel with Numba and keep its machine code in the user's cache folder, if that can be written.

    Args:
        parallel: whether `prange` spreads over threads.
        fastmath: whether sums may be rearranged (see FAST_MATH).
    """

    def compile_(function: Callable[P, R]) -> Callable[P, R]:
        # Run-time type checks of the tests wrap every function; Numba needs the bare one.
        bare = inspect.unwrap(function)
        before = config.CACHE_DIR
        folder = before or str(cache_folder("numba"))
        # Numba reads the folder while decorating, so the user's own kernels keep their own place.
        config.CACHE_DIR = folder
        try:
            compiled: Callable[P, R] = njit(
                bare,
                # Left to itself, Numba would turn to the package's own folder, and end every command without that.
                cache=_can_be_written(folder),
                parallel=parallel,
                fastmath=set(FAST_MATH) if fastmath else False,
                error_model="numpy",
                nogil=True,
            )
        finally:
            config.CACHE_DIR = before
        return compiled

    return compile_


@contextmanager
def timing_kernels() -> Iterator[Callable[[], float]]:
    """Give a function that tells how many seconds of the block went into compiling kernels: none once they are kept."""
    from numba.core import event

    listener = event.TimingListener()  # type: ignore[no-untyped-call]  # untyped in Numba
    with event.install_listener("numba:compile", listener):
        yield lambda: float(listener.duration) if listener.done else 0.0


def use_jax_cache() -> None:
    """Keep what JAX compiles in the user's cache folder, unless the user has chosen a place."""
    import jax

    settings: Any = jax.config  # untyped in JAX
    folder = str(cache_folder("jax"))
    if settings.jax_compilation_cache_dir is None and _can_be_written(folder):
        settings.update("jax_compilation_cache_dir", folder)
        # The default keeps only programs that took a second; ours take a tenth and there are dozens.
        settings.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        settings.update("jax_persistent_cache_min_entry_size_bytes", -1)


def forget_programs(*, most: int = MOST_MAPPINGS) -> bool:
    """Forget what JAX has compiled, if this process has very many mappings of memory; say whether it did.

    Every compiled program has some. At the system's limit XLA ends the process: in one that goes on compiling other
    programs, such as a server, this is to be called now and then. What is needed again is compiled again, or read from
    the cache. Where the system does not tell the mappings, nothing is forgotten.

    Args:
        most: how many mappings are few enough.
    """
    import jax

    try:
        n_mappings = Path("/proc/self/maps").read_bytes().count(b"\n")
    except OSError:
        return False
    if n_mappings > most:
        jax.clear_caches()  # type: ignore[no-untyped-call]  # in JAX
    return n_mappings > most


@cache
def _can_be_written(folder: str) -> bool:
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError:
        return False
    return True
