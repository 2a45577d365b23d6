"""What tests do and ask with a page in a browser."""

import time
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from lab.live import PATIENCE_S, SIZE

ENOUGH_CONTRAST = 5  # standard deviation of a picture's grey values, of 255: something is drawn
ENOUGH_SHAPES = 6  # of a drawn picture: more than its paper and frame


def wait_for(page, is_there):
    """Wait until a function of the page is true; waiting inside of it would need eval."""
    end_s = time.monotonic() + PATIENCE_S
    while not is_there(page):
        assert time.monotonic() < end_s, page.locator("main:visible").inner_text()
        page.wait_for_timeout(50)


def hash_of(page):
    """Give the link's settings as the page has them; `page.url` hears of a change some time after it."""
    return unquote(page.evaluate("() => location.hash.slice(1)"))


def drag(page, start, end):
    """Press at one place of the screen and let go at another."""
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=6)
    page.mouse.up()


def save(page, name, kind, folder):
    """Save a picture from the page's menu; give its path."""
    page.locator("#exports summary").click()
    with page.expect_download() as download:
        page.locator(f"#export-{name}-{kind}").click()
    assert download.value.suggested_filename == f"foldline-{name}.{kind}"
    path = folder / f"{name}.{kind}"
    download.value.save_as(path)
    return path


def assert_saves(page, names, folder):
    """Save pictures as PNG and SVG; all show something."""
    for name in names:
        assert np.asarray(Image.open(save(page, name, "png", folder)).convert("L")).std() > ENOUGH_CONTRAST, name
        drawn = ElementTree.parse(save(page, name, "svg", folder)).getroot()
        assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
        assert len(drawn) > ENOUGH_SHAPES, name


def assert_fits(page, *, width=SIZE["width"], height=SIZE["height"]):
    """Nothing is scrolled; without a height, nothing to the side."""
    across, down = page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert across <= width
    assert height is None or down <= height


def assert_presets_fit(page, settle=lambda page: None):
    """Choose each preset of the page that is shown: it is marked, fits the screen, and has a sentence of its own."""
    page.locator("main:visible .lesson .chips button").first.wait_for()
    chips, notices = page.locator("main:visible .lesson .chips button").all(), set()
    assert len(chips) >= 5
    for chip in chips:
        chip.click()
        assert chip.get_attribute("aria-pressed") == "true"
        notices.add(page.locator("main:visible .notice").first.inner_text())
        settle(page)
        assert_fits(page)
    assert len(notices) == len(chips)


def assert_all_are_named(page):
    """Whatever can be used of what is shown has a name for those who do not see it."""
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("a, button, input, select, summary, progress, [tabindex], img")]
            .filter((one) => one.checkVisibility() && !one.hasAttribute("alt"))
            .filter((one) => !(one.textContent.trim() || one.ariaLabel || one.labels?.length))
            .filter((one) => !one.querySelector("[alt]"))
            .map((one) => one.outerHTML)"""
    )
    assert nameless == []
