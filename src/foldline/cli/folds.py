"""`foldline folds`: the exact linear regions and decision boundary of a saved net on a plane."""

import click

from foldline.cli.options import window_option


@click.command(
    "folds",
    epilog="\b\nExamples:\n  foldline folds run/model.safetensors cat.png dog.png car.png\n"
    "  foldline folds run/model.safetensors photos/ --out folds\n"
    "  foldline folds moons.safetensors --window -2,3,-2,2",
)
@click.argument("model", type=click.Path())
@click.argument("paths", nargs=-1, metavar="[IMAGES...]")
@click.option(
    "--window",
    type=window_option,
    metavar="A,B,C,D",
    help="Smallest and largest x, smallest and largest y; for nets of two inputs. Default: -1,1,-1,1.",
)
@click.option("--max-regions", type=int, default=2_000_000, show_default=True, help="Give up beyond.")
@click.option("--out", type=click.Path(file_okay=False), default=".", show_default=True, help="Folder of folds.png.")
@click.option("--strict", is_flag=True, help="End with an error if any file cannot be used, instead of listing it.")
def folds_command(
    model: str,
    paths: tuple[str, ...],
    window: tuple[float, float, float, float] | None,
    max_regions: int,
    out: str,
    strict: bool,
) -> None:
    """Cut a plane into the regions on which a saved net is one linear classifier, and draw them.

    The plane goes through three images, or along the two directions in which more images differ most; for a net of two
    inputs it is the plane itself. Every region, fold and piece of the decision boundary is exact.
    """
    from pathlib import Path

    from foldline.cli.describe import print_folds, print_problems
    from foldline.core.compiled import use_jax_cache
    from foldline.core.files import check_can_write
    from foldline.core.progress import showing_progress
    from foldline.estimators import load
    from foldline.insight import Plane, find_folds, find_image_folds
    from foldline.insight.style import save_png

    use_jax_cache()
    if paths and window is not None:
        raise click.UsageError("--window is for nets of two inputs, and IMAGES for nets of images: leave one out.")
    path = Path(out) / "folds.png"
    check_can_write(path)
    with showing_progress():
        if paths:
            found = find_image_folds(model, paths, max_regions=max_regions, strict=strict)
            folds, names = found.folds, found.through.class_names
            picture = found.picture()
            print_problems(found.through.problems)
        else:
            plane = Plane.whole() if window is None else Plane.whole(window)
            loaded = load(model)
            folds = find_folds(loaded, plane, max_regions=max_regions)
            names = tuple(map(str, loaded.classes_))
            picture = folds.picture(class_names=names)
    print_folds(folds, names)
    save_png(picture, path)
    click.echo(f"Wrote {path}")
