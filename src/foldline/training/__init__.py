"""Fitting models: losses, penalties, optimisers, the loop that is one compiled program an epoch, and solvers."""

from foldline.training.coded import CodedRows
from foldline.training.epoch import Rows
from foldline.training.fit import fit_model
from foldline.training.history import History
from foldline.training.least_squares import LeastSquares, solve_least_squares
from foldline.training.losses import LOSSES
from foldline.training.max_margin import fit_svm_to_optimum
from foldline.training.objective import objective, penalty
from foldline.training.quasi_newton import fit_to_optimum, optimality_gap
from foldline.training.rates import automatic_rate
from foldline.training.settings import Loss, Optimizer, Schedule, Solver, TrainingSettings
from foldline.training.solvable import has_optimum
from foldline.training.svm_dual import svm_optimality_gap

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
    "fit_svm_to_optimum",
    "fit_to_optimum",
    "has_optimum",
    "objective",
    "optimality_gap",
    "penalty",
    "solve_least_squares",
    "svm_optimality_gap",
]
