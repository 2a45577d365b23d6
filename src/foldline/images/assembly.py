"""Encoded images to one array: decoded and brought to one size in threads, problems listed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Int, UInt8

from foldline.core.parallel import in_threads
from foldline.core.progress import tracking
from foldline.images.decoding import decode, quiet_decoders, upright_size
from foldline.images.fitting import Fit, fit_to, to_channels
from foldline.images.problems import Problem, UnreadableError
from foldline.images.sources import EncodedImages, Fetch

RESCALED = "its size is not the expected one: it was scaled to that and its centre cut out"
MADE_COLOURED = "a grey image where others have colour: its channel was repeated"
MADE_GREY = "a coloured image where grey ones are expected: its colours were weighed to grey"


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """Images of one size, and from which entry each comes.

    Args:
        images: (M, H, W, C) uint8, in the order of the entries.
        rows: (M,) index of each image among the source's entries.
        problems: entries that were skipped or changed.
    """

    images: UInt8[np.ndarray, "m h w c"]
    rows: Int[np.ndarray, " m"]
    problems: tuple[Problem, ...]


def common_size(source: EncodedImages) -> tuple[int, int] | None:
    """Give the (height, width) that all readable images share, by their headers; None if they differ."""

    def size_of(content: tuple[int, Fetch]) -> tuple[int, int] | None:
        try:
            return upright_size(content[1]())
        except UnreadableError:
            return None

    agreed = None
    with quiet_decoders():
        for size in in_threads(size_of, source.contents()):
            if size is not None and agreed is not None and size != agreed:
                return None
            agreed = size or agreed
    return agreed


def assemble(
    source: EncodedImages,
    size: tuple[int, int],
    *,
    fit: Fit,
    n_channels: int | None = None,
) -> Assembled:
    """Decode all images.

    Args:
        source: images in files.
        size: (height, width) of the result.
        fit: how images of another size come to it; "native" expects none and tells of each.
        n_channels: 1 or 3; None for 1 if every image is grey, else 3.
    """
    n = len(source.entries)
    images = np.empty((n, *size, n_channels or 3), np.uint8)
    is_there, is_grey = np.zeros(n, bool), np.zeros(n, bool)
    problems: list[Problem] = []
    with quiet_decoders(), tracking("decoding images", n) as advance:
        for row, outcome in _decoded(source, size, fit):
            name = source.entries[row].name
            if isinstance(outcome, UnreadableError):
                problems.append(Problem(kind="skipped", where=name, what=str(outcome)))
            else:
                is_there[row], is_grey[row] = True, outcome.pixels.shape[2] == 1
                images[row] = to_channels(outcome.pixels, images.shape[3])
                problems += [Problem(kind="changed", where=name, what=change) for change in outcome.changes]
            advance(1, "")
    rows = np.flatnonzero(is_there)
    if len(rows) < n:
        for place, row in enumerate(rows.tolist()):
            images[place] = images[row]  # moved up where they are: a copy would need the memory twice
        images = images[: len(rows)]
    if n_channels is None and is_grey[rows].all():
        images = np.ascontiguousarray(images[..., :1])
    are_grey = images.shape[3] == 1
    odd = (source.entries[row].name for row in rows if is_grey[row] != are_grey)
    what = MADE_GREY if are_grey else MADE_COLOURED
    problems += [Problem(kind="changed", where=name, what=what) for name in odd]
    return Assembled(images=images, rows=rows, problems=tuple(problems))


class _Fitted(NamedTuple):
    pixels: UInt8[np.ndarray, "h w c"]
    changes: tuple[str, ...]


def _decoded(source: EncodedImages, size: tuple[int, int], fit: Fit) -> Iterator[tuple[int, _Fitted | UnreadableError]]:
    def work(content: tuple[int, Fetch]) -> tuple[int, _Fitted | UnreadableError]:
        row, fetch = content
        try:
            pixels, changes = decode(fetch(), at_least=None if fit == "native" else size)
        except UnreadableError as error:
            return row, error
        if fit == "native" and pixels.shape[:2] != size:
            changes = (*changes, RESCALED)
        return row, _Fitted(fit_to(pixels, size, fit="pad" if fit == "pad" else "crop"), changes)

    return in_threads(work, source.contents())
