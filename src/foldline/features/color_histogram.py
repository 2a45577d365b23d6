"""Colour histograms: which colours an image has, whatever they show and wherever they are."""

from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float32, Int32, UInt8, UInt16

from foldline.core.checks import choice, integer
from foldline.core.compiled import kernel
from foldline.core.errors import ShapeError
from foldline.features.image_feature import ImageFeature
from foldline.features.input_images import ImageShape

DEFAULT_BINS = {"rgb": 8, "hue": 16}
RUN_PX = 256  # pixels whose bins are computed in one go, as vectors, before they are counted one by one
N_TABLES = 4
ZERO, ONE, TWO, FOUR, SIX = np.float32(0), np.float32(1), np.float32(2), np.float32(4), np.float32(6)

Images = UInt8[np.ndarray, "n h w 3"]
Counts = Float32[np.ndarray, "n r b"]
"""One histogram a region."""


class ColorHistogram(ImageFeature):
    """Histogram of an image's colours: joint RGB, or hue weighted by saturation.

    Args:
        space: "rgb": every pixel counts in one of n^3 boxes of the colour cube; "hue": it counts in one of n sectors
            of the colour circle, by its saturation, so that grey has no say.
        n_bins: boxes n a channel, from 2 to 16, or sectors n of the circle, from 2 to 256; None for 8 boxes a channel
            or 16 sectors.
        grid: whether the four quarters of the image have histograms of their own, after that of the whole.
        root: whether each number is replaced by its square root, so that rare colours count beside the ground's.
    Convention: counts are divided by the pixels they are taken from: an RGB histogram sums to 1, a hue histogram to the
        mean saturation.
    Convention: box index (r * n + g) * n + b, with r = floor(R n / 256).
    Convention: hue and saturation are those of HSV: S = (max - min) / max; sector 0 begins at pure red.
    Convention: of an odd number of rows or columns the middle one belongs to the lower or right quarters.
    Source: Swain and Ballard (1991), section 2, for the joint histogram; Smith (1978) for HSV; Arandjelovic and
        Zisserman (2012), section 3, for the root (products of roots are the Hellinger kernel).
    Example:
        >>> import numpy as np
        >>> ColorHistogram().transform(np.zeros((2, 32, 32, 3), np.uint8)).shape
        (2, 512)
    """

    title: ClassVar[str] = "colour"
    needs_color: ClassVar[bool] = True

    def __init__(
        self,
        *,
        space: Literal["rgb", "hue"] = "rgb",
        n_bins: int | None = None,
        grid: bool = False,
        root: bool = False,
    ) -> None:
        self.space = space
        self.n_bins = n_bins
        self.grid = grid
        self.root = root

    @classmethod
    def for_images(cls, image_shape: ImageShape) -> "ColorHistogram":
        """Choose the root of the joint histogram.

        On validation images of CIFAR-10 a linear classifier was right on 37.2 % with the root, 32.4 % without; beside
        HoG, on 65.9 % and 64.1 %.
        """
        return cls(root=True)

    def describe(self) -> str:
        """Say in a few words what the numbers are."""
        place = ", of the whole and of its quarters" if self.grid else ""
        return f"histogram of {'colours' if self.space == 'rgb' else 'hues'}{place}"

    def length(self, image_shape: ImageShape) -> int:
        """Give the number of bins, five times as many with `grid`.

        Raises: SettingError for a setting outside its range; ShapeError for grey images, or quarters without pixels.
        """
        choice(self.space, tuple(DEFAULT_BINS), name="space")
        n = self._bins()
        height, width, n_channels = image_shape
        if n_channels != 3:
            raise ShapeError(
                f"images have {n_channels} channel; expected 3, red, green and blue. Leave ColorHistogram out for grey "
                "images."
            )
        if self.grid and min(height, width) < 2:
            raise ShapeError(
                f"images have {height}x{width} pixels; expected at least 2x2 with grid. Set grid to False."
            )
        return (n**3 if self.space == "rgb" else n) * (5 if self.grid else 1)

    def _bins(self) -> int:
        if self.n_bins is None:
            return DEFAULT_BINS[self.space]
        return integer(self.n_bins, name="n_bins", low=2, high=16 if self.space == "rgb" else 256)

    def _fill(self, images: UInt8[np.ndarray, "n h w c"], out: Float32[np.ndarray, "n d"]) -> None:
        if self.grid:
            self._fill_grid(images, out.reshape(len(images), 5, -1))
        else:
            n, height, width, _ = images.shape
            # One long row: without quarters it does not matter where a row ends.
            self._count(images.reshape(n, 1, height * width, 3), 1, out[:, None])
            out /= np.float32(height * width)
        if self.root:
            np.sqrt(out, out=out)

    def _fill_grid(self, images: Images, counts: Float32[np.ndarray, "n 5 b"]) -> None:
        height, width = images.shape[1:3]
        self._count(images, 2, counts[:, 1:])
        counts[:, 0] = counts[:, 1:].sum(axis=1)
        tops, lefts = (height // 2, height - height // 2), (width // 2, width - width // 2)
        n_pixels = [height * width, *(top * left for top in tops for left in lefts)]
        counts /= np.array(n_pixels, np.float32)[:, None]

    def _count(self, images: Images, n_parts: int, counts: Counts) -> None:
        count = _count_rgb if self.space == "rgb" else _count_hue
        count(images, n_parts, self._bins(), counts)


@kernel()
def _count_rgb(images: Images, n_parts: int, n_bins: int, counts: Counts) -> None:
    """Count the boxes of the colour cube in each of n_parts x n_parts regions."""
    n, height, width, _ = images.shape
    # Four tables in turn: neighbouring pixels are often alike, and a number cannot be raised again before it is stored.
    tables = np.zeros((N_TABLES, n_bins**3), np.int32)
    boxes = np.zeros(RUN_PX, np.uint16)
    for i in range(n):
        for part in range(n_parts * n_parts):
            top, bottom, left, right = _region(part, n_parts, height, width)
            tables[:] = 0
            for y in range(top, bottom):
                for start in range(left, right, RUN_PX):
                    run = images[i, y, start : min(start + RUN_PX, right)].reshape(-1)
                    _boxes(run, n_bins, boxes)
                    _raise_counts(boxes, run.shape[0] // 3, tables)
            total = counts[i, part]
            for box in range(total.shape[0]):
                total[box] = tables[0, box] + tables[1, box] + tables[2, box] + tables[3, box]


@kernel()
def _count_hue(images: Images, n_parts: int, n_bins: int, counts: Counts) -> None:
    """Sum the saturations in each sector of the colour circle, in each of n_parts x n_parts regions."""
    n, height, width, _ = images.shape
    tables = np.zeros((N_TABLES, n_bins))  # float64: a float32 would stop growing after some millions of pixels
    sectors, saturations = np.zeros(RUN_PX, np.int32), np.zeros(RUN_PX, np.float32)
    for i in range(n):
        for part in range(n_parts * n_parts):
            top, bottom, left, right = _region(part, n_parts, height, width)
            tables[:] = 0
            for y in range(top, bottom):
                for start in range(left, right, RUN_PX):
                    run = images[i, y, start : min(start + RUN_PX, right)].reshape(-1)
                    _hues(run, n_bins, sectors, saturations)
                    for x in range(run.shape[0] // 3):
                        tables[x % N_TABLES, sectors[x]] += saturations[x]
            total = counts[i, part]
            for sector in range(n_bins):
                total[sector] = tables[0, sector] + tables[1, sector] + tables[2, sector] + tables[3, sector]


@kernel()
def _region(part: int, n_parts: int, height: int, width: int) -> tuple[int, int, int, int]:
    row, col = part // n_parts, part % n_parts
    return (
        height * row // n_parts,
        height * (row + 1) // n_parts,
        width * col // n_parts,
        width * (col + 1) // n_parts,
    )


@kernel()
def _boxes(run: UInt8[np.ndarray, " x3"], n_bins: int, boxes: UInt16[np.ndarray, " m"]) -> None:
    n, n_squared = np.uint16(n_bins), np.uint16(n_bins * n_bins)
    for x in range(run.shape[0] // 3):
        red, green, blue = _bin(run[3 * x], n), _bin(run[3 * x + 1], n), _bin(run[3 * x + 2], n)
        boxes[x] = np.uint16(red * n_squared) + np.uint16(green * n) + blue


@kernel()
def _bin(value: np.uint8, n: np.uint16) -> np.uint16:
    # Every step is cut to 16 bits, or compilers would multiply in 64, a quarter as many at once.
    return np.uint16(np.uint16(value * n) >> np.uint16(8))


@kernel()
def _raise_counts(boxes: UInt16[np.ndarray, " m"], n_pixels: int, tables: Int32[np.ndarray, "4 b"]) -> None:
    first, second, third, fourth = tables[0], tables[1], tables[2], tables[3]
    n_fours = n_pixels // 4
    for x in range(n_fours):
        first[boxes[4 * x]] += 1
        second[boxes[4 * x + 1]] += 1
        third[boxes[4 * x + 2]] += 1
        fourth[boxes[4 * x + 3]] += 1
    for x in range(4 * n_fours, n_pixels):
        first[boxes[x]] += 1


@kernel(fastmath=False)  # a correctly rounded quotient of whole numbers falls on its own side of a sector's edge
def _hues(
    run: UInt8[np.ndarray, " x3"],
    n_bins: int,
    sectors: Int32[np.ndarray, " m"],
    saturations: Float32[np.ndarray, " m"],
) -> None:
    n = np.float32(n_bins)
    for x in range(run.shape[0] // 3):
        red, green, blue = np.float32(run[3 * x]), np.float32(run[3 * x + 1]), np.float32(run[3 * x + 2])
        largest, smallest = max(red, max(green, blue)), min(red, min(green, blue))
        span = max(largest - smallest, ONE)  # 0 means grey, whose saturation of 0 counts nowhere
        turn = red - green + FOUR * span  # in sixths of a turn times the span
        turn = blue - red + TWO * span if green == largest else turn
        turn = green - blue if red == largest else turn
        turn = turn + SIX * span if turn < ZERO else turn
        sectors[x] = np.int32(n * turn / (SIX * span))
        saturations[x] = (largest - smallest) / max(largest, ONE)
