"""The lab's training beside ConvNetJS and TensorFlow Playground, the pages that people know.

usage: python benchmarks/lab_peers.py [--rounds 5] [--seconds 1]

A ReLU net of 2-20-3 on the same 300 points of three rings, by SGD with momentum 0.9, in batches of 10 and of 32, each
peer on one thread: training examples per second of the processor. TensorFlow Playground has one output, no momentum
and the squared error, and so less to do: 2-20-1, the inner ring against the others. Each must get 95 % right before it
is timed. ConvNetJS and TensorFlow Playground run in Node as they are, from a folder that git ignores:

    mkdir -p benchmarks/peers && cd benchmarks/peers
    npm install convnetjs@0.3.0 typescript@5
    git clone https://github.com/tensorflow/playground tensorflow-playground
    npx tsc tensorflow-playground/src/nn.ts --target es2022 --module commonjs --outDir .
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from common import one_thread, print_table, ratio_summary, summary, write_result

one_thread()

import numpy as np  # noqa: E402

from foldline.lab.points import make_points  # noqa: E402
from foldline.lab.state import LabState  # noqa: E402
from foldline.lab.stepper import CALL_STEPS  # noqa: E402
from foldline.lab.trainer import Trainer  # noqa: E402

PEERS = ("ConvNetJS", "TensorFlow Playground")
N_UNITS, PASSES = 20, 600
ORDERS = 20  # of all points, which the peers go through again and again; ours draws new ones
LEAST_RIGHT = 0.95


def state_of(batch: int) -> LabState:
    return LabState(
        data="circles",
        hidden=(N_UNITS,),
        test=0.0,
        optimizer="sgd",
        lr=0.02,
        momentum=0.9,
        batch=batch,
        steps=CALL_STEPS,
    )


class Ours:
    """The lab's net, trained in its own calls."""

    def __init__(self, batch: int) -> None:
        state = state_of(batch)
        self.batch, self.trainer = batch, Trainer(state, make_points(state))
        while self.trainer.epoch < PASSES:
            self.trainer.train(CALL_STEPS)
        self.right = float(self.trainer.measured(self.trainer.model).numbers[0, 1])

    def examples_per_s(self, seconds: float) -> float:
        start, n = time.process_time(), 0
        while (took := time.process_time() - start) < seconds:
            n += self.batch * self.trainer.train(CALL_STEPS)
        return n / took


def theirs(peer: str, batch: int, *, seconds: float) -> tuple[float, float]:
    """Train a peer's net; give the share that it gets right, and examples a second."""
    state = state_of(batch)
    points = make_points(state)
    generator = np.random.default_rng(0)
    problem = {
        "points": points.xy.tolist(),
        "labels": points.labels.tolist(),
        "order": np.concatenate([generator.permutation(len(points.labels)) for _ in range(ORDERS)]).tolist(),
        "n_classes": points.n_classes,
        "n_units": N_UNITS,
        "batch": batch,
        "lr": state.lr,
        "momentum": state.momentum,
        "passes": PASSES,
        "seconds": seconds,
    }
    words = [shutil.which("node") or "node", str(Path(__file__).with_suffix(".mjs")), peer]
    ran = subprocess.run(words, input=json.dumps(problem), capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"{ran.stderr}\n{peer} did not run; see above how it is installed:\n{__doc__}")
    found = json.loads(ran.stdout)
    return found["right"], found["examples_per_s"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of the processor, for each round")
    options = parser.parse_args()
    rows = []
    for batch in (10, 32):
        lab = Ours(batch)
        rights, rates = {"foldline lab": lab.right}, {peer: [] for peer in ("foldline lab", *PEERS)}
        for _ in range(options.rounds):
            rates["foldline lab"].append(lab.examples_per_s(options.seconds))
            for peer in PEERS:
                rights[peer], rate = theirs(peer, batch, seconds=options.seconds)
                rates[peer].append(rate)
        for peer, right in rights.items():
            assert right >= LEAST_RIGHT, f"{peer} gets {right:.1%} right"
            faster = ratio_summary(rates["foldline lab"], rates[peer])
            rows.append({"batch": batch, "peer": peer, "examples/s": summary(rates[peer]), "ours is faster by": faster})
    print_table(rows)
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    write_result("lab_peers", {"rows": rows, "node": node, "convnetjs": "0.3.0"})


if __name__ == "__main__":
    main()
