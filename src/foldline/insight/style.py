"""One look for all pictures: a few colours that stay apart in grey and for colour-blind eyes, and quiet axes."""

import io
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from foldline.core.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Series colours have hues like Okabe and Ito's (2008) and are dark enough for small text on white, but for the quiet
# third. Any two lie 5 of 100 steps of lightness apart or more, and 18 units of CIELAB for each kind of colour-blind eye
# (Machado, Oliveira, Fernandes 2009). Their dark twins are the variables of the same name in the page's style sheet.
COLORS = {
    "ink": "#1d2126",
    "muted": "#66707b",
    "faint": "#dde1e6",
    "series-1": "#0067a5",
    "series-2": "#a65f00",
    "series-3": "#7d848c",
    "series-4": "#8f2742",
    "series-5": "#0b2f4f",
}
SERIES = tuple(color for name, color in COLORS.items() if name.startswith("series"))
MARKERS = ("o", "s", "^", "D", "P", "X", "v", "p")

_SETTINGS: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": COLORS["muted"],
    "axes.labelcolor": COLORS["ink"],
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlecolor": COLORS["ink"],
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": COLORS["faint"],
    "grid.linewidth": 0.7,
    "xtick.color": COLORS["muted"],
    "ytick.color": COLORS["muted"],
    "xtick.labelcolor": COLORS["ink"],
    "ytick.labelcolor": COLORS["ink"],
    "text.color": COLORS["ink"],
    "text.parse_math": False,  # class names may hold dollar signs
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "svg.fonttype": "none",  # real text: it can be selected, and takes the fonts of the page
    "svg.hashsalt": "foldline",  # the same numbers give the same file
}


@contextmanager
def look() -> Iterator[None]:
    """Draw all figures inside the block in foldline's look; what others draw keeps theirs."""
    import matplotlib

    with matplotlib.rc_context(_SETTINGS):  # type: ignore[arg-type]  # typed as a closed list of keys
        yield


def save_png(figure: "Figure", path: str | os.PathLike[str]) -> None:
    """Write a figure as a PNG file on white, 150 pixels an inch, through a temporary name.

    Raises: SaveError if the file cannot be written.
    """
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=150, facecolor="white")


def svg_text(figure: "Figure", *, name: str, title: str) -> str:
    """Turn a matplotlib figure into an SVG element for a page.

    Args:
        figure: drawn inside `look`.
        name: letters, digits and hyphens that no other picture of the page has; every id begins with it.
        title: what a reader who cannot see it is told.
    Returns: `<svg ...>...</svg>` without size, so that the page decides; each of COLORS is written as
        `var(--name, #rrggbb)`, so that a dark page can change it.
    Convention: powers of ten along logarithmic axes are written out, as formulas are not set in `look`.
    """
    from html import escape

    _write_powers_out_(figure)
    buffer = io.StringIO()
    with look(), warnings.catch_warnings():
        # matplotlib measures text with a font of its own that lacks most scripts; the page's fonts draw it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from|Matplotlib currently does not support")
        figure.savefig(buffer, format="svg")
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    opening, rest = svg.split(">", 1)
    opening = re.sub(r' (width|height)="[^"]*"', "", opening)
    rest = re.sub(r"<[^>]*>", lambda tag: _for_a_page(tag[0], name), rest)  # in tags alone: text may name a colour
    text = f'{opening} role="img" aria-label="{escape(title)}"><title>{escape(title)}</title>{rest.strip()}'
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "\N{REPLACEMENT CHARACTER}", text)  # which XML cannot hold


def _write_powers_out_(figure: "Figure") -> None:
    from matplotlib.ticker import LogFormatterMathtext

    class Plain(LogFormatterMathtext):
        """Labels the ticks that its base class labels, as 0.01 or 1e-06."""

        def __call__(self, x: float, pos: int | None = None) -> str:
            return f"{x:g}" if super().__call__(x, pos) else ""

    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            for is_major in (True, False):
                found = axis.get_major_formatter() if is_major else axis.get_minor_formatter()
                if isinstance(found, LogFormatterMathtext):
                    plain = Plain(labelOnlyBase=found.labelOnlyBase, minor_thresholds=found.minor_thresholds)
                    (axis.set_major_formatter if is_major else axis.set_minor_formatter)(plain)


def _for_a_page(tag: str, name: str) -> str:
    for variable, color in COLORS.items():
        tag = tag.replace(color, f"var(--{variable}, {color})")
    return re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{name}-", tag)
