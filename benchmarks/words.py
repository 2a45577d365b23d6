"""Speed of visual words against PyTorch, faiss and scikit-learn.

usage: python benchmarks/words.py CIFAR10_FOLDER [--rounds 7]

One thread, CIFAR-10 images in memory, 1,600 words, 6x6 patches, stride 1, triangle encoding, average over quarters.
Peers take patches that PyTorch has cut, and the same whitening and words, two images a call, which was their best of
1, 2, 5, 10 and 20; answers are checked first. The share of the machine's matrix rate counts the products of patches and
words alone, against a product of 2,048-square float32 matrices in the same round.
"""

import argparse
import time
from collections.abc import Callable

from common import one_thread, print_table, ratio_summary, summary, write_result

one_thread()  # before NumPy, Numba and PyTorch read their settings

import faiss  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from sklearn.metrics.pairwise import euclidean_distances  # noqa: E402

import foldline as fl  # noqa: E402

Work = Callable[[np.ndarray], np.ndarray]

N_WORDS, PATCH_PX, N_IMAGES = 1_600, 6, 100
N_PATCHES = (32 - PATCH_PX + 1) ** 2


def patches_of(images: np.ndarray) -> torch.Tensor:
    """Cut, normalise and lay out all patches as foldline does, (N, 729, 108)."""
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    windows = torch.nn.functional.unfold(pixels, PATCH_PX).transpose(1, 2)  # channel, row, column
    n = windows.shape[-1]
    order = torch.arange(n).reshape(3, PATCH_PX, PATCH_PX).permute(1, 2, 0).reshape(-1)
    windows = windows[..., order]
    windows = windows - windows.mean(-1, keepdim=True)
    return windows / torch.sqrt(windows.square().mean(-1, keepdim=True) + 10)


def pooled(likeness: torch.Tensor) -> np.ndarray:
    """Average over quarters, (N, 4K); the middle patches belong to the upper and left."""
    side = 32 - PATCH_PX + 1
    grid, half = likeness.reshape(len(likeness), side, side, -1), (side + 1) // 2
    halves = slice(half), slice(half, None)
    parts = [grid[:, rows, cols].mean((1, 2)) for rows in halves for cols in halves]
    return torch.cat(parts, 1).numpy()


def triangles(distances: torch.Tensor) -> torch.Tensor:
    return torch.clamp(distances.mean(-1, keepdim=True) - distances, min=0)


def peers(feature: fl.VisualWords) -> dict[str, Work]:
    patches = feature.descriptor_
    mean, W, words = (torch.from_numpy(a) for a in (patches.whitening_mean_, patches.whitening_, feature.words_))
    norms = words.square().sum(1)

    def white(images: np.ndarray) -> torch.Tensor:
        return (patches_of(images) - mean) @ W

    def with_torch(images: np.ndarray) -> np.ndarray:
        x = white(images)
        squares = torch.addmm(norms, x.reshape(-1, x.shape[-1]), words.T, alpha=-2).reshape(*x.shape[:2], -1)
        squares += x.square().sum(-1, keepdim=True)
        return pooled(triangles(squares.clamp_(min=0).sqrt_()))

    def with_faiss(images: np.ndarray) -> np.ndarray:
        x = white(images)
        squares = faiss.pairwise_distances(x.reshape(-1, x.shape[-1]).numpy(), feature.words_)
        distances = torch.from_numpy(squares).clamp_(min=0).sqrt_()
        return pooled(triangles(distances.reshape(*x.shape[:2], -1)))

    def with_sklearn(images: np.ndarray) -> np.ndarray:
        x = white(images)
        distances = torch.from_numpy(euclidean_distances(x.reshape(-1, x.shape[-1]).numpy(), feature.words_))
        return pooled(triangles(distances.reshape(*x.shape[:2], -1)))

    return {"foldline": feature.transform, "PyTorch": with_torch, "faiss": with_faiss, "scikit-learn": with_sklearn}


def matrix_rate(square: np.ndarray) -> float:
    started = time.perf_counter()
    square @ square
    return 2 * len(square) ** 3 / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cifar10")
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    images = fl.load_images(chosen.cifar10).split()[0].images
    feature = fl.VisualWords(
        n_words=N_WORDS, descriptor=fl.Patches(patch_px=PATCH_PX, n_sampled=20_000), n_sampled=20_000
    ).fit(images[:2000])
    works = peers(feature)
    expected = feature.transform(images[:3])
    for name, work in works.items():
        np.testing.assert_allclose(work(images[:3]), expected, rtol=1e-3, atol=1e-3, err_msg=name)
    rates: dict[str, list[float]] = {name: [] for name in works}
    shares, square = [], np.random.default_rng(0).random((2048, 2048), np.float32)
    for _ in range(chosen.rounds):
        for name, work in works.items():
            n_at_once = N_IMAGES if name == "foldline" else 2  # peers hold all distances of a call in memory
            started = time.perf_counter()
            for first in range(0, N_IMAGES, n_at_once):
                work(images[first : first + n_at_once])
            rates[name].append(N_IMAGES / (time.perf_counter() - started))
        flops = rates["foldline"][-1] * N_PATCHES * 2 * N_WORDS * 3 * PATCH_PX**2
        shares.append(flops / matrix_rate(square))
    rows = [
        {
            "task": "triangle, k = 1,600",
            "peer": name,
            "images_per_s": summary(rate),
            "foldline_is_faster_by": ratio_summary(rates["foldline"], rate),
        }
        for name, rate in rates.items()
    ]
    print_table(rows)
    print(f"share of the matrix rate: {np.median(shares):.0%}")
    packages = ("foldline", "numpy", "numba", "torch", "faiss-cpu", "scikit-learn")
    write_result("words", {"rows": rows, "share_of_matrix_rate": summary(shares)}, packages=packages)


if __name__ == "__main__":
    main()
