"""The classifier that a list of settings means."""

from collections.abc import Sequence
from typing import Any

from foldline.core.errors import SettingError
from foldline.estimators.linear_classifier import LinearClassifier
from foldline.estimators.mlp_classifier import MLPClassifier
from foldline.estimators.ridge_classifier import RidgeClassifier

OF_SQUARES = ("l2",)  # settings that a RidgeClassifier has
# Settings that a LinearClassifier does not have.
OF_NETS = (
    "activation",
    "stem",
    "dropout",
    "warmup",
    "label_smoothing",
    "clip_norm",
    "micro_batches",
    "augment",
    "average_views",
)


def make_classifier(
    *, hidden: Sequence[int] = (), loss: str | None = None, **settings: Any
) -> LinearClassifier | MLPClassifier | RidgeClassifier:
    """Give a linear classifier without hidden layers, one of least squares for their loss, a network with layers.

    Args:
        hidden: widths of the hidden layers, first to last; none, (), for a linear classifier.
        loss: "squares" for a `RidgeClassifier`; others are those of `LinearClassifier` and `MLPClassifier`.
        settings: of the classifier that is meant; None takes the default. A seed, `random_state`, is welcome to any.
    Raises: SettingError for settings of nets where there is no hidden layer, of a linear classifier where there are, or
        of training by steps where squares are solved exactly.
    Example:
        >>> make_classifier(l2=0.01)
        LinearClassifier(l2=0.01)
        >>> make_classifier(hidden=(256,), lr=None)
        MLPClassifier(hidden=(256,))
        >>> make_classifier(loss="squares", l2=0.1)
        RidgeClassifier(l2=0.1)
    """
    chosen = {name: value for name, value in settings.items() if value is not None}
    if loss == "squares":
        return _of_squares(hidden, chosen)
    if loss is not None:
        chosen["loss"] = loss
    if hidden:
        if "solver" in chosen:
            raise SettingError(
                f"solver is {chosen['solver']!r} and hidden is {tuple(hidden)}; expected no hidden layer with it: nets "
                f"are trained by mini-batch descent. Leave solver or hidden out."
            )
        return MLPClassifier(hidden=hidden, **chosen)
    for name in OF_NETS:
        if name in chosen:
            raise SettingError(
                f"{name} is {chosen[name]!r} and there is no hidden layer; expected hidden widths with it. Set hidden, "
                f"for example to 256, or leave {name} out."
            )
    return LinearClassifier(**chosen)


def _of_squares(hidden: Sequence[int], chosen: dict[str, Any]) -> RidgeClassifier:
    if hidden:
        raise SettingError(
            f"loss is 'squares' and hidden is {tuple(hidden)}; expected no hidden layer with it: squares are solved "
            f"exactly, which nets cannot be. Leave hidden out, or take loss='softmax'."
        )
    for name in (name for name in chosen if name not in (*OF_SQUARES, "random_state")):
        raise SettingError(
            f"{name} is {chosen[name]!r} with loss='squares'; expected no other setting than {', '.join(OF_SQUARES)}: "
            f"squares are solved exactly, not in steps. Leave {name} out, or take loss='softmax'."
        )
    return RidgeClassifier(**{name: chosen[name] for name in OF_SQUARES if name in chosen})
