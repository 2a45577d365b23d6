"""The two nets of the page of wirings: the graph that a state asks for, and a regular net of about as many weights."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from foldline.core.seeds import generator_from_seed
from foldline.lab.rewirable import Rewirable
from foldline.lab.state import MOST_NODE_WIDTH, MOST_NODES, LabState
from foldline.lab.trainer import first_net
from foldline.models import MLP, Linear, Wiring, random_wiring
from foldline.models.mlp import regular_width


def wiring_of(state: LabState) -> Wiring:
    """Give the graph that a state asks for. Raises: SettingError for one that cannot be."""
    kind, n = state.wiring_graph, state.wiring_nodes
    if kind == "own":
        return Wiring.checked(n, state.wiring_edges)
    settings: dict[str, dict[str, float]] = {
        "er": {"p": state.wiring_p},
        "ba": {"m": state.wiring_m},
        "ws": {"k": state.wiring_k, "p": state.wiring_turned},
        "chain": {},
    }
    return random_wiring(kind, n=n, seed=state.wiring_seed, **settings[kind])


def wired_net(state: LabState, wiring: Wiring, *, n_classes: int) -> Rewirable:
    """Draw the wired net of a state; the seed decides its first weights."""
    return Rewirable.random(
        n_in=len(state.inputs),
        n_out=n_classes,
        width=state.wiring_width,
        wiring=wiring,
        generator=generator_from_seed(state.seed),
    )


def regular_net(state: LabState, width: int, *, n_classes: int) -> MLP:
    """Draw the net of two hidden layers of a width; the seed decides its first weights.

    Convention: it has room for as many units as any wired net needs beside it. Those that it does not have are 0, have
        no effect and no gradient, and stay 0 in training, so that another width compiles nothing.
    """
    net = first_net(
        replace(state, hidden=(width, width), activation=("relu",)),
        n_classes=n_classes,
        generator=generator_from_seed(state.seed),
    )
    d, k = len(state.inputs), n_classes
    most = regular_width(n_in=d, n_out=k, n_weights=_most_weights(n_in=d, n_out=k))
    sizes = [(most, d), (most, most), (k, most)]
    return MLP(tuple(_padded(layer, *size) for layer, size in zip(net.layers, sizes, strict=True)), "relu")


def n_regular(width: int, *, n_in: int, n_out: int) -> int:
    """Count weights and biases of a net of two hidden layers of a width."""
    return width * (n_in + width + n_out + 2) + n_out


def _most_weights(*, n_in: int, n_out: int) -> int:
    """Count the numbers of the largest wired net."""
    n, w = MOST_NODES, MOST_NODE_WIDTH
    return (n_in + 1) * w + n * (w + 1) * w + n * (n - 1) // 2 + 1 + (w + 1) * n_out


def _padded(layer: Linear, n_out: int, n_in: int) -> Linear:
    W, b = np.zeros((n_out, n_in), np.float32), np.zeros(n_out, np.float32)
    rows, columns = layer.W.shape
    W[:rows, :columns], b[:rows] = layer.W, layer.b
    return Linear(jnp.asarray(W), jnp.asarray(b))
