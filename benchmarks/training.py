"""Training speed on resident data: foldline against scikit-learn, PyTorch, Keras on JAX and a NumPy loop.

usage: python benchmarks/training.py FASHION_MNIST_FOLDER CIFAR10_FOLDER [--rounds 7]

One thread, softmax loss, SGD with momentum 0.9, L2 on the weights where the peer has it; every peer takes the same
number of steps over the same rows. A round trains each peer for a few epochs, one after the other; the table shows
medians over rounds, ratios are medians of ratios within a round. A sample costs 4 D H + 6 H K operations, as there is
no gradient of the input; their rate is shown as a share of that of float32 products of 2048x2048 matrices, the better
of JAX's and NumPy's, measured in every round. PyTorch compiles with the C++ compiler of the machine.
"""

import argparse
import os
import time
from collections.abc import Callable

from common import PACKAGES, one_thread, print_table, ratio_summary, summary, write_result

one_thread()  # before NumPy, JAX and PyTorch read their settings
os.environ["KERAS_BACKEND"] = "jax"

import jax  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from sklearn.neural_network import MLPClassifier as SklearnMLP  # noqa: E402

import foldline as fl  # noqa: E402

LR, MOMENTUM, L2 = 0.02, 0.9, 1e-4
EPOCHS = 3  # per round; foldline's first is left out because it may still compile

Peer = Callable[[np.ndarray, np.ndarray, int, int], tuple[float, float]]  # -> seconds an epoch, training accuracy


def foldline_net(X, y, width, batch):
    model = fl.MLPClassifier(
        hidden=(width,),
        lr=LR,
        momentum=MOMENTUM,
        nesterov=False,
        schedule="constant",
        l2=L2,
        epochs=EPOCHS,
        batch_size=batch,
    )
    model.fit(X, y)
    return float(np.median(np.diff(model.history_.elapsed_s))), float(model.history_.train_accuracy[-1])


def sklearn_net(X, y, width, batch):
    model = SklearnMLP(
        (width,),
        solver="sgd",
        alpha=L2,
        batch_size=batch,
        learning_rate_init=LR,
        momentum=MOMENTUM,
        nesterovs_momentum=False,
    )
    seconds = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        model.partial_fit(X, y, classes=np.arange(10))
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[1:])), float(model.score(X[:5000], y[:5000]))


def compiled_torch_net(X, y, width, batch):
    return torch_net(X, y, width, batch, is_compiled=True)


def torch_net(X, y, width, batch, *, is_compiled=False):
    torch.manual_seed(0)
    rows, labels = torch.from_numpy(X), torch.from_numpy(y.astype(np.int64))
    net = torch.nn.Sequential(torch.nn.Linear(X.shape[1], width), torch.nn.ReLU(), torch.nn.Linear(width, 10))
    optimizer = torch.optim.SGD(net.parameters(), lr=LR, momentum=MOMENTUM, weight_decay=2 * L2)

    def loss(rows, labels):
        return torch.nn.functional.cross_entropy(net(rows), labels)

    loss = torch.compile(loss, dynamic=False) if is_compiled else loss
    step = torch.compile(optimizer.step) if is_compiled else optimizer.step
    seconds = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        for picked in torch.randperm(len(rows)).split(batch):
            optimizer.zero_grad(set_to_none=True)
            loss(rows[picked], labels[picked]).backward()
            step()
        seconds.append(time.perf_counter() - start)
    with torch.no_grad():
        right = (net(rows[:5000]).argmax(1) == labels[:5000]).float().mean()
    return float(np.median(seconds[1:])), float(right)


def keras_net(X, y, width, batch):
    keras.utils.set_random_seed(0)
    penalty = keras.regularizers.L2(L2)
    net = keras.Sequential(
        [
            keras.layers.Dense(width, activation="relu", kernel_regularizer=penalty),
            keras.layers.Dense(10, kernel_regularizer=penalty),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile(keras.optimizers.SGD(LR, momentum=MOMENTUM), loss, jit_compile=True)
    seconds = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        net.fit(X, y, batch_size=batch, epochs=1, verbose=0)
        seconds.append(time.perf_counter() - start)
    right = net.predict(X[:5000], verbose=0).argmax(1) == y[:5000]
    return float(np.median(seconds[1:])), float(right.mean())


def numpy_net(X, y, width, batch):
    rng = np.random.default_rng(0)
    W1 = rng.standard_normal((X.shape[1], width), np.float32) * np.float32(np.sqrt(2 / X.shape[1]))
    W2 = rng.standard_normal((width, 10), np.float32) * np.float32(np.sqrt(1 / width))
    parameters = [W1, np.zeros(width, np.float32), W2, np.zeros(10, np.float32)]
    velocities = [np.zeros_like(p) for p in parameters]
    seconds = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        order = rng.permutation(len(X))
        for first in range(0, len(X), batch):
            picked = order[first : first + batch]
            numpy_step(X[picked], y[picked], parameters, velocities)
        seconds.append(time.perf_counter() - start)
    W1, b1, W2, b2 = parameters
    right = (np.maximum(0, X[:5000] @ W1 + b1) @ W2 + b2).argmax(1) == y[:5000]
    return float(np.median(seconds[1:])), float(right.mean())


def numpy_step(X, y, parameters, velocities):
    W1, b1, W2, b2 = parameters
    h = np.maximum(0, X @ W1 + b1)
    scores = h @ W2 + b2
    proba = np.exp(scores - scores.max(1, keepdims=True))
    proba /= proba.sum(1, keepdims=True)
    proba[np.arange(len(y)), y] -= 1
    proba /= len(y)
    dh = proba @ W2.T
    dh[h <= 0] = 0
    gradients = (X.T @ dh + 2 * L2 * W1, dh.sum(0), h.T @ proba + 2 * L2 * W2, proba.sum(0))
    for parameter, velocity, gradient in zip(parameters, velocities, gradients, strict=True):
        velocity *= np.float32(MOMENTUM)
        velocity += gradient
        parameter -= np.float32(LR) * velocity


PEERS: dict[str, Peer] = {
    "foldline": foldline_net,
    "scikit-learn": sklearn_net,
    "PyTorch eager": torch_net,
    "PyTorch compiled": compiled_torch_net,
    "Keras on JAX": keras_net,
    "NumPy loop": numpy_net,
}


def measure(name: str, X: np.ndarray, y: np.ndarray, *, width: int, batch: int, rounds: int) -> list[dict]:
    """Time every peer on one net; the first round is a warm-up in which the answers are checked."""
    rates = {peer: [] for peer in PEERS}
    products = []
    n_operations = 4 * X.shape[1] * width + 6 * width * 10
    started = time.perf_counter()
    for round_ in range(rounds + 1):
        for peer, train in PEERS.items():
            seconds, accuracy = train(X, y, width, batch)
            if round_ == 0:
                floor = 3 / 10  # three times what guessing gives: it learns
                assert accuracy > floor, f"{peer} reached {accuracy:.1%} on {name}; expected above {floor:.0%}"
            else:
                rates[peer].append(len(X) / seconds)
        if round_ > 0:
            products.append(product_rate())
    print(f"{name}: {time.perf_counter() - started:.0f} s in all")
    return [
        {
            "net": name,
            "peer": peer,
            "samples_per_s": summary(rate),
            "foldline_is_faster_by": ratio_summary(rates["foldline"], rate),
            "share_of_sgemm": ratio_summary([n_operations * samples for samples in rate], products),
        }
        for peer, rate in rates.items()
    ]


def product_rate() -> float:
    """Measure the operations a second of a product of 2048x2048 float32 matrices, the better of JAX's and NumPy's."""
    side = 2048
    A = np.random.default_rng(0).standard_normal((side, side), np.float32)
    on_device = jax.device_put(A)
    best = np.inf
    for _ in range(3):
        for product in (lambda: A @ A, lambda: (on_device @ on_device).block_until_ready()):
            start = time.perf_counter()
            product()
            best = min(best, time.perf_counter() - start)
    return 2 * side**3 / best


def compile_seconds(X: np.ndarray, y: np.ndarray, *, width: int, batch: int) -> float:
    """Time what the first epoch of a new shape costs beyond the next ones, without any cache on disk."""
    model = fl.MLPClassifier(hidden=(width,), lr=LR, l2=L2, epochs=3, batch_size=batch).fit(X, y)
    elapsed = model.history_.elapsed_s
    return float(elapsed[0] - (elapsed[2] - elapsed[1]))


def scaled(images: np.ndarray) -> np.ndarray:
    X = images.reshape(len(images), -1).astype(np.float32) / 255
    return (X - X.mean(0)) / (X.std(0) + 0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fashion_mnist")
    parser.add_argument("cifar10")
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    fashion = fl.load_images(chosen.fashion_mnist).split()[0]
    cifar = fl.load_images(chosen.cifar10).split()[0]
    nets = [
        ("784-100-10, batch 64", fashion, 30_000, 100, 64),
        ("3072-100-10, batch 200", cifar, 10_000, 100, 200),
        ("3072-1024-10, batch 256", cifar, 5_120, 1024, 256),
    ]
    rows, compiling = [], {}
    for name, images, n_rows, width, batch in nets:
        X, y = scaled(images.images[:n_rows]), images.labels[:n_rows]
        compiling[name] = compile_seconds(X[: n_rows - 1], y[: n_rows - 1], width=width, batch=batch)
        rows += measure(name, X, y, width=width, batch=batch, rounds=chosen.rounds)
    print_table(rows)
    print("compile seconds:", compiling)
    write_result("training", {"rows": rows, "compile_s": compiling}, packages=(*PACKAGES, "torch", "keras"))


if __name__ == "__main__":
    main()
