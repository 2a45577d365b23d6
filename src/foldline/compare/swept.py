"""The outcome of a sweep: every training, what each combination of settings is worth, and its files."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from foldline.core.files import atomic_path, write_text
from foldline.insight.style import save_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class SweptRow(NamedTuple):
    """One training.

    Args:
        fold: which of the outer splits, from 0.
        settings: what was swept.
        seed: of the training.
        epochs: how many it had until it ended, was stopped or diverged.
        was_stopped: whether halving stopped it.
        train_accuracy: in its last epoch, as rows were met; None if it diverged at once.
        val_accuracy: of the epoch whose weights were kept; None if it diverged.
        test_accuracy: of these weights, which nothing was chosen by; None if it diverged.
    """

    fold: int
    settings: dict[str, object]
    seed: int
    epochs: int
    was_stopped: bool
    train_accuracy: float | None
    val_accuracy: float | None
    test_accuracy: float | None


class Spread(NamedTuple):
    """A mean over trainings and the standard deviation between them; NaN where one of them diverged."""

    mean: float
    std: float

    @classmethod
    def of(cls, values: Sequence[float | None]) -> "Spread":
        """Compute both; None is a training that diverged."""
        numbers = np.array([math.nan if value is None else value for value in values])
        return cls(float(numbers.mean()), float(numbers.std(ddof=1)) if len(numbers) > 1 else 0 * float(numbers[0]))


class Combination(NamedTuple):
    """One combination of settings, over all of its trainings.

    Args:
        settings: what was swept.
        rows: the trainings.
        val, test: accuracies on validation and test rows.
    """

    settings: dict[str, object]
    rows: tuple[SweptRow, ...]
    val: Spread
    test: Spread

    @property
    def was_stopped(self) -> bool:
        """Whether halving stopped one of its trainings."""
        return any(row.was_stopped for row in self.rows)

    @property
    def merit(self) -> float:
        """Mean validation accuracy, -1 where a training diverged: for comparing."""
        return -1.0 if math.isnan(self.val.mean) else self.val.mean


def combinations(rows: Sequence[SweptRow]) -> list[Combination]:
    """Gather the trainings of each combination, in the order in which combinations come first."""
    gathered: dict[str, list[SweptRow]] = {}
    for row in rows:
        gathered.setdefault(repr(row.settings), []).append(row)
    return [
        Combination(
            settings=same[0].settings,
            rows=tuple(same),
            val=Spread.of([row.val_accuracy for row in same]),
            test=Spread.of([row.test_accuracy for row in same]),
        )
        for same in gathered.values()
    ]


def best_of(rows: Sequence[SweptRow]) -> Combination | None:
    """Choose by validation rows among combinations that halving did not stop and that never diverged; None of none."""
    sound = [one for one in combinations(rows) if not one.was_stopped and one.merit >= 0]
    return max(sound, key=lambda one: one.merit, default=None)


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What `sweep` gives back.

    Args:
        rows: every training, in the order of the grid.
        names: the settings that were swept.
        source: what was swept on.
        environment: date, machine and versions.
    """

    rows: tuple[SweptRow, ...]
    names: tuple[str, ...]
    source: str
    environment: dict[str, str]

    @cached_property
    def combinations(self) -> list[Combination]:
        """The different settings with what they are worth, in the order of the grid."""
        return combinations(self.rows)

    @cached_property
    def best(self) -> Combination:
        """The combination with the highest mean validation accuracy among those that were trained to the end."""
        best = best_of(self.rows)
        assert best is not None  # `sweep` saw to it
        return best

    @cached_property
    def test_accuracy(self) -> Spread:
        """What choosing so is worth: in each fold the best settings there, on test rows that chose nothing."""
        folds = {row.fold: [other for other in self.rows if other.fold == row.fold] for row in self.rows}
        chosen = [best for rows in folds.values() if (best := best_of(rows)) is not None]
        return Spread.of([row.test_accuracy for best in chosen for row in best.rows])

    @property
    def table(self) -> dict[str, list[Any]]:
        """Every training as a row, as columns: `pandas.DataFrame(sweep.table)`."""
        swept = {name: [plain(row.settings[name]) for row in self.rows] for name in self.names}
        others = ("seed", "epochs", "was_stopped", "train_accuracy", "val_accuracy", "test_accuracy")
        return {"fold": [row.fold for row in self.rows], **swept} | {
            name: [getattr(row, name) for row in self.rows] for name in others
        }

    @property
    def verdict(self) -> str:
        """What was found, in a few sentences; about width and L2 where both were swept."""
        best, test = self.best, self.test_accuracy
        said = (
            f"Best on validation rows: {_said(best.settings)}, {best.val.mean:.1%} ± {100 * best.val.std:.1f} points "
            f"over {len(best.rows)} trainings. On test rows, which chose nothing: {test.mean:.1%} ± "
            f"{100 * test.std:.1f}."
        )
        return f"{said} {self._about_size()}".strip()

    def picture(self) -> "Figure":
        """Draw validation accuracy along one setting, a line for each value of another (see `sweep_picture`)."""
        from foldline.compare.sweep_picture import sweep_picture

        return sweep_picture(self)

    def save(self, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
        """Write sweep.parquet (sweep.csv without pyarrow), sweep.json and sweep.png.

        Raises: SaveError if a file cannot be written.
        """
        summary = {
            "source": self.source,
            "best": {name: plain(value) for name, value in self.best.settings.items()},
            "val_accuracy": self.best.val._asdict(),
            "test_accuracy": self.test_accuracy._asdict(),
            "verdict": self.verdict,
            "environment": self.environment,
        }
        written = [_write_table(self.table, Path(folder))]
        write_text(Path(folder) / "sweep.json", json.dumps(summary, indent=1) + "\n")
        save_png(self.picture(), Path(folder) / "sweep.png")
        return (*written, Path(folder) / "sweep.json", Path(folder) / "sweep.png")

    def _about_size(self) -> str:
        """Hold the wide net with its best L2 against narrow ones with the weakest: the lecture's slide 66."""
        if not {"hidden", "l2"} <= set(self.names):
            return ""
        least = min(one.settings["l2"] for one in self.combinations)  # type: ignore[type-var]
        widest = max((one.settings["hidden"] for one in self.combinations), key=_n_units)
        narrower = [one for one in self.combinations if one.settings["hidden"] != widest]
        narrow = max((o for o in narrower if o.settings["l2"] == least), key=lambda o: o.merit, default=None)
        wide = max((o for o in self.combinations if o.settings["hidden"] == widest), key=lambda o: o.merit)
        if narrow is None or min(narrow.merit, wide.merit) < 0 or narrow.was_stopped:
            return ""  # a net that was stopped early says nothing about its size
        is_folded = len({row.fold for row in wide.rows}) > 1
        gain = 100 * (wide.val.mean - narrow.val.mean)
        error = 100 * math.hypot(wide.val.std, narrow.val.std) / math.sqrt(len(wide.rows))
        said = "does better than" if gain > 2 * error else "does worse than" if gain < -2 * error else "does as well as"
        return (
            f"The widest net with its best L2 ({_said(wide.settings)}: {wide.val.mean:.1%}) {said} the best of the "
            f"narrower nets with the weakest ({_said(narrow.settings)}: {narrow.val.mean:.1%}): {gain:+.1f} points, "
            f"give or take {error:.1f} between {'seeds and folds' if is_folded else 'seeds, on one split'}."
        )


def plain(value: object) -> Any:
    """Give a setting as a table can hold it: widths as text such as 20 or 256-128.

    Example:
        >>> plain((256, 128)), plain(()), plain(0.1)
        ('256-128', 'none', 0.1)
    """
    if isinstance(value, tuple | list):
        return "-".join(map(str, value)) or "none"
    return value


def _n_units(hidden: object) -> int:
    return sum(hidden) if isinstance(hidden, tuple | list) else 0


def _said(settings: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {plain(value)}" for name, value in settings.items())


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
