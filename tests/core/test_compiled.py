import os
import subprocess
import sys
from pathlib import Path

import pytest

KERNEL = """
import numba, numpy as np
from foldline.core.compiled import kernel

@kernel()
def total(x):
    return x.sum()

total(np.ones(3, np.float32))
print(total.stats.cache_hits.total(), repr(numba.config.CACHE_DIR))
"""


TIMED = """
import time, numpy as np
from foldline.core.compiled import kernel, timing_kernels

@kernel()
def total(x):
    return x.sum()

with timing_kernels() as compiling_s:
    started_s = time.perf_counter()
    total(np.ones(3, np.float32))
    elapsed_s = time.perf_counter() - started_s
print(0 < compiling_s() <= elapsed_s, compiling_s() == 0)
"""


def run(script: Path, cache: Path) -> str:
    environment = {**os.environ, "FOLDLINE_CACHE": str(cache)}
    environment.pop("NUMBA_CACHE_DIR", None)
    return subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_a_kernel_is_compiled_once_into_the_users_cache_and_numbas_own_place_is_left_alone(tmp_path):
    script, cache = tmp_path / "script.py", tmp_path / "cache"
    script.write_text(KERNEL)
    assert run(script, cache) == "0 ''"
    assert list(cache.rglob("*.nbc"))
    assert run(script, cache) == "1 ''"


def test_without_a_folder_that_can_be_written_kernels_are_compiled_anew_and_nothing_is_kept(tmp_path):
    script, cache = tmp_path / "script.py", tmp_path / "a file" / "cache"
    script.write_text(KERNEL)
    (tmp_path / "a file").write_text("")
    for _ in range(2):
        assert run(script, cache) == "0 ''"
    assert {path.name for path in tmp_path.iterdir()} == {"script.py", "a file"}


def test_without_a_folder_that_can_be_written_jax_keeps_no_cache(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from foldline.core.compiled import use_jax_cache; use_jax_cache(); import jax; "
        "jax.config.update('jax_platforms', 'cpu'); jax.jit(lambda x: x + 1)(1); "
        "print(jax.config.jax_compilation_cache_dir)"
    )
    assert run(script, script / "cache") == "None"


def test_compiling_is_timed_and_takes_none_once_the_kernel_is_kept(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(TIMED)
    assert run(script, tmp_path / "cache") == "True False"
    assert run(script, tmp_path / "cache") == "False True"


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="only Linux tells the mappings")
def test_programs_are_forgotten_where_there_are_too_many(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import gc; import jax; from foldline.core.compiled import forget_programs\n"
        "mappings = lambda: len(open('/proc/self/maps').readlines())\n"
        "jax.jit(lambda x: x + 1)(jax.numpy.zeros(3)); start = mappings()\n"
        "for n in range(1, 60): jax.jit(lambda x: jax.numpy.sin(x) * x + n)(jax.numpy.zeros(n))\n"
        "print(forget_programs(), end=' '); kept = mappings()\n"
        "print(forget_programs(most=start), end=' '); gc.collect(); print(kept > mappings() + 100)\n"
    )
    assert run(script, tmp_path / "cache") == "False True True"
