"""`foldline info`: what a model or a data set is."""

from pathlib import Path
from typing import Literal

import click

from foldline.cli.options import loading_options


@click.command("info", epilog="\b\nExamples:\n  foldline info run/model.safetensors\n  foldline info photos.zip")
@click.argument("target", metavar="MODEL|DATA")
@loading_options
def info_command(
    target: str, size: int | tuple[int, int] | None, image_fit: Literal["crop", "pad"], strict: bool
) -> None:
    """Say what a saved model consists of, or what a data set holds and what is wrong with it."""
    if Path(target).suffix == ".safetensors":
        from foldline.cli.describe import print_model
        from foldline.estimators import load

        print_model(load(target), target)
        return
    from foldline.cli.describe import print_data
    from foldline.core.progress import showing_progress
    from foldline.images import duplicates_within, load_images

    with showing_progress():
        images = load_images(target, size=size, fit=image_fit, strict=strict)
    print_data(images, duplicates_within(images))
