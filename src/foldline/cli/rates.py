"""`foldline rates`: losses while the learning rate grows, and the rate that they suggest."""

from typing import Literal

import click

from foldline.cli.options import features_option, loading_options, net_options


@click.command(
    "rates",
    epilog="\b\nExamples:\n  foldline rates photos/\n  foldline rates photos/ --features hog,color --hidden 256\n"
    "  foldline rates digits --features raw --loss svm --low 1e-6 --high 1 --steps 400 --out rates",
)
@click.argument("data")
@features_option
@net_options
@click.option("--loss", type=click.Choice(["softmax", "svm"]), default=None, help="Default: softmax.")
@click.option("--l2", type=float, default=None, help="Price on squared weights. Default: 0.0001.")
@click.option("--optimizer", type=click.Choice(["sgd", "adamw"]), default=None, help="Default: sgd.")
@click.option("--batch", "batch_size", type=int, default=None, help="Rows a step. Default: grows with the data to 128.")
@click.option("--low", type=float, default=1e-5, show_default=True, help="The first rate.")
@click.option("--high", type=float, default=10.0, show_default=True, help="The last rate.")
@click.option("--steps", type=int, default=200, show_default=True, help="From the first to the last, in equal ratios.")
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="Runs that are averaged.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides the split.")
@click.option("--out", type=click.Path(file_okay=False), default=".", show_default=True, help="Folder of rates.png.")
@loading_options
def rates_command(
    data: str,
    features: tuple[str, ...] | None,
    hidden: tuple[int, ...] | None,
    loss: str | None,
    low: float,
    high: float,
    steps: int,
    seeds: int,
    seed: int,
    out: str,
    size: int | tuple[int, int] | None,
    image_fit: Literal["crop", "pad"],
    strict: bool,
    **settings: str | float | tuple[str, ...] | None,
) -> None:
    """Train on DATA for some steps while the learning rate grows; say which rate suits, and draw why."""
    from pathlib import Path

    from foldline.compare.rates import find_rate_on
    from foldline.core.compiled import use_jax_cache
    from foldline.core.progress import showing_progress
    from foldline.estimators import make_classifier
    from foldline.images import load_images
    from foldline.insight.style import save_png

    use_jax_cache()
    classifier = make_classifier(hidden=hidden or (), wiring=None, alexnet=None, loss=loss, **settings)
    with showing_progress():
        images = load_images(data, size=size, fit=image_fit, strict=strict)
        test = find_rate_on(
            images, features=features, classifier=classifier, low=low, high=high, n_steps=steps, seeds=seeds, seed=seed
        )
    click.echo(f"suggested  {test.suggested:.3g}   a tenth of the rate with the least loss")
    click.echo(f"automatic  {test.automatic:.3g}   what fit takes without --lr")
    if test.diverged_at is not None:
        click.echo(f"diverged   {test.diverged_at:.3g}")
    path = Path(out) / "rates.png"
    save_png(test.picture(), path)
    click.echo(f"Wrote {path}")
