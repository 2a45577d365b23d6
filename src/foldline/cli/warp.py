"""`foldline warp`: a plane before and after the first layers of a saved net."""

import click

from foldline.cli.options import window_option


@click.command(
    "warp",
    epilog="\b\nExamples:\n  foldline warp points.safetensors --window -2,3,-2,2\n"
    "  foldline warp run/model.safetensors cat.png dog.png car.png --layer 2 --out warped",
)
@click.argument("model", type=click.Path())
@click.argument("paths", nargs=-1, metavar="[IMAGES...]")
@click.option("--layer", type=int, default=1, show_default=True, help="How many layers the plane goes through.")
@click.option("--grid", "n_grid", type=int, default=16, show_default=True, help="Squares along each side.")
@click.option(
    "--window",
    type=window_option,
    metavar="A,B,C,D",
    help="Smallest and largest x, smallest and largest y; for nets of two inputs. Default: -1,1,-1,1.",
)
@click.option("--max-regions", type=int, default=2_000_000, show_default=True, help="Give up beyond.")
@click.option(
    "--out", type=click.Path(file_okay=False), default=".", show_default=True, help="Folder of warp.png and warp.gif."
)
@click.option("--strict", is_flag=True, help="End with an error if any file cannot be used, instead of listing it.")
def warp_command(
    model: str,
    paths: tuple[str, ...],
    layer: int,
    n_grid: int,
    window: tuple[float, float, float, float] | None,
    max_regions: int,
    out: str,
    strict: bool,
) -> None:
    """Draw what the first layers of a saved net do to a plane: moved by W x + b, then folded by the activation.

    The plane is that of `foldline folds`. The way there is written as an animation.
    """
    from pathlib import Path

    from foldline.cli.describe import print_problems
    from foldline.core.compiled import use_jax_cache
    from foldline.core.files import check_can_write
    from foldline.core.progress import showing_progress
    from foldline.estimators import load
    from foldline.insight import Plane, find_warp, plane_of_images
    from foldline.insight.style import save_png

    use_jax_cache()
    if paths and window is not None:
        raise click.UsageError("--window is for nets of two inputs, and IMAGES for nets of images: leave one out.")
    still, moving = Path(out) / "warp.png", Path(out) / "warp.gif"
    for path in (still, moving):
        check_can_write(path)
    loaded, X, labels = load(model), None, None
    with showing_progress():
        if paths:
            through = plane_of_images(loaded, paths, strict=strict)
            plane, X, labels = through.plane, through.X, through.winners
            print_problems(through.problems)
        else:
            plane = Plane.whole() if window is None else Plane.whole(window)
        warp = find_warp(loaded, plane, layer=layer, n_grid=n_grid, max_regions=max_regions)
        save_png(warp.picture(X=X, labels=labels), still)
        warp.animation(moving, X=X, labels=labels)
    click.echo(f"regions    {warp.n_regions:,} up to layer {layer}, cut by the grid into {len(warp.patterns):,} pieces")
    click.echo(f"Wrote {still} and {moving}")
