import contextlib
import math
from decimal import Decimal, getcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from foldline.core.errors import SettingError
from foldline.insight import intervals
from foldline.insight.formula import FUNCTIONS, read_formula
from foldline.insight.intervals import Interval

# A formula, the same in plain Python, its slope, and its second derivative; None where it has kinks.
FORMULAS = {
    "sin(2*pi*x)": (
        lambda x: math.sin(2 * math.pi * x),
        lambda x: 2 * math.pi * math.cos(2 * math.pi * x),
        lambda x: -4 * math.pi**2 * math.sin(2 * math.pi * x),
    ),
    "x**3 - 2*x**2 + 1": (lambda x: x**3 - 2 * x**2 + 1, lambda x: 3 * x**2 - 4 * x, lambda x: 6 * x - 4),
    "exp(-x**2)": (
        lambda x: math.exp(-(x**2)),
        lambda x: -2 * x * math.exp(-(x**2)),
        lambda x: (4 * x**2 - 2) * math.exp(-(x**2)),
    ),
    "1/(1 + x*x)": (
        lambda x: 1 / (1 + x * x),
        lambda x: -2 * x / (1 + x * x) ** 2,
        lambda x: (6 * x * x - 2) / (1 + x * x) ** 3,
    ),
    "tanh(3*x)": (
        lambda x: math.tanh(3 * x),
        lambda x: 3 / math.cosh(3 * x) ** 2,
        lambda x: -18 * math.tanh(3 * x) / math.cosh(3 * x) ** 2,
    ),
    "sigmoid(x)": (
        lambda x: 1 / (1 + math.exp(-x)),
        lambda x: 1 / (2 + 2 * math.cosh(x)),
        lambda x: -math.tanh(x / 2) / (2 + 2 * math.cosh(x)),
    ),
    "log(x + 4)": (lambda x: math.log(x + 4), lambda x: 1 / (x + 4), lambda x: -1 / (x + 4) ** 2),
    "sqrt(x + 4)": (
        lambda x: math.sqrt(x + 4),
        lambda x: 0.5 / math.sqrt(x + 4),
        lambda x: -0.25 * (x + 4) ** -1.5,
    ),
    "(x + 4)**2.5": (lambda x: (x + 4) ** 2.5, lambda x: 2.5 * (x + 4) ** 1.5, lambda x: 3.75 * (x + 4) ** 0.5),
    "2**x": (lambda x: 2**x, lambda x: math.log(2) * 2**x, lambda x: math.log(2) ** 2 * 2**x),
    "(x + 4)**-2": (lambda x: (x + 4) ** -2, lambda x: -2 * (x + 4) ** -3, lambda x: 6 * (x + 4) ** -4),
    "atan(x) + cos(x)": (
        lambda x: math.atan(x) + math.cos(x),
        lambda x: 1 / (1 + x * x) - math.sin(x),
        lambda x: -2 * x / (1 + x * x) ** 2 - math.cos(x),
    ),
    "tan(x/4)": (
        lambda x: math.tan(x / 4),
        lambda x: 0.25 / math.cos(x / 4) ** 2,
        lambda x: 0.125 * math.tan(x / 4) / math.cos(x / 4) ** 2,
    ),
    "abs(x)": (abs, lambda x: math.copysign(1.0, x), None),
    "max(x, x**2) - min(0, x)": (lambda x: max(x, x**2) - min(0, x), None, None),
    "relu(x - 1) + 3": (lambda x: max(x - 1, 0) + 3, lambda x: float(x > 1), None),
    "+x - -x/2": (lambda x: 1.5 * x, lambda x: 1.5, lambda x: 0.0),
    "x**0 + x**1": (lambda x: 1 + x, lambda x: 1.0, lambda x: 0.0),
}


@pytest.mark.parametrize("text", FORMULAS)
@given(start=st.floats(-3, 3), width=st.sampled_from([0.0, 1e-9, 1e-3, 0.1, 1.0, 3.0]), share=st.floats(0.0, 1.0))
def test_values_and_derivatives_within_a_box_are_within_their_bounds(text, start, width, share):
    lo, hi = np.array([start]), np.array([start + width])
    x = float(np.clip(start + share * width, lo, hi)[0])
    jet = read_formula(text).jet(Interval(lo, hi))
    for bounds, function in zip((jet.v, jet.d, jet.dd), FORMULAS[text], strict=True):
        if function is not None:
            value = function(x)
            slack = 1e-14 * (1 + abs(value)) * (1 + abs(x))  # of plain Python
            assert bounds.lo[0] - slack <= value <= bounds.hi[0] + slack


@pytest.mark.parametrize("text", FORMULAS)
def test_bounds_of_a_point_are_tight(text):
    x = np.array([-2.7, -0.4, 0.3, 2.1])
    bounds = read_formula(text).values(x)
    assert (bounds.hi - bounds.lo < 1e-12 * (1 + np.abs(bounds.hi))).all()


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_exact_results_of_arithmetic_are_within_the_interval(a, b, c, d):
    x, y = Interval.exactly(np.array([a])), Interval.exactly(np.array([b]))
    u, v = Interval.exactly(np.array([c])), Interval.exactly(np.array([d]))
    got = (x + y) * (u - v)
    assert Fraction(float(got.lo[0])) <= (Fraction(a) + Fraction(b)) * (Fraction(c) - Fraction(d))
    assert Fraction(float(got.hi[0])) >= (Fraction(a) + Fraction(b)) * (Fraction(c) - Fraction(d))


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_exact_sums_are_within_the_interval(a, b):
    got = Interval.exactly(np.array([a])) + Interval.exactly(np.array([b]))
    assert Fraction(float(got.lo[0])) <= Fraction(a) + Fraction(b) <= Fraction(float(got.hi[0]))


@given(st.floats(-20.0, 20.0))
def test_functions_are_right_within_their_bounds_to_forty_digits(x):
    getcontext().prec = 40
    box, exact = Interval.exactly(np.array([x])), Decimal(x)
    sine, cosine, power = Decimal(0), Decimal(0), Decimal(1)
    for n in range(160):  # Taylor's series; the terms are below 20^20 / 20!
        if n % 2:
            sine += power if n % 4 == 1 else -power
        else:
            cosine += power if n % 4 == 0 else -power
        power *= exact / (n + 1)
    found = {
        "sin": sine,
        "cos": cosine,
        "exp": exact.exp(),
        "tanh": 1 - 2 / ((2 * exact).exp() + 1),
        "sigmoid": 1 / (1 + (-exact).exp()),
    }
    if x > 0:
        found |= {"log": exact.ln(), "sqrt": exact.sqrt()}
    for name, value in found.items():
        bounds = getattr(intervals, name)(box)
        assert Decimal(float(bounds.lo[0])) <= value + Decimal("1e-30"), name
        assert value - Decimal("1e-30") <= Decimal(float(bounds.hi[0])), name


def test_the_peak_of_a_wave_between_the_ends_is_seen():
    for lo, hi in ((1.5, 1.6), (1.5 + 200 * np.pi, 1.6 + 200 * np.pi), (-5.0, -4.5)):
        assert intervals.sin(Interval(np.array([lo]), np.array([hi]))).hi[0] == 1.0
    low = intervals.sin(Interval(np.array([0.1, -1.6]), np.array([0.2, -1.5])))
    assert low.hi[0] < 0.2
    assert low.lo[1] == -1.0


@pytest.mark.parametrize(
    ("text", "lo", "hi"),
    [("1/x", -1, 1), ("log(x)", 0, 1), ("tan(x)", 1, 2), ("sqrt(x)", -2, -1), ("x**0.5", -2, -1), ("9**9**9*x", 1, 2)],
)
def test_what_has_no_bound_gets_none(text, lo, hi):
    bounds = read_formula(text).jet(Interval(np.array([float(lo)]), np.array([float(hi)]))).v
    assert np.isinf(bounds.size).all()


def test_an_exponent_that_may_be_whole_says_nothing_below_zero():
    # 1 + 1 is rounded outwards, so that it may be 2: (-3)^2 is 9, though logarithms know of no such power.
    bounds = read_formula("x**(1 + 1)").values(np.array([-3.0, 3.0]))
    assert bounds.hi[0] >= 9.0
    assert abs(bounds.middle[1] - 9) < 1e-12


def test_convention_numbers_are_the_nearest_float64_and_pi_is_exact():
    assert read_formula("0.1").values(np.zeros(1)).size == [0.1]
    bounds = read_formula("pi").values(np.zeros(1))
    assert bounds.lo[0] < bounds.hi[0]
    assert bounds.lo[0] <= math.pi <= bounds.hi[0]


def test_convention_roots_of_numbers_below_zero_have_no_value():
    straddling = read_formula("sqrt(x)").jet(Interval(np.array([-1.0]), np.array([4.0]))).v
    assert straddling.lo[0] == 0.0
    assert 2.0 <= straddling.hi[0] < 2.001


def test_two_variables_have_derivatives_along_a_direction():
    formula = read_formula("x**2*y", variables=("x", "y"))
    x, y = Interval.exactly(np.array([3.0])), Interval.exactly(np.array([5.0]))
    along = {(1.0, 0.0): (30.0, 10.0), (0.0, 1.0): (9.0, 0.0), (1.0, 1.0): (39.0, 22.0)}
    for direction, (slope, bend) in along.items():
        jet = formula.jet(x, y, along=direction)
        np.testing.assert_allclose([jet.v.middle[0], jet.d.middle[0], jet.dd.middle[0]], [45, slope, bend], atol=1e-12)


def test_the_variables_that_are_used_are_known():
    assert read_formula("sin(y) + 1", variables=("x", "y")).used == ("y",)
    assert read_formula("pi", variables=("x", "y")).used == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the formula is empty; expected one such as"),
        ("  ", "the formula is empty"),
        ("x^2", r"has \^; expected \*\* for a power"),
        ("__import__('os').system('true')", "something that is no formula"),
        ("__import__('os')", "the function '__import__'; expected one that is on the list"),
        ("x.real", r"something that is no formula \(Attribute\)"),
        ("().__class__", r"something that is no formula \(Attribute\)"),
        ("(lambda: x)()", r"something that is no formula \(Call\)"),
        ("eval(x)", "the function 'eval'"),
        ("sin()", "sin of 0 arguments; expected 1"),
        ("sin(x, x)", "sin of 2 arguments; expected 1"),
        ("max(x)", "max of 1 arguments; expected 2"),
        ("max(*x)", "max of 1 arguments"),
        ("sin(x=1)", "something that is no formula"),
        ("sin", r"sin without its parentheses; expected sin\(...\)"),
        ("z + 1", "the name 'z'; expected x, pi, e or a function"),
        ("y", "the name 'y'"),
        ("x if x else 1", "something that is no formula"),
        ("x < 1", r"something that is no formula \(Compare\)"),
        ("[x]", "something that is no formula"),
        ("x // 2", "something that is no formula"),
        ("not x", "something that is no formula"),
        ("(x := 1)", "something that is no formula"),
        ("'a' * 9", "'a'; expected numbers alone"),
        ("True", "True; expected numbers alone"),
        ("1j", "1j; expected numbers alone"),
        ("1e999", "a number that is too large"),
        ("9" * 400, "a number that is too large"),
        ("x = 1", "cannot be read"),
        ("import os", "cannot be read"),
        ("x +", "cannot be read"),
        ("x\0", "cannot be read"),
        ("(" * 240 + "x" + ")" * 240, "cannot be read|too much inside each other"),
        ("-" * 400 + "x", "too much inside each other; expected at most 50"),
        ("sin(" * 60 + "x" + ")" * 60, "too much inside each other"),
        ("x+" * 400 + "x", "the formula has 801 characters; expected at most 500"),
        ("1if x", "cannot be read"),
    ],
)
def test_what_is_no_formula_is_told_and_never_run(text, message):
    with pytest.raises(SettingError, match=message):
        read_formula(text)


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(st.text(alphabet="x()+-*/.,0123456789esinpl_'\"[]{}: =<>", max_size=40))
def test_any_text_is_a_formula_or_told(text):
    formula = None
    with contextlib.suppress(SettingError):
        formula = read_formula(text)
    assume(formula is not None)
    bounds = formula.values(np.array([0.5]))
    assert not np.isnan(bounds.lo).any()
    assert (bounds.lo <= bounds.hi).all()


def test_every_function_on_the_list_is_told_of():
    with pytest.raises(SettingError) as caught:
        read_formula("nothing(x)")
    assert all(name in str(caught.value) for name in FUNCTIONS)
