"""A randomly wired net whose graph is numbers: joining and parting nodes compiles nothing."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from foldline.lab.state import MOST_NODE_WIDTH, MOST_NODES
from foldline.models import Linear, RandWire, Wiring
from foldline.models.initialisation import fan_of
from foldline.models.randwire import thinned


class Nodes(eqx.Module):
    """The layers of all nodes, one on the other."""

    W: Float[Array, "nodes out in"]
    b: Float[Array, "nodes out"]


class Rewirable(eqx.Module):
    """A `RandWire` with room for 16 nodes of 8 units, the same program for all graphs of them.

    What is beyond the net's own nodes and units is 0, has no effect and no gradient, and stays 0 in training. Measured
    with 16 nodes of 8 units: training and measuring a `RandWire` is compiled in 5 s of one core for each graph, in 3 s
    for all of them here.

    Args:
        inlet: what makes h_0 of a point.
        nodes: W and b of every node.
        edges: e of each edge into a node (row), the first from the input, the others from the nodes.
        outlet: what makes scores of the mean of the outlets.
        feeds: 1 where there is an edge, 0 where there is none. Not trained.
        shares: of each node in the mean of the outlets. Not trained.
    """

    inlet: Linear
    nodes: Nodes
    edges: Float[Array, "nodes sources"]
    outlet: Linear
    feeds: Float[Array, "nodes sources"]
    shares: Float[Array, " nodes"]

    @classmethod
    def random(
        cls, *, n_in: int, n_out: int, width: int, wiring: Wiring, generator: np.random.Generator
    ) -> "Rewirable":
        """Draw a net as `RandWire.random` does, with NumPy: JAX would compile a generator for every number of nodes."""

        def drawn(rows: int, columns: int, *, n_out: int, n_in: int, activation: str) -> np.ndarray:
            W = np.zeros((rows, columns))
            scale = np.sqrt(fan_of(n_out=n_out, n_in=n_in, activation=activation))
            W[:n_out, :n_in] = generator.normal(size=(n_out, n_in)) / scale
            return W

        most = MOST_NODE_WIDTH
        inlet = drawn(most, n_in, n_out=width, n_in=n_in, activation="relu")
        outlet = drawn(n_out, most, n_out=n_out, n_in=width, activation="identity")
        W = np.zeros((MOST_NODES, most, most))
        for node, sources in enumerate(wiring.sources):
            node_W = drawn(most, most, n_out=width, n_in=width, activation="relu")
            W[node] = node_W * 2.0 / np.sqrt(max(len(sources), 1))
        feeds, shares = _numbers_of(wiring)
        return cls(
            inlet=Linear(_array(inlet), _array(np.zeros(most))),
            nodes=Nodes(_array(W), _array(np.zeros((MOST_NODES, most)))),
            edges=_array(np.zeros((MOST_NODES, MOST_NODES + 1))),
            outlet=Linear(_array(outlet), _array(np.zeros(n_out))),
            feeds=feeds,
            shares=shares,
        )

    @property
    def learned(self) -> tuple[Linear, Nodes, Linear]:
        """All layers."""
        return (self.inlet, self.nodes, self.outlet)

    def rewired(self, wiring: Wiring) -> "Rewirable":
        """Give the net with the same weights on another graph of as many nodes; a parted edge keeps its weight."""
        feeds, shares = _numbers_of(wiring)
        rewired: Rewirable = eqx.tree_at(lambda net: (net.feeds, net.shares), self, (feeds, shares))
        return rewired

    def plain(self, wiring: Wiring, *, width: int) -> RandWire:
        """Give the same net as the `RandWire` that it is.

        Args:
            wiring: its graph.
            width: units of its nodes.
        """
        own, n = slice(width), wiring.n_nodes
        columns = [[source + 1 for source in sources] or [0] for sources in wiring.sources]
        return RandWire(
            inlet=Linear(self.inlet.W[own], self.inlet.b[own]),
            nodes=tuple(Linear(self.nodes.W[node, own, own], self.nodes.b[node, own]) for node in range(n)),
            edges=jnp.concatenate([self.edges[node, jnp.array(of_node)] for node, of_node in enumerate(columns)]),
            outlet=Linear(self.outlet.W[:, own], self.outlet.b),
            wiring=wiring,
        )

    def hidden(
        self,
        X: Float[Array, "n d"],
        *,
        dropout: float | Float[Array, ""] = 0.0,
        key: PRNGKeyArray | None = None,
    ) -> list[Float[Array, "n w"]]:
        """Give what every node gives, and the mean of the outlets; dropout is that of `RandWire`."""
        keys = (None, None) if key is None else jax.random.split(key)
        weights = jax.lax.stop_gradient(self.feeds) * jax.nn.sigmoid(self.edges)
        first = thinned(self.inlet(X), dropout, keys[0])
        h = jnp.zeros((MOST_NODES + 1, *first.shape)).at[0].set(first)

        def give(h: Array, of_node: tuple[Array, Array, Array, Array]) -> tuple[Array, None]:
            node, W, b, into = of_node
            fed = jax.nn.relu(jnp.tensordot(into, h, 1))
            return h.at[node + 1].set(fed @ W.T + b), None

        h, _ = jax.lax.scan(give, h, (jnp.arange(MOST_NODES), self.nodes.W, self.nodes.b, weights))
        out = jnp.tensordot(jax.lax.stop_gradient(self.shares), h[1:], 1)
        return [*h[1:], thinned(out, dropout, keys[1])]

    def __call__(
        self,
        X: Float[Array, "n d"],
        *,
        dropout: float | Float[Array, ""] = 0.0,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "n k"]:
        """Give class scores, a row per input row."""
        return self.outlet(self.hidden(X, dropout=dropout, key=key)[-1])


def _numbers_of(wiring: Wiring) -> tuple[Float[Array, "nodes sources"], Float[Array, " nodes"]]:
    feeds, shares = np.zeros((MOST_NODES, MOST_NODES + 1)), np.zeros(MOST_NODES)
    for source, target in wiring.edges:
        feeds[target, source + 1] = 1
    feeds[list(wiring.inlets), 0] = 1
    shares[list(wiring.outlets)] = 1 / len(wiring.outlets)
    return _array(feeds), _array(shares)


def _array(numbers: np.ndarray) -> Array:
    return jnp.asarray(numbers, jnp.float32)
