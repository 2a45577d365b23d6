"""From what a user gives a classifier to the rows that training takes."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Float32, Float64, Int32
from sklearn.model_selection import train_test_split
from sklearn.utils.class_weight import compute_class_weight

from foldline.core.errors import DataError, SettingError
from foldline.core.seeds import generator_from_seed
from foldline.estimators.weights import checked_weights
from foldline.training import CodedRows, Rows, StreamedRows, TrainingSettings, automatic_rate, epoch_batches
from foldline.training.rates import SAMPLE_ROWS

FeatureRows = Float[np.ndarray, "n d"] | CodedRows | StreamedRows
ClassWeight = Mapping[Any, float] | Literal["balanced"] | None
ValidationRows = Float[np.ndarray, "m _"] | CodedRows | StreamedRows


def on_device(X: FeatureRows, labels: Int32[np.ndarray, " n"], weights: Float64[np.ndarray, " n"] | None) -> Rows:
    """Give rows as training takes them, weights scaled to mean 1. Raises: DataError if all weights are 0."""
    rows = Rows(jnp.asarray(X) if isinstance(X, np.ndarray) else X, jnp.asarray(labels))
    if weights is None:
        return rows
    if weights.max() == 0:
        raise DataError(
            f"sample_weight times class_weight is zero for all {len(weights)} rows that train, or that validate; "
            f"expected at least one positive weight. Change them."
        )
    weights = weights / weights.max()  # first, because the sum of large weights may be infinite
    return rows._replace(weights=jnp.asarray(weights / weights.mean(), jnp.float32))


def stratified_rows(
    labels: Int32[np.ndarray, " n"], fraction: float, *, seed: int
) -> tuple[Int32[np.ndarray, " a"], Int32[np.ndarray, " b"]]:
    """Draw rows to learn from and rows that choose the epoch, a share of each class.

    Raises: DataError if a class has too few rows.
    """
    rows = np.arange(len(labels), dtype=np.int32)
    try:
        train, val = train_test_split(rows, test_size=fraction, stratify=labels, random_state=seed)
    except ValueError as error:
        raise DataError(
            f"validation_fraction is {fraction:g} and the smallest class has {np.bincount(labels).min()} of "
            f"{len(labels)} rows: {error} Expected at least one row of each class on both sides. Add rows, change "
            f"validation_fraction, or turn early_stopping off."
        ) from error
    return train, val


def drawn_rows(X: Any, n: int, *, generator: np.random.Generator) -> Float32[np.ndarray, "n d"]:
    """Draw up to n different rows of numbers, codes or a file."""
    rows = generator.permutation(len(X))[:n]
    return np.asarray(X.rows(rows) if isinstance(X, CodedRows | StreamedRows) else X[rows])


def fitting_rate(train: Rows, settings: TrainingSettings, hidden: Sequence[int], *, seed: int) -> float:
    """Choose a learning rate for a net with these hidden widths (see `foldline.training.automatic_rate`)."""
    generator = generator_from_seed(seed)
    X = train.X if isinstance(train.X, CodedRows | StreamedRows) else np.asarray(train.X)
    weights = None if train.weights is None else np.asarray(train.weights)
    if settings.sampling == "balanced":  # the rows to look at are met as training meets them
        met = epoch_batches(np.asarray(train.y), settings=settings, generator=generator).ravel()[:SAMPLE_ROWS]
        X = X[met] if isinstance(X, np.ndarray) else X.subset(met)
        weights = None if weights is None else weights[met]
    return automatic_rate(
        X,
        weights=weights,
        l2=settings.l2,
        batch_size=settings.rows_a_step(len(train.y)),
        loss=settings.loss,
        optimizer=settings.optimizer,
        hidden=hidden,
        generator=generator,
    )


def class_weights(given: ClassWeight, classes: np.ndarray, y: np.ndarray) -> Float64[np.ndarray, " k"] | None:
    """Give the weight of each class; None for equal ones. Raises: SettingError for others than there are."""
    if given is None:
        return None
    if isinstance(given, str) and given == "balanced":
        return np.asarray(compute_class_weight("balanced", classes=classes, y=y), np.float64)
    known = classes.tolist()
    if not isinstance(given, Mapping) or not set(given) <= set(known):
        raise SettingError(
            f"class_weight is {str(given)[:60]!r}; expected None, 'balanced' or a mapping from classes, of "
            f"{str(known)[:60]}, to weights. Change class_weight."
        )
    weights = np.array([given.get(name, 1.0) for name in known], np.float64)
    return checked_weights(weights, n=len(known), name="class_weight")


def known_labels(classes: np.ndarray, y: np.ndarray) -> Int32[np.ndarray, " n"]:
    """Give the numbers of the classes of validation rows. Raises: DataError for one that the training rows lack."""
    labels = np.searchsorted(classes, y).clip(max=len(classes) - 1)
    unknown = classes[labels] != y
    if unknown.any():
        raise DataError(
            f"the validation labels hold {y[unknown].tolist()[0]!r}; expected only classes of the training rows. "
            f"Split so that each class is in both."
        )
    return labels.astype(np.int32)
