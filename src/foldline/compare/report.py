"""The report: one HTML file that opens without network and can be sent to a colleague."""

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32, UInt8

from foldline.compare import wording
from foldline.compare.leaderboard import Leaderboard
from foldline.compare.pictures import accuracy_against_time
from foldline.compare.rows import Codebook, Mistake, Row
from foldline.estimators import RandomlyWiredClassifier
from foldline.images import summarise
from foldline.insight import (
    Templates,
    WordsOnImage,
    bag_picture,
    calibration_picture,
    confusion_picture,
    learning_curves_picture,
    marked_places,
    shaded,
    svg_text,
    wiring_picture,
    word_sheet,
)
from foldline.insight.wiring_pictures import MOST_NODES

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

N_CONFUSIONS_LISTED = 8
N_PROBLEMS_LISTED = 200
N_EXAMPLE_CLASSES = 20
N_WORDS_SHOWN, WORDS_A_ROW = 200, 25
N_WORDS_IN_BAG = 24
N_VOTERS, N_CLASSES_VOTED_FOR = 7, 20
WORD_PX, VOTER_PX = 36, 24  # about what the page shows a word at
THUMBNAIL_PX = 168  # twice what the page shows them at, for screens with small pixels


def render(board: Leaderboard) -> str:
    """Write the page as HTML text; pictures are inside it. The same board gives the same text."""
    from jinja2 import Environment, StrictUndefined

    page = files("foldline.compare") / "page"
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    for filter_ in (
        wording.percent,
        wording.seconds,
        wording.microseconds,
        wording.file_size,
        anchor,
        wording.choice_of_settings,
    ):
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
        books=_books(board.rows, board.data.class_names),
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
    wiring: str | None
    mistakes: tuple[tuple[Mistake, str, str], ...]


@dataclass(frozen=True, kw_only=True)
class _Sheet:
    """Templates of one recipe: what they are, caption and picture of each."""

    title: str
    what: str
    is_of_classes: bool
    tiles: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class _Words:
    """Words side by side: the picture, and how wide the page shows it, a whole number of times its own pixels."""

    png: str
    width_px: int


@dataclass(frozen=True, kw_only=True)
class _Told:
    """An image of a class, of SIFT with the places of a word framed, and what its words make of it."""

    name: str
    image: str
    drawn: str
    restored: str


@dataclass(frozen=True, kw_only=True)
class _Book:
    """One codebook, and what those who use it see in it.

    Args:
        title: the features that use it.
        n_looked_through: test images in which words of SIFT were looked for; None for words of patches.
        votes: for each linear classifier its title, and for the first classes the words for and against each.
    """

    title: str
    n_words: int
    n_looked_through: int | None
    n_shown: int
    sheet: _Words
    examples: tuple[_Told, ...]
    bag: str
    n_in_bag: int
    votes: tuple[tuple[str, tuple[tuple[str, _Words | None, _Words | None], ...]], ...]


def _detail(row: Row, class_names: tuple[str, ...], *, rank: int) -> _Detail:
    def svg(figure: "Figure", kind: str) -> str:
        return svg_text(figure, name=f"{kind.lower().replace(' ', '-')}-{rank}", title=f"{kind} of {row.title}")

    return _Detail(
        row=row,
        confusion=svg(confusion_picture(row.confusion, class_names), "Confusions"),
        confusions=_largest_confusions(row.confusion, class_names),
        calibration=None if row.calibration is None else svg(calibration_picture(row.calibration), "Calibration"),
        curves=None if row.history is None else svg(learning_curves_picture(row.history), "Learning curves"),
        wiring=svg(wiring_picture(row.model), "Wiring") if _is_drawn_wiring(row) else None,
        mistakes=tuple((mistake, _png(_thumbnail(mistake.image)), _sureness(row, mistake)) for mistake in row.mistakes),
    )


def _is_drawn_wiring(row: Row) -> bool:
    classifier = None if row.model is None else row.model.classifier_
    return isinstance(classifier, RandomlyWiredClassifier) and classifier.nodes <= MOST_NODES


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
    what = "the first layer's most influential units"
    if templates.is_of_classes:
        what = "one template a class"
    elif templates.is_everywhere:
        what = "the filters of the first convolution, which are laid over every place of an image"
    return _Sheet(title=row.title, what=what, is_of_classes=templates.is_of_classes, tiles=tuple(tiles))


def _books(rows: Sequence[Row], class_names: tuple[str, ...]) -> list[_Book]:
    """Show each codebook once: feature sets that learn the same words share it."""
    with_words: dict[bytes, list[tuple[Row, Codebook]]] = {}
    for row in rows:
        if row.codebook is not None:
            with_words.setdefault(row.codebook.patches.tobytes(), []).append((row, row.codebook))
    return [_book(users, class_names, number=number) for number, users in enumerate(with_words.values(), start=1)]


def _book(users: Sequence[tuple[Row, Codebook]], class_names: tuple[str, ...], *, number: int) -> _Book:
    codebook = users[0][1]
    most_used = np.argsort(-codebook.usual, kind="stable")[:N_WORDS_SHOWN]
    n_in_bag = min(len(codebook.patches), N_WORDS_IN_BAG)
    bag = bag_picture(codebook.examples[0][2][0].answers, codebook.usual, codebook.patches, n_words=n_in_bag)
    return _Book(
        title=wording.listed(list(dict.fromkeys(row.features for row, _ in users))),
        n_words=len(codebook.patches),
        n_looked_through=codebook.n_looked_through,
        n_shown=len(most_used),
        sheet=_words(codebook.patches[most_used], n_cols=WORDS_A_ROW, word_px=WORD_PX),
        examples=tuple(_told(codebook, *example) for example in codebook.examples),
        bag=svg_text(bag, name=f"bag-{number}", title="Bag of words of the first image"),
        n_in_bag=n_in_bag,
        votes=tuple((row.title, _voters(used, class_names)) for row, used in users if used.votes is not None),
    )


def _told(codebook: Codebook, name: str, image: UInt8[np.ndarray, "h w c"], scales: tuple[WordsOnImage, ...]) -> _Told:
    smallest = min(scales, key=lambda words: words.squares.side_px)
    restored = np.clip(smallest.restored, 0, 255).round().astype(np.uint8)
    if codebook.n_looked_through is not None:
        found = np.unique(np.concatenate([words.nearest.ravel() for words in scales]))
        most = found[np.argmax((smallest.answers - codebook.usual)[found])]
        image = marked_places(image, scales, word=int(most))
    image, drawn, restored = (_thumbnail(picture) for picture in (image, shaded(smallest.drawn), restored))
    return _Told(name=name, image=_png(image), drawn=_png(drawn), restored=_png(restored))


def _voters(codebook: Codebook, class_names: tuple[str, ...]) -> tuple[tuple[str, _Words | None, _Words | None], ...]:
    """Give for the first classes their name, the words for it and those against it."""

    def strongest(votes: Float32[np.ndarray, " a"]) -> _Words | None:
        chosen = np.argsort(-votes, kind="stable")[:N_VOTERS]
        chosen = chosen[votes[chosen] > 0]
        return _words(codebook.patches[chosen], n_cols=N_VOTERS, word_px=VOTER_PX) if len(chosen) else None

    if codebook.votes is None:
        return ()
    voted = zip(class_names[:N_CLASSES_VOTED_FOR], codebook.votes, strict=False)
    return tuple((name, strongest(votes), strongest(-votes)) for name, votes in voted)


def _words(patches: Float32[np.ndarray, "a p p c"], *, n_cols: int, word_px: int) -> _Words:
    sheet = word_sheet(patches, n_cols=n_cols)
    return _Words(png=_png(sheet), width_px=sheet.shape[1] * max(word_px // patches.shape[1], 1))


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
