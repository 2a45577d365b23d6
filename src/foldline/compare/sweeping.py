"""One classifier with many settings on one set of data: which is best, how sure that is, and what it is worth."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Shaped
from sklearn.base import BaseEstimator
from sklearn.model_selection import ParameterGrid, StratifiedKFold, train_test_split
from sklearn.preprocessing import StandardScaler

from foldline.compare.environment import environment
from foldline.compare.recipes import FeatureSet
from foldline.compare.swept import Sweep, SweptRow, best_of
from foldline.core.checks import axes, integer, is_list
from foldline.core.errors import DataError, DivergedError, SettingError
from foldline.core.progress import Advance, tracking
from foldline.estimators import MLPClassifier, Trained, train_population
from foldline.features import Concat
from foldline.images import ImageSet
from foldline.images.splits import split_rows

VAL_SHARE = 0.2  # of the rows that are not for testing; they choose, and a tenth would choose by luck
TEST_SHARE = 0.2

Numbers = Float[np.ndarray, "n d"]
Points = tuple[Numbers, Shaped[np.ndarray, " n"]]
RowNumbers = Int[np.ndarray, " _"]


def sweep(
    data: ImageSet | Points,
    *,
    grid: Mapping[str, Sequence[object]],
    model: MLPClassifier | None = None,
    features: Sequence[str] | None = None,
    seeds: int = 5,
    folds: int = 1,
    halving: int = 3,
    seed: int = 0,
    watch: Callable[[Sequence[SweptRow]], None] | None = None,
) -> Sweep:
    """Train one net with every combination of settings and say which is best, and what choosing it is worth.

    The outer split sets test rows aside: those of the source, else a fifth of each class; or each of `folds` parts in
    turn. The source's own validation rows, with one fold, else a fifth of the others validate: they choose epochs and
    settings. Test rows choose nothing, so that their accuracy with the settings chosen is what new data can expect
    (nested validation).

    Args:
        data: images with labels, or (N, D) points and their (N,) labels.
        grid: lists of values by the names of settings of `model`; every combination is trained.
        model: an unfitted MLPClassifier, whose other settings all trainings share; None for the default.
        features: of images: names as in `fit`; None for HoG and, if there is any, colour.
        seeds: trainings of each combination.
        folds: 1, or how many parts are tested in turn, at least 2.
        halving: keeps one combination in so many at each of a few stops; 1 trains all of them to the end.
        seed: decides the splits; trainings take 0, 1, ...
        watch: called with the trainings so far, after each stop.
    Returns: every training, the best settings and a verdict.
    Raises: SettingError for an empty grid, unknown settings or one outside its range; DataError if the data cannot be
        split; DivergedError if trainings diverge with all settings.
    Source: Varma and Simon (2006), "Bias in error estimation when using cross-validation for model selection".
    Example:
        >>> from sklearn.datasets import make_moons
        >>> model = MLPClassifier(epochs=5)
        >>> result = sweep(make_moons(100, random_state=0), grid={"l2": [1e-4, 1e-2]}, model=model, seeds=2)
        >>> len(result.rows)
        4
    """
    for name, value, low in (("seeds", seeds, 1), ("folds", folds, 1), ("halving", halving, 1)):
        integer(value, name=name, low=low)
    integer(seed, name="seed", low=0, high=2**32 - 1)
    model = MLPClassifier() if model is None else model
    _check_grid(grid)
    if not isinstance(data, ImageSet):
        data = checked_points(*data)
    n_combinations = len(ParameterGrid(grid))
    rows: list[SweptRow] = []
    with tracking("sweeping", folds * n_combinations * seeds) as advance:
        for fold, parts in enumerate(outer_splits(data, features, folds=folds, seed=seed)):
            note = partial(_note, rows=rows, fold=fold, parts=parts, advance=advance, watch=watch)
            train_population(
                model, *parts.train, hyper=grid, seeds=range(seeds), validation=parts.val, halving=halving, watch=note
            )
            if best_of([row for row in rows if row.fold == fold]) is None:
                raise DivergedError(
                    "trainings diverged with every combination of settings that was trained to the end; expected one "
                    "at least that does not. Give smaller learning rates (lr), or scale the data."
                )
    order = {repr(settings): i for i, settings in enumerate(ParameterGrid(grid))}
    rows.sort(key=lambda row: (row.fold, order[repr(row.settings)], row.seed))
    source = data.source if isinstance(data, ImageSet) else f"{len(data[0]):,} points"
    return Sweep(rows=tuple(rows), names=tuple(grid), source=source, environment=environment())


def _check_grid(grid: object) -> None:
    if not isinstance(grid, Mapping) or not all(map(is_list, grid.values())):
        raise SettingError(
            f"grid is {grid!r}; expected a list of values for each setting. Write for example {{'l2': [0.001, 0.1]}}."
        )
    if not grid or not all(len(values) for values in grid.values()):
        raise SettingError("grid is empty; expected settings with one or more values each. Name some, such as l2.")


def checked_points(points: object, labels: object) -> Points:
    """Give points as float32 and their labels. Raises: ShapeError or DataError for what are none."""
    X, y = np.asarray(points, np.float32), np.asarray(labels)
    axes(X, "n d", name="data[0], the points,", fix="Give a row a point.")
    axes(y, str(len(X)), name="data[1], the labels,", fix="Give one label for each point.")
    if not np.isfinite(X).all():
        raise DataError("the points hold NaN or infinity; expected finite numbers. Leave such points out.")
    return X, y


class Parts(NamedTuple):
    """Feature vectors and labels to learn from, to choose by and to test on."""

    train: Points
    val: Points
    test: Points


def outer_splits(data: ImageSet | Points, features: Sequence[str] | None, *, folds: int, seed: int) -> Iterator[Parts]:
    """Part images or points as `sweep` says, a fold at a time, and make their feature vectors."""
    if isinstance(data, ImageSet):
        inputs, labels, shape = data.images, data.labels, tuple(data.images.shape[1:])
        made: BaseEstimator = Concat(features=FeatureSet.chosen(features, image_shape=shape).build(shape))
    else:
        if features is not None:
            raise SettingError(f"features is {features!r} and data are points; expected None. Leave features out.")
        inputs, labels = data
        made = StandardScaler()
    for train, val, test in _split_rows(data, labels, folds=folds, seed=seed):
        X = made.fit_transform(inputs[train]).astype(np.float32)
        X_val, X_test = (made.transform(inputs[some]).astype(np.float32) for some in (val, test))
        yield Parts((X, labels[train]), (X_val, labels[val]), (X_test, labels[test]))


def _split_rows(
    data: ImageSet | Points, labels: Shaped[np.ndarray, " n"], *, folds: int, seed: int
) -> Iterator[tuple[RowNumbers, ...]]:
    """Give the numbers of training, validation and test rows, once a fold."""
    if isinstance(data, ImageSet) and folds == 1:
        yield split_rows(data.labels, data.class_names, partition=data.partition, test=None, val=VAL_SHARE, seed=seed)
        return
    for rest, test in _test_rows(labels, folds=folds, seed=seed):
        yield (*_parted(rest, labels[rest], VAL_SHARE, seed=seed), test)


def _test_rows(labels: Shaped[np.ndarray, " n"], *, folds: int, seed: int) -> Iterator[tuple[RowNumbers, RowNumbers]]:
    rows = np.arange(len(labels))
    if folds == 1:
        yield _parted(rows, labels, TEST_SHARE, seed=seed)
        return
    smallest = int(np.unique(labels, return_counts=True)[1].min())
    if smallest < folds:
        raise DataError(f"the smallest class has {smallest} rows; expected {folds}, one a fold. Lower folds.")
    yield from StratifiedKFold(folds, shuffle=True, random_state=seed).split(rows, labels)


def _parted(
    rows: RowNumbers, labels: Shaped[np.ndarray, " n"], share: float, *, seed: int
) -> tuple[RowNumbers, RowNumbers]:
    try:
        one, other = train_test_split(rows, test_size=share, stratify=labels, random_state=seed)
    except ValueError as error:
        raise DataError(
            f"{len(rows)} rows cannot be parted with {share:.0%} of each class apart: {error} Expected a few rows of "
            "each class in every part. Add data."
        ) from error
    return one, other


def _note(
    trained: Sequence[Trained],
    *,
    rows: list[SweptRow],
    fold: int,
    parts: Parts,
    advance: Advance,
    watch: Callable[[Sequence[SweptRow]], None] | None,
) -> None:
    rows += [row_of(one, fold=fold, parts=parts) for one in trained]
    advance(len(trained), "")
    if watch is not None:
        watch(rows)


def row_of(trained: Trained, *, fold: int, parts: Parts) -> SweptRow:
    """Note what became of one training."""
    history = trained.classifier.history_
    is_sound = trained.diverged_at is None
    return SweptRow(
        fold=fold,
        settings=trained.settings,
        seed=trained.seed,
        epochs=history.n_epochs,
        was_stopped=trained.was_stopped,
        train_accuracy=float(history.train_accuracy[-1]) if history.n_epochs else None,
        val_accuracy=trained.val_accuracy,
        test_accuracy=float(trained.classifier.score(*parts.test)) if is_sound else None,
    )
