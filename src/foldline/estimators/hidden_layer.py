"""A hidden layer of a trained net as a transformer: what the net made of its rows, for another classifier."""

from functools import partial
from typing import Self

import jax
import numpy as np
from jaxtyping import Float, Float32
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from foldline.core.checks import integer
from foldline.core.errors import SettingError
from foldline.estimators.chunks import in_chunks
from foldline.estimators.net_classifier import NetClassifier
from foldline.models import Net

ROWS_AT_ONCE = 256  # the maps of a convolution are large


class HiddenLayer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """What a hidden layer of a trained net gives for rows; see `NetClassifier.hidden_features`, which makes it.

    Args:
        classifier: the net, as a FrozenEstimator, so that a clone of this keeps what it learned.
        layer: counted as in Python: 0 the first hidden layer, -2 the last; -1 is that of the scores, and none.
    Convention: numbers are those after the activation; nothing is switched off, and of a classifier that averages views
        they are those of the row itself.
    """

    def __init__(self, classifier: FrozenEstimator, layer: int = -2) -> None:
        self.classifier = classifier
        self.layer = layer

    def depth(self) -> int:
        """Say which hidden layer it is, counted from 0. Raises: SettingError if there is no such one."""
        n_hidden = len(self.widths())
        if n_hidden == 0:
            raise SettingError(
                f"classifier is a {type(self._net).__name__} without hidden layers; expected a net with some. Fit for "
                "example an MLPClassifier, or take its rows as they are."
            )
        try:
            depth: int | None = integer(self.layer, name="layer", low=-n_hidden - 1, high=n_hidden) % (n_hidden + 1)
        except SettingError:
            depth = None
        if depth is None or depth == n_hidden:
            there = "0 or -2" if n_hidden == 1 else f"0 to {n_hidden - 1}, or {-n_hidden - 1} to -2"
            said = "" if depth is None else ", which gives the scores"
            raise SettingError(f"layer is {self.layer!r}{said}; expected a hidden one: {there}. Choose one of these.")
        return depth

    def widths(self) -> list[int]:
        """Give the numbers of units of all hidden layers of the net."""
        net = self._net
        row = jax.ShapeDtypeStruct((1, net.n_features_in_), np.float32)  # type: ignore[no-untyped-call]  # in JAX
        found = _all_given.eval_shape(net.model_, row)  # type: ignore[no-untyped-call]  # in JAX
        return [units.shape[1] for units in found]

    def fit(self, X: Float[np.ndarray, "n d"], y: object = None) -> Self:
        """Check rows and settings; the net stays as it is.

        Args:
            X: (N, D) finite numbers, as the net takes them.
            y: ignored.
        Raises: SettingError if the net has no such layer; ValueError from scikit-learn for rows it does not take.
        """
        self._checked(X)
        return self

    def transform(self, X: Float[np.ndarray, "n d"]) -> Float32[np.ndarray, "n u"]:
        """Give what the layer makes of rows, a column a unit. Raises: as `fit`."""
        X = self._checked(X)
        return in_chunks(partial(_given, self._net.model_, depth=self.depth()), X, most=ROWS_AT_ONCE)

    def _checked(self, X: Float[np.ndarray, "n d"]) -> Float32[np.ndarray, "n d"]:
        self.depth()  # a wrong setting is told first
        return np.asarray(validate_data(self._net, X, dtype=np.float32, reset=False))

    @property
    def _net(self) -> NetClassifier:
        net: object = getattr(self.classifier, "estimator", None)
        if not isinstance(self.classifier, FrozenEstimator) or not isinstance(net, NetClassifier):
            raise SettingError(
                f"classifier is {' '.join(str(self.classifier).split())[:60]}; expected a FrozenEstimator of a net. "
                "Fit an MLPClassifier or another net, and call its hidden_features."
            )
        check_is_fitted(net)
        return net

    @property
    def _n_features_out(self) -> int:
        return self.widths()[self.depth()]

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


@jax.jit  # only so that it is traced once
def _all_given(net: Net, X: jax.Array) -> list[jax.Array]:
    return list(net.hidden(X))


@partial(jax.jit, static_argnames=("depth",))
def _given(net: Net, X: jax.Array, *, depth: int) -> jax.Array:
    return net.hidden(X)[depth]
