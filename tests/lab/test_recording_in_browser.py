import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from foldline.lab.recording import record_training
from foldline.lab.state import LabState
from lab.browser import assert_fits
from lab.live import SIZE


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    for name, state in (
        ("folds", LabState(points=60, hidden=(6,))),
        ("smooth", LabState(points=60, hidden=(3,), activation=("tanh",), loss="svm")),
    ):
        record_training(folder / f"{name}.html", state, steps=200)
    return folder


@pytest.fixture
def page(browser):
    """A page without network; whatever it complains about or asks for fails the test."""
    context = browser.new_context(viewport=SIZE, offline=True)
    page, complaints, asked = context.new_page(), [], []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    yield page
    context.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def opened(page, file):
    page.goto(file.as_uri())
    told(page, "step 0")
    return page


def told(page, words):
    expect(page.locator("#when-told")).to_have_text(words)


def test_keys_and_slider_go_through_training_time(page, files):
    opened(page, files / "folds.html")
    first = page.locator("#facts").inner_text()
    page.keyboard.press("ArrowRight")
    told(page, "step 20")
    page.keyboard.press("End")
    told(page, "step 200")
    assert page.locator("#facts").inner_text() != first
    assert page.locator("#when").get_attribute("aria-valuetext") == "step 200, picture 11 of 11"
    page.locator("#when").focus()
    page.keyboard.press("ArrowLeft")
    told(page, "step 180")
    page.keyboard.press("Home")
    told(page, "step 0")
    assert page.locator("#facts").inner_text() == first
    assert page.locator("#command").inner_text() == 'foldline lab --link "points=60&hidden=6"'


def test_it_plays_to_its_end_and_again_from_the_start(page, files):
    opened(page, files / "folds.html")
    page.keyboard.press(" ")
    assert page.locator("#play").inner_text() == "❚❚ Pause"
    told(page, "step 200")
    expect(page.locator("#play")).to_have_text("▶ Play")
    page.locator("#play").click()
    assert page.locator("#when").input_value() != "10"
    page.keyboard.press(" ")  # of the button that has the focus
    assert page.locator("#play").inner_text() == "▶ Play"


@pytest.mark.parametrize("name", ["folds", "smooth"])
def test_plane_and_net_are_drawn_in_light_and_in_dark(page, files, name, tmp_path):
    opened(page, files / f"{name}.html")
    seen = []
    for theme in ("Light", "Dark"):
        page.locator("#theme").click()
        expect(page.locator("#theme")).to_contain_text(theme)
        for place in ("#plane-canvas", "#net", "#loss-chart"):
            page.locator(place).screenshot(path=tmp_path / "shot.png")
            picture = np.asarray(Image.open(tmp_path / "shot.png").convert("L"))
            assert picture.std() > 3, place
            seen.append(np.median(picture))
    assert min(seen[:3]) > max(seen[3:])
    assert ("scores" if name == "smooth" else "nats") in page.locator("#facts").inner_text()


def test_a_unit_that_is_pointed_at_is_told_and_shown(page, files):
    opened(page, files / "folds.html")
    page.locator("#net-sheet").focus()
    page.keyboard.press("ArrowRight")
    assert "Layer 1, unit 0 (ReLU) folds where" in page.locator("#net-told").inner_text()


def test_everything_is_on_a_screen_of_1280_by_720(page, files):
    opened(page, files / "folds.html")
    assert_fits(page)
