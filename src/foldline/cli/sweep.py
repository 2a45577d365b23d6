"""`foldline sweep`: many settings of one net, the best of them, and a picture."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

import click

from foldline.cli.options import features_option, loading_options, values_option

if TYPE_CHECKING:
    from rich.table import Table

    from foldline.compare.swept import SweptRow

swept_option = partial(click.option, type=values_option, metavar="VALUES")

SHOWN = 8  # of the best combinations, while it runs


@click.command(
    "sweep",
    epilog="\b\nExamples:\n  foldline sweep photos/ --width 3,6,20,100 --l2 1e-5:1e-1:9 --seeds 5\n"
    "  foldline sweep moons --width 3,6,20,100 --l2 1e-5:1e-1:9 --halving 1 --epochs 200\n"
    "  foldline sweep digits --features raw --width 64 --lr 1e-3:1:7 --dropout 0,0.3,0.5 --folds 5",
)
@click.argument("data")
@features_option
@swept_option("--width", default="100", show_default=True, help="Units of each hidden layer; 0: none.")
@swept_option("--depth", default="1", show_default=True, help="Hidden layers.")
@swept_option("--l2", default="1e-5:1e-1:9", show_default=True, help="Prices on squared weights.")
@swept_option("--l1", default=None, help="Prices on absolute weights. Default: 0.")
@swept_option("--lr", default=None, help="Learning rates. Default: what the data allow.")
@swept_option("--dropout", default=None, help="Shares of units switched off. Default: 0.")
@click.option("--loss", type=click.Choice(["softmax", "svm"]), default="softmax", show_default=True)
@click.option("--activation", default="relu", show_default=True, help="Of the hidden layers.")
@click.option("--epochs", type=int, default=30, show_default=True, help="Passes over the training rows.")
@click.option("--seeds", type=int, default=5, show_default=True, help="Trainings of each combination.")
@click.option(
    "--folds", type=int, default=1, show_default=True, help="Parts that are tested in turn; 1: one test part."
)
@click.option(
    "--halving",
    type=int,
    default=3,
    show_default=True,
    help="Keep one in so many at each stop; 1: train all to the end.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Decides the splits.")
@click.option("--out", type=click.Path(file_okay=False), help="Folder of the results. Default: foldline-sweep-NAME.")
@loading_options
def sweep_command(
    data: str,
    features: tuple[str, ...] | None,
    width: tuple[float, ...],
    depth: tuple[float, ...],
    loss: Literal["softmax", "svm"],
    activation: str,
    epochs: int,
    seeds: int,
    folds: int,
    halving: int,
    seed: int,
    out: str | None,
    size: int | tuple[int, int] | None,
    image_fit: Literal["crop", "pad"],
    strict: bool,
    **numbers: tuple[float, ...] | None,
) -> None:
    """Train a net on DATA with every combination of settings and draw how each of them does.

    Values are lists such as 3,6,20 or ranges such as 1e-5:1e-1:9, nine values with equal ratios. DATA may also be one
    of the point sets moons, circles and blobs.
    """
    from rich.console import Console

    from foldline.compare.points import POINTS
    from foldline.compare.sweeping import sweep
    from foldline.core.compiled import use_jax_cache
    from foldline.core.progress import showing_progress
    from foldline.core.text import short_name
    from foldline.estimators import MLPClassifier
    from foldline.images import load_images

    use_jax_cache()
    grid: dict[str, Sequence[object]] = {"hidden": _widths(width, depth)}
    grid |= {name: values for name, values in numbers.items() if values is not None}
    model = MLPClassifier(loss=loss, activation=activation, epochs=epochs)
    names = list(grid)
    with showing_progress() as show:
        source = POINTS[data](seed) if data in POINTS else load_images(data, size=size, fit=image_fit, strict=strict)
        result = sweep(
            source,
            grid=grid,
            model=model,
            features=features,
            seeds=seeds,
            folds=folds,
            halving=halving,
            seed=seed,
            watch=lambda rows: show(_table(rows, names)),
        )
    folder = out or f"foldline-sweep-{short_name(data)}"
    Console().print(_table(result.rows, names))
    written = result.save(folder)
    click.echo(result.verdict)
    click.echo(f"Wrote {', '.join(map(str, written))}")


def _widths(widths: Sequence[float], depths: Sequence[float]) -> list[tuple[int, ...]]:
    for name, values in (("--width", widths), ("--depth", depths)):
        if any(value != int(value) or value < 0 for value in values):
            raise click.BadParameter(f"{name} holds {values}; expected whole numbers of at least 0.")
    hidden = [(int(width),) * int(depth) if width else () for depth in depths for width in widths]
    return list(dict.fromkeys(hidden))


def _table(rows: Sequence["SweptRow"], names: list[str]) -> "Table":
    """Draw the best combinations so far."""
    from rich.table import Table

    from foldline.compare.swept import combinations, plain

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in (*names, "epochs", "validation", "±", "test"):
        table.add_column(name, justify="right")
    found = sorted(combinations(rows), key=lambda one: (not one.was_stopped, one.merit), reverse=True)
    for one in found[:SHOWN]:
        swept = (_shown(plain(one.settings[name])) for name in names)
        accuracies = (f"{100 * one.val.mean:.1f} %", f"{100 * one.val.std:.2f}", f"{100 * one.test.mean:.1f} %")
        epochs = str(max(row.epochs for row in one.rows))
        table.add_row(*swept, epochs, *(accuracies if one.merit >= 0 else ("diverged", "", "")))
    return table


def _shown(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
