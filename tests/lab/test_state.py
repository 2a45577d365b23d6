import dataclasses
import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foldline.core.errors import SettingError
from foldline.lab._kinds import Choice, Edges, Heights, ListOf, Number, Points, Text, Whole, Window
from foldline.lab.state import FIELDS, LabState, schema, state_from_json, state_from_link, state_to_json, state_to_link

LINE = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))


def values_of(kind):
    """Values that a kind may be, in the shape that the state holds."""
    match kind:
        case Choice():
            return st.sampled_from(kind.choices)
        case Whole():
            return st.integers(kind.low, kind.high)
        case Number():
            return st.floats(kind.low, kind.high, exclude_min=kind.above, exclude_max=kind.below)
        case ListOf():
            unique = isinstance(kind.item, Choice) and not kind.again
            lengths = [n for n in range(kind.fewest, kind.most + 1) if n % kind.multiple == 0]
            return st.sampled_from(lengths).flatmap(
                lambda n: st.lists(values_of(kind.item), min_size=n, max_size=n, unique=unique).map(tuple)
            )
        case Text():
            return st.text(LINE, max_size=kind.most)
        case Window():
            sides = st.lists(values_of(kind.end), min_size=2, max_size=2, unique=True).map(sorted)
            return st.tuples(sides, sides).map(lambda both: (*both[0], *both[1]))
        case Points():
            reach = st.integers(-kind.reach, kind.reach)
            return st.lists(st.tuples(reach, reach, st.integers(0, kind.classes - 1)), max_size=kind.most).map(tuple)
        case Edges():
            pairs = [(start, end) for end in range(kind.nodes) for start in range(end)]
            return st.sets(st.sampled_from(pairs)).map(lambda edges: tuple(sorted(edges)))
        case Heights():
            heights = st.integers(-kind.reach, kind.reach)
            return st.lists(heights, min_size=kind.places, max_size=kind.places).map(tuple)
    raise AssertionError(kind)


@st.composite
def some_fields(draw):
    """Values of about half of the fields."""
    return {name: draw(values_of(kind)) for name, (kind, _) in FIELDS.items() if draw(st.booleans())}


@given(some_fields())
def test_a_link_brings_every_state_back(fields):
    state = LabState(**fields)
    assert state_from_link("#" + state_to_link(state)) == (state, [])


@given(some_fields())
def test_json_brings_every_state_back(fields):
    state = LabState(**fields)
    assert state_from_json(json.loads(json.dumps(state_to_json(state)))) == state


@given(some_fields())
def test_a_link_needs_no_escaping(fields):
    assert set(state_to_link(LabState(**fields))) <= set(string.ascii_letters + string.digits + "=&,.-_~/%")


def test_the_default_state_has_an_empty_link():
    assert state_to_link(LabState()) == ""


@given(st.text(max_size=80))
def test_any_text_is_a_state_with_notes(text):
    state, notes = state_from_link(text)
    assert state_from_json(state_to_json(state)) == state
    assert all(note.endswith(".") and note.isprintable() for note in notes)


def test_every_field_has_limits_and_a_default_within_them():
    assert [field.name for field in dataclasses.fields(LabState)] == list(FIELDS)
    assert state_from_json({field["name"]: field["default"] for field in schema()["fields"]}) == LabState()
    json.dumps(schema(), allow_nan=False)


@pytest.mark.parametrize(
    ("link", "note"),
    [
        ("lr=99", "lr is 99.0; expected a number above 0 and at most 10. Change lr. Its default is taken."),
        ("lr=0x1", "lr is '0x1'; expected a number"),
        ("lr=", "lr is ''; expected a number"),
        ("seed=1_0", "seed is '1_0'; expected a whole number"),
        ("seed=" + "9" * 5000, "expected a whole number"),
        ("classes=2.5", "classes is '2.5'; expected a whole number from 2 to 8"),
        ("data=cats", "data is 'cats'; expected one of 'spiral'"),
        ("hidden=5,,5", "an entry of hidden is ''; expected a whole number from 1 to 256"),
        ("hidden=1,1,1,1,1,1,1,1,1", "hidden has 9 entries; expected 0 to 8"),
        ("inputs=", "inputs has 0 entries; expected 1 to 9"),
        ("inputs=x,x", "inputs is x,x; expected different words"),
        ("activation=relu,swish", "an entry of activation is 'swish'; expected one of 'relu'"),
        ("activation=", "activation has 0 entries; expected 1 to 8"),
        ("window=1,0,0,1", "window is 1,0,0,1; expected left below right"),
        ("window=1,2", "window has 2 entries; expected 4"),
        ("warp=1,0,0,1,0,0,2", "warp has 7 entries; expected a multiple of 6. Change warp."),
        ("clicked=d9hx", "clicked has 4 characters; expected five"),
        ("clicked=d9hx8", "a class of clicked is 8; expected a whole number from 0 to 7"),
        ("clicked=zzhx1", "an x of clicked is 695; expected a whole number from -600 to 600"),
        ("wiring_edges=012", "wiring_edges has 3 characters; expected two of 0-9 and a-z for every edge."),
        ("wiring_edges=0g", "the end of an edge of wiring_edges is 16; expected a whole number from 1 to 15"),
        ("wiring_edges=21", "the end of an edge of wiring_edges is 1; expected a whole number from 3 to 15"),
        ("wiring_edges=0201", "wiring_edges are not in ascending order, each once; expected them so."),
        ("bumps_formula=" + "x" * 81, "expected a line of at most 80 characters"),
        ("bumps_curve=00", "bumps_curve has 2 characters; expected 66 of 0-9 and a-z"),
        ("bumps_curve=" + "zz" * 33, "a height of bumps_curve is 1195; expected a whole number from -100 to 100"),
        ("lr=0.2&lr=0.3", "lr is given twice; the first one is taken."),
        ("run=%0A", "run is '\\n'; expected a line of at most 200 characters. Change run."),
        ("run=" + "a" * 201, "expected a line of at most 200 characters"),
        ("run=%f", "run is '%f'; expected two digits of UTF-8 after each %. Copy the whole link."),
        ("run=%ff", "run is '%ff'; expected two digits of UTF-8"),
        ("size=3", "'size' is no field of the lab; it is left out."),
    ],
)
def test_what_a_link_cannot_say_is_left_out_with_a_note(link, note):
    state, notes = state_from_link(link + "&noise=0.5")
    assert len(notes) == 1
    assert note in notes[0]
    assert dataclasses.replace(state, lr=0.003) == LabState(noise=0.5)


def test_commas_may_come_escaped():
    assert state_from_link("hidden=5%2C5") == (LabState(hidden=(5, 5)), [])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "state is \\[\\]; expected an object"),
        ({"size": 3}, "state has a field 'size'; expected one of page, data"),
        ({"lr": "0.1"}, "lr is '0.1'; expected a number"),
        ({"lr": True}, "lr is True; expected a number"),
        ({"hidden": 5}, "hidden is 5; expected a list"),
        ({"hidden": "55"}, "hidden is '55'; expected a list"),
        ({"warp": [1] * 17}, "warp has 17 entries; expected a multiple of 6"),
        ({"clicked": [[0, 0]]}, "a point of clicked has 2 entries; expected 3"),
        ({"run": 3}, "run is 3; expected a line"),
        ({"run": "\ud800"}, "expected a line"),
        ({"wiring_edges": [[0, 1, 2]]}, "an edge of wiring_edges has 3 entries; expected 2"),
        ({"wiring_edges": [[0, 1], [0, 1]]}, "wiring_edges are not in ascending order, each once"),
        ({"bumps_curve": [0] * 32}, "bumps_curve has 32 entries; expected 33"),
        ({"page": []}, "page is \\[\\]; expected one of"),
        ({"inputs": [["x"]]}, "expected one of"),
    ],
)
def test_wrong_json_is_refused(value, message, as_installed):
    with pytest.raises(SettingError, match=message):
        state_from_json(value)
