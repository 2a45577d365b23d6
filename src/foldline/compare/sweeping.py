"""One classifier with many settings on one set of data: which is best, how sure that is, and what it is worth."""

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from sklearn.base import BaseEstimator
from sklearn.model_selection import ParameterGrid, StratifiedKFold, train_test_split
from sklearn.preprocessing import StandardScaler

from foldline.compare.environment import environment
from foldline.compare.recipes import FeatureSet
from foldline.core.checks import integer
from foldline.core.errors import DataError, SettingError
from foldline.core.files import atomic_path, write_text
from foldline.core.progress import Advance, tracking
from foldline.estimators import MLPClassifier, Trained, train_population
from foldline.features import Concat
from foldline.images import ImageSet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VAL_SHARE = 0.2  # of the rows that are not for testing; they choose, and a tenth would choose by luck
TEST_SHARE = 0.2

Numbers = Float[np.ndarray, "n d"]
Points = tuple[Numbers, np.ndarray]


class SweptRow(NamedTuple):
    """One training.

    Args:
        fold: which of the outer splits, from 0.
        settings: what was swept.
        seed: of the training.
        epochs: how many it was given before it ended or was stopped.
        train_accuracy: in its last epoch, as rows were met; None if it diverged at once.
        val_accuracy: of the epoch whose weights were kept; None if it diverged.
        test_accuracy: of these weights, which nothing was chosen by; None if it diverged.
    """

    fold: int
    settings: dict[str, object]
    seed: int
    epochs: int
    train_accuracy: float | None
    val_accuracy: float | None
    test_accuracy: float | None


class Spread(NamedTuple):
    """A mean over trainings and the standard deviation between them."""

    mean: float
    std: float


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What `sweep` gives back.

    Args:
        rows: every training.
        names: the settings that were swept.
        epochs: of a training that was not stopped.
        source: what was swept on.
        environment: date, machine and versions.
    """

    rows: tuple[SweptRow, ...]
    names: tuple[str, ...]
    epochs: int
    source: str
    environment: dict[str, str]

    @property
    def combinations(self) -> list[dict[str, object]]:
        """The different settings, in the order of the grid."""
        return list({_key(row.settings): row.settings for row in self.rows}.values())

    def spread(self, settings: Mapping[str, object], *, of: str = "val_accuracy") -> Spread:
        """Give mean and deviation of an accuracy over folds and seeds; NaN where a training diverged."""
        found = [getattr(row, of) for row in self.rows if row.settings == settings]
        values = np.array([np.nan if value is None else value for value in found])
        return Spread(float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0)

    def was_stopped(self, settings: Mapping[str, object]) -> bool:
        """Say whether halving ended a training with these settings."""
        return any(row.settings == settings and row.epochs < self.epochs for row in self.rows)

    @property
    def best(self) -> dict[str, object]:
        """The settings with the highest mean validation accuracy among those that were trained to the end."""
        return _best(self.rows, epochs=self.epochs)

    @property
    def test_accuracy(self) -> Spread:
        """What choosing so is worth: in each fold the best settings there, on test rows that chose nothing."""
        folds = sorted({row.fold for row in self.rows})
        found = []
        for fold in folds:
            rows = [row for row in self.rows if row.fold == fold]
            best = _best(rows, epochs=self.epochs)
            found += [row.test_accuracy for row in rows if row.settings == best and row.test_accuracy is not None]
        return Spread(float(np.mean(found)), float(np.std(found, ddof=1)) if len(found) > 1 else 0.0)

    @property
    def table(self) -> dict[str, list[Any]]:
        """Every training as a row, as columns: `pandas.DataFrame(sweep.table)`."""
        swept = {name: [_plain(row.settings[name]) for row in self.rows] for name in self.names}
        others = ("seed", "epochs", "train_accuracy", "val_accuracy", "test_accuracy")
        return {"fold": [row.fold for row in self.rows], **swept} | {
            name: [getattr(row, name) for row in self.rows] for name in others
        }

    def picture(self) -> "Figure":
        """Draw validation accuracy over the first setting with a scale, a line for each value of the next one."""
        from foldline.compare.sweep_picture import sweep_picture

        return sweep_picture(self)

    def save(self, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
        """Write sweep.parquet (sweep.csv without pyarrow), sweep.json and sweep.png.

        Raises: SaveError if a file cannot be written.
        """
        summary = {
            "source": self.source,
            "best": {name: _plain(value) for name, value in self.best.items()},
            "val_accuracy": self.spread(self.best)._asdict(),
            "test_accuracy": self.test_accuracy._asdict(),
            "verdict": self.verdict,
            "environment": self.environment,
        }
        written = [_write_table(self.table, Path(folder))]
        write_text(Path(folder) / "sweep.json", json.dumps(summary, indent=1) + "\n")
        with atomic_path(Path(folder) / "sweep.png") as temporary:
            self.picture().savefig(temporary, format="png", dpi=150, facecolor="white")
        return (*written, Path(folder) / "sweep.json", Path(folder) / "sweep.png")

    @property
    def verdict(self) -> str:
        """What was found, in a few sentences; about width and L2 where both were swept."""
        best, test = self.spread(self.best), self.test_accuracy
        said = (
            f"Best on validation rows: {_said(self.best)}, {best.mean:.1%} ± {100 * best.std:.1f} points over "
            f"{len({(row.fold, row.seed) for row in self.rows})} trainings. On test rows, which chose nothing: "
            f"{test.mean:.1%} ± {100 * test.std:.1f}."
        )
        return f"{said} {self._about_size()}".strip()

    def _about_size(self) -> str:
        """Hold the wide net with its best L2 against narrow ones with the weakest: the lecture's slide 66."""
        if not {"hidden", "l2"} <= set(self.names):
            return ""
        least = min(s["l2"] for s in self.combinations)  # type: ignore[type-var]
        widest = max((s["hidden"] for s in self.combinations), key=_n_units)
        narrower = [s for s in self.combinations if s["hidden"] != widest and s["l2"] == least]
        if not narrower:
            return ""
        narrow = max(narrower, key=self._merit)
        wide = max((s for s in self.combinations if s["hidden"] == widest), key=self._merit)
        by_size, by_l2 = self.spread(narrow), self.spread(wide)
        gain = 100 * (by_l2.mean - by_size.mean)
        error = 100 * math.hypot(by_l2.std, by_size.std) / math.sqrt(max(self._n_trainings(wide), 1))
        if not math.isfinite(gain):
            return ""
        said = "does better than" if gain > 2 * error else "does worse than" if gain < -2 * error else "does as well as"
        return (
            f"The widest net with its best L2 ({_said(wide)}: {by_l2.mean:.1%}) {said} the best of the narrower nets "
            f"with the weakest ({_said(narrow)}: {by_size.mean:.1%}): {gain:+.1f} points, give or take {error:.1f}."
        )

    def _merit(self, settings: Mapping[str, object]) -> float:
        mean = self.spread(settings).mean
        return mean if math.isfinite(mean) else -1.0

    def _n_trainings(self, settings: Mapping[str, object]) -> int:
        return sum(row.settings == settings for row in self.rows)


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
    turn. A fifth of the other rows validates: it chooses epochs and settings. Test rows choose nothing, so that their
    accuracy with the settings chosen is what new data can expect (nested validation).

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
        split.
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
    if not grid or not all(len(values) for values in grid.values()):
        raise SettingError("grid is empty; expected settings with one or more values each. Name some, such as l2.")
    n_combinations = len(ParameterGrid(grid))
    rows: list[SweptRow] = []
    with tracking("sweeping", folds * n_combinations * seeds) as advance:
        for fold, parts in enumerate(_outer_splits(data, features, folds=folds, seed=seed)):
            note = partial(_note, rows=rows, fold=fold, parts=parts, advance=advance, watch=watch)
            train_population(
                model, *parts.train, hyper=grid, seeds=range(seeds), validation=parts.val, halving=halving, watch=note
            )
    source = data.source if isinstance(data, ImageSet) else f"{len(data[0]):,} points"
    return Sweep(rows=tuple(rows), names=tuple(grid), epochs=model.epochs, source=source, environment=environment())


class _Parts(NamedTuple):
    train: Points
    val: Points
    test: Points


def _outer_splits(
    data: ImageSet | Points, features: Sequence[str] | None, *, folds: int, seed: int
) -> Iterator[_Parts]:
    if isinstance(data, ImageSet):
        inputs, labels = data.images, data.labels
        names = features or (("hog",) if inputs.shape[-1] == 1 else ("hog", "color"))
        made: BaseEstimator = Concat(features=FeatureSet.named("+".join(names)).build(inputs.shape[1:]))
    else:
        if features is not None:
            raise SettingError(f"features is {features!r} and data are points; expected None. Leave features out.")
        inputs, labels = np.asarray(data[0], np.float32), np.asarray(data[1])
        made = StandardScaler()
    for rest, test in _test_rows(data, labels, folds=folds, seed=seed):
        train, val = _parted(rest, labels[rest], VAL_SHARE, seed=seed)
        X = made.fit_transform(inputs[train]).astype(np.float32)
        X_val, X_test = (made.transform(inputs[some]).astype(np.float32) for some in (val, test))
        yield _Parts((X, labels[train]), (X_val, labels[val]), (X_test, labels[test]))


def _test_rows(
    data: ImageSet | Points, labels: np.ndarray, *, folds: int, seed: int
) -> Iterator[tuple[Int[np.ndarray, " a"], Int[np.ndarray, " b"]]]:
    rows = np.arange(len(labels))
    if folds > 1:
        smallest = int(np.unique(labels, return_counts=True)[1].min())
        if smallest < folds:
            raise DataError(f"the smallest class has {smallest} rows; expected {folds}, one a fold. Lower folds.")
        yield from StratifiedKFold(folds, shuffle=True, random_state=seed).split(rows, labels)
    elif isinstance(data, ImageSet) and data.has_own_split:
        held_out = "test" if "test" in set(data.partition or ()) else "val"
        is_test = np.asarray(data.partition) == held_out
        yield rows[~is_test], rows[is_test]
    else:
        yield _parted(rows, labels, TEST_SHARE, seed=seed)


def _parted(
    rows: Int[np.ndarray, " n"], labels: np.ndarray, share: float, *, seed: int
) -> tuple[Int[np.ndarray, " a"], Int[np.ndarray, " b"]]:
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
    parts: _Parts,
    advance: Advance,
    watch: Callable[[Sequence[SweptRow]], None] | None,
) -> None:
    rows += [_row(one, fold=fold, parts=parts) for one in trained]
    advance(len(trained), "")
    if watch is not None:
        watch(rows)


def _row(trained: Trained, *, fold: int, parts: _Parts) -> SweptRow:
    history = trained.classifier.history_
    is_sound = trained.diverged_at is None
    return SweptRow(
        fold=fold,
        settings=trained.settings,
        seed=trained.seed,
        epochs=history.n_epochs,
        train_accuracy=float(history.train_accuracy[-1]) if history.n_epochs else None,
        val_accuracy=trained.val_accuracy,
        test_accuracy=float(trained.classifier.score(*parts.test)) if is_sound else None,
    )


def _best(rows: Sequence[SweptRow], *, epochs: int) -> dict[str, object]:
    accuracies: dict[str, list[float]] = {}
    longest = max(row.epochs for row in rows)  # patience may end all of them early
    for row in rows:
        if row.epochs == min(longest, epochs):
            accuracies.setdefault(_key(row.settings), []).append(row.val_accuracy or 0.0)
    best = max(accuracies, key=lambda key: float(np.mean(accuracies[key])))
    return next(row.settings for row in rows if _key(row.settings) == best)


def _key(settings: Mapping[str, object]) -> str:
    return repr(sorted(settings.items()))


def _n_units(hidden: object) -> int:
    return sum(hidden) if isinstance(hidden, tuple | list) else 0


def _said(settings: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {_plain(value)}" for name, value in settings.items())


def _plain(value: object) -> Any:
    """Give a setting as a table can hold it: widths as text such as 20 or 256-128."""
    if isinstance(value, tuple | list):
        return "-".join(map(str, value)) or "none"
    return value


def _write_table(table: dict[str, list[Any]], folder: Path) -> Path:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        lines = [",".join(table), *(",".join(map(_cell, values)) for values in zip(*table.values(), strict=True))]
        write_text(folder / "sweep.csv", "\n".join(lines) + "\n")
        return folder / "sweep.csv"
    # A setting may be a number in one row and a word such as "auto" in another.
    columns = {
        name: [str(v) for v in values] if any(isinstance(v, str) for v in values) else values
        for name, values in table.items()
    }
    with atomic_path(folder / "sweep.parquet") as temporary:
        pyarrow.parquet.write_table(pyarrow.table(columns), temporary)
    return folder / "sweep.parquet"


def _cell(value: object) -> str:
    return "" if value is None else str(value)
