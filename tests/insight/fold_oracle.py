"""Linear regions of small nets in rational arithmetic: slow, and right to the last digit.

Written for the tests, from the definition: every cell is cut by every unit, one after the other, and a unit's map on a
cell is composed anew from the first layer on. Nothing is rounded, so nothing has a tolerance.
"""

from fractions import Fraction
from itertools import pairwise

Point = tuple[Fraction, Fraction]
Polygon = list[Point]


def exact_regions(net, window):
    """Give {pattern: corners} of all regions of a PiecewiseNet on the plane itself."""
    left, right, bottom, top = map(Fraction, window)
    weights = [[[Fraction(w) for w in row] for row in W.tolist()] for W in net.weights]
    biases = [[Fraction(b) for b in bias.tolist()] for bias in net.biases]
    slopes = [Fraction(slope) for slope in net.slopes]
    cells = [([(left, bottom), (right, bottom), (right, top), (left, top)], ())]
    for depth, width in enumerate(net.widths):
        for unit in range(width):
            cells = [
                piece
                for polygon, pattern in cells
                for piece in _cut(
                    polygon, pattern, _unit_map(weights, biases, slopes, pattern, depth, unit, net.widths)
                )
            ]
    regions = {}
    for polygon, pattern in cells:
        assert pattern not in regions  # a pattern's region is convex, so there is one
        regions[pattern] = polygon
    return regions


def area(polygon):
    pairs = pairwise([*polygon, polygon[0]])
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs) / 2


def exact_class_areas(net, regions):
    """Give the area in which each class wins, the lowest of those that tie."""
    weights = [[[Fraction(w) for w in row] for row in W.tolist()] for W in net.weights]
    biases = [[Fraction(b) for b in bias.tolist()] for bias in net.biases]
    slopes = [Fraction(slope) for slope in net.slopes]
    areas = [Fraction(0)] * net.n_classes
    for pattern, polygon in regions.items():
        maps = [
            _unit_map(weights, biases, slopes, pattern, len(net.widths), k, net.widths) for k in range(net.n_classes)
        ]
        for k, own in enumerate(maps):
            part = polygon
            for rival, other in enumerate(maps):
                lead = [a - b for a, b in zip(own, other, strict=True)]
                values = [lead[0] * x + lead[1] * y + lead[2] for x, y in part]
                if part and rival != k:
                    if max(values) < 0 or (max(values) == 0 and rival < k):
                        part = []
                    elif min(values) < 0:
                        part = _side(part, values, 1)
            areas[k] += area(part) if len(part) > 2 else 0
    return areas


def _unit_map(weights, biases, slopes, pattern, depth, unit, widths):
    """Compose the coefficients of x, y and 1 of a unit, given which units of the layers before are above 0."""
    maps = [[*row, b] for row, b in zip(weights[0], biases[0], strict=True)]
    start = 0
    for layer in range(depth):
        above = pattern[start : start + widths[layer]]
        start += widths[layer]
        after = [[c if on else slopes[layer] * c for c in row] for row, on in zip(maps, above, strict=True)]
        maps = [
            [sum(w * row[i] for w, row in zip(out, after, strict=True)) + (b if i == 2 else 0) for i in range(3)]
            for out, b in zip(weights[layer + 1], biases[layer + 1], strict=True)
        ]
    return maps[unit]


def _cut(polygon, pattern, unit_map):
    a, b, c = unit_map
    values = [a * x + b * y + c for x, y in polygon]
    if max(values) > 0 and min(values) < 0:
        return [(_side(polygon, values, 1), (*pattern, True)), (_side(polygon, values, -1), (*pattern, False))]
    return [(polygon, (*pattern, max(values) > 0))]


def _side(polygon, values, sign):
    found = []
    ends = list(zip(polygon, values, strict=True))
    for (p, v), (q, w) in pairwise([*ends, ends[0]]):
        if sign * v >= 0:
            found.append(p)
        if v * w < 0:
            t = v / (v - w)
            found.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
    return found
