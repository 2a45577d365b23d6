import json
import time
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import DataError, SettingError
from foldline.core.plane_inputs import plane_inputs
from foldline.estimators import LinearClassifier, MLPClassifier
from foldline.insight.directions import moved
from foldline.insight.landscapes import loss_slice
from foldline.insight.loss_planes import loss_plane
from foldline.lab.engine_session import EngineSession
from foldline.lab.frames import decode_frame
from foldline.lab.inputs import window_grid
from foldline.lab.landscape import COARSE, FINE, LandscapePage
from foldline.lab.pages import NOTHING
from foldline.lab.playground import Playground
from foldline.lab.state import LANDSCAPE_KINDS, LabState
from foldline.lab.verdicts import ROUNDING
from foldline.lab.weight_plane import ALL_ZERO, MOST_ON_PATH, NO_ORDER, NOT_YET, SIDE, weight_plane
from tolerances import TOLERANCE

SMALL = LabState(page="landscape", points=60, hidden=(6,), lr=0.01)
FLOAT32 = TOLERANCE[np.dtype("float32")]
SOON = 0.0  # a time that has passed: as little is computed as can be


def trained(state, n_steps=100):
    playground = Playground(state)
    while playground.last_step < n_steps:
        playground.train(min(10, n_steps - playground.last_step))
    return playground


def page_of(state, n_steps=100):
    return LandscapePage(trained(state, n_steps), state)


def finished(page, *, is_playing=False):
    """Compute all there is to compute, and give the picture."""
    page.picture(is_playing=is_playing)
    while page.is_working:
        page.work(time.monotonic() + 1)
    return page.picture(is_playing=is_playing)


def plane_of(state, n_steps=100):
    playground = trained(state, n_steps)
    return weight_plane(state, playground.points, playground.moments()), playground


def estimator_of(page, state):
    """Give a fitted classifier with the page's net, and the rows it learned from."""
    points, net = page._playground.points, page._playground.moment.model
    X, y = plane_inputs(points.xy[~points.is_test], state.inputs), points.labels[~points.is_test]
    settings = {"loss": state.loss, "l1": state.l1, "l2": state.l2, "epochs": 1}
    model = MLPClassifier(hidden=state.hidden, **settings) if state.hidden else LinearClassifier(**settings)
    model.fit(X, y)
    model.model_ = net
    return model, X, y


def flat(net):
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(net)]).astype(float)


@pytest.mark.parametrize("kind", ["filter", "random", "weight"])
@pytest.mark.parametrize("change", [{}, {"loss": "svm", "l2": 0.01, "l1": 0.003}, {"hidden": ()}, {"hidden": (5, 4)}])
def test_the_line_is_that_of_loss_slice(kind, change):
    state = replace(SMALL, landscape_kind=kind, landscape_seed=3, landscape_range=1.5, **change)
    page = page_of(state)
    picture = finished(page)
    found = loss_slice(*estimator_of(page, state), kind=kind, low=-1.5, high=1.5, points=101, seed=3)
    assert_allclose(picture.arrays["line"], np.stack([found.steps, found.values], axis=1), rtol=1e-4, atol=1e-5)
    assert sorted(picture.arrays["line_minima"]) == sorted(found.minima)
    assert picture.meta["structure"]["is_convex"] == found.structure.is_convex
    violation, expected = picture.meta["convexity"]["violation"], found.convexity.violation
    if expected is not None and expected.amount > 1e-4:
        assert violation["between"] - found.convexity.violation.chord == pytest.approx(expected.amount, rel=1e-2)
        assert (violation["x1"], violation["x2"]) == pytest.approx((expected.x1, expected.x2), abs=0.05)
    elif violation is not None:
        assert violation["between"] - (violation["t"] * violation["f1"] + (1 - violation["t"]) * violation["f2"]) < 2e-4


@pytest.mark.parametrize("kind", ["filter", "random"])
def test_the_map_is_that_of_loss_plane_with_the_top_row_first(kind):
    state = replace(SMALL, landscape_kind=kind, landscape_range=0.7)
    page = page_of(state)
    found = loss_plane(*estimator_of(page, state), kind=kind, span=0.7, points=FINE)
    assert_allclose(finished(page).arrays["map"], found.values[::-1], rtol=1e-4, atol=1e-5)


def test_the_line_turns_within_the_plane_against_the_clock():
    state = replace(SMALL, landscape_range=1)
    page = page_of(state)
    values = finished(page).arrays["map"]
    for angle, across in ((0, values[FINE // 2]), (90, values[::-1, FINE // 2]), (180, values[FINE // 2, ::-1])):
        page.change(replace(state, landscape_angle=angle), NOTHING)
        picture = finished(page)
        assert picture.meta["line"] == {"angle": angle, "range": 1}
        steps, line = picture.arrays["line"].T
        assert_allclose(np.interp(np.linspace(-1, 1, 11), steps, line), across[:: (FINE - 1) // 10], **FLOAT32)


@pytest.mark.parametrize("kind", LANDSCAPE_KINDS)
def test_the_middle_is_the_net_itself(kind):
    state = replace(SMALL, landscape_kind=kind)
    page = page_of(state)
    picture = finished(page)
    model, X, y = estimator_of(page, state)
    scores = np.asarray(model.model_(jnp.asarray(X)), float)
    loss = np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(y)), y])
    assert picture.arrays["line"][50] == pytest.approx([0, loss], rel=1e-5)
    assert picture.arrays["map"][FINE // 2, FINE // 2] == pytest.approx(loss, rel=1e-5)
    assert picture.meta["plane_note"] is None


def test_the_first_weights_and_the_net_reordered_lie_at_step_1():
    plane, playground = plane_of(replace(SMALL, landscape_kind="start"))
    first = weight_plane(SMALL, playground.points, playground.moments()[:1])
    assert_allclose(plane.values(np.array([[1.0, 0.0]])), first.values(np.zeros((1, 2))), rtol=1e-5)
    plane, _ = plane_of(replace(SMALL, landscape_kind="reordered"))
    itself, other = plane.values(np.array([[0.0, 0.0], [1.0, 0.0]]))
    assert itself == pytest.approx(other, rel=1e-5)
    assert np.abs(flat(plane.directions[0])).max() > 0.1


def test_a_path_ends_in_the_middle_and_what_is_left_of_it_stands_upright_on_the_plane():
    state = replace(SMALL, landscape_kind="path")
    plane, playground = plane_of(state, 1500)
    assert len(playground.moments()) > MOST_ON_PATH >= len(plane.path) > MOST_ON_PATH / 3
    assert_allclose(plane.path[-1], 0, atol=1e-6)
    assert_allclose(np.abs(plane.path).max(axis=0), 0.8, rtol=1e-6)
    first, second = map(flat, plane.directions)
    moments = playground.moments()
    way = flat(moments[0].model) - flat(moments[-1].model)
    rest = way - plane.path[0, 0] * first - plane.path[0, 1] * second
    assert_allclose([rest @ first, rest @ second], 0, atol=1e-5 * (way @ way))
    assert 0.5 < plane.path_share <= 1


@pytest.mark.parametrize("loss", ["softmax", "svm"])
def test_no_line_of_a_linear_classifier_is_told_to_be_bent_by_rounding(loss):
    for seed in range(12):
        state = replace(
            SMALL, hidden=(), loss=loss, l2=0.01 * (seed % 2), landscape_seed=seed,
            landscape_range=10 ** (seed % 3 - 1.0),
            landscape_kind=("filter", "random", "weight")[seed % 3],
        )  # fmt: skip
        picture = finished(page_of(state))
        assert picture.meta["convexity"] == {"n_samples": 101, "violation": None}
        assert picture.meta["structure"]["is_convex"]
        assert len(picture.arrays["line_minima"]) <= 1


@pytest.mark.parametrize("hidden", [(), (20,), (8, 8, 8)])
def test_values_are_as_exact_as_is_said(hidden):
    for seed in range(5):
        plane, _ = plane_of(replace(SMALL, hidden=hidden, seed=seed, loss=("softmax", "svm")[seed % 2]))
        places = np.random.default_rng(seed).uniform(-5, 5, (9, 2))
        values = plane.values(places)
        with jax.enable_x64(True):
            exact = [
                plane.problem.exact(moved(plane.problem.model, plane.directions, place)) for place in places.tolist()
            ]
        assert np.abs(values - exact).max() < ROUNDING * np.abs(values).max()


def test_what_cannot_be_shown_yet_is_random_with_a_note():
    for change, n_steps, note in (
        ({"landscape_kind": "start"}, 0, NOT_YET),
        ({"landscape_kind": "path"}, 0, NOT_YET),
        ({"landscape_kind": "path"}, 100, None),
        ({"landscape_kind": "reordered", "hidden": (1,)}, 100, NO_ORDER),
        ({"landscape_kind": "reordered", "hidden": ()}, 100, NO_ORDER),
        ({"hidden": ()}, 0, ALL_ZERO),
        ({"hidden": (), "landscape_kind": "weight"}, 0, ALL_ZERO),
        ({"hidden": (), "landscape_kind": "path"}, 0, ALL_ZERO),
    ):
        picture = finished(page_of(replace(SMALL, **change), n_steps))
        assert picture.meta["plane_note"] == note
        assert picture.arrays["map"].std() > 0


def test_two_single_weights_are_two():
    for seed in range(30):
        plane, _ = plane_of(replace(SMALL, hidden=(), inputs=("x",), landscape_kind="weight", landscape_seed=seed), 20)
        assert flat(plane.directions[0]) @ flat(plane.directions[1]) == 0


def test_a_large_net_is_looked_at_on_some_of_the_points():
    plane, playground = plane_of(replace(SMALL, points=3000, hidden=(256, 256)), 0)
    n_train = int((~playground.points.is_test).sum())
    assert 300 < plane.n_rows < n_train
    assert set(plane.problem.y[: plane.n_rows].tolist()) == {0, 1, 2}
    assert plane.problem.weights.sum() == pytest.approx(len(plane.problem.y), rel=1e-5)
    small, _ = plane_of(replace(SMALL, points=3000), 0)
    assert small.n_rows == n_train


def test_pieces_give_what_the_whole_gives():
    whole, piecewise = (page_of(SMALL) for _ in range(2))
    expected, n_pieces = finished(whole), 0
    piecewise.picture(is_playing=False)
    while piecewise.is_working:
        piecewise.work(SOON)
        n_pieces += 1
        piecewise.picture(is_playing=False)
    assert n_pieces > 10
    for name, array in finished(piecewise).arrays.items():
        assert_array_equal(array, expected.arrays[name], err_msg=name)


def test_while_the_net_is_trained_a_map_that_was_begun_is_ended_and_is_coarse():
    page, seen = page_of(SMALL), set()
    page.picture(is_playing=True)
    for _ in range(60):
        page.train(5)
        page.work(SOON)
        picture = page.picture(is_playing=True)
        if picture.meta["map"]:
            seen.add(picture.meta["map"]["step"])
            assert picture.arrays["map"].shape == (COARSE, COARSE)
    assert len(seen) > 2
    picture = finished(page)
    assert picture.meta["map"]["step"] == picture.meta["step"]
    assert picture.arrays["map"].shape == (FINE, FINE)


def test_a_line_that_is_turned_leaves_the_map_that_is_being_computed():
    page = page_of(SMALL)
    page.picture(is_playing=False)
    while not any(one.settings == (1.2, FINE) and one.n_left < FINE**2 for one in page._todo):
        page.work(SOON)
    (fine,) = page._todo
    n_left = fine.n_left
    page.change(replace(SMALL, landscape_angle=30), NOTHING)
    page.work(SOON)
    page.work(SOON)
    assert page.picture(is_playing=False).meta["line"]["angle"] == 30
    assert page._todo == [fine]
    assert fine.n_left <= n_left


def test_without_points_there_is_an_error_and_no_work():
    state = replace(SMALL, data="points")
    page = LandscapePage(Playground(state), state)
    assert page.is_working
    with pytest.raises(DataError, match="there are no points that have a loss"):
        page.work(SOON)
    assert not page.is_working
    page.change(SMALL, NOTHING)
    assert finished(page).arrays["line"].shape == (101, 2)


def test_a_place_is_looked_at_with_its_own_net():
    page = page_of(SMALL)
    with pytest.raises(DataError, match="no plane yet"):
        page.look(0.0, 0.0)
    finished(page)
    told = page.look(0.5, -0.25)
    plane = page._plane
    assert told["loss"] == pytest.approx(plane.values(np.array([[0.5, -0.25]]))[0])
    net = jax.tree.map(
        lambda w, a, b: w + 0.5 * a - 0.25 * b, plane.problem.model, plane.directions[0], plane.directions[1]
    )
    scores = np.asarray(net(jnp.asarray(plane_inputs(window_grid(SMALL.window, side=SIDE), ("x", "y")))))
    assert told["shape"] == [SIDE, SIDE, 3]
    assert_allclose(np.reshape(told["scores"], (-1, 3)), scores, atol=1e-5)
    points = page._playground.points
    rows = ~points.is_test
    right = np.asarray(net(jnp.asarray(points.xy[rows]))).argmax(axis=1) == points.labels[rows]
    assert told["right"] == pytest.approx(right.mean(), abs=1e-5)
    with pytest.raises(SettingError, match="x is 101.0; expected a number at least -100"):
        page.look(101.0, 0.0)


def test_what_is_looked_at_before_the_next_picture_is_the_net_that_is_still_shown():
    page = page_of(SMALL)
    finished(page)
    told = page.look(0.5, 0.0)
    page.change(replace(SMALL, inputs=("x", "y", "xy")), NOTHING)
    assert page.look(0.5, 0.0) == told


def frame_of(session):
    frame, text = session.frame()
    assert text is None
    found = decode_frame(frame)
    session.do({"do": "ack", "frame": found.number})
    return found


@pytest.mark.parametrize("pages", [("playground", "landscape"), ("landscape", "playground")])
def test_both_pages_train_one_net_and_it_goes_on_from_one_to_the_other(pages):
    session, small = EngineSession(), {"points": 60, "hidden": [6]}
    steps = []
    session.do({"do": "set", "state": {**small, "page": pages[0]}})
    session.do({"do": "play"})
    for page in (*pages, pages[0]):
        session.do({"do": "set", "state": {**small, "page": page}})
        shown, trained = frame_of(session), frame_of(session)
        assert shown.kind == trained.kind == page
        assert shown.meta["playing"]
        assert shown.meta["step"] == (steps[-1] if steps else 0)
        steps.append(trained.meta["step"])
    assert 0 < steps[0] < steps[1] < steps[2]
    assert len({id(getattr(one, "_playground", one)) for one in session._pages.values()}) == 1


def test_a_session_draws_the_landscape_until_nothing_is_left_and_is_then_still():
    session = EngineSession()
    session.do({"do": "set", "state": {"page": "landscape", "points": 60, "hidden": [6]}})
    while session.due_s() is not None:
        frame = frame_of(session)
    assert frame.meta["left"] == 0
    assert frame.arrays["map"].shape == (FINE, FINE)
    assert "loss" in json.loads(session.do({"do": "look", "x": 0.0, "y": 0.5}))["look"]
    session.do({"do": "reset"})
    assert session.due_s() is not None
