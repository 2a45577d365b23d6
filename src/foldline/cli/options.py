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


def widths_option(text: str) -> tuple[int, ...]:
    """Read whole numbers with commas between them."""
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no list of widths; expected for example 256 or 256,128.") from error
