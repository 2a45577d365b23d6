"""Exact folds: regions a second, beside Regioncam, and beside edge subdivision where a clone is given.

usage: python benchmarks/folds.py [--edge-subdivision FOLDER] [--rounds 9]

Each tool cuts the square from -1 to 1 into the linear regions of the same nets with random weights (He, three seeds a
shape), on one thread, one after the other in every round. Numbers of regions are compared before any timing. Edge
subdivision (Berzins 2023, github.com/arturs-berzins/relu_edge_subdivision) gives corners and edges and no regions;
their number is taken from foldline.
"""

import argparse
import sys
import time
from collections.abc import Callable
from itertools import pairwise

from common import one_thread, print_table, ratio_summary, summary, write_result

one_thread()

import numpy as np  # noqa: E402
import regioncam  # noqa: E402
import torch  # noqa: E402

from foldline.insight import PiecewiseNet, find_folds, piecewise_net  # noqa: E402
from foldline.models import MLP, Linear  # noqa: E402

torch.set_num_threads(1)

SHAPES = {
    "2-20-3": (2, 20, 3),
    "2-[16]x3-3": (2, 16, 16, 16, 3),
    "2-[64]x4-3": (2, 64, 64, 64, 64, 3),
    "2-1000-3": (2, 1000, 3),
}
SEEDS = 3
LEAST_S = 0.05  # that a tool works in each round


def random_net(widths: tuple[int, ...], seed: int) -> MLP:
    rng = np.random.default_rng(seed)
    layers = []
    for n_in, n_out in pairwise(widths):
        W = rng.standard_normal((n_out, n_in)) * np.sqrt(2 / n_in)
        b = rng.uniform(-1, 1, n_out) / np.sqrt(n_in)
        layers.append(Linear(W.astype(np.float32), b.astype(np.float32)))
    return MLP(tuple(layers), "relu")


def by_regioncam(net: PiecewiseNet, *, with_boundary: bool) -> regioncam.Regioncam:
    cam = regioncam.Regioncam(size=1.0)
    for W, b in zip(net.weights[:-1], net.biases[:-1], strict=True):
        cam.linear(np.ascontiguousarray(W.T, np.float32), b.astype(np.float32))
        cam.relu()
    cam.linear(np.ascontiguousarray(net.weights[-1].T, np.float32), net.biases[-1].astype(np.float32))
    if with_boundary:
        cam.decision_boundary()
    return cam


def edge_subdivision(folder: str) -> Callable[[PiecewiseNet], object]:
    sys.path.insert(0, folder)
    from edge_subdivision import skeletal_subdivision
    from NN import Net

    def cut(net: PiecewiseNet) -> object:
        module = Net([net.n_in, *net.widths, net.n_classes])
        for layer, W, b in zip(module.fcs, net.weights, net.biases, strict=True):
            layer.weight.data, layer.bias.data = torch.tensor(W).float(), torch.tensor(b).float()
        with torch.no_grad():
            return skeletal_subdivision(module, bbox=(-1, 1), device="cpu", verbose=False)

    return cut


def timed(work: Callable[[], object], *, n_times: int) -> float:
    started = time.perf_counter()
    for _ in range(n_times):
        work()
    return (time.perf_counter() - started) / n_times


def measured(name: str, peers: dict[str, Callable[[PiecewiseNet], object]], *, rounds: int) -> list[dict]:
    nets = [random_net(SHAPES[name], seed) for seed in range(SEEDS)]
    plain = [piecewise_net(net) for net in nets]
    n_regions = [find_folds(net).n_regions for net in nets]
    works: dict[str, Callable[[], object]] = {
        "foldline": lambda: [find_folds(net) for net in nets],
        "foldline, with boundary": lambda: [find_folds(net).boundary for net in nets],
    }
    works |= {peer: lambda cut=cut: [cut(net) for net in plain] for peer, cut in peers.items()}
    for net, n in zip(plain if "Regioncam" in peers else [], n_regions, strict=False):
        found = by_regioncam(net, with_boundary=False).num_faces
        if abs(found - n) > 0.001 * n:
            print(f"  {name}: Regioncam, in single precision, finds {found:,} regions, foldline {n:,}")
    seconds: dict[str, list[float]] = {tool: [] for tool in works}
    # Work of a millisecond is repeated, so that its start does not count.
    n_times = {}
    for tool, work in works.items():
        work()
        n_times[tool] = max(int(LEAST_S / timed(work, n_times=1)), 1)
    for _ in range(rounds):
        for tool, work in works.items():
            seconds[tool].append(timed(work, n_times=n_times[tool]))
    total = sum(n_regions)
    return [
        {
            "net": name,
            "tool": tool,
            "regions": total // SEEDS,
            "ms a net": summary([1e3 * s / SEEDS for s in times]),
            "regions/s": summary([total / s for s in times]),
            "foldline faster": ratio_summary(
                times, seconds["foldline, with boundary" if tool.endswith("boundary") else "foldline"]
            ),
        }
        for tool, times in seconds.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edge-subdivision", metavar="FOLDER", help="a clone of Berzins's repository")
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    peers: dict[str, Callable[[PiecewiseNet], object]] = {
        "Regioncam": lambda net: by_regioncam(net, with_boundary=False),
        "Regioncam, with boundary": lambda net: by_regioncam(net, with_boundary=True),
    }
    if args.edge_subdivision:
        peers["edge subdivision"] = edge_subdivision(args.edge_subdivision)
    rows = []
    for name in SHAPES:
        # Regioncam wants more than 13 GB for the widest: it keeps the values of every unit on every region.
        rows += measured(name, {} if name == "2-1000-3" else peers, rounds=args.rounds)
    print_table(rows)
    write_result("folds", {"rows": rows}, packages=("foldline", "numpy", "numba", "regioncam", "torch"))


if __name__ == "__main__":
    main()
