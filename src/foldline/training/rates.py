"""A learning rate that fits the data: as large as the curvature of a linear model and of the penalty allows."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

from foldline.core.errors import DivergedError
from foldline.training.coded import CodedRows
from foldline.training.settings import Loss, Optimizer
from foldline.training.streamed import StreamedRows

SAMPLE_ROWS = 2048
POWER_ITERATIONS = 10

# Measured on validation rows of Fashion-MNIST and CIFAR-10 (pixels, HoG, colour histograms, scaled; momentum 0.9). A
# linear softmax classifier did best at 0.7 to 2.2 times the bound. Nets of 256 units did best at 0.02 to 0.03 on all of
# these, 1.7 to 2.5 times the bound of what their hidden layer hands on, and broke down at 4 to 8 times that, as did
# wider ones; the bound of their input, 4 to 26 times lower than this, matters where features are not scaled. In batches
# of 14 of 720 HoG vectors three layers broke down at 5.4 times what the spread alone allows. The hinges of all wrong
# classes add up, so an SVM takes a quarter.
OF_LINEAR_BOUND = 1.0
OF_INPUT_BOUND = 20.0
OF_SPREAD_BOUND = 3.0
OF_HIDDEN_BOUND = 2.0
LARGEST_RATE_OF_A_NET = 0.05
SVM_SHARE = 0.25
ADAMW_RATE = 1e-3  # Kingma and Ba (2015), section 2; Adam's steps do not depend on the scale


def automatic_rate(
    X: Float32[np.ndarray, "n d"] | CodedRows | StreamedRows,
    *,
    weights: Float32[np.ndarray, " n"] | None = None,
    l2: float,
    batch_size: int,
    loss: Loss,
    optimizer: Optimizer,
    hidden: Sequence[int],
    generator: np.random.Generator,
) -> float:
    """Choose a learning rate from the training rows and the widths of the net.

    The bound for a layer with inputs x and row weights w is 1 / (lambda_max(mean w x x^T) + mean w^2 |x|^2 / B): the
    curvature that a batch of B rows shows a linear model is at most the largest second moment of x, plus what the
    choice of rows adds, their spread. A linear classifier takes 1 times the bound of its rows. A net takes the smallest
    of 20 times that of its rows, 3 times what their spread alone would allow, twice the bound of each hidden layer and
    0.05. The penalty l2 |W|^2 has curvature 2 l2 of its own, so that a rate r becomes 1 / (1 / r + 2 l2). AdamW takes
    0.001.

    Args:
        X: (N, D) training rows, their codes or their file.
        weights: (N,) weights of the rows, mean 1; None for all ones.
        l2: strength of the squared penalty.
        batch_size: rows a step, B.
        loss: "softmax" or "svm".
        optimizer: "sgd" or "adamw".
        hidden: widths H of the hidden layers; none for a linear classifier.
        generator: draws the rows that are looked at, at most 2,048.
    Raises: DivergedError if the features are too large to square.
    Convention: every row has a 1 appended for the bias.
    Convention: H units with He's first weights on scaled rows have second moment 1 and mean 1 / sqrt(pi) each, so that
        lambda_max is H / pi and mean w^2 |x|^2 is H mean w^2.
    Source: Gower et al. (2019), "SGD: general analysis and improved rates", proposition 3.8, for the bound.
    """
    if optimizer == "adamw":
        return ADAMW_RATE
    rows = generator.choice(len(X), size=min(len(X), SAMPLE_ROWS), replace=False)
    numbers = X[rows] if isinstance(X, np.ndarray) else np.asarray(X.rows(rows))
    sample = np.concatenate([numbers, np.ones((len(rows), 1), np.float32)], axis=1)
    w = np.ones(len(rows)) if weights is None else weights[rows].astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(np.mean(w**2 * np.einsum("nd,nd->n", sample, sample)))
        sample *= np.sqrt(w, dtype=np.float32)[:, None]
        moment = _largest_second_moment(sample, generator=generator)
    if not np.isfinite(moment + spread):
        raise DivergedError(
            "the squares of the features became infinite; expected finite numbers. Scale the features to about mean 0 "
            "and deviation 1."
        )
    bound = 1.0 / (moment + spread / batch_size)
    if hidden:
        spread_of_weights = float(np.mean(w**2))
        bounds_of_hidden = (1.0 / (width / np.pi + width * spread_of_weights / batch_size) for width in hidden)
        rate = min(
            OF_INPUT_BOUND * bound,
            OF_SPREAD_BOUND * batch_size / spread,
            OF_HIDDEN_BOUND * min(bounds_of_hidden),
            LARGEST_RATE_OF_A_NET,
        )
    else:
        rate = OF_LINEAR_BOUND * bound
    rate = SVM_SHARE * rate if loss == "svm" else rate
    return 1.0 / (1.0 / rate + 2.0 * l2)


def _largest_second_moment(rows: Float32[np.ndarray, "n d"], *, generator: np.random.Generator) -> float:
    """Approach the largest eigenvalue of rows^T rows / N by power iteration, from below."""
    direction = generator.standard_normal(rows.shape[1], dtype=np.float32)
    for _ in range(POWER_ITERATIONS):
        unit = direction / np.linalg.norm(direction)
        direction = rows.T @ (rows @ unit) / len(rows)
    return float(np.linalg.norm(direction))
