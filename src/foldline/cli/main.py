"""The command `foldline`: its subcommands, and how errors leave it."""

import io
import sys

import click

from foldline import __version__
from foldline.cli.bumps import bumps_command
from foldline.cli.compare import compare_command
from foldline.cli.fit import fit_command
from foldline.cli.folds import folds_command
from foldline.cli.gallery import gallery_command
from foldline.cli.info import info_command
from foldline.cli.lab import lab_command
from foldline.cli.landscape import landscape_command
from foldline.cli.learn import learn_command
from foldline.cli.predict import predict_command
from foldline.cli.rates import rates_command
from foldline.cli.sweep import sweep_command
from foldline.cli.warp import warp_command
from foldline.cli.wire import wire_command
from foldline.core.errors import FoldlineError

EPILOG = """\b
Examples:
  foldline compare photos/                  how far does each idea get?
  foldline fit photos/ --features hog,color --hidden 256 --out run
  foldline rates photos/ --hidden 256       which learning rate suits?
  foldline sweep photos/ --width 3,20,100 --l2 1e-5:1e-1:9
  foldline learn photos/ --size 32          who is ahead with few images, who with many?
  foldline wire photos/                     does random wiring do as well as layers?
  foldline landscape run/model.safetensors photos/ --2d --hessian
  foldline predict run/model.safetensors new/*.jpg
  foldline folds run/model.safetensors cat.png dog.png car.png
  foldline gallery --out lecture            the lecture's figures, computed
  foldline info photos/                     what is in there, and what is wrong with it?
  foldline bumps "sin(2*pi*x)" --eps 0.01   how many units does a function need?
  foldline lab                              play with nets in the browser, live

DATA is a folder with a folder of images per class (train/, val/ and test/ may stand above them), the same in a
.tar, .tar.gz or .zip, CIFAR-10/100, IDX (MNIST), .npz, Parquet, or a built-in name: digits, fashion-mini.
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, epilog=EPILOG)
@click.version_option(__version__, message="foldline %(version)s")
def foldline() -> None:
    """Image classification you can understand: from hand-made features to neural networks, compared fairly."""


for command in (
    compare_command,
    fit_command,
    rates_command,
    sweep_command,
    wire_command,
    learn_command,
    landscape_command,
    predict_command,
    folds_command,
    warp_command,
    gallery_command,
    info_command,
    bumps_command,
    lab_command,
):
    foldline.add_command(command)


def main() -> None:
    """Run the command line; errors that are the user's to mend end it with exit code 2 and no traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # pipes on Windows know few characters
    try:
        foldline.main(prog_name="foldline", standalone_mode=False)
    except FoldlineError as error:
        _stop(str(error), code=2)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _stop("stopped", code=130)


def _stop(message: str, *, code: int) -> None:
    click.echo(f"foldline: {message}", err=True)
    sys.exit(code)
