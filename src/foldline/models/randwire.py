"""Randomly wired networks: a random graph whose nodes are layers."""

import functools
from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from foldline.models.initialisation import initial_weights
from foldline.models.linear import Linear
from foldline.models.wiring import Wiring


class RandWire(eqx.Module):
    """A network wired as a graph: node j gives h_j = W_j ReLU(sum_i sigmoid(e_ij) h_i) + b_j.

    The sum is over the nodes that feed node j, or h_0 = W_0 x + b_0 for those that none does. The scores are those of
    one more layer on the mean of what the outlets give.

    Convention: the mean over outlets is not weighted; all other edges are, those from the input too.
    Source: Xie, Kirillov, Girshick, He (2019), section 3.2, with matrices of one width instead of separable
        convolutions, and without normalisation, which first weights scaled by the number of edges make needless.
    """

    inlet: Linear
    nodes: tuple[Linear, ...]
    edges: Float[Array, " e"]
    outlet: Linear
    wiring: Wiring = eqx.field(static=True)

    @classmethod
    def random(cls, *, n_in: int, n_out: int, width: int, wiring: Wiring, key: PRNGKeyArray) -> "RandWire":
        """Make a net with random weights.

        Args:
            n_in: length D of a feature vector.
            n_out: number K of classes.
            width: units of every node.
            wiring: which node feeds which.
            key: PRNG key.
        Convention: edges start at e = 0, a weight of 1/2. He's weights are multiplied by 2 / sqrt(number of edges
            into the node), so that the mean square of what a node gives is that of what feeds it.
        """
        inlet_key, outlet_key, *keys = jax.random.split(key, 2 + wiring.n_nodes)
        nodes = [
            _node(width, n_edges=max(len(sources), 1), key=node_key)
            for sources, node_key in zip(wiring.sources, keys, strict=True)
        ]
        return cls(
            inlet=Linear.random(n_in=n_in, n_out=width, activation="relu", key=inlet_key),
            nodes=tuple(nodes),
            edges=jnp.zeros(wiring.n_weighted, jnp.float32),
            outlet=Linear.random(n_in=width, n_out=n_out, activation="identity", key=outlet_key),
            wiring=wiring,
        )

    @property
    def learned(self) -> tuple[Linear, ...]:
        """All layers: that of the input, the nodes, that of the classes."""
        return (self.inlet, *self.nodes, self.outlet)

    @property
    def edge_weights(self) -> list[Float[Array, " _"]]:
        """The weights in (0, 1) of the edges into each node, in the order of `wiring.sources`."""
        return by_node(jax.nn.sigmoid(self.edges), self.wiring)

    def hidden(
        self,
        X: Float[Array, "n d"],
        *,
        dropout: float | Float[Array, ""] = 0.0,
        key: PRNGKeyArray | None = None,
    ) -> list[Float[Array, "n w"]]:
        """Give the mean of what the outlets give: the graph as a whole is one hidden layer.

        Args:
            X: (N, D) feature vectors.
            dropout: share of units switched off, in [0, 1), in what the first layer gives and in what the last one
                reads; those left are scaled by 1 / (1 - dropout).
            key: PRNG key for dropout; None switches no unit off.
        """
        keys = (None, None) if key is None else jax.random.split(key)
        first = thinned(self.inlet(X), dropout, keys[0])
        out = flow(first, self.nodes, self.edge_weights, self.wiring)
        return [thinned(out, dropout, keys[1])]

    def __call__(
        self,
        X: Float[Array, "n d"],
        *,
        dropout: float | Float[Array, ""] = 0.0,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "n k"]:
        """Give class scores, a row per input row; with a key, units are switched off (see `hidden`)."""
        return self.outlet(self.hidden(X, dropout=dropout, key=key)[-1])


def by_node(weights: Float[Array, " e"], wiring: Wiring) -> list[Float[Array, " _"]]:
    """Part the weights of edges by the nodes that these lead into, in the order of `wiring.sources`."""
    found, start = [], 0
    for sources in wiring.sources:
        end = start + max(len(sources), 1)
        found.append(weights[start:end])
        start = end
    return found


def flow(
    first: Float[Array, "n ..."],
    nodes: Sequence[Callable[[Array], Array]],
    weights: Sequence[Float[Array, " _"]],
    wiring: Wiring,
) -> Float[Array, "n ..."]:
    """Give the mean of what the outlets of a graph give.

    Args:
        first: what feeds the nodes that no node does.
        nodes: what each node makes of the ReLU of what feeds it.
        weights: of the edges into each node.
        wiring: which node feeds which.
    """
    h: list[Array] = []
    for node, sources, of_node in zip(nodes, wiring.sources, weights, strict=True):
        fed_by = [h[source] for source in sources] or [first]
        h.append(node(jax.nn.relu(_sum([weight * of for weight, of in zip(of_node, fed_by, strict=True)]))))
    return _sum([h[node] for node in wiring.outlets]) / len(wiring.outlets)


def thinned(h: Float[Array, "n w"], dropout: float | Float[Array, ""], key: PRNGKeyArray | None) -> Float[Array, "n w"]:
    """Switch off a share of units and scale those that are left; none without a key."""
    # Not in every node: training then took 1.7 times as long (32 nodes of 64 units) for no better accuracy.
    if key is None:
        return h
    return jnp.where(jax.random.bernoulli(key, 1.0 - dropout, h.shape), h / (1.0 - dropout), 0.0).astype(h.dtype)


def _node(width: int, *, n_edges: int, key: PRNGKeyArray) -> Linear:
    W = initial_weights(n_out=width, n_in=width, activation="relu", key=key)
    return Linear(W * 2.0 / jnp.sqrt(jnp.float32(n_edges)), jnp.zeros(width, jnp.float32))


def _sum(terms: Sequence[Array]) -> Array:
    return functools.reduce(jnp.add, terms)
