"""A learning rate that fits the data: as large as the curvature of the first layer allows."""

from typing import Literal

import numpy as np
from jaxtyping import Float32

SAMPLE_ROWS = 2048
POWER_ITERATIONS = 10

# Measured on validation rows of Fashion-MNIST and CIFAR-10 (pixels, HoG, colour histograms; SGD with momentum 0.9): the
# best rate of a linear softmax classifier was 0.7 to 2.2 times the bound, that of an SVM a quarter of softmax's,
# because the hinges of all wrong classes add up, that of a net with ReLUs about eight times.
OF_THE_BOUND: dict[tuple[str, bool], float] = {
    ("softmax", False): 1.0,
    ("svm", False): 0.25,
    ("softmax", True): 8.0,
    ("svm", True): 2.0,
}
LARGEST_SGD_RATE_OF_A_NET = 0.05  # deeper layers do not see the data's scale
ADAMW_RATE = 1e-3  # Kingma and Ba (2015), section 2; Adam's steps do not depend on the scale


def automatic_rate(
    X: Float32[np.ndarray, "n d"],
    *,
    batch_size: int,
    loss: Literal["softmax", "svm"],
    optimizer: Literal["sgd", "adamw"],
    has_hidden: bool,
    generator: np.random.Generator,
) -> float:
    """Choose a learning rate from the training rows.

    For SGD c / (lambda_max + mean |x|^2 / B): the curvature that a batch of B rows shows a linear layer is at most its
    largest second moment, plus what the choice of rows adds. For AdamW 0.001.

    Args:
        X: (N, D) training rows.
        batch_size: rows a step, B.
        loss: "softmax" or "svm".
        optimizer: "sgd" or "adamw".
        has_hidden: whether there are hidden layers.
        generator: draws the rows that are looked at, at most 2,048.
    Convention: every row has a 1 appended for the bias.
    Source: Gower et al. (2019), "SGD: general analysis and improved rates", proposition 3.8, for the bound.
    """
    if optimizer == "adamw":
        return ADAMW_RATE
    rows = generator.choice(len(X), size=min(len(X), SAMPLE_ROWS), replace=False)
    sample = np.concatenate([X[rows], np.ones((len(rows), 1), np.float32)], axis=1).astype(np.float64)
    spread = float(np.mean(np.sum(sample**2, axis=1)))
    rate = OF_THE_BOUND[loss, has_hidden] / (_largest_second_moment(sample, generator=generator) + spread / batch_size)
    return min(rate, LARGEST_SGD_RATE_OF_A_NET) if has_hidden else rate


def _largest_second_moment(rows: np.ndarray, *, generator: np.random.Generator) -> float:
    """Approach the largest eigenvalue of rows^T rows / N by power iteration, from below."""
    direction = generator.standard_normal(rows.shape[1])
    for _ in range(POWER_ITERATIONS):
        unit = direction / np.linalg.norm(direction)
        direction = rows.T @ (rows @ unit) / len(rows)
    return float(np.linalg.norm(direction))
