import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits

import foldline as fl
from foldline.core.errors import DataError, ModelFileError, SettingError
from foldline.estimators import make_classifier
from killed_runs import Killed
from model_files import IMAGES, LABELS, rewrite, two_features

X, Y = load_digits(return_X_y=True)
X, NAMES = (X[:300] / 16).astype(np.float32), np.array([f"digit {y}" for y in Y[:300]])


def small(**settings):
    return fl.RandomlyWiredClassifier(
        **{"nodes": 5, "k": None if "graph" in settings else 2, "width": 8, "epochs": 4, "random_state": 3, **settings}
    )


def test_it_learns():
    assert small(epochs=10, width=16).fit(X, NAMES).score(X, NAMES) > 0.9


def test_the_graph_has_a_seed_of_its_own():
    one, other = (small(random_state=seed, epochs=1).fit(X, NAMES).model_ for seed in (0, 1))
    assert one.wiring == other.wiring
    assert not np.allclose(one.inlet.W, other.inlet.W)
    assert small(graph_seed=1, epochs=1).fit(X, NAMES).model_.wiring != one.wiring


def test_members_of_a_population_become_what_fit_makes_of_them_alone():
    model = small(epochs=2, dropout=0.3, k=None, p=0.6)
    for member in fl.train_population(model, X, NAMES, hyper={"graph": ["ws", "er"]}, seeds=[0, 7]):
        alone = small(epochs=2, dropout=0.3, p=0.6, **member.settings, random_state=member.seed).fit(X, NAMES)
        assert_allclose(member.classifier.scores(X), alone.scores(X), rtol=1e-3, atol=1e-3)
        assert member.classifier.model_.wiring == alone.model_.wiring
        assert member.classifier.lr_ == pytest.approx(alone.lr_)


def test_a_fit_that_was_killed_goes_on_when_called_again(tmp_path):
    def die(report):
        if report.epoch == 3:
            raise Killed

    checkpoints = fl.Checkpoints(folder=tmp_path, every_s=0.0)
    with pytest.raises(Killed):
        small(dropout=0.2).fit(X, NAMES, checkpoints=checkpoints, callbacks=[die])
    begun = []
    again = small(dropout=0.2)
    again.fit(X, NAMES, checkpoints=checkpoints, callbacks=[lambda report: begun.append(report.epoch)])
    assert begun == [3, 4]
    assert_array_equal(again.scores(X), small(dropout=0.2).fit(X, NAMES).scores(X))
    with pytest.raises(SettingError, match="a checkpoint of a run with another recipe"):
        small(dropout=0.2, graph="er").fit(X, NAMES, checkpoints=checkpoints)


def test_a_pipeline_of_images_gives_the_same_bits_after_loading(tmp_path):
    model = fl.ImagePipeline(two_features(), small(epochs=1)).fit(IMAGES, LABELS)
    model.save(tmp_path / "wired.safetensors")
    loaded = fl.load(tmp_path / "wired.safetensors")
    assert_array_equal(loaded.decision_function(IMAGES), model.decision_function(IMAGES))
    assert loaded.classifier_.model_.wiring == model.classifier_.model_.wiring


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"graph": "grid"}, "graph is 'grid'; expected one of"),
        ({"nodes": 4, "k": 4}, "nodes is 4, too few for k = 4; expected at least 5"),
        ({"nodes": 10**6}, "nodes is 1000000; expected a whole number from 2 to 512"),
        ({"width": 0}, "width is 0; expected a whole number from 1 to 4096"),
        ({"graph": "er", "p": 2.0}, "p is 2.0; expected a number above 0"),
        ({"graph": "ba", "k": 4}, "k is 4 with graph='ba'"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"l2": -1.0}, "l2 is -1.0"),
    ],
)
def test_settings_outside_their_range_are_told(settings, message):
    with pytest.raises(SettingError, match=message):
        small(**settings).fit(X, NAMES)


def test_one_class_is_told():
    with pytest.raises(DataError, match="the labels hold one class only"):
        small().fit(X, np.zeros(300))


def test_wiring_makes_a_randomly_wired_classifier():
    made = make_classifier(wiring="ba", nodes=9, width=None, l2=0.5, random_state=4)
    assert (type(made), made.graph, made.nodes, made.width) == (fl.RandomlyWiredClassifier, "ba", 9, 64)
    assert (made.l2, made.random_state) == (0.5, 4)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"wiring": "ring"}, "wiring is 'ring'; expected one of"),
        ({"wiring": "ws", "hidden": (8,)}, r"wiring is 'ws' and hidden is \(8,\); expected one of them"),
        ({"wiring": "ws", "activation": "tanh"}, "activation is 'tanh' with wiring='ws'; expected settings of a Rand"),
        ({"wiring": "ws", "nodes": 3}, "nodes is 3, too few for k = 4; expected at least 5"),
        ({"wiring": "ws", "loss": "squares"}, "wiring is 'ws' with loss='squares'; expected no other setting than l2"),
        ({"nodes": 8}, "nodes is 8 and there is no wiring; expected a kind of graph with it"),
        ({"hidden": (8,), "width": 8}, "width is 8 and there is no wiring"),
    ],
)
def test_settings_that_do_not_go_together_are_told(settings, message):
    with pytest.raises(SettingError, match=message):
        make_classifier(**settings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda net: net.update(n_nodes=10**9), "nodes is 1000000000; expected a whole number from 1 to 512"),
        (lambda net: net.update(n_nodes=6), "do not fit a graph of 6 nodes"),
        (lambda net: net["edges"].pop(), "do not fit a graph of 5 nodes and 4 edges"),
        (lambda net: net["edges"].append([4, 2]), "the end of an edge is 2|the start of an edge is 4"),
        (lambda net: net["layers"].pop(1), "do not fit a graph of 5 nodes"),
        (lambda net: net.update(raw="tensor_1"), "raw|do not fit"),
    ],
)
def test_a_changed_graph_in_a_file_is_refused(tmp_path, change, message):
    file = tmp_path / "wired.safetensors"
    fl.save(small(epochs=1).fit(X, NAMES), file)
    rewrite(file, lambda recipe, _: change(recipe["estimator"]["fitted"]["model_"]["wired"]))
    with pytest.raises(ModelFileError, match=message):
        fl.load(file)
