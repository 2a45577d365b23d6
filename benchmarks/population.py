"""Many nets at once: 64 nets 784-20-10 against torch.func.vmap and loops over scikit-learn and PyTorch eager.

usage: python benchmarks/population.py FASHION_MNIST_FOLDER [--rounds 5] [--nets 64]

One thread, softmax loss, SGD with momentum 0.9, batches of 64 of 12,800 rows in memory; nets differ in L2. All of
them train in foldline and in vmap; loops train four nets and are multiplied. Numbers are samples times nets a second.
"""

import argparse
import time

from common import PACKAGES, one_thread, print_table, ratio_summary, summary, write_result

one_thread()  # before NumPy, JAX and PyTorch read their settings

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from sklearn.neural_network import MLPClassifier as SklearnMLP  # noqa: E402

import foldline as fl  # noqa: E402
from foldline.models import MLP  # noqa: E402
from foldline.training import Population, Rows, TrainingSettings  # noqa: E402
from training import scaled  # noqa: E402

LR, MOMENTUM, BATCH, WIDTH = 0.02, 0.9, 64, 20
IN_A_LOOP = 4
ROWS = 12_800


def foldline_nets(X: np.ndarray, y: np.ndarray, strengths: np.ndarray):
    """Give what trains all nets for an epoch and says how long it took and how right they are."""
    settings = [
        TrainingSettings(
            lr=LR,
            momentum=MOMENTUM,
            nesterov=False,
            schedule="constant",
            l2=float(l2),
            epochs=10_000,
            batch_size=BATCH,
        )
        for l2 in strengths
    ]
    model = MLP.random(n_in=X.shape[1], n_out=10, hidden=(WIDTH,), key=jax.random.key(0))
    rows = Rows(jnp.asarray(X), jnp.asarray(y))
    population = Population.of([model], rows, settings=[settings], keys=[jax.random.key(1)], val=None)

    def epoch() -> tuple[float, float]:
        start = time.perf_counter()
        population.run(population.n_epochs + 1)
        return time.perf_counter() - start, float(population.curves.train_accuracy[-1].mean())

    return epoch


def vmapped_nets(X: np.ndarray, y: np.ndarray, strengths: np.ndarray):
    rows, labels = torch.from_numpy(X), torch.from_numpy(y.astype(np.int64))
    net = torch.nn.Sequential(torch.nn.Linear(X.shape[1], WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, 10))
    weights = {
        name: p.detach()[None].repeat(len(strengths), *(1 for _ in p.shape)) for name, p in net.named_parameters()
    }
    velocities = {name: torch.zeros_like(p) for name, p in weights.items()}
    l2 = torch.from_numpy(strengths.astype(np.float32))

    def loss(parameters, strength, X, y):
        penalty = sum((p**2).sum() for name, p in parameters.items() if name.endswith("weight"))
        scores = torch.func.functional_call(net, parameters, (X,))
        return torch.nn.functional.cross_entropy(scores, y) + strength * penalty

    gradients_of = torch.func.vmap(torch.func.grad(loss), in_dims=(0, 0, None, None))

    def epoch() -> tuple[float, float]:
        start = time.perf_counter()
        for picked in torch.randperm(len(rows)).split(BATCH):
            gradients = gradients_of(weights, l2, rows[picked], labels[picked])
            with torch.no_grad():
                for name, gradient in gradients.items():
                    velocities[name].mul_(MOMENTUM).add_(gradient)
                    weights[name].sub_(velocities[name], alpha=LR)
        seconds = time.perf_counter() - start
        first = {name: p[0] for name, p in weights.items()}
        scores = torch.func.functional_call(net, first, (rows[:2000],))
        return seconds, float((scores.argmax(1) == labels[:2000]).float().mean())

    return epoch


def eager_loop(X: np.ndarray, y: np.ndarray, strengths: np.ndarray):
    rows, labels = torch.from_numpy(X), torch.from_numpy(y.astype(np.int64))
    nets = [
        torch.nn.Sequential(torch.nn.Linear(X.shape[1], WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, 10))
        for _ in range(IN_A_LOOP)
    ]
    optimizers = [
        torch.optim.SGD(net.parameters(), lr=LR, momentum=MOMENTUM, weight_decay=2 * float(l2))
        for net, l2 in zip(nets, strengths, strict=False)
    ]

    def epoch() -> tuple[float, float]:
        start = time.perf_counter()
        for net, optimizer in zip(nets, optimizers, strict=True):
            for picked in torch.randperm(len(rows)).split(BATCH):
                optimizer.zero_grad(set_to_none=True)
                torch.nn.functional.cross_entropy(net(rows[picked]), labels[picked]).backward()
                optimizer.step()
        seconds = (time.perf_counter() - start) * len(strengths) / IN_A_LOOP
        with torch.no_grad():
            return seconds, float((nets[0](rows[:2000]).argmax(1) == labels[:2000]).float().mean())

    return epoch


def sklearn_loop(X: np.ndarray, y: np.ndarray, strengths: np.ndarray):
    nets = [
        SklearnMLP(
            (WIDTH,),
            solver="sgd",
            alpha=float(l2),
            batch_size=BATCH,
            learning_rate_init=LR,
            momentum=MOMENTUM,
            nesterovs_momentum=False,
        )
        for l2 in strengths[:IN_A_LOOP]
    ]

    def epoch() -> tuple[float, float]:
        start = time.perf_counter()
        for net in nets:
            net.partial_fit(X, y, classes=np.arange(10))
        seconds = (time.perf_counter() - start) * len(strengths) / IN_A_LOOP
        return seconds, float(nets[0].score(X[:2000], y[:2000]))

    return epoch


PEERS = {
    "foldline": foldline_nets,
    "torch.func.vmap": vmapped_nets,
    "PyTorch eager, a loop": eager_loop,
    "scikit-learn, a loop": sklearn_loop,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fashion_mnist")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--nets", type=int, default=64)
    chosen = parser.parse_args()
    images = fl.load_images(chosen.fashion_mnist).split()[0]
    X, y = scaled(images.images[:ROWS]), images.labels[:ROWS]
    strengths = np.logspace(-6, -2, chosen.nets)
    epochs = {peer: start(X, y, strengths) for peer, start in PEERS.items()}
    rates: dict[str, list[float]] = {peer: [] for peer in PEERS}
    for round_ in range(chosen.rounds + 2):
        for peer, epoch in epochs.items():
            seconds, accuracy = epoch()
            if round_ >= 2:  # the first compile; by then all have learned something
                assert accuracy > 0.5, f"{peer} reached {accuracy:.1%}; expected above 50 %"
                rates[peer].append(len(X) * chosen.nets / seconds)
    rows = [
        {
            "peer": peer,
            "net_samples_per_s": summary(rate),
            "foldline_is_faster_by": ratio_summary(rates["foldline"], rate),
        }
        for peer, rate in rates.items()
    ]
    print_table(rows)
    write_result("population", {"nets": chosen.nets, "rows": rows}, packages=(*PACKAGES, "torch"))


if __name__ == "__main__":
    main()
