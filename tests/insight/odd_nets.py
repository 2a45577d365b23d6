"""Small nets of two inputs, random and degenerate, for tests of exact folds."""

from itertools import pairwise

import jax.numpy as jnp
import numpy as np

from foldline.models import MLP, Linear

WINDOW_CORNERS = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])


def net_of(weights, biases, activation="relu"):
    layers = (
        Linear(jnp.asarray(W, jnp.float32), jnp.asarray(b, jnp.float32)) for W, b in zip(weights, biases, strict=True)
    )
    return MLP(tuple(layers), activation)


def random_net(*widths, seed=0, activation="relu"):
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((n_out, n_in)) * np.sqrt(2 / n_in) for n_in, n_out in pairwise(widths)]
    return net_of(weights, [0.5 * rng.standard_normal(n) for n in widths[1:]], activation)


def odd_net(kind, seed):
    """Make a net of one of KINDS."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    widths = [2, 4, 4, 4, 3] if kind in ("deep", "mixed") else [2, int(rng.integers(3, 8)), int(rng.integers(2, 6)), 3]
    weights = [rng.standard_normal((n_out, n_in)) for n_in, n_out in pairwise(widths)]
    biases = [0.5 * rng.standard_normal(n) for n in widths[1:]]
    weights, biases = KINDS[kind](weights, biases, rng)
    activations = {"leaky": "leaky_relu", "mixed": ("leaky_relu", "identity", "relu")}
    return net_of(weights, biases, activations.get(kind, "relu"))


def _as_they_are(weights, biases, _):
    return weights, biases


def _without_biases(weights, biases, _):
    return weights, [0 * b for b in biases]


def _whole_numbers(weights, biases, _):
    return [np.round(1.3 * W) for W in weights], [np.round(1.3 * b) for b in biases]


def _duplicates(weights, biases, _):
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        W[1], b[1] = W[0], b[0]
        W[-1], b[-1] = 2 * W[0], 2 * b[0]
    return weights, biases


def _opposites(weights, biases, _):
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        W[1], b[1] = -W[0], -b[0]
    weights[1][:, 1] = weights[1][:, 0]  # so that the two cancel to one linear map
    return weights, biases


def _parallel(weights, biases, _):
    for W in weights[:-1]:
        W[1], W[-1] = W[0], -W[0]
    return weights, biases


def _dead(weights, biases, _):
    """Units that are 0 everywhere, below 0 everywhere, above 0 everywhere, and one that never gets above 0."""
    weights[0][:3] = 0
    biases[0][:3] = 0, -1, 1
    weights[1][0], biases[1][0] = 0, 0
    weights[1][1], biases[1][1] = -np.abs(weights[1][1]), 0
    return weights, biases


def _through_corners(weights, biases, _):
    weights[0] = np.round(4 * weights[0])
    biases[0] = -np.einsum("ud,ud->u", weights[0], WINDOW_CORNERS[np.arange(len(weights[0])) % 4])
    return weights, biases


def _through_one_point(weights, biases, rng):
    weights[0] = np.round(4 * weights[0])
    biases[0] = -weights[0] @ (np.round(8 * rng.uniform(-0.5, 0.5, 2)) / 8)
    return weights, biases


def _tiny(weights, biases, _):
    return [1e-6 * W for W in weights], [1e-6 * b for b in biases]


KINDS = {
    "random": _as_they_are,
    "leaky": _as_they_are,
    "deep": _as_they_are,
    "without biases": _without_biases,
    "whole numbers": _whole_numbers,
    "duplicates": _duplicates,
    "opposites": _opposites,
    "parallel": _parallel,
    "dead": _dead,
    "through corners": _through_corners,
    "through one point": _through_one_point,
    "tiny": _tiny,
    "mixed": _as_they_are,
}
