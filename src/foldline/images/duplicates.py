"""Exact duplicates that cross a split: images a classifier has seen before it is tested on them."""

from hashlib import blake2b

import numpy as np

from foldline.images.image_set import ImageSet
from foldline.images.problems import Problem


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
    first_seen: dict[bytes, tuple[ImageSet, int]] = {}
    problems = []
    for part in parts:
        digests = [_digest(image) for image in part.images]
        problems += [
            _problem(part, row, *first_seen[digest]) for row, digest in enumerate(digests) if digest in first_seen
        ]
        for row, digest in enumerate(digests):
            first_seen.setdefault(digest, (part, row))
    return tuple(problems)


def _digest(image: np.ndarray) -> bytes:
    # The shape belongs to the image: equal bytes can be a tall or a wide one.
    return blake2b(image.tobytes(), digest_size=16, key=repr(image.shape).encode()).digest()


def _problem(part: ImageSet, row: int, other: ImageSet, other_row: int) -> Problem:
    classes = part.class_names[part.labels[row]], other.class_names[other.labels[other_row]]
    labelled = "" if classes[0] == classes[1] else ", labelled differently"
    return Problem(
        kind="duplicate",
        where=f"{part.names[row]} = {other.names[other_row]}",
        what=f"the same pixels stand in two splits{labelled}",
    )
