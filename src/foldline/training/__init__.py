"""Fitting models: losses, penalties, optimisers, the loop that is one compiled program an epoch, and solvers."""

from foldline.training.augment import Augment
from foldline.training.batches import epoch_batches
from foldline.training.checkpoints import Checkpoints, has_checkpoints, remove_checkpoints
from foldline.training.coded import CodedRows
from foldline.training.epoch import Rows
from foldline.training.fit import Callback, fit_model
from foldline.training.history import EpochReport, History
from foldline.training.least_squares import LeastSquares, solve_least_squares
from foldline.training.losses import LOSSES
from foldline.training.max_margin import fit_svm_to_optimum
from foldline.training.objective import objective, penalty
from foldline.training.population import Member, Population, fit_population, setting_bytes
from foldline.training.quasi_newton import fit_to_optimum, optimality_gap
from foldline.training.range_test import range_losses
from foldline.training.rates import automatic_rate
from foldline.training.settings import Loss, Optimizer, Precision, Sampling, Schedule, Solver, TrainingSettings
from foldline.training.solvable import has_optimum
from foldline.training.streamed import StreamedRows
from foldline.training.svm_dual import svm_optimality_gap
from foldline.training.tensorboard import TensorBoard

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
    "Precision",
    "Rows",
    "Sampling",
    "Schedule",
    "Solver",
    "StreamedRows",
    "TensorBoard",
    "TrainingSettings",
    "automatic_rate",
    "epoch_batches",
    "fit_model",
    "fit_population",
    "fit_svm_to_optimum",
    "fit_to_optimum",
    "has_checkpoints",
    "has_optimum",
    "objective",
    "optimality_gap",
    "penalty",
    "range_losses",
    "remove_checkpoints",
    "setting_bytes",
    "solve_least_squares",
    "svm_optimality_gap",
]
