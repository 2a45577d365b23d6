import re
from pathlib import Path

import pytest

from foldline.core.errors import SettingError
from foldline.gallery import EXHIBITS, gallery
from foldline.gallery.exhibits import CHAPTERS
from foldline.gallery.functions import EPS_PLANE, WAVES
from foldline.insight import towers

LECTURE = Path(__file__).parents[2] / "docs" / "lecture.md"
# Exhibits that need a second or less.
QUICK = ("color-histogram", "bent-lines", "convexity")


def slides_of(text):
    found = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return gallery(QUICK).save(tmp_path_factory.mktemp("gallery")).read_text(encoding="utf-8")


def test_a_page_holds_its_exhibits_in_the_order_of_the_lecture(page):
    found = re.findall(r'<article class="exhibit" id="([\w-]+)">', page)
    assert found == [name for name in EXHIBITS if name in QUICK]
    assert page.count("<svg") + page.count("<img") == 3


def test_a_page_needs_no_other_file_and_no_network(page):
    assert not re.search(r'(src|href)="(?!#|data:)', page)
    assert "<script" not in page


def test_notes_tell_what_was_computed(page):
    assert "cos x: not convex: f(0.5 * -3.142 + 0.5 * 3.142) = 1 &gt; -1" in page


def test_the_bound_of_pyramids_is_not_told_smaller_than_it_is():
    told = re.search(r"nowhere more than ([\d.]+) off", gallery(["towers"]).drawn["towers"].note)
    assert float(told[1]) >= towers(WAVES, eps=EPS_PLANE).pyramids.bound


def test_names_are_keys_and_every_exhibit_stands_once():
    assert all(name == exhibit.name for name, exhibit in EXHIBITS.items())
    assert sum(map(len, CHAPTERS.values())) == len(EXHIBITS)


def test_the_listing_is_the_example():
    here = Path(__file__).parents[2]
    shown = here / "src" / "foldline" / "gallery" / "page" / "twenty_lines.py"
    assert shown.read_bytes() == (here / "examples" / "twenty_lines.py").read_bytes()


def test_exhibits_are_computed_once_in_the_order_of_the_lecture():
    found = gallery(["bent-lines", "color-histogram", "bent-lines"])
    assert list(found.drawn) == list(found.seconds) == ["color-histogram", "bent-lines"]


def test_exhibits_that_there_are_not_are_refused():
    with pytest.raises(SettingError, match="only is 'hogs'; expected one of 'board'"):
        gallery(["hogs"])
    with pytest.raises(SettingError, match="only is empty; expected names of exhibits"):
        gallery([])


def test_the_lecture_page_has_a_row_for_every_slide_and_names_every_exhibit():
    rows = re.findall(r"^\| ([\d, -]+) \|(.*)\|$", LECTURE.read_text(encoding="utf-8"), flags=re.M)
    assert set().union(*(slides_of(slides) for slides, _ in rows)) == set(range(2, 102))
    text = " ".join(cells for _, cells in rows)
    assert {name for name in EXHIBITS if f"`{name}`" not in text} == set()


def test_slides_of_exhibits_are_slides_of_the_lecture():
    for exhibit in EXHIBITS.values():
        assert slides_of(exhibit.slides) <= set(range(2, 102))


@pytest.mark.slow
@pytest.mark.parametrize("name", EXHIBITS)
def test_every_exhibit_is_drawn(name):
    (drawn,) = gallery([name]).drawn.values()
    assert drawn.figures
