"""One classifier, fitted as those of all recipes: training rows teach, validation rows choose the epoch."""

import time
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float32, Int
from sklearn.base import BaseEstimator

from foldline.estimators.net_classifier import NetClassifier
from foldline.training import CodedRows, History


class LabelledRows(NamedTuple):
    """Feature vectors, or their codes, and the class of each."""

    X: Float32[np.ndarray, "n d"] | CodedRows
    y: Int[np.ndarray, " n"]


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A classifier that has learned, and the seconds that it took."""

    classifier: BaseEstimator
    elapsed_s: float

    @property
    def history(self) -> History | None:
        """Its learning curves; None for what is not trained in epochs."""
        history: History | None = getattr(self.classifier, "history_", None)
        return history

    def accuracy(self, rows: LabelledRows) -> float:
        """Give the share of validation rows that are right, in the epoch that was kept."""
        history = self.history
        if history is None or history.val_accuracy is None:
            return float(self.classifier.score(rows.X, rows.y))
        return float(history.val_accuracy[history.best_epoch])


def fitted(classifier: BaseEstimator, train: LabelledRows, val: LabelledRows, **options: Any) -> Fitted:
    """Fit a classifier; options are of its `fit`. Raises: what its `fit` raises."""
    started_s = time.perf_counter()
    if isinstance(classifier, NetClassifier):
        options["validation"] = (val.X, val.y)
    classifier.fit(train.X, train.y, **options)
    return Fitted(classifier=classifier, elapsed_s=time.perf_counter() - started_s)
