"""Options and arguments that several commands share."""

from collections.abc import Callable
from typing import Any

import click

Command = Callable[..., Any]


def loading_options(command: Command) -> Command:
    """Add the options that say how images come to one size."""
    for add in reversed(
        (
            click.option(
                "--size",
                type=size_option,
                metavar="N|HxW",
                help="Pixels of all images. Default: their own size if all agree on a small one, else 64.",
            ),
            click.option(
                "--fit",
                "image_fit",
                type=click.Choice(["crop", "pad"]),
                default="crop",
                show_default=True,
                help="Cut the centre out, or fill up with black, where the shape differs.",
            ),
            click.option(
                "--strict", is_flag=True, help="End with an error if any file cannot be used, instead of listing it."
            ),
        )
    ):
        command = add(command)
    return command


def size_option(text: str) -> int | tuple[int, ...]:
    """Read `64` or `48x64` (height x width); whether images can have that size is for `load_images` to say."""
    try:
        sides = tuple(int(side) for side in text.lower().split("x"))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no size; expected 64 or 48x64 (height x width).") from error
    return sides[0] if len(sides) == 1 else sides


def words_option(text: str) -> tuple[str, ...]:
    """Read words with commas between them."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def values_option(text: str) -> tuple[float, ...]:
    """Read numbers with commas between them, or a range FROM:TO:HOW-MANY of numbers with equal ratios."""
    try:
        if ":" not in text:
            return tuple(float(word) for word in text.split(","))
        low, high, count = text.split(":")
        first, last, n = float(low), float(high), int(count)
        if not (0 < first <= last < float("inf") and 1 <= n <= 1000):
            raise ValueError
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is no list of numbers; expected numbers with commas, or FROM:TO:HOW-MANY, all above 0."
        ) from error
    return tuple(float(f"{first * (last / first) ** (i / max(n - 1, 1)):.4g}") for i in range(n))


def widths_option(text: str) -> tuple[int, ...]:
    """Read whole numbers with commas between them."""
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no list of widths; expected for example 256 or 256,128.") from error


def window_option(text: str) -> tuple[float, ...]:
    """Read four numbers with commas between them; whether they make a window is for `Plane` to say."""
    try:
        a, b, c, d = (float(word) for word in text.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no window; expected four numbers, for example -2,3,-2,2.") from error
    return a, b, c, d


def activation_option(text: str) -> str | tuple[str, ...]:
    """Read one word for all layers, or words with commas between them."""
    words = words_option(text)
    return words if "," in text else text


features_option = click.option(
    "--features",
    type=words_option,
    metavar="A,B,...",
    help="Of raw, color, hog, words, words-large, fisher. Default: hog,color; grey: hog.",
)

_NET_OPTIONS = (
    click.option(
        "--hidden", type=widths_option, metavar="N,N,...", help="Widths of hidden layers; none: a linear classifier."
    ),
    click.option(
        "--activation",
        type=activation_option,
        metavar="A[,A,...]",
        help="Of all hidden layers, or of each. Default: relu.",
    ),
    click.option("--dropout", type=float, help="Share of hidden units switched off in training."),
)


def net_options(command: Command) -> Command:
    """Add the options that say what the net is."""
    for add in reversed(_NET_OPTIONS):
        command = add(command)
    return command
