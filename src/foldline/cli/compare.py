"""`foldline compare`: a folder of images in, a fair table out."""

from typing import Literal

import click

from foldline.cli.options import loading_options, words_option


@click.command(
    "compare",
    epilog="\b\nExamples:\n  foldline compare photos/\n"
    "  foldline compare digits --recipes raw/softmax,hog/mlp2 --seeds 5\n"
    "  foldline compare cifar-10-batches-bin/ --seeds 1 --out cifar10\n"
    "  foldline compare photos/ --tune 9\n"
    "  foldline compare photos/ --size 32 --learned --seeds 1\n"
    "  foldline compare cifar-10-batches-bin/ --recipes mlp-best,mlp-augmented",
)
@click.argument("data")
@click.option(
    "--recipes",
    type=words_option,
    metavar="A,B,...",
    help="Which recipes; default: all that fit the images, but not mlp-best, mlp-augmented, alexnet, wired-images and "
    "FEATURES/wired, which take minutes.",
)
@click.option(
    "--learned", is_flag=True, help="Add nets that learn their features: hog/wired, mlp-best, wired-images, alexnet."
)
@click.option("--seeds", type=int, default=3, show_default=True, help="Trainings of every recipe.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides the split and the first training.")
@click.option(
    "--tune",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="Settings of every recipe to try on validation images; 0: its own only.",
)
@click.option("--out", type=click.Path(file_okay=False), help="Folder for leaderboard.json and report.html.")
@loading_options
def compare_command(
    data: str,
    recipes: tuple[str, ...] | None,
    learned: bool,
    seeds: int,
    seed: int,
    tune: int,
    out: str | None,
    size: int | tuple[int, int] | None,
    image_fit: Literal["crop", "pad"],
    strict: bool,
) -> None:
    """Train every recipe on DATA under the same rules and say which is best and why."""
    from foldline.cli.describe import print_leaderboard
    from foldline.compare import compare
    from foldline.core.compiled import use_jax_cache
    from foldline.core.progress import showing_progress
    from foldline.images import load_images

    use_jax_cache()
    with showing_progress():
        images = load_images(data, size=size, fit=image_fit, strict=strict)
        leaderboard = compare(images, recipes=recipes, seeds=seeds, seed=seed, tune=tune, learned=learned)
    folder = out or f"foldline-compare-{leaderboard.name}"
    print_leaderboard(leaderboard, leaderboard.save(folder))
