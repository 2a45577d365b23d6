"""A lab, a real browser, and a page in it that fails the test when it complains."""

import os
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from lab.live import PATIENCE_MS, SIZE, running_lab

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytest.register_assert_rewrite("lab.browser")
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def lab():
    with running_lab() as lab:
        yield lab


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("needs chromium")
    with sync_playwright() as driver:
        # A browser of root has no sandbox, as in most containers.
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] * (os.geteuid() == 0))
        yield browser
        browser.close()


@pytest.fixture
def page(browser, lab):
    """A page without the lab in it yet; whatever it complains about fails the test."""
    context = browser.new_context(viewport=SIZE, accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    page, complaints, foreign = context.new_page(), [], []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on(
        "request",
        lambda request: None if lab.host in request.url or "blob:" in request.url else foreign.append(request.url),
    )
    yield page
    context.close()
    # The browser itself notes answers that are refusals.
    assert [text for text in complaints if "status of 422" not in text] == []
    assert foreign == []
