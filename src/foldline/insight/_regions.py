"""Cuts a window into the linear regions of a net, and these into parts of one class, a chunk at a time."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float64, Int64

from foldline.core.errors import SettingError
from foldline.insight._class_cells import class_cells
from foldline.insight._cut_cells import BORDER, Cells, FoldingLayer, cut_cells, settle_units
from foldline.insight.piecewise import PiecewiseNet

# What counts as 0, as a share of the largest value that could have come together. Corners are off by about 1e-15 of the
# window, a few times more after several layers; of a million corners a fold passes one this close in 1e-7 of all nets.
TOLERANCE = 1e-13
CHUNK_BYTES = 1 << 19  # of a layer's maps, half of a usual second-level cache
CORNERS_A_CELL = 8  # that there is room for; cells of many lines have four on average


def cut_window(
    net: PiecewiseNet,
    first_maps: Float64[np.ndarray, "n 3"],
    tolerances: Sequence[Float64[np.ndarray, " _"]],
    *,
    most_at_once: int,
) -> Iterator[Cells]:
    """Cut [-1, 1] x [-1, 1] into the linear regions of a net.

    Args:
        net: the net.
        first_maps: coefficients of x, y and 1 of the first layer's units.
        tolerances: from `zero_tolerances`.
        most_at_once: where to give up.
    Returns: chunks of regions, with maps of the scores; the next one is written over the last.
    Raises: SettingError if a layer cuts one region into more than `most_at_once`.
    """
    window = Cells(
        np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]),
        np.full(4, BORDER, np.int32),
        np.array([0, 4]),
        np.zeros((1, (sum(net.widths) + 7) // 8), np.uint8),
        np.ascontiguousarray(first_maps.T[None]),
    )
    layers = _folding_layers(net, tolerances)
    return _regions(window, layers, list(net.biases[1:]), [None] * len(layers), most_at_once)


def zero_tolerances(net: PiecewiseNet, largest: Float64[np.ndarray, " n"]) -> list[Float64[np.ndarray, " _"]]:
    """Give what counts as 0 of each unit's values, layer by layer, from the first layer's largest values."""
    found = [TOLERANCE * largest]
    for W, b in zip(net.weights[1:], net.biases[1:], strict=True):
        largest = np.abs(W) @ largest + np.abs(b)
        found.append(TOLERANCE * largest)
    return found


def too_many_regions(most: int) -> SettingError:
    """Say that there are more regions than were asked for."""
    return SettingError(
        f"the window holds more than {most:,} regions; expected no more. Look at a smaller window, or raise "
        f"max_regions."
    )


def cut_by_class(cells: Cells, tolerance: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """Cut cells with maps of scores into parts of one winning class each.

    Returns: chunks of corners, classes across edges, starts, winners, and the cell of each part (see `class_cells`).
    """
    first, n_cells = 0, len(cells.maps)
    n_parts, n_corners = n_cells + n_cells // 2 + 64, len(cells.corners) + len(cells.corners) // 2 + 512
    while first < n_cells:
        room = _room(n_parts, 0, 0, n_corners=n_corners)
        winners, owners = np.empty(n_parts, np.int32), np.empty(n_parts, np.int64)
        first, n, n_used = class_cells(cells, first, tolerance, room, winners, owners)
        if n == 0:  # the parts of a single cell did not fit
            n_parts, n_corners = 2 * n_parts, 2 * n_corners
        else:
            yield room.corners[:n_used], room.edges[:n_used], room.starts[: n + 1], winners[:n], owners[:n]


def joined_starts(starts: Sequence[np.ndarray]) -> Int64[np.ndarray, " r_and_1"]:
    """Join where polygons start, of several arrays of corners laid one after the other."""
    if len(starts) == 1:
        return starts[0]
    ends = np.cumsum([0, *(some[-1] for some in starts)])
    return np.concatenate([[0], *(some[1:] + end for some, end in zip(starts, ends, strict=False))])


def _folding_layers(net: PiecewiseNet, tolerances: Sequence[np.ndarray]) -> list[FoldingLayer]:
    firsts = np.cumsum([0, *net.widths])
    return [
        FoldingLayer(tolerance, slope, int(first), np.ascontiguousarray(W_next.T))
        for tolerance, slope, first, W_next in zip(tolerances, net.slopes, firsts, net.weights[1:], strict=False)
    ]


def _regions(
    cells: Cells,
    layers: list[FoldingLayer],
    biases: list[np.ndarray],
    rooms: list[Cells | None],
    most_at_once: int,
) -> Iterator[Cells]:
    """Cut cells by all layers, depth first: a chunk goes through the last layer before the next one is cut.

    Memory so stays bounded by one chunk a layer and what comes out. Rooms are where each layer's chunks are written.
    """
    if not layers:
        yield cells
        return
    layer = layers[0]
    signs, settled = np.empty((len(cells.maps), len(layer.W_next)), np.int8), np.empty_like(cells.maps)
    settle_units(cells, layer, signs, settled)
    settled_maps = (settled.reshape(-1, len(layer.W_next)) @ layer.W_next).reshape(len(settled), 3, -1)
    settled_maps[:, 2] += biases[0]
    first, n_cells = 0, len(cells.maps)
    size = min(max(CHUNK_BYTES // (24 * layer.W_next.shape[1]), 64), 4096)
    while first < n_cells:
        room = rooms[0]
        if room is None:
            room = rooms[0] = _room(size, layer.W_next.shape[1], cells.bits.shape[1], n_corners=CORNERS_A_CELL * size)
        first_left, n, n_corners = cut_cells(cells, first, layer, signs, settled_maps, room)
        if n == 0:  # the cells of a single one did not fit
            if len(room.maps) > most_at_once:
                raise too_many_regions(most_at_once)
            size, rooms[0] = 4 * len(room.maps), None
            continue
        first = first_left
        chunk = Cells(
            room.corners[:n_corners], room.edges[:n_corners], room.starts[: n + 1], room.bits[:n], room.maps[:n]
        )
        if len(layers) == 1:
            yield chunk
        else:
            rest = rooms[1:]
            yield from _regions(chunk, layers[1:], biases[1:], rest, most_at_once)
            rooms[1:] = rest


def _room(n_cells: int, n_next: int, n_bytes: int, *, n_corners: int) -> Cells:
    return Cells(
        np.empty((n_corners, 2)),
        np.empty(n_corners, np.int32),
        np.empty(n_cells + 1, np.int64),
        np.empty((n_cells, n_bytes), np.uint8),
        np.empty((n_cells, 3, n_next)),
    )
