"""Texts that somebody else wrote, made fit to stand in messages and reports of ours."""

import unicodedata
from pathlib import Path

# Control characters, halves of characters (bytes that are no UTF-8), and line ends of both kinds.
ESCAPED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def printable(text: str) -> str:
    r"""Write out what does no more than stand in a line: bytes that are no UTF-8, line ends, what steers terminals.

    Example:
        >>> printable("caf\u00e9 \N{CAT FACE}"), printable("a\nb\x1b[2J\udcff")
        ('café 🐱', 'a\\nb\\x1b[2J\\udcff')
    """
    return "".join(
        c.encode("unicode_escape").decode("ascii") if unicodedata.category(c) in ESCAPED_CATEGORIES else c for c in text
    )


def reason(error: BaseException) -> str:
    """Give an error's first line, fit to stand inside a message of ours; its kind if it says nothing."""
    lines = str(error).splitlines()
    return printable(lines[0].rstrip(":")[:120]) if lines and lines[0] else type(error).__name__


def short_name(source: str) -> str:
    """Give the short name of where data came from.

    Example:
        >>> short_name("my/photos.tar.gz"), short_name("/")
        ('photos', 'images')
    """
    return Path(source).name.split(".")[0] or "images"


def plural(noun: str, n: int) -> str:
    """Give the form of a noun that stands after a number.

    Example:
        >>> [f"{n} {plural('unit', n)}" for n in (0, 1, 2)]
        ['0 units', '1 unit', '2 units']
        >>> plural("class", 2)
        'classes'
    """
    ending = "es" if noun.endswith("s") else "s"
    return noun if n == 1 else noun + ending
