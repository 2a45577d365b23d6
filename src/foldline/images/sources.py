"""What a reader hands over: images still encoded in their files' bytes, or pixels that are there already."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Integer, UInt8

from foldline.images.problems import Problem

Fetch = Callable[[], bytes]
"""Gives the bytes of one file; raises UnreadableError if it cannot."""


class Entry(NamedTuple):
    """What is known of an encoded image before it is read."""

    name: str
    class_name: str
    partition: str | None


@dataclass(frozen=True, kw_only=True)
class EncodedImages:
    """Images in files, archives or tables, to be decoded.

    Args:
        entries: one for each image, in the order of the result.
        contents: starts a walk over (row of entries, its bytes), in the order in which the store reads best; every
            call starts anew.
        class_names: names in label order; None sorts those of the entries.
        problems: what was passed over already.
    """

    entries: tuple[Entry, ...]
    contents: Callable[[], Iterable[tuple[int, Fetch]]]
    class_names: tuple[str, ...] | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PixelArrays:
    """Images that are arrays of one size.

    Args:
        images: (N, H, W, C) uint8.
        labels: (N,) whole numbers in 0 ... K-1.
        class_names: K names.
        partition: as in `ImageSet`.
        problems: what was changed already.
    """

    images: UInt8[np.ndarray, "n h w c"]
    labels: Integer[np.ndarray, " n"]
    class_names: tuple[str, ...]
    partition: tuple[str, ...] | None
    problems: tuple[Problem, ...] = ()


Source = EncodedImages | PixelArrays


def join_partitions(
    parts: dict[str, tuple[UInt8[np.ndarray, "_ h w c"], Integer[np.ndarray, " _"]]],
    class_names: tuple[str, ...],
    *,
    problems: tuple[Problem, ...] = (),
) -> PixelArrays:
    """Put the (images, labels) of "train", "val" and "test" one after the other."""
    sizes = {part: len(labels) for part, (_, labels) in parts.items()}
    return PixelArrays(
        images=np.concatenate([images for images, _ in parts.values()]),
        labels=np.concatenate([labels for _, labels in parts.values()]),
        class_names=class_names,
        partition=tuple(part for part, size in sizes.items() for _ in range(size)),
        problems=problems,
    )
