"""Exhibits of folded space: warps, regions, capacity and regularisation."""

import tempfile
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from foldline.compare import sweep
from foldline.estimators import MLPClassifier
from foldline.gallery.exhibit import Drawn, Exhibit
from foldline.gallery.material import Material
from foldline.insight import Plane, compare_capacity, find_folds, find_separation, find_warp, folds_picture
from foldline.models import MLP, Linear

# Points whose h1 + h2 is large are one class: a line in h, a bent one in the plane.
W_QUADRANTS, B_QUADRANTS = np.array([[1.0, 0.6], [-0.5, 1.1]], np.float32), np.array([0.2, -0.1], np.float32)
BEYOND = 0.6
TROUSERS, SANDAL, SNEAKER = 1, 5, 7


def _quadrants(material: Material) -> Drawn:
    last = Linear(jnp.array([[-1.0, -1.0], [1.0, 1.0]]), jnp.array([BEYOND, -BEYOND]))
    net = MLP((Linear(jnp.asarray(W_QUADRANTS), jnp.asarray(B_QUADRANTS)), last), "relu")
    X = np.random.default_rng(material.seed).uniform(-1, 1, (140, 2))
    labels = (np.maximum(X @ W_QUADRANTS.T + B_QUADRANTS, 0).sum(axis=1) > BEYOND).astype(int)
    warp = find_warp(net)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "warp.gif"
        warp.animation(path, X=X, labels=labels)
        moving = path.read_bytes()
    in_plane, in_h = (find_separation(points, labels == 1).unit for points in (X, warp(X)[1]))
    return Drawn(
        figures=(warp.picture(X=X, labels=labels),),
        moving=moving,
        note=f"Linear programs find {'no line' if in_plane is None else 'a line'} between the classes in the plane, "
        f"and {'none' if in_h is None else 'one'} in h.",
    )


def _deep_warp(material: Material) -> Drawn:
    X, y = material.moons(200, seed=1)
    model = MLPClassifier(hidden=(12, 8), epochs=200, lr=0.05, random_state=material.seed).fit(X, y)
    warps = [find_warp(model, Plane.around(X), layer=layer) for layer in (1, 2)]
    return Drawn(
        figures=tuple(warp.picture(X=X, labels=y) for warp in warps),
        note=f"The plane is folded into {warps[0].n_regions} regions by the first layer and {warps[1].n_regions} "
        f"by the second. {100 * model.score(X, y):.0f} % of the points are right.",
    )


def _capacity(material: Material) -> Drawn:
    found = compare_capacity(*material.moons(120, seed=2), *material.moons(2_000, seed=3), seed=material.seed)
    few, many = found.by_width[0], found.by_width[-1]
    return Drawn(
        figures=(found.picture(),),
        note=f"From {few.width} to {many.width} units: {100 * few.train_accuracy:.0f} to "
        f"{100 * many.train_accuracy:.0f} % of the points it learned from, {100 * few.test_accuracy:.0f} to "
        f"{100 * many.test_accuracy:.0f} % of new ones.",
    )


def _size_or_l2(material: Material) -> Drawn:
    found = sweep(
        material.moons(150, seed=4),
        grid={"hidden": [(3,), (6,), (20,), (100,)], "l2": [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]},
        model=MLPClassifier(epochs=60, lr=0.1),
        seeds=5,
        halving=1,
        seed=material.seed,
    )
    return Drawn(figures=(found.picture(),), note=found.verdict)


def _image_folds(material: Material) -> Drawn:
    model = material.two_layers
    chosen = [int(np.flatnonzero(material.test.labels == label)[0]) for label in (TROUSERS, SANDAL, SNEAKER)]
    images = material.test.images[chosen]
    X = np.asarray(model.features_.transform(images))
    folds = find_folds(model, Plane.through(X))
    return Drawn(
        figures=(folds_picture(folds, X=X, class_names=model.class_names_, images=images),),
        note=f"{folds.n_regions:,} regions; the decision boundary is {folds.boundary.length:.0f} long and has "
        f"{len(folds.boundary.segments)} straight pieces.",
    )


FOLDING = (
    Exhibit(
        name="space-warping",
        title="ReLU folds the plane",
        slides="51-64",
        text="h = W x + b moves the plane and leaves lines lines. ReLU then folds it: A stays, B is laid on the "
        "axis of h2, D on that of h1, all of C falls on the origin. What no line could part in the plane, one line "
        "parts in h; taken back, that line is bent.",
        functions=("find_warp", "foldline warp"),
        draw=_quadrants,
    ),
    Exhibit(
        name="deep-folds",
        title="Fold after fold",
        slides="56-64",
        text="Two layers of a trained net, seen along the two directions in which their units differ most. Each "
        "layer folds what the one before has folded.",
        functions=("find_warp",),
        draw=_deep_warp,
    ),
    Exhibit(
        name="image-folds",
        title="The folds between three images",
        slides="56-64",
        text="The plane through a pair of trousers, a sandal and a sneaker, in the space of all images. Every line "
        "is where one of 64 units switches; inside each piece the net is one linear classifier. Nothing is sampled.",
        functions=("find_folds", "foldline folds"),
        draw=_image_folds,
    ),
    Exhibit(
        name="capacity",
        title="More units, more capacity",
        slides="65-66",
        text="The same points, nets of 3, 6 and 20 hidden units, then the widest with more and more L2. The "
        "boundary is exact. A strong price on weights smooths the wide net; a small net is not needed for that.",
        functions=("compare_capacity",),
        draw=_capacity,
    ),
    Exhibit(
        name="size-or-l2",
        title="Regularise with L2, not with size?",
        slides="66",
        text="The lecture's claim as a measurement: validation accuracy of every width with every L2, five seeds "
        "each. Whether size costs anything depends on the data; the verdict below is of these.",
        functions=("sweep", "foldline sweep"),
        draw=_size_or_l2,
    ),
)
