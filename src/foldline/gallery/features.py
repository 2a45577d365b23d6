"""Exhibits of hand-made features."""

import numpy as np
from sklearn.datasets import make_circles

from foldline.estimators import LinearClassifier, RidgeClassifier, make_pipeline
from foldline.features import HOG, ColorHistogram, DenseSIFT, FisherVector, Patches, ProductQuantizer, VisualWords
from foldline.gallery.exhibit import Drawn, Exhibit
from foldline.gallery.material import Material
from foldline.insight import (
    bag_picture,
    color_histogram_picture,
    concatenation_picture,
    hog_picture,
    polar_boundary,
    shaded,
    usual_answers,
    word_patches,
    word_sheet,
    words_on_image,
)
from foldline.insight.style import SERIES, look

N_WORDS = 96


def _polar(material: Material) -> Drawn:
    found = polar_boundary(*make_circles(200, noise=0.08, factor=0.4, random_state=material.seed))
    w = found.weights
    return Drawn(
        figures=(found.picture(),),
        note=f"The line is {w[0]:.1f} r {w[1]:+.2f} theta {w[2]:+.1f} = 0. A linear classifier of (x, y) got "
        f"{100 * found.plain_accuracy:.0f} % of the points right, one of (r, theta) "
        f"{100 * found.polar_accuracy:.0f} %.",
    )


def _colors(material: Material) -> Drawn:
    return Drawn(figures=(color_histogram_picture(material.photo("flower")),))


def _hog(material: Material) -> Drawn:
    return Drawn(figures=(hog_picture(material.photo("china")),))


def _words(material: Material) -> Drawn:
    from matplotlib.figure import Figure

    feature = VisualWords(n_words=N_WORDS, descriptor=Patches(), random_state=material.seed)
    model = make_pipeline(feature, classifier=RidgeClassifier())
    train, test = material.train, material.test
    model.fit(train.images, train.labels, class_names=train.class_names)
    learned = model.features_.features_[0]
    patches = word_patches(learned)
    image = test.images[int(np.flatnonzero(test.labels == 5)[0])]
    told = words_on_image(learned, image, patches=patches)
    with look():
        figure = Figure(figsize=(9.4, 2.9), layout="constrained")
        sheet, before, drawn, restored = figure.subplots(1, 4, width_ratios=(2.4, 1, 1, 1))
        sheet.imshow(word_sheet(patches, n_cols=16))
        sheet.set_title(f"a codebook of {len(patches)} words")
        for axes, pixels, title in (
            (before, image, "an image"),
            (drawn, shaded(told.drawn), "in words"),
            (restored, np.clip(told.restored, 0, 255).astype(np.uint8), "and their contrast"),
        ):
            axes.imshow(pixels[..., 0], cmap="gray", vmin=0, vmax=255)
            axes.set_title(title)
        for axes in figure.axes:
            axes.set_axis_off()
    bag = bag_picture(told.answers, usual_answers(model, learned), patches)
    return Drawn(
        figures=(figure, bag),
        note=f"A linear classifier of these bags of {N_WORDS} words, over quarters of the image, gets "
        f"{100 * model.score(test.images, test.labels):.1f} % of {len(test):,} test images right; one of pixels "
        f"{100 * material.linear.score(test.images, test.labels):.1f} %.",
    )


def _concatenation(material: Material) -> Drawn:
    features = [ColorHistogram(n_bins=8), HOG(cell_px=32), ColorHistogram(space="hue", n_bins=64)]
    return Drawn(figures=(concatenation_picture(features, material.photo("flower")),))


def _fisher(material: Material) -> Drawn:
    from matplotlib.figure import Figure

    train, test = material.train, material.test
    quantizer = ProductQuantizer(random_state=material.seed)
    rows = []
    for compression in (None, quantizer):
        feature = FisherVector(
            descriptor=DenseSIFT(step_px=4, bin_px=(3,)), n_gaussians=8, n_principal=24, random_state=material.seed
        )
        classifier = LinearClassifier(l2=1e-3, epochs=10, random_state=material.seed)
        model = make_pipeline(feature, classifier=classifier, compression=compression)
        model.fit(train.images, train.labels, class_names=train.class_names)
        n_numbers = model.features_.length(train.images.shape[1:])
        n_bytes = 4 * n_numbers if compression is None else -(-n_numbers // quantizer.group)
        rows.append((n_bytes, 100 * model.score(test.images, test.labels)))
    (plain_bytes, plain), (code_bytes, coded) = rows
    with look():
        figure = Figure(figsize=(6.4, 2.4), layout="constrained")
        axes = figure.add_subplot()
        axes.barh(["as numbers", "as codes"], [plain_bytes, code_bytes], color=SERIES[:2], height=0.6)
        axes.set(xlabel="bytes an image while the classifier learns", xlim=(0, 1.4 * plain_bytes))
        for place, (n_bytes, accuracy) in enumerate(rows):
            axes.text(
                n_bytes + 0.02 * plain_bytes, place, f"{n_bytes:,}: {accuracy:.1f} % right", va="center", fontsize=9
            )
        axes.grid(visible=False, axis="y")
    return Drawn(
        figures=(figure,),
        note=f"Dense SIFT, {n_numbers:,} numbers of a Fisher vector, product quantisation: learning from codes costs "
        f"{plain - coded:+.1f} points here, for {plain_bytes / code_bytes:.0f} times less memory.",
    )


FEATURES = (
    Exhibit(
        name="polar",
        title="Rings become lines",
        slides="4-8",
        text="No line parts a ring from what is inside it. Written as radius and angle, the same points can be "
        "parted by a line; taken back to the plane, that line is a circle. Choosing the numbers well is half of "
        "the classifier.",
        functions=("polar_boundary", "Polar"),
        draw=_polar,
    ),
    Exhibit(
        name="color-histogram",
        title="Which colours, wherever they are",
        slides="9",
        text="Every pixel counts in the box of its colour. Texture and place are forgotten: a flower and the same "
        "pixels shuffled are one to this feature.",
        functions=("ColorHistogram", "color_histogram_picture"),
        draw=_colors,
    ),
    Exhibit(
        name="hog",
        title="Which way edges run",
        slides="10-13",
        text="In each cell of 8x8 pixels the directions of the gradients are counted, by their strength. The "
        "diamond marks strong edges in one direction, the square edges in all directions, the circle weak ones. "
        "Lines are drawn along the edges.",
        functions=("HOG", "hog_picture", "telling_cells"),
        draw=_hog,
    ),
    Exhibit(
        name="visual-words",
        title="Images as bags of words",
        slides="14-15",
        text="Small patches of many images are clustered; the cluster centres are a codebook of visual words. An "
        "image is then the bag of words that it holds: bars are what this image has most more of than images "
        "usually have.",
        functions=("VisualWords", "word_patches", "words_on_image", "bag_picture"),
        draw=_words,
    ),
    Exhibit(
        name="one-vector",
        title="Several features, one vector",
        slides="16",
        text="Colours beside edges beside hues: vectors are laid end to end, and a linear classifier weighs them "
        "together.",
        functions=("Concat", "concatenation_picture"),
        draw=_concatenation,
    ),
    Exhibit(
        name="fisher",
        title="The winner of 2011, in small",
        slides="17",
        text="Local descriptors, Fisher vectors, compression to a byte every few numbers, a linear classifier that "
        "learns from the codes: the pipeline of Perronnin and Sanchez (2011), on images of clothes.",
        functions=("DenseSIFT", "FisherVector", "ProductQuantizer", "LinearClassifier"),
        draw=_fisher,
    ),
)
