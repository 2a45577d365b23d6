"""A classifier's losses while its learning rate grows, and the rate that `fit` would choose."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float64
from sklearn.base import BaseEstimator, clone

from foldline.core.checks import integer
from foldline.core.errors import SettingError
from foldline.estimators.net_classifier import check_is_descended
from foldline.training import CodedRows, range_losses


def losses_over_rates(
    model: BaseEstimator,
    X: Float[np.ndarray, "n d"] | CodedRows,
    y: np.ndarray,
    *,
    rates: Float64[np.ndarray, " steps"],
    seeds: Sequence[int],
    sample_weight: np.ndarray | None = None,
) -> tuple[Float64[np.ndarray, "seeds steps"], float]:
    """Train fresh copies of a classifier for one step at each rate.

    Args:
        model: an unfitted LinearClassifier, MLPClassifier, RandomlyWiredClassifier or AlexNetClassifier, trained by
            mini-batch descent.
        X: (N, D) as in `fit`.
        y: (N,) as in `fit`.
        rates: learning rates, above 0, in the order of the steps.
        seeds: a random_state for each copy.
        sample_weight: as in `fit`.
    Returns: the loss of each batch before its step; the rate of lr="auto".
    Raises: SettingError for another classifier, or seeds or settings outside their ranges; and what `fit` raises but
        for DivergedError.
    Convention: all rows are learned from, with early_stopping too.
    """
    check_is_descended(model)
    if getattr(model, "solver", "sgd") != "sgd":
        raise SettingError(
            f"solver is {model.get_params()['solver']!r}; expected 'sgd': a solver takes no learning rate. Set "
            "solver='sgd'."
        )
    if not len(seeds):
        raise SettingError("seeds is empty; expected one or more whole numbers. Give for example range(3).")
    for seed in seeds:
        integer(seed, name="a seed", low=0, high=2**32 - 1)
    copies = [clone(model).set_params(lr="auto", early_stopping=False, random_state=seed) for seed in seeds]
    lead = copies[0]._start(X, y, sample_weight=sample_weight)
    starts = [
        lead,
        *(copy._start_beside(copies[0], lead, seed=s) for copy, s in zip(copies[1:], seeds[1:], strict=True)),
    ]
    losses = range_losses(
        [start.model for start in starts],
        lead.train,
        settings=lead.settings,
        keys=[start.key for start in starts],
        rates=rates,
    )
    return losses, lead.settings.lr
