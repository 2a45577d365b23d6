import re
from math import cos, radians, sin

import pytest
from playwright.sync_api import expect

from lab.browser import assert_presets_fit, assert_saves, hash_of, wait_for

SMALL = "page=landscape&points=60&hidden=4"


def opened(page, url):
    """Open the page and wait for its first line and map."""
    page.goto(url)
    page.locator("#landscape-verdict b:not(:empty)").wait_for()
    page.locator("#landscape-there-told:not(:empty)").wait_for()
    return page


def step_of(page):
    told = page.locator("#landscape-map-told").inner_text()
    return int(re.search(r"Step ([\d,]+) of training", told)[1].replace(",", ""))


def loss_there(page):
    return float(re.match(r"Loss ([\d.]+);", page.locator("#landscape-there-told").inner_text())[1])


def test_the_line_is_turned_by_dragging_and_one_step_back_undoes_it(page, lab):
    opened(page, f"{lab.url}#{SMALL}&landscape_range=1")
    box = page.locator("#landscape-map").bounding_box()
    half, middle = box["width"] / 2, (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(middle[0] + 0.8 * half, middle[1])
    page.mouse.down()
    for angle in range(0, 61, 6):
        page.mouse.move(middle[0] + 0.8 * half * cos(radians(angle)), middle[1] - 0.8 * half * sin(radians(angle)))
    page.mouse.up()
    page.mouse.move(5, 5)
    angle, at = re.search(r"landscape_angle=(\d+)&landscape_range=1&landscape_at=([\d.]+)", hash_of(page)).groups()
    assert 59 <= int(angle) <= 61
    assert float(at) == pytest.approx(0.8, abs=0.02)
    assert page.locator("#landscape-there-name").inner_text() == f"The net at step {float(at):.2f} of the line"
    page.go_back()
    assert "landscape_a" not in hash_of(page)
    assert page.locator("#landscape-there-name").inner_text() == "The net itself"


def test_arrows_turn_the_line_and_move_along_it(page, lab):
    opened(page, f"{lab.url}#{SMALL}&landscape_range=2.4")
    page.locator("#landscape-map").focus()
    page.keyboard.press("ArrowLeft")
    assert hash_of(page).endswith("landscape_angle=5&landscape_range=2.4")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    assert hash_of(page).endswith("landscape_angle=355&landscape_range=2.4&landscape_at=0.1")
    line = page.locator("#landscape-line")
    line.focus()
    page.keyboard.press("ArrowRight")
    assert line.get_attribute("aria-valuenow") == "0.2"
    assert page.locator("#landscape-there-name").inner_text() == "The net at step 0.20 of the line"
    page.keyboard.press("Home")
    assert hash_of(page).endswith("landscape_angle=355&landscape_range=2.4")


def test_a_place_that_is_pointed_at_shows_the_net_there_and_leaving_shows_the_own_one(page, lab):
    opened(page, f"{lab.url}#{SMALL}")
    own = loss_there(page)
    page.locator("#landscape-map").hover(position={"x": 8, "y": 8})
    expect(page.locator("#landscape-there-name")).to_have_text(re.compile(r"The net at \(−1\.1\d, 1\.1\d\)"))
    wait_for(page, lambda page: loss_there(page) != own)
    page.locator("header").hover()
    wait_for(page, lambda page: loss_there(page) == own)


def test_training_goes_on_from_the_playground_and_the_landscape_moves_with_it(page, lab):
    page.goto(f"{lab.url}#points=60&hidden=4")
    page.locator("#play").click()
    wait_for(page, lambda page: page.locator("#facts > div", has_text="Step").locator(".value").inner_text() not in "0")
    page.get_by_role("link", name="Landscape").click()
    page.locator("#landscape-verdict b:not(:empty)").wait_for()
    expect(page.locator("#landscape-play")).to_have_text("❚❚ Pause")
    step = step_of(page)
    assert step > 0
    wait_for(page, lambda page: step_of(page) > step)
    page.locator("#landscape-map").focus()
    page.keyboard.press(" ")
    expect(page.locator("#landscape-play")).to_have_text("▶ Play")
    page.keyboard.press("r")
    wait_for(page, lambda page: step_of(page) == 0)


SETTINGS = {
    "page": "landscape", "data": "circles", "points": "80", "seed": "4", "hidden": "3,2", "activation": "tanh",
    "loss": "svm", "lr": "0.05", "steps": "5", "l2": "0.001", "landscape_kind": "weight", "landscape_seed": "7",
    "landscape_angle": "40", "landscape_range": "0.5", "landscape_at": "-0.25", "landscape_shows": "minima,chord",
}  # fmt: skip


def shown_settings(page):
    fields = page.locator("#landscape [id^=field-]").all()
    told = [(one.get_attribute("id"), one.get_attribute("aria-valuetext") or one.input_value()) for one in fields]
    boxes = [box.is_checked() for box in page.locator("#landscape-shows input").all()]
    return dict(told), boxes, page.locator("#landscape-line").get_attribute("aria-valuenow")


def test_a_link_restores_every_setting_and_a_preset_is_one_step_back(page, lab):
    link = "&".join(f"{name}={value}" for name, value in SETTINGS.items())
    opened(page, f"{lab.url}#{link}")
    shown = shown_settings(page)
    told, boxes, at = shown
    assert told["field-landscape_kind"] == "weight"
    assert told["field-landscape_seed"] == "7"
    assert told["field-landscape_angle"] == "40°"
    assert told["field-landscape_range"] == "±0.5 steps"
    assert told["field-landscape-data"] == "circles"
    assert (boxes, at) == ([False, False, True, True], "-0.25")
    page.reload()
    page.locator("#landscape-there-told:not(:empty)").wait_for()
    assert shown_settings(page) == shown
    page.get_by_role("button", name="5 · The way of training").click()
    assert hash_of(page) == "page=landscape&landscape_kind=path"
    page.go_back()
    assert shown_settings(page) == shown
    page.get_by_role("button", name="Other directions").click()
    assert "landscape_seed=8" in hash_of(page)


def test_a_bowl_is_told_to_be_convex_and_two_units_are_not(page, lab):
    opened(page, f"{lab.url}#{SMALL}")
    page.get_by_role("button", name="1 · A bowl").click()
    expect(page.locator("#landscape-verdict")).to_contain_text("Convex, on this line and on every other.")
    page.get_by_role("button", name="3 · The same net twice").click()
    told = page.locator("#landscape-verdict")
    expect(told).to_contain_text("Not convex. At step 0.50")
    expect(told).to_contain_text("2 local minima")


def test_every_picture_is_saved_as_png_and_svg(page, lab, tmp_path):
    opened(page, f"{lab.url}#{SMALL}")
    assert_saves(page, ("landscape-line", "landscape-map", "landscape-net"), tmp_path)


def test_all_presets_fit_the_screen_and_say_what_to_notice(page, lab):
    opened(page, f"{lab.url}#{SMALL}")

    def settle(page):
        page.locator("#landscape-verdict b:not(:empty)").wait_for()
        page.wait_for_timeout(300)  # for the words of the first pictures

    assert_presets_fit(page, settle)


def test_of_a_convex_loss_the_lowest_minimum_alone_is_marked(page, lab):
    page.goto(f"{lab.url}#page=landscape")
    lowest = page.evaluate(
        """async (url) => {
            const { lowestOf } = await import(url);
            const grid = { values: [9, 2, 9, 1, 9, 3], shape: [2, 3] };
            return [lowestOf([0, 1, 1, 0, 1, 2], grid), lowestOf([0, 1], grid), lowestOf([], grid)];
        }""",
        f"{lab.url}landscape_math.js",
    )
    assert lowest == [[1, 0], [0, 1], []]


def test_of_images_there_are_as_many_points_as_there_are(page, lab):
    page.goto(f"{lab.url}#page=landscape&data=images&images=digits&hidden=3")
    expect(page.locator("#landscape-verdict")).to_contain_text("onvex")
    expect(page.locator("#field-landscape-points")).to_be_disabled()
    page.locator("#field-landscape-data").select_option("moons")
    expect(page.locator("#field-landscape-points")).to_be_enabled()
