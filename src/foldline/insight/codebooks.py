"""The words of a codebook: how much of them images have, and which classes they speak for."""

import numpy as np
from jaxtyping import Float, Float32, Shaped

from foldline.core.checks import axes
from foldline.core.errors import SettingError
from foldline.estimators import ImagePipeline, LinearClassifier, RidgeClassifier
from foldline.features import Concat, VisualWords


def word_answers(feature: VisualWords, vectors: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n a"]:
    """Pool vectors over the regions of an image: how much there is of each word in all of it.

    Args:
        feature: fitted.
        vectors: (N, D) as its `transform` gives them.
    Returns: (N, A), A the answers of a descriptor: K, or 2 K for "nearest".
    Convention: the mean over regions, small or large.
    """
    return np.asarray(_by_region(feature, vectors, name="vectors").mean(axis=1))


def usual_answers(model: ImagePipeline, feature: VisualWords) -> Float32[np.ndarray, " a"]:
    """Give how much there is of each word in an average training image, which the scaling of a model remembers.

    Args:
        model: fitted, with a `Concat` of features that scales.
        feature: the one of `model.features_.features_` that is asked about.
    Returns: (A,) the mean of `word_answers` over the training images.
    Raises: SettingError if the feature is not of this model, or the model does not scale.
    """
    columns = _columns(model, feature)
    if model.features_.scale is None:
        raise SettingError("the features are not scaled; expected scale='feature'. Take the mean of word_answers.")
    return np.asarray(word_answers(feature, model.features_.mean_[None, columns])[0])


def word_votes(
    model: ImagePipeline, feature: VisualWords, X: Float[np.ndarray, "n d"], y: Shaped[np.ndarray, " n"]
) -> Float32[np.ndarray, "k a"]:
    """Add up how much each word speaks for each class in images of that class.

    v = sum over regions of |W| m where the weight W and m have the same sign, m the mean of the class's vectors less
    that of all.

    Args:
        model: fitted, with a `LinearClassifier` or a `RidgeClassifier` on a `Concat` of features.
        feature: the one of `model.features_.features_` that is asked about.
        X: (N, D) vectors of training images, as `model.features_.transform` gives them.
        y: (N,) their labels, elements of `model.classes_`.
    Returns: (K, A) above 0 for words that the class has more of than others and that speak for it, below 0 for words
        that it has less of and that speak against it; classes in the order of `model.classes_`.
    Raises: SettingError if the classifier is another one, or the feature not of this model; ShapeError if vectors and
        labels do not belong together.
    Convention: a weight counts as far as images of the class differ from others. Alone it says little: words that come
        together share theirs in any way, and those of rare words are large.
    Convention: a weight that disagrees with its class, which corrects other words' votes, counts nothing.
    """
    classifier, columns = model.classifier_, _columns(model, feature)
    if not isinstance(classifier, LinearClassifier | RidgeClassifier):
        raise SettingError(
            f"the classifier is a {type(classifier).__name__}; expected a LinearClassifier or a RidgeClassifier, whose "
            f"weights are votes. Fit one on the same features."
        )
    n_numbers = classifier.coef_.shape[1]
    n, _ = axes(X, f"n {n_numbers}", name="X", fix="Give what model.features_.transform gives.")
    axes(y, f"{n}", name="y", fix="Give one label for each vector.")
    W, rows = classifier.coef_[:, columns], X[:, columns]
    is_of_class = model.classes_[:, None] == y
    share = (is_of_class / np.maximum(is_of_class.sum(axis=1, keepdims=True), 1)).astype(np.float32)
    m = share @ rows - share.sum(axis=1, keepdims=True) * rows.mean(axis=0)  # 0 for a class without rows
    votes = np.where(W * m > 0, np.abs(W) * m, 0)
    return np.asarray(_by_region(feature, votes, name="votes").sum(axis=1), np.float32)


def _columns(model: ImagePipeline, feature: VisualWords) -> slice:
    """Find the columns of one of the features that stand side by side."""
    features = model.features_
    first = 0
    for block in features.features_ if isinstance(features, Concat) else ():
        end = first + block.length(model.image_shape_)
        if block is feature:
            return slice(first, end)
        first = end
    raise SettingError("feature is not of this model; expected one of model.features_.features_. Take it from there.")


def _by_region(feature: VisualWords, rows: Float[np.ndarray, "n d"], *, name: str) -> Float[np.ndarray, "n r a"]:
    d = feature.length(feature.image_shape_)
    n, _ = axes(rows, f"n {d}", name=name, fix="Give what this feature's transform gives.")
    return rows.reshape(n, -1, feature.n_answers)
