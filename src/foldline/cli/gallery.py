"""`foldline gallery`: the whole lecture as one page of figures."""

import click

from foldline.cli.options import words_option


@click.command(
    "gallery",
    epilog="\b\nExamples:\n  foldline gallery --out lecture\n  foldline gallery --only space-warping,image-folds\n"
    "  foldline gallery --list",
)
@click.option("--only", type=words_option, metavar="A,B,...", help="Names of exhibits. Default: all.")
@click.option("--list", "is_list", is_flag=True, help="Print the names, and the slides that they stand for.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of first weights and drawn points.")
@click.option("--out", type=click.Path(file_okay=False), default=".", show_default=True, help="Folder of gallery.html.")
def gallery_command(only: tuple[str, ...] | None, is_list: bool, seed: int, out: str) -> None:
    """Compute every figure of the lecture, from linear classifiers to neural networks, into one page.

    Nets are trained, planes cut and bounds proved on the spot, on data that come with foldline. The page needs no
    network.
    """
    from pathlib import Path

    from foldline.core.compiled import use_jax_cache
    from foldline.core.files import check_can_write
    from foldline.core.progress import showing_progress
    from foldline.gallery import EXHIBITS, gallery

    if is_list:
        for exhibit in EXHIBITS.values():
            click.echo(f"{exhibit.name:16}  {exhibit.title} (slides {exhibit.slides})")
        return
    check_can_write(Path(out) / "gallery.html")
    use_jax_cache()
    with showing_progress():
        made = gallery(only, seed=seed)
        path = made.save(out)
    click.echo(f"{len(made.drawn)} exhibits in {sum(made.seconds.values()):.0f} s")
    click.echo(f"Wrote {path}")
