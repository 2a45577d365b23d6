"""What a place in the gallery is: a figure with its words, and the slides of the lecture that it stands for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foldline.gallery.material import Material

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One exhibit, computed.

    Args:
        figures: one under the other.
        note: what was computed, in a sentence or two with its numbers.
        moving: a GIF to stand below, or none.
        listing: a program to stand below, or none.
    """

    figures: tuple["Figure", ...]
    note: str = ""
    moving: bytes | None = None
    listing: str | None = None


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """One place in the gallery.

    Args:
        name: its key, and its anchor on the page.
        title: a short sentence.
        slides: numbers of the lecture's slides that it stands for, such as "51-64".
        text: what there is to see, for somebody who never saw it.
        functions: what of foldline computes it, for those who want it on their own data.
        draw: computes it.
    """

    name: str
    title: str
    slides: str
    text: str
    functions: tuple[str, ...]
    draw: Callable[[Material], Drawn]
