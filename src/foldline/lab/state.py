"""The lab's state: one read-only record of everything that can be set, its schema, and its way into a link and back."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from foldline.core.errors import SettingError
from foldline.core.text import printable
from foldline.lab._kinds import Choice, Edges, Heights, Kind, ListOf, Number, Points, Text, Whole, Window

VERSION = 1  # of the schema
BROKEN_ESCAPE = re.compile("%(?![0-9a-fA-F]{2})")

DATA = ("spiral", "circles", "xor", "moons", "blobs", "points", "csv", "images")
INPUTS = ("x", "y", "x2", "y2", "xy", "sinx", "siny", "r", "angle")
LANDSCAPE_KINDS = ("filter", "random", "weight", "start", "reordered", "path")
LANDSCAPE_SHOWS = ("contours", "path", "minima", "chord")
MOST_CLASSES = 8
FARTHEST = 1e6  # x and y of a window, and of what is pointed at
MOST_NODES, MOST_NODE_WIDTH = 16, 8  # of a wired net: all of them are trained as one of this size
MOST_COLUMNS = 64  # of numbers, of a file
REACH = 600  # hundredths of a unit: twice the usual window
RUN_COLUMNS = ("accuracy", "recipe", "images", "spread", "time", "predict", "size", "difference")
LONGEST_RUN = 200
BUILT = ("bumps", "overlapping", "hats", "free", "trained", "neighbour")
# A curve that is there before one is drawn.
HUMPS: tuple[int, ...] = (1, 3, 7, 15, 27, 43, 61, 75, 80, 75, 61, 43, 27, 13, 3, -8, -21)
HUMPS += (-37, -52, -60, -56, -44, -28, -14, -3, 6, 19, 32, 40, 36, 24, 12, 4)


@dataclass(frozen=True, kw_only=True)
class LabState:
    """Everything that can be set, with its default; FIELDS says what each may be.

    Make one with `state_from_json` or `state_from_link`, which check.
    """

    page: str = "playground"
    data: str = "spiral"
    classes: int = 3
    points: int = 300
    noise: float = 0.1
    test: float = 0.2
    seed: int = 0
    inputs: tuple[str, ...] = ("x", "y")
    hidden: tuple[int, ...] = (20,)
    activation: tuple[str, ...] = ("relu",)
    loss: str = "softmax"
    optimizer: str = "adamw"
    lr: float = 0.003
    momentum: float = 0.9
    batch: int = 32
    l1: float = 0.0
    l2: float = 0.0
    dropout: float = 0.0
    steps: int = 20
    window: tuple[float, float, float, float] = (-3.0, 3.0, -3.0, 3.0)
    clicked: tuple[tuple[int, int, int], ...] = ()
    warp: tuple[float, ...] = (1.0, 0.6, -0.5, 1.1, 0.2, -0.1)
    run: str = ""
    beside: str = ""
    runs_sort: str = "accuracy-down"
    wiring_graph: str = "ws"
    wiring_nodes: int = 10
    wiring_width: int = 4
    wiring_p: float = 0.2
    wiring_k: int = 4
    wiring_turned: float = 0.75
    wiring_m: int = 2
    wiring_seed: int = 0
    wiring_edges: tuple[tuple[int, int], ...] = ()
    columns: tuple[int, ...] = (0, 1)
    landscape_kind: str = "filter"
    landscape_seed: int = 0
    landscape_angle: float = 0.0
    landscape_range: float = 1.2
    landscape_at: float = 0.0
    landscape_shows: tuple[str, ...] = LANDSCAPE_SHOWS
    bumps_of: str = "formula"
    bumps_formula: str = "sin(pi*x)"
    bumps_curve: tuple[int, ...] = HUMPS
    bumps_range: tuple[float, ...] = (0.0, 1.0)
    bumps_by: str = "units"
    bumps_units: int = 4
    bumps_eps: float = 0.05
    bumps_shown: tuple[str, ...] = ("bumps",)
    bumps_front: str = "bumps"
    images: str = "fashion-mini"
    images_features: str = "raw"
    images_units: int = 0
    images_show: str = "mixed"
    images_cell: tuple[int, ...] = ()
    images_row: int = 0


FIELDS: dict[str, tuple[Kind, str]] = {
    "page": (Choice(("playground", "warp", "bumps", "landscape", "images", "wiring", "runs")), "which page of the lab"),
    "data": (Choice(DATA), "where the points come from"),
    "classes": (Whole(2, MOST_CLASSES), "classes of spiral, circles, blobs and clicked points; the others have two"),
    "points": (Whole(2, 5000), "how many points are made"),
    "noise": (Number(0, 2), "standard deviation of what is added to each point, in units"),
    "test": (Number(0, 0.9), "share of the points that is kept for testing"),
    "seed": (Whole(0, 2**32 - 1), "decides points, first weights and the order of training"),
    "inputs": (ListOf(Choice(INPUTS), 1, len(INPUTS)), "what the net sees of a point"),
    "hidden": (ListOf(Whole(1, 256), 0, 8), "units of each hidden layer; none: a linear classifier"),
    "activation": (
        ListOf(Choice(("relu", "leaky_relu", "tanh", "sigmoid", "elu", "softplus", "identity")), 1, 8, again=True),
        "what bends after each hidden layer; the last word holds for all further ones",
    ),
    "loss": (Choice(("softmax", "svm")), "what training makes small"),
    "optimizer": (Choice(("sgd", "adamw")), "how steps are taken"),
    "lr": (Number(0, 10, above=True), "learning rate: the length of a step"),
    "momentum": (Number(0, 1, below=True), "share of the last step that goes on, of sgd"),
    "batch": (Whole(1, 1000), "points a step"),
    "l1": (Number(0, 1), "price of the absolute weights"),
    "l2": (Number(0, 1), "price of the squared weights"),
    "dropout": (Number(0, 1, below=True), "share of hidden units switched off in each step"),
    "steps": (Whole(1, 1000), "training steps from one picture to the next"),
    "window": (Window(Number(-FARTHEST, FARTHEST)), "what is seen of the plane: left, right, bottom, top"),
    "clicked": (Points(REACH, MOST_CLASSES, 400), "points of data=points: hundredths of a unit, and a class"),
    "warp": (ListOf(Number(-3, 3), 6, 18, multiple=6), "layers of the page warp, each W11, W12, W21, W22, b1, b2"),
    "run": (Text(LONGEST_RUN), "which run is shown on the page runs; empty: the newest"),
    "beside": (Text(LONGEST_RUN), "which run is shown beside it; empty: none"),
    "runs_sort": (
        Choice(tuple(f"{column}-{way}" for column in RUN_COLUMNS for way in ("down", "up"))),
        "which column of a run's table decides its order, and which way",
    ),
    "wiring_graph": (Choice(("er", "ba", "ws", "chain", "own")), "how nodes of the page wiring are joined"),
    "wiring_nodes": (Whole(2, MOST_NODES), "nodes of the graph, without input and output"),
    "wiring_width": (Whole(1, MOST_NODE_WIDTH), "units of every node"),
    "wiring_p": (Number(0, 1, above=True), "of er: the probability that two nodes are joined"),
    "wiring_k": (Whole(2, 6), "of ws: neighbours in the ring that each node is joined to, an even number"),
    "wiring_turned": (Number(0, 1), "of ws: the probability that an edge is turned to another end"),
    "wiring_m": (Whole(1, 5), "of ba: edges of each new node"),
    "wiring_seed": (Whole(0, 2**32 - 1), "decides the graph"),
    "wiring_edges": (Edges(MOST_NODES), "of own: which node feeds which, from the smaller number to the larger"),
    "columns": (ListOf(Whole(0, MOST_COLUMNS - 1), 2, 2), "which columns of a table's numbers are x and y, from 0"),
    "landscape_kind": (Choice(LANDSCAPE_KINDS), "what the directions are that the net is moved along"),
    "landscape_seed": (Whole(0, 2**32 - 1), "decides the directions that are drawn"),
    "landscape_angle": (Number(0, 360, below=True), "degrees from the first direction to the line, against the clock"),
    "landscape_range": (Number(0, 10, above=True), "steps from the net to the ends of line and map"),
    "landscape_at": (Number(-10, 10), "step along the line of the net whose picture is drawn"),
    "landscape_shows": (ListOf(Choice(LANDSCAPE_SHOWS), 0, len(LANDSCAPE_SHOWS)), "what is drawn over line and map"),
    "bumps_of": (Choice(("formula", "curve")), "what the page bumps comes near: a formula, or a drawn curve"),
    "bumps_formula": (Text(80), "a formula in x"),
    "bumps_curve": (Heights(33, 100), "heights of the drawn curve at even places, with lines between"),
    "bumps_range": (ListOf(Number(-100, 100), 2, 2), "where x begins and ends"),
    "bumps_by": (Choice(("units", "eps")), "what is given: how many units, or how near they shall come"),
    "bumps_units": (Whole(4, 100), "hidden units of every net; neighbours have as many samples"),
    "bumps_eps": (Number(0.005, 0.5), "largest error that is allowed, a share of the function's height"),
    "bumps_shown": (ListOf(Choice(BUILT), 0, len(BUILT)), "the ways of building that are shown"),
    "bumps_front": (Choice(BUILT), "the one whose error band is drawn, and whose net is saved"),
    "images": (Choice(("fashion-mini", "digits", "given")), "which images; given: those of the command line"),
    "images_features": (Choice(("raw", "color", "hog", "words")), "what is told of an image"),
    "images_units": (Whole(0, 256), "units of the hidden layer; 0: a linear classifier"),
    "images_show": (Choice(("mixed", "mistakes")), "which test images are shown"),
    "images_cell": (ListOf(Whole(0, 999), 0, 2, multiple=2), "true class and answer of the images shown; none: any"),
    "images_row": (Whole(0, 999), "which test image is looked at"),
}


def activations_of(state: LabState) -> tuple[str, ...]:
    """Give the activation of each hidden layer: the last word holds for the layers beyond, and waits for none.

    Example:
        >>> activations_of(LabState(hidden=(5, 4, 3), activation=("tanh", "relu")))
        ('tanh', 'relu', 'relu')
    """
    words = state.activation
    return tuple(words[min(layer, len(words) - 1)] for layer in range(len(state.hidden)))


def schema() -> dict[str, object]:
    """Give all fields with their limits, defaults and meanings, as JSON."""
    defaults = dataclasses.asdict(LabState())
    return {
        "version": VERSION,
        "fields": [
            {"name": name, **kind.schema(), "default": defaults[name], "says": says}
            for name, (kind, says) in FIELDS.items()
        ],
    }


def state_from_json(value: object) -> LabState:
    """Read a state from a JSON object; fields that are missing have their defaults.

    Raises: SettingError for a field that is unknown or wrong.
    """
    if not isinstance(value, Mapping):
        raise SettingError(f"state is {value!r:.40}; expected an object with a value for each field. Send one.")
    unknown = [str(name) for name in value if name not in FIELDS]
    if unknown:
        raise SettingError(
            f"state has a field {printable(unknown[0])[:40]!r}; expected one of {', '.join(FIELDS)}. Leave it out."
        )
    return _state({name: FIELDS[name][0].checked(given, name=name) for name, given in value.items()})


def state_to_json(state: LabState) -> dict[str, object]:
    """Give all fields as JSON."""
    return dataclasses.asdict(state)


def state_from_link(link: str) -> tuple[LabState, list[str]]:
    """Read a state from the part of a link behind '#'.

    Returns: the state; a note for every part that was left out, its field as it is by default.
    Example:
        >>> state, notes = state_from_link("data=moons&hidden=5,5&lr=99&size=3")
        >>> state.data, state.hidden, state.lr
        ('moons', (5, 5), 0.003)
        >>> for note in notes:
        ...     print(note)
        lr is 99.0; expected a number above 0 and at most 10. Change lr. Its default is taken.
        'size' is no field of the lab; it is left out.
    """
    found: dict[str, object] = {}
    notes = []
    seen = set()
    for part in filter(None, link.removeprefix("#").split("&")):
        name, _, text = part.partition("=")
        if name not in FIELDS:
            notes.append(f"{printable(name)[:40]!r} is no field of the lab; it is left out.")
        elif name in seen:
            notes.append(f"{name} is given twice; the first one is taken.")
        else:
            seen.add(name)
            try:
                found[name] = FIELDS[name][0].read(_decoded(text, name=name), name=name)
            except SettingError as error:
                notes.append(f"{printable(str(error))} Its default is taken.")
    return _state(found), notes


def state_to_link(state: LabState) -> str:
    """Write what differs from the defaults as the part of a link behind '#'.

    Example:
        >>> state_to_link(LabState(hidden=(), noise=0.25, clicked=((-123, 45, 1),)))
        'noise=0.25&hidden=&clicked=d9hx1'
    """
    usual = LabState()
    return "&".join(
        f"{name}={kind.write(getattr(state, name))}"
        for name, (kind, _) in FIELDS.items()
        if getattr(state, name) != getattr(usual, name)
    )


def _decoded(text: str, *, name: str) -> str:
    """Decode percent signs as browsers do, which refuse what is no UTF-8. Raises: SettingError."""
    try:
        if not BROKEN_ESCAPE.search(text):
            return unquote(text, errors="strict")
    except UnicodeDecodeError:
        pass
    raise SettingError(f"{name} is {text[:40]!r}; expected two digits of UTF-8 after each %. Copy the whole link.")


def differ(a: LabState, b: LabState, names: tuple[str, ...]) -> bool:
    """Say whether one of some settings is another."""
    return any(getattr(a, name) != getattr(b, name) for name in names)


def _state(values: dict[str, object]) -> LabState:
    return LabState(**values)  # type: ignore[arg-type]  # each kind gives what its field holds
