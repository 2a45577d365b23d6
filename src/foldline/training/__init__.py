"""Fitting models: losses, penalties, optimisers, and the loop that is one compiled program an epoch."""

from foldline.training.coded import CodedRows
from foldline.training.epoch import Rows
from foldline.training.fit import fit_model
from foldline.training.history import History
from foldline.training.losses import LOSSES
from foldline.training.objective import objective, penalty
from foldline.training.rates import automatic_rate
from foldline.training.settings import Loss, Optimizer, Schedule, TrainingSettings

__all__ = [
    "LOSSES",
    "CodedRows",
    "History",
    "Loss",
    "Optimizer",
    "Rows",
    "Schedule",
    "TrainingSettings",
    "automatic_rate",
    "fit_model",
    "objective",
    "penalty",
]
