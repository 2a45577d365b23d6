"""The kernel of dense SIFT: votes of gradients, shared between bins, gathered place by place.

Bins of all places lie on one lattice, whose pitch divides step and bin. A row of pixels votes for eight directions at
once, each a short vector; when all rows around one of the lattice have voted, they are summed, and then their columns.
A descriptor is sixteen points of the lattice, weighted and normalised.
"""

import math
from functools import cache

import numpy as np
from jaxtyping import Float32

from foldline.core.compiled import kernel

N_SIDE, N_DIRECTIONS = 4, 8  # bins along a side of a descriptor, and directions in each (Lowe 2004, section 6.1)
N_NUMBERS = N_SIDE * N_SIDE * N_DIRECTIONS
WINDOW_BINS = 2.0  # standard deviation of the Gaussian window, half of the descriptor's side (Lowe 2004, section 6.1)
CLIP = np.float32(0.2)  # Lowe (2004), section 6.1
# Length below which a descriptor is taken for rounding, in grey levels a pixel; that of grey levels near 255 is 3e-5.
FLAT = np.float32(1e-3)

TILE = 16  # numbers in the widest vector register
ZERO, HALF, ONE, TINY = np.float32(0), np.float32(0.5), np.float32(1), np.float32(1e-20)

# arctan(z) / (z pi / 4) on [0, 1] as a polynomial in z^2, highest power first; largest error 3e-7 of 45 degrees
# (least squares, reweighted towards the largest error).
_ARCTAN = np.array([0.00867304, -0.04278621, 0.10137999, -0.16849214, 0.25220094, -0.42420991, 1.27323459], np.float32)

Image = Float32[np.ndarray, "h w"]
Lattice = Float32[np.ndarray, "r s q 8"]  # a point's column is q * s + s', of as many s' as a bin has points
Descriptors = Float32[np.ndarray, "p 128"]
Row = Float32[np.ndarray, " x"]
Rows = Float32[np.ndarray, "k x"]


def n_places(length: int, step_px: int, bin_px: int) -> int:
    """Count the places along a side of so many pixels: all four bin centres lie inside."""
    return max((length - 1 - (N_SIDE - 1) * bin_px) // step_px + 1, 0)


def dense_sift(image: Image, out: Descriptors, *, step_px: int, bin_px: int, root: bool) -> None:
    """Write the descriptors of every place of an image (see `DenseSIFT`).

    Args:
        image: grey levels, 0 to 255.
        out: (P, 128), overwritten, place by place along rows; P as `n_places` says for both sides, at least 1.
        step_px, bin_px, root: as in `DenseSIFT`.
    """
    pitch = math.gcd(step_px, bin_px)
    side = bin_px // pitch
    n_rows, n_cols = (n_places(length, step_px, bin_px) for length in image.shape)
    extent = (N_SIDE - 1) * bin_px
    height, width = (((n - 1) * step_px + extent) // pitch + 1 for n in (n_rows, n_cols))
    lattice = np.empty((height, side, -(-width // side), N_DIRECTIONS), np.float32)
    _fill_lattice(image, pitch, bin_px, lattice)
    _describe(lattice, n_cols, step_px // pitch, bin_weights(bin_px), root, out)


@cache
def bin_weights(bin_px: int) -> Float32[np.ndarray, "4 32"]:
    """Give the mean of the Gaussian window over each bin, divided by the weights that a bin sums up."""
    offsets = np.arange(-bin_px + 1, bin_px)
    centres = bin_px * (np.arange(N_SIDE) - (N_SIDE - 1) / 2)
    along = np.exp(-0.5 * ((offsets + centres[:, None]) / (bin_px * WINDOW_BINS)) ** 2).mean(axis=1) / bin_px**2
    return np.outer(along, np.repeat(along, N_DIRECTIONS)).astype(np.float32)


@kernel()
def _fill_lattice(image: Image, pitch: int, bin_px: int, lattice: Lattice) -> None:
    """Write the votes around each point of the lattice, weighted by a triangle along both axes."""
    height, width = image.shape
    margin = bin_px - 1  # pixels of a bin beyond either border
    length = (width + 2 * margin + TILE - 1) // TILE * TILE
    gx, gy = np.zeros(length, np.float32), np.zeros(length, np.float32)
    n_kept = 2 * bin_px - 1  # rows of pixels that a bin reaches; row y is kept at y % n_kept
    votes = np.empty((n_kept, N_DIRECTIONS * length), np.float32)
    row, sums = np.empty(N_DIRECTIONS * length, np.float32), np.empty(N_DIRECTIONS * length, np.float32)
    r = 0
    for y in range(min((lattice.shape[0] - 1) * pitch + bin_px, height)):
        above, below = max(y - 1, 0), min(y + 1, height - 1)
        _gradients(image[above], image[y], image[below], ONE / np.float32(below - above), gx[margin:], gy[margin:])
        _vote(gx, gy, votes[y % n_kept].reshape(N_DIRECTIONS, length))
        while r < lattice.shape[0] and min(r * pitch + margin, height - 1) <= y:
            _sum_rows(votes, r * pitch, height, row)
            _repeat_borders(row.reshape(N_DIRECTIONS, length), margin, width)
            _sum_columns(row, bin_px, sums)
            _store(sums, length, pitch, lattice[r])
            r += 1


@kernel()
def _gradients(above: Row, here: Row, below: Row, y_scale: np.float32, gx: Row, gy: Row) -> None:
    width = here.shape[0]
    for x in range(1, width - 1):
        gx[x] = HALF * (here[x + 1] - here[x - 1])
    gx[0], gx[width - 1] = here[1] - here[0], here[width - 1] - here[width - 2]
    for x in range(width):
        gy[x] = y_scale * (below[x] - above[x])


@kernel()
def _vote(gx: Row, gy: Row, votes: Rows) -> None:
    """Share each pixel's gradient between the straight and the diagonal direction next to its own.

    In parts of 45 degrees its angle from the straight one, arctan(z) of the smaller by the larger component, is the
    diagonal one's share.
    """
    east, south_east, south, south_west = votes[0], votes[1], votes[2], votes[3]
    west, north_west, north, north_east = votes[4], votes[5], votes[6], votes[7]
    for x in range(gx.shape[0]):
        u, v = gx[x], gy[x]
        along, across = abs(u), abs(v)
        is_steep = across > along
        z = min(along, across) / (max(along, across) + TINY)
        z2 = z * z
        share = np.float32(_ARCTAN[0])
        for power in range(1, 7):
            share = share * z2 + np.float32(_ARCTAN[power])
        size = np.float32(math.sqrt(u * u + v * v))
        diagonal = size * share * z
        straight = max(size - diagonal, ZERO)  # rounding must not leave less than nothing
        level, upright = ZERO if is_steep else straight, straight if is_steep else ZERO
        east[x], west[x] = level if u > ZERO else ZERO, level if u < ZERO else ZERO
        south[x], north[x] = upright if v > ZERO else ZERO, upright if v < ZERO else ZERO
        to_east, to_west = diagonal if u > ZERO else ZERO, diagonal if u < ZERO else ZERO
        south_east[x], north_east[x] = to_east if v > ZERO else ZERO, to_east if v < ZERO else ZERO
        south_west[x], north_west[x] = to_west if v > ZERO else ZERO, to_west if v < ZERO else ZERO


@kernel()
def _sum_rows(votes: Rows, centre: int, height: int, sums: Row) -> None:
    """Sum the rows of pixels around one, weighted by a triangle; beyond a border its row is repeated."""
    n_kept = votes.shape[0]
    bin_px = (n_kept + 1) // 2
    _scale(votes[centre % n_kept], np.float32(bin_px), sums)
    for j in range(1, bin_px):
        above, below = votes[max(centre - j, 0) % n_kept], votes[min(centre + j, height - 1) % n_kept]
        _add_both(above, below, np.float32(bin_px - j), sums)


@kernel()
def _repeat_borders(total: Rows, margin: int, width: int) -> None:
    for k in range(N_DIRECTIONS):
        for x in range(margin):
            total[k, x] = total[k, margin]
            total[k, margin + width + x] = total[k, margin + width - 1]


@kernel()
def _sum_columns(row: Row, bin_px: int, sums: Row) -> None:
    """Sum the numbers around row[x + bin_px - 1] into sums[x], weighted by a triangle."""
    middle = bin_px - 1
    inner = sums[: row.shape[0] - 2 * middle]
    _scale(row[middle:], np.float32(bin_px), inner)
    for j in range(1, bin_px):
        _add_both(row[middle - j :], row[middle + j :], np.float32(bin_px - j), inner)


@kernel()
def _scale(row: Row, weight: np.float32, sums: Row) -> None:
    for i in range(sums.shape[0]):
        sums[i] = weight * row[i]


@kernel()
def _add_both(one: Row, other: Row, weight: np.float32, sums: Row) -> None:
    for i in range(sums.shape[0]):
        sums[i] += weight * (one[i] + other[i])


@kernel()
def _store(sums: Row, length: int, pitch: int, row: Float32[np.ndarray, "s q 8"]) -> None:
    """Write one row of the lattice; points a bin apart stand side by side, so that a row of bins is in one piece."""
    side = row.shape[0]
    for phase in range(side):
        points = row[phase]
        for q in range(points.shape[0]):
            x = (q * side + phase) * pitch
            for k in range(N_DIRECTIONS):
                points[q, k] = sums[k * length + x]


@kernel()
def _describe(
    lattice: Lattice, n_cols: int, step: int, weights: Float32[np.ndarray, "4 32"], root: bool, out: Descriptors
) -> None:
    """Gather and normalise the bins of every place; `step` is in points of the lattice."""
    side, n_numbers = lattice.shape[1], lattice.shape[2] * N_DIRECTIONS
    points, down = lattice.reshape(-1), side * side * n_numbers  # from a bin to the one below
    numbers = np.empty(N_NUMBERS, np.float32)
    to_1, to_2, to_3, to_4 = numbers[:32], numbers[32:64], numbers[64:96], numbers[96:]
    weight_1, weight_2, weight_3, weight_4 = weights[0], weights[1], weights[2], weights[3]
    for place in range(out.shape[0]):
        top, left = place // n_cols * step, place % n_cols * step
        start = (top * side + left % side) * n_numbers + left // side * N_DIRECTIONS
        row_1, row_2 = points[start : start + 32], points[start + down : start + down + 32]
        start += 2 * down
        row_3, row_4 = points[start : start + 32], points[start + down : start + down + 32]
        # Four rows in one loop, here and not in a function: the other ways took twice as long to describe a place.
        for k in range(32):
            to_1[k], to_2[k] = row_1[k] * weight_1[k], row_2[k] * weight_2[k]
            to_3[k], to_4[k] = row_3[k] * weight_3[k], row_4[k] * weight_4[k]
        _normalise(numbers, root, out[place])


@kernel()
def _normalise(numbers: Row, root: bool, descriptor: Row) -> None:
    square = ZERO
    for k in range(N_NUMBERS):
        square += numbers[k] * numbers[k]
    length = np.float32(math.sqrt(square))
    scale = ZERO if length < FLAT else ONE / length
    square, total = ZERO, ZERO
    for k in range(N_NUMBERS):
        part = min(numbers[k] * scale, CLIP)
        numbers[k] = part
        square += part * part
        total += part
    if root:
        scale = ONE / (total + TINY)
        for k in range(N_NUMBERS):
            descriptor[k] = np.float32(math.sqrt(numbers[k] * scale))
    else:
        scale = ONE / np.float32(math.sqrt(square + TINY))
        for k in range(N_NUMBERS):
            descriptor[k] = numbers[k] * scale
