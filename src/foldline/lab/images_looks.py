"""One image looked at: its edges, its colours, its words, and what speaks for the class that it is given."""

import numpy as np
from jaxtyping import Float, Float32, UInt8

from foldline.core.parallel import one_blas_thread
from foldline.estimators import ImagePipeline, LinearClassifier
from foldline.features import VisualWords
from foldline.insight import first_layer_templates, linear_templates, oriented_cells, shaded, word_votes, words_on_image
from foldline.lab.images_features import Vectors, color_histogram, hog, seen, shown_boxes
from foldline.models import MLP

MOST_TEMPLATES = 24  # that are drawn at once: classes, or hidden units
DIGITS = 4  # of a number that is drawn


def templates_of(
    model: MLP, vectors: Vectors, rows: Float32[np.ndarray, "m d"], y: np.ndarray
) -> Float32[np.ndarray, "t ..."] | UInt8[np.ndarray, "t h w c"]:
    """Give what a classifier looks for, class by class or hidden unit by hidden unit, the first MOST_TEMPLATES.

    Args:
        model: linear, or with one hidden layer.
        vectors: of its images.
        rows: (M, D) vectors of training images, of which words are counted.
        y: (M,) their labels.
    Returns: of raw pixels pictures; else weights as `Vectors.laid_out` gives them; of words, where the classifier is
        linear, their votes.
    """
    W, names, shape = np.asarray(model.layers[0].W), vectors.images.class_names, vectors.images.shape
    if vectors.name == "raw":
        if len(model.layers) == 1:
            found = linear_templates(W, image_shape=shape, class_names=names)
        else:
            W_next = np.asarray(model.layers[1].W)
            found = first_layer_templates(W, W_next, image_shape=shape, n_units=MOST_TEMPLATES, is_sorted=False)
        return np.stack([shaded(weights) for weights in found.weights[:MOST_TEMPLATES]])
    if isinstance(vectors.feature, VisualWords) and len(model.layers) == 1:
        with one_blas_thread():  # so small a product waits longer for a second one than it takes
            return word_votes(_pipeline(model, vectors), vectors.feature, rows, y)[:MOST_TEMPLATES]
    return vectors.laid_out(W[:MOST_TEMPLATES])


def look_at_image(vectors: Vectors, row: int) -> dict[str, object]:
    """Say what is in a test image, whoever classifies it.

    Args:
        vectors: of the set.
        row: which of its test images.
    Returns: `row` and `features`, what was asked about; `hog`, the votes of every cell and direction; `cell_px`;
        `bars`, the share of pixels in each box of `shown_boxes`; `words`, the nearest word at each place, where the
        places are, and what there is of each word, or None where the classifier sees no words.
    """
    shape, image = vectors.images.shape, vectors.images.test.images[row]
    feature = hog(shape)
    bars = color_histogram(shape).fit_transform(seen("color", image[None]))[0, shown_boxes(shape)]
    words: dict[str, object] | None = None
    if isinstance(vectors.feature, VisualWords):
        told = words_on_image(vectors.feature, image)
        words = {"nearest": told.nearest.tolist(), "squares": list(told.squares), "answers": _short(told.answers)}
    return {
        "row": row,
        "features": vectors.name,
        "hog": _short(oriented_cells(image, feature)),
        "cell_px": feature.cell_px,
        "bars": _short(bars),
        "words": words,
    }


def explained(model: MLP, vectors: Vectors, row: int) -> dict[str, object]:
    """Say what speaks for the class that a test image is given, piece by piece.

    Of a right answer k it is the score s_k, of a wrong one s_k less the score of the true class. Around an image the
    classifier is one straight map, s_k = w x + b, so that the products w_i x_i and b add up to it.

    Returns: `top`, k; `against`, the true class of a wrong answer, or None; `sum`, what is told; `bias`, the part b of
        it; `products`, laid out as templates are, summed over channels or directions.
    """
    x, label = np.asarray(vectors.X_test[row], np.float64), int(vectors.images.test.labels[row])
    w, b = (part.astype(np.float64) for part in _straight_map(model, x))
    scores = w @ x + b
    top = int(scores.argmax())
    if top != label:
        w, b, scores = w - w[label], b - b[label], scores - scores[label]
    products = vectors.laid_out((w[top] * x)[None].astype(np.float32))[0]
    if vectors.name in ("raw", "hog"):
        products = products.sum(axis=-1)
    return {
        "top": top,
        "against": None if top == label else label,
        "sum": float(scores[top]),
        "bias": float(b[top]),
        "products": _short(products),
    }


def _straight_map(model: MLP, x: Float[np.ndarray, " d"]) -> tuple[Float[np.ndarray, "k d"], Float[np.ndarray, " k"]]:
    W, b = np.asarray(model.layers[0].W), np.asarray(model.layers[0].b)
    if len(model.layers) == 1:
        return W, b
    last, is_on = model.layers[1], W @ x + b > 0
    W_last = np.asarray(last.W)[:, is_on]
    return W_last @ W[is_on], W_last @ b[is_on] + np.asarray(last.b)


def _pipeline(model: MLP, vectors: Vectors) -> ImagePipeline:
    """Give the linear classifier as the estimator that it would have been fitted to."""
    classifier = LinearClassifier()
    classifier.model_, classifier.classes_ = model, np.arange(len(vectors.images.class_names))
    shape = vectors.images.shape
    return ImagePipeline.from_fitted(vectors.features, classifier, class_names=None, image_shape=shape)


def _short(numbers: np.ndarray) -> object:
    """Round for the way to a page, where they become lengths and colours."""
    return np.round(np.asarray(numbers, np.float64), DIGITS).tolist()
