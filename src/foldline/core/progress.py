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

_bars: ContextVar["Progress | None"] = ContextVar("_bars", default=None)

Advance = Callable[[int, str], None]
Show = Callable[["RenderableType"], None]


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
def tracking(description: str, total: int) -> Iterator[Advance]:
    """Open one bar for `total` units of work; the block calls `advance(n_done, note)` as it goes.

    Args:
        description: what is being done, in the user's words.
        total: how many units there are.
    Returns: a function of (units done since the last call, a short note such as the current loss).
    """
    progress = _bars.get()
    if progress is None:
        yield lambda n_done, note: None
        return
    task = progress.add_task(description, total=total, note="")
    try:
        yield lambda n_done, note: progress.update(task, advance=n_done, note=note)
    finally:
        progress.remove_task(task)
