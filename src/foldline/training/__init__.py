"""Fitting models: losses, penalties, optimisers, the loop that is one compiled program an epoch, and a solver."""

from foldline.training.augment import Augment
from foldline.training.checkpoints import Checkpoints, has_checkpoints
from foldline.training.coded import CodedRows
from foldline.training.epoch import Rows
from foldline.training.fit import Callback, fit_model
from foldline.training.history import EpochReport, History
from foldline.training.least_squares import LeastSquares, solve_least_squares
from foldline.training.losses import LOSSES
from foldline.training.objective import objective, penalty
from foldline.training.population import Member, Population, fit_population, setting_bytes
from foldline.training.quasi_newton import fit_to_optimum, optimality_gap
from foldline.training.rates import automatic_rate
from foldline.training.settings import Loss, Optimizer, Schedule, Solver, TrainingSettings
from foldline.training.streamed import StreamedRows

__all__ = [
    "LOSSES",
    "Augment",
    "Callback",
    "Checkpoints",
    "CodedRows",
    "EpochReport",
    "History",
    "LeastSquares",
    "Loss",
    "Member",
    "Optimizer",
    "Population",
    "Rows",
    "Schedule",
    "Solver",
    "StreamedRows",
    "TrainingSettings",
    "automatic_rate",
    "fit_model",
    "fit_population",
    "fit_to_optimum",
    "has_checkpoints",
    "objective",
    "optimality_gap",
    "penalty",
    "setting_bytes",
    "solve_least_squares",
]
