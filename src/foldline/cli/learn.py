"""`foldline learn`: how much each idea makes of few and of many training images."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from foldline.cli.options import loading_options, values_option, words_option

if TYPE_CHECKING:
    from rich.table import Table

    from foldline.compare.learned import LearningCurves, Point


@click.command(
    "learn",
    epilog="\b\nExamples:\n  foldline learn photos/ --size 32\n"
    "  foldline learn cifar-10-batches-bin/ --shares 0.01,0.1,1 --recipes hog+color/mlp2,alexnet\n"
    "  foldline learn fashion-mini --seeds 3 --out curves",
)
@click.argument("data")
@click.option(
    "--recipes",
    type=words_option,
    metavar="A,B,...",
    help="As in compare. Default: one of each kind, from pixels to AlexNet; minutes to hours.",
)
@click.option(
    "--shares",
    type=values_option,
    default="0.01,0.03,0.1,0.3,1",
    show_default=True,
    help="Of the training images.",
)
@click.option("--seeds", type=int, default=1, show_default=True, help="Trainings of each, on other images.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides the split and the first images.")
@click.option("--out", type=click.Path(file_okay=False), help="Folder of the results. Default: foldline-learn-NAME.")
@loading_options
def learn_command(
    data: str,
    recipes: tuple[str, ...] | None,
    shares: tuple[float, ...],
    seeds: int,
    seed: int,
    out: str | None,
    size: int | tuple[int, int] | None,
    image_fit: Literal["crop", "pad"],
    strict: bool,
) -> None:
    """Train recipes on growing shares of DATA's training images: who is ahead with few, who with many?"""
    from rich.console import Console

    from foldline.compare.learning import learning_curves
    from foldline.core.compiled import use_jax_cache
    from foldline.core.files import check_can_write
    from foldline.core.progress import showing_progress
    from foldline.core.text import short_name
    from foldline.images import load_images

    folder = out or f"foldline-learn-{short_name(data)}"

    def watch(found: "LearningCurves") -> None:
        show(_table(found.points))
        found.save(folder)  # hours of work: nothing is lost if it is stopped

    check_can_write(Path(folder) / "learning.json")  # before hours of work
    use_jax_cache()
    with showing_progress() as show:
        images = load_images(data, size=size, fit=image_fit, strict=strict)
        found = learning_curves(
            images,
            recipes=recipes,
            shares=shares,
            seeds=seeds,
            seed=seed,
            watch=watch,
        )
    Console().print(_table(found.points))
    written = found.save(folder)
    for failure in found.failures:
        click.echo(failure, err=True)
    click.echo(found.verdict)
    click.echo(f"Wrote {', '.join(map(str, written))}")


def _table(points: Sequence["Point"]) -> "Table":
    from rich.table import Table

    sizes = sorted({point.n_train for point in points})
    cells = {(point.title, point.n_train): point for point in points}
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("test images right, by training images")
    for size in sizes:
        table.add_column(f"{size:,}", justify="right")
    for title in dict.fromkeys(point.title for point in points):
        of_title = [cells.get((title, size)) for size in sizes]
        table.add_row(title, *("" if point is None else f"{100 * point.accuracy.mean:.1f} %" for point in of_title))
    return table
