"""Speed of HOG and ColorHistogram against OpenCV and scikit-image.

usage: python benchmarks/features.py [--rounds 15]

One thread. Every peer works on the same photographs in memory; answers are checked first where options coincide. A
round runs each peer once, one after the other, for about as long; ratios are medians of ratios within a round. Peers
run as a user would call them for many images: OpenCV and scikit-image image by image, foldline on the whole array, its
output allocated anew.
"""

import argparse
import time
from collections.abc import Callable

from common import one_thread, print_table, ratio_summary, summary, write_result

one_thread()  # before NumPy, Numba and OpenCV read their settings

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import skimage.data  # noqa: E402
from skimage.feature import hog as skimage_hog  # noqa: E402

import foldline as fl  # noqa: E402

Work = Callable[[np.ndarray], np.ndarray]

CELL_PX = 8


def photographs(n: int, height: int, width: int) -> np.ndarray:
    """Cut n different windows out of scikit-image's pictures, scaled so that they show more than a flat corner."""
    rng = np.random.default_rng(0)
    pictures = [skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea()]
    windows = []
    for i in range(n):
        picture = pictures[i % len(pictures)]
        side = rng.uniform(0.5, 0.9) * min(picture.shape[0] / height, picture.shape[1] / width)
        h, w = int(side * height), int(side * width)
        top, left = rng.integers(0, picture.shape[0] - h + 1), rng.integers(0, picture.shape[1] - w + 1)
        window = picture[top : top + h, left : left + w]
        windows.append(cv2.resize(window, (width, height), interpolation=cv2.INTER_AREA))
    return np.stack(windows)


def opencv_hog(height: int, width: int) -> Work:
    sides = (width, height), (2 * CELL_PX, 2 * CELL_PX), (CELL_PX, CELL_PX), (CELL_PX, CELL_PX)
    # 9 bins; no gamma correction, which would cost it time and which ours does not do.
    descriptor = cv2.HOGDescriptor(*sides, 9, 1, -1, 0, 0.2, False)
    return lambda images: np.stack([descriptor.compute(image) for image in images])


def skimage_hogs(images: np.ndarray) -> np.ndarray:
    sides = {"pixels_per_cell": (CELL_PX, CELL_PX), "cells_per_block": (2, 2)}
    return np.stack([skimage_hog(image, orientations=9, channel_axis=-1, **sides) for image in images])


def opencv_histograms(images: np.ndarray) -> np.ndarray:
    counts = [cv2.calcHist([image], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3).ravel() for image in images]
    return np.stack(counts) / (images.shape[1] * images.shape[2])


def tasks(height: int, width: int) -> list[tuple[str, dict[str, Work]]]:
    """Name each comparison and its peers, ours first."""
    return [
        (
            f"HoG, {height}x{width}",
            {
                "foldline": fl.HOG(cell_px=CELL_PX).transform,
                "foldline, interpolated votes": fl.HOG(cell_px=CELL_PX, votes="interpolated").transform,
                "OpenCV": opencv_hog(height, width),
                "scikit-image": skimage_hogs,
            },
        ),
        (
            f"RGB histogram, {height}x{width}",
            {"foldline": fl.ColorHistogram().transform, "OpenCV": opencv_histograms},
        ),
    ]


def check(images: np.ndarray) -> None:
    """Compare answers where options coincide; OpenCV's HoG has a Gaussian window and another order, so it cannot."""
    few = images[:2]
    np.testing.assert_allclose(fl.HOG(cell_px=CELL_PX).transform(few), skimage_hogs(few), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(fl.ColorHistogram().transform(few), opencv_histograms(few), atol=1e-6)


def measure(name: str, peers: dict[str, Work], images: np.ndarray, *, rounds: int) -> list[dict]:
    """Time all peers; each gets about as many images as it can do in a fifth of a second."""
    n_images = {}
    for peer, work in peers.items():
        work(images[:1])  # warm-up: compiles or loads
        started = time.perf_counter()
        work(images[:1])
        n_images[peer] = int(np.clip(0.2 / (time.perf_counter() - started), 2, len(images)))
    rates: dict[str, list[float]] = {peer: [] for peer in peers}
    for _ in range(rounds):
        for peer, work in peers.items():
            started = time.perf_counter()
            work(images[: n_images[peer]])
            rates[peer].append(n_images[peer] / (time.perf_counter() - started))
    return [
        {
            "task": name,
            "peer": peer,
            "images_per_s": summary(rate),
            "foldline_is_faster_by": ratio_summary(rates["foldline"], rate),
        }
        for peer, rate in rates.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    cv2.setNumThreads(1)
    rows = []
    for height, width, n in ((240, 320, 600), (32, 32, 40_000)):
        images = photographs(n, height, width)
        check(images)
        for name, peers in tasks(height, width):
            rows += measure(name, peers, images, rounds=rounds)
    print_table(rows)
    packages = ("foldline", "numpy", "numba", "opencv-contrib-python-headless", "scikit-image")
    write_result("features", {"rows": rows}, packages=packages)


if __name__ == "__main__":
    main()
