import json
import os
import shutil
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import expect

import foldline as fl
from lab.browser import assert_all_are_named, assert_fits, assert_saves, hash_of
from lab.live import SIZE, running_lab

RECIPES = ["raw/ridge", "hog/softmax"]
LEAK = """
<title>leak</title><meta http-equiv="refresh" content="0;url=../schema.json">
<script>document.title = "ran"; fetch("../schema.json").then((answer) => document.title = answer.status)</script>
<script src="../main.js"></script><img src="../icon.svg" onerror="document.title = 'ran'">
<iframe src="../schema.json"></iframe><form action="../data" method="post"><button>send</button></form><p>told</p>
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a comparison, the same one with other numbers, a sweep, and learning curves that are going on."""
    root = tmp_path_factory.mktemp("runs") / "digits here"
    fl.compare(fl.load_images("digits"), recipes=RECIPES, seeds=1, out=root / "first run")
    other = json.loads((root / "first run" / "leaderboard.json").read_text())
    other["rows"] = [row for row in other["rows"] if row["recipe"] != "raw/ridge"]
    for row in other["rows"]:
        row["test_accuracy"]["mean"] -= 0.25
    write(root / "second" / "leaderboard.json", other)
    told = {"source": "digits", "verdict": "20 units are best.", "environment": {"cores": "2"}}
    write(root / "old" / "sweep" / "sweep.json", told)
    Image.new("L", (400, 300), 128).save(root / "old" / "sweep" / "sweep.png")
    points = {
        "recipe": ["raw/softmax", "raw/softmax"],
        "n_train": [10, 20],
        "test_accuracy": [0.5, 0.75],
        "std": [0, 0.1],
        "elapsed_s": [1, 2],
    }
    counts = {"n_test": 9, "seeds": 1, "done": 2, "planned": 5}
    learned = {**told, **counts, "failures": ["alexnet on 1%: too few."], "points": points}
    write(root / "going" / "learning.json", learned)
    (root / "broken").mkdir()
    (root / "broken" / "leaderboard.json").write_text('{"rows": [')
    for age, name in enumerate(("first run", "second", "going", "broken", "old/sweep")):
        for file in (root / name).iterdir():
            os.utime(file, (1.7e9 - age, 1.7e9 - age))
    return root


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


@pytest.fixture(scope="module")
def lab(folder):
    with running_lab(folder=folder) as lab:
        yield lab


def opened(page, lab, link=""):
    page.goto(f"{lab.url}#page=runs{link}")
    page.locator("#runs-choices button, #runs-empty:not([hidden])").first.wait_for()
    return page


def column(page, i):
    return page.locator(f"#run-board tbody tr > :nth-child({i})").all_inner_texts()


def test_the_newest_run_is_shown_and_arrow_keys_go_through_the_others(page, lab):
    opened(page, lab)
    names = [text.splitlines()[0] for text in page.locator("#runs-choices button").all_inner_texts()]
    assert names == ["first run", "second", "going", "broken", "old/sweep"]
    assert page.locator("#run-name").inner_text() == "first run"
    assert "of test images right" in page.locator("#run-verdict").inner_text()
    assert "jax" in page.locator("#run-environment").inner_text()
    page.locator("#runs-choices [aria-checked=true]").focus()
    page.keyboard.press("ArrowDown")
    assert hash_of(page) == "page=runs&run=second/leaderboard.json"
    page.keyboard.press("ArrowDown")
    assert page.locator("#run-name").inner_text() == "going"
    assert "2 of 5 parts are done" in page.locator("#run-progress").inner_text()
    assert page.locator("#run-done").evaluate("(bar) => bar.position") == pytest.approx(0.4)
    assert page.locator("#run-failures").inner_text() == "alexnet on 1%: too few."
    page.keyboard.press("ArrowDown")
    assert "leaderboard.json is damaged" in page.locator("#run-verdict").inner_text()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#run-pictures img")).to_have_js_property("complete", True)
    assert page.locator("#run-pictures img").evaluate("(picture) => picture.naturalWidth") > 300
    assert page.locator("#run-board table").count() == 0
    page.keyboard.press("ArrowDown")
    assert page.locator("#run-name").inner_text() == "first run"
    page.go_back()
    assert page.locator("#run-name").inner_text() == "old/sweep"


def test_a_table_is_sorted_by_its_heads_and_the_link_restores_it(page, lab, folder):
    opened(page, lab, "&run=first run/leaderboard.json")
    rows = json.loads((folder / "first run" / "leaderboard.json").read_text())["rows"]
    accuracies = [f"{100 * row['test_accuracy']['mean']:.1f} %" for row in rows]
    assert column(page, 3) == accuracies
    head = page.locator("th", has=page.get_by_role("button", name="Test images right"))
    assert head.get_attribute("aria-sort") == "descending"
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert column(page, 3) == accuracies[::-1]
    page.keyboard.press("Enter")  # the head keeps the focus
    assert column(page, 3) == accuracies
    page.get_by_role("button", name="Predict").click()
    fastest = [row["title"] for row in sorted(rows, key=lambda row: row["predict_us"])]
    shown = [text.removesuffix(" ship") for text in column(page, 1)]
    assert shown == fastest
    page.reload()
    page.locator("#run-board tr").first.wait_for()
    assert [text.removesuffix(" ship") for text in column(page, 1)] == fastest
    page.go_back()
    assert column(page, 3) == accuracies


def test_two_runs_beside_each_other_and_their_differences(page, lab):
    opened(page, lab, "&run=first run/leaderboard.json")
    others = page.locator("#run-beside option").all_inner_texts()
    assert [text.split(" (")[0] for text in others] == ["no other run", "second"]
    page.locator("#run-beside").select_option("second/leaderboard.json")
    assert "beside=second/leaderboard.json" in hash_of(page)
    names = [text.removesuffix(" ship") for text in column(page, 1)]
    differences = page.locator("#run-board tbody tr > :last-child").all_inner_texts()
    assert dict(zip(names, differences, strict=True)) == {"raw pixels, ridge": "–", "HoG, softmax": "+25.0"}
    sentence = page.locator("#run-difference")
    assert "1 of 2 rows are in both: this run is 25.0 points above second, on average." in sentence.inner_text()
    page.reload()
    sentence.wait_for()
    page.get_by_role("radio", name="second").click()
    assert hash_of(page) == "page=runs&run=second/leaderboard.json"


def test_a_report_opens_in_a_tab_of_its_own_and_works(page, lab):
    opened(page, lab, "&run=first run/leaderboard.json")
    with page.expect_popup() as popup:
        page.locator("#run-report").click()
    report = popup.value
    errors = []
    report.on("console", lambda message: errors.append(message.text))
    report.get_by_role("heading", name="digits: how far each idea gets").wait_for()
    detail = report.locator("details").nth(1)
    assert not detail.locator("figure").first.is_visible()
    detail.locator("summary").click()
    assert detail.locator("figure").first.is_visible()
    report.get_by_role("link", name="How it was measured").click()
    assert report.url.endswith("first%20run/report.html#method")
    picture = report.locator("img").first
    assert picture.evaluate("(picture) => picture.naturalWidth") > 0
    assert report.evaluate("() => [self.origin, document.referrer, opener]") == ["null", "", None]
    assert errors == []


def test_a_report_of_a_stranger_runs_nothing_and_reaches_nothing(browser, lab, folder):
    shutil.copytree(folder / "second", folder / "stranger")
    (folder / "stranger" / "report.html").write_text(LEAK)
    try:
        page = browser.new_page()
        asked = []
        page.on("response", lambda response: asked.append(response.url))
        page.goto(f"{lab.url}runs/stranger/report.html")
        page.get_by_text("told").wait_for()
        page.get_by_role("button", name="send").click()
        page.wait_for_timeout(500)
        assert page.title() == "leak"
        assert asked == [f"{lab.url}runs/stranger/report.html"]
        # Even with scripts of ours in its place, which the browser's tools can run there, the lab says nothing to it.
        answers = page.evaluate(
            """() => Promise.all(["../../schema.json", "../../runs.json"]
                .map((to) => fetch(to).then(() => "told", () => "refused")))"""
        )
        assert answers == ["refused", "refused"]
        page.close()
    finally:
        shutil.rmtree(folder / "stranger")


def test_a_new_run_shows_up_by_itself(page, lab, folder):
    opened(page, lab)
    page.locator("#runs-choices [aria-checked=true]").focus()
    shutil.copytree(folder / "second", folder / "third")
    try:
        (folder / "third" / "leaderboard.json").touch()
        expect(page.locator("#run-name")).to_have_text("third")  # no run is chosen: the newest is shown
        assert page.locator("#runs-choices button").count() == 6
        assert page.evaluate("() => document.activeElement.innerText").startswith("third")
    finally:
        shutil.rmtree(folder / "third")
    page.locator("#runs-refresh").click()
    expect(page.locator("#runs-choices button")).to_have_count(5)


def test_a_link_to_a_run_that_is_gone_is_told(page, lab):
    opened(page, lab, "&run=gone/leaderboard.json")
    assert (
        page.locator("#run-verdict").inner_text() == "gone/leaderboard.json is not in this folder. Choose another one."
    )
    page.locator("#runs-refresh").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#run-name").inner_text() == "first run"


def test_an_empty_folder_says_how_to_make_a_run(browser, tmp_path):
    page = browser.new_page()
    with running_lab(folder=tmp_path) as empty:
        page.goto(f"{empty.url}#page=runs")
        told = page.locator("#runs-empty")
        told.wait_for()
        assert "foldline compare fashion-mini --out my-run" in told.inner_text()
        assert not page.locator("#run").is_visible()
    page.close()


def test_the_leaderboard_is_saved_as_png_and_svg(page, lab, tmp_path):
    opened(page, lab, "&run=first run/leaderboard.json&beside=second/leaderboard.json")
    assert_saves(page, ["leaderboard"], tmp_path)
    words = " ".join(ElementTree.parse(tmp_path / "leaderboard.svg").getroot().itertext())
    assert "HoG, softmax" in words
    assert "+25.0 points" in words


@pytest.mark.parametrize("size", [SIZE, {"width": 820, "height": 1180}], ids=["laptop", "tablet"])
def test_nothing_is_wider_than_the_screen_and_every_control_has_a_name(page, lab, size):
    page.set_viewport_size(size)
    for run in ("first run/leaderboard.json", "going/learning.json", "old/sweep/sweep.json"):
        opened(page, lab, f"&run={run}&beside=second/leaderboard.json")
        assert_fits(page, width=size["width"], height=None)
        assert_all_are_named(page)
