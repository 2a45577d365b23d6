"""A set of images as the lab plays with it: a sample of a size that trains while one looks on."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int, Int32

from foldline.core.seeds import generator_from_seed
from foldline.core.text import plural
from foldline.images import ImageSet, load_images
from foldline.images.fitting import fit_to
from foldline.images.loading import DEFAULT_SIZE
from foldline.lab.images_source import ImageSource

MOST_TRAIN, MOST_TEST = 6_000, 1_000  # images
MOST_NUMBERS = 2**25  # of pixels of all images; as float32 they are 128 MiB


@dataclass(frozen=True, kw_only=True, eq=False)
class LabImages:
    """Images to learn from and to be tested on.

    Args:
        train: in the order of the source.
        test: one of each class in turn, as long as there are some.
        told: how many of how many these are, and what was done to them.
    """

    train: ImageSet
    test: ImageSet
    told: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of every image."""
        _, height, width, n_channels = self.train.images.shape
        return height, width, n_channels

    @property
    def class_names(self) -> tuple[str, ...]:
        """A name for each class."""
        return self.train.class_names


def load_lab_images(source: ImageSource) -> LabImages:
    """Load images, part them, and draw from both parts what the lab can hold.

    Raises: what `load_images` and `ImageSet.split` raise.
    Convention: the source's own split, or every fifth image of each class, drawn with seed 0, is for testing.
    Convention: images that came in a size of more than 64x64 pixels that nobody asked for are scaled to 64x64.
    """
    found = load_images(source.path, size=source.size, fit=source.fit)
    train, test = found.split(seed=0)
    height, width, n_channels = found.images.shape[1:]
    is_scaled = source.size is None and height * width > DEFAULT_SIZE[0] * DEFAULT_SIZE[1]
    if is_scaled:
        height, width = DEFAULT_SIZE
    share = min(MOST_NUMBERS / (height * width * n_channels * (MOST_TRAIN + MOST_TEST)), 1.0)
    kept = [
        part.subset(even_sample(part.labels, max(int(share * most), 1)))
        for part, most in ((train, MOST_TRAIN), (test, MOST_TEST))
    ]
    if is_scaled:
        kept = [_scaled(part, source) for part in kept]
    counts = [
        f"{len(part):,} {kind} {plural('image', len(part))}"
        if len(part) == len(whole)
        else f"{len(part):,} of {len(whole):,} {kind} images"
        for kind, part, whole in zip(("training", "test"), kept, (train, test), strict=True)
    ]
    told = f"{' and '.join(counts)}, {height}×{width} pixels, {'grey' if n_channels == 1 else 'colour'}"
    if len(kept[0]) + len(kept[1]) < len(found):
        told += "; drawn evenly from every class"
    n_skipped = sum(problem.kind == "skipped" for problem in found.problems)
    if n_skipped:
        were = "was" if n_skipped == 1 else "were"
        told += f"; {n_skipped:,} {plural('file', n_skipped)} could not be used, and {were} left out"
    return LabImages(train=kept[0], test=kept[1].subset(in_turns(kept[1].labels)), told=f"{told}.")


def even_sample(labels: Int32[np.ndarray, " n"], most: int) -> Int[np.ndarray, " m"]:
    """Draw at most so many rows, the same share of every class, with seed 0; in rising order."""
    shuffled = generator_from_seed(0).permutation(len(labels))
    place, size = _places(labels[shuffled])
    return np.sort(shuffled[np.argsort(place / size, kind="stable")[:most]])


def in_turns(labels: Int32[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Order rows so that the first of every class come first, then the second of every class."""
    place, _ = _places(labels)
    return np.lexsort((labels, place))


def _places(labels: Int32[np.ndarray, " n"]) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """Number the rows of each class from 0, and give how many its class has."""
    by_class = np.argsort(labels, kind="stable")
    size = np.bincount(labels)
    first = np.cumsum(size) - size
    place = np.empty(len(labels), np.int64)
    place[by_class] = np.arange(len(labels)) - first[labels[by_class]]
    return place, size[labels]


def _scaled(images: ImageSet, source: ImageSource) -> ImageSet:
    pixels = np.stack([fit_to(image, DEFAULT_SIZE, fit=source.fit) for image in images.images])
    return replace(images, images=pixels)
