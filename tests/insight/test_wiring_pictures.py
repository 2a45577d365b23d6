import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.figure import Figure

from foldline.core.errors import SettingError
from foldline.estimators import MLPClassifier, RandomlyWiredClassifier
from foldline.insight import wiring_picture
from foldline.insight.style import look
from foldline.insight.wiring_pictures import draw_wiring, node_places, stages_of, wired_net
from foldline.models import RandWire, RandWireOnImages, Wiring, random_wiring

WIRING = random_wiring("ws", n=10, k=4, seed=3)


def learned(wiring=WIRING):
    net = RandWire.random(n_in=3, n_out=2, width=2, wiring=wiring, key=jax.random.key(0))
    return eqx.tree_at(lambda net: net.edges, net, jnp.linspace(-3, 3, len(net.edges)))


def arrows(model):
    with look():
        axes = Figure().add_subplot()
        draw_wiring(axes, model)
    return axes.patches


def test_edges_are_as_wide_as_they_weigh_and_those_into_the_output_are_dashed():
    found = arrows(learned())
    n_weighted = len(WIRING.edges) + len(WIRING.inlets)
    assert len(found) == n_weighted + len(WIRING.outlets)
    widths = [arrow.get_linewidth() for arrow in found[:n_weighted]]
    assert (np.diff(widths) > 0).all()  # as the raw weights ascend
    assert all(arrow.get_linestyle() not in ("-", "solid") for arrow in found[n_weighted:])


def test_a_graph_alone_has_edges_of_one_width():
    assert len({arrow.get_linewidth() for arrow in arrows(WIRING)[: len(WIRING.edges)]}) == 1


def test_columns_are_depths_and_no_two_nodes_share_a_place():
    places = node_places(WIRING)
    assert [places[node][0] for node in range(10)] == list(WIRING.depths)
    assert len(set(places.values())) == 10


def test_a_fitted_classifier_shows_the_weights_of_its_net():
    X = np.random.default_rng(0).standard_normal((30, 2))
    model = RandomlyWiredClassifier(nodes=4, k=2, width=3, epochs=2).fit(X, X[:, 0] > 0)
    wiring, weights = wired_net(*stages_of(model))
    assert wiring == model.wiring()
    for mine, nets in zip(weights, model.model_.edge_weights, strict=True):
        np.testing.assert_array_equal(mine, nets)


def test_the_picture_of_a_net(assert_golden):
    assert_golden(wiring_picture(learned(), title="ten nodes"), "wiring")


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("model", "message"),
    [
        (MLPClassifier(), "the model is a MLPClassifier; expected a graph"),
        (RandomlyWiredClassifier(), "the model is a RandomlyWiredClassifier; expected a graph: .* Fit one of these"),
        (Wiring(65, ()), "the graph has 65 nodes; expected at most 64"),
    ],
)
def test_what_cannot_be_drawn_is_told(model, message):
    with pytest.raises(SettingError, match=message):
        wiring_picture(model)


def test_every_stage_of_a_net_of_images_has_a_graph_in_the_picture():
    net = RandWireOnImages.random(
        image_shape=(8, 8, 1), n_out=2, width=8, wirings=[WIRING, Wiring(2, ((0, 1),))], key=jax.random.key(0)
    )
    titles = [axes.get_title(loc="left") for axes in wiring_picture(net, title="clothes").axes]
    assert titles == [f"stage 1: 10 nodes, {len(WIRING.edges)} edges", "stage 2: 2 nodes, 1 edges"]
