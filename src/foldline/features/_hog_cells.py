"""The kernel of HoG's cells: one pass over the rows of images.

A row of gradients is a few short vectors in the nearest cache. Its votes are counted for the whole row and one bin
after the other, so that every inner loop is plain arithmetic on neighbouring numbers, which compilers turn into vector
instructions; the rows of a cell add up in place, and once they are complete the columns are summed cell by cell. Small
images stand side by side in one panel, so that their rows are long enough for all of that to pay.
"""

import math

import numpy as np
from jaxtyping import Float32, UInt8

from foldline.core.compiled import kernel

TILE = 16  # numbers in the widest vector register; panels are a multiple of it
# Images side by side fill about as many pixels: enough to hide the start of a loop, few enough for the nearest cache.
PANEL_PX = 320
ZERO, ONE, HALF, PI = np.float32(0), np.float32(1), np.float32(0.5), np.float32(np.pi)

# arctan(z) / z on [0, 1] as a polynomial in z^2, highest power first; largest error of arctan(z) 4e-8 rad (least
# squares, reweighted towards the largest error).
_ARCTAN = np.array(
    [-0.00405455, 0.02186290, -0.05591224, 0.09642190, -0.13908626, 0.19946565, -0.33329859, 0.99999934], np.float32
)

Images = UInt8[np.ndarray, "n h w c"]
Cells = Float32[np.ndarray, "n r q b"]
CellRow = Float32[np.ndarray, "n q b"]
Row = Float32[np.ndarray, " x"]
Rows = Float32[np.ndarray, "k x"]


def hog_cells(
    images: Images,
    cells: Cells,
    *,
    cell_px: int,
    signed: bool,
    interpolate: bool,
) -> None:
    """Write the histogram of every cell (see `HOG`).

    Args:
        images: stored row by row.
        cells: (N, H // cell_px, W // cell_px, bins), overwritten.
        cell_px, signed: as in `HOG`.
        interpolate: whether votes are shared between bins and cells.
    """
    if interpolate:
        _interpolated_cells(images, cell_px, signed, cells)
    else:
        _hard_cells(images, cell_px, cotangents_of_edges(cells.shape[3] // (2 if signed else 1)), signed, cells)


def cotangents_of_edges(n_bins: int) -> Row:
    """Give cot(a) for the edges a = pi k / n_bins between the bins of half a turn."""
    angles = np.arange(1, n_bins) * (np.pi / n_bins)
    # Rounded, so that a right angle has 0, and not the 1e-16 on either side of it that would put it into the wrong bin.
    return np.asarray(np.round(np.cos(angles) / np.sin(angles), 12), np.float32)


@kernel()
def _hard_cells(images: Images, cell_px: int, cotangents: Row, signed: bool, cells: Cells) -> None:
    n, _, width, n_channels = images.shape
    n_rows, n_bins = cells.shape[1], cells.shape[3]
    n_upper = cotangents.shape[0] + 1  # bins of half a turn
    pitch, n_images, length = _panel(width, cell_px)
    pixels = np.zeros((3, n_channels, length + 2), np.float32)  # the rows above, here and below
    gx, gy = np.zeros((2, length), np.float32), np.zeros((2, length), np.float32)
    size, votes = np.zeros((2, length), np.float32), np.zeros((n_bins, length), np.float32)
    scratch = np.zeros((2, n_bins * length), np.float32)
    sums = np.zeros((n_bins, length // cell_px), np.float32)
    for first in range(0, n, n_images):
        panel = images[first : first + n_images]
        _load_rows(panel, 0, pitch, pixels[0])
        for y in range(n_rows * cell_px):
            turn, is_last = y % cell_px % 2, (y + 1) % cell_px == 0
            _gradient_row(panel, y, pitch, pixels, gx[turn], gy[turn], size[turn])
            # Two rows at a time, because writing the votes back takes longer than counting them.
            if turn == 0 and is_last:
                size[1] = ZERO
            if turn == 1 or is_last:
                _count_beyond(gx, gy, size, ONE, ZERO if signed else -ONE, cotangents, votes)
                if signed:
                    _count_beyond(gx, gy, size, -ONE, ZERO, cotangents, votes[n_upper:])
            if is_last:
                _sum_windows(votes.reshape(-1), cell_px, scratch, sums.reshape(-1))
                _store_differences(sums, n_upper, cell_px, pitch, cells[first : first + n_images, y // cell_px])
                votes[:] = ZERO


@kernel()
def _interpolated_cells(images: Images, cell_px: int, signed: bool, cells: Cells) -> None:
    n, _, width, n_channels = images.shape
    n_rows, n_cols, n_bins = cells.shape[1:]
    pitch, n_images, length = _panel(width, cell_px)
    pixels = np.zeros((3, n_channels, length + 2), np.float32)
    gx, gy, size = np.zeros(length, np.float32), np.zeros(length, np.float32), np.zeros(length, np.float32)
    # Windows run from one cell's centre to the next; the first begins before the image.
    margin = cell_px - cell_px // 2
    shifted = length + cell_px
    near, far = np.zeros((n_bins + 2, shifted), np.float32), np.zeros((n_bins + 2, shifted), np.float32)
    scratch = np.zeros((3, (n_bins + 2) * shifted), np.float32)
    sums = np.zeros((2, n_bins + 2, shifted // cell_px), np.float32)
    share = np.empty(shifted, np.float32)  # of a column's vote that goes to the cell on the right
    for x in range(shifted):
        share[x] = (x % cell_px + (HALF if cell_px % 2 == 0 else ZERO)) / cell_px
    bins_a_radian = np.float32(n_bins / (2 * math.pi if signed else math.pi))
    cells[:] = ZERO
    for first in range(0, n, n_images):
        panel = images[first : first + n_images]
        _load_rows(panel, 0, pitch, pixels[0])
        for y in range(n_rows * cell_px):
            _gradient_row(panel, y, pitch, pixels, gx, gy, size)
            for start in range(0, length, pitch):
                size[start + n_cols * cell_px : start + pitch] = ZERO
            _positions(gx, gy, size, bins_a_radian, signed)
            window, offset = divmod(y + margin, cell_px)
            _share_between_bins(gx, size, share[offset], margin, near, far)
            if offset == cell_px - 1 or y == n_rows * cell_px - 1:
                if window > 0:
                    _sum_shares(near, cell_px, share, scratch, sums)
                    _add_to_cells(sums, cell_px, pitch, cells[first : first + n_images, window - 1])
                if window < n_rows:
                    _sum_shares(far, cell_px, share, scratch, sums)
                    _add_to_cells(sums, cell_px, pitch, cells[first : first + n_images, window])
                near[:], far[:] = ZERO, ZERO


@kernel()
def _panel(width: int, cell_px: int) -> tuple[int, int, int]:
    """Give the pixels from one image of a panel to the next, the number of images, and the panel's length.

    Two pixels between images are the mirrored borders of both; pitch and length are whole cells.
    """
    pitch = (width + 2 + cell_px - 1) // cell_px * cell_px
    n_images = max(PANEL_PX // pitch, 1)
    step = cell_px
    while step % TILE:
        step += cell_px
    return pitch, n_images, (n_images * pitch + step - 1) // step * step


@kernel()
def _load_rows(panel: Images, y: int, pitch: int, row: Rows) -> None:
    """Spread row y of every image over one array a channel, mirrored at both ends so that gradients there are 0."""
    n_channels, width = row.shape[0], panel.shape[2]
    for i in range(panel.shape[0]):
        flat, start = panel[i, y].reshape(-1), i * pitch + 1
        if n_channels == 3:
            red, green, blue = row[0][start:], row[1][start:], row[2][start:]
            for x in range(width):
                red[x] = flat[3 * x]
                green[x] = flat[3 * x + 1]
                blue[x] = flat[3 * x + 2]
        else:
            grey = row[0][start:]
            for x in range(width):
                grey[x] = flat[x]
        for c in range(n_channels):
            row[c, start - 1] = row[c, start + min(1, width - 1)]
            row[c, start + width] = row[c, start + max(width - 2, 0)]


@kernel()
def _gradient_row(
    panel: Images, y: int, pitch: int, pixels: Float32[np.ndarray, "3 c x"], gx: Row, gy: Row, size: Row
) -> None:
    """Compute the gradients of row y; pixels[y % 3] holds it already, the next row is loaded."""
    height = panel.shape[1]
    here, below, above = pixels[y % 3], pixels[(y + 1) % 3], pixels[(y + 2) % 3]
    if y + 1 < height:
        _load_rows(panel, y + 1, pitch, below)
    if y == 0:
        above = below if height > 1 else here
    if y + 1 == height:
        below = above
    if here.shape[0] == 3:
        _largest_gradients(above, here, below, gx, gy, size)
    else:
        _gradients(above[0], here[0], below[0], gx, gy, size)


@kernel()
def _gradients(above: Row, here: Row, below: Row, gx: Row, gy: Row, size: Row) -> None:
    for x in range(gx.shape[0]):
        u, v = here[x + 2] - here[x], below[x + 1] - above[x + 1]
        gx[x], gy[x], size[x] = _turned(u, v, u * u + v * v)


@kernel()
def _largest_gradients(above: Rows, here: Rows, below: Rows, gx: Row, gy: Row, size: Row) -> None:
    above_r, above_g, above_b = above[0], above[1], above[2]
    here_r, here_g, here_b = here[0], here[1], here[2]
    below_r, below_g, below_b = below[0], below[1], below[2]
    for x in range(gx.shape[0]):
        u, v = here_r[x + 2] - here_r[x], below_r[x + 1] - above_r[x + 1]
        square = u * u + v * v
        green_u, green_v = here_g[x + 2] - here_g[x], below_g[x + 1] - above_g[x + 1]
        green = green_u * green_u + green_v * green_v
        larger = green > square
        u, v, square = green_u if larger else u, green_v if larger else v, green if larger else square
        blue_u, blue_v = here_b[x + 2] - here_b[x], below_b[x + 1] - above_b[x + 1]
        blue = blue_u * blue_u + blue_v * blue_v
        larger = blue > square
        u, v, square = blue_u if larger else u, blue_v if larger else v, blue if larger else square
        gx[x], gy[x], size[x] = _turned(u, v, square)


@kernel()
def _turned(u: np.float32, v: np.float32, square: np.float32) -> tuple[np.float32, np.float32, np.float32]:
    """Turn a gradient of the lower half plane round, and mark it by a negative length."""
    is_lower = v < ZERO or (v == ZERO and u < ZERO)
    length = np.float32(math.sqrt(square))
    return -u if is_lower else u, abs(v), -length if is_lower else length


@kernel()
def _count_beyond(
    gx: Rows, gy: Rows, size: Rows, upper: np.float32, lower: np.float32, cotangents: Row, votes: Rows
) -> None:
    """Add the votes of two rows of pixels to every bin whose first edge, at angle a, they have reached.

    That is where cot(a) * gy >= gx; integer gradients are never so near to an edge that rounding could decide. A vote
    is max(upper * size, lower * size): with 1 and -1 that of both half planes, with 1 and 0 of the upper one, with -1
    and 0 of the lower one.
    """
    u_1, v_1, size_1 = gx[0], gy[0], size[0]
    u_2, v_2, size_2 = gx[1], gy[1], size[1]
    every, n, length = votes[0], cotangents.shape[0], gx.shape[1]
    for x in range(length):
        every[x] += max(upper * size_1[x], lower * size_1[x]) + max(upper * size_2[x], lower * size_2[x])
    for k in range(0, n - 3, 4):  # four bins a pass use what was loaded four times
        a, b, c, d = cotangents[k], cotangents[k + 1], cotangents[k + 2], cotangents[k + 3]
        votes_a, votes_b, votes_c, votes_d = votes[k + 1], votes[k + 2], votes[k + 3], votes[k + 4]
        for x in range(length):
            u, v, s = u_1[x], v_1[x], max(upper * size_1[x], lower * size_1[x])
            p, q, t = u_2[x], v_2[x], max(upper * size_2[x], lower * size_2[x])
            votes_a[x] += (s if a * v >= u else ZERO) + (t if a * q >= p else ZERO)
            votes_b[x] += (s if b * v >= u else ZERO) + (t if b * q >= p else ZERO)
            votes_c[x] += (s if c * v >= u else ZERO) + (t if c * q >= p else ZERO)
            votes_d[x] += (s if d * v >= u else ZERO) + (t if d * q >= p else ZERO)
    for k in range(n):
        if k >= n - n % 4:
            a, votes_a = cotangents[k], votes[k + 1]
            for x in range(length):
                s, t = max(upper * size_1[x], lower * size_1[x]), max(upper * size_2[x], lower * size_2[x])
                votes_a[x] += (s if a * v_1[x] >= u_1[x] else ZERO) + (t if a * v_2[x] >= u_2[x] else ZERO)


@kernel()
def _store_differences(sums: Rows, n_upper: int, cell_px: int, pitch: int, cells: CellRow) -> None:
    """Store each cell's bins: a bin has the votes that reached its first edge but not the next bin's."""
    n, n_cols, n_bins = cells.shape
    scale = ONE / np.float32(cell_px * cell_px)
    for i in range(n):
        start = i * (pitch // cell_px)
        for k in range(n_bins):
            is_last = k == n_upper - 1 or k == n_bins - 1
            here, beyond = sums[k][start:], sums[k if is_last else k + 1][start:]
            share = ZERO if is_last else ONE
            for c in range(n_cols):
                votes = max(here[c] - share * beyond[c], ZERO)  # rounding must not leave less than nothing
                cells[i, c, k] = votes * scale


@kernel()
def _positions(gx: Row, gy: Row, size: Row, bins_a_radian: np.float32, signed: bool) -> None:
    """Replace gx by the direction in bins, from -0.5 to n - 0.5, whole at bin centres; size loses its sign."""
    half_turn = PI if signed else ZERO
    for x in range(gx.shape[0]):
        u, v = gx[x], gy[x]
        along = abs(u)
        steep = v > along
        z = (along if steep else v) / (max(along, v) + np.float32(1e-20))
        z2 = z * z
        angle = np.float32(_ARCTAN[0])
        for power in range(1, 8):
            angle = angle * z2 + np.float32(_ARCTAN[power])
        angle *= z
        angle = HALF * PI - angle if steep else angle
        angle = PI - angle if u < ZERO else angle
        angle = angle + half_turn if size[x] < ZERO else angle
        gx[x], size[x] = angle * bins_a_radian - HALF, abs(size[x])


@kernel()
def _share_between_bins(position: Row, size: Row, far_share: np.float32, margin: int, near: Rows, far: Rows) -> None:
    """Add each pixel's vote to its two nearest bins, for the cells above (near) and below (far) by their shares.

    Pixel x stands at x + margin. Row k belongs to bin k - 1; the first and the last are bins on the other side of the
    turn.
    """
    near_share = ONE - far_share
    for k in range(near.shape[0]):
        near_k, far_k, centre = near[k][margin:], far[k][margin:], np.float32(k - 1)
        for x in range(position.shape[0]):
            vote = size[x] * max(ZERO, ONE - abs(position[x] - centre))
            near_k[x] += near_share * vote
            far_k[x] += far_share * vote


@kernel()
def _sum_shares(votes: Rows, cell_px: int, share: Row, scratch: Rows, sums: Float32[np.ndarray, "2 k w"]) -> None:
    """Sum the windows between cell centres: all votes, and their shares for the cell on the right."""
    weighted = scratch[2].reshape(votes.shape)
    for k in range(votes.shape[0]):
        votes_k, weighted_k = votes[k], weighted[k]
        for x in range(share.shape[0]):
            weighted_k[x] = votes_k[x] * share[x]
    _sum_windows(votes.reshape(-1), cell_px, scratch, sums[0].reshape(-1))
    _sum_windows(scratch[2], cell_px, scratch, sums[1].reshape(-1))


@kernel()
def _add_to_cells(sums: Float32[np.ndarray, "2 k w"], cell_px: int, pitch: int, cells: CellRow) -> None:
    """Add to each cell the right share of the window before its centre and the left share of the one after it."""
    n, n_cols, n_bins = cells.shape
    scale = ONE / np.float32(cell_px * cell_px)
    whole, right = sums[0], sums[1]
    for i in range(n):
        for c in range(n_cols):
            before = i * (pitch // cell_px) + c
            for row in range(n_bins + 2):
                votes = right[row, before] + whole[row, before + 1] - right[row, before + 1]
                cells[i, c, (row + n_bins - 1) % n_bins] += votes * scale


@kernel()
def _sum_windows(row: Row, window: int, scratch: Rows, sums: Row) -> None:
    """Sum neighbouring runs of `window` numbers, pairs of pairs as long as it is even."""
    n = sums.shape[0] * window
    source, turn = row, 0
    while window % 2 == 0:
        window //= 2
        n //= 2
        _add_pairs(source, scratch[turn][:n])
        source, turn = scratch[turn], 1 - turn
    sums[:] = ZERO
    for j in range(window):
        for i in range(sums.shape[0]):
            sums[i] += source[i * window + j]


@kernel()
def _add_pairs(row: Row, sums: Row) -> None:
    for x in range(sums.shape[0]):
        sums[x] = row[2 * x] + row[2 * x + 1]
