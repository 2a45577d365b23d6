"""Which linear classifiers have one optimum, so that a distance from it can be stated."""

import numpy as np
from jaxtyping import Float64

from foldline.core.errors import DataError
from foldline.training.coded import CodedRows
from foldline.training.epoch import Rows
from foldline.training.settings import TrainingSettings
from foldline.training.streamed import StreamedRows


def has_optimum(rows: Rows, *, settings: TrainingSettings, n_classes: int) -> bool:
    """Say whether the objective has a minimum whose distance can be bounded from all rows at once.

    It has with l2 above 0, l1 of 0 and some weight for each class; the rows must be numbers in memory, and none of them
    met more often than others.
    """
    is_penalised = settings.l2 > 0 and settings.l1 == 0
    are_met_alike = settings.sampling == "shuffled"
    are_numbers = not isinstance(rows.X, CodedRows | StreamedRows)
    return is_penalised and are_met_alike and are_numbers and bool(_class_sums(rows, n_classes).all())


def check_classes_have_weight(rows: Rows, *, n_classes: int) -> None:
    """Check that each class has a row that counts. Raises: DataError if one has not.

    Without a row that speaks for it, the best bias of a class is at minus infinity.
    """
    sums = _class_sums(rows, n_classes)
    if not sums.all():
        raise DataError(
            f"all rows of class {int(np.argmin(sums))} have weight 0 and solver is 'lbfgs'; expected some weight "
            f"for each class, without which there is no optimum. Leave the class out, or take solver='sgd'."
        )


def _class_sums(rows: Rows, n_classes: int) -> Float64[np.ndarray, " k"]:
    given = None if rows.weights is None else np.asarray(rows.weights)
    return np.bincount(np.asarray(rows.y), weights=given, minlength=n_classes).astype(np.float64)
