"""The files in examples/ run, and say what the library says."""

import io
import runpy
import tokenize
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from numpy.testing import assert_allclose

from foldline.models import MLP, Linear

TWENTY_LINES = Path(__file__).parent.parent / "examples" / "twenty_lines.py"
NOTHING = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def lines_of_code(source):
    """Give the numbers of the lines that hold code: no blank ones, no comments, not the file's docstring."""
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type not in NOTHING]
    if tokens[0].type == tokenize.STRING:
        tokens = tokens[1:]
    return {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}


def test_lines_of_code_are_counted():
    assert lines_of_code('"""What\nfor."""\n\n# why\nx = 1  # so\ny = [\n  2,\n]\n') == {5, 6, 7, 8}


def test_twenty_lines_are_fewer():
    assert 10 < len(lines_of_code(TWENTY_LINES.read_text())) < 20


def test_the_losses_of_the_twenty_lines_are_foldlines(tmp_path, capsys):
    source = TWENTY_LINES.read_text()
    runpy.run_path(str(TWENTY_LINES))
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    steps = [int(words[1]) for words in printed]
    assert steps == list(range(0, 2001, 200))

    start = tmp_path / "start.py"  # the file up to its loop
    start.write_text(source[: source.index("for step")])
    first = runpy.run_path(str(start))
    with jax.enable_x64(True):
        X, y = jnp.asarray(first["X"]), jnp.asarray(first["y"])
        layers = (Linear(jnp.asarray(first[f"W{k}"]), jnp.asarray(first[f"b{k}"])) for k in (1, 2))
        net = MLP(tuple(layers), "sigmoid")
        descend = jax.jit(jax.value_and_grad(lambda net: jnp.mean((net(X) - y) ** 2)))
        losses = []
        for _ in range(2001):
            loss, slopes = descend(net)
            losses.append(float(loss))
            net = jax.tree.map(lambda value, slope: value - 0.5 * slope, net, slopes)
    # Nine digits are printed, in float64.
    assert_allclose([float(words[3]) for words in printed], np.array(losses)[steps], rtol=0, atol=1e-9)
    assert losses[-1] < 0.5 * losses[0]
