"""The page of wirings: a net wired as a graph, and a regular one of about as many weights beside it."""

from collections.abc import Callable
from functools import partial

import jax
import numpy as np

from foldline.insight.wiring_pictures import node_places
from foldline.lab.pages import NOTHING, Given, LabPage, Picture
from foldline.lab.playground import OF_POINTS
from foldline.lab.points import make_points
from foldline.lab.regions import draw_grid
from foldline.lab.rewirable import Rewirable
from foldline.lab.side_by_side import SideBySide
from foldline.lab.state import MOST_NODE_WIDTH, MOST_NODES, LabState, differ
from foldline.lab.trainer import RESPONSE_SIDE
from foldline.lab.wired_nets import n_regular, regular_net, wired_net, wiring_of
from foldline.models import n_numbers
from foldline.models.mlp import regular_width

# What, when it changes, asks for another net. The edges of a graph of one's own do not: the same weights go on.
OF_NET = ("data", "classes", "seed", "inputs", "columns", "wiring_nodes", "wiring_width")
FLAT = 1e-6  # a node whose units differ by no more over the window says nothing about a point


class WiringPage(LabPage):
    """A graph that one person plays with.

    Args:
        state: all settings.
        given: has the points of data="csv" and data="images".
    Raises: SettingError for data="csv" without a file, or a graph that cannot be; what reading images raises.
    """

    def __init__(self, state: LabState, given: Given = NOTHING) -> None:
        self.state, self._table = state, given.table(state)
        self._wiring, self._points = wiring_of(state), make_points(state, self._table)
        self.reset()

    @property
    def is_working(self) -> bool:  # type: ignore[override]  # it is never set
        """Whether the nets are not measured yet; their programs may have to be compiled before."""
        return bool(self._to_do)

    def reset(self) -> None:
        """Begin with new weights, on the same points and graph."""
        state, n_classes = self.state, self._points.n_classes
        wired = wired_net(state, self._wiring, n_classes=n_classes)
        self._n_weights = n_numbers(wired.plain(self._wiring, width=state.wiring_width))
        self._regular_width = regular_width(n_in=len(state.inputs), n_out=n_classes, n_weights=self._n_weights)
        regular = regular_net(state, self._regular_width, n_classes=n_classes)
        self._nets = SideBySide(state, self._points, (wired, regular))
        compile_ = [partial(trainer.train, 0) for trainer in self._nets.trainers]
        self._to_do: list[Callable[[], object]] = [_show_the_graph_first, *compile_, self._nets.measure]
        self._n_pieces = len(self._to_do)

    def change(self, state: LabState, given: Given = NOTHING) -> None:
        """Take other settings; an edge joined or parted by hand leaves the weights, and training goes on.

        Raises: SettingError as when made; nothing has changed then.
        """
        before, was, n_classes = self.state, self._wiring, self._points.n_classes
        wiring, points, table = wiring_of(state), self._points, given.table(state)
        is_other_table = table is not self._table
        if differ(before, state, OF_POINTS) or is_other_table:
            points = make_points(state, table)
        self.state, self._table, self._wiring, self._points = state, table, wiring, points
        is_other_graph = wiring != was and (state.wiring_graph != "own" or wiring.n_nodes != was.n_nodes)
        if is_other_graph or is_other_table or points.n_classes != n_classes or differ(before, state, OF_NET):
            self.reset()
            return
        self._nets.take(state, points)
        if wiring != was:
            wired = self._nets.trainers[0].model
            assert isinstance(wired, Rewirable)
            self._nets.trainers[0].put(wired.rewired(wiring))
            self._n_weights = n_numbers(wired.plain(wiring, width=state.wiring_width))
        if not self.is_working and self._nets.diverged is None:
            self._nets.measure()

    def work(self, until_s: float) -> None:
        """Do the next piece, one from picture to picture: to compile a program takes longer than a picture may."""
        piece, *later = self._to_do
        self._to_do = []  # nothing is tried again
        piece()
        self._to_do = later

    def train(self, n_steps: int) -> int:
        """Take the same steps with both nets, fewer if they would last long; say how many.

        Raises: as `SideBySide.train`.
        """
        while self._to_do:
            self.work(0.0)
        return self._nets.train(n_steps)

    def picture(self, *, is_playing: bool = False) -> Picture:
        """Give the numbers of a picture; before the nets are measured, those of points and graph alone."""
        state, points, wiring, nets = self.state, self._points, self._wiring, self._nets
        n_weights = n_regular(self._regular_width, n_in=len(state.inputs), n_out=points.n_classes)
        arrays = {
            "points": points.xy,
            "labels": points.labels.astype(np.uint8),
            "is_test": points.is_test.astype(np.uint8),
            **self._graph_arrays(),
            **self._net_arrays(),
            "curve": nets.curve,
        }
        n_edges = len(wiring.edges)
        meta: dict[str, object] = {
            "step": nets.step,
            "epoch": nets.trainers[0].epoch,
            "graph": {"nodes": wiring.n_nodes, "edges": n_edges, "depth": wiring.depth, "parts": wiring.n_parts},
            "width": {"wired": state.wiring_width, "regular": self._regular_width},
            "n_weights": {"wired": self._n_weights, "regular": n_weights},
            "loss": nets.told("loss"),
            "accuracy": nets.told("accuracy"),
            "n_points": {"train": int((~points.is_test).sum()), "test": int(points.is_test.sum())},
            "n_classes": points.n_classes,
            "class_names": list(points.class_names),
            "columns": list(points.columns),
            "told": points.told,
            "window": list(state.window),
            "rate": nets.trainers[0].examples_per_s,
            "work": {"done": self._n_pieces - len(self._to_do), "of": self._n_pieces} if self.is_working else None,
            "note": nets.diverged,
        }
        return Picture(meta=meta, arrays=arrays)

    def _graph_arrays(self) -> dict[str, np.ndarray]:
        wiring, wired = self._wiring, self._nets.shown[0]
        assert isinstance(wired, Rewirable)
        places, into = node_places(wiring), np.asarray(jax.nn.sigmoid(wired.edges))
        return {
            "edges": np.array(wiring.edges, np.uint8).reshape(-1, 2),
            "edge_weights": np.array([into[target, source + 1] for source, target in wiring.edges], np.float32),
            "inlets": np.array(wiring.inlets, np.uint8),
            "inlet_weights": into[list(wiring.inlets), 0],
            "outlets": np.array(wiring.outlets, np.uint8),
            "places": np.array([places[node] for node in range(wiring.n_nodes)], np.float32),
        }

    def _net_arrays(self) -> dict[str, np.ndarray]:
        """Give scores over the window, and the mean of each node's units."""
        state, nets, side = self.state, self._nets, RESPONSE_SIDE
        if not nets.measured:
            nothing = np.zeros((0, 0, self._points.n_classes), np.float32)
            empty = np.zeros((0, side, side), np.float32)
            return {"grid": nothing, "regular_grid": nothing, "responses": empty, "is_flat": np.zeros(0, np.uint8)}
        grids = [draw_grid(net, state.inputs, state.window, why="").arrays["grid"] for net in nets.shown]
        units = nets.measured[0].responses[: MOST_NODES * MOST_NODE_WIDTH]
        units = units.reshape(MOST_NODES, MOST_NODE_WIDTH, side, side)[: state.wiring_nodes, : state.wiring_width]
        return {
            "grid": grids[0],
            "regular_grid": grids[1],
            "responses": units.mean(axis=1),
            "is_flat": (np.ptp(units, axis=(2, 3)).max(axis=1) < FLAT).astype(np.uint8),
        }


def _show_the_graph_first() -> None:
    pass  # and compile after that
