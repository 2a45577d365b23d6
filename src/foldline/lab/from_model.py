"""A fitted classifier of two numbers as the net that the lab begins with."""

import warnings
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from foldline.core.errors import SettingError
from foldline.estimators import LinearClassifier, MLPClassifier

SCALERS = (StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler)  # x is multiplied and shifted, and no more


class GivenModel(NamedTuple):
    """What the lab shows of a classifier.

    Args:
        layers: W and b of each layer, the first of x and y as they are.
        settings: of the lab's state, those that the classifier has.
        classes: (K,) labels, in the order of the scores.
    """

    layers: tuple[tuple[Float32[np.ndarray, "_ _"], Float32[np.ndarray, " _"]], ...]
    settings: Mapping[str, object]
    classes: np.ndarray


def given_model(model: BaseEstimator) -> GivenModel:
    """Take a fitted classifier apart.

    Args:
        model: an MLPClassifier or LinearClassifier of two features, alone or behind scalers in scikit-learn's Pipeline.
    Raises: SettingError for another; scikit-learn's NotFittedError before `fit`.
    Convention: what scales x and y is multiplied into the first layer.
    """
    steps = [step for _, step in model.steps] if isinstance(model, Pipeline) else [model]
    classifier = steps.pop()
    scalers = [step for step in steps if step not in (None, "passthrough")]
    strange = [step for step in scalers if not isinstance(step, SCALERS) or getattr(step, "clip", False)]
    if not isinstance(classifier, MLPClassifier | LinearClassifier) or strange:
        found = strange[0] if strange else classifier
        raise SettingError(
            f"model has a {type(found).__name__}; expected an MLPClassifier or a LinearClassifier, alone or in a "
            f"Pipeline behind {', '.join(scaler.__name__ for scaler in SCALERS)}, without clipping. Fit one of these."
        )
    for step in (*scalers, classifier):
        check_is_fitted(step)
    n_features = scalers[0].n_features_in_ if scalers else classifier.n_features_in_
    if n_features != 2:
        raise SettingError(
            f"model takes {n_features} features; expected 2, the x and y of the plane. Fit it on two columns, for "
            f"example sklearn.decomposition.PCA(2).fit_transform(X), and give the lab the same two."
        )
    net = classifier.model_.folded
    A, shift = _affine(scalers)
    weights = [(np.asarray(layer.W, np.float64), np.asarray(layer.b, np.float64)) for layer in net.layers]
    W, b = weights[0]
    weights[0] = W @ A, W @ shift + b
    return GivenModel(
        layers=tuple((W.astype(np.float32), b.astype(np.float32)) for W, b in weights),
        settings={
            "hidden": [len(b) for _, b in weights[:-1]],
            "activation": list(net.activations) or ["identity"],
            "loss": classifier.loss,
        },
        classes=classifier.classes_,
    )


def _affine(scalers: list[BaseEstimator]) -> tuple[Float64[np.ndarray, "2 2"], Float64[np.ndarray, " 2"]]:
    """Give A and c of A x + c, which the scalers are together."""
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of scalers that have learned names of columns
        for scaler in scalers:
            points = np.asarray(scaler.transform(points), np.float64)
    return (points[1:] - points[0]).T, points[0]
