"""Local minima of sampled functions, counted so that rounding makes none."""

from itertools import product

import numpy as np
from jaxtyping import Float64


def local_minima(values: Float64[np.ndarray, "..."], *, depth: float) -> list[tuple[int, ...]]:
    """Find the minima that lie more than `depth` below every way to a lower one or to the border.

    Places are filled in from the lowest up. Where two basins meet, the one with the higher bottom ends; it held a
    minimum if its bottom lies more than `depth` below the meeting.

    Args:
        values: samples on a line, or on a grid whose eight neighbours touch.
        depth: least depth, at least 0.
    Returns: their indices, lowest first.
    Convention: all that lies outside is a basin lower than any: where values fall towards the border, or are flat, no
        minimum is counted.
    Source: Edelsbrunner and Harer (2010), "Computational topology", VII.1: persistence of dimension 0.
    Example:
        >>> local_minima(np.array([3.0, 1.0, 2.0, 0.0, 4.0]), depth=0.5)
        [(3,), (1,)]
    """
    framed = np.pad(values, 1, constant_values=-np.inf)
    heights = framed.ravel().tolist()
    strides = np.cumprod([1, *framed.shape[:0:-1]])[::-1]
    around = [int(np.dot(step, strides)) for step in product((-1, 0, 1), repeat=values.ndim) if any(step)]
    order = np.argsort(framed, axis=None, kind="stable").tolist()
    outside = order[0]
    parents = dict.fromkeys(order[: framed.size - values.size], outside)  # of filled places, towards their bottoms

    def bottom(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    births: dict[int, int] = {outside: 0}  # bottoms, by the order in which they were filled
    shallow = {outside}
    for place in order[framed.size - values.size :]:
        met = {bottom(place + step) for step in around if place + step in parents}
        lowest = min(met, key=births.__getitem__, default=place)
        parents[place] = lowest
        if not met:
            births[place] = len(births)
        for other in met - {lowest}:
            parents[other] = lowest
            if heights[place] - heights[other] <= depth:
                shallow.add(other)
    index = (np.unravel_index(place, framed.shape) for place in births if place not in shallow)
    return [tuple(int(i) - 1 for i in at) for at in index]
