"""What every benchmark needs: one thread, medians, and a record of where it ran."""

import json
import os
import platform
import subprocess
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("foldline", "numpy", "numba", "jax", "jaxlib", "scikit-learn")


def one_thread() -> None:
    """Pin every library to one thread and let OpenBLAS choose its best kernels; call before importing any of them."""
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def summary(values: list[float]) -> dict[str, float]:
    """Give the median and the quartiles."""
    import numpy as np

    low, median, high = np.percentile(values, [25, 50, 75])
    return {"median": float(median), "q1": float(low), "q3": float(high)}


def ratio_summary(ours: list[float], theirs: list[float]) -> dict[str, float]:
    """Give the median and quartiles of the ratios within each round."""
    return summary([a / b for a, b in zip(ours, theirs, strict=True)])


def beside_pytorch(peers: dict, X, y, *, rounds: int) -> list[dict]:
    """Time all peers once a round; give a row each, with its speed over that of "PyTorch eager".

    Args:
        peers: by name, what trains on X and y and gives the seconds of a pass over them.
    """
    rates = {peer: [] for peer in peers}
    for _ in range(rounds):
        for peer, train in peers.items():
            rates[peer].append(len(X) / train(X, y))
    return [
        {
            "peer": peer,
            "images_per_s": summary(rate),
            "faster_than_pytorch_by": ratio_summary(rate, rates["PyTorch eager"]),
        }
        for peer, rate in rates.items()
    ]


def epoch_s(classifier, X, y) -> float:
    """Give the median seconds of the processor of a pass over the rows, without the first, which is compiled."""
    seconds, last = [], time.process_time()

    def note(report):
        nonlocal last
        seconds.append(time.process_time() - last)
        last = time.process_time()

    classifier.fit(X, y, callbacks=[note])
    return median(seconds[1:])


def torch_epoch_s(net, images, labels, *, epochs: int, batch: int, lr: float, l2: float) -> float:
    """Give the same of a PyTorch net, trained by the same kind of steps."""
    import torch

    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9, nesterov=True, weight_decay=2 * l2)
    seconds = []
    for _ in range(epochs):
        start = time.process_time()
        for picked in torch.randperm(len(images)).split(batch):
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(net(images[picked]), labels[picked]).backward()
            optimizer.step()
        seconds.append(time.process_time() - start)
    return median(seconds[1:])


def print_table(rows: list[dict]) -> None:
    """Print rows of equal keys; summaries show their median."""

    def shown(value: object) -> str:
        number = value["median"] if isinstance(value, dict) else value
        return (
            f"{number:,.0f}"
            if isinstance(number, float) and number >= 100
            else f"{number:.2f}"
            if isinstance(number, float)
            else str(number)
        )

    cells = [list(rows[0]), *([shown(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))


def write_result(name: str, result: dict, *, packages: tuple[str, ...] = PACKAGES) -> None:
    """Write one benchmark's result with commit, versions and hardware."""
    about = {
        "commit": commit(),
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "versions": {package: version(package) for package in packages},
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({**about, **result}, indent=1) + "\n")
    print(f"wrote benchmarks/results/{name}.json")


def commit() -> str:
    """Name the commit that was measured, with a + if the product or a benchmark differs from it."""

    def git(*words: str) -> str:
        asked = subprocess.run(["git", *words], cwd=RESULTS.parent, capture_output=True, text=True, check=False)
        return asked.stdout.strip()

    is_changed = git("status", "--porcelain", "--", "../src", "../pyproject.toml", "*.py")
    return git("rev-parse", "--short", "HEAD") + ("+" if is_changed else "")


def processor() -> str:
    """Name the processor and its widest vector instructions, where the system tells."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    model = next((line.split(":")[1].strip() for line in text.splitlines() if line.startswith("model name")), "?")
    return f"{model}, {'AVX-512' if 'avx512f' in text else 'AVX2' if 'avx2' in text else 'no AVX'}"
