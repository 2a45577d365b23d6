"""Training speed of the small AlexNet on one thread: foldline against PyTorch eager, channels last.

usage: python benchmarks/convolution.py [--rounds 5]

Both train the same layers (five convolutions, three overlapping poolings, 256-256-10) in batches of 128 images of
32x32x3 numbers, softmax loss, SGD with Nesterov momentum, dropout 0.5 and L2. Accuracy is not looked at here; that both
compute the same scores from the same weights is checked first. A round trains each peer for a few epochs, one after the
other; ratios are medians of ratios within a round. Times are of the processor, as one thread does all the work.
"""

import argparse

from common import PACKAGES, beside_pytorch, epoch_s, one_thread, print_table, torch_epoch_s, write_result

one_thread()  # before NumPy, JAX and PyTorch read their settings

import jax  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402

import foldline as fl  # noqa: E402
from foldline.models import AlexNet  # noqa: E402

N_ROWS, BATCH, EPOCHS = 1280, 128, 3
LR, L2 = 0.01, 1e-4


def foldline_net(X, y, *, micro_batches=1):
    model = fl.AlexNetClassifier(lr=LR, l2=L2, epochs=EPOCHS, batch_size=BATCH, micro_batches=micro_batches)
    return epoch_s(model, X, y)


def torch_layers():
    def pooling():
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    return nn.Sequential(
        *(nn.Conv2d(3, 32, 5, padding=2), nn.ReLU(inplace=True), pooling()),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(inplace=True), pooling()),
        *(nn.Conv2d(64, 96, 3, padding=1), nn.ReLU(inplace=True)),
        *(nn.Conv2d(96, 96, 3, padding=1), nn.ReLU(inplace=True)),
        *(nn.Conv2d(96, 64, 3, padding=1), nn.ReLU(inplace=True), pooling()),
        *(nn.Flatten(), nn.Linear(1024, 256), nn.ReLU(inplace=True), nn.Dropout(0.5)),
        *(nn.Linear(256, 256), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(256, 10)),
    ).to(memory_format=torch.channels_last)


def torch_net(X, y):
    images = torch.from_numpy(X.reshape(-1, 32, 32, 3)).permute(0, 3, 1, 2)  # channels last, as they lie
    return torch_epoch_s(torch_layers(), images, torch.from_numpy(y), epochs=EPOCHS, batch=BATCH, lr=LR, l2=L2)


def check_same_scores(X):
    """Check that both nets give the same scores with the same weights."""
    ours = AlexNet.random(image_shape=(32, 32, 3), n_out=10, key=jax.random.key(0))
    theirs = torch_layers().eval()
    layers = [layer for layer in theirs if isinstance(layer, nn.Conv2d | nn.Linear)]
    with torch.no_grad():
        for number, (layer, source) in enumerate(zip(layers, ours.learned, strict=True)):
            W = np.array(source.W)
            if W.ndim == 4:
                W = W.transpose(0, 3, 1, 2)
            elif number == len(ours.convolutions):  # PyTorch lays channels out first
                W = W.reshape(-1, 4, 4, 64).transpose(0, 3, 1, 2).reshape(len(W), -1)
            layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(W)))
            layer.bias.copy_(torch.from_numpy(np.array(source.b)))
        expected = theirs(torch.from_numpy(X.reshape(-1, 32, 32, 3)).permute(0, 3, 1, 2)).numpy()
    error = np.abs(np.asarray(jax.jit(lambda net, X: net(X))(ours, X)) - expected).max() / np.abs(expected).max()
    assert error < 1e-4, f"scores differ by {error:.1e} of the largest; expected less than 1e-4"
    print(f"scores agree with PyTorch's within {error:.1e} of the largest")


PEERS = {
    "foldline": foldline_net,
    "foldline, micro_batches=4": lambda X, y: foldline_net(X, y, micro_batches=4),
    "PyTorch eager": torch_net,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((N_ROWS, 3072), np.float32), rng.integers(0, 10, N_ROWS)
    check_same_scores(X[:16])
    rows = beside_pytorch(PEERS, X, y, rounds=rounds)
    print_table(rows)
    write_result("convolution", {"rows": rows}, packages=(*PACKAGES, "torch"))


if __name__ == "__main__":
    main()
