"""Fitting models: losses, penalties, optimisers, the loop that is one compiled program an epoch, and a solver."""

from foldline.training.coded import CodedRows
from foldline.training.epoch import Rows
from foldline.training.fit import fit_model
from foldline.training.history import History
from foldline.training.least_squares import LeastSquares, solve_least_squares
from foldline.training.losses import LOSSES
from foldline.training.objective import objective, penalty
from foldline.training.quasi_newton import fit_to_optimum, optimality_gap
from foldline.training.rates import automatic_rate
from foldline.training.settings import Loss, Optimizer, Schedule, Solver, TrainingSettings

__all__ = [
    "LOSSES",
    "CodedRows",
    "History",
    "LeastSquares",
    "Loss",
    "Optimizer",
    "Rows",
    "Schedule",
    "Solver",
    "TrainingSettings",
    "automatic_rate",
    "fit_model",
    "fit_to_optimum",
    "objective",
    "optimality_gap",
    "penalty",
    "solve_least_squares",
]
