import re
import warnings
import xml.etree.ElementTree as ElementTree
from itertools import combinations

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from foldline.insight import confusion_picture, learning_curves_picture, svg_text
from foldline.insight.style import COLORS, MARKERS, SERIES, look
from foldline.training import History

# Machado, Oliveira, Fernandes (2009), table 1, severity 1: what linear RGB becomes to an eye without one kind of cone.
EYES = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
)
WHITE_XYZ = np.array([0.95047, 1.0, 1.08883])
NAMES = ("cat", "dog", "fox")


def linear_rgb(color):
    """IEC 61966-2-1."""
    v = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def cielab(linear):
    """CIE 1976."""
    ratio = SRGB_TO_XYZ @ linear / WHITE_XYZ
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast_with_white(color):
    """WCAG 2: from 1 to 21."""
    return 1.05 / (SRGB_TO_XYZ[1] @ linear_rgb(color) + 0.05)


def a_figure(*names):
    return confusion_picture(np.array([[5, 1, 0], [0, 7, 2], [1, 0, 9]]), names or NAMES)


def a_history():
    curve = np.array([0.5, 0.6, 0.7])
    return History(
        train_loss=curve, train_accuracy=curve, val_loss=curve, val_accuracy=curve, elapsed_s=curve, best_epoch=2
    )


@pytest.mark.parametrize("name", ["ink", "muted", "series-1", "series-2", "series-4", "series-5"])
def test_small_text_in_it_can_be_read_on_white(name):
    assert contrast_with_white(COLORS[name]) >= 4.5


def test_the_quiet_series_is_seen_as_a_line():
    assert contrast_with_white(COLORS["series-3"]) >= 3


@pytest.mark.parametrize("eye", EYES)
def test_every_two_series_are_told_apart_by_every_eye(eye):
    seen = [cielab(np.clip(EYES[eye] @ linear_rgb(color), 0, 1)) for color in SERIES]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) >= 18


def test_every_two_series_are_told_apart_in_grey():
    lightness = [cielab(linear_rgb(color))[0] for color in SERIES]
    assert min(abs(a - b) for a, b in combinations(lightness, 2)) >= 5


def test_series_have_different_colours_and_marks():
    assert len(set(SERIES)) == len(SERIES) == 5
    assert len(set(MARKERS)) == len(MARKERS)
    assert set(SERIES) < set(COLORS.values())


def test_the_look_holds_inside_the_block_alone():
    before = dict(matplotlib.rcParams)
    with look():
        assert matplotlib.rcParams["axes.edgecolor"] == COLORS["muted"]
        assert matplotlib.rcParams["axes.spines.top"] is False
        assert matplotlib.rcParams["text.parse_math"] is False
    assert dict(matplotlib.rcParams) == before


def test_the_look_ends_with_an_error_too():
    before = dict(matplotlib.rcParams)
    with pytest.raises(RuntimeError, match="in between"), look():
        raise RuntimeError("in between")
    assert dict(matplotlib.rcParams) == before


def test_an_svg_is_one_element_that_leaves_its_size_to_the_page():
    root = ElementTree.fromstring(svg_text(a_figure(), name="picture", title="Confusions"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "viewBox" in root.attrib
    assert not {"width", "height"} & set(root.attrib)


def test_an_svg_tells_its_title_to_who_cannot_see_it():
    title = 'Who "was" <taken> & for whom'
    root = ElementTree.fromstring(svg_text(a_figure(), name="picture", title=title))
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == title
    assert root[0].tag.endswith("title")
    assert root[0].text == title


def test_every_colour_of_the_look_is_a_variable_of_the_page():
    svg = svg_text(a_figure(), name="picture", title="Confusions")
    for name in ("ink", "muted"):
        assert f"var(--{name}, {COLORS[name]})" in svg
    without = re.sub(r"var\(--([a-z0-9-]+), (#[0-9a-f]{6})\)", "", svg)
    assert not any(color in without for color in COLORS.values())


def test_each_variable_holds_its_own_colour():
    with look():
        figure = Figure()
        axes = figure.add_subplot()
        for level, color in enumerate(COLORS.values()):
            axes.plot([0, 1], [level, level], color=color)
    found = set(re.findall(r"var\(--([a-z0-9-]+), (#[0-9a-f]{6})\)", svg_text(figure, name="picture", title="All")))
    assert found == set(COLORS.items())


def test_text_that_looks_like_a_colour_stays_text():
    root = ElementTree.fromstring(
        svg_text(a_figure("#0067a5", "fill: #1d2126", "fox"), name="picture", title="Confusions")
    )
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"#0067a5", "fill: #1d2126"} <= texts


@pytest.mark.parametrize(
    "name", ["狐", "क्षत्रिय", "ثعلب", "🦊", "größe", "<b>&</b>", "$x_1$", "\\frac{", '"', "]]>", "--"]
)
def test_class_names_stand_in_it_as_text(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of letters that matplotlib's own font lacks
        root = ElementTree.fromstring(svg_text(a_figure(name, "dog", "fox"), name="picture", title=name))
    assert name in {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}


def test_characters_that_xml_cannot_hold_are_marked():
    root = ElementTree.fromstring(svg_text(a_figure("a\x01b", "dog", "fox"), name="picture", title="t\x1b"))
    assert "a\ufffdb" in {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert root.attrib["aria-label"] == "t\ufffd"


def test_pictures_of_different_names_share_no_id_and_find_their_own():
    ids, references = {}, {}
    for name in ("one", "two"):
        svg = svg_text(learning_curves_picture(a_history()), name=name, title="Learning curves")
        ids[name] = re.findall(r' id="([^"]*)"', svg)
        references[name] = set(re.findall(r'href="#([^"]*)"', svg) + re.findall(r"url\(#([^)]*)\)", svg))
        assert len(ids[name]) == len(set(ids[name])) > 10
        assert len(references[name]) > 3
        assert references[name] <= set(ids[name])
    assert not set(ids["one"]) & set(ids["two"])


def test_text_that_looks_like_an_id_stays_text():
    root = ElementTree.fromstring(svg_text(a_figure('id="a"', "url(#b)", "fox"), name="picture", title="Confusions"))
    assert {'id="a"', "url(#b)"} <= {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}


def test_equal_figures_are_equal_text():
    assert svg_text(a_figure(), name="picture", title="Confusions") == svg_text(
        a_figure(), name="picture", title="Confusions"
    )


def test_it_names_neither_date_nor_program():
    svg = svg_text(a_figure(), name="picture", title="Confusions")
    assert "metadata" not in svg
    assert "Matplotlib" not in svg
    assert re.search(r"\b20\d\d-\d\d", svg) is None


def test_other_warnings_of_drawing_are_still_seen():
    class Warning_(Figure):
        def savefig(self, *args, **settings):
            warnings.warn("something else", UserWarning, stacklevel=1)
            super().savefig(*args, **settings)

    with pytest.warns(UserWarning, match="something else"):
        svg_text(Warning_(), name="picture", title="Empty")


def test_convention_powers_of_ten_along_logarithmic_axes_are_written_out():
    with look():
        figure = Figure()
        axes = figure.add_subplot()
        axes.set(xscale="log", xlim=(1e-2, 1e3), yscale="log", ylim=(2, 7))
    svg = svg_text(figure, name="log", title="log")
    assert "mathdefault" not in svg
    assert {">0.01<", ">0.1<", ">1<", ">1000<"} <= set(re.findall(r">[^<>]*<", svg))
