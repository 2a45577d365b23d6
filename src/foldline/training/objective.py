"""What training minimises: the mean loss and a price on large weights."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from foldline.models import Net
from foldline.training.losses import LOSSES, smoothed_softmax_losses

Scalar = Float[Array, ""]


class BatchProgress(NamedTuple):
    """The mean loss of a batch, without the penalty, and how many of its rows are right."""

    mean_loss: Scalar
    n_right: Int[Array, ""]


def penalty(model: Net, *, l1: float | Scalar, l2: float | Scalar) -> Scalar:
    """Compute R = l2 * sum of W^2 + l1 * sum of |W| over all layers that are learned.

    Convention: biases are not regularised; `l2` multiplies the plain sum of squares, with no half.
    Convention: the slope of |W| is 0 where W is 0, so that a weight which nothing else moves stays there.
    """
    weights = [layer.W for layer in model.learned]
    squares = jnp.stack([jnp.sum(W * W) for W in weights])
    # That of jnp.abs is 1 at 0.
    sizes = jnp.stack([jnp.sum(W * jnp.sign(W)) for W in weights])
    return l2 * jnp.sum(squares) + l1 * jnp.sum(sizes)


def objective(
    model: Net,
    X: Float[Array, "n d"],
    y: Int[Array, " n"],
    weights: Float[Array, " n"] | None,
    *,
    loss: str,
    l1: float | Scalar,
    l2: float | Scalar,
    dropout: float | Scalar = 0.0,
    label_smoothing: float | Scalar | None = None,
    loss_scale: float | Scalar = 1.0,
    in_bfloat16: bool = False,
    key: PRNGKeyArray | None = None,
) -> tuple[Scalar, BatchProgress]:
    """Compute (c/N) sum_i w_i L_i + R(W), and how the batch went.

    Args:
        model: the net.
        X: (N, D) feature vectors.
        y: (N,) labels in 0 ... K-1.
        weights: (N,) non-negative weights w_i of the rows, mean 1; None for all ones.
        loss: key of LOSSES.
        l1: strength of the absolute penalty, at least 0.
        l2: strength of the squared penalty, at least 0.
        dropout: share of hidden units switched off, in [0, 1).
        label_smoothing: share of the target probability that all classes are given alike; None for none.
        loss_scale: c.
        in_bfloat16: whether scores are computed from copies of weights and X in bfloat16.
        key: PRNG key for dropout; None for none.
    Returns: the objective; the mean of w_i L_i alone and the number of rows whose largest score is the true one's.
    Convention: in bfloat16 the losses, the penalty and the gradients are float32 all the same.
    """
    if in_bfloat16:
        copies: tuple[Net, Array] = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), (model, X))
        scores = copies[0](copies[1], dropout=dropout, key=key).astype(jnp.float32)
    else:
        scores = model(X, dropout=dropout, key=key)
    if label_smoothing is None:
        losses = LOSSES[loss](scores, y)
    else:
        losses = smoothed_softmax_losses(scores, y, smoothing=label_smoothing)
    mean_loss = jnp.mean(losses if weights is None else losses * weights)
    n_right = jnp.sum(jnp.argmax(scores, axis=1) == y)
    return loss_scale * mean_loss + penalty(model, l1=l1, l2=l2), BatchProgress(mean_loss, n_right)
