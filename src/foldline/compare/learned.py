"""The outcome of training on growing shares of the images: who is ahead with how many, and its files."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from foldline.compare.swept import Spread
from foldline.core.files import write_text
from foldline.insight.style import save_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Point(NamedTuple):
    """One recipe on one share of the training images.

    Args:
        recipe, title: its key, and what a reader calls it.
        share: of the training images.
        n_train: how many these are.
        accuracy: on test images, over the seeds that did not fail so far.
        elapsed_s: seconds from pixels to a trained model, mean over seeds.
    """

    recipe: str
    title: str
    share: float
    n_train: int
    accuracy: Spread
    elapsed_s: float

    @classmethod
    def of(
        cls, recipe: str, title: str, share: float, n_train: int, outcomes: Sequence[tuple[float, float]]
    ) -> "Point":
        """Sum up accuracies and seconds of several seeds."""
        accuracies, seconds = zip(*outcomes, strict=True)
        return cls(recipe, title, share, n_train, Spread.of(accuracies), sum(seconds) / len(seconds))


@dataclass(frozen=True, kw_only=True)
class LearningCurves:
    """What `learning_curves` gives back.

    Args:
        points: recipe by recipe, from the smallest share to the largest.
        failures: what could not be trained, and why.
        n_test: number of test images, the same ones for all.
        source: where the images come from.
        n_seeds: trainings that were asked for, of each point.
        n_done, n_planned: shares that were trained on, over all seeds, and how many there are to be.
        environment: date, machine and versions.
    """

    points: tuple[Point, ...]
    failures: tuple[str, ...]
    n_test: int
    source: str
    n_seeds: int
    n_done: int
    n_planned: int
    environment: dict[str, str]

    @property
    def recipes(self) -> dict[str, str]:
        """The titles of the recipes by their keys."""
        return {point.recipe: point.title for point in self.points}

    @property
    def leaders(self) -> list[Point]:
        """The best point of each share, from the smallest on."""
        shares = sorted({point.share for point in self.points})
        return [max((p for p in self.points if p.share == share), key=lambda p: p.accuracy.mean) for share in shares]

    @property
    def verdict(self) -> str:
        """Who is ahead with how many images, in a sentence or two."""
        told = []
        for _, group in groupby(self.leaders, key=lambda point: point.recipe):
            first, *_, last = [*group] * 2
            among = f"{first.n_train:,}" if first.n_train == last.n_train else f"{first.n_train:,} to {last.n_train:,}"
            told.append(
                f"with {among} training images {first.title} is ahead ({first.accuracy.mean:.1%}"
                + (")" if first.n_train == last.n_train else f" to {last.accuracy.mean:.1%})")
            )
        text = "; ".join(told)
        return f"{text[0].upper()}{text[1:]}, on {self.n_test:,} test images."

    @property
    def table(self) -> dict[str, list[Any]]:
        """A row a point, as columns: `pandas.DataFrame(found.table)`."""
        plain = ("recipe", "share", "n_train", "elapsed_s")
        return {
            **{name: [getattr(point, name) for point in self.points] for name in plain},
            "test_accuracy": [point.accuracy.mean for point in self.points],
            "std": [point.accuracy.std for point in self.points],
        }

    def picture(self) -> "Figure":
        """Draw both curves (see `learned_picture`)."""
        from foldline.compare.learned_pictures import learned_picture

        return learned_picture(self)

    def save(self, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
        """Write learning.json, with every point, and learning.png.

        Raises: SaveError if a file cannot be written.
        """
        summary = {
            "source": self.source,
            "verdict": self.verdict,
            "n_test": self.n_test,
            "seeds": self.n_seeds,
            "done": self.n_done,
            "planned": self.n_planned,
            "points": self.table,
            "failures": list(self.failures),
            "environment": self.environment,
        }
        write_text(Path(folder) / "learning.json", json.dumps(summary, indent=1) + "\n")
        save_png(self.picture(), Path(folder) / "learning.png")
        return (Path(folder) / "learning.json", Path(folder) / "learning.png")
