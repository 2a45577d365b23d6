"""`foldline wire`: nets wired at random beside regular ones, and how much the wiring decides."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import click

from foldline.cli.options import features_option, loading_options, words_option

if TYPE_CHECKING:
    from rich.table import Table

    from foldline.compare.wired import WiredNet


@click.command(
    "wire",
    epilog="\b\nExamples:\n  foldline wire photos/\n"
    "  foldline wire fashion-mini --features hog --width 128 --dropout 0.2\n"
    "  foldline wire photos/ --stages 2 --nodes 12 --width 16 --size 32 --epochs 10\n"
    "  foldline wire moons --kinds ws,ba --graphs 5 --seeds 2 --nodes 12 --width 8",
)
@click.argument("data")
@features_option
@click.option(
    "--kinds",
    type=words_option,
    default="ws,er,ba",
    show_default=True,
    help="Of graphs: Watts-Strogatz, Erdos-Renyi, Barabasi-Albert.",
)
@click.option("--graphs", type=int, default=3, show_default=True, help="Of each kind.")
@click.option("--seeds", type=int, default=3, show_default=True, help="Trainings of each graph.")
@click.option("--nodes", type=int, default=32, show_default=True, help="Of each graph.")
@click.option("--width", type=int, default=64, show_default=True, help="Units of each node.")
@click.option("--stages", type=int, help="Graphs one after the other, on raw pixels, whose nodes are convolutions.")
@click.option("--l2", type=float, default=1e-3, show_default=True, help="Price on squared weights.")
@click.option("--dropout", type=float, default=0.0, show_default=True, help="Share of units switched off in training.")
@click.option("--lr", type=float, default=None, help="Largest learning rate. Default: what the data allow.")
@click.option("--loss", type=click.Choice(["softmax", "svm"]), default="softmax", show_default=True)
@click.option("--epochs", type=int, default=30, show_default=True, help="Passes over the training rows.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides the split.")
@click.option("--out", type=click.Path(file_okay=False), help="Folder of the results. Default: foldline-wire-NAME.")
@loading_options
def wire_command(
    data: str,
    features: tuple[str, ...] | None,
    kinds: tuple[str, ...],
    graphs: int,
    seeds: int,
    nodes: int,
    width: int,
    stages: int | None,
    l2: float,
    dropout: float,
    lr: float | None,
    loss: Literal["softmax", "svm"],
    epochs: int,
    seed: int,
    out: str | None,
    size: int | tuple[int, int] | None,
    image_fit: Literal["crop", "pad"],
    strict: bool,
) -> None:
    """Train nets wired as random graphs on DATA, and a regular one of as many weights; show how far they spread.

    DATA may also be one of the point sets moons, circles and blobs.
    """
    from rich.console import Console

    from foldline.compare.points import POINTS
    from foldline.compare.wiring import wire
    from foldline.core.compiled import use_jax_cache
    from foldline.core.progress import showing_progress
    from foldline.core.text import short_name
    from foldline.estimators import RandomlyWiredClassifier
    from foldline.images import load_images

    use_jax_cache()
    model = RandomlyWiredClassifier(
        nodes=nodes,
        width=width,
        stages=stages,
        l2=l2,
        dropout=dropout,
        lr="auto" if lr is None else lr,
        loss=loss,
        epochs=epochs,
    )
    with showing_progress() as show:
        source = POINTS[data](seed) if data in POINTS else load_images(data, size=size, fit=image_fit, strict=strict)
        found = wire(
            source,
            model=model,
            kinds=kinds,
            graphs=graphs,
            seeds=seeds,
            features=features,
            seed=seed,
            watch=lambda nets: show(_table(nets)),
        )
    folder = out or f"foldline-wire-{short_name(data)}"
    Console().print(_table(found.nets))
    written = found.save(folder)
    click.echo(found.verdict)
    click.echo(f"Wrote {', '.join(map(str, written))}")


def _table(nets: Sequence["WiredNet"]) -> "Table":
    from rich.table import Table

    from foldline.compare.wired import title

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("wiring")
    for name in ("graph", "depth", "edges", "weights", "validation", "±", "test", "±"):
        table.add_column(name, justify="right")
    for net in nets:
        wiring = net.wiring
        graph = ("", "3", "") if wiring is None else (net.graph_seed, wiring.depth, len(wiring.edges))
        spreads = [
            text
            for spread in (net.val, net.test)
            for text in (
                ("diverged", "")
                if math.isnan(spread.mean)
                else (f"{100 * spread.mean:.1f} %", f"{100 * spread.std:.2f}")
            )
        ]
        table.add_row(title(net.kind), *map(str, graph), f"{net.n_weights:,}", *spreads)
    return table
