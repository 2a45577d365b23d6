import re

import numpy as np
import pytest
from PIL import Image

from foldline.lab.images_shelf import ImageShelf
from foldline.lab.images_source import ImageSource
from foldline.lab.pages import Given
from lab.browser import assert_all_are_named, assert_presets_fit, assert_saves, hash_of, wait_for
from lab.live import PATIENCE_MS, SIZE, running_lab


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of reddish cats and greenish dogs, and a file that is no image."""
    folder, rng = tmp_path_factory.mktemp("lab") / "photos", np.random.default_rng(0)
    for at, name in enumerate(("cat", "dog")):
        (folder / name).mkdir(parents=True)
        for i in range(20):
            pixels = rng.integers(0, 100, (16, 20, 3), dtype=np.uint8)
            pixels[..., at] += 120
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    (folder / "dog" / "20.png").write_text("no image")
    return folder


def given(folder):
    return Given(images=ImageShelf(ImageSource(path=str(folder))))


@pytest.fixture(scope="module")
def lab(photos):
    with running_lab(given=given(photos)) as lab:
        yield lab


@pytest.fixture
def page(browser):
    """A page without the lab in it yet; whatever it complains about fails the test."""
    context = browser.new_context(viewport=SIZE, accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert complaints == []


def opened(page, lab, link):
    """Open the page and wait for a classifier."""
    page.goto(f"{lab.url}#page=images&{link}")
    wait_for(page, lambda page: looked(page) != "")
    return page


def fact(page, name):
    text = page.locator("#images-facts > div", has_text=name).locator(".value").inner_text().replace(",", "")
    return float(text) if text != "–" else float("nan")


def looked(page):
    return page.locator("#images-looked").inner_text()


def trained(page, percent):
    """Play until so many of the test images are right, and pause."""
    page.locator("#images-play").click()
    wait_for(page, lambda page: fact(page, "Test right") >= percent)
    page.locator("#images-play").click()
    wait_for(page, lambda page: page.locator("#images-play").inner_text() == "▶ Play")


def ink(page, canvas):
    """Say how different the pixels of a canvas are."""
    return page.evaluate(
        """(id) => {
            const canvas = document.getElementById(id);
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return new Set(Array.from(data).filter((_, i) => i % 4 === 0)).size;
        }""",
        canvas,
    )


def test_digits_are_learned_to_more_than_90_percent_and_templates_appear(page, lab):
    opened(page, lab, "images=digits")
    assert fact(page, "Step") == 0
    page.keyboard.press(" ")
    wait_for(page, lambda page: fact(page, "Test right") > 90)
    page.keyboard.press(" ")
    assert ink(page, "images-templates") > 50
    assert page.locator("#images-right-chart").get_attribute("aria-label").startswith("Right: train 9")
    page.keyboard.press("r")
    wait_for(page, lambda page: fact(page, "Step") == 0)
    page.keyboard.press("s")
    wait_for(page, lambda page: fact(page, "Step") == 1)


def test_a_cell_of_the_matrix_shows_its_images_and_the_link_brings_them_back(page, lab):
    opened(page, lab, "images=digits")
    trained(page, 80)
    matrix = page.locator("#images-matrix")
    box = matrix.bounding_box()
    side = (box["width"] - 80) / 10, (box["height"] - 18) / 10
    matrix.click(position={"x": 78 + 3.5 * side[0], "y": 16 + 3.5 * side[1]})
    assert hash_of(page).endswith("images_cell=3,3")
    n = int(re.match(r"(\d+) of 3 that are right", page.locator("#images-counted").inner_text())[1])
    assert page.locator("#images-cell-told").inner_text() == f"{n} of 37 images of 3 are right."
    page.locator("#images-grid").click(position={"x": 10, "y": 10})
    wait_for(page, lambda page: re.match(r"Image \d+, 3, is right", looked(page)))
    link = hash_of(page)
    assert "images_row=" in link
    page.reload()
    wait_for(page, lambda page: re.match(r"Image \d+, 3", looked(page)))
    assert hash_of(page) == link
    page.go_back()
    assert "images_row" not in hash_of(page)
    page.go_back()
    assert hash_of(page) == "page=images&images=digits"


def test_keys_go_through_images_and_cells(page, lab):
    opened(page, lab, "images=digits")
    page.locator("#images-grid").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    wait_for(page, lambda page: looked(page).startswith("Image 3, 2"))
    page.keyboard.press("Enter")
    assert hash_of(page).endswith("images_row=2")
    page.keyboard.press("ArrowDown")
    wait_for(page, lambda page: not looked(page).startswith("Image 3, 2"))
    page.keyboard.press("Escape")
    wait_for(page, lambda page: looked(page).startswith("Image 3, 2"))
    page.locator("#images-matrix").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert hash_of(page).endswith("images_cell=1,1&images_row=2")
    page.keyboard.press("Escape")
    assert hash_of(page).endswith("digits&images_row=2")
    page.get_by_role("radio", name="Test images with a wrong answer").press("ArrowRight")
    assert re.search(r"images_cell=\d,\d", hash_of(page))
    page.get_by_role("radio", name="Test images of one cell").press("ArrowLeft")
    assert hash_of(page).endswith("images_show=mistakes&images_row=2")


def test_what_is_said_is_of_the_image_that_leads_the_list_after_a_step(page, lab):
    opened(page, lab, "images=digits&images_show=mistakes")
    for step in range(1, 5):
        page.locator("#images-step").click()
        wait_for(page, lambda page, step=step: fact(page, "Step") == step)
        page.wait_for_timeout(400)  # for what is asked, or is not
        said = looked(page)
        page.locator("#images-grid").click(position={"x": 10, "y": 10})
        leads = int(re.search(r"images_row=(\d+)", hash_of(page))[1])
        assert said.startswith(f"Image {leads + 1},")
        page.go_back()
        page.mouse.move(5, 5)


def test_an_image_pointed_at_is_shown_and_let_go(page, lab):
    opened(page, lab, "images=digits&images_row=5")
    wait_for(page, lambda page: looked(page).startswith("Image 6, 5"))
    page.locator("#images-grid").hover(position={"x": 60, "y": 10})
    wait_for(page, lambda page: looked(page).startswith("Image 2, 1"))
    page.mouse.move(5, 5)
    wait_for(page, lambda page: looked(page).startswith("Image 6, 5"))


def test_a_folder_of_images_is_learned_from_and_what_was_left_out_is_told(page, lab):
    opened(page, lab, "images=given&images_features=color&lr=0.01")
    told = "32 training images and 8 test images, 16×20 pixels, colour; 1 file could not be used, and was left out."
    assert page.locator("#images-told").inner_text() == told
    trained(page, 99)
    assert page.locator("#images-templates-title").inner_text().startswith("Colours that speak for each class")
    page.locator("#images-grid").hover(position={"x": 5, "y": 5})
    wait_for(page, lambda page: re.match(r"Image 1, cat, is right\. Its score is ", looked(page)))


def test_a_folder_that_cannot_be_used_is_told_in_words(page, tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "1.png").write_text("no image")
    with running_lab(given=given(tmp_path)) as lab:
        page.goto(f"{lab.url}#page=images&images=given")
        note = page.locator("#images-note")
        wait_for(page, lambda page: "none of the 1 images in" in note.inner_text())
        page.locator("#images-play").click()
        wait_for(page, lambda page: page.locator("#images-play").inner_text() == "▶ Play")
        assert "none of the 1 images in" in page.locator(".toast").inner_text()
        page.locator("#field-images-images").select_option("digits")
        wait_for(page, lambda page: looked(page).startswith("Image 1, 0"))
        assert not note.is_visible()


def test_words_are_shown_with_their_codebook_and_marked_in_the_image(page, lab):
    opened(page, lab, "images=digits&images_features=words&lr=0.01")
    assert page.locator("#images-templates-title").inner_text().startswith("The codebook")
    trained(page, 80)
    before = page.locator("#images-look").screenshot()
    page.locator("#images-templates").hover(position={"x": 10, "y": 10})
    wait_for(page, lambda page: page.locator("#images-look").screenshot() != before)


SETTINGS = {
    "loss": "svm", "optimizer": "sgd", "lr": "0.05", "momentum": "0.5", "batch": "16", "l1": "0.0001",
    "l2": "0.001", "dropout": "0.3", "steps": "5", "images": "digits", "images_features": "hog",
    "images_units": "8", "images_show": "mistakes",
}  # fmt: skip


def test_a_link_restores_every_setting(page, lab):
    link = "&".join(f"{name}={value}" for name, value in SETTINGS.items())
    opened(page, lab, link)
    fields = page.locator("#images select, #images input")
    shown = {
        field.get_attribute("id"): field.get_attribute("aria-valuetext") or field.input_value()
        for field in fields.all()
    }
    ids = "field-images-"
    assert {name.removeprefix(ids): value for name, value in shown.items()} == {
        "images": "digits", "images_features": "hog", "images_units": "8 units",
        "loss": "svm", "optimizer": "sgd", "lr": "0.05", "momentum": "50 %", "batch": "16 images",
        "l2": "0.001", "l1": "0.0001", "dropout": "30 %", "steps": "5 steps/picture",
    }  # fmt: skip
    page.locator("#field-images-images_units").press("ArrowRight")
    assert "images_units=12" in hash_of(page)
    page.go_back()
    assert "images_units=8" in hash_of(page)
    assert page.locator("#field-images-images_units").get_attribute("aria-valuetext") == "8 units"


def test_every_picture_is_saved_as_png_and_svg(page, lab, tmp_path):
    opened(page, lab, "images=digits&images_units=3")
    assert_saves(page, ("templates", "confusion", "image", "loss", "right"), tmp_path)


def test_all_presets_play_fit_the_screen_and_say_what_to_notice(page, lab):
    opened(page, lab, "images=digits&steps=1")

    def settle(page):
        assert "steps=" not in hash_of(page)
        wait_for(page, lambda page: fact(page, "Step") > 0)
        page.locator("#images-reset").click()
        wait_for(page, lambda page: looked(page) != "")

    assert_presets_fit(page, settle)


def test_every_control_has_a_name_of_its_own(page, lab):
    opened(page, lab, "images=digits")
    assert_all_are_named(page)
    ids = page.evaluate("() => [...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(set(ids)) == len(ids)
