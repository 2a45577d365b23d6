"""`foldline landscape`: the loss of a saved model around its weights."""

from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@click.command(
    "landscape",
    epilog="\b\nExamples:\n  foldline landscape run/model.safetensors photos/ --out landscape\n"
    "  foldline landscape run/model.safetensors photos/ --with other-run/model.safetensors\n"
    "  foldline landscape run/model.safetensors photos/ --kind filter --2d --hessian --seed 3\n"
    "  foldline landscape run/model.safetensors photos/ --kind path\n"
    "  foldline landscape --lecture --out lecture",
)
@click.argument("model", type=click.Path(), required=False)
@click.argument("data", required=False)
@click.option(
    "--kind",
    type=click.Choice(["filter", "random", "weight", "path"]),
    default="filter",
    show_default=True,
    help="Direction: filter, each unit as long as its own weights; random, all weights as a whole; weight, one weight "
    "alone; path, the plane of the way that training takes, for which the model is trained anew.",
)
@click.option("--with", "other", type=click.Path(), metavar="OTHER_MODEL", help="Go from MODEL (0) to this one (1).")
@click.option("--2d", "is_plane", is_flag=True, help="A plane of two directions, as contours, instead of a line.")
@click.option("--points", type=int, default=None, help="On the line (default: 201), or each side of the plane (51).")
@click.option("--span", type=float, default=None, help="Steps from the weights to both ends. Default: 1.")
@click.option("--hessian", is_flag=True, help="Also the largest and smallest curvature at the weights.")
@click.option("--rows", type=int, default=10_000, show_default=True, help="Training images at most.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides the direction and the split.")
@click.option("--lecture", is_flag=True, help="No model: slices of the net 10-32-32-32-10, from tame to wild.")
@click.option("--seeds", type=int, default=100, show_default=True, help="With --lecture: slices to choose from.")
@click.option("--out", type=click.Path(file_okay=False), default=".", show_default=True, help="Folder of the picture.")
@click.option("--strict", is_flag=True, help="End with an error if any file cannot be used, instead of listing it.")
def landscape_command(
    model: str | None,
    data: str | None,
    kind: Literal["filter", "random", "weight", "path"],
    other: str | None,
    is_plane: bool,
    points: int | None,
    span: float | None,
    hessian: bool,
    rows: int,
    seed: int,
    lecture: bool,
    seeds: int,
    out: str,
    strict: bool,
) -> None:
    """Draw what a saved MODEL minimises on DATA, along a line or over a plane of its weights.

    Says whether that is convex: for what the model is made of, for a triple of places that violates it, or for how many
    samples none was found; and counts local minima. The images are those that `foldline fit` would train on.
    """
    from foldline.core.compiled import use_jax_cache

    use_jax_cache()
    if lecture:
        if model is not None or hessian or other is not None:
            raise click.UsageError("--lecture has a net of its own. Leave MODEL, DATA, --with and --hessian out.")
        _lecture(seeds, out)
        return
    if model is None or data is None:
        raise click.UsageError("Missing arguments: MODEL, a file that foldline fit wrote, and DATA; or --lecture.")
    from pathlib import Path

    from foldline.cli.describe import print_landscape, print_problems
    from foldline.compare.landscapes import landscape_of
    from foldline.compare.saved_models import images_for
    from foldline.core.files import check_can_write
    from foldline.core.progress import showing_progress
    from foldline.estimators import load

    check_can_write(Path(out) / "landscape.png")
    pipeline, second = load(model), None if other is None else load(other)
    with showing_progress():
        images = images_for(pipeline, data, strict=strict)
        seen = landscape_of(
            pipeline,
            images,
            kind=kind,
            other=second,
            is_plane=is_plane,
            points=points,
            span=span,
            with_curvature=hessian,
            most_rows=rows,
            seed=seed,
        )
    print_landscape(seen)
    print_problems(images.problems)
    _write(seen.found.picture(), out, "landscape.png")


def _lecture(seeds: int, out: str) -> None:
    from pathlib import Path

    from foldline.core.files import check_can_write
    from foldline.core.progress import showing_progress
    from foldline.insight import lecture_slices

    check_can_write(Path(out) / "lecture.png")
    with showing_progress():
        found = lecture_slices(seeds)
    for kind, one in found.slices.items():
        click.echo(f"{kind:15s} seed {one.seed}, {found.counts[kind]} of {found.n_seeds} seeds: {one.verdict}")
    _write(found.picture(), out, "lecture.png")


def _write(figure: "Figure", out: str, name: str) -> None:
    from pathlib import Path

    from foldline.insight.style import save_png

    path = Path(out) / name
    save_png(figure, path)
    click.echo(f"Wrote {path}")
