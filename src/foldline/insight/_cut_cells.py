"""Kernels of exact folds: convex cells cut along the lines on which the units of a layer bend.

On a cell every unit of a layer is an affine map of the plane. Units that have one sign all over the cell are settled
at once: their share of the next layer's maps is one matrix product for many cells. A unit that changes sign cuts the
cell in two, and each half is left with those units that still change sign on it: a tree of halves whose leaves are the
cells of the next layer. A unit is so looked at only where it may cut, and wide layers do not cost cells times units.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int8, Int32, Int64, UInt8

from foldline.core.compiled import kernel

BORDER = -1  # edge of the window, no fold


class Cells(NamedTuple):
    """Convex polygons, corners against the clock, and what the net computes on each.

    Args:
        corners: (V, 2) of all cells in a row.
        edges: (V,) index of the unit whose fold runs from this corner to the next one of its cell, or BORDER.
        starts: (R + 1,) where each cell's corners begin, and where the last one's end.
        bits: (R, B) which units are above 0, bit by bit, lowest bit first.
        maps: (R, 3, n) coefficients of x, y and 1 of the units that come next.
    """

    corners: Float64[np.ndarray, "v 2"]
    edges: Int32[np.ndarray, " v"]
    starts: Int64[np.ndarray, " r_and_1"]
    bits: UInt8[np.ndarray, "r b"]
    maps: Float64[np.ndarray, "r 3 n"]


class FoldingLayer(NamedTuple):
    """What cuts cells.

    Args:
        tolerance: (n,) what counts as 0 of each unit's values.
        slope: of the activation below 0.
        first_unit: index of the layer's first unit among all.
        W_next: (n, m) weights of the next layer, a row an input.
    """

    tolerance: Float64[np.ndarray, " n"]
    slope: float
    first_unit: int
    W_next: Float64[np.ndarray, "n m"]


@kernel(fastmath=False)
def settle_units(
    cells: Cells, layer: FoldingLayer, signs: Int8[np.ndarray, "r n"], settled: Float64[np.ndarray, "r 3 n"]
) -> None:
    """Find the units that change sign on each cell, and what the others hand on.

    Args:
        cells: with maps of the layer's units.
        layer: the units.
        signs: overwritten; 1 where a unit is above 0 all over a cell, -1 where it is nowhere, 0 where it changes.
        settled: overwritten with the maps after the activation; 0 where a unit changes sign.
    """
    n_units = len(layer.tolerance)
    tolerance, low, high = layer.tolerance, np.empty(n_units), np.empty(n_units)
    for cell in range(len(cells.maps)):
        of_x, of_y, constants = cells.maps[cell, 0], cells.maps[cell, 1], cells.maps[cell, 2]
        low[:], high[:] = np.inf, -np.inf
        for corner in range(cells.starts[cell], cells.starts[cell + 1]):
            x, y = cells.corners[corner, 0], cells.corners[corner, 1]
            for unit in range(n_units):
                value = of_x[unit] * x + of_y[unit] * y + constants[unit]
                low[unit] = value if value < low[unit] else low[unit]
                high[unit] = value if value > high[unit] else high[unit]
        of_x_after, of_y_after, constants_after = settled[cell, 0], settled[cell, 1], settled[cell, 2]
        own_signs = signs[cell]
        for unit in range(n_units):
            is_above, is_below = high[unit] > tolerance[unit], low[unit] < -tolerance[unit]
            own_signs[unit] = 0 if is_above and is_below else 1 if is_above else -1
            factor = 0.0 if is_above and is_below else 1.0 if is_above else layer.slope
            of_x_after[unit] = factor * of_x[unit]
            of_y_after[unit] = factor * of_y[unit]
            constants_after[unit] = factor * constants[unit]


@kernel(fastmath=False)
def cut_cells(
    cells: Cells,
    first: int,
    layer: FoldingLayer,
    signs: Int8[np.ndarray, "r n"],
    settled_maps: Float64[np.ndarray, "r 3 m"],
    out: Cells,
) -> tuple[int, int, int]:
    """Cut cells by the units that change sign on them, as many as there is room for what comes out.

    Args:
        cells: with maps of the layer's units.
        first: the first of them to cut.
        layer: the units.
        signs: of the units, from `settle_units`.
        settled_maps: what the next layer's maps have from its biases and the units that do not change sign.
        out: overwritten from its start; its edges, bits and maps are those of the next layer.
    Returns: the first cell that was not cut, how many cells came out, and how many corners they have.
    """
    n_units, n_next = layer.W_next.shape
    n_cells = len(cells.starts) - 1
    most_cuts, most_corners = 0, 0
    for cell in range(first, n_cells):
        most_corners = max(most_corners, cells.starts[cell + 1] - cells.starts[cell])
        n_cut = 0
        for unit in range(n_units):
            n_cut += signs[cell, unit] == 0
        most_cuts = max(most_cuts, n_cut)
    most_corners += most_cuts  # a cut adds one corner to a half at most
    height = most_cuts + 1  # a half has one cut less before it than what it came from
    corners, edges = np.empty((height, most_corners, 2)), np.empty((height, most_corners), np.int32)
    n_corners, n_cuts = np.empty(height, np.int64), np.empty(height, np.int64)
    cuts = np.empty((height, most_cuts + 1), np.int32)
    bits, maps = np.empty((height, cells.bits.shape[1]), np.uint8), np.empty((height, 3, n_next))
    whole, whole_edges, values = np.empty((most_corners, 2)), np.empty(most_corners, np.int32), np.empty(most_corners)

    n_out, n_out_corners = 0, 0
    out.starts[0] = 0
    for cell in range(first, n_cells):
        n_before, n_corners_before = n_out, n_out_corners
        own = cells.maps[cell]
        start = cells.starts[cell]
        n_corners[0] = cells.starts[cell + 1] - start
        _copy_polygon(cells.corners[start:], cells.edges[start:], n_corners[0], corners[0], edges[0])
        _copy_settled(cells.bits[cell], settled_maps[cell], bits[0], maps[0])
        n_cuts[0] = 0
        for unit in range(n_units):
            if signs[cell, unit] == 0:
                cuts[0, n_cuts[0]] = unit
                n_cuts[0] += 1
            elif signs[cell, unit] > 0:
                _set_bit(bits[0], layer.first_unit + unit)
        top = 0
        while top >= 0:
            n = n_corners[top]
            if n_cuts[top] == 0:
                if n_out == len(out.maps) or n_out_corners + n > len(out.corners):
                    return cell, n_before, n_corners_before
                _copy_polygon(corners[top], edges[top], n, out.corners[n_out_corners:], out.edges[n_out_corners:])
                _copy_settled(bits[top], maps[top], out.bits[n_out], out.maps[n_out])
                n_out += 1
                n_out_corners += n
                out.starts[n_out] = n_out_corners
                top -= 1
                continue
            # The middle one keeps the tree low where units come sorted, as the steps of a staircase do.
            n_left = n_cuts[top] - 1
            middle = (n_left + 1) // 2
            unit = cuts[top, middle]
            cuts[top, middle] = cuts[top, n_left]
            a, b, c = own[0, unit], own[1, unit], own[2, unit]
            for k in range(n):
                whole[k, 0], whole[k, 1], whole_edges[k] = corners[top, k, 0], corners[top, k, 1], edges[top, k]
                values[k] = a * whole[k, 0] + b * whole[k, 1] + c
            for i in range(n_left):
                cuts[top + 1, i] = cuts[top, i]
            _copy_settled(bits[top], maps[top], bits[top + 1], maps[top + 1])
            tolerance, label = layer.tolerance[unit], layer.first_unit + unit
            for side in range(2):
                at, is_above = top + side, side == 1
                at_corners, at_bits, at_maps = corners[at], bits[at], maps[at]
                n_corners[at] = half(whole, whole_edges, n, values, is_above, tolerance, label, at_corners, edges[at])
                _add_unit(unit, is_above, own, layer, at_bits, at_maps)
                n_cuts[at] = _settle(at_corners, n_corners[at], cuts[at], n_left, own, layer, at_bits, at_maps)
            top += 1
    return n_cells, n_out, n_out_corners


@kernel(fastmath=False)
def half(corners, edges, n, values, is_above, tolerance, label, out_corners, out_edges):  # type: ignore[no-untyped-def]  # inlined into kernels
    """Write the part of a polygon of n corners where values are above 0, or below; count its corners."""
    n_out = 0
    sign = 1.0 if is_above else -1.0
    for k in range(n):
        follower = k + 1 if k + 1 < n else 0
        here, there = sign * values[k], sign * values[follower]
        if here >= -tolerance:
            out_corners[n_out, 0], out_corners[n_out, 1] = corners[k, 0], corners[k, 1]
            out_edges[n_out] = label if here <= tolerance and there < -tolerance else edges[k]
            n_out += 1
        leaves, enters = here > tolerance and there < -tolerance, here < -tolerance and there > tolerance
        if leaves or enters:
            # From the same end on both sides of the edge, so that the cells beside it share the corner.
            near, far = (k, follower) if values[k] > 0 else (follower, k)
            share = values[near] / (values[near] - values[far])
            out_corners[n_out, 0] = corners[near, 0] + share * (corners[far, 0] - corners[near, 0])
            out_corners[n_out, 1] = corners[near, 1] + share * (corners[far, 1] - corners[near, 1])
            out_edges[n_out] = label if leaves else edges[k]
            n_out += 1
    return n_out


@kernel(fastmath=False)
def _settle(corners, n_corners, cuts, n_cuts, own, layer, bits, maps):  # type: ignore[no-untyped-def]  # inlined into cut_cells
    """Keep those of some units that change sign on a polygon, add what the others give; count the kept ones."""
    n_kept = 0
    for i in range(n_cuts):
        unit = cuts[i]
        a, b, c = own[0, unit], own[1, unit], own[2, unit]
        low, high = np.inf, -np.inf
        for k in range(n_corners):
            value = a * corners[k, 0] + b * corners[k, 1] + c
            low, high = min(low, value), max(high, value)
        is_above = high > layer.tolerance[unit]
        if is_above and low < -layer.tolerance[unit]:
            cuts[n_kept] = unit
            n_kept += 1
        else:
            _add_unit(unit, is_above, own, layer, bits, maps)
    return n_kept


@kernel(fastmath=False)
def _add_unit(unit, is_above, own, layer, bits, maps):  # type: ignore[no-untyped-def]  # inlined into cut_cells
    """Settle a unit: its bit, and its share of the next layer's maps."""
    if is_above:
        _set_bit(bits, layer.first_unit + unit)
    factor = 1.0 if is_above else layer.slope
    if factor == 0.0:
        return
    a, b, c = factor * own[0, unit], factor * own[1, unit], factor * own[2, unit]
    for j in range(maps.shape[1]):
        weight = layer.W_next[unit, j]
        maps[0, j] += a * weight
        maps[1, j] += b * weight
        maps[2, j] += c * weight


@kernel(fastmath=False)
def _set_bit(bits, index):  # type: ignore[no-untyped-def]  # inlined into cut_cells
    bits[index >> 3] |= np.uint8(1 << (index & 7))


# Numba's own assignment of slices takes several times as long as these loops for so few numbers.


@kernel(fastmath=False)
def _copy_polygon(corners, edges, n, out_corners, out_edges):  # type: ignore[no-untyped-def]  # inlined into cut_cells
    for k in range(n):
        out_corners[k, 0], out_corners[k, 1], out_edges[k] = corners[k, 0], corners[k, 1], edges[k]


@kernel(fastmath=False)
def _copy_settled(bits, maps, out_bits, out_maps):  # type: ignore[no-untyped-def]  # inlined into cut_cells
    for byte in range(len(bits)):
        out_bits[byte] = bits[byte]
    for row in range(3):
        for j in range(maps.shape[1]):
            out_maps[row, j] = maps[row, j]
