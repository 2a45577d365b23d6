"""Exhibit of random wiring: graphs of three kinds, and one that has learned."""

from foldline.estimators import ImagePipeline, MLPClassifier, RandomlyWiredClassifier, make_pipeline
from foldline.features import HOG
from foldline.gallery.exhibit import Drawn, Exhibit
from foldline.gallery.material import Material
from foldline.insight import wiring_picture
from foldline.models import n_numbers, random_wiring
from foldline.models.mlp import regular_width
from foldline.models.wiring import GRAPHS

NODES, WIDTH = 12, 48  # compiled in a few seconds
SETTINGS = {"l2": 1e-3, "dropout": 0.1, "epochs": 20}


def _wiring(material: Material) -> Drawn:
    wired = RandomlyWiredClassifier(nodes=NODES, width=WIDTH, random_state=material.seed, **SETTINGS)  # type: ignore[arg-type]  # of mixed types
    model = _trained(wired, material)
    n_weights = n_numbers(model.classifier_.model_)
    width = regular_width(
        n_in=model.classifier_.n_features_in_, n_out=len(material.train.class_names), n_weights=n_weights
    )
    regular = _trained(MLPClassifier(hidden=(width, width), random_state=material.seed, **SETTINGS), material)  # type: ignore[arg-type]  # as above
    shares = [100 * one.score(material.test.images, material.test.labels) for one in (model, regular)]
    graphs = [wiring_picture(random_wiring(kind), title=GRAPHS[kind].title) for kind in ("er", "ba", "ws")]
    return Drawn(
        figures=(*graphs, wiring_picture(model, title=f"{NODES} nodes that have learned clothes")),
        note=f"Clothes from their gradients: {shares[0]:.1f} % of {len(material.test):,} test images right when wired "
        f"at random, {shares[1]:.1f} % with two regular layers of as many weights ({n_weights:,}).",
    )


def _trained(classifier: RandomlyWiredClassifier | MLPClassifier, material: Material) -> ImagePipeline:
    model = make_pipeline(HOG(), classifier=classifier)
    return model.fit(material.train.images, material.train.labels, class_names=material.train.class_names)


WIRING = (
    Exhibit(
        name="wiring",
        title="Wired at random, and it works",
        slides="48-49",
        text="Brains have no regular layers. Draw a random graph, direct its edges, and let every node add up what "
        "feeds it and be a small layer of its own: such nets learn as well as regular ones. Three kinds of graphs "
        "with the settings of Xie and others, then a smaller one whose edges have learned how much to let through.",
        functions=("RandomlyWiredClassifier", "wiring_picture", "foldline wire"),
        draw=_wiring,
    ),
)
