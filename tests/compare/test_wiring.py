import json

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone

import foldline as fl
from foldline.compare import wiring as module
from foldline.compare.points import POINTS
from foldline.compare.wiring import SHARED
from foldline.core.errors import DivergedError, SettingError
from foldline.estimators import MLPClassifier, RandomlyWiredClassifier

MODEL = RandomlyWiredClassifier(nodes=6, width=5, epochs=4, lr=0.05)


@pytest.fixture(scope="module")
def found():
    return fl.wire(POINTS["moons"](0), model=MODEL, kinds=["ws", "er"], graphs=2, seeds=2)


def test_every_graph_of_every_kind_is_trained_with_every_seed(found):
    assert [(net.kind, net.graph_seed) for net in found.nets] == [
        *(("ws", 0), ("ws", 1), ("er", 0), ("er", 1)),
        ("layers", 0),
    ]
    assert all([row.seed for row in net.rows] == [0, 1] for net in found.nets)
    assert found.nets[1].wiring == clone(MODEL).set_params(graph_seed=1).wiring()


def test_the_regular_net_has_as_many_weights_and_the_same_settings(found):
    regular = found.nets[-1]
    assert regular.wiring is None
    assert regular.n_weights == pytest.approx(found.nets[0].n_weights, rel=0.1)
    given, own = MODEL.get_params(), regular.first.get_params()
    assert {name: own[name] for name in SHARED} == {name: given[name] for name in SHARED}


def test_nothing_that_both_kinds_of_nets_have_differs():
    common = RandomlyWiredClassifier().get_params().keys() & MLPClassifier().get_params().keys()
    own = {"early_stopping", "validation_fraction", "patience", "class_weight", "random_state"}
    assert common == {*SHARED, *own}


def test_families_are_means_over_trainings_and_deviations_between_graphs(found):
    values = {kind: [[r.test_accuracy for r in n.rows] for n in found.nets if n.kind == kind] for kind in ("ws", "er")}
    for family in found.families[:2]:
        of_kind = np.array(values[family.kind])
        assert_allclose(family.test, (of_kind.mean(), of_kind.std(ddof=1)))
        assert_allclose(family.between_graphs, of_kind.mean(axis=1).std(ddof=1))
    assert np.isnan(found.families[2].between_graphs)


def test_the_best_graph_is_chosen_by_validation_rows(found):
    assert found.best.val.mean == max(net.val.mean for net in found.nets[:-1])


def test_verdict_table_and_files_tell_the_same(found, tmp_path):
    assert "Watts-Strogatz" in found.verdict
    assert "regular layers" in found.verdict
    assert {len(column) for column in found.table.values()} == {10}
    written = found.save(tmp_path)
    assert [path.name for path in written] == ["wirings.json", "wirings.png", "graph.png"]
    told = json.loads(written[0].read_text())
    assert told["trainings"] == found.table
    assert told["verdict"] == found.verdict
    assert [family["between_graphs"] is None for family in told["families"]] == [False, False, True]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written[1:])


def test_the_spread_as_a_picture(found):
    axes = found.picture().axes[0]
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert [label.split("\n")[0] for label in labels] == ["Watts-Strogatz", "Erdős-Rényi", "regular layers"]
    dots = [line for line in axes.lines if line.get_alpha() == 0.35]
    shown = [value for line in dots for value in line.get_ydata()]
    assert_allclose(shown, [100 * row.test_accuracy for net in found.nets for row in net.rows])


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": ["ws", "grid"]}, "a kind is 'grid'; expected one of 'er', 'ba', 'ws'"),
        ({"kinds": []}, "kinds is \\[\\]; expected a list of graphs"),
        ({"kinds": "ws"}, "kinds is 'ws'; expected a list of graphs"),
        ({"graphs": 0}, "graphs is 0; expected a whole number"),
        ({"seeds": 0}, "seeds is 0; expected a whole number"),
        ({"model": RandomlyWiredClassifier(nodes=999)}, "nodes is 999; expected a whole number from 2 to 512"),
        ({"model": RandomlyWiredClassifier(nodes=4)}, "nodes is 4, too few for k = 4; expected at least 5"),
    ],
)
def test_wrong_settings_are_told_before_any_training(options, message, monkeypatch):
    monkeypatch.delattr(module, "train_population")
    with pytest.raises(SettingError, match=message):
        fl.wire(POINTS["moons"](0), **options)


def test_a_net_that_always_diverges_is_told():
    model = RandomlyWiredClassifier(nodes=5, width=3, epochs=2, lr=1e30)
    with pytest.raises(DivergedError, match="all trainings of RandomlyWiredClassifier"):
        fl.wire(POINTS["moons"](0), model=model, kinds=["er"], graphs=1, seeds=1)


def test_graphs_of_images_stand_beside_two_nodes_in_a_row_of_as_many_weights():
    images = fl.load_images("digits").subset(range(150))
    model = RandomlyWiredClassifier(stages=2, nodes=5, width=8, epochs=1)
    found = fl.wire(images, model=model, kinds=["ws"], graphs=2, seeds=1)
    assert [net.kind for net in found.nets] == ["ws", "ws", "layers"]
    regular = found.nets[-1]
    assert [stage.wiring.edges for stage in regular.first.model_.stages] == [((0, 1),)] * 2
    assert regular.n_weights == pytest.approx(found.nets[0].n_weights, rel=0.1)
    assert {name: getattr(regular.first, name) for name in SHARED} == {name: getattr(model, name) for name in SHARED}
    with pytest.raises(SettingError, match="a RandomlyWiredClassifier with stages and features are hog; expected raw"):
        fl.wire(images, model=model, kinds=["ws"], features=["hog"])
