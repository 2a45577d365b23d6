"""Exhibits of linear classifiers and nets: what they are, what they learn, how far they get."""

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_iris

from foldline.compare import compare
from foldline.compare.pictures import accuracy_against_time
from foldline.core.seeds import key_from_seed
from foldline.estimators import MLPClassifier
from foldline.gallery.exhibit import Drawn, Exhibit
from foldline.gallery.material import Material
from foldline.insight import first_layer_templates, linear_templates, net_picture, recombine, template_sheet
from foldline.insight.style import COLORS, look
from foldline.models import MLP
from foldline.training.objective import objective

RECIPES = ("raw/softmax", "raw/svm", "raw/mlp2", "hog/softmax", "hog/mlp2")
SANDAL = 5
# So small a rate leaves float32 weights as they started.
NO_RATE = 1e-30
STEP = 1e-6  # of differences in float64, whose truncation and rounding are then alike


def _board(material: Material) -> Drawn:
    found = compare(material.train, recipes=list(RECIPES), seeds=1, seed=material.seed)
    return Drawn(figures=(accuracy_against_time(found),), note=f"{found.verdict.headline}.")


def _class_templates(material: Material) -> Drawn:
    model = material.linear
    templates = linear_templates(
        np.asarray(model.classifier_.model_.layers[0].W),
        image_shape=model.image_shape_,
        class_names=model.class_names_,
    )
    share = model.score(material.test.images, material.test.labels)
    return Drawn(
        figures=(template_sheet(templates, n_columns=5),),
        note=f"{100 * share:.1f} % of {len(material.test):,} test images right.",
    )


def _graph(material: Material) -> Drawn:
    flowers = load_iris()
    X = ((flowers.data - flowers.data.mean(axis=0)) / flowers.data.std(axis=0)).astype(np.float32)
    model = MLPClassifier(hidden=(6,), epochs=60, lr=0.05, l2=1e-3, random_state=material.seed).fit(X, flowers.target)
    return Drawn(
        figures=(net_picture(model),),
        note=f"Two layers, six units wide, {model.score(X, flowers.target) * 100:.0f} % of Fisher's 150 irises right.",
    )


def _template_bank(material: Material) -> Drawn:
    after = material.two_layers
    start = clone(after.classifier).set_params(lr=NO_RATE, epochs=1)
    banks = []
    for model, title in ((material.trained(start), "before training"), (after, "after training")):
        first, second = model.classifier_.model_.layers
        templates = first_layer_templates(
            np.asarray(first.W), np.asarray(second.W), image_shape=model.image_shape_, n_units=16
        )
        banks.append(template_sheet(templates, n_columns=8, title=title))
    modes = recombine(after, material.train.images, material.train.labels, class_index=SANDAL, n_modes=3)
    share = after.score(material.test.images, material.test.labels)
    return Drawn(
        figures=(*banks, modes.picture(n_units=7)),
        note=f"The net gets {100 * share:.1f} % of {len(material.test):,} test images right. Sandals fall into "
        f"{', '.join(f'{100 * part:.0f} %' for part in modes.shares)} by which templates speak for them.",
    )


def _gradients(material: Material) -> Drawn:
    from matplotlib.figure import Figure

    with jax.enable_x64(True):
        first_key, data_key, label_key = jax.random.split(key_from_seed(material.seed), 3)
        net = MLP.random(n_in=8, n_out=4, hidden=(10,), key=first_key)
        net = jax.tree.map(lambda a: a.astype(jnp.float64), net)
        X = jax.random.normal(data_key, (30, 8), jnp.float64)
        y = jax.random.randint(label_key, (30,), 0, 4)

        def loss(model: MLP) -> jax.Array:
            return objective(model, X, y, None, loss="svm", l1=0.0, l2=0.01)[0]

        W = net.layers[0].W
        steps = STEP * jnp.eye(W.size).reshape(-1, *W.shape)

        def loss_after(step: jax.Array) -> jax.Array:
            return loss(_with_first(net, W + step))

        ahead, behind = (np.asarray(jax.vmap(loss_after)(some)) for some in (steps, -steps))
        exact, differences = np.asarray(jax.grad(loss)(net).layers[0].W).ravel(), (ahead - behind) / (2 * STEP)
    with look():
        figure = Figure(figsize=(4.6, 4.2), layout="constrained")
        axes = figure.add_subplot()
        low, high = float(exact.min()), float(exact.max())
        axes.plot([low, high], [low, high], color=COLORS["muted"], linewidth=1)
        axes.plot(differences, exact, "o", color=COLORS["series-1"], markersize=4)
        axes.set(xlabel="by differences", ylabel="by the chain rule", title="dL/dW1, number by number")
    return Drawn(
        figures=(figure,),
        note=f"{len(exact)} derivatives; the largest difference is {np.abs(exact - differences).max():.1e}.",
    )


def _with_first(net: MLP, W: jax.Array) -> MLP:
    first, *rest = net.layers
    return MLP((type(first)(W, first.b), *rest), net.activation)


BOARD = Exhibit(
    name="board",
    title="How far each idea gets",
    slides="2-3, 18-19, 24, 97-100",
    text="Linear classifiers and nets, on pixels and on gradients, trained on the same images and asked about the "
    "same others. Features made by hand and features learned by a net are two answers to one question.",
    functions=("compare", "foldline compare"),
    draw=_board,
)
NETS = (
    Exhibit(
        name="class-templates",
        title="One template a class",
        slides="4, 20",
        text="A linear classifier f = W x + b compares the image with one template for each class: bright where a "
        "bright pixel speaks for it. One template cannot show a shoe that points left and one that points right.",
        functions=("linear_templates", "template_sheet"),
        draw=_class_templates,
    ),
    Exhibit(
        name="net",
        title="Every input affects every unit",
        slides="20-26, 31",
        text="f = W2 max(0, W1 x + b1) + b2. Element (i, j) of W1 is the effect of x_j on h_i. Depth is the number "
        "of matrices, width the number of units of a layer; the layers are fully connected.",
        functions=("net_picture", "MLPClassifier"),
        draw=_graph,
    ),
    Exhibit(
        name="template-bank",
        title="A bank of templates, put together anew",
        slides="27-30",
        text="The first layer of a net is a bank of templates; most cannot be read. The second layer puts them "
        "together, so that several of them cover several modes of a class: each row below is one, with its mean "
        "image and the templates that say most for it (+) or against it (-).",
        functions=("first_layer_templates", "recombine"),
        draw=_template_bank,
    ),
)
OBJECTIVE = Exhibit(
    name="objective",
    title="The loss and its gradients, checked",
    slides="101",
    text="s = W2 max(0, W1 x + b1) + b2; L_i sums max(0, s_j - s_y + 1) over the wrong classes; R adds the squares "
    "of all weights. Derivatives by the chain rule agree with small differences of the loss.",
    functions=("foldline.training",),
    draw=_gradients,
)
