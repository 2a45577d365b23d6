"""Exact duplicates: an image that a classifier has seen before does not test it."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

import numpy as np

from foldline.images.image_set import ImageSet
from foldline.images.problems import Problem
from foldline.images.splits import PARTS

_Place = tuple[ImageSet, int]  # a set and a row of it


def duplicates_across(*parts: ImageSet) -> tuple[Problem, ...]:
    """List the images of each part whose pixels, bit for bit, also stand in an earlier part.

    Args:
        parts: as `ImageSet.split` gives them: (train, test) or (train, val, test).
    Returns: one "duplicate" problem for each such image; its length is their number.
    Convention: the pixels compared are those of the set, after scaling; a copy saved once more as JPEG is not exact.
    Example:
        >>> from foldline.images import load_images
        >>> len(duplicates_across(*load_images("digits").split(seed=0)))
        0
    """
    return tuple(_across([(part, row) for row in range(len(part))] for part in parts))


def duplicates_within(images: ImageSet) -> tuple[Problem, ...]:
    """List the copies in a set: across its own split, or anywhere if it has none, because any draw may part them.

    Args:
        images: a set as it was loaded.
    Returns: one "duplicate" problem for each image whose pixels, bit for bit, stood before it.
    Convention: as in `duplicates_across`; copies inside one part of a source's own split do no harm and are not listed.
    Example:
        >>> from foldline.images import load_images
        >>> duplicates_within(load_images("fashion-mini"))
        ()
    """
    if images.partition is not None and images.has_own_split:
        partition = np.asarray(images.partition)
        return tuple(_across([(images, row) for row in np.flatnonzero(partition == part).tolist()] for part in PARTS))
    first_seen: dict[bytes, int] = {}
    before = [first_seen.setdefault(_digest(image), row) for row, image in enumerate(images.images)]
    return tuple(_problem(images, row, images, other, what="twice") for row, other in enumerate(before) if other != row)


def _across(parts: Iterable[Sequence[_Place]]) -> Iterator[Problem]:
    first_seen: dict[bytes, _Place] = {}
    for part in parts:
        digests = [_digest(images.images[row]) for images, row in part]
        for place, digest in zip(part, digests, strict=True):
            if digest in first_seen:
                yield _problem(*place, *first_seen[digest], what="in two splits")
        for place, digest in zip(part, digests, strict=True):
            first_seen.setdefault(digest, place)


def _digest(image: np.ndarray) -> bytes:
    # The shape belongs to the image: equal bytes can be a tall or a wide one.
    return blake2b(image.tobytes(), digest_size=16, key=repr(image.shape).encode()).digest()


def _problem(part: ImageSet, row: int, other: ImageSet, other_row: int, *, what: str) -> Problem:
    classes = part.class_names[part.labels[row]], other.class_names[other.labels[other_row]]
    labelled = "" if classes[0] == classes[1] else ", labelled differently"
    return Problem(
        kind="duplicate",
        where=f"{part.names[row]} = {other.names[other_row]}",
        what=f"the same pixels stand {what}{labelled}",
    )
