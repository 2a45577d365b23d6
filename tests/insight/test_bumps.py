import math
import re

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.neighbors import KNeighborsRegressor

import foldline as fl
from foldline.core.errors import DataError, MissingDataError, SettingError
from foldline.insight import bump_units
from foldline.insight.built_nets import build_within, proved
from foldline.insight.bump_nets import bumps_net, overlapping_net, steps_net
from foldline.insight.bumps import door
from foldline.insight.fewest_units import best_net
from foldline.insight.free_knots import fewest_lines
from foldline.insight.learned_units import flat_share, nearest_neighbour

SINE = "sin(2*pi*x)"
# Formulas, the same in NumPy, where they begin and end, and an error to stay below.
FUNCTIONS = [
    (SINE, lambda x: np.sin(2 * np.pi * x), 0.0, 1.0, 0.01),
    ("7", lambda x: np.full(len(x), 7.0), 0.0, 1.0, 0.01),
    ("abs(x)", np.abs, -1.0, 1.0, 0.01),
    ("sqrt(x)", np.sqrt, 0.0, 1.0, 0.02),
    ("max(x, 0.3) - min(x**2, 0.5)", lambda x: np.maximum(x, 0.3) - np.minimum(x**2, 0.5), 0.0, 1.0, 0.01),
    ("exp(-30*(x - 0.5)**2)", lambda x: np.exp(-30 * (x - 0.5) ** 2), 0.0, 1.0, 0.01),
    ("tanh(40*(x - 0.3))", lambda x: np.tanh(40 * (x - 0.3)), 0.0, 1.0, 0.02),
    ("1000 + x", lambda x: 1000 + x, 0.0, 1.0, 0.01),
    ("x**2", np.square, -1.0, 2.0, 0.02),
]


@pytest.fixture(scope="module")
def sine():
    return fl.approximate(SINE, eps=0.01)


@pytest.mark.parametrize(
    ("text", "function", "low", "high", "eps"),
    FUNCTIONS[:4] + [pytest.param(*rest, marks=pytest.mark.slow) for rest in FUNCTIONS[4:]],
)
def test_no_error_at_any_of_many_points_is_above_its_bound(text, function, low, high, eps):
    found = fl.approximate(text, low=low, high=high, eps=eps)
    x = np.linspace(low, high, 20_011)
    for built in found.all:
        x_and_folds = np.concatenate([x, np.clip(-built.net.b / built.net.w, low, high)])
        off = np.abs(built.net(x_and_folds) - function(x_and_folds)).max()
        assert off <= built.bound * (1 + 1e-9) + 1e-14, built.name
        assert built.at_least <= built.bound
        at = np.array([built.at])
        reached = abs(float((built.net(at) - function(at))[0]))
        assert built.at_least == pytest.approx(reached, rel=1e-6, abs=1e-9), built.name
        assert built.bound <= max(1.003 * built.at_least, eps / 9)
        if built.name != "bumps":
            assert built.bound <= eps
    assert found.smallest.n_units >= found.needed
    assert found.smallest.n_units <= min(one.n_units for one in found.all)


def test_twelve_units_do_for_the_sine_and_no_fewer_can(sine):
    assert sine.smallest.n_units == sine.needed == 12
    assert sine.smallest.bound <= 0.01


@pytest.mark.slow
def test_thirty_eight_units_do_for_a_thousandth_and_no_fewer_can():
    found = fl.approximate(SINE, eps=0.001)
    assert found.smallest.n_units == found.needed == 38
    assert found.smallest.bound <= 0.001
    assert found.sigmoid_steps is None


def test_the_net_in_float32_is_within_its_own_bound(sine):
    x = np.linspace(0, 1, 5001, dtype=np.float32)
    for built in (sine.smallest, sine.hats, sine.tanh_steps):
        off = np.abs(np.asarray(built.net.mlp()(jnp.asarray(x[:, None])))[:, 0] - np.sin(2 * np.pi * x.astype(float)))
        assert off.max() <= built.bound_single
    assert sine.smallest.bound_single <= 0.01


def test_convention_slopes_of_a_bump_are_height_over_width_of_its_ramps():
    bump = bump_units(1.0, 1.5, 3.0, 4.0, 2.0)
    assert bump.u.tolist() == [4.0, -4.0, -2.0, 2.0]
    assert bump.b.tolist() == [-1.0, -1.5, -3.0, -4.0]
    assert bump(np.array([0.0, 1.0, 1.25, 1.5, 3.0, 3.5, 4.0, 9.0])).tolist() == [0, 0, 1, 2, 2, 1, 0, 0]


def test_convention_ramps_take_a_tenth_of_a_bump():
    target, low, high = door("1 + x", low=0.0, high=2.0)
    net = bumps_net(target, low=low, high=high, n_bumps=2)
    assert_allclose(-net.b, [0, 0.05, 0.95, 1, 1, 1.05, 1.95, 2])
    assert_allclose(net.u, np.outer([1.5, 2.5], [20, -20, -20, 20]).ravel())


@pytest.mark.parametrize("n_bumps", [3, 30, 300])
def test_gaps_between_bumps_stay_however_many_there_are(n_bumps):
    found = fl.approximate("2 + x", units=4 * min(n_bumps, 75))
    target, low, high = door("2 + x", low=0.0, high=1.0)
    net = bumps_net(target, low=low, high=high, n_bumps=n_bumps)
    edges = np.linspace(0, 1, n_bumps + 1)
    assert_allclose(net(edges), 0.0, atol=1e-7)
    assert found.bumps.at_least >= 2.9
    assert found.bumps.at == 1.0


def test_overlapping_bumps_of_height_one_sum_to_one():
    target, low, high = door("1", low=0.0, high=1.0)
    net = overlapping_net(target, low=low, high=high, n_bumps=7)
    assert_allclose(net(np.linspace(0, 1, 101)), 1.0)
    middle, _, _ = door("x", low=0.0, high=1.0)
    staircase = overlapping_net(middle, low=0.0, high=1.0, n_bumps=4)
    assert_allclose(staircase(np.array([0.0, 0.125, 0.2, 0.25, 0.3, 1.0])), [0.125, 0.125, 0.125, 0.25, 0.375, 0.875])


def test_tanh_steps_are_sigmoid_steps():
    target, low, high = door(SINE, low=0.0, high=1.0)
    sigmoids, tanhs = (steps_net(target, low=low, high=high, n_units=9, activation=a) for a in ("sigmoid", "tanh"))
    x = np.linspace(0, 1, 301)
    assert_allclose(sigmoids(x), tanhs(x), atol=1e-12)
    assert_allclose(sigmoids(np.array([0.05, 0.95])), np.sin(2 * np.pi * np.array([0.05, 0.95])), atol=1e-3)


def test_a_number_of_units_can_be_asked_for():
    found = fl.approximate(SINE, units=13)
    assert found.eps is None
    assert [one.n_units for one in found.all] == [13, 13, 12, 12, 13, 13]
    assert found.smallest.bound < 0.0085
    assert found.smallest.bound < found.hats.bound < found.trapezoids.bound
    assert fl.approximate(SINE, units=3).bumps is None


def test_points_are_joined_by_lines(tmp_path):
    rows = np.array([[3.0, 0.0], [0.0, 1.0], [1.0, 2.0]])
    path = tmp_path / "points.csv"
    path.write_text("x,y\n3,0\n0,1\n\n1,2\n")
    for given in (rows, path):
        found = fl.approximate(given, eps=1e-6)
        assert (found.low, found.high) == (0.0, 3.0)
        assert found.smallest.n_units == 2
        assert_allclose(found.smallest.net(np.array([0.0, 0.5, 1.0, 2.0, 3.0])), [1, 1.5, 2, 1, 0], atol=1e-6)


@pytest.mark.parametrize(
    ("f", "high", "n_units"),
    [
        (np.array([[0, 0], [1, 1], [2, 0], [3, 1]]), None, 3),
        (np.array([[0, 0], [1, 1], [2, 0], [3, 1], [5, 2], [7, 0]]), None, 5),  # twice two parts are one line
        ("abs(x - 1)", 7.0, 2),  # one of seven parts, and six
    ],
)
def test_hats_with_knots_on_the_kinks_are_found_among_more_that_do_worse(f, high, n_units):
    hats = fl.approximate(f, high=high, eps=1e-6).hats
    assert hats.n_units == n_units


def test_a_python_function_is_taken_with_bounds_on_its_derivatives():
    calm = fl.approximate(lambda x: math.sin(x), high=3.0, eps=0.01, max_bend=1.0)
    assert calm.smallest.bound <= 0.01
    assert calm.smallest.n_units == fl.approximate("sin(x)", high=3.0, eps=0.01).smallest.n_units
    assert fl.approximate(abs, low=-1.0, eps=0.2, max_slope=1.0).smallest.bound <= 0.2


def test_curves_compare_with_training_and_neighbours(monkeypatch):
    monkeypatch.setattr("foldline.insight.learned_units.STEPS", 300)
    curves = fl.error_curves("x**2", low=-1.0, units=[8, 4], seeds=3)
    assert curves.units.tolist() == [4, 8]
    for errors in (*curves.built.values(), curves.trained_best, curves.trained_median, curves.neighbours):
        assert errors.shape == (2,)
    x = np.linspace(-1, 1, 5001)
    for built, bound in zip(curves.best, curves.trained_best, strict=True):
        assert np.abs(built.net(x) - x**2).max() <= bound
    assert [built.n_units for built in curves.best] == [4, 8]
    assert (curves.built["free knots"] < curves.trained_best).all()
    assert (curves.built["free knots"] < curves.built["hats"]).all()


def test_the_nearest_neighbour_is_that_of_scikit_learn():
    target, low, high = door(SINE, low=0.0, high=2.0)
    levels = nearest_neighbour(target, low, high, 9)
    samples = (np.arange(9) + 0.5) * 2 / 9
    knn = KNeighborsRegressor(n_neighbors=1).fit(samples[:, None], np.sin(2 * np.pi * samples))
    x = np.random.default_rng(0).uniform(0, 2, 200)
    assert_allclose(levels.on(x, x).at_lo.middle, knn.predict(x[:, None]), atol=1e-12)


def test_bumps_are_flat_and_hats_are_not():
    target, low, high = door("x", low=0.0, high=1.0)
    bumps = bumps_net(target, low=low, high=high, n_bumps=5)
    assert flat_share(bumps, low=0.0, high=1.0, steep=1.0) == pytest.approx(0.9)
    hats = fl.approximate("x", units=4).hats.net
    assert flat_share(hats, low=0.0, high=1.0, steep=1.0) == 0.0


def test_the_picture_shows_the_numbers(sine):
    figure = sine.picture()
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert "12 units; at least 12 are needed" in titles
    assert "Its error: at most 0.0085" in " ".join(titles)
    assert len(figure.axes) == 4
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert any(text.startswith("1260 units, error ≤ 1") for text in texts)


@pytest.mark.parametrize(
    ("text", "title", "label"),
    [("7", "0 units", "0 units"), ("relu(x - 0.5)", "1 unit; at least 1 is needed", "1 unit")],
)
def test_titles_count_one_and_none_in_words_that_fit(text, title, label):
    axes = fl.approximate(text, eps=0.1).picture().axes
    assert axes[1].get_title(loc="left") == title
    assert label in [line.get_label() for line in axes[1].lines]
    assert f"{label}, error" in " ".join(text.get_text() for text in axes[2].texts)


def test_a_curve_is_drawn_beside_the_nets(sine, monkeypatch):
    monkeypatch.setattr("foldline.insight.learned_units.STEPS", 50)
    curves = fl.error_curves(SINE, units=[4, 6], seeds=1)
    for axes in (sine.picture(curves=curves).axes[-1], curves.picture().axes[0]):
        lines = {line.get_label(): line.get_ydata() for line in axes.lines}
        assert_allclose(lines["free knots"], curves.built["free knots"])
        assert_allclose(lines["trained, best of 1"], curves.trained_best)
        assert_allclose(lines["nearest neighbour, as many samples"], curves.neighbours)


def test_the_eps_that_an_error_names_is_within_reach():
    with pytest.raises(SettingError) as refused:
        fl.approximate("sin(8*x)", eps=1e-9)
    eps = float(re.search(r"expected (\S+) or more", str(refused.value))[1])
    assert fl.approximate("sin(8*x)", eps=eps).smallest.bound <= eps


@pytest.mark.parametrize(
    ("f", "options", "message"),
    [
        (SINE, {"eps": 0.0}, "eps is 0.0; expected a number above 0"),
        (SINE, {"eps": -1.0}, "eps is -1.0; expected a number above 0"),
        (SINE, {"eps": math.nan}, "eps is nan; expected a number above 0"),
        (SINE, {"eps": math.inf}, "eps is inf; expected a number above 0"),
        (SINE, {"eps": 1e-9}, "eps is 1e-09, which is out of reach; expected [0-9.e-]+ or more for this function"),
        (SINE, {"units": 0}, "units is 0; expected a whole number from 1 to 300"),
        (SINE, {"units": 10**6}, "units is 1000000; expected a whole number from 1 to 300"),
        (SINE, {"units": 5, "eps": 0.1}, "eps and units are both given; expected one of them"),
        (
            SINE,
            {"low": 1.0, "high": 1.0},
            "the interval goes from 1 to 1; expected its end clearly above its beginning",
        ),
        (SINE, {"low": 2.0, "high": 1.0}, "the interval goes from 2 to 1; expected"),
        (SINE, {"low": -math.inf}, "low is -inf; expected a number at least -1e"),
        (SINE, {"high": math.nan}, "high is nan; expected a number"),
        (SINE, {"max_slope": 7.0}, "max_slope or max_bend is given; expected them with a Python function alone"),
        ("1/x", {}, "no bound or no value near x = 0; expected one that is finite from 0 to 1"),
        ("1/(x - 0.3)", {}, "no bound or no value near x = 0.3"),
        ("1e300*x + 1e300*x", {}, r"the net has numbers up to .*e\+300; expected at most 3.4e\+38"),
        ("x", {"low": 1e50, "high": 2e50}, r"the net has numbers up to .*e\+50; expected at most 3.4e\+38"),
        (np.array([[0.0, 1.0], [1.0, 1e308], [2.0, -1e308]]), {}, "no bound or no value near x = 1"),
        ("log(x)", {}, "no bound or no value near x = 0"),
        ("sqrt(x - 0.5)", {}, "no bound or no value near x = 0"),
        (abs, {}, "neither max_slope nor max_bend is given"),
        (abs, {"max_slope": -1.0}, "max_slope is -1.0; expected a number at least 0"),
        (np.zeros((3, 3)), {}, r"the points have shape \(3, 3\); expected \(n, 2\)"),
        (
            np.array([[0.0, 0.0], [1.0, 1.0]]),
            {"high": 2.0},
            "the interval goes from 0 to 2; expected it within the points",
        ),
    ],
)
def test_bad_input_is_told(f, options, message):
    with pytest.raises(SettingError, match=message):
        fl.approximate(f, **options)


@pytest.mark.parametrize(("text", "place"), [("x**x", 0), ("exp(x*log(x)) + x", 0), ("tanh(1/(x - 0.5))", 0.5)])
def test_a_place_where_a_function_is_not_known_within_eps_is_named_before_nets_are_built(text, place, monkeypatch):
    monkeypatch.setattr("foldline.insight.bumps.smallest_net", None)
    with pytest.raises(SettingError, match=f"cannot be bounded within eps = 0.05 near x = {place}; expected"):
        fl.approximate(text, eps=0.05)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.array([[0.0, 1.0]]), "there is 1 point; expected two or more"),
        (np.array([[0.0, 1.0], [0.0, 2.0]]), "two points have x = 0; expected one value for each x"),
        (np.array([[0.0, 1.0], [1.0, np.nan]]), r"point 2 is \[1.0, nan\]; expected finite numbers"),
    ],
)
def test_points_that_are_no_function_are_told(points, message):
    with pytest.raises(DataError, match=message):
        fl.approximate(points)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has 0 points; expected two or more"),
        ("1,2\n", "has 1 point; expected two or more"),
        ("1,2\n1,3\n", "two points have x = 1"),
        ("x,y\n1,2\n3,four\n", "line 3 of .* is '3,four'; expected two numbers"),
        ("1,2,3\n4,5,6\n", "line 1 of .* is '1,2,3'; expected two numbers"),
        ("1,2\n3\n", "line 2 of .* is '3'; expected two numbers"),
        ("1,2\n3,inf\n", "expected finite numbers"),
    ],
)
def test_files_that_hold_no_points_are_told(tmp_path, text, message):
    path = tmp_path / "points.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        fl.approximate(path)


def test_a_file_that_is_none_is_told(tmp_path):
    with pytest.raises(MissingDataError, match="there is no file"):
        fl.approximate(tmp_path / "none.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(DataError, match="is no CSV file"):
        fl.approximate(tmp_path / "binary.csv")


def test_a_function_that_fails_or_is_not_finite_is_told():
    with pytest.raises(DataError, match=r"f\(0\) failed \(float division by zero\)"):
        fl.approximate(lambda x: 1 / x, max_slope=1.0)
    with pytest.raises(DataError, match=r"f\(0\) is inf; expected a finite number"):
        fl.approximate(lambda x: math.inf, max_slope=1.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": []}, "units is .*; expected one or more whole numbers"),
        ({"units": [3]}, "a number in units is 3; expected a whole number from 4 to 200"),
        ({"seeds": 0}, "seeds is 0; expected a whole number from 1 to 256"),
    ],
)
def test_curves_tell_bad_settings(options, message):
    with pytest.raises(SettingError, match=message):
        fl.error_curves(SINE, **options)


def test_no_more_parts_are_tried_than_asked_for():
    target, low, high = door(SINE, low=0.0, high=1.0)
    near = build_within(target, "overlapping bumps", low=low, high=high, eps=0.1)
    assert near.n_bumps > 20
    assert (
        build_within(target, "overlapping bumps", low=low, high=high, eps=0.1, most=near.n_bumps).n_bumps
        == near.n_bumps
    )
    assert build_within(target, "overlapping bumps", low=low, high=high, eps=0.1, most=near.n_bumps - 1) is None


def test_a_net_that_is_near_enough_is_not_made_nearer(monkeypatch):
    tried = []

    def counted(*args, **options):
        tried.append(options["eps"])
        return fewest_lines(*args, **options)

    monkeypatch.setattr("foldline.insight.free_knots.fewest_lines", counted)
    target, low, high = door("abs(x)", low=-1.0, high=1.3)
    n_tried = []
    for enough in (1e-3, 0.0):
        tried.clear()
        net = best_net(target, low=low, high=high, n_units=4, enough=enough)
        assert proved("free knots", target, net, low=low, high=high).bound <= max(enough, 1e-6)
        n_tried.append(len(tried))
    assert n_tried[0] < n_tried[1] / 2
