import os
import subprocess
import sys
from pathlib import Path

KERNEL = """
import numba, numpy as np
from foldline.core.compiled import kernel

@kernel()
def total(x):
    return x.sum()

total(np.ones(3, np.float32))
print(total.stats.cache_hits.total(), repr(numba.config.CACHE_DIR))
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
