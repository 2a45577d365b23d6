"""Randomly wired nets of images: the same scores as a PyTorch net of the same layers, and training speed on one thread.

usage: python benchmarks/wired.py [--rounds 3]

Both train two Watts-Strogatz graphs of 8 nodes, separable convolutions with group normalisation, 16 and 32 units, in
batches of 128 images of 28x28 numbers. That both count as many numbers and give the same scores from the same weights
is checked first. A round trains each peer for a few epochs; times are of the processor: one thread does all the work.
"""

import argparse

from common import PACKAGES, beside_pytorch, epoch_s, one_thread, print_table, torch_epoch_s, write_result

one_thread()  # before NumPy, JAX and PyTorch read their settings

import jax  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402

import foldline as fl  # noqa: E402
from foldline.models import RandWireOnImages, n_numbers, random_wiring  # noqa: E402

SIDE, WIDTH, NODES, STAGES = 28, 16, 8, 2
N_ROWS, BATCH, EPOCHS = 640, 128, 3
LR, L2 = 0.05, 1e-4


class Node(nn.Module):
    def __init__(self, width, n_edges):
        super().__init__()
        self.edges = nn.Parameter(torch.zeros(n_edges))
        self.by_channel = nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False)
        self.mix = nn.Conv2d(width, width, 1, bias=False)
        self.norm = nn.GroupNorm(width // 8, width)

    def forward(self, feeding):
        weights = torch.sigmoid(self.edges)
        total = sum(weight * x for weight, x in zip(weights, feeding, strict=True))
        return self.norm(self.mix(self.by_channel(torch.relu(total))))


class Stage(nn.Module):
    def __init__(self, n_in, width, wiring):
        super().__init__()
        self.inlet, self.wiring = nn.Conv2d(n_in, width, 3, padding=1), wiring
        self.nodes = nn.ModuleList(Node(width, max(len(sources), 1)) for sources in wiring.sources)

    def forward(self, x):
        first, given = nn.functional.max_pool2d(self.inlet(x), 3, 2, ceil_mode=True), []
        for node, sources in zip(self.nodes, self.wiring.sources, strict=True):
            given.append(node([given[source] for source in sources] or [first]))
        return sum(given[node] for node in self.wiring.outlets) / len(self.wiring.outlets)


class Net(nn.Module):
    def __init__(self, wirings):
        super().__init__()
        widths = [1, *(WIDTH * 2**depth for depth in range(len(wirings)))]
        self.stages = nn.Sequential(*(Stage(a, b, w) for a, b, w in zip(widths, widths[1:], wirings, strict=False)))
        self.outlet = nn.Linear(widths[-1], 10)

    def forward(self, images):
        return self.outlet(torch.relu(self.stages(images)).mean(dim=(2, 3)))


def wirings():
    return [random_wiring("ws", n=NODES, seed=seed) for seed in range(STAGES)]


def as_torch(X):
    return torch.from_numpy(X.reshape(-1, SIDE, SIDE, 1)).permute(0, 3, 1, 2)


def check_same_scores(X):
    """Check that both nets have as many numbers and give the same scores with the same weights."""
    net = RandWireOnImages.random(
        image_shape=(SIDE, SIDE, 1), n_out=10, width=WIDTH, wirings=wirings(), key=jax.random.key(0)
    )
    theirs = Net(wirings()).eval()
    assert n_numbers(net) == sum(parameter.numel() for parameter in theirs.parameters())

    def put(parameter, array):
        parameter.copy_(torch.from_numpy(np.array(array)).reshape(parameter.shape))

    with torch.no_grad():
        for stage, of_torch in zip(net.stages, theirs.stages, strict=True):
            put(of_torch.inlet.weight, np.array(stage.inlet.W).transpose(0, 3, 1, 2))
            put(of_torch.inlet.bias, stage.inlet.b)
            start = 0
            for node, layer in zip(of_torch.nodes, stage.nodes, strict=True):
                put(node.edges, np.array(stage.edges)[start : start + len(node.edges)])
                start += len(node.edges)
                put(node.by_channel.weight, np.array(layer.D).transpose(2, 0, 1)[:, None])
                put(node.mix.weight, layer.W)
                put(node.norm.weight, layer.g)
                put(node.norm.bias, layer.b)
        put(theirs.outlet.weight, net.outlet.W)
        put(theirs.outlet.bias, net.outlet.b)
        expected = theirs(as_torch(X)).numpy()
    error = np.abs(np.asarray(jax.jit(lambda net, X: net(X))(net, X)) - expected).max() / np.abs(expected).max()
    assert error < 1e-4, f"scores differ by {error:.1e} of the largest; expected less than 1e-4"
    print(f"{n_numbers(net):,} numbers each; scores agree with PyTorch's within {error:.1e} of the largest")


def foldline_net(X, y):
    model = fl.RandomlyWiredClassifier(
        **{"stages": STAGES, "nodes": NODES, "width": WIDTH, "lr": LR, "l2": L2},
        **{"epochs": EPOCHS, "batch_size": BATCH, "micro_batches": 4},
    )
    return epoch_s(model, X, y)


def torch_net(X, y):
    net = Net(wirings()).to(memory_format=torch.channels_last)
    return torch_epoch_s(net, as_torch(X), torch.from_numpy(y), epochs=EPOCHS, batch=BATCH, lr=LR, l2=L2)


PEERS = {"foldline": foldline_net, "PyTorch eager": torch_net}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((N_ROWS, SIDE * SIDE), np.float32), rng.integers(0, 10, N_ROWS)
    check_same_scores(X[:16])
    rows = beside_pytorch(PEERS, X, y, rounds=rounds)
    print_table(rows)
    write_result("wired", {"rows": rows}, packages=(*PACKAGES, "torch"))


if __name__ == "__main__":
    main()
