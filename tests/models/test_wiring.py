import random

import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foldline.core.errors import SettingError
from foldline.models import Wiring, random_wiring
from foldline.models.wiring import GRAPHS, MAX_NODES

SEEDS = range(4)
every_kind = pytest.mark.parametrize("kind", [kind for kind in GRAPHS if kind != "chain"])  # that is random


def reachable(start, following):
    seen, waiting = set(), [start]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += following.get(node, ())
    return seen


@st.composite
def edges_of_dags(draw):
    n = draw(st.integers(1, 12))
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n)]
    return n, tuple(sorted(draw(st.sets(st.sampled_from(pairs))))) if pairs else ()


@given(edges_of_dags())
def test_every_node_is_on_a_path_from_input_to_output(case):
    n, edges = case
    wiring = Wiring(n, edges)
    ahead = {"in": wiring.inlets}
    for node, sources in enumerate(wiring.sources):
        for source in sources:
            ahead[source] = (*ahead.get(source, ()), node)
    for node in wiring.outlets:
        ahead[node] = (*ahead.get(node, ()), "out")
    behind = {}
    for node, following in ahead.items():
        for one in following:
            behind[one] = (*behind.get(one, ()), node)
    assert reachable("in", ahead) == {"in", "out", *range(n)}
    assert reachable("out", behind) == {"in", "out", *range(n)}


@given(edges_of_dags())
def test_depths_and_parts_are_those_of_networkx(case):
    n, edges = case
    wiring, graph = Wiring(n, edges), networkx.DiGraph(edges)
    graph.add_nodes_from(range(n))
    assert wiring.depth == networkx.dag_longest_path_length(graph) + 1
    assert wiring.n_parts == networkx.number_weakly_connected_components(graph)


@every_kind
@pytest.mark.parametrize("seed", SEEDS)
def test_edges_run_from_smaller_to_larger_numbers_and_stand_once(kind, seed):
    edges = random_wiring(kind, n=20, seed=seed).edges
    assert all(0 <= source < target < 20 for source, target in edges)
    assert list(edges) == sorted(set(edges))


@every_kind
def test_equal_seeds_give_equal_graphs_and_others_do_not(kind):
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002  (no global state may reach the graph)
    one = random_wiring(kind, seed=7)
    random.seed(2)
    np.random.seed(2)  # noqa: NPY002
    assert random_wiring(kind, seed=7) == one
    assert random_wiring(kind, seed=8) != one


def test_the_defaults_are_the_papers():
    assert random_wiring("ws") == random_wiring("ws", n=32, k=4, p=0.75)
    assert random_wiring("er") == random_wiring("er", n=32, p=0.2)
    assert random_wiring("ba") == random_wiring("ba", n=32, m=5)


@pytest.mark.parametrize("seed", SEEDS)
def test_numbers_of_edges_are_those_of_the_models(seed):
    assert len(random_wiring("ws", n=24, k=6, seed=seed).edges) == 24 * 3
    assert len(random_wiring("ba", n=24, m=3, seed=seed).edges) == (24 - 3) * 3
    share = len(random_wiring("er", n=100, p=0.3, seed=seed).edges) / (100 * 99 / 2)
    assert share == pytest.approx(0.3, abs=0.03)  # 4,950 coins: standard deviation 0.0065


def test_a_ring_that_is_not_rewired_joins_neighbours():
    wiring = random_wiring("ws", n=6, k=2, p=0.0)
    assert wiring.edges == ((0, 1), (0, 5), (1, 2), (2, 3), (3, 4), (4, 5))
    assert (wiring.inlets, wiring.outlets, wiring.depth) == ((0,), (5,), 6)


def test_all_pairs_make_a_chain_with_every_shortcut():
    wiring = random_wiring("er", n=5, p=1.0)
    assert wiring.sources == ((), (0,), (0, 1), (0, 1, 2), (0, 1, 2, 3))


def test_convention_ba_starts_with_nodes_without_edges():
    wiring = random_wiring("ba", n=9, m=3, seed=1)
    assert wiring.inlets == (0, 1, 2)
    assert wiring.sources[3] == (0, 1, 2)
    assert all(len(sources) == 3 for sources in wiring.sources[3:])


def test_convention_a_graph_of_several_parts_is_taken_as_it_is():
    wiring = random_wiring("er", n=10, p=0.05, seed=0)
    assert wiring.n_parts > 1
    alone = set(wiring.inlets) & set(wiring.outlets)
    assert alone
    assert not any(set(edge) & alone for edge in wiring.edges)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "grid"}, "graph is 'grid'; expected one of 'er', 'ba', 'ws'"),
        ({"n": 1}, "nodes is 1; expected a whole number from 2 to 512"),
        ({"n": MAX_NODES + 1}, "nodes is 513; expected a whole number from 2 to 512"),
        ({"n": 8.0}, "nodes is 8.0; expected a whole number"),
        ({"seed": -1}, "graph_seed is -1; expected a whole number"),
        ({"kind": "er", "p": 0}, "p is 0; expected a number above 0 and at most 1"),
        ({"kind": "er", "p": 1.1}, "p is 1.1; expected a number above 0"),
        ({"kind": "ws", "p": 1.1}, "p is 1.1; expected a number at least 0 and at most 1"),
        ({"kind": "ws", "k": 3}, "k is 3; expected an even number, half of them on each side. Take 2 or 4"),
        ({"kind": "ws", "k": 8, "n": 8}, "nodes is 8, too few for k = 8; expected at least 9"),
        ({"kind": "ba", "m": 8, "n": 8}, "nodes is 8, too few for m = 8; expected at least 9"),
        ({"kind": "ba", "p": 0.5}, "p is 0.5 with graph='ba'; expected only m, which such graphs have. Leave p out"),
        ({"kind": "er", "m": 2}, "m is 2 with graph='er'; expected only p"),
        ({"kind": "ws", "m": 2}, "m is 2 with graph='ws'; expected only k and p"),
        ({"kind": "ba", "n": 4}, "nodes is 4, too few for m = 5; expected at least 6"),
    ],
)
def test_settings_outside_their_range_are_told(settings, message):
    with pytest.raises(SettingError, match=message):
        random_wiring(**settings)


@pytest.mark.parametrize(
    ("n", "edges", "message"),
    [
        (0, [], "nodes is 0"),
        (9999, [], "nodes is 9999"),
        (3, [[0, 3]], "the end of an edge is 3; expected a whole number from 1 to 2"),
        (3, [[1, 1]], "the end of an edge is 1; expected a whole number from 2 to 2"),
        (3, [[0, 2], [0, 1]], "the edges are not in ascending order"),
        (3, [[0, 2], [0, 2]], "the edges are not in ascending order"),
        (3, [[0, "1"]], "the end of an edge is '1'"),
    ],
)
def test_a_graph_that_somebody_wrote_down_is_checked(n, edges, message):
    with pytest.raises(SettingError, match=message):
        Wiring.checked(n, edges)
    assert Wiring.checked(3, [[0, 1], [1, 2]]) == Wiring(3, ((0, 1), (1, 2)))
