"""The outcome of training wired nets: every architecture, what wiring is worth, and its files."""

import json
import math
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from foldline.compare.swept import Spread, SweptRow
from foldline.core.files import write_text
from foldline.estimators import MLPClassifier, RandomlyWiredClassifier
from foldline.insight.style import save_png
from foldline.models import Wiring
from foldline.models.wiring import GRAPHS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REGULAR = "layers"


class WiredNet(NamedTuple):
    """One architecture, over all of its trainings.

    Args:
        kind: of the graph; "layers" for the regular net.
        graph_seed: which graph of its kind; 0 for the regular net.
        wiring: the graph; None for the regular net.
        n_weights: all numbers that are learned.
        rows: the trainings, one a seed.
        first: the classifier of the first seed.
    """

    kind: str
    graph_seed: int
    wiring: Wiring | None
    n_weights: int
    rows: tuple[SweptRow, ...]
    first: RandomlyWiredClassifier | MLPClassifier

    @property
    def val(self) -> Spread:
        """Accuracy on validation rows over seeds."""
        return Spread.of([row.val_accuracy for row in self.rows])

    @property
    def test(self) -> Spread:
        """Accuracy on test rows over seeds."""
        return Spread.of([row.test_accuracy for row in self.rows])


class Family(NamedTuple):
    """All graphs of one kind, or the regular net.

    Args:
        kind: of the graphs; "layers" for the regular net.
        test: accuracy on test rows over all trainings.
        between_graphs: standard deviation between the means of the graphs; NaN for one.
    """

    kind: str
    test: Spread
    between_graphs: float


@dataclass(frozen=True, kw_only=True)
class Wirings:
    """What `wire` gives back.

    Args:
        nets: the architectures, graph by graph and the regular one last.
        source: what was trained on.
        environment: date, machine and versions.
    """

    nets: tuple[WiredNet, ...]
    source: str
    environment: dict[str, str]

    @cached_property
    def families(self) -> list[Family]:
        """The kinds in the order in which they were trained, the regular net last."""
        found = []
        for kind in dict.fromkeys(net.kind for net in self.nets):
            nets = [net for net in self.nets if net.kind == kind]
            test = Spread.of([row.test_accuracy for net in nets for row in net.rows])
            between = Spread.of([net.test.mean for net in nets]).std if len(nets) > 1 else math.nan
            found.append(Family(kind, test, between))
        return found

    @property
    def best(self) -> WiredNet:
        """The graph with the highest mean validation accuracy."""
        return max(self.nets[:-1], key=lambda net: _plain(net.val.mean) or -1.0)

    @property
    def verdict(self) -> str:
        """What was found, in two sentences."""
        *wired, regular = self.families
        told = "; ".join(
            f"{title(family.kind)} {family.test.mean:.1%} ± {100 * family.test.std:.1f}" for family in wired
        )
        rows = [row.test_accuracy for net in self.nets[:-1] for row in net.rows]
        all_wired = Spread.of(rows)
        gap = 100 * (all_wired.mean - regular.test.mean)
        error = 100 * math.hypot(
            all_wired.std / math.sqrt(len(rows)), regular.test.std / math.sqrt(len(self.nets[-1].rows))
        )
        said = "better" if gap > 2 * error else "worse" if gap < -2 * error else "no better and no worse"
        return (
            f"Test accuracy over graphs and seeds: {told}; regular layers {regular.test.mean:.1%} ± "
            f"{100 * regular.test.std:.1f}. Random wiring is {said} than layers of as many weights: {gap:+.1f} points, "
            f"give or take {error:.1f} between trainings, on one split."
        )

    @property
    def table(self) -> dict[str, list[Any]]:
        """Every training as a row, as columns: `pandas.DataFrame(wirings.table)`."""
        rows = [(net, row) for net in self.nets for row in net.rows]
        return {
            "kind": [net.kind for net, _ in rows],
            "graph_seed": [net.graph_seed for net, _ in rows],
            "depth": [None if net.wiring is None else net.wiring.depth for net, _ in rows],
            "n_weights": [net.n_weights for net, _ in rows],
            **{
                name: [getattr(row, name) for _, row in rows]
                for name in ("seed", "epochs", "train_accuracy", "val_accuracy", "test_accuracy")
            },
        }

    def picture(self) -> "Figure":
        """Draw the accuracy of every training, graph by graph (see `wirings_picture`)."""
        from foldline.compare.wiring_spread import wirings_picture

        return wirings_picture(self)

    def graph_picture(self) -> "Figure":
        """Draw the best graph with what it learned (see `wiring_picture`)."""
        from foldline.insight.wiring_pictures import wiring_picture

        net = self.best
        return wiring_picture(net.first, title=f"{title(net.kind)}, graph {net.graph_seed}: {net.val.mean:.1%}")

    def save(self, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
        """Write wirings.json, with every training, wirings.png and graph.png.

        Raises: SaveError if a file cannot be written.
        """
        summary = {
            "source": self.source,
            "verdict": self.verdict,
            "families": [
                {"kind": one.kind, "test_accuracy": one.test._asdict(), "between_graphs": _plain(one.between_graphs)}
                for one in self.families
            ],
            "trainings": self.table,
            "environment": self.environment,
        }
        write_text(Path(folder) / "wirings.json", json.dumps(summary, indent=1) + "\n")
        for name, figure in (("wirings.png", self.picture()), ("graph.png", self.graph_picture())):
            save_png(figure, Path(folder) / name)
        return tuple(Path(folder) / name for name in ("wirings.json", "wirings.png", "graph.png"))


def title(kind: str) -> str:
    """Say what a reader calls a kind of nets."""
    return GRAPHS[kind].title if kind in GRAPHS else "regular layers"


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value
