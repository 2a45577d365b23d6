"""Loss landscapes: slices against a loop over PyTorch eager, extreme curvature against PyHessian.

usage: python benchmarks/landscapes.py [--rounds 5] [--points 1000] [--rows 10000]

One thread, softmax loss, 10,000 rows of normal numbers. A slice is 1,000 places along a direction; the loop evaluates a
fiftieth of them, under no_grad, and is multiplied; answers are compared first.

Curvature: the largest and the smallest eigenvalue of the Hessian of the mean loss. PyHessian 0.1 finds the largest by
power iteration (`eigenvalues`, with its own tolerance of 1e-3 between two iterations) and both by Lanczos (`density`).
Measured are the seconds of foldline's `hessian_extremes` until both residuals are below 1e-3 of the largest, against
PyHessian's Lanczos with its default of 100 steps, for it has no measure of error to stop by; with the fewest steps, of
5, 10, 15, ..., whose both ends are within 1e-3 of the truth, which nobody knows beforehand; a step against a step; and
its power iteration, with how far that ended from the truth. The truth is foldline's answer at a tolerance of 1e-5.
PyHessian calls torch.eig, which PyTorch has no more; it is given torch.linalg.eigh in its place.
"""

import argparse
import time
from itertools import pairwise

from common import PACKAGES, one_thread, print_table, ratio_summary, summary, write_result

one_thread()  # before NumPy, JAX and PyTorch read their settings

import jax  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from pyhessian import hessian as PyHessian  # noqa: E402

from foldline.insight.directions import random_direction  # noqa: E402
from foldline.insight.hessian import extremes_of  # noqa: E402
from foldline.insight.landscape_problem import Problem  # noqa: E402
from foldline.insight.slices import values_at  # noqa: E402
from foldline.models import MLP  # noqa: E402

NETS = {"10-32-32-32-10": (10, (32, 32, 32)), "784-100-10": (784, (100,))}
TOLERANCE = 1e-3
IN_A_LOOP = 50


def problem_of(n_in: int, hidden: tuple[int, ...], n_rows: int) -> Problem:
    rng = np.random.default_rng(0)
    return Problem(
        model=MLP.random(n_in=n_in, n_out=10, hidden=hidden, key=jax.random.key(0)),
        X=rng.standard_normal((n_rows, n_in)).astype(np.float32),
        y=rng.integers(10, size=n_rows).astype(np.int32),
        weights=np.ones(n_rows, np.float32),
        loss="softmax",
    )


def parameters(net: MLP) -> list[torch.Tensor]:
    return [torch.tensor(np.asarray(a)) for layer in net.layers for a in (layer.W, layer.b)]


def torch_values(problem: Problem, direction: MLP, steps: np.ndarray) -> np.ndarray:
    X, y = torch.from_numpy(problem.X), torch.from_numpy(problem.y).long()
    weights, moves = parameters(problem.model), parameters(direction)
    values = []
    with torch.no_grad():
        for step in steps.tolist():
            at = [w + step * d for w, d in zip(weights, moves, strict=True)]
            h = X
            for depth in range(0, len(at), 2):
                h = torch.nn.functional.linear(torch.relu(h) if depth else h, at[depth], at[depth + 1])
            values.append(float(torch.nn.functional.cross_entropy(h, y)))
    return np.array(values)


def torch_net(problem: Problem) -> torch.nn.Module:
    widths = [problem.X.shape[1], *(len(layer.b) for layer in problem.model.layers)]
    linears = [torch.nn.Linear(a, b) for a, b in pairwise(widths)]
    with torch.no_grad():
        for given, own in zip(parameters(problem.model), [p for one in linears for p in one.parameters()], strict=True):
            own.copy_(given)
    return torch.nn.Sequential(*[part for one in linears for part in (one, torch.nn.ReLU())][:-1])


def eig_of_symmetric(T: torch.Tensor, eigenvectors: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
    values, vectors = torch.linalg.eigh(T)
    return torch.stack([values, torch.zeros_like(values)], dim=1), vectors


def timed(work):
    start = time.perf_counter()
    answer = work()
    return time.perf_counter() - start, answer


def slice_row(name: str, problem: Problem, *, points: int, rounds: int) -> dict:
    direction = random_direction(problem.model, kind="filter", generator=np.random.default_rng(0))
    steps = np.linspace(-1, 1, points)
    some = steps[::IN_A_LOOP]
    ours = values_at(problem, [direction], steps[:, None])
    np.testing.assert_allclose(torch_values(problem, direction, some), ours[::IN_A_LOOP], rtol=1e-4)
    seconds, loop_seconds = [], []
    for _ in range(rounds):
        seconds.append(timed(lambda: values_at(problem, [direction], steps[:, None]))[0])
        loop_seconds.append(timed(lambda: torch_values(problem, direction, some))[0] * points / len(some))
    return {
        "net": name,
        "places": points,
        "seconds": summary(seconds),
        "loop_seconds": summary(loop_seconds),
        "over_eager": ratio_summary(loop_seconds, seconds),
    }


def curvature_row(name: str, problem: Problem, *, rounds: int) -> dict:
    def ours(tolerance: float = TOLERANCE):
        return extremes_of(problem, tolerance=tolerance, max_steps=300, generator=np.random.default_rng(1))

    def theirs() -> PyHessian:
        data = (torch.from_numpy(problem.X), torch.from_numpy(problem.y).long())
        return PyHessian(torch_net(problem), torch.nn.CrossEntropyLoss(), data=data, cuda=False)

    torch.manual_seed(0)
    truth, found = ours(1e-5), ours()
    wanted = TOLERANCE * truth.largest

    def misses(low: float, high: float) -> bool:
        return max(abs(low - truth.smallest), abs(high - truth.largest)) > wanted

    assert not misses(found.smallest, found.largest)
    n_steps = 0
    while True:
        n_steps += 5
        ends = theirs().density(iter=n_steps, n_v=1)[0][0]
        if not misses(min(ends), max(ends)):
            break
    seconds, lanczos, default, power, power_error = [], [], [], [], []
    for _ in range(rounds):
        seconds.append(timed(ours)[0])
        lanczos.append(timed(lambda: theirs().density(iter=n_steps, n_v=1))[0])
        default.append(timed(lambda: theirs().density())[0])
        took, ((largest,), _) = timed(lambda: theirs().eigenvalues())
        power.append(took)
        power_error.append(abs(largest - truth.largest) / truth.largest)
    return {
        "net": name,
        "largest": truth.largest,
        "smallest": truth.smallest,
        "steps": found.n_steps,
        "seconds": summary(seconds),
        "pyhessian_steps": n_steps,
        "over_default": ratio_summary(default, seconds),
        "over_fewest": ratio_summary(lanczos, seconds),
        "a_step_over": ratio_summary([s / n_steps for s in lanczos], [s / found.n_steps for s in seconds]),
        "over_power": ratio_summary(power, seconds),
        "power_error": f"{np.median(power_error):.1e}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=10_000)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    torch.eig = eig_of_symmetric
    problems = {name: problem_of(n_in, hidden, chosen.rows) for name, (n_in, hidden) in NETS.items()}
    slices = [slice_row(name, p, points=chosen.points, rounds=chosen.rounds) for name, p in problems.items()]
    print_table(slices)
    curvature = [curvature_row(name, p, rounds=chosen.rounds) for name, p in problems.items()]
    print_table(curvature)
    result = {"n_rows": chosen.rows, "tolerance": TOLERANCE, "slices": slices, "curvature": curvature}
    write_result("landscapes", result, packages=(*PACKAGES, "torch", "pyhessian"))


if __name__ == "__main__":
    main()
