"""`foldline lab`: a local page on which people play with nets, live."""

from typing import Literal

import click

from foldline.cli.options import size_option


@click.command(
    "lab",
    epilog="""\b
Examples:
  foldline lab
  foldline lab points.csv
  foldline lab photos/ --size 32
  foldline lab --port 9000 --no-browser
  foldline lab --record lesson.html
  foldline lab --record moons.html --link "data=moons&hidden=8" --steps 2000""",
)
@click.argument("data", required=False, type=click.Path())
@click.option("--size", type=size_option, metavar="N|HxW", help="Pixels of all images. Default: their own, or 64.")
@click.option(
    "--fit",
    "image_fit",
    type=click.Choice(["crop", "pad"]),
    default="crop",
    show_default=True,
    help="Cut the centre out, or fill up with black, where the shape of an image differs.",
)
@click.option("--port", type=int, default=None, help="Where to listen on this machine. Default: 8765, or any if taken.")
@click.option("--browser/--no-browser", default=True, help="Whether to open the page.  [default: browser]")
@click.option("--link", default="", help="Settings to begin with: the part of the page's address behind '#'.")
@click.option(
    "--record",
    type=click.Path(),
    default=None,
    help="HTML file that replays, without a server, what the page shows until the lab is stopped.",
)
@click.option(
    "--steps", type=int, default=None, help="With --record: train so many steps, write the file, open no page."
)
def lab_command(
    data: str | None,
    size: int | tuple[int, int] | None,
    image_fit: Literal["crop", "pad"],
    port: int | None,
    browser: bool,
    link: str,
    record: str | None,
    steps: int | None,
) -> None:
    """Open a page on which nets train live, with their exact regions and boundaries.

    DATA is what to begin with: a CSV file of two or more numbers and a class a line, or images, in a folder or archive
    as for foldline compare. Only this machine can reach the page, by the printed address alone. Ctrl-C ends it.
    """
    from foldline.lab.serving import run_lab

    if steps is None:
        run_lab(data, size=size, fit=image_fit, link=link, record=record, port=port, browser=browser, say=click.echo)
        return
    if record is None:
        raise click.UsageError("--steps needs --record FILE, which the training is written into.")
    from foldline.core.compiled import use_jax_cache
    from foldline.core.progress import showing_progress
    from foldline.lab.images_source import holds_images
    from foldline.lab.recording import record_training
    from foldline.lab.serving import beginning, given_by

    use_jax_cache()
    with showing_progress():
        state = beginning(link, data=data, say=click.echo)
        if data is not None and holds_images(data) and state.data != "images":
            raise click.UsageError(
                "--steps records the playground, on points; DATA are images. Take two numbers of each as points, with "
                "--link data=images, or give a CSV file, or none."
            )
        click.echo(record_training(record, state, steps=steps, given=given_by(data, size=size, fit=image_fit)))
