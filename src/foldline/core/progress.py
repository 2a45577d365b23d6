"""Progress of long work: silent unless somebody watches.

The command line (or a user of the API) opens `showing_progress`; the work itself calls `tracking` and never knows
whether a bar is drawn.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress

Advance = Callable[[int, str], None]
Show = Callable[["RenderableType"], None]
Tell = Callable[[str, int, int], None]

_bars: ContextVar["Progress | None"] = ContextVar("_bars", default=None)
_tell: ContextVar["Tell | None"] = ContextVar("_tell", default=None)


@contextmanager
def showing_progress() -> Iterator["Show"]:
    """Draw a bar on standard error for all long work inside the block; nothing where that is no terminal.

    Returns: a function that draws something of rich's, such as a table, under the bars, in the place of what it drew
        before.
    Example:
        >>> with showing_progress():
        ...     pass
    """
    from rich.console import Console, RenderableType
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not (console.is_interactive or console.is_jupyter):
        yield lambda drawing: None  # rich would end its bar with an empty line
        return
    under: list[RenderableType] = []

    class _Bars(Progress):
        def get_renderables(self) -> Iterable[RenderableType]:
            yield from super().get_renderables()
            yield from under

    def show(drawing: RenderableType) -> None:
        under[:] = [drawing]

    progress = _Bars(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        transient=True,
    )
    token = _bars.set(progress)
    try:
        with progress:
            yield show
    finally:
        _bars.reset(token)


@contextmanager
def telling_progress(tell: Tell) -> Iterator[None]:
    """Tell a function of all long work inside the block, in this thread, instead of drawing bars.

    Args:
        tell: called with what is being done, the units that are done, and how many there are.
    Example:
        >>> with telling_progress(print), tracking("Images", 2) as advance:
        ...     advance(1, "")
        Images 0 2
        Images 1 2
    """
    token = _tell.set(tell)
    try:
        yield
    finally:
        _tell.reset(token)


@contextmanager
def tracking(description: str, total: int) -> Iterator[Advance]:
    """Open one bar for `total` units of work; the block calls `advance(n_done, note)` as it goes.

    Args:
        description: what is being done, in the user's words.
        total: how many units there are.
    Returns: a function of (units done since the last call, a short note such as the current loss).
    """
    progress, tell = _bars.get(), _tell.get()
    if tell is not None:
        n_all = 0

        def advance(n_done: int, note: str) -> None:
            nonlocal n_all
            n_all += n_done
            tell(description, n_all, total)

        advance(0, "")
        yield advance
        return
    if progress is None:
        yield lambda n_done, note: None
        return
    task = progress.add_task(description, total=total, note="")
    try:
        yield lambda n_done, note: progress.update(task, advance=n_done, note=note)
    finally:
        progress.remove_task(task)
