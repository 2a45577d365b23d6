import json
import os
import re
import signal
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import expect

import foldline as fl
from lab.browser import assert_all_are_named, assert_fits, assert_presets_fit, assert_saves, hash_of, wait_for
from lab.live import PATIENCE_MS, SIZE, free_port


def opened(page, url):
    """Open the lab and wait for its first picture."""
    page.goto(url)
    page.locator("#facts .value:not(:empty)").first.wait_for()
    return page


def warped(page, url):
    """Open the page of space warps and wait until it can be used."""
    page.goto(url)
    page.locator("#warp-presets button").first.wait_for()


def fact(page, name):
    """Read one of the numbers under the net; NaN where there is a dash."""
    text = page.locator("#facts > div", has_text=name).locator(".value").inner_text().replace(",", "")
    return float(text) if text != "–" else float("nan")


def test_the_spiral_is_learned_to_more_than_95_percent(page, lab):
    opened(page, lab.url)
    page.keyboard.press(" ")
    wait_for(page, lambda page: fact(page, "Train right") > 95)
    page.keyboard.press(" ")
    assert page.locator("#play").inner_text() == "▶ Play"
    assert fact(page, "Linear regions") > 20
    step = fact(page, "Step")
    page.locator("#replay").focus()
    page.keyboard.press("Home")
    wait_for(page, lambda page: fact(page, "Step") == 0)
    page.locator("#step").click()
    wait_for(page, lambda page: fact(page, "Step") > step)


def test_clicked_and_brushed_points_are_in_the_link_and_come_back(page, lab):
    opened(page, f"{lab.url}#data=points&classes=2&test=0")
    plane = page.locator("#plane")
    page.get_by_role("radio", name="A click adds").click()
    plane.click(position={"x": 210, "y": 210})
    page.get_by_role("radio", name="Class 1").click()
    plane.click(position={"x": 315, "y": 105})
    assert hash_of(page) == "data=points&classes=2&test=0&clicked=gogo0kuku1"  # (0, 0) and (1.5, 1.5)
    plane.click(position={"x": 315, "y": 105}, modifiers=["Alt"])
    assert hash_of(page).endswith("clicked=gogo0")
    page.get_by_role("radio", name="A stroke adds").click()
    box = plane.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 260, box["y"] + 60, steps=20)
    page.mouse.up()
    link = hash_of(page)
    assert 8 <= len(link.partition("clicked=gogo0")[2]) // 5 <= 20
    page.go_back()
    assert hash_of(page).endswith("clicked=gogo0")
    page.go_forward()
    assert hash_of(page) == link


def test_keys_work_wherever_the_focus_is_and_scroll_nothing(page, lab):
    page.set_viewport_size({"width": 1280, "height": 500})
    opened(page, f"{lab.url}#hidden=4&points=50")
    page.locator("#step").click()
    wait_for(page, lambda page: fact(page, "Step") == 1)
    page.keyboard.press("s")
    wait_for(page, lambda page: fact(page, "Step") == 2)
    page.locator("#show-folds").focus()
    page.keyboard.press("r")
    wait_for(page, lambda page: fact(page, "Step") == 0)
    page.locator("#plane").focus()
    top = page.evaluate("() => scrollY")
    page.keyboard.press(" ")
    wait_for(page, lambda page: fact(page, "Step") > 0)
    assert page.evaluate("() => scrollY") == top
    assert page.locator("#play").inner_text() == "❚❚ Pause"
    page.locator("#playground").get_by_label("Seed", exact=True).focus()
    page.keyboard.press(" ")
    page.keyboard.press("s")
    assert page.locator("#play").inner_text() == "❚❚ Pause"


def test_space_plays_after_a_click_on_a_preset_or_a_page_and_presses_what_a_key_reached(page, lab):
    opened(page, lab.url)
    play = page.locator("#play")
    page.get_by_role("button", name="1 · One fold").click()
    assert play.inner_text() == "❚❚ Pause"
    page.keyboard.press(" ")
    assert play.inner_text() == "▶ Play"
    page.get_by_role("link", name="Space warp").click()
    page.get_by_role("link", name="Playground").click()
    page.keyboard.press(" ")
    assert play.inner_text() == "❚❚ Pause"
    page.get_by_role("button", name="2 · Three close a shape").focus()
    page.keyboard.press(" ")
    assert "hidden=3" in hash_of(page)
    assert play.inner_text() == "❚❚ Pause"


def test_a_point_erased_by_key_is_a_step_back_of_its_own(page, lab):
    opened(page, f"{lab.url}#data=points&clicked=gogo09090112341")
    for chosen, erasing in (("Hover shows", "Delete"), ("A click or a stroke erases", "Enter")):
        page.get_by_role("radio", name=chosen).click()
        page.locator("#plane").focus()
        for key in ("ArrowRight", "ArrowLeft", erasing):
            page.keyboard.press(key)
        page.locator("#field-activation").select_option("tanh")
        page.go_back()
        assert hash_of(page) == "data=points&clicked=9090112341"
        page.go_back()


def test_a_click_that_changes_no_point_leaves_the_link(page, lab):
    link = "test=0&window=-8,8,-8,8"  # points lie within 6 units of the middle
    opened(page, f"{lab.url}#{link}")
    page.get_by_role("radio", name="A click or a stroke erases").click()
    page.locator("#plane").click(position={"x": 4, "y": 4})
    assert page.locator(".toast").count() == 0
    page.get_by_role("radio", name="A click adds").click()
    page.locator("#plane").click(position={"x": 4, "y": 4})
    expect(page.locator(".toast")).to_contain_text("points from -6 to 6; this place is outside. Nothing was added.")
    assert hash_of(page) == link
    page.locator("#plane").click(position={"x": 210, "y": 210})
    expect(page.locator(".toast")).to_contain_text("The points are your own now")


def test_every_class_that_is_shown_or_added_has_a_swatch(page, lab):
    opened(page, f"{lab.url}#data=moons&test=0")
    page.get_by_role("radio", name="A click adds").click()
    page.get_by_role("radio", name="Class 2").click()
    page.locator("#plane").click(position={"x": 30, "y": 30})
    assert "classes" not in hash_of(page)  # three, as by default
    swatches = page.locator("#swatches button")
    expect(swatches).to_have_count(3)
    page.locator("#field-data").select_option("csv")
    rows = "".join(f"{i % 7},{i % 3},{'abcde'[i % 5]}\n" for i in range(40))
    page.locator("#playground input[type=file]").set_input_files(
        {"name": "five.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    expect(swatches).to_have_count(5)


def window_of(page):
    found = re.search("window=([^&]*)", hash_of(page))
    return tuple(map(float, found[1].split(","))) if found else (-3, 3, -3, 3)


def test_the_wheel_zooms_towards_the_pointer_and_is_one_step_back(page, lab):
    opened(page, f"{lab.url}#points=50&hidden=4")
    box = page.locator("#plane").bounding_box()
    page.mouse.move(box["x"] + 3 * box["width"] / 4, box["y"] + box["height"] / 4)  # (1.5, 1.5)
    for _ in range(5):
        page.mouse.wheel(0, -100)
    wait_for(page, lambda page: window_of(page)[1] - window_of(page)[0] < 3)
    left, right, bottom, top = window_of(page)
    np.testing.assert_allclose([(3 * right + left) / 4, (3 * top + bottom) / 4], 1.5, atol=0.02)
    assert right - left == pytest.approx(top - bottom)
    page.go_back()
    assert hash_of(page) == "points=50&hidden=4"


def test_keys_buttons_and_drags_move_and_zoom_the_window(page, lab):
    opened(page, f"{lab.url}#data=points&test=0&clicked=gogo0kuku1")
    plane = page.locator("#plane")
    plane.focus()
    for key, expected in (
        ("+", (-1.5, 1.5, -1.5, 1.5)),
        ("Control+ArrowRight", (-1.2, 1.8, -1.5, 1.5)),
        ("Control+ArrowUp", (-1.2, 1.8, -1.2, 1.8)),
        ("-", (-2.7, 3.3, -2.7, 3.3)),
        ("Home", (-3, 3, -3, 3)),
        ("-", (-6, 6, -6, 6)),
        ("0", (-3, 3, -3, 3)),
    ):
        page.keyboard.press(key)
        assert window_of(page) == expected
    page.get_by_role("button", name="Zoom in").click()
    assert window_of(page) == (-1.5, 1.5, -1.5, 1.5)
    page.get_by_role("button", name="Show all").click()
    assert window_of(page) == (-3, 3, -3, 3)
    box = plane.bounding_box()
    third = box["width"] / 3
    for button, tool in (("middle", "Hover shows"), ("left", "A drag moves")):
        page.get_by_role("radio", name=tool).click()
        page.mouse.move(box["x"] + third, box["y"] + third)
        page.mouse.down(button=button)
        page.mouse.move(box["x"] + 2 * third, box["y"] + 1.5 * third, steps=6)
        page.mouse.up(button=button)
        np.testing.assert_allclose(window_of(page), (-5, 1, -2, 4), atol=0.02)
        page.go_back()
        assert window_of(page) == (-3, 3, -3, 3)
    assert "clicked=gogo0kuku1" in hash_of(page)


def test_two_fingers_zoom_and_add_no_point(browser, lab):
    context = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    opened(page, f"{lab.url}#data=points&test=0&clicked=gogo0kuku1")
    page.get_by_role("radio", name="A click adds").click()
    box = page.locator("#plane").bounding_box()
    device = context.new_cdp_session(page)

    def touch(kind, *shares):
        places = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in shares]
        device.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    touch("touchStart", (0.4, 0.5))
    touch("touchStart", (0.4, 0.5), (0.6, 0.5))
    for reach in (0.15, 0.2, 0.3):
        touch("touchMove", (0.5 - reach, 0.5), (0.5 + reach, 0.5))
    touch("touchEnd")
    wait_for(page, lambda page: np.allclose(window_of(page), (-1, 1, -1, 1), atol=0.02))
    assert "clicked=gogo0kuku1&" in hash_of(page) + "&"
    page.go_back()
    wait_for(page, lambda page: window_of(page) == (-3, 3, -3, 3))
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)
    wait_for(page, lambda page: hash_of(page).endswith("clicked=gogo0kuku1goku0"))
    context.close()


SETTINGS = {
    "data": "moons", "classes": "2", "points": "60", "noise": "0.2", "test": "0.5", "seed": "9", "activation": "tanh",
    "loss": "svm", "optimizer": "sgd", "lr": "0.05", "momentum": "0.5", "batch": "16", "l1": "0.0001", "l2": "0.001",
    "dropout": "0.3", "steps": "5",
}  # fmt: skip


def shown_settings(page):
    fields = page.locator("#playground [id^=field-]")
    told = [
        (field.get_attribute("id"), field.get_attribute("aria-valuetext") or field.input_value())
        for field in fields.all()
    ]
    inputs = page.locator("#playground .inputs [aria-pressed=true]").all_inner_texts()
    return told, inputs, [box.input_value() for box in page.locator("#architecture input").all()]


def test_a_link_restores_every_setting_and_back_and_forward_lose_nothing(page, lab):
    link = "&".join(f"{name}={value}" for name, value in SETTINGS.items()) + "&inputs=y,x2&hidden=5,3"
    opened(page, f"{lab.url}#{link}")
    shown = shown_settings(page)
    told, inputs, widths = shown
    assert dict(told)["field-data"] == "moons"
    assert dict(told)["field-lr"] == "0.05"
    assert dict(told)["field-dropout"] == "30 %"
    assert ([text.strip() for text in inputs], widths) == (["y", "x²"], ["5", "3"])
    page.get_by_role("button", name="6 · Spiral").click()
    assert hash_of(page) == ""
    page.get_by_role("link", name="Space warp").click()
    assert hash_of(page) == "page=warp"
    page.go_back()
    page.go_back()
    assert shown_settings(page) == shown
    page.go_forward()
    assert hash_of(page) == ""


def test_every_layer_has_an_activation_of_its_own(page, lab):
    opened(page, f"{lab.url}#points=50&hidden=5,4")
    heads = [page.locator("#playground").get_by_label(f"Activation of hidden layer {layer}") for layer in (1, 2)]
    heads[1].select_option("tanh")
    assert hash_of(page) == "points=50&hidden=5,4&activation=relu,tanh"
    expect(page.locator("#map")).to_contain_text("activation is tanh, which has no straight pieces")
    assert page.locator("#field-activation").input_value() == ""
    page.locator("#net-sheet").focus()
    for key in ("ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator("#net-told")).to_contain_text("Layer 2, unit 0 (tanh).")
    page.locator("#playground").get_by_label("Take hidden layer 1 out").click()
    assert hash_of(page) == "points=50&hidden=4&activation=tanh"
    page.go_back()
    page.locator("#field-activation").select_option("leaky_relu")
    assert hash_of(page) == "points=50&hidden=5,4&activation=leaky_relu"
    assert [head.input_value() for head in heads] == ["leaky_relu", "leaky_relu"]
    heads[0].select_option("identity")
    assert hash_of(page) == "points=50&hidden=5,4&activation=identity,leaky_relu"
    wait_for(page, lambda page: fact(page, "Linear regions") > 1)


def test_what_a_link_cannot_mean_is_told(page, lab):
    opened(page, f"{lab.url}#lr=99&colour=red")
    told = page.locator(".toast").inner_text()
    assert "lr is 99; expected a number above 0 to 10. Its default is taken." in told
    assert "'colour' is no field of the lab; it is left out." in told


def test_the_exported_script_gives_the_scores_of_the_region_shown(page, lab, tmp_path):
    opened(page, f"{lab.url}#hidden=6&seed=3&\\x")  # the script tells the link; a backslash ends what Python can read
    page.locator("#plane").focus()
    page.keyboard.press("ArrowRight")
    page.locator("#map .equations span").first.wait_for()
    equations = page.locator("#map .equations span").all_inner_texts()
    page.locator("#exports summary").click()
    with page.expect_download() as download:
        page.locator("#export-numpy").click()
    download.value.save_as(tmp_path / "net.py")
    x, y = 6 / 40, 0.0  # one of 40 steps from the middle of a window of 6 units
    given = f"{x} {y}\n"
    ran = subprocess.run([sys.executable, tmp_path / "net.py"], input=given, capture_output=True, text=True, check=True)
    numbers = [re.findall(r"[-−+]? ?[\d.]+(?= x| y|$)", text.split("= ")[1]) for text in equations]
    maps = np.array([[float(part.replace("−", "-").replace(" ", "")) for part in row] for row in numbers])
    np.testing.assert_allclose(np.loadtxt(ran.stdout.splitlines()), maps @ [x, y, 1], atol=0.01)  # two digits are shown


def test_the_saved_net_is_a_classifier_of_points_in_the_files_units(page, lab, tmp_path):
    opened(page, f"{lab.url}#inputs=x,y,xy&hidden=8&lr=0.03&test=0")
    page.locator("#field-data").select_option("csv")
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(60, 2)) * [2, 100] + [50, 1000]
    names = np.where(xy[:, 0] > 50, "zebra", "ant")
    rows = "".join(f"{x!r},{y!r},{name}\n" for (x, y), name in zip(xy.tolist(), names, strict=True))
    page.locator("#playground input[type=file]").set_input_files(
        {"name": "zoo.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    expect(page.locator(".toast", has_text="zoo.csv: 60 points")).to_be_visible()
    page.locator("#play").click()
    wait_for(page, lambda page: fact(page, "Train right") > 95)
    page.locator("#play").click()
    expect(page.locator("#play")).to_have_text("▶ Play")
    page.locator("#exports summary").click()
    with page.expect_download() as download:
        page.locator("#export-model").click()
    assert download.value.suggested_filename == "foldline-net.safetensors"
    download.value.save_as(tmp_path / "net.safetensors")
    expect(page.locator(".toast")).to_contain_text("foldline.load('foldline-net.safetensors')")
    model = fl.load(tmp_path / "net.safetensors")
    assert 100 * model.score(xy, names) == pytest.approx(fact(page, "Train right"), abs=0.06)
    assert model.classes_.tolist() == ["ant", "zebra"]
    page.locator("#plane").focus()
    page.keyboard.press("ArrowRight")
    page.locator("#map .equations span").first.wait_for()
    told = page.locator("#map .equations span").all_inner_texts()
    shown = [float(text.split("= ")[1].replace("−", "-")) for text in told]
    first, second = (shown[k] for k in np.argsort(list(dict.fromkeys(names))))
    at = xy.mean(axis=0) + np.array([6 / 40, 0]) * xy.std(axis=0)
    np.testing.assert_allclose(model.decision_function(at[None]), second - first, atol=0.02)  # two digits are shown


@pytest.mark.parametrize(
    ("link", "pictures"),
    [("", ["plane", "net", "loss", "right"]), ("activation=tanh", ["plane"]), ("page=warp", ["linear", "folded"])],
)
def test_every_picture_is_saved_as_png_and_svg(page, lab, link, pictures, tmp_path):
    page.goto(f"{lab.url}#{link}")
    page.locator("#facts .value:not(:empty), #warp-play:not(:empty)").locator("visible=true").first.wait_for()
    assert_saves(page, pictures, tmp_path)


def test_all_presets_fit_the_screen_and_say_what_to_notice(page, lab):
    opened(page, lab.url)
    for link in ("Playground", "Space warp", "Wiring"):
        page.get_by_role("link", name=link).click()
        assert_presets_fit(page)


def test_points_that_stay_are_drawn_once_and_look_as_before(page, lab):
    page.goto(lab.url)
    most_off, inks = page.evaluate(
        """async (url) => {
            const { canvasPen } = await import(url);
            const canvas = Object.assign(document.createElement("canvas"), { width: 60, height: 40 });
            const context = canvas.getContext("2d");
            context.setTransform(2, 0, 0, 2, 0, 0);
            const [red, blue, white] = [[200, 30, 30], [20, 20, 90], [255, 255, 255]];
            const marks = (x) => [["disc", x, 9, 5, red, white], ["square", 20, 10, 4, blue, white, 1.6]];
            const drawn = (x) => {
                context.clearRect(0, 0, 60, 40);
                const pen = canvasPen(context);
                pen.fill([[0, 0, 30, 0, 30, 20, 0, 20]], [230, 240, 230]);
                pen.marks(marks(x));
                return context.getImageData(0, 0, 60, 40).data;
            };
            const off = (a, b) => a.reduce((most, part, i) => Math.max(most, Math.abs(part - b[i])), 0);
            const [first, again, third, moved, back] = [8, 8, 8, 11, 8].map(drawn);
            return [[again, third, back].map((one) => off(first, one)), off(first, moved)];
        }""",
        f"{lab.url}pen.js",
    )
    assert max(most_off) <= 2  # of 255
    assert inks > 100


def test_a_number_that_rounds_to_zero_has_no_sign(page, lab):
    page.goto(lab.url)
    told = page.evaluate(
        "async (url) => { const { decimal } = await import(url);"
        " return [decimal(-0.004, 2), decimal(-0.04, 1), decimal(-0.006, 2), decimal(-10, 0), decimal(0)]; }",
        f"{lab.url}words.js",
    )
    assert told == ["0.00", "0.0", "−0.01", "−10", "0.000"]


def test_every_control_has_a_name_and_a_place_in_the_tab_order(page, lab):
    opened(page, lab.url)
    for link in ("Playground", "Space warp", "Wiring"):
        page.get_by_role("link", name=link).click()
        page.locator("main:visible .primary:not(:empty)").wait_for()
        assert_all_are_named(page)
        wanted = page.evaluate(
            """() => [...document.querySelectorAll("button, a, input, select, summary, [tabindex]")]
                .filter((one) => one.checkVisibility() && !one.disabled && one.tabIndex >= 0).length"""
        )
        page.evaluate("() => document.activeElement.blur()")
        seen = set()
        for _ in range(wanted + 5):
            page.keyboard.press("Tab")
            seen.add(page.evaluate("() => [...document.querySelectorAll('*')].indexOf(document.activeElement)"))
        assert len(seen - {-1}) >= wanted


def test_a_menu_is_closed_by_escape_and_by_a_press_outside(page, lab):
    opened(page, lab.url)
    menu = page.locator("#exports")
    menu.locator("summary").click()
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()
    menu.locator("summary").click()
    menu.locator("li button").first.hover()
    page.locator("#plane").click(position={"x": 9, "y": 9})
    expect(menu).not_to_have_attribute("open", "")


def test_a_page_that_cannot_be_had_is_told_and_asked_for_again(browser, lab):
    page = browser.new_page(viewport=SIZE)
    opened(page, lab.url)
    page.route("**/warp_page.js", lambda route: route.abort())
    page.get_by_role("link", name="Space warp").click()
    expect(page.locator(".toast")).to_contain_text("The lab does not answer.")
    page.unroute("**/warp_page.js")
    page.get_by_role("link", name="Playground").click()
    page.get_by_role("link", name="Space warp").click()
    page.locator("#warp-play").click()
    expect(page.locator("#warp-play")).to_have_text("❚❚ Pause")
    page.close()


def test_a_handle_of_the_matrix_can_be_dragged_and_one_step_back_undoes_it(page, lab):
    warped(page, f"{lab.url}#page=warp&warp=1,0,0,1,0,0")
    canvas = page.locator("#warp-linear")
    canvas.wait_for()
    box = canvas.bounding_box()
    unit_px = box["width"] / 2 / (1.9 * 1.12)  # the window's half, for maps that reach no farther
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(middle[0] + unit_px, middle[1])
    page.mouse.down()
    page.mouse.move(middle[0] + 0.5 * unit_px, middle[1] - 0.5 * unit_px, steps=8)
    page.mouse.up()
    assert hash_of(page) == "page=warp&warp=0.5,0,0.5,1,0,0"
    page.go_back()
    assert hash_of(page) == "page=warp&warp=1,0,0,1,0,0"
    assert page.get_by_label("W₂₁").input_value() == "0"


def test_a_typed_entry_is_one_step_back_and_one_out_of_range_goes_back(page, lab):
    warped(page, f"{lab.url}#page=warp&warp=1,0,0,1,0,0")
    entry = page.get_by_label("W₁₁")
    entry.select_text()
    entry.press_sequentially("0.25")
    entry.press("Tab")
    assert hash_of(page) == "page=warp&warp=0.25,0,0,1,0,0"
    page.go_back()
    assert hash_of(page) == "page=warp&warp=1,0,0,1,0,0"
    for wrong, told in (("5", "W₁₁ is 5;"), ("", "W₁₁ is no number;")):
        entry.fill(wrong)
        entry.press("Tab")
        assert entry.input_value() == "1"
        expect(page.locator(".toast")).to_have_text(f"{told} expected a number from -3 to 3. It stays 1.")


def test_a_number_that_cannot_be_is_told_and_the_one_before_stays(page, lab):
    opened(page, lab.url)
    for label, wrong, told in (
        ("Units of hidden layer 1", "300", "is 300; expected a whole number from 1 to 256. It stays 20."),
        ("Units of hidden layer 1", "2.5", "is 2.5; expected a whole number from 1 to 256. It stays 20."),
        ("Seed", "-1", "is -1; expected a whole number from 0 to 4294967295. It stays 0."),
    ):
        entry = page.locator("#playground").get_by_label(label, exact=True)
        entry.fill(wrong)
        entry.press("Tab")
        expect(page.locator(".toast")).to_have_text(f"{label} {told}")
        assert entry.input_value() == told.split()[-1].rstrip(".")
    assert hash_of(page) == ""


FOLD_TWICE = "page=warp&warp=1,0.6,-0.5,1.1,0.3,0.4,-0.9,0.7,0.8,0.8,0.5,-0.9"


def test_space_plays_and_pauses_the_plane_and_r_begins_again(page, lab):
    warped(page, f"{lab.url}#{FOLD_TWICE}")
    play, when = page.locator("#warp-play"), page.locator("#warp-when")
    page.keyboard.press("r")
    wait_for(page, lambda page: 0 < float(when.input_value()) < 2)
    page.keyboard.press(" ")
    assert play.inner_text() == "▶ Play"
    paused = float(when.input_value())
    page.wait_for_timeout(100)
    assert float(when.input_value()) == paused < 4
    page.keyboard.press(" ")
    wait_for(page, lambda page: play.inner_text() == "▶ Play")
    assert when.input_value() == "4"


def test_a_preset_chosen_while_the_plane_moves_begins_again_at_the_same_speed(page, lab):
    warped(page, f"{lab.url}#{FOLD_TWICE}")
    page.keyboard.press("r")
    page.locator("#warp-presets button").nth(5).click()
    wait_for(page, lambda page: float(page.locator("#warp-when").input_value()) > 0.2)
    at_once, n_asked = page.evaluate(
        """() => new Promise((done) => {
            document.querySelectorAll("#warp-presets button")[5].click();
            const atOnce = document.getElementById("warp-when").value;
            const frame = window.requestAnimationFrame.bind(window);
            let asked = 0;
            window.requestAnimationFrame = (tick) => ((asked += 1), frame(tick));
            let left = 5;
            const count = () => (left-- ? frame(count) : done([atOnce, asked]));
            frame(count);
        })"""
    )
    assert at_once == "0"
    assert n_asked <= 6


def test_a_matrix_of_no_preset_has_no_presets_sentence(page, lab):
    warped(page, f"{lab.url}#page=warp&warp=1,0,0,1,0,0")
    told = page.locator("#warp-notice").inner_text()
    for chip in page.locator("#warp-presets button").all():
        chip.click()
        assert page.locator("#warp-notice").inner_text() != told
    page.get_by_label("W₁₁").fill("0.05")
    assert page.locator("#warp-notice").inner_text() == told


def test_a_csv_file_is_played_with_and_a_wrong_one_is_told(page, lab):
    opened(page, lab.url)
    page.locator("#field-data").select_option("csv")
    rows = "".join(f"{i % 7},{i % 5},{'cat' if i % 2 else 'dog'}\n" for i in range(40))
    page.locator("#playground input[type=file]").set_input_files(
        {"name": "pets.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    expect(page.locator(".toast", has_text="pets.csv: 40 points of 2 classes (dog, cat)")).to_be_visible()
    page.locator("#plane").hover(position={"x": 100, "y": 100})
    expect(page.locator("#map")).to_contain_text(re.compile("Class [01], (dog|cat), wins"))
    page.locator("#playground input[type=file]").set_input_files(
        {"name": "bad.csv", "mimeType": "text/csv", "buffer": b"1,2\n"}
    )
    expect(page.locator(".toast", has_text="expected")).to_be_visible()


def test_two_of_a_files_columns_are_chosen_by_name_and_by_picture(page, lab):
    opened(page, lab.url)
    page.locator("#field-data").select_option("csv")
    rng = np.random.default_rng(0)
    lines = [",".join(map(str, [*rng.normal(size=4).round(2), "uv"[i % 2]])) for i in range(60)]
    rows = "\n".join(["length,width,height,age,kind", *lines])
    page.locator("#playground input[type=file]").set_input_files(
        {"name": "four.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    expect(page.locator(".toast")).to_contain_text("It has 4 columns of numbers")
    across, up = (page.locator("#playground").get_by_label(label) for label in ("Across (x)", "Up (y)"))
    across.select_option("height")
    assert hash_of(page) == "data=csv&columns=2,1"
    up.select_option("height")  # the same one twice: they change places
    assert hash_of(page) == "data=csv&columns=1,2"
    page.locator("#playground summary", has_text="Pairs").click()
    pairs = page.get_by_role("button", name=re.compile(" over "))
    expect(pairs).to_have_count(12)
    expect(page.get_by_role("button", name="height over width")).to_have_attribute("aria-pressed", "true")
    assert_fits(page)
    page.get_by_role("button", name="age over length").click()
    assert hash_of(page) == "data=csv&columns=0,3"
    assert [across.input_value(), up.input_value()] == ["0", "3"]
    page.reload()
    page.locator("#facts .value:not(:empty)").first.wait_for()
    expect(across).to_have_value("0")
    expect(up).to_have_value("3")
    page.locator("#exports summary").click()
    with page.expect_download() as download:
        page.locator("#export-plane-svg").click()
    drawn = "".join(ElementTree.parse(download.value.path()).getroot().itertext())
    assert "length →" in drawn
    assert "↑ age" in drawn
    page.locator("#playground input[type=file]").set_input_files(
        {"name": "two.csv", "mimeType": "text/csv", "buffer": b"0,1,a\n1,0,b\n2,2,b"}
    )
    expect(page.locator(".toast")).to_contain_text("two.csv: 3 points")
    assert hash_of(page) == "data=csv"
    expect(across).to_be_hidden()


def test_a_net_learns_two_numbers_of_images_and_the_link_brings_them_back(page, lab):
    page.goto(f"{lab.url}#page=images&images=digits&images_features=hog")
    page.locator("#images").get_by_role("button", name="In the playground").click()
    across = page.locator("#playground").get_by_label("Across (x)")
    expect(across.locator("option")).to_have_text(["HoG 1", "HoG 2", "HoG 3", "HoG 4", "brightness", "contrast"])
    expect(page.locator(".toast", has_text="Each of 1,155 training images of the first 8")).to_be_visible()
    page.locator("#playground summary", has_text="Pairs").click()
    page.get_by_role("button", name="brightness over HoG 2").click()
    assert hash_of(page) == "data=images&columns=1,4&images=digits&images_features=hog"
    page.locator("#play").click()
    wait_for(page, lambda page: fact(page, "Step") > 100 and fact(page, "Train right") > 25)
    assert_fits(page)
    page.reload()
    expect(across.locator("option:checked")).to_have_text("HoG 2")
    page.locator("#field-images_features").select_option("raw")
    assert hash_of(page) == "data=images&images=digits"  # other numbers: the first two of them
    expect(across.locator("option:checked")).to_have_text("pixels 1")


def test_what_is_being_read_is_told_at_the_head_of_the_page(page, lab):
    page.add_init_script(
        """window.told = [];
        addEventListener("DOMContentLoaded", () => {
            const place = document.getElementById("status");
            new MutationObserver(() => told.push(place.textContent)).observe(place, { childList: true });
        });"""
    )
    opened(page, f"{lab.url}#data=images&images=fashion-mini&images_features=words")
    expect(page.locator("#status")).to_have_text("Connected")
    told = page.evaluate("() => told")
    assert any("visual words" in words or "differ most" in words for words in told), told


def test_whoever_leaves_while_something_is_read_is_told_of_it_no_longer(page, lab):
    frames = []

    def held_back(socket):
        """Pass on what is told, and no frame."""
        server = socket.connect_to_server()
        socket.on_message(server.send)
        server.on_message(lambda data: socket.send(data) if isinstance(data, str) else frames.append(data))

    page.route_web_socket("**/ws", held_back)
    page.goto(f"{lab.url}#data=images&images=digits&images_features=color")
    expect(page.locator("#status")).to_have_text(re.compile("Reading|Computing|Finding"))
    page.get_by_role("link", name="Space warp").click()
    expect(page.locator("#status")).to_have_text("Connected")


def test_a_restarted_engine_is_told_in_the_servers_words_alone(page, lab):
    sockets = []
    page.route_web_socket("**/ws", lambda socket: (sockets.append(socket), socket.connect_to_server()))
    opened(page, lab.url)
    words = "the engine ended; expected it to go on. It was started again without your settings."
    sockets[0].send(json.dumps({"error": words, "restarted": True}))
    expect(page.locator(".toast")).to_have_text(words)


def test_a_lost_connection_is_told_above_the_page_and_covers_nothing(page, lab):
    sockets = []

    def connect_once(socket):
        sockets.append(socket)
        if len(sockets) == 1:
            socket.connect_to_server()
        else:
            socket.close()

    page.route_web_socket("**/ws", connect_once)
    opened(page, lab.url)
    sockets[0].close()
    page.locator("#banner").wait_for()
    header, banner, lesson = (page.locator(at).bounding_box() for at in ("header", "#banner", "#playground .lesson"))
    assert header["y"] + header["height"] <= banner["y"]
    assert banner["y"] + banner["height"] <= lesson["y"]


@pytest.mark.skipif(os.name != "posix", reason="kills groups of processes")
def test_a_killed_and_restarted_server_is_survived(browser):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    def started(port):
        text = f"from foldline.lab.serving import run_lab; run_lab(port={port}, browser=False)"
        command = [sys.executable, "-u", "-W", "ignore", "-c", text]
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True)
        return process, re.search(r"http://\S+", process.stdout.readline())[0]

    first, url = started(free_port())
    page = browser.new_page(viewport=SIZE)
    page.set_default_timeout(PATIENCE_MS)
    try:
        opened(page, f"{url}#hidden=4&points=50")
        page.locator("#play").click()
        wait_for(page, lambda page: fact(page, "Step") > 0)
        os.killpg(first.pid, signal.SIGKILL)
        page.locator("#status[data-kind=lost]").wait_for()
        told = page.locator("#banner").inner_text()
        assert "The connection to the lab is lost." in told
        assert "tries again in" in told
        page.locator("#playground").get_by_label("Units of hidden layer 1").fill("7")
        page.locator("#playground").get_by_label("Units of hidden layer 1").press("Tab")
        second, _ = started(int(re.search(r":(\d+)/", url)[1]))
        try:
            page.locator("#status[data-kind=open]").wait_for()
            wait_for(page, lambda page: "Layer" in page.locator("#net-told").inner_text() or fact(page, "Step") > 0)
            assert not page.locator("#banner").is_visible()
            assert hash_of(page) == "points=50&hidden=7"
        finally:
            os.killpg(second.pid, signal.SIGKILL)
            second.communicate()
    finally:
        page.close()
        first.communicate()
