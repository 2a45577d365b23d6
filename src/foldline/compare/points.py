"""Point sets in the plane to try nets on, from scikit-learn's generators."""

from collections.abc import Callable

import numpy as np
from sklearn.datasets import make_blobs, make_circles, make_moons

N_POINTS = 300

# Noisy, so that a net can learn them by heart and be wrong about the next ones.
POINTS: dict[str, Callable[[int], tuple[np.ndarray, np.ndarray]]] = {
    "moons": lambda seed: make_moons(N_POINTS, noise=0.35, random_state=seed),
    "circles": lambda seed: make_circles(N_POINTS, noise=0.2, factor=0.5, random_state=seed),
    "blobs": lambda seed: make_blobs(N_POINTS, centers=4, cluster_std=2.5, random_state=seed),
}
