import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from foldline.insight.certificates import certify
from foldline.insight.formula import read_formula
from foldline.insight.intervals import Interval
from foldline.insight.targets import FormulaTarget, PointsTarget
from foldline.insight.unit_sums import Lines, UnitSum, lines_of

WEIGHTS = st.lists(st.floats(-5.0, 5.0, width=32), min_size=0, max_size=6)


def net_of(w, b, u, p=0.0, activation="relu"):
    return UnitSum(np.array(w, float), np.array(b, float), np.array(u, float), p, activation)


@given(w=WEIGHTS, b=st.floats(-3, 3), u=st.floats(-4, 4), p=st.floats(-2, 2))
def test_lines_are_those_of_the_net(w, b, u, p):
    net = net_of(w, [b + i for i in range(len(w))], [u - i for i in range(len(w))], p)
    lines = lines_of(net, low=-2.0, high=3.0)
    x = np.linspace(-2, 3, 101)
    x = np.setdiff1d(x, lines.x)
    on = lines.on(x[:-1], np.minimum(x[1:], lines.x[np.searchsorted(lines.x, x[:-1], side="right")]))
    slack = net.rounding(low=-2.0, high=3.0) + 1e-12
    assert (on.at_lo.lo - slack <= net(x[:-1])).all()
    assert (net(x[:-1]) <= on.at_lo.hi + slack).all()


def test_the_lines_of_one_bump_are_exact():
    net = net_of([1, 1, 1, 1], [0, -1, -2, -4], [3, -3, -1.5, 1.5])
    lines = lines_of(net, low=-1.0, high=5.0)
    assert lines.x.tolist() == [-1, 0, 1, 2, 4, 5]
    assert_allclose(lines.slope.middle, [0, 3, 0, -1.5, 0], atol=1e-15)
    assert_allclose(lines.left.middle, [0, 0, 3, 3, 0], atol=1e-15)
    assert lines.slack == 0.0


def test_a_fold_that_is_no_float_is_told_as_slack():
    lines = lines_of(net_of([3.0], [-1.0], [1.0]), low=0.0, high=1.0)
    assert lines.x[1] == 1 / 3
    assert 0 < lines.slack < 1e-16


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_rounding_in_float32_is_within_its_bound(activation):
    rng = np.random.default_rng(0)
    net = net_of(*rng.normal(size=(3, 40)) * [[30], [5], [9]], 0.5, activation).single()
    x = rng.uniform(-2, 2, 500).astype(np.float32)
    off = np.abs(np.asarray(net.mlp()(jnp.asarray(x[:, None])))[:, 0] - net(x.astype(float)))
    bound = net.rounding(low=-2.0, high=2.0, precision="single")
    assert off.max() <= bound
    assert bound < 1e4 * off.max()
    assert net.rounding(low=-2.0, high=2.0) < 1e-8 * bound


def test_the_mlp_has_the_weights_out_in():
    net = net_of([1.0, -1.0], [0.5, 0.25], [2.0, 3.0], 0.125)
    hidden, output = net.mlp().layers
    assert hidden.W.shape == (2, 1)
    assert output.W.shape == (1, 2)
    assert_allclose(net.mlp()(jnp.array([[1.0], [0.0]]))[:, 0], [3.125, 1.875])


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_steps_are_within_their_bounds_on_cells(activation):
    rng = np.random.default_rng(1)
    net = net_of(np.full(300, 500.0), -500.0 * np.sort(rng.uniform(0, 1, 300)), rng.normal(size=300), 0.1, activation)
    edges = np.linspace(0, 1, 700)
    on = net.function(low=0.0, high=1.0).on(edges[:-1], edges[1:])
    inside = edges[:-1] + rng.uniform(0, 1, 699) * np.diff(edges)
    slack = net.rounding(low=0.0, high=1.0)
    assert (on.v.lo - slack <= net(inside)).all()
    assert (net(inside) <= on.v.hi + slack).all()
    assert_allclose(on.at_lo.middle, net(edges[:-1]), atol=slack)
    h = 1e-6
    slopes = (net(inside + h) - net(inside - h)) / (2 * h)
    is_inside = (inside - h > edges[:-1]) & (inside + h < edges[1:])
    assert ((on.d.lo - 1e-3 <= slopes) & (slopes <= on.d.hi + 1e-3))[is_inside].all()


def flat(value):
    return PointsTarget(np.array([0.0, 1.0]), np.full(2, value))


@pytest.mark.parametrize(
    ("text", "largest"),
    [
        ("x*(1 - x)", 0.25),
        ("sin(2*pi*x)", 1.0),
        ("abs(x - 0.3)", 0.7),
        ("sqrt(x)", 1.0),
        ("max(0, 1 - 100*abs(x - 0.123456))", 1.0),
        ("exp(-10000*(x - 0.7654321)**2)", 1.0),
        ("sqrt(1 - x**2)", 1.0),
    ],
)
def test_the_bound_is_near_the_largest_error_and_not_below(text, largest):
    found = certify(FormulaTarget(read_formula(text)), flat(0.0), low=0.0, high=1.0)
    assert found.at_least <= largest * (1 + 1e-12)
    assert largest <= found.at_most <= largest * (1 + 2e-4)


def test_a_needle_between_the_first_cells_is_found():
    needle = FormulaTarget(read_formula("exp(-(1e6*(x - 0.50000123))**2)"))
    assert certify(needle, flat(0.0), low=0.0, high=1.0).at_most >= 1.0


def test_lines_that_jump_are_bounded_from_both_sides():
    jumping = Lines(np.array([0.0, 0.5, 1.0]), Interval.exactly(np.array([0.0, 3.0])), Interval.exactly(np.zeros(2)))
    found = certify(FormulaTarget(read_formula("2*x")), jumping, low=0.0, high=1.0)
    assert 2.0 <= found.at_most < 2.001
    assert found.at == 0.5
