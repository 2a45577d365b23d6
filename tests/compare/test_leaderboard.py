import base64
import dataclasses
import io
import json
import re
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from compare.conftest import NAMES, coloured_set
from foldline.core.errors import SaveError
from foldline.estimators import load
from foldline.insight.style import COLORS


def test_the_json_has_what_readers_of_it_expect(board):
    content = json.loads(board.to_json())
    row = content["rows"][0]
    assert row["recipe"] == board.best.recipe
    assert row["test_accuracy"].keys() == {"mean", "low", "high", "std"}
    assert row["test_accuracy"]["low"] <= row["test_accuracy"]["mean"] <= row["test_accuracy"]["high"]
    assert {"balanced_accuracy", "extract_s", "train_s", "predict_us", "model_bytes", "seeds"} <= row.keys()
    assert np.sum(row["confusion"]) == sum(content["data"]["n_test"])
    assert [score["class"] for score in row["per_class"]] == list(NAMES)
    assert content["verdict"]["best"] == board.best.recipe
    assert content["seeds"] == 2


def test_margins_are_not_called_confidences(board):
    rows = {row["recipe"]: row for row in json.loads(board.to_json())["rows"]}
    for recipe, kind in (("raw/svm", "margin"), ("raw/softmax", "probability")):
        assert all(kind in mistake for mistake in rows[recipe]["mistakes"])
    assert rows["raw/svm"]["calibration"] is None


def test_saving_writes_leaderboard_report_and_the_model_to_ship(board, tmp_path):
    written = board.save(tmp_path / "out")
    assert [path.name for path in written] == ["leaderboard.json", "report.html", "model.safetensors"]
    assert set(written) == set((tmp_path / "out").iterdir())
    images = coloured_set(seed=9).images
    shipped = board.row(board.verdict.ship).model
    assert_array_equal(load(tmp_path / "out" / "model.safetensors").predict(images), shipped.predict(images))


def without_models(board):
    return dataclasses.replace(board, rows=tuple(dataclasses.replace(row, model=None) for row in board.rows))


def test_a_model_of_an_earlier_comparison_does_not_stay_beside_one_without(board, tmp_path):
    (tmp_path / "model.safetensors").write_text("older")
    (tmp_path / "notes.txt").write_text("of the user")
    assert json.loads(without_models(board).to_json())["verdict"]["ship"] is None
    written = without_models(board).save(tmp_path)
    assert [path.name for path in written] == ["leaderboard.json", "report.html"]
    assert {path.name for path in tmp_path.iterdir()} == {"leaderboard.json", "report.html", "notes.txt"}


def test_an_older_model_that_cannot_be_removed_is_a_save_error(board, tmp_path):
    (tmp_path / "model.safetensors").mkdir()
    with pytest.raises(SaveError, match="model.safetensors could not be removed: .* Remove it by hand"):
        without_models(board).save(tmp_path)


def test_a_folder_that_cannot_be_written_is_a_save_error(board, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(SaveError, match="could not be written"):
        board.save(tmp_path / "out")


def test_an_unknown_row_is_a_key_error_with_what_there_is(board):
    with pytest.raises(KeyError, match="'raw/forest' is not in this leaderboard; it holds"):
        board.row("raw/forest")


def test_the_name_is_the_end_of_the_source_without_suffixes(board):
    assert board.name == "photos"


class Page(HTMLParser):
    """Gathers what a page refers to, says, and whether its elements are closed in order."""

    VOID = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self, text):
        super().__init__()
        self.references, self.open_, self.ids, self.tags = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.handle_startendtag(tag, attributes)
        if tag not in self.VOID:
            self.open_.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.references += [value for name, value in attributes if name in ("src", "href", "xlink:href", "action")]
        self.ids += [value for name, value in attributes if name == "id"]

    def handle_endtag(self, tag):
        assert self.open_.pop() == tag


@pytest.fixture(scope="module")
def report(board, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    board.report(path)
    return path.read_text(encoding="utf-8")


def test_the_report_refers_to_nothing_outside_itself(report):
    page = Page(report)
    assert page.open_ == []
    assert all(reference.startswith(("data:image/png;base64,", "#")) for reference in page.references)
    assert "script" not in page.tags
    assert not re.search(r"@import|url\((?!#)", report)


def test_links_inside_the_report_lead_somewhere(report):
    page = Page(report)
    links = {reference[1:] for reference in page.references if reference.startswith("#")}
    assert links <= set(page.ids)
    assert {"leaderboard", "details", "templates", "words", "data", "method", "hog-color-mlp2", "raw-svm"} <= links


def test_no_two_things_in_the_report_share_an_id(report):
    ids = Page(report).ids
    assert len(ids) > 100
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]*)\)", report)) <= set(ids)


def test_class_names_are_shown_and_escaped(report):
    assert "<b>&amp; bold" not in report.replace("&lt;b&gt;&amp; bold&lt;/b&gt;", "")
    assert "<b>& bold" not in report
    assert "&lt;b&gt;&amp; bold&lt;/b&gt;" in report
    assert "grün" in report
    assert "$x^2$" in report


def test_the_report_shows_each_part_that_was_asked_for(report, board):
    for words in (
        "Leaderboard",
        "precision",
        "recall",
        "most confident",
        "Learning curves",
        "Calibration",
        "Templates",
        "Visual words",
    ):
        assert words in report
    assert "What was found wrong with it" in report
    assert report.count("<details id=") == len(board.rows)
    assert board.verdict.headline in report


def test_the_report_of_the_same_board_is_the_same_bytes(board, report, tmp_path):
    board.report(tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == report


def page_of(board, tmp_path, *, n_rows=None, row=None, **data):
    """Write the report of a board with other data, of its first rows or of one row, and read it with single spaces."""
    rows = board.rows[:n_rows] if row is None else (row,)
    changed = dataclasses.replace(board, rows=rows, data=dataclasses.replace(board.data, **data))
    changed.report(tmp_path / "report.html")
    return " ".join((tmp_path / "report.html").read_text(encoding="utf-8").split())


def test_a_class_without_test_images_has_no_recall(board, tmp_path):
    scores = dataclasses.replace(board.best.class_scores, n=np.array([0, 9, 9]))
    row = dataclasses.replace(board.best, class_scores=scores)
    text = dataclasses.replace(board, rows=(row,)).to_json()
    recalls = [score["recall"] for score in json.loads(text)["rows"][0]["per_class"]]
    assert [recall is None for recall in recalls] == [True, False, False]
    assert page_of(board, tmp_path, row=row).count('<td class="number">–</td>') == 1


@pytest.mark.parametrize(
    ("own_val", "words"), [(True, "The source's own validation images"), (False, "A tenth of the others")]
)
def test_the_report_says_which_images_chose_the_epoch(board, tmp_path, own_val, words):
    page = page_of(board, tmp_path, own_val=own_val)
    assert f"{words} chose the epoch whose weights were kept." in page.replace("&#39;", "'")


@pytest.mark.parametrize(("n_rows", "is_said"), [(1, False), (3, True)])
def test_what_comparing_means_is_said_of_several_recipes_only(board, tmp_path, n_rows, is_said):
    page = page_of(board, tmp_path, n_rows=n_rows)
    assert "foldline chose no setting on test images." in page
    for words in (
        "Which recipe leads was read off them: the first of 3",
        "recipes whose bars overlap may still differ",
    ):
        assert (words in page) == is_said


def test_large_images_are_in_the_report_as_thumbnails(board, tmp_path):
    large = np.random.default_rng(0).integers(0, 256, (2, 300, 400, 3), dtype=np.uint8)
    mistake = dataclasses.replace(board.rows[-1].mistakes[0], image=large[0])
    row = dataclasses.replace(board.rows[-1], mistakes=(mistake,), templates=None)
    page = page_of(board, tmp_path, row=row, examples=(large,) * len(NAMES))
    pngs = [base64.b64decode(text) for text in re.findall(r"<img src=\"data:image/png;base64,([^\"]*)", page)]
    sizes = [Image.open(io.BytesIO(png)).size for png in pngs]
    assert sizes == [(168, 126), *[(2 * 168, 126)] * 3]


def test_small_images_are_in_the_report_as_they_are(report):
    png = re.search(r'data:image/png;base64,([^"]*)" alt="[^"]* called', report)[1]
    assert Image.open(io.BytesIO(base64.b64decode(png))).size == (20, 20)


def test_the_pages_light_colours_are_those_of_the_pictures():
    style = (files("foldline.compare") / "page" / "report.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"--([\w-]+): (#\w+);", style.split("}")[0]))
    assert {name: color for name, color in light.items() if name in COLORS} == COLORS


def test_the_pages_dark_colours_stand_out_on_the_dark_page():
    style = (files("foldline.compare") / "page" / "report.css").read_text(encoding="utf-8")
    dark = dict(re.findall(r"--([\w-]+): (#\w+);", style.split("}")[1]))
    assert COLORS.keys() <= dark.keys()
    for name in COLORS.keys() - {"faint"}:
        assert contrast(dark[name], dark["paper"]) > 4.5, name


def contrast(one, other):
    """WCAG 2.1's contrast ratio."""
    luminances = sorted(map(luminance, (one, other)))
    return (luminances[1] + 0.05) / (luminances[0] + 0.05)


def luminance(color):
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))
