"""The classifier that a list of settings means."""

from collections.abc import Sequence
from typing import Any

from foldline.core.errors import SettingError
from foldline.estimators.linear_classifier import LinearClassifier
from foldline.estimators.mlp_classifier import MLPClassifier


def make_classifier(*, hidden: Sequence[int] = (), **settings: Any) -> LinearClassifier | MLPClassifier:
    """Give a linear classifier without hidden layers, a network with them.

    Args:
        hidden: widths of the hidden layers, first to last; none, (), for a linear classifier.
        settings: of `LinearClassifier` or `MLPClassifier`; None takes the default.
    Raises: SettingError for settings of hidden units where there are none, or of a linear classifier where there are.
    Example:
        >>> make_classifier(l2=0.01)
        LinearClassifier(l2=0.01)
        >>> make_classifier(hidden=(256,), lr=None)
        MLPClassifier(hidden=(256,))
    """
    chosen = {name: value for name, value in settings.items() if value is not None}
    if hidden:
        if "solver" in chosen:
            raise SettingError(
                f"solver is {chosen['solver']!r} and hidden is {tuple(hidden)}; expected no hidden layer with it: nets "
                f"are trained by mini-batch descent. Leave solver or hidden out."
            )
        return MLPClassifier(hidden=hidden, **chosen)
    for name in ("activation", "dropout"):
        if name in chosen:
            raise SettingError(
                f"{name} is {chosen[name]!r} and there is no hidden layer; expected hidden widths with it. Set hidden, "
                f"for example to 256, or leave {name} out."
            )
    return LinearClassifier(**chosen)
