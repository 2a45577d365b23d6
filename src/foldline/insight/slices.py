"""Values of the objective at many places of a line or a plane in weight space, by one compiled program."""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64

from foldline.core.errors import DivergedError
from foldline.core.progress import tracking
from foldline.insight.landscape_problem import Problem, row_losses
from foldline.models import ACTIVATIONS, MLP


def values_at(
    problem: Problem, directions: Sequence[MLP], steps: Float64[np.ndarray, "p k"]
) -> Float64[np.ndarray, " p"]:
    """Compute F(W + sum_j c_j D_j) for every row c of steps.

    The first layer is linear in c: its products with the rows, X W^T and X D_j^T, are made once and not once a place.

    Args:
        problem: the objective.
        directions: K of them, of the shape of the net.
        steps: (P, K) how far to go along each.
    Returns: (P,) losses in float32, summed over blocks of rows in float64; the squared penalty in float64.
    Raises: DivergedError if a value is NaN or infinite.
    """
    places = jnp.asarray(steps, jnp.float32)
    sums = np.zeros(len(steps))
    with tracking("loss landscape", len(problem.y)) as advance:
        for X, y, weights in problem.blocks():
            sums += np.asarray(
                _loss_sums(
                    problem.model,
                    tuple(directions),
                    places,
                    X,
                    y,
                    weights,
                    loss=problem.loss,
                    label_smoothing=problem.label_smoothing,
                )
            )
            advance(len(y), "")
    values = sums / len(problem.y) + problem.l2 * _squares(problem.model, directions, np.asarray(steps, np.float64))
    if problem.l1:
        values += problem.l1 * np.asarray(_sizes(problem.model, tuple(directions), places))
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        where = ", ".join(f"{step:g}" for step in steps[bad[0]])
        raise DivergedError(
            f"the loss is {values[bad[0]]} at step {where}, and not finite at {len(bad):,} of {len(values):,} places; "
            "expected finite numbers. Take a smaller range."
        )
    return values


@partial(jax.jit, static_argnames=("loss", "label_smoothing"))
def _loss_sums(
    model: MLP,
    directions: tuple[MLP, ...],
    places: Float[Array, "p k"],
    X: Float[Array, "m d"],
    y: Array,
    weights: Array,
    *,
    loss: str,
    label_smoothing: float,
) -> Float[Array, " p"]:
    nets = (model, *directions)
    # Unit by unit, a column a row of X: each layer is then one product of matrices that are stored row by row.
    firsts = jnp.stack([net.layers[0].W @ X.T + net.layers[0].b[:, None] for net in nets])
    rest = [(jnp.stack([net.layers[i].W for net in nets]), jnp.stack([net.layers[i].b for net in nets]))
            for i in range(1, len(model.layers))]  # fmt: skip

    def at(steps: Float[Array, " k"]) -> Float[Array, ""]:
        shares = jnp.concatenate([jnp.ones(1, steps.dtype), steps])
        h = _mixed(shares, firsts)
        for (W, b), activation in zip(rest, model.activations, strict=True):
            h = _mixed(shares, W) @ ACTIVATIONS[activation](h) + _mixed(shares, b)[:, None]
        return jnp.sum(weights * row_losses(h.T, y, loss=loss, label_smoothing=label_smoothing))

    # One place after the other, not all at once: a block of rows then stays in the processor's cache from layer to
    # layer, and memory does not grow with the places. A vmap of ten places took 1.3 times as long.
    values: Array = jax.lax.map(at, places)
    return values


def _mixed(shares: Float[Array, " k"], arrays: Float[Array, "k ..."]) -> Array:
    # Written out: as a product over so few numbers XLA makes a slow loop of it.
    return sum((shares[j] * arrays[j] for j in range(1, len(arrays))), start=arrays[0])


def _squares(model: MLP, directions: Sequence[MLP], steps: Float64[np.ndarray, "p k"]) -> Float64[np.ndarray, " p"]:
    """Compute the sum of squared weights at each place: a quadratic function of the steps."""
    weights = [
        np.concatenate([np.asarray(layer.W, np.float64).ravel() for layer in net.layers])
        for net in (model, *directions)
    ]
    products = np.array([[a @ b for b in weights] for a in weights])
    shares = np.column_stack([np.ones(len(steps)), steps])
    return np.asarray(np.einsum("pi,ij,pj->p", shares, products, shares))


@jax.jit
def _sizes(model: MLP, directions: tuple[MLP, ...], places: Float[Array, "p k"]) -> Float[Array, " p"]:
    nets = (model, *directions)

    def at(steps: Float[Array, " k"]) -> Float[Array, ""]:
        layers = zip(*(net.layers for net in nets), strict=True)
        return sum(
            (jnp.sum(jnp.abs(of[0].W + sum(steps[j] * layer.W for j, layer in enumerate(of[1:])))) for of in layers),
            start=jnp.zeros((), jnp.float32),
        )

    sizes: Array = jax.lax.map(at, places)
    return sizes
