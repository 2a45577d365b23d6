from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import foldline as fl
from foldline.core.errors import DataError, SettingError
from foldline.core.plane_inputs import plane_inputs
from foldline.lab.pages import Given, LabPage
from foldline.lab.playground import Playground
from foldline.lab.points import read_points
from foldline.lab.saving import FILE
from foldline.lab.state import INPUTS, LabState
from tolerances import TOLERANCE

SMALL = LabState(points=60, hidden=(6,), batch=10, lr=0.03)
FLOAT32 = TOLERANCE[np.dtype(np.float32)]


def saved(playground, tmp_path):
    """Save what a playground shows, and load it as a user would."""
    found = playground.save()
    assert found.meta["name"] == FILE
    assert f"foldline.load('{FILE}')" in found.meta["says"]
    (tmp_path / FILE).write_bytes(found.arrays["bytes"].tobytes())
    return fl.load(tmp_path / FILE)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"hidden": ()},
        {"inputs": INPUTS, "hidden": (5, 4), "activation": ("tanh", "leaky_relu")},
        {"inputs": ("angle", "y"), "loss": "svm"},
        {"classes": 8, "dropout": 0.2, "l1": 1e-3},
    ],
)
def test_a_saved_net_gives_the_pages_scores(change, tmp_path):
    state = replace(SMALL, **change)
    playground = Playground(state)
    playground.train(20)
    model = saved(playground, tmp_path)
    points = np.random.default_rng(0).uniform(-3, 3, (40, 2))
    net = playground._moment.model
    scores = np.asarray(net(jnp.asarray(plane_inputs(points.astype(np.float32), state.inputs))))
    assert model.classes_.tolist() == [str(k) for k in range(state.classes)]
    assert_allclose(model.decision_function(points), scores, **FLOAT32)
    assert_array_equal(model.predict(points), scores.argmax(axis=1).astype(str))
    assert hasattr(model, "predict_proba") == (state.loss == "softmax")


def test_points_of_a_file_are_classified_in_their_own_units_and_by_their_own_names(tmp_path):
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(60, 2)) * [0.001, 5000] + [1990, -3e4]
    names = np.where(xy[:, 0] > 1990, "wet", np.where(xy[:, 1] > -3e4, "dry", "icy"))
    text = "".join(f"{x!r},{y!r},{name}\n" for (x, y), name in zip(xy.tolist(), names, strict=True))
    file = read_points(text, name="f")
    playground = Playground(replace(SMALL, data="csv", inputs=("x", "y", "xy"), test=0), Given(points=file))
    for _ in range(40):
        playground.train(20)
    picture = playground.picture()
    model = saved(playground, tmp_path)
    assert model.classes_.tolist() == ["dry", "icy", "wet"]
    assert model.score(xy, names) == pytest.approx(picture.meta["accuracy"]["train"])
    assert model.score(xy, names) > 0.9
    net = playground._moment.model
    scores = np.asarray(net(jnp.asarray(plane_inputs(picture.arrays["points"], ("x", "y", "xy")))))
    columns = [picture.meta["class_names"].index(name) for name in model.classes_]
    assert_allclose(model.decision_function(xy), scores[:, columns], **FLOAT32)


def test_the_columns_that_were_chosen_are_told_and_saved(tmp_path):
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(60, 3)) * [1, 10, 100] + [5, 6, 7]
    lines = [f"{a},{b},{c},{'no' if c < 7 else 'yes'}" for a, b, c in numbers.tolist()]
    file = read_points("\n".join(["age,height,pay,kind", *lines]), name="f")
    playground = Playground(replace(SMALL, data="csv", columns=(2, 0), test=0), Given(points=file))
    for _ in range(20):
        playground.train(20)
    assert "each row (pay, age) of an array, in the units of your file" in playground.save().meta["says"]
    model = saved(playground, tmp_path)
    accuracy = playground.picture().meta["accuracy"]["train"]
    assert model.score(numbers[:, [2, 0]], np.where(numbers[:, 2] < 7, "no", "yes")) == pytest.approx(accuracy)
    assert accuracy > 0.9


def test_the_moment_that_is_shown_is_saved(tmp_path):
    playground = Playground(SMALL)
    playground.train(20)
    newest = saved(playground, tmp_path)
    playground.seek(0)
    first = saved(playground, tmp_path)
    points = np.zeros((1, 2)) + 1
    assert not np.allclose(first.decision_function(points), newest.decision_function(points))


def test_classes_that_are_called_alike_are_told():
    long = "a" * 40
    text = "".join(f"{i},{i % 3},{long}{'xy'[i % 2]}\n" for i in range(8))
    playground = Playground(replace(SMALL, data="csv"), Given(points=read_points(text, name="f")))
    with pytest.raises(DataError, match="2 classes are called 'aaa"):
        playground.save()


def test_a_page_without_a_net_has_none_to_save():
    with pytest.raises(SettingError, match="this page has no net to save"):
        LabPage().save()
