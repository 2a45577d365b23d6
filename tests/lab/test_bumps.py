import json
import math
import re
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import DivergedError, SettingError
from foldline.insight.built_nets import build, proved
from foldline.insight.bumps import door, smallest_within
from foldline.insight.fewest_units import best_net
from foldline.insight.free_knots import needed_folds
from foldline.lab import bump_search
from foldline.lab.bump_search import Search
from foldline.lab.bumps import Bumps
from foldline.lab.engine_session import EngineSession
from foldline.lab.frames import decode_frame
from foldline.lab.state import BUILT, LabState, state_to_json

WAVE = LabState(page="bumps", bumps_formula="sin(2*pi*x)", bumps_units=12, bumps_shown=BUILT)
PROVED = tuple(name for name in BUILT if name != "trained")


def worked(page):
    """Wait for all that is built."""
    while page.is_working:
        page.work(time.monotonic() + 1)
    return page


def ways_of(picture):
    """Give what is said of each way, with its curve, errors, places and weights."""
    arrays = picture.arrays
    parts = {
        name: [arrays[name][a:b] for a, b in pairwise(arrays[f"{name.removesuffix('s')}_starts"])]
        for name in ("places", "weights")
    }
    return {
        head["name"]: {
            **head,
            "curve": arrays["curves"][i],
            "errors": arrays["errors"][i],
            "places": parts["places"][i],
            "weights": parts["weights"][i],
        }
        for i, head in enumerate(picture.meta["ways"])
    }


@pytest.fixture(scope="module")
def wave():
    return worked(Bumps(WAVE)).picture()


def test_ways_are_those_of_their_room(wave):
    f, low, high = door("sin(2*pi*x)", low=0.0, high=1.0)
    expected = {
        "bumps": build(f, "bumps", low=low, high=high, n=3),
        "overlapping": build(f, "overlapping bumps", low=low, high=high, n=7),
        "hats": build(f, "hats", low=low, high=high, n=12),
        "free": proved("free knots", f, best_net(f, low=low, high=high, n_units=12), low=low, high=high),
    }
    ways = ways_of(wave)
    assert sorted(ways) == sorted(BUILT)
    for name, built in expected.items():
        assert ways[name]["error"] == built.bound
        assert ways[name]["n_units"] == built.n_units == 12
        assert_allclose(ways[name]["curve"], built.net(wave.arrays["x"].astype(float)), atol=1e-5)
    assert ways["bumps"]["n_bumps"] == 3
    assert wave.meta["needed"] == needed_folds(f, low=low, high=high, eps=expected["free"].bound) == 12


def test_errors_are_differences_below_their_bounds(wave):
    f = np.sin(2 * np.pi * wave.arrays["x"])
    assert_allclose(wave.arrays["f"], f, atol=1e-6)
    for name, way in ways_of(wave).items():
        assert_allclose(way["errors"], np.abs(way["curve"] - f), atol=1e-5)
        assert way["errors"].max() <= way["error"] * (1 + 1e-6)
        assert float(way["told"]) >= way["error"]
        assert way["is_proved"] == (name != "trained")
    assert ways_of(wave)["trained"]["errors"].max() == pytest.approx(ways_of(wave)["trained"]["error"], rel=1e-6)


def test_weights_are_those_of_the_curves_and_folds_are_where_they_bend(wave):
    for name, way in ways_of(wave).items():
        if name == "neighbour":
            assert len(way["weights"]) == 0
            assert_allclose(way["places"], (np.arange(12) + 0.5) / 12, rtol=1e-6)
            continue
        *of_units, p = way["weights"].astype(float)
        w, b, u = np.reshape(of_units, (3, way["n_units"]))
        x = wave.arrays["x"].astype(float)
        assert_allclose(np.maximum(np.outer(x, w) + b, 0) @ u + p, way["curve"], atol=1e-4)
        folds = -b / w
        assert_allclose(way["places"], folds[(folds >= 0) & (folds <= 1)], rtol=1e-5, atol=1e-7)


def test_one_bump_is_the_lectures():
    page = worked(Bumps(LabState(page="bumps")))
    picture = page.picture()
    assert_allclose(picture.arrays["bumps"], [[0, 0.05, 0.95, 1, 1]], rtol=1e-6)
    [head] = picture.meta["ways"]
    assert head["n_units"] == 4
    off = 1 - math.sin(0.05 * math.pi)  # where the bump is at its top first
    assert off <= head["error"] <= off * 1.001
    assert picture.meta["window"] == pytest.approx([-0.12, 1.12])


def test_samples_jump_in_the_middle_between_them():
    picture = worked(Bumps(replace(WAVE, bumps_formula="x", bumps_shown=("neighbour",)))).picture()
    curve, x = ways_of(picture)["neighbour"]["curve"], picture.arrays["x"]
    assert np.count_nonzero(np.diff(curve)) == 11
    assert_allclose(np.unique(curve), (np.arange(12) + 0.5) / 12, rtol=1e-6)
    for edge in np.arange(1, 12) / 12:
        assert_allclose(np.unique(curve[np.abs(x - edge) < 1e-6]), [edge - 1 / 24, edge + 1 / 24], rtol=1e-6)


def test_an_eps_is_a_share_of_the_height():
    page = worked(Bumps(replace(WAVE, bumps_formula="50*sin(2*pi*x)", bumps_by="eps", bumps_eps=0.05)))
    picture, ways = page.picture(), ways_of(page.picture())
    assert picture.meta["eps"] == pytest.approx(5, rel=1e-4)
    f, low, high = door("50*sin(2*pi*x)", low=0.0, high=1.0)
    smallest = smallest_within(f, low=low, high=high, eps=picture.meta["eps"])
    assert (ways["free"]["n_units"], ways["free"]["error"]) == (smallest.n_units, smallest.bound)
    assert all(ways[name]["error"] <= picture.meta["eps"] for name in ("overlapping", "hats", "free", "neighbour"))
    assert ways["bumps"]["error"] > 40
    assert ways["bumps"]["n_bumps"] == ways["overlapping"]["n_bumps"] == ways["neighbour"]["n_units"] == 32
    assert ways["trained"]["n_units"] == ways["free"]["n_units"]


def test_what_more_than_300_units_do_not_do_is_told():
    page = worked(
        Bumps(replace(WAVE, bumps_by="eps", bumps_eps=0.005, bumps_shown=("overlapping", "neighbour", "free")))
    )
    assert page.picture().meta["beyond"] == ["overlapping", "neighbour"]
    assert list(ways_of(page.picture())) == ["free"]


def test_only_what_is_shown_is_built_and_only_once(monkeypatch):
    built = []
    of_room = bump_search.build

    def counted(f, name, **options):
        built.append(name)
        return of_room(f, name, **options)

    monkeypatch.setattr(bump_search, "build", counted)
    page = worked(Bumps(replace(WAVE, bumps_shown=("hats",))))
    assert list(ways_of(page.picture())) == ["hats"]
    page.change(replace(WAVE, bumps_shown=("bumps", "hats")))
    assert set(ways_of(worked(page).picture())) == {"bumps", "hats"}
    page.change(replace(WAVE, bumps_shown=()))
    assert worked(page).picture().meta["ways"] == []
    assert built == ["hats", "bumps"]


def test_a_drawn_curve_is_lines_between_its_heights():
    heights = tuple(range(-100, 100, 6))[:33]
    page = worked(
        Bumps(replace(WAVE, bumps_of="curve", bumps_curve=heights, bumps_range=(2.0, 4.0), bumps_shown=("free",)))
    )
    picture = page.picture()
    assert_allclose(
        picture.arrays["f"], np.interp(picture.arrays["x"], np.linspace(2, 4, 33), np.array(heights) / 100), atol=1e-6
    )
    assert picture.meta["window"] == [-1.12, 1.12]
    assert ways_of(picture)["free"]["n_units"] <= 2  # the heights lie on one line


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bumps_formula": "sin(2*"}, "the formula 'sin\\(2\\*' cannot be read"),
        ({"bumps_formula": "x + y"}, "the name 'y'; expected x"),
        ({"bumps_formula": ""}, "the formula is empty"),
        ({"bumps_range": (1.0, 1.0)}, "x goes from 1 to 1; expected its end above its beginning"),
        ({"bumps_formula": "1/(x-0.3)"}, "the function has no bound or no value near x = 0.3"),
        ({"bumps_formula": "exp(90*x)"}, "expected at most"),
        ({"bumps_formula": "sin(1/x)", "bumps_by": "eps"}, "cannot be bounded within eps|out of reach"),
    ],
)
def test_what_is_no_function_is_told_in_its_words_and_mended_by_another(change, words):
    state = replace(WAVE, bumps_shown=("free", "trained"))
    page = worked(Bumps(replace(state, **change)))
    meta = page.picture().meta
    assert re.search(words, meta["problem"])
    with pytest.raises(SettingError, match=words):
        page.train(1)
    json.dumps(meta, allow_nan=False)
    page.change(state)
    assert worked(page).picture().meta["problem"] is None
    assert [way["name"] for way in page.picture().meta["ways"]] == ["free", "trained"]


def test_what_was_there_stays_while_a_formula_cannot_be_read():
    page = worked(Bumps(WAVE))
    before = page.picture()
    page.change(replace(WAVE, bumps_formula="sin(2*pi*"))
    after = page.picture()
    assert "never closed" in after.meta["problem"]
    assert_array_equal(after.arrays["curves"], before.arrays["curves"])
    page.change(WAVE)
    assert page.picture().meta["problem"] is None


def test_training_is_the_same_however_it_is_cut():
    a, b = (worked(Bumps(replace(WAVE, bumps_shown=("trained",)))) for _ in range(2))
    for n in (100, 150):
        assert a.train(n) == n
    assert b.train(1000) == 250
    assert a.picture().meta["step"] == 250
    assert_array_equal(a.picture().arrays["weights"], b.picture().arrays["weights"])


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_training_comes_nearer_and_begins_anew(optimizer):
    state = replace(WAVE, bumps_shown=("trained",), lr=0.02, optimizer=optimizer)
    page = worked(Bumps(state))
    first = page.picture()
    for _ in range(6):
        page.train(250)
    assert ways_of(page.picture())["trained"]["error"] < 0.3 * ways_of(first)["trained"]["error"]
    page.change(replace(state, lr=0.01, steps=5))
    assert page.picture().meta["step"] == 1500
    page.reset()
    assert page.picture().meta["step"] == 0
    assert_array_equal(page.picture().arrays["weights"], first.arrays["weights"])
    page.change(replace(state, seed=1))
    assert (page.picture().arrays["weights"] != first.arrays["weights"]).any()


def test_a_net_that_diverges_stays_the_last_good_one():
    page = worked(Bumps(replace(WAVE, bumps_shown=("trained",), lr=10.0, optimizer="sgd")))
    for _ in range(2):
        with pytest.raises(DivergedError, match="Lower lr \\(now 10\\) and reset the net"):
            page.train(250)
    assert np.isfinite(page.picture().arrays["weights"]).all()
    page.change(replace(WAVE, lr=0.01))
    page.reset()
    assert page.train(10) == 10


def test_nothing_is_trained_before_it_is_known_how_many_units(monkeypatch):
    monkeypatch.setattr(Search, "want", lambda self, names: None)
    session = EngineSession()
    session.do({"do": "set", "state": state_to_json(replace(WAVE, bumps_by="eps"))})
    session.do({"do": "play"})
    frame, text = session.frame()
    assert text is None
    assert decode_frame(frame).meta["steps"] == 0
    assert decode_frame(frame).kind == "bumps"


def test_a_mistake_of_ours_is_raised_once(monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(bump_search, "build", broken)
    page = Bumps(WAVE)
    with pytest.raises(ZeroDivisionError, match="ours"):
        worked(page)
    assert not page.is_working
    page.picture()


def test_another_question_drops_what_was_found():
    page = worked(Bumps(replace(WAVE, bumps_shown=PROVED)))
    page.change(replace(WAVE, bumps_shown=PROVED, bumps_formula="7"))
    assert_array_equal(page.picture().arrays["f"], 7.0)
    ways = ways_of(worked(page).picture())
    assert all(ways[name]["error"] < 1e-12 for name in ("overlapping", "hats", "free", "neighbour"))


@pytest.mark.parametrize(
    ("formula", "high", "words"),
    [
        ("1e-320*x", 1.0, r"the function is 1e-320 high in its range; expected 1e-09 to 1e\+09"),
        ("exp(x*7)", 10.0, r"the function is up to 2.52e\+30 away from 0; expected at most 1e\+09"),
        ("1e300", 1.0, "the function is up to 1e[+]300 away from 0"),
    ],
)
def test_functions_too_flat_or_too_high_are_told_and_nothing_is_built(formula, high, words):
    state = replace(WAVE, bumps_formula=formula, bumps_range=(0.0, high), bumps_by="eps")
    picture = worked(Bumps(state)).picture()
    assert re.search(words, picture.meta["problem"])
    json.dumps(picture.meta, allow_nan=False)
    assert picture.meta["ways"] == []
