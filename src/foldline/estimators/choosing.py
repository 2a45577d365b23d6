"""The classifier that a list of settings means."""

from collections.abc import Sequence
from typing import Any

from foldline.core.checks import choice
from foldline.core.errors import SettingError
from foldline.estimators.alexnet_classifier import AlexNetClassifier
from foldline.estimators.linear_classifier import LinearClassifier
from foldline.estimators.mlp_classifier import MLPClassifier
from foldline.estimators.randwire_classifier import RandomlyWiredClassifier
from foldline.estimators.ridge_classifier import RidgeClassifier
from foldline.models import PLANS
from foldline.models.wiring import GRAPHS

# Settings that only a RandomlyWiredClassifier has.
OF_GRAPHS = ("nodes", "width", "stages", "graph_seed", "p", "k", "m")
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
    "precision",
    "augment",
    "average_views",
)


def make_classifier(
    *,
    hidden: Sequence[int] = (),
    wiring: str | None = None,
    alexnet: str | None = None,
    loss: str | None = None,
    **settings: Any,
) -> AlexNetClassifier | LinearClassifier | MLPClassifier | RandomlyWiredClassifier | RidgeClassifier:
    """Give a linear classifier without hidden layers, one of least squares for their loss, a network with layers.

    Args:
        hidden: widths of the hidden layers, first to last; none, (), for a linear classifier.
        wiring: kind of the graph of a `RandomlyWiredClassifier`; None for none.
        alexnet: size of an `AlexNetClassifier`; None for none.
        loss: "squares" for a `RidgeClassifier`; others are those of `LinearClassifier` and `MLPClassifier`.
        settings: of the classifier that is meant; None takes the default. A seed, `random_state`, is welcome to any.
    Raises: SettingError for settings of nets where there is no hidden layer, of a linear classifier where there are, of
        graphs where there is none, or of training by steps where squares are solved exactly.
    Example:
        >>> make_classifier(l2=0.01)
        LinearClassifier(l2=0.01)
        >>> make_classifier(hidden=(256,), lr=None)
        MLPClassifier(hidden=(256,))
        >>> make_classifier(loss="squares", l2=0.1)
        RidgeClassifier(l2=0.1)
        >>> make_classifier(wiring="er", nodes=8)
        RandomlyWiredClassifier(graph='er', nodes=8)
    """
    chosen = {name: value for name, value in settings.items() if value is not None}
    if alexnet is not None:
        return _alexnet(alexnet, hidden, chosen | {"wiring": wiring, "loss": loss})
    if loss == "squares":
        return _of_squares(hidden, chosen if wiring is None else {"wiring": wiring, **chosen})
    if loss is not None:
        chosen["loss"] = loss
    if wiring is not None:
        return _wired(wiring, hidden, chosen)
    for name in OF_GRAPHS:
        if name in chosen:
            raise SettingError(
                f"{name} is {chosen[name]!r} and there is no wiring; expected a kind of graph with it. Set wiring, for "
                f"example to ws, or leave {name} out."
            )
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


def _alexnet(size: str, hidden: Sequence[int], settings: dict[str, Any]) -> AlexNetClassifier:
    chosen = {name: value for name, value in ({"hidden": hidden or None} | settings).items() if value is not None}
    choice(size, tuple(PLANS), name="alexnet")
    if chosen.get("loss") == "squares":
        raise SettingError(
            f"loss is 'squares' with alexnet={size!r}; expected 'softmax' or 'svm': squares are solved exactly, which "
            f"nets cannot be. Take another loss, or leave alexnet out."
        )
    known = AlexNetClassifier().get_params(deep=False)
    for name in (name for name in chosen if name not in known):
        raise SettingError(
            f"{name} is {chosen[name]!r} with alexnet={size!r}; expected settings of an AlexNetClassifier, which has "
            f"none of that name. Leave {name} or alexnet out."
        )
    return AlexNetClassifier(size=size, **chosen)  # type: ignore[arg-type]  # checked above


def _wired(wiring: str, hidden: Sequence[int], chosen: dict[str, Any]) -> RandomlyWiredClassifier:
    if hidden:
        raise SettingError(
            f"wiring is {wiring!r} and hidden is {tuple(hidden)}; expected one of them: nodes of a graph, or layers. "
            f"Leave one out."
        )
    choice(wiring, tuple(GRAPHS), name="wiring")
    known = RandomlyWiredClassifier().get_params(deep=False)
    for name in (name for name in chosen if name not in known):
        raise SettingError(
            f"{name} is {chosen[name]!r} with wiring={wiring!r}; expected settings of a RandomlyWiredClassifier, "
            f"which has none of that name. Leave {name} or wiring out."
        )
    model = RandomlyWiredClassifier(graph=wiring, **chosen)  # type: ignore[arg-type]  # checked above
    model.wiring()  # wrong settings of graphs are told before any work
    return model


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
