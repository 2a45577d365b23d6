"""Rows that stay in their file against the same rows in memory: seconds an epoch, waiting, and the most memory.

usage: python benchmarks/streaming.py [--rows 100000] [--rounds 3] [--folder FOLDER]

A net 3072-100-10, batches of 200, of random float32 rows in a .npy file, which is made first and removed at the end.
Each training is a process of its own, the two kinds in turn; the first epoch, which may compile, is left out, but
for the share of the training in which steps waited for rows.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from common import print_table, ratio_summary, summary, write_result

EPOCHS, D = 4, 3072


def train(file: str, *, streamed: bool) -> None:
    """Train in this process and print what it took."""
    import resource  # of POSIX alone, as are the numbers that it gives

    import foldline as fl

    X = np.load(file, mmap_mode="r" if streamed else None)
    y = np.arange(len(X)) % 10
    model = fl.MLPClassifier(hidden=(100,), lr=0.001, epochs=EPOCHS, batch_size=200).fit(X, y)
    seconds = float(np.median(np.diff(model.history_.elapsed_s)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    loss, idle_share = float(model.history_.train_loss[-1]), model.history_.idle_share
    print(json.dumps({"seconds": seconds, "idle_share": idle_share, "peak_bytes": peak, "loss": loss}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", default=None)
    parser.add_argument("--train", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.train:
        train(chosen.train[0], streamed=chosen.train[1] == "streamed")
        return
    found: dict[str, list[dict]] = {"resident": [], "streamed": []}
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        file = Path(folder) / "rows.npy"
        rows = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(chosen.rows, D))
        generator = np.random.default_rng(0)
        for start in range(0, chosen.rows, 10_000):
            some = rows[start : start + 10_000]
            some[:] = generator.standard_normal(some.shape, dtype=np.float32)
        rows.flush()
        del rows
        started = time.perf_counter()
        for _ in range(chosen.rounds):
            for kind, of_kind in found.items():
                command = [sys.executable, __file__, "--train", str(file), kind]
                of_kind.append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
        print(f"{time.perf_counter() - started:.0f} s in all")
    losses = {one["loss"] for of_kind in found.values() for one in of_kind}
    assert max(losses) - min(losses) < 1e-4 * max(losses), f"the trainings differ: {losses}"
    seconds = {kind: [one["seconds"] for one in of_kind] for kind, of_kind in found.items()}
    table = [
        {
            "rows": kind,
            "samples_per_s": summary([chosen.rows / s for s in seconds[kind]]),
            "over_resident": ratio_summary(seconds["resident"], seconds[kind]),
            "idle_share": summary([one["idle_share"] for one in of_kind]),
            "peak_GB": max(one["peak_bytes"] for one in of_kind) / 1e9,
        }
        for kind, of_kind in found.items()
    ]
    print_table(table)
    write_result("streaming", {"n_rows": chosen.rows, "rows": table})


if __name__ == "__main__":
    main()
