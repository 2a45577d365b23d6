import asyncio
import importlib
import inspect
import re
import subprocess
import sys

import httpx
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, RobustScaler, StandardScaler

import foldline as fl
from foldline.core.errors import DataError, MissingExtraError, SettingError, ShapeError
from foldline.lab.from_arrays import points_from_arrays, window_of
from foldline.lab.from_model import given_model
from foldline.lab.notebook import _beginning
from foldline.lab.pages import Given
from foldline.lab.playground import Playground
from foldline.lab.state import state_from_link, state_to_link
from lab import live
from tolerances import TOLERANCE

FLOAT32 = TOLERANCE[np.dtype("float32")]


def people(n=60, *, seed=0):
    """Draw heights in cm and weights in kg of three classes."""
    rng = np.random.default_rng(seed)
    y = np.array(["cat", "dog", "cow"])[np.arange(n) % 3]
    return rng.normal(size=(n, 2)) * [10, 8] + [170, 70] + 20 * (np.arange(n) % 3)[:, None], y


def shown(model, X, y):
    """Give the playground that the page opens with."""
    state, given = _beginning(model, X, y)
    assert state_from_link(state_to_link(state)) == (state, [])
    return Playground(state, Given.from_json(given.to_json()))


def scores_of(playground, points):
    return np.array([playground.look(x, y)["scores"] for x, y in points.tolist()])


SCALED = [(), (StandardScaler(),), (MinMaxScaler(), "passthrough", RobustScaler())]


@pytest.mark.parametrize("scalers", SCALED, ids=["as they are", "standardised", "twice"])
@pytest.mark.parametrize("hidden", [(5,), (4, 3), None])
def test_the_first_net_has_the_models_scores(hidden, scalers):
    X, y = people()
    classifier = fl.LinearClassifier() if hidden is None else fl.MLPClassifier(hidden=hidden, epochs=3, loss="svm")
    model = make_pipeline(*scalers, classifier).fit(X, y) if scalers else classifier.fit(X, y)
    playground = shown(model, X, y)
    assert playground.state.hidden == (hidden or ())
    assert playground.state.loss == classifier.loss
    expected = model.decision_function(X[:5])
    # Products with weights that scaling was multiplied into lose what the shift takes away.
    assert_allclose(scores_of(playground, X[:5]), expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    assert playground.picture().meta["class_names"] == ["cat", "cow", "dog"]
    assert playground.picture().meta["accuracy"]["train"] == pytest.approx(model.score(X, y))


def test_training_goes_on_from_the_model_and_reset_goes_back_to_it():
    X, y = people()
    playground = shown(make_pipeline(StandardScaler(), fl.MLPClassifier(hidden=(4,), epochs=2)).fit(X, y), X, y)
    first = playground.picture().arrays["weights"]
    playground.train(1)
    trained = playground.picture().arrays["weights"]
    assert not np.array_equal(trained, first)
    assert np.abs(trained - first).max() < 0.1 * np.abs(first).max()
    playground.reset()
    assert_array_equal(playground.picture().arrays["weights"], first)


@pytest.mark.parametrize("change", ["seed=1", "hidden=5", "activation=tanh", "inputs=x", "data=spiral"])
def test_another_architecture_seed_or_data_begins_at_random_and_the_way_back_with_the_model(change):
    X, y = people()
    state, given = _beginning(fl.MLPClassifier(hidden=(4,), epochs=1).fit(X, y), X, y)
    playground = Playground(state, given)
    first = playground.picture().arrays["weights"]
    name, _, _ = change.partition("=")
    others = "&".join(part for part in state_to_link(state).split("&") if not part.startswith(f"{name}="))
    playground.change(state_from_link(f"{others}&{change}")[0], given)
    assert not np.array_equal(playground.picture().arrays["weights"], first)
    playground.change(state, given)
    assert_array_equal(playground.picture().arrays["weights"], first)


def test_other_points_of_more_classes_begin_at_random():
    X, y = people()
    state, given = _beginning(fl.MLPClassifier(hidden=(4,), epochs=1).fit(X, y), X, y)
    other = points_from_arrays(X, np.arange(len(X)) % 4)
    assert Playground(state, Given(points=other, net=given.net)).picture().meta["layers"] == [[4, 2], [4, 4]]


def test_points_are_in_their_own_units_and_the_window_shows_them_all():
    X, y = people()
    playground = shown(None, pd.DataFrame(X), list(y))
    assert_allclose(playground.picture().arrays["points"], X, **FLOAT32)
    assert playground.picture().meta["class_names"] == ["cat", "cow", "dog"]
    left, right, bottom, top = playground.state.window
    assert (X.min(axis=0) > [left, bottom]).all()
    assert (X.max(axis=0) < [right, top]).all()
    assert len(state_to_link(playground.state)) < 50
    assert window_of(np.array([[0.0, 1e-3], [100.0, 3e-3]])) == (-10, 110, 0.0008, 0.0032)


def test_a_model_without_points_is_shown_on_an_empty_plane():
    X, y = people()
    playground = shown(fl.MLPClassifier(hidden=(4,), epochs=1).fit(X, y), None, None)
    assert playground.state.data == "points"
    assert playground.picture().meta["layers"] == [[4, 2], [3, 4]]
    assert len(playground.picture().arrays["points"]) == 0


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        (np.zeros((3, 2)), [0, 1, 0], "X has a column that cannot be scaled, x; expected numbers that differ"),
        ([[1, 2]], [0], "X has 1 point; expected 2 to 5,000"),
        (np.ones((5001, 2)), np.zeros(5001), "X has 5,001 points; expected 2 to 5,000"),
        ([[1, 2], [3, 4]], [0, 0], "y has 1 class; expected 2 to 8"),
        (np.eye(9, 2), np.arange(9), "y has 9 classes; expected 2 to 8"),
        ([[1, 2], [np.nan, 4]], [0, 1], "X has 'nan,4' in row 1; expected two finite numbers"),
        ([[1, 2], [2e6, 4]], [0, 1], "X has '2e\\+06,4' in row 1; .* up to 1,000,000"),
        ([[1, "a"], [3, 4]], [0, 1], "X has something that is no number"),
        ([[1, 2], [3, 4]], np.array([0, "a"], object), "y has labels of several kinds"),
    ],
)
def test_points_that_cannot_be_shown_are_refused_as_those_of_a_file(X, y, words):
    with pytest.raises(DataError, match=words):
        fl.lab(X=X, y=y, browser=False)


def test_points_of_other_shapes_are_refused():
    with pytest.raises(ShapeError, match=re.escape("X has shape (3, 4); expected (n, 2). Give two columns")):
        fl.lab(X=np.zeros((3, 4)), y=[0, 1, 0], browser=False)
    with pytest.raises(ShapeError, match="y has shape"):
        fl.lab(X=[[1, 2], [3, 4]], y=[0, 1, 0], browser=False)
    with pytest.raises(SettingError, match="X is given without y; expected both, or none"):
        fl.lab(X=[[1, 2], [3, 4]], browser=False)


def test_models_that_cannot_be_shown_are_refused():
    X, y = people()
    with pytest.raises(SettingError, match="model takes 3 features; expected 2, .*PCA"):
        given_model(fl.MLPClassifier(epochs=1).fit(np.c_[X, X[:, 0]], y))
    for model in (fl.KNNClassifier(), fl.make_pipeline(fl.Pixels(), classifier=fl.LinearClassifier())):
        with pytest.raises(SettingError, match=f"model has a {type(model).__name__}; expected an MLPClassifier or"):
            given_model(model)
    for strange in (PolynomialFeatures(), MinMaxScaler(clip=True)):
        with pytest.raises(SettingError, match=f"model has a {type(strange).__name__}"):
            given_model(make_pipeline(strange, fl.LinearClassifier()).fit(X, y))
    with pytest.raises(NotFittedError):
        given_model(fl.LinearClassifier())
    with pytest.raises(SettingError, match="an entry of hidden is 300; expected a whole number from 1 to 256"):
        fl.lab(fl.MLPClassifier(hidden=(300,), epochs=1).fit(X, y), browser=False)
    with pytest.raises(DataError, match="y has the class 'pig', which the model does not know; expected cat, cow, dog"):
        fl.lab(fl.LinearClassifier().fit(X, y), X, ["pig", *y[1:]], browser=False)


def test_several_labs_are_open_at_once_beside_a_running_event_loop():
    X, y = people()
    model = fl.MLPClassifier(hidden=(4,), epochs=1).fit(X, y)

    async def in_a_notebook():
        return [fl.lab(model, X, y, port=live.free_port(), browser=False), fl.lab(X=X, y=y, browser=False)]

    labs = asyncio.run(in_a_notebook())
    try:
        places = [live.Lab(lab.url) for lab in labs]
        assert places[0].port != places[1].port
        for lab, place in zip(labs, places, strict=True):
            with place.page() as page:
                page.say("set", state={"data": "csv", "hidden": [4], "test": 0.0})
                frame = page.frame()
                assert frame.meta["class_names"] == ["cat", "cow", "dog"]
                expected = np.concatenate(
                    [np.ravel(leaf) for layer in model.model_.layers for leaf in (layer.W, layer.b)]
                )
                assert np.allclose(frame.arrays["weights"], expected) == (lab is labs[0])
            assert f'<a href="{lab.url.replace("&", "&amp;")}"' in lab._repr_html_()
    finally:
        for lab in labs:
            lab.close()
            lab.close()
    assert not any(lab.is_open for lab in labs)
    assert "closed" in repr(labs[0]) + labs[0]._repr_html_()
    with pytest.raises(httpx.ConnectError):
        httpx.get(places[0].url)


def test_without_the_packages_of_the_lab_the_install_line_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingExtraError, match=re.escape("uvicorn is not installed; expected for the lab's page")):
        fl.lab(browser=False)


def test_a_lab_is_closed_at_the_end_of_with_and_of_python():
    with fl.lab(browser=False) as lab:
        assert httpx.get(lab.url).status_code == 200
    assert not lab.is_open
    program = f"import foldline as fl; lab = fl.lab(port={live.free_port()}, browser=False); print(lab.url)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    with pytest.raises(httpx.ConnectError):
        httpx.get(ran.stdout.strip())


def test_the_room_is_callable_as_the_function():
    with pytest.raises(SettingError, match="y is given without X"):
        sys.modules["foldline.lab"](y=[0, 1], browser=False)


def test_the_room_and_the_function_have_one_name():
    assert importlib.import_module("foldline.lab.state").LabState is fl.lab.state.LabState
    assert list(inspect.signature(fl.lab).parameters)[:3] == ["model", "X", "y"]
