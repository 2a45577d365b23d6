"""The report: one HTML file that opens without network and can be sent to a colleague."""

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from foldline.compare import wording
from foldline.compare.leaderboard import Leaderboard
from foldline.compare.pictures import accuracy_against_time
from foldline.compare.rows import Mistake, Row
from foldline.images import summarise
from foldline.insight import (
    Templates,
    calibration_picture,
    confusion_picture,
    learning_curves_picture,
    shaded,
    svg_text,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

N_CONFUSIONS_LISTED = 8
N_PROBLEMS_LISTED = 200
N_EXAMPLE_CLASSES = 20
THUMBNAIL_PX = 168  # twice what the page shows them at, for screens with small pixels


def render(board: Leaderboard) -> str:
    """Write the page as HTML text; pictures are inside it. The same board gives the same text."""
    from jinja2 import Environment, StrictUndefined

    page = files("foldline.compare") / "page"
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    for filter_ in (wording.percent, wording.seconds, wording.microseconds, wording.file_size, anchor):
        environment.filters[filter_.__name__] = filter_
    template = environment.from_string((page / "report.html.jinja").read_text(encoding="utf-8"))
    return template.render(
        board=board,
        data=board.data,
        verdict=board.verdict,
        style=(page / "report.css").read_text(encoding="utf-8"),
        accuracy_picture=svg_text(
            accuracy_against_time(board), name="accuracy", title="Accuracy of every recipe over its time"
        ),
        lowest=min(row.test_accuracy.low for row in board.rows),
        details=[_detail(row, board.data.class_names, rank=rank) for rank, row in enumerate(board.rows, start=1)],
        template_sheets=_template_sheets(board.rows),
        examples=_examples(board),
        problem_lines=summarise(board.data.problems),
        problems=board.data.problems[:N_PROBLEMS_LISTED],
        n_more_problems=max(len(board.data.problems) - N_PROBLEMS_LISTED, 0),
    )


def anchor(recipe: str) -> str:
    """Turn a recipe's key into the name of its place on the page: "hog+color/mlp2" into "hog-color-mlp2"."""
    return re.sub(r"[^\w]+", "-", recipe)


@dataclass(frozen=True, kw_only=True)
class _Detail:
    """What the page says about one recipe, ready to be put in."""

    row: Row
    confusion: str
    confusions: tuple[tuple[str, str, int], ...]
    calibration: str | None
    curves: str | None
    mistakes: tuple[tuple[Mistake, str, str], ...]


@dataclass(frozen=True, kw_only=True)
class _Sheet:
    """Templates of one recipe: caption and picture of each."""

    title: str
    is_of_classes: bool
    tiles: tuple[tuple[str, str], ...]


def _detail(row: Row, class_names: tuple[str, ...], *, rank: int) -> _Detail:
    def svg(figure: "Figure", kind: str) -> str:
        return svg_text(figure, name=f"{kind.lower().replace(' ', '-')}-{rank}", title=f"{kind} of {row.title}")

    return _Detail(
        row=row,
        confusion=svg(confusion_picture(row.confusion, class_names), "Confusions"),
        confusions=_largest_confusions(row.confusion, class_names),
        calibration=None if row.calibration is None else svg(calibration_picture(row.calibration), "Calibration"),
        curves=None if row.history is None else svg(learning_curves_picture(row.history), "Learning curves"),
        mistakes=tuple((mistake, _png(_thumbnail(mistake.image)), _sureness(row, mistake)) for mistake in row.mistakes),
    )


def _largest_confusions(confusion: np.ndarray, class_names: tuple[str, ...]) -> tuple[tuple[str, str, int], ...]:
    wrong = confusion * ~np.eye(len(confusion), dtype=bool)
    order = np.argsort(-wrong, axis=None, kind="stable")[:N_CONFUSIONS_LISTED]
    pairs = (np.unravel_index(index, wrong.shape) for index in order)
    return tuple((class_names[i], class_names[j], int(wrong[i, j])) for i, j in pairs if wrong[i, j])


def _sureness(row: Row, mistake: Mistake) -> str:
    if row.confidence_kind == "probability":
        return wording.percent(mistake.confidence)
    return f"leads by {mistake.confidence:.1f}"


def _template_sheets(rows: Sequence[Row]) -> list[_Sheet]:
    return [_sheet(row, row.templates) for row in rows if row.templates is not None]


def _sheet(row: Row, templates: Templates) -> _Sheet:
    tiles = zip(templates.captions, (_png(shaded(weights)) for weights in templates.weights), strict=True)
    return _Sheet(title=row.title, is_of_classes=templates.is_of_classes, tiles=tuple(tiles))


def _examples(board: Leaderboard) -> list[tuple[str, int, str]]:
    """Give for the first classes their name, number of images and a strip of some."""
    totals = board.data.n_train + board.data.n_val + board.data.n_test
    strips = zip(board.data.class_names, totals, board.data.examples, strict=True)
    return [(name, int(n), _png(_strip(images))) for name, n, images in list(strips)[:N_EXAMPLE_CLASSES] if len(images)]


def _strip(images: UInt8[np.ndarray, "n h w c"]) -> UInt8[np.ndarray, "small_h n_small_w c"]:
    return np.concatenate([_thumbnail(image) for image in images], axis=1)


def _thumbnail(image: UInt8[np.ndarray, "h w c"]) -> UInt8[np.ndarray, "small_h small_w c"]:
    small = _pillow(image)
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    return np.asarray(small).reshape(small.height, small.width, -1)


def _png(image: UInt8[np.ndarray, "h w c"]) -> str:
    """Encode an image as a data address."""
    buffer = io.BytesIO()
    _pillow(image).save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _pillow(image: UInt8[np.ndarray, "h w c"]) -> "Image":
    from PIL import Image

    return Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
