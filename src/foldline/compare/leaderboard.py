"""The outcome of a comparison: rows best first, the verdict, and its two files."""

import json
import os
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from foldline.compare.rows import DataSummary, Failure, Row
from foldline.compare.verdict import Verdict, judge
from foldline.core.errors import SaveError
from foldline.core.files import write_text
from foldline.core.text import short_name


@dataclass(frozen=True, kw_only=True)
class Leaderboard:
    """What `compare` gives back.

    Args:
        rows: one a recipe, highest mean test accuracy first.
        failures: recipes that could not be trained, with the reason.
        notes: what was left out, and why.
        data: what was compared on, and what was found wrong with it.
        n_seeds, seed: how often each recipe was trained, and the first seed.
        n_settings: how many settings of each recipe were tried on the validation images; 0 if none were.
        environment: date, machine and versions.
        elapsed_s: seconds the comparison took.
    """

    rows: tuple[Row, ...]
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    data: DataSummary
    n_seeds: int
    seed: int
    n_settings: int
    environment: dict[str, str]
    elapsed_s: float

    @property
    def name(self) -> str:
        """Short name of the data, from the end of its source: "photos" of "my/photos.tar.gz"."""
        return short_name(self.data.source)

    @property
    def best(self) -> Row:
        """The row with the highest mean test accuracy."""
        return self.rows[0]

    @cached_property
    def verdict(self) -> Verdict:
        """Which recipe is best, why, and which one to ship."""
        return judge(self.rows, self.data, n_settings=self.n_settings)

    def row(self, recipe: str) -> Row:
        """Give the row of a recipe by its key. Raises: KeyError if it was not compared."""
        for row in self.rows:
            if row.recipe == recipe:
                return row
        raise KeyError(f"{recipe!r} is not in this leaderboard; it holds {[row.recipe for row in self.rows]}.")

    def to_json(self) -> str:
        """Write all numbers as JSON text: `{"rows": [{"recipe": ..., "test_accuracy": {...}, ...}], ...}`."""
        verdict = self.verdict
        content = {
            "rows": [_row_content(row, self.data.class_names) for row in self.rows],
            "failures": [asdict(failure) for failure in self.failures],
            "verdict": {
                "best": verdict.best,
                "tied": list(verdict.tied),
                "ship": verdict.ship,
                "text": verdict.text,
            },
            "notes": list(self.notes),
            "data": _data_content(self.data),
            "seeds": self.n_seeds,
            "seed": self.seed,
            "tune": self.n_settings,
            "elapsed_s": self.elapsed_s,
            "environment": self.environment,
        }
        return json.dumps(content, indent=1, allow_nan=False)

    def report(self, path: str | os.PathLike[str]) -> None:
        """Write the report: one HTML file that opens without network.

        Args:
            path: where to; an older file there is replaced.
        Raises: SaveError if the file cannot be written.
        """
        from foldline.compare.report import render

        write_text(path, render(self))

    def save(self, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
        """Write leaderboard.json and report.html, and model.safetensors: the recipe that the verdict says to ship.

        If it says to ship none, an older model.safetensors in the folder is removed: it is not of this comparison.

        Args:
            folder: where to; made if it is not there.
        Returns: the files that were written.
        Raises: SaveError if a file cannot be written or removed.
        """
        from foldline.compare.report import render

        texts = {"leaderboard.json": self.to_json(), "report.html": render(self)}
        for name, text in texts.items():
            write_text(Path(folder) / name, text)
        written, model = [Path(folder) / name for name in texts], Path(folder) / "model.safetensors"
        shipped = None if self.verdict.ship is None else self.row(self.verdict.ship).model
        if shipped is None:
            _remove(model)
            return tuple(written)
        shipped.save(model)
        return (*written, model)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise SaveError(
            f"{path} could not be removed: {error.strerror or error}. Expected no model where the verdict ships none. "
            f"Remove it by hand: it is not of this comparison."
        ) from error


def _row_content(row: Row, class_names: tuple[str, ...]) -> dict[str, Any]:
    scores = zip(class_names, row.class_scores.precision, row.class_scores.recall, row.class_scores.n, strict=True)
    return {
        "recipe": row.recipe,
        "title": row.title,
        "description": row.description,
        "tuning": None if row.tuning is None else asdict(row.tuning),
        "test_accuracy": asdict(row.test_accuracy),
        "balanced_accuracy": row.balanced_accuracy,
        "val_accuracy": row.val_accuracy,
        "seeds": row.n_seeds,
        "n_features": row.n_features,
        "extract_s": row.extract_s,
        "train_s": row.train_s,
        "predict_us": row.predict_us,
        "model_bytes": row.model_bytes,
        "per_class": [
            {"class": name, "precision": float(precision), "recall": float(recall) if n else None, "n_test": int(n)}
            for name, precision, recall, n in scores
        ],
        "confusion": row.confusion.tolist(),
        "calibration": None
        if row.calibration is None
        else {
            "ece": row.calibration.ece,
            "n": row.calibration.n.tolist(),
            "confidence": row.calibration.confidence.tolist(),
            "accuracy": row.calibration.accuracy.tolist(),
        },
        "history": _history_content(row),
        "n_mistakes": row.n_mistakes,
        "mistakes": [
            {
                "name": mistake.name,
                "row": mistake.row,
                "truth": mistake.truth,
                "prediction": mistake.prediction,
                row.confidence_kind: mistake.confidence,
            }
            for mistake in row.mistakes
        ],
    }


def _history_content(row: Row) -> dict[str, Any] | None:
    if row.history is None:
        return None
    curves = {name: curve.tolist() for name, curve in row.history.curves.items()}
    return {**curves, "best_epoch": int(row.history.best_epoch)}


def _data_content(data: DataSummary) -> dict[str, Any]:
    return {
        "source": data.source,
        "image_shape": list(data.image_shape),
        "image_fit": data.image_fit,
        "class_names": list(data.class_names),
        "n_train": data.n_train.tolist(),
        "n_val": data.n_val.tolist(),
        "n_test": data.n_test.tolist(),
        "own_split": data.own_split,
        "own_val": data.own_val,
        "problems": [{"kind": p.kind, "where": p.where, "what": p.what} for p in data.problems],
    }
