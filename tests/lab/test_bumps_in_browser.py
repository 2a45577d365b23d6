import re
import subprocess
import sys

import numpy as np
import pytest
from playwright.sync_api import expect

from foldline.lab.state import state_from_link
from lab.browser import assert_fits, assert_saves, hash_of, wait_for
from lab.live import SIZE

WAVE = "page=bumps&bumps_formula=sin(2*pi*x)&bumps_units=12"


def opened(page, lab, link="page=bumps"):
    """Open the page and wait until all that is shown is built."""
    page.goto(f"{lab.url}#{link}")
    wait_for(page, is_built)
    return page


def table(page):
    """Read what the table tells: units and error of each row that is switched on."""
    rows = page.locator("#bumps-ways tr:not(.is-off)")
    return {
        row.locator("th").inner_text(): tuple(row.locator("td").nth(i).inner_text() for i in (1, 2))
        for row in rows.all()
    }


def is_built(page):
    told = table(page)
    return bool(told) and all(error for _, error in told.values())


def test_a_preset_tells_its_story_and_the_link_restores_it(page, lab):
    opened(page, lab)
    chip = page.get_by_role("button", name="1 · One bump")
    expect(chip).to_have_attribute("aria-pressed", "true")
    assert table(page) == {"Bumps": ("4", "≤ 0.844")}
    page.get_by_role("button", name="5 · Far fewer units").click()
    wait_for(page, lambda page: len(table(page)) == 3 and is_built(page))
    # The numbers of the preset's sentence.
    assert {name: units for name, (units, _) in table(page).items()} == {
        "Overlapping": "156",
        "Hats": "12",
        "Best net": "7",
    }
    expect(page.locator("#bumps-notice")).to_contain_text("As overlapping bumps 156, as hats 12, and 7")
    expect(page.locator("#bumps-proved")).to_contain_text("fewer than 6 units is within 0.04: proved")
    before, link = table(page), hash_of(page)
    page.reload()
    wait_for(page, is_built)
    assert (table(page), hash_of(page)) == (before, link)
    page.go_back()
    expect(chip).to_have_attribute("aria-pressed", "true")


def test_a_formula_is_typed_and_what_is_wrong_is_told_at_the_field(page, lab):
    opened(page, lab)
    field = page.get_by_label("f(x) =")
    field.fill("abs(x-0.5)+")
    problem = page.locator("#bumps-problem")
    expect(problem).to_contain_text("the formula 'abs(x-0.5)+' cannot be read")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".toast")).to_have_count(0)
    field.fill("abs(x-0.5)+1")
    expect(field).to_have_attribute("aria-invalid", "false")
    page.get_by_label("Show Best net").check()
    wait_for(page, lambda page: len(table(page)) == 2 and is_built(page))
    assert table(page)["Best net"][0] == "2"
    page.get_by_label("Right end of x").fill("-1")
    page.get_by_label("Right end of x").press("Enter")
    expect(problem).to_contain_text("x goes from 0 to -1; expected its end above its beginning")
    state, notes = state_from_link(hash_of(page))
    assert notes == []
    assert (state.bumps_formula, state.bumps_range) == ("abs(x-0.5)+1", (0.0, -1.0))


def test_keys_go_from_bump_to_bump(page, lab):
    opened(page, lab, f"{WAVE}&bumps_formula=x")
    page.get_by_role("button", name="2 · Three bumps").click()
    wait_for(page, lambda page: table(page) == {"Bumps": ("12", "≤ 0.867")})
    told = page.locator("#bumps-told")
    expect(told).to_have_text("Bump 2 of 3: from x = 0.33 to 0.67, t = 1.00 high, as the function is in its middle.")
    page.locator("#bumps-plane").focus()
    page.keyboard.press("ArrowRight")
    expect(told).to_contain_text("Bump 3 of 3: from x = 0.67 to 1.00, t = 0.50 high")
    box = page.locator("#bumps-plane").bounding_box()
    page.mouse.move(box["x"] + 90, box["y"] + 100)
    expect(told).to_contain_text("Bump 1 of 3")


def test_a_curve_is_drawn_with_pointer_and_keys_and_comes_back(page, lab):
    opened(page, lab)
    page.get_by_role("radio", name="Draw the function").click()
    box = page.locator("#bumps-plane").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 250, steps=8)
    page.mouse.up()
    state, _ = state_from_link(hash_of(page))
    assert state.bumps_of == "curve"
    heights = np.array(state.bumps_curve)
    assert (np.diff(heights[1:12]) < 0).all()  # as the pointer went
    page.locator("#bumps-plane").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    after, _ = state_from_link(hash_of(page))
    changed = np.array(after.bumps_curve) - heights
    assert (np.flatnonzero(changed).tolist(), changed[16]) == ([16], -25)
    link = hash_of(page)
    page.reload()
    wait_for(page, is_built)
    assert hash_of(page) == link
    expect(page.get_by_role("radio", name="A curve that you draw")).to_have_attribute("aria-checked", "true")
    page.go_back()
    page.go_back()
    wait_for(page, lambda page: state_from_link(hash_of(page))[0].bumps_curve == state.bumps_curve)


def test_the_trained_net_comes_nearer_but_not_as_near_as_the_best(page, lab):
    opened(page, lab, f"{WAVE}&lr=0.01&steps=500&bumps_shown=free,trained")

    def errors():
        return {name: float(error.split()[1]) for name, (_, error) in table(page).items()}

    first = errors()["Trained net"]
    page.keyboard.press(" ")
    wait_for(page, lambda page: errors()["Trained net"] < first / 5)
    page.keyboard.press(" ")
    assert page.locator("#bumps-play").inner_text() == "▶ Play"
    assert errors()["Best net"] == 0.00851
    assert errors()["Trained net"] > 2 * errors()["Best net"]
    page.keyboard.press("r")
    expect(page.locator("#bumps-step-told")).to_have_text("step 0")
    page.locator("#bumps-step").click()
    expect(page.locator("#bumps-step-told")).to_have_text("step 1")


def test_every_picture_is_saved_as_png_and_svg(page, lab, tmp_path):
    opened(page, lab, WAVE)
    assert_saves(page, ("bumps-picture", "bumps-errors", "bumps-units"), tmp_path)


def test_the_exported_script_is_the_net_in_front(page, lab, tmp_path):
    opened(page, lab, f"{WAVE}&bumps_shown=free,neighbour&bumps_front=free")

    def export():
        page.locator("#exports summary").click()
        page.locator("#export-numpy").click()

    with page.expect_download() as download:
        export()
    download.value.save_as(tmp_path / "net.py")
    script = (tmp_path / "net.py").read_text(encoding="utf-8")
    assert "Best net of foldline's lab, 12 ReLU units" in script
    bound = float(re.search(r"at most (\S+), proved", script)[1])
    x = np.linspace(0, 1, 1001)
    ran = subprocess.run(
        [sys.executable, tmp_path / "net.py"], input="\n".join(map(repr, x.tolist())), capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    error = np.abs(np.loadtxt(ran.stdout.splitlines()) - np.sin(2 * np.pi * x)).max()
    assert 0.9 * bound < error <= bound
    page.get_by_role("button", name="Nearest sample").click()
    export()
    expect(page.locator(".toast")).to_contain_text("Nearest samples are no net")


@pytest.mark.parametrize("size", [SIZE, {"width": 820, "height": 1180}])
def test_nothing_is_wider_than_the_screen(page, lab, size):
    page.set_viewport_size(size)
    opened(page, lab, f"{WAVE}&bumps_shown=bumps,overlapping,hats,free,neighbour")
    assert_fits(page, width=size["width"], height=size["height"] if size == SIZE else None)
