"""What was found wrong with a source, or done to its images, and is therefore told: never silent, always counted."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from foldline.core.errors import DataError, FoldlineError

Kind = Literal["skipped", "changed", "duplicate", "warning"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing a user should know about one file, one row or the whole source.

    Args:
        kind: "skipped" (it is not in the images), "changed" (its pixels are not those of the file), "duplicate" (the
            same pixels stand in another split) or "warning".
        where: the file or row, as the source names it.
        what: what is wrong or was done, in words; equal words for equal cases, so that they can be counted.
    """

    kind: Kind
    where: str
    what: str


class UnreadableError(FoldlineError, ValueError):
    """One image cannot be used. It never leaves this room: the reader turns it into a "skipped" problem."""


def summarise(problems: Iterable[Problem]) -> tuple[str, ...]:
    """Give one line for each kind of trouble: how many, what, and where it was met first.

    Example:
        >>> summarise([Problem(kind="skipped", where=f"{i}.txt", what="unknown suffix '.txt'") for i in range(3)])
        ("3 skipped: unknown suffix '.txt' (first: 0.txt)",)
    """
    problems = tuple(problems)
    first: dict[tuple[Kind, str], str] = {}
    for problem in problems:
        first.setdefault((problem.kind, problem.what), problem.where)
    counts = Counter((problem.kind, problem.what) for problem in problems)
    return tuple(
        f"{count} {kind}: {what} ({'first: ' if count > 1 else ''}{first[kind, what]})"
        for (kind, what), count in counts.most_common()
    )


def refuse_skips(problems: Iterable[Problem]) -> None:
    """Turn skips into an error, as `strict=True` asks for. Raises: DataError if any problem is a skip."""
    skips = [problem for problem in problems if problem.kind == "skipped"]
    if skips:
        listed = "; ".join(f"{skip.where}: {skip.what}" for skip in skips[:5])
        more = f"; and {len(skips) - 5} more" if len(skips) > 5 else ""
        raise DataError(
            f"{len(skips)} of the files cannot be used ({listed}{more}); expected none with strict. Mend or remove "
            "them, or load without strict to skip them."
        )
