"""One image set, many recipes: a leaderboard, a verdict and a report."""

import sys
from types import ModuleType
from typing import Any

from foldline.compare.fitting import Run, fit
from foldline.compare.leaderboard import Leaderboard
from foldline.compare.learned import LearningCurves
from foldline.compare.learning import learning_curves
from foldline.compare.recipes import RECIPES, Recipe
from foldline.compare.run import compare
from foldline.compare.sweeping import sweep
from foldline.compare.swept import Sweep
from foldline.compare.wired import Wirings
from foldline.compare.wiring import wire

__all__ = [
    "RECIPES",
    "Leaderboard",
    "LearningCurves",
    "Recipe",
    "Run",
    "Sweep",
    "Wirings",
    "compare",
    "fit",
    "learning_curves",
    "sweep",
    "wire",
]


class _CallableRoom(ModuleType):
    """This room, callable as the function that it is named after.

    `import foldline.compare` puts the room where `foldline.compare(...)` is expected; both must work in any order.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Leaderboard:
        return compare(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableRoom
