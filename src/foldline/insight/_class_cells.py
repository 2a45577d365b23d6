"""Kernel that cuts cells of affine scores into parts with one winning class each."""

import numpy as np

from foldline.core.compiled import kernel
from foldline.insight._cut_cells import Cells, half

NO_CLASS = -1  # across an edge where no cut of this kernel is
TIE = -2  # the same, where another class may win across it


@kernel(fastmath=False)
def class_cells(cells: Cells, first: int, tolerance, out: Cells, winners, owners) -> tuple[int, int, int]:  # type: ignore[no-untyped-def]  # arrays
    """Cut cells by the classes that win on them, as many as there is room for what comes out.

    Args:
        cells: with maps of the scores.
        first: the first of them to cut.
        tolerance: (K,) what counts as 0 of the scores of a class.
        out: corners and starts are overwritten from their start; its edges become the class that wins across them,
            NO_CLASS or TIE. Its bits and maps are left alone.
        winners: (P,) overwritten with the winning class of each part.
        owners: (P,) overwritten with the cell that each part comes from.
    Returns: the first cell that was not cut, how many parts came out, and how many corners they have.
    Convention: where several classes lead alike all over, the lowest of them wins, as in argmax.
    """
    n_classes = cells.maps.shape[2]
    most_tolerance = tolerance.max()
    n_cells = len(cells.starts) - 1
    most = 0
    for cell in range(first, n_cells):
        most = max(most, cells.starts[cell + 1] - cells.starts[cell])
    most += n_classes
    part, part_edges, values = np.empty((most, 2)), np.empty(most, np.int32), np.empty(most)
    cut, cut_edges = np.empty((most, 2)), np.empty(most, np.int32)
    n_out, n_out_corners = 0, 0
    out.starts[0] = 0
    for cell in range(first, n_cells):
        n_before, n_corners_before = n_out, n_out_corners
        start, n_corners = cells.starts[cell], cells.starts[cell + 1] - cells.starts[cell]
        corners, scores = cells.corners[start:], cells.maps[cell]
        only, has_ties = _only_winner(corners, n_corners, scores, 2.0 * most_tolerance)
        for winner in range(n_classes):
            if only != NO_CLASS and winner != only:
                continue
            n = n_corners
            for k in range(n):
                part[k, 0], part[k, 1], part_edges[k] = corners[k, 0], corners[k, 1], NO_CLASS
            if only == NO_CLASS:
                for rival in range(n_classes):
                    if rival != winner and n > 0:
                        n = _lead(part, part_edges, n, scores, winner, rival, tolerance, values, cut, cut_edges)
            if n == 0:
                continue
            if has_ties:
                _mark_ties(part, part_edges, n, scores, winner, tolerance)
            if n_out == len(winners) or n_out_corners + n > len(out.corners):
                return cell, n_before, n_corners_before
            for k in range(n):
                out.corners[n_out_corners + k, 0], out.corners[n_out_corners + k, 1] = part[k, 0], part[k, 1]
                out.edges[n_out_corners + k] = part_edges[k]
            winners[n_out], owners[n_out] = winner, cell
            n_out += 1
            n_out_corners += n
            out.starts[n_out] = n_out_corners
    return n_cells, n_out, n_out_corners


@kernel(fastmath=False)
def _only_winner(corners, n, scores, tolerance):  # type: ignore[no-untyped-def]  # inlined into class_cells
    """Give the class that wins at all corners, NO_CLASS for none, and whether another does as well at one of them."""
    only, has_ties = NO_CLASS, False
    for k in range(n):
        x, y = corners[k, 0], corners[k, 1]
        best, best_score = 0, scores[0, 0] * x + scores[1, 0] * y + scores[2, 0]
        second = -np.inf
        for rival in range(1, scores.shape[1]):
            score = scores[0, rival] * x + scores[1, rival] * y + scores[2, rival]
            if score > best_score:
                best, best_score, second = rival, score, best_score
            elif score > second:
                second = score
        has_ties |= best_score - second <= tolerance
        if k == 0:
            only = best
        elif best != only:
            return NO_CLASS, True
    return only, has_ties


@kernel(fastmath=False)
def _lead(part, edges, n, scores, winner, rival, tolerances, values, cut, cut_edges):  # type: ignore[no-untyped-def]  # inlined into class_cells
    """Cut off in place where the rival leads; count the corners that are left, 0 for none."""
    a, b, c = (
        scores[0, winner] - scores[0, rival],
        scores[1, winner] - scores[1, rival],
        scores[2, winner] - scores[2, rival],
    )
    tolerance = tolerances[winner] + tolerances[rival]
    low, high = np.inf, -np.inf
    for k in range(n):
        values[k] = a * part[k, 0] + b * part[k, 1] + c
        low, high = min(low, values[k]), max(high, values[k])
    if low >= -tolerance and (high > tolerance or winner < rival):
        return n
    if high <= tolerance:
        return 0
    n_left = half(part, edges, n, values, True, tolerance, rival, cut, cut_edges)
    for k in range(n_left):
        part[k, 0], part[k, 1], edges[k] = cut[k, 0], cut[k, 1], cut_edges[k]
    return n_left


@kernel(fastmath=False)
def _mark_ties(part, edges, n, scores, winner, tolerances):  # type: ignore[no-untyped-def]  # inlined into class_cells
    """Mark the edges along which another class does as well as the winner, and no cut of this kernel is."""
    for k in range(n):
        if edges[k] != NO_CLASS:
            continue
        follower = k + 1 if k + 1 < n else 0
        for rival in range(scores.shape[1]):
            if rival == winner:
                continue
            tolerance = tolerances[winner] + tolerances[rival]
            is_tie = True
            for corner in (k, follower):
                lead = scores[2, winner] - scores[2, rival]
                for axis in range(2):
                    lead += (scores[axis, winner] - scores[axis, rival]) * part[corner, axis]
                is_tie &= abs(lead) <= tolerance
            if is_tie:
                edges[k] = TIE
