"""The lab: a local web page where people play with nets, live; the engine below it is the Python API."""

import inspect
import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator

    from foldline.lab.notebook import Lab


def lab(
    model: "BaseEstimator | None" = None,
    X: "ArrayLike | None" = None,
    y: "ArrayLike | None" = None,
    *,
    port: int | None = None,
    browser: bool = True,
) -> "Lab":
    """Open the lab on points and a net of your own; it serves in the background until it is closed.

    Args:
        model: the net to begin with: a fitted MLPClassifier or LinearClassifier of two features, alone or behind
            scalers in scikit-learn's Pipeline; None for a random one.
        X: (N, 2) points, N from 2 to 5,000, shown in their own units; None for the lab's own, or with a model for none.
        y: (N,) their labels, of 2 to 8 classes.
        port: where to listen on this machine; None for 8765, or any other if that is taken.
        browser: whether to open the page.
    Returns: the open lab, with `url` and `close()`; also for `with`.
    Raises: MissingExtraError without the lab's packages; SettingError for a model that cannot be shown, or a port that
        is taken; ShapeError and DataError for points that cannot be.
    Convention: what scales x and y is multiplied into the first layer. Training goes on from the model's weights, and
        Reset goes back to them, while data, inputs, layers, activation and seed are those the page was opened with.
    """
    from foldline.lab.notebook import open_lab

    return open_lab(model, X, y, port=port, browser=browser)


class _CallableRoom(ModuleType):
    """This room, callable as the function that it is named after.

    `foldline.lab` must be both what `import foldline.lab.state` goes through and what people call, in any order.
    """

    __call__ = staticmethod(lab)
    __signature__ = inspect.signature(lab)  # which shells show


sys.modules[__name__].__class__ = _CallableRoom
globals()["lab"] = sys.modules[__name__]  # or `foldline.lab` would turn into a function without the room's modules
