"""Computes exhibits and lays them out as one self-contained page."""

import base64
import io
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from foldline import __version__
from foldline.core.checks import choice, integer
from foldline.core.errors import SettingError
from foldline.core.files import write_text
from foldline.core.progress import tracking
from foldline.gallery.exhibit import Drawn, Exhibit
from foldline.gallery.exhibits import CHAPTERS, EXHIBITS
from foldline.gallery.material import Material
from foldline.insight import svg_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A figure with more text than this as SVG is smaller, and quicker to show, as PNG.
MOST_SVG_CHARACTERS = 250_000
PNG_DPI, CSS_DPI = 144, 100


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """Exhibits, computed.

    Args:
        drawn: by the exhibit's name, in the order of the lecture.
        seconds: how long each took.
        seed: what decided them.
    """

    drawn: dict[str, Drawn]
    seconds: dict[str, float]
    seed: int

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write gallery.html, which needs no other file and no network.

        Raises: SaveError if it cannot be written.
        """
        path = Path(folder) / "gallery.html"
        write_text(path, self.to_html())
        return path

    def to_html(self) -> str:
        """Write the page."""
        from jinja2 import Environment, StrictUndefined

        environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        page = files("foldline.gallery") / "page" / "gallery.html.jinja"
        style = files("foldline.compare") / "page" / "report.css"
        chapters = [
            (title, [_shown(exhibit, self.drawn[exhibit.name]) for exhibit in chapter if exhibit.name in self.drawn])
            for title, chapter in CHAPTERS.items()
        ]
        return environment.from_string(page.read_text(encoding="utf-8")).render(
            style=style.read_text(encoding="utf-8"),
            version=__version__,
            chapters=[(title, shown) for title, shown in chapters if shown],
            n_exhibits=len(self.drawn),
            seconds=sum(self.seconds.values()),
            seed=self.seed,
        )


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """An exhibit for the page; pictures with their widths in CSS pixels."""

    exhibit: Exhibit
    pictures: tuple[tuple[str, int], ...]
    note: str
    moving: str | None
    listing: str | None


def gallery(only: Sequence[str] | None = None, *, seed: int = 0) -> Gallery:
    """Compute the figures of the lecture, each from data and nets made on the spot.

    Args:
        only: names of exhibits; None for all.
        seed: of first weights and of points that are drawn.
    Returns: the exhibits, to be saved as one page.
    Raises: SettingError for a name that there is not.
    """
    integer(seed, name="seed", low=0, high=2**31 - 1)
    asked = list(EXHIBITS) if only is None else list(only)
    if not asked:
        raise SettingError("only is empty; expected names of exhibits. Leave it out for all.")
    for name in asked:
        choice(name, tuple(EXHIBITS), name="only")
    names = [name for name in EXHIBITS if name in asked]
    material = Material(seed=seed)
    drawn, seconds = {}, {}
    with tracking("gallery", len(names)) as advance:
        for name in names:
            started = time.perf_counter()
            drawn[name] = EXHIBITS[name].draw(material)
            seconds[name] = time.perf_counter() - started
            advance(1, name)
    return Gallery(drawn=drawn, seconds=seconds, seed=seed)


def _shown(exhibit: Exhibit, drawn: Drawn) -> _Shown:
    pictures = tuple(
        (_picture(figure, name=f"{exhibit.name}-{index}", title=exhibit.title), int(CSS_DPI * figure.get_figwidth()))
        for index, figure in enumerate(drawn.figures)
    )
    moving = None if drawn.moving is None else _data_url(drawn.moving, "image/gif")
    return _Shown(exhibit=exhibit, pictures=pictures, note=drawn.note, moving=moving, listing=drawn.listing)


def _picture(figure: "Figure", *, name: str, title: str) -> str:
    """Give a figure as an element of the page: SVG, or PNG where that is smaller."""
    from markupsafe import escape

    text = svg_text(figure, name=name, title=title)
    if len(text) <= MOST_SVG_CHARACTERS:
        return text
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=PNG_DPI, facecolor="white")
    return f'<img src="{_data_url(buffer.getvalue(), "image/png")}" alt="{escape(title)}">'


def _data_url(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
