"""Random graphs as the wiring of a network: which node feeds which."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from foldline.core.checks import choice, integer, number
from foldline.core.errors import SettingError

if TYPE_CHECKING:
    import networkx as nx

MAX_NODES = 512  # each is a few operations of the compiled program, which is slow to compile beyond


@dataclass(frozen=True)
class Wiring:
    """A directed graph without cycles, between one input and one output.

    Edges run from smaller to larger node numbers. Nodes that none feeds are fed by the input, `inlets`; what nodes
    that feed none give goes to the output, `outlets`. So every node is on a path from the input to the output, in a
    graph of several parts too.

    Args:
        n_nodes: number N of nodes, without input and output.
        edges: (from, to) pairs, sorted, each once, from < to.
    """

    n_nodes: int
    edges: tuple[tuple[int, int], ...]

    @classmethod
    def checked(cls, n_nodes: object, edges: Sequence[Sequence[object]]) -> "Wiring":
        """Make one of a graph that somebody else wrote down.

        Raises: SettingError for too many nodes, or edges that are none, are not in order or stand there twice.
        """
        n = integer(n_nodes, name="nodes", low=1, high=MAX_NODES)
        found: list[tuple[int, int]] = []
        for source, target in edges:
            start = integer(source, name="the start of an edge", low=0, high=n - 2)
            found.append((start, integer(target, name="the end of an edge", low=start + 1, high=n - 1)))
        if any(one >= other for one, other in pairwise(found)):
            raise SettingError("the edges are not in ascending order, each once; expected them so. Sort them.")
        return cls(n, tuple(found))

    @cached_property
    def sources(self) -> tuple[tuple[int, ...], ...]:
        """The nodes that feed each node, in ascending order."""
        found: list[list[int]] = [[] for _ in range(self.n_nodes)]
        for source, target in self.edges:
            found[target].append(source)
        return tuple(tuple(sorted(of_node)) for of_node in found)

    @cached_property
    def inlets(self) -> tuple[int, ...]:
        """The nodes that the input feeds: those that no node does."""
        return tuple(node for node, of_node in enumerate(self.sources) if not of_node)

    @cached_property
    def outlets(self) -> tuple[int, ...]:
        """The nodes that feed the output: those that feed no node."""
        feeding = {source for source, _ in self.edges}
        return tuple(node for node in range(self.n_nodes) if node not in feeding)

    @property
    def n_weighted(self) -> int:
        """The number of edges that a net weighs: those between nodes and those from the input."""
        return len(self.edges) + len(self.inlets)

    @cached_property
    def depths(self) -> tuple[int, ...]:
        """The number of nodes on the longest path from the input to each node, with it."""
        found: list[int] = []
        for of_node in self.sources:
            found.append(1 + max((found[source] for source in of_node), default=0))
        return tuple(found)

    @property
    def depth(self) -> int:
        """The number of nodes on the longest path."""
        return max(self.depths)

    @cached_property
    def n_parts(self) -> int:
        """The number of parts into which the graph falls without input and output."""
        part = list(range(self.n_nodes))
        for source, target in self.edges:
            old, new = part[target], part[source]
            part = [new if one == old else one for one in part]
        return len(set(part))


@dataclass(frozen=True, kw_only=True)
class GraphKind:
    """One way to draw a graph.

    Args:
        title: whose graph it is.
        draw: gives the undirected graph, on nodes 0 ... N-1, of N, its settings and a seed.
        defaults: its settings and the paper's values.
        check: refuses settings outside their range for N nodes.
    """

    title: str
    draw: Callable[..., "nx.Graph[int]"]
    defaults: dict[str, float]
    check: Callable[..., None]


def random_wiring(kind: str = "ws", *, n: int = 32, seed: int = 0, **settings: float | None) -> Wiring:
    """Draw a random graph and direct its edges from smaller to larger node numbers.

    Args:
        kind: "er", Erdős and Rényi: each pair of nodes is an edge with probability p. "ba", Barabási and Albert: node
            after node is joined to m of those before it, with probabilities proportional to their edges. "ws", Watts
            and Strogatz: a ring, each node joined to its k nearest; every edge is turned to another end with
            probability p. "chain": each node feeds the next one, layers as in textbooks, and nothing is random.
        n: number of nodes, from 2 to 512.
        seed: decides the graph, the same on every machine.
        settings: p in (0, 1] of "er", default 0.2; m in [1, n) of "ba", 5; k, even, in [2, n), default 4, and p in
            [0, 1], 0.75, of "ws". None takes the default.
    Raises: SettingError for another kind, a setting that the kind does not have or one outside its range.
    Convention: a graph of several parts is taken as it is, since input and output join them.
    Convention: "ba" starts with m nodes without edges, so that node m is joined to all of them; "ws" numbers nodes
        around the ring.
    Source: Xie, Kirillov, Girshick, He (2019), sections 3.2 and 3.3. The graphs are networkx's.
    Example:
        >>> wiring = random_wiring("ba", n=5, m=2)
        >>> wiring.inlets, wiring.sources[2]
        ((0, 1), (0, 1))
    """
    choice(kind, tuple(GRAPHS), name="graph")
    integer(n, name="nodes", low=2, high=MAX_NODES)
    integer(seed, name="graph_seed", low=0, high=2**32 - 1)
    graph_kind = GRAPHS[kind]
    given = {name: value for name, value in settings.items() if value is not None}
    for name, value in given.items():
        if name not in graph_kind.defaults:
            raise SettingError(
                f"{name} is {value!r} with graph={kind!r}; expected only "
                f"{' and '.join(graph_kind.defaults) or 'no setting'}, which such graphs have. Leave {name} out, or "
                f"take another graph."
            )
    chosen = {**graph_kind.defaults, **given}
    graph_kind.check(n, **chosen)
    graph = graph_kind.draw(n, **chosen, seed=seed)
    return Wiring(n, tuple(sorted((min(pair), max(pair)) for pair in graph.edges)))


def _erdos_renyi(n: int, *, p: float, seed: int) -> "nx.Graph[int]":
    import networkx

    return networkx.gnp_random_graph(n, p, seed=seed)


def _barabasi_albert(n: int, *, m: int, seed: int) -> "nx.Graph[int]":
    import networkx

    # The paper's start; networkx's own is a star around node 0, which all others would then hang on.
    first = networkx.Graph()
    first.add_nodes_from(range(m + 1))
    first.add_edges_from((node, m) for node in range(m))
    return networkx.barabasi_albert_graph(n, m, seed=seed, initial_graph=first)


def _watts_strogatz(n: int, *, k: int, p: float, seed: int) -> "nx.Graph[int]":
    import networkx

    return networkx.watts_strogatz_graph(n, k, p, seed=seed)


def _chain(n: int, *, seed: int) -> "nx.Graph[int]":
    import networkx

    return networkx.path_graph(n)


def _check_erdos_renyi(n: int, *, p: float) -> None:
    number(p, name="p", low=0.0, above=True, high=1.0)


def _check_barabasi_albert(n: int, *, m: int) -> None:
    if integer(m, name="m", low=1) >= n:
        raise _too_few_nodes(n, name="m", value=m)


def _check_watts_strogatz(n: int, *, k: int, p: float) -> None:
    if integer(k, name="k", low=2) >= n:
        raise _too_few_nodes(n, name="k", value=k)
    if k % 2:
        raise SettingError(f"k is {k}; expected an even number, half of them on each side. Take {k - 1} or {k + 1}.")
    number(p, name="p", low=0.0, high=1.0)


def _too_few_nodes(n: int, *, name: str, value: int) -> SettingError:
    return SettingError(
        f"nodes is {n}, too few for {name} = {value}; expected at least {value + 1}. Give more nodes, or a smaller "
        f"{name}."
    )


def _check_chain(n: int) -> None:
    pass  # any number of nodes can stand in a row


GRAPHS: dict[str, GraphKind] = {
    "er": GraphKind(title="Erdős-Rényi", draw=_erdos_renyi, defaults={"p": 0.2}, check=_check_erdos_renyi),
    "ba": GraphKind(title="Barabási-Albert", draw=_barabasi_albert, defaults={"m": 5}, check=_check_barabasi_albert),
    "ws": GraphKind(
        title="Watts-Strogatz", draw=_watts_strogatz, defaults={"k": 4, "p": 0.75}, check=_check_watts_strogatz
    ),
    "chain": GraphKind(title="nodes in a row", draw=_chain, defaults={}, check=_check_chain),
}
