"""From what a user gives a classifier to the rows that training takes."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Float64, Int32
from sklearn.model_selection import train_test_split

from foldline.core.errors import DataError
from foldline.core.seeds import generator_from_seed
from foldline.training import CodedRows, Rows, StreamedRows, TrainingSettings, automatic_rate

FeatureRows = Float[np.ndarray, "n d"] | CodedRows | StreamedRows
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


def fitting_rate(train: Rows, settings: TrainingSettings, hidden: Sequence[int], *, seed: int) -> float:
    """Choose a learning rate for a net with these hidden widths (see `foldline.training.automatic_rate`)."""
    return automatic_rate(
        train.X if isinstance(train.X, CodedRows | StreamedRows) else np.asarray(train.X),
        weights=None if train.weights is None else np.asarray(train.weights),
        l2=settings.l2,
        batch_size=settings.rows_a_step(len(train.y)),
        loss=settings.loss,
        optimizer=settings.optimizer,
        hidden=hidden,
        generator=generator_from_seed(seed),
    )
