import re

from playwright.sync_api import expect

from foldline.insight.wiring_pictures import node_places
from foldline.models import Wiring, random_wiring
from lab.browser import assert_saves, drag, hash_of

DIAMOND = Wiring(4, ((0, 1), (0, 2), (1, 3), (2, 3)))
IN_LINK = "wiring_graph=own&wiring_nodes=4&wiring_edges=01021323"


def opened(page, lab, link=""):
    """Open the page of wirings and wait until both nets are measured."""
    page.goto(f"{lab.url}#page=wiring&{link}".removesuffix("&"))
    told(page, "%", at="#wiring-wired-right")
    return page


def told(page, words, *, at="#wiring-facts"):
    """Wait until the page says some words."""
    expect(page.locator(at)).to_contain_text(words)


def node_px(page, lab, wiring, node):
    """Give where the middle of a node is on the screen."""
    places = node_places(wiring)
    box = page.locator("#wiring-sheet").bounding_box()
    graph = {
        "n_nodes": wiring.n_nodes,
        "places": [value for at in range(wiring.n_nodes) for value in places[at]],
        **{name: [] for name in ("edges", "edge_weights", "inlets", "inlet_weights", "outlets")},
    }
    nodes = page.evaluate(
        "async ({ url, graph, size }) => (await import(url)).layOutGraph(graph, size).nodes",
        {"url": f"{lab.url}wiring_graph.js", "graph": graph, "size": {"width": box["width"], "height": box["height"]}},
    )
    return box["x"] + nodes[node]["x"], box["y"] + nodes[node]["y"]


def test_a_preset_trains_both_nets_to_more_than_90_percent(page, lab):
    opened(page, lab)
    page.get_by_role("button", name="3 · By chance").click()
    told(page, re.compile("^9[1-9]|^100"), at="#wiring-wired-right")
    told(page, re.compile("^9[1-9]|^100"), at="#wiring-regular-right")
    page.locator("#wiring-play").click()
    assert page.locator("#wiring-play").inner_text() == "▶ Play"
    assert hash_of(page) == "page=wiring&lr=0.01&wiring_graph=er&wiring_p=0.3"
    page.keyboard.press("r")
    told(page, "step 0,")
    page.locator("#wiring-step").click()
    told(page, "step 1,")


def test_a_drag_joins_two_nodes_and_another_one_parts_them(page, lab):
    opened(page, lab, IN_LINK)
    drag(page, node_px(page, lab, DIAMOND, 0), node_px(page, lab, DIAMOND, 3))
    assert hash_of(page).endswith("wiring_edges=0102031323")
    joined = Wiring(4, (*DIAMOND.edges[:2], (0, 3), *DIAMOND.edges[2:]))
    told(page, "5 connections")
    drag(page, node_px(page, lab, joined, 3), node_px(page, lab, joined, 0))
    assert hash_of(page).endswith("wiring_edges=01021323")
    page.go_back()
    told(page, "5 connections")


def test_a_clicked_connection_is_cut_while_the_weights_go_on(page, lab):
    opened(page, lab, f"{IN_LINK}&lr=0.01")
    page.locator("#wiring-step").click()
    told(page, "step 1,")
    (x0, y0), (x1, y1) = (node_px(page, lab, DIAMOND, node) for node in (0, 1))
    page.mouse.move((x0 + x1) / 2, (y0 + y1) / 2)
    told(page, "0 feeds 1 with weight 0.5", at="#wiring-told")
    page.mouse.click((x0 + x1) / 2, (y0 + y1) / 2)
    assert hash_of(page).endswith("wiring_edges=021323")
    told(page, "3 connections")
    told(page, "step 1,")


def test_keys_join_part_add_and_take_out(page, lab):
    opened(page, lab, IN_LINK)
    page.locator("#wiring-sheet").focus()
    for key in ("ArrowRight", "Enter"):
        page.keyboard.press(key)
    told(page, "From node 0: choose the other node.", at="#wiring-told")
    for key in ("ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    assert hash_of(page).endswith("wiring_edges=0102031323")
    told(page, "Node 3 is fed by 0", at="#wiring-told")
    page.keyboard.press("+")
    assert "wiring_nodes=5" in hash_of(page)
    told(page, "2 parts")
    page.keyboard.press("Delete")
    assert hash_of(page).endswith("wiring_nodes=4&wiring_edges=0102")
    told(page, "2 connections")
    page.keyboard.press("Escape")
    page.locator("#wiring-remove").click()
    assert hash_of(page).endswith("wiring_nodes=3&wiring_edges=0102")


def test_a_random_graph_that_is_changed_becomes_ones_own(page, lab):
    opened(page, lab, "wiring_graph=ba&wiring_nodes=8")
    drawn = random_wiring("ba", n=8, m=2, seed=0)
    start, end = drawn.edges[3]
    page.locator("#wiring-sheet").focus()
    drag(page, node_px(page, lab, drawn, start), node_px(page, lab, drawn, end))
    left = "".join(f"{a}{b}" for a, b in drawn.edges if (a, b) != (start, end))
    assert hash_of(page) == f"page=wiring&wiring_graph=own&wiring_nodes=8&wiring_edges={left}"
    assert "The graph is your own now" in page.locator(".toast").inner_text()
    page.locator("#field-wiring_graph").select_option("chain")
    told(page, "7 connections, 8 deep")
    page.locator("#field-wiring_graph").select_option("own")
    assert hash_of(page).endswith("wiring_edges=01122334455667")


def test_a_link_restores_the_graph_and_its_settings(page, lab):
    link = (
        "page=wiring&data=moons&seed=3&lr=0.02&wiring_nodes=9&wiring_width=6&wiring_k=2&wiring_turned=0.5&wiring_seed=7"
    )
    opened(page, lab, link.removeprefix("page=wiring&"))

    def shown():
        fields = page.locator("#wiring [id^=field-]")
        told = [field.get_attribute("aria-valuetext") or field.input_value() for field in fields.all()]
        return told, page.locator("#wiring-facts").inner_text(), page.locator("#wiring-wired-right").inner_text()

    before = shown()
    assert {"moons", "3", "0.02", "9", "6 units", "2", "50 %", "7", "ws"} <= set(before[0])
    page.reload()
    told(page, "%", at="#wiring-wired-right")
    assert shown() == before
    assert hash_of(page) == link
    expected = random_wiring("ws", n=9, k=2, p=0.5, seed=7)
    assert f"{len(expected.edges)} connections, {expected.depth} deep" in before[1]


def test_every_picture_is_saved_as_png_and_svg(page, lab, tmp_path):
    opened(page, lab, IN_LINK)
    assert_saves(page, ("graph", "wired", "regular", "loss", "right"), tmp_path)


def test_a_node_pointed_at_is_told_and_laid_over_the_plane(page, lab):
    opened(page, lab, IN_LINK)
    plane = page.locator("#wiring-plane")
    before = plane.screenshot()
    page.mouse.move(*node_px(page, lab, DIAMOND, 2))
    told(page, "Node 2 is fed by 0 (0.50) and feeds 3 (0.50).", at="#wiring-told")
    assert plane.screenshot() != before


def test_a_graph_that_cannot_be_is_refused_in_words(page, lab):
    opened(page, lab)
    page.goto(f"{lab.url}#page=wiring&wiring_k=3")
    told(page, "k is 3; expected an even number", at=".toast")
    assert page.locator("#wiring-facts").inner_text().startswith("20 connections")


def test_the_pictures_of_the_inputs_are_there_when_the_page_is_opened_from_another_one(page, lab):
    page.goto(lab.url)
    page.get_by_role("link", name="Wiring").click()
    told(page, "%", at="#wiring-wired-right")
    drawn = page.evaluate(
        """() => Array.from(document.querySelectorAll("#wiring .inputs canvas"), (canvas) =>
            canvas.width > 0 && canvas.getContext("2d").getImageData(0, 0, canvas.width, 1).data.some(Boolean))"""
    )
    assert len(drawn) > 2
    assert all(drawn)
