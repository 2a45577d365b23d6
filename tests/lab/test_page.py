import functools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from foldline.core.plane_inputs import plane_inputs
from foldline.lab.server import PAGE
from foldline.lab.state import LabState, schema, state_from_link, state_to_link
from foldline.models import MLP, Linear
from foldline.models.activations import ACTIVATIONS
from tolerances import TOLERANCE

HERE = Path(__file__).parent
OLDEST_NODE = (20, 19)  # the first that takes a .js file with `export` for a module by itself


@functools.cache
def node():
    """Find Node, or skip the test."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("needs node")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < OLDEST_NODE:
        pytest.skip(f"needs node {'.'.join(map(str, OLDEST_NODE))} or newer; this is {version.strip()}")
    return found


def run_module(text, given):
    """Run lines of JavaScript beside the page's modules; `given` is read as JSON, and what they return given back."""
    module = f"""
        import {{ readFileSync }} from "node:fs";
        const page = {json.dumps(PAGE.as_uri())};
        const given = JSON.parse(readFileSync(0, "utf8"));
        {text}
    """
    ran = subprocess.run(
        [node(), "--input-type=module", "-e", module], input=json.dumps(given), capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_the_modules_keep_their_own_tests():
    ran = subprocess.run([node(), "--test", str(HERE / "page")], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_modules_types_hold():
    compiler = shutil.which("tsc")
    if compiler is None:
        pytest.skip("needs tsc (npm install --global typescript)")
    ran = subprocess.run([compiler, "--project", str(HERE)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


def some_value(field, rng):
    """Draw a value that a field may have."""
    low, high, kind = field.get("low"), field.get("high"), field["kind"]
    match kind:
        case "choice":
            return str(rng.choice(field["choices"]))
        case "whole":
            return int(rng.integers(low, high, endpoint=True))
        case "number":
            return max(low, float(high * rng.choice([rng.uniform(0.01, 0.99), 10 ** rng.uniform(-30, -1)])))
        case "text":
            return "".join(rng.choice(list("ab /%&=#'()!*~+é🐱"), rng.integers(0, 20)))
        case "window":
            (left, right), (bottom, top) = np.sort(rng.uniform(low, high, (2, 2)), axis=1).tolist()
            return left, right, bottom, top
        case "points":
            n = rng.integers(0, field["most"], endpoint=True)
            xy, labels = rng.integers(low, high, (n, 2), endpoint=True), rng.integers(0, field["most_classes"], n)
            return tuple((*at, label) for at, label in zip(xy.tolist(), labels.tolist(), strict=True))
        case "edges":
            return tuple(
                (a, b) for a in range(field["nodes"]) for b in range(a + 1, field["nodes"]) if rng.random() < 0.3
            )
        case "heights":
            return tuple(rng.integers(low, high, field["most"], endpoint=True).tolist())
    n = rng.choice([n for n in range(field["fewest"], field["most"] + 1) if n % field["multiple"] == 0])
    if kind == "choices":
        return tuple(rng.choice(field["choices"], n, replace=field["again"]).tolist())
    return tuple(some_value({**field, "kind": kind.removesuffix("s")}, rng) for _ in range(n))


def test_page_and_server_read_each_others_links():
    rng = np.random.default_rng(0)
    fields = schema()["fields"]
    states = [LabState(**{f["name"]: some_value(f, rng) for f in fields if rng.random() < 0.5}) for _ in range(200)]
    answer = run_module(
        """
        const { formatState, parseState } = await import(`${page}/state.js`);
        const read = given.links.map((link) => parseState(link, given.schema));
        const links = read.map(({ state }) => formatState(state, given.schema));
        console.log(JSON.stringify({ links, notes: read.flatMap(({ notes }) => notes) }));
        """,
        {"schema": schema(), "links": [state_to_link(state) for state in states]},
    )
    assert answer["notes"] == []
    assert [state_from_link(link) for link in answer["links"]] == [(state, []) for state in states]


def test_page_and_server_leave_out_the_same_parts():
    links = ["lr=99", "lr=0x1", "seed=1_0", "classes=2.5", "hidden=5,,5", "inputs=", "inputs=x,x", "window=1,0,0,1"]
    links += [
        "activation=relu,relu",
        "activation=",
        "window=1,2",
        "warp=1,0,0,1,0,0,2",
        "clicked=d9hx",
        "clicked=zzzz9",
        "wiring_edges=012",
        "wiring_edges=0g",
        "wiring_edges=21",
        "wiring_edges=0201",
        "wiring_edges=0101",
        "wiring_edges=01A2",
        "bumps_formula=" + "x" * 81,
        "bumps_formula=%C3%A9",
        "bumps_formula=x%2By%3D%26",
        "bumps_curve=00",
        "bumps_curve=" + "zz" * 33,
        "bumps_range=1",
        "data=cats&lr=0.5",
        "data",
        "size=3",
        "lr=1&lr=2",
        "&&=",
        "%",
        "data=%2",
        "run=%2",
        "run=%ff",
        "run=%0A",
        "run=a%2Fb%20c+(é)!*'~",
    ]
    answer = run_module(
        """
        const { formatState, parseState } = await import(`${page}/state.js`);
        const read = given.links.map((link) => parseState(link, given.schema));
        console.log(JSON.stringify(read.map(({ state, notes }) => [formatState(state, given.schema), notes.length])));
        """,
        {"schema": schema(), "links": links},
    )
    told = [(state_to_link(state), len(notes)) for state, notes in map(state_from_link, links)]
    assert [tuple(pair) for pair in answer] == told


@pytest.mark.parametrize("activation", [*ACTIVATIONS, ("tanh", "relu"), ("identity", "elu")])
def test_the_exported_script_gives_the_nets_scores(activation, tmp_path):
    inputs = ["y", "x2", "angle", "r"] if activation == "relu" else ["x", "y", "xy", "sinx", "siny", "y2"]
    rng = np.random.default_rng(0)
    shapes = [(4, len(inputs)), (3, 4), (5, 3)]
    net = MLP(
        tuple(
            Linear(*(jnp.asarray(rng.normal(size=size), jnp.float32) for size in (shape, shape[:1])))
            for shape in shapes
        ),
        activation,
    )
    layers = [
        {"W": {"values": np.ravel(layer.W).tolist(), "shape": layer.W.shape}, "b": np.asarray(layer.b).tolist()}
        for layer in net.layers
    ]
    script = run_module(
        """
        const { numpyScript } = await import(`${page}/export.js`);
        console.log(JSON.stringify(numpyScript(given.moment, "#link")));
        """,
        {"moment": {"layers": layers, "meta": {"inputs": inputs, "step": 7, "activations": net.activations}}},
    )
    points = np.array([[0.5, -1.25], [-2, 0.75], [0, 0]])
    (tmp_path / "net.py").write_text(script, encoding="utf-8")
    given = "\n".join(f"{x} {y}" for x, y in points)
    ran = subprocess.run([sys.executable, tmp_path / "net.py"], input=given, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    expected = net(jnp.asarray(plane_inputs(points, inputs)))
    np.testing.assert_allclose(np.loadtxt(ran.stdout.splitlines(), ndmin=2), expected, **TOLERANCE[np.dtype("float32")])


def test_nothing_in_the_page_breaks_its_security_policy():
    for path in PAGE.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=\"|<script(?![^>]*src=)", text), path.name
        assert not re.search(r"\beval\(|new Function|innerHTML|insertAdjacentHTML|document\.write", text), path.name
        assert set(re.findall(r"https?://[^\"'` ]+", text)) <= {"http://www.w3.org/2000/svg"}, path.name
        assert not re.search(r"(?:src|href)=\"(?!\./|#|\$\{)", text), path.name
