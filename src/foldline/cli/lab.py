"""`foldline lab`: a local page on which people play with nets, live."""

import click


@click.command(
    "lab",
    epilog="\b\nExamples:\n  foldline lab\n  foldline lab points.csv\n  foldline lab --port 9000 --no-browser",
)
@click.argument("data", required=False, type=click.Path())
@click.option("--port", type=int, default=None, help="Where to listen on this machine. Default: 8765, or any if taken.")
@click.option("--browser/--no-browser", default=True, help="Whether to open the page.  [default: browser]")
def lab_command(data: str | None, port: int | None, browser: bool) -> None:
    """Open a page on which nets train live, with their exact regions and boundaries.

    DATA is a CSV file of two numbers and a class a line, to begin with. Only this machine can reach the page,
    by the printed address alone. Ctrl-C ends it.
    """
    from foldline.lab.serving import run_lab

    run_lab(data, port=port, browser=browser, say=click.echo)
