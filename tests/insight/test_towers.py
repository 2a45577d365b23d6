import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

import foldline as fl
from foldline.core.errors import SettingError
from foldline.insight.formula import read_formula
from foldline.insight.plane_nets import Pyramids, Towers

UNIT = (0.0, 1.0), (0.0, 1.0)
FUNCTIONS = [
    ("sin(2*pi*x)*cos(2*pi*y)", lambda x, y: np.sin(2 * np.pi * x) * np.cos(2 * np.pi * y), 0.0, 1.0, 0.1),
    ("x*y - y**2", lambda x, y: x * y - y**2, (-1.0, 0.0), (1.0, 3.0), 0.05),
    ("abs(x + y)", lambda x, y: np.abs(x + y), -1.0, 1.0, 0.2),
    ("exp(-4*x*x - 4*y*y)", lambda x, y: np.exp(-4 * x * x - 4 * y * y), -1.0, 1.0, 0.05),
    ("sqrt(x) + y", lambda x, y: np.sqrt(x) + y, 0.0, 1.0, 0.1),
]


@pytest.mark.parametrize(("text", "function", "low", "high", "eps"), FUNCTIONS)
def test_no_error_at_any_of_many_points_is_above_its_bound(text, function, low, high, eps):
    found = fl.towers(text, low=low, high=high, eps=eps)
    (x0, x1), (y0, y1) = found.box
    x, y = (column.ravel() for column in np.meshgrid(np.linspace(x0, x1, 203), np.linspace(y0, y1, 203)))
    for built in (found.pyramids, found.towers):
        off = np.abs(built.net(np.stack([x, y], axis=1)) - function(x, y))
        assert off.max() <= built.bound
        assert off.max() > 0.8 * built.bound
        assert built.at_least <= built.bound <= 1.02 * built.at_least
    assert found.pyramids.bound <= eps


def test_towers_leave_gaps_however_many_there_are():
    few, many = (fl.towers("1 + x*y", a_side=n).towers for n in (2, 9))
    assert few.at_least == pytest.approx(2.0)
    assert many.at_least == pytest.approx(2.0)


def test_a_tower_stands_on_its_place_alone():
    net = Towers.of(read_formula("1 + x + 10*y", variables=("x", "y")), UNIT, 2).net()
    middles = np.array([[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]])
    assert_allclose(net(middles), 1 + middles @ [1, 10])
    assert_allclose(net(np.array([[0.5, 0.25], [0.0, 0.3], [0.3, 0.5]])), 0.0, atol=1e-12)
    assert net.n_units == (16, 4)


def test_pyramids_of_height_one_sum_to_one_and_join_lines_exactly():
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 1, (200, 2))
    for text, values in (("1", np.ones(200)), ("2*x - 3*y + 1", points @ [2, -3] + 1)):
        net = Pyramids.of(read_formula(text, variables=("x", "y")), UNIT, 3).net()
        assert_allclose(net(points), values, atol=1e-12)


def test_one_pyramid_has_six_sides():
    pyramids = Pyramids(tuple(np.linspace(-1, 1, 3) for _ in "xy"), np.pad([[1.0]], 1))
    ring = np.array([[1, 0], [1, 1], [0, 1], [-1, 0], [-1, -1], [0, -1]])
    assert_allclose(pyramids.net()(np.array([[0.0, 0.0]])), 1.0)
    assert_allclose(pyramids.net()(ring * 1.0), 0.0, atol=1e-15)
    assert_allclose(pyramids.net()(ring * 0.25), 0.75)
    assert_allclose(pyramids.net()(np.array([[0.25, -0.25]])), 0.5)


def test_the_mlp_is_the_net():
    import jax.numpy as jnp

    built = fl.towers("x*y", a_side=3)
    points = np.random.default_rng(0).uniform(0, 1, (50, 2))
    for one in (built.pyramids, built.towers):
        scores = np.asarray(one.net.mlp()(jnp.asarray(points, jnp.float32)))[:, 0]
        assert_allclose(scores, one.net(points), atol=1e-4)


def test_the_picture_shows_the_numbers():
    figure = fl.towers("x*y", a_side=2).picture()
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[:3] == ["x*y", "4 towers: error ≈ 1", "9 pyramids: error ≤ 0.0626"]


@pytest.mark.parametrize(
    ("formula", "options", "message"),
    [
        ("x*z", {}, "the name 'z'; expected x, y, pi, e or a function"),
        ("1/(x + y)", {}, r"no bound or no value near \(0, 0\)"),
        ("x", {"eps": -1.0}, "eps is -1.0; expected a number above 0"),
        ("x", {"a_side": 0}, "a_side is 0; expected a whole number from 1 to 100"),
        ("x", {"a_side": 2, "eps": 0.1}, "eps and a_side are both given"),
        ("x", {"low": 1.0}, "the box goes from 1 to 1 in x; expected its end clearly above"),
        ("x", {"low": (0.0, 0.0, 0.0)}, r"low is \(0.0, 0.0, 0.0\); expected one number, or one for x and one for y"),
        ("x", {"high": (1.0, np.inf)}, "high is inf; expected a number"),
        ("sin(300*x*y)", {"eps": 1e-3}, "eps is 0.001, which is out of reach; expected .* or more for this function"),
    ],
)
def test_bad_input_is_told(formula, options, message):
    with pytest.raises(SettingError, match=message):
        fl.towers(formula, **options)


def test_the_eps_that_an_error_names_is_within_reach():
    with pytest.raises(SettingError) as refused:
        fl.towers("sin(2*x*y)", eps=1e-6)
    eps = float(re.search(r"expected (\S+) or more", str(refused.value))[1])
    assert fl.towers("sin(2*x*y)", eps=eps).pyramids.bound <= eps
