import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from foldline.insight.fewest_units import best_net, net_of_lines, smallest_net
from foldline.insight.formula import read_formula
from foldline.insight.free_knots import best_lines, fewest_lines, needed_folds, places
from foldline.insight.targets import FormulaTarget, PointsTarget

NONE = np.empty(0)


def fewest_by_trying(x, y, eps):
    """Try every set of knots, with a linear program for the values at them."""
    for n_lines in range(1, len(x)):
        for inner in itertools.combinations(range(1, len(x) - 1), n_lines - 1):
            knots = [0, *inner, len(x) - 1]
            between = np.array([np.interp(x, x[knots], row) for row in np.eye(len(knots))]).T
            rows, sides = np.concatenate([between, -between]), np.concatenate([y + eps, eps - y])
            if linprog(np.zeros(len(knots)), A_ub=rows, b_ub=sides, bounds=(None, None)).success:
                return n_lines
    return None


@given(st.lists(st.integers(-8, 8), min_size=3, max_size=7), st.sampled_from([0.3, 1.1, 2.7]))
def test_lines_are_as_few_as_trying_every_knot_finds(values, eps):
    x = np.cumsum(1.0 + np.arange(len(values)) % 3)
    y = np.array(values, float)
    knots, at_knots = fewest_lines(x, y, eps=eps)
    assert len(knots) - 1 == fewest_by_trying(x, y, eps)
    assert np.abs(np.interp(x, knots, at_knots) - y).max() <= eps * (1 + 1e-9)


def test_best_lines_of_a_parabola_are_equally_long():
    x = np.linspace(0, 1, 4001)
    knots, _, distance = best_lines(x, x**2, n_lines=4)
    # A line of length h is h^2 / 8 off the parabola at its best, from both sides.
    assert distance == pytest.approx(1 / 16 / 8, rel=0.01)
    np.testing.assert_allclose(np.diff(knots), 0.25, atol=0.02)


def test_more_lines_than_allowed_are_told():
    x = np.linspace(0, 1, 50)
    assert fewest_lines(x, np.sin(60 * x), eps=1e-3, at_most=5) is None


@pytest.mark.parametrize(("eps", "n"), [(0.01, 12), (0.001, 38)])
def test_folds_of_the_sine_are_needed(eps, n):
    assert needed_folds(FormulaTarget(read_formula("sin(2*pi*x)")), low=0.0, high=1.0, eps=eps) == n


def test_folds_that_are_needed_are_never_more_than_some_net_has():
    zigzag = PointsTarget(np.arange(6.0), np.array([0.0, 1, 0, 1, 0, 1]))
    assert 2 <= needed_folds(zigzag, low=0.0, high=5.0, eps=0.3) <= 4
    assert needed_folds(zigzag, low=0.0, high=5.0, eps=0.5) == 0
    assert needed_folds(PointsTarget(np.array([0.0, 1.0]), np.array([0.0, 5.0])), low=0.0, high=1.0, eps=1e-6) == 0


class Rumoured(PointsTarget):
    """A function whose samples are not its values."""

    def sample(self, x):
        return np.sin(9 * x)


def test_a_fold_that_only_samples_tell_of_is_not_needed():
    line = Rumoured(np.array([0.0, 5.0]), np.zeros(2))
    assert needed_folds(line, low=0.0, high=5.0, eps=0.01) == 0


def test_a_net_has_the_lines_that_it_was_made_of_whatever_opens_to_the_left():
    x, y = np.array([0.0, 1.0, 3.0, 4.0]), np.array([1.0, 3.0, 3.0, 2.0])
    everywhere = np.linspace(0, 4, 41)
    plain = net_of_lines(x, y)
    np.testing.assert_allclose(plain(everywhere), np.interp(everywhere, x, y), atol=1e-12)
    assert plain.n_units == 3
    # The second line is flat, so the unit left of it, flipped, brings the first slope.
    flipped = net_of_lines(x, y, is_flipped=np.array([True, False]))
    np.testing.assert_allclose(flipped(everywhere), np.interp(everywhere, x, y), atol=1e-12)
    assert flipped.n_units == 2
    assert flipped.w.tolist() == [-1.0, 1.0]


@pytest.mark.parametrize(("eps", "n"), [(0.01, 12), (0.001, 38)])
def test_flipped_units_save_the_one_of_the_first_slope(eps, n):
    f = FormulaTarget(read_formula("sin(2*pi*x)"))
    net = smallest_net(f, low=0.0, high=1.0, eps=0.999 * eps, more=NONE)
    assert net.n_units == n
    x = np.linspace(0, 1, 20_001)
    assert np.abs(net(x) - np.sin(2 * np.pi * x)).max() <= eps


def test_one_unit_folds_once():
    net = best_net(FormulaTarget(read_formula("max(0, x - 0.25)")), low=0.0, high=1.0, n_units=1)
    assert net.n_units == 1
    assert np.abs(net(np.linspace(0, 1, 101)) - np.maximum(np.linspace(0, 1, 101) - 0.25, 0)).max() < 1e-3


def test_places_hold_ends_points_and_more():
    f = PointsTarget(np.array([0.0, 0.3, 2.0]), np.array([0.0, 1.0, 0.0]))
    x = places(f, low=0.0, high=2.0, n=100, more=np.array([0.77, 9.0]))
    assert (x[0], x[-1]) == (0.0, 2.0)
    assert {0.3, 0.77} <= set(x)
    assert (np.diff(x) > 0).all()
