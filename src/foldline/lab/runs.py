"""The runs in a folder and below: what `compare`, `fit`, `learn`, `sweep` and `wire` wrote there."""

import os
import stat
from collections import deque
from dataclasses import asdict
from pathlib import Path

from foldline.core.errors import DataError, MissingDataError
from foldline.core.text import printable, reason
from foldline.lab.run_digest import Digest, digest
from foldline.lab.state import LONGEST_RUN

DEPTH = 3  # folders below the first one
MOST_ENTRIES = 100_000  # looked at: a tenth of a second, and a folder of images has as many
MOST_RUNS = 100
MOST_BYTES = 64 * 2**20  # of one file: a report of a thousand classes has a tenth of it

# What a summary's command writes beside it that the page can show, each for what it is.
FILES = {
    "leaderboard.json": ("report.html",),
    "learning.json": ("learning.png",),
    "sweep.json": ("sweep.png",),
    "wirings.json": ("wirings.png", "graph.png"),
}
COMMANDS = {"leaderboard.json": "compare", "learning.json": "learn", "sweep.json": "sweep", "wirings.json": "wire"}

Stamp = tuple[int, int]


class Runs:
    """The runs below a folder. A run is named by its summary's path, such as "old/my-run/leaderboard.json".

    Args:
        folder: nothing outside of it is ever read: links are not followed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._digests: dict[Path, tuple[Stamp, Digest | DataError]] = {}  # of files that have not changed since

    def listing(self) -> dict[str, object]:
        """Give all runs, newest first, as JSON: the digest of each, or what is wrong with it in words."""
        found, notes = self._summaries()
        stamps = {path: _stamp(path) for path in found}
        newest = sorted(stamps, key=lambda path: (-stamps[path][0], str(path)))
        if len(newest) > MOST_RUNS:
            notes.append(f"There are {len(newest)} runs; the newest {MOST_RUNS} are shown.")
        self._digests = {path: self._digest(path, stamps[path]) for path in newest[:MOST_RUNS]}
        return {
            "folder": printable(self._folder.name) or "/",
            "runs": [self._entry(path, *kept) for path, kept in self._digests.items()],
            "notes": notes,
        }

    def file(self, name: str) -> bytes:
        """Read a file that belongs to a run.

        Args:
            name: its path below the folder, with slashes.
        Raises: MissingDataError if no run has such a file; DataError if it cannot be read or is too large.
        """
        parts = name.split("/")
        is_plain = all(part and not part.startswith(".") and not set(part) & set("\\:\0") for part in parts)
        owner = next((summary for summary, files in FILES.items() if parts[-1] in (summary, *files)), "")
        path = self._folder.joinpath(*parts)
        is_known = is_plain and owner != "" and len(parts) <= DEPTH + 1
        if not is_known or not all(map(_is_own, (path, path.with_name(owner)))):
            raise MissingDataError("no run has such a file; expected one that its list names. Load the list again.")
        return _read(path)

    def _summaries(self) -> tuple[list[Path], list[str]]:
        """Look for summaries, the nearest folders first; what was left out is told."""
        found, nameless, n_entries = [], 0, 0
        waiting = deque([(self._folder, 0)])
        while waiting and n_entries <= MOST_ENTRIES:
            folder, depth = waiting.popleft()
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        n_entries += 1
                        if n_entries > MOST_ENTRIES:
                            break
                        if entry.name in FILES and entry.is_file(follow_symlinks=False):
                            is_named = _is_name(self._name(Path(entry.path)))
                            nameless += not is_named
                            found += [Path(entry.path)] * is_named
                        elif depth < DEPTH and entry.name[0] != "." and entry.is_dir(follow_symlinks=False):
                            waiting.append((Path(entry.path), depth + 1))
            except OSError:
                continue  # a folder that is gone meanwhile, or of somebody else
        notes = []
        if n_entries > MOST_ENTRIES:
            notes.append(
                f"Only the first {MOST_ENTRIES:,} files and folders were looked at. Start the lab nearer to the runs."
            )
        if nameless:
            notes.append(f"{nameless} left out: a folder's name is too long or no text. Rename it.")
        return found, notes

    def _digest(self, path: Path, stamp: Stamp) -> tuple[Stamp, Digest | DataError]:
        kept = self._digests.get(path)
        if kept is not None and kept[0] == stamp:
            return kept
        try:
            return stamp, digest(_read(path), name=path.name)
        except DataError as error:
            return stamp, error

    def _entry(self, path: Path, stamp: Stamp, read: Digest | DataError) -> dict[str, object]:
        beside = [name for name in FILES[path.name] if _is_own(path.with_name(name))]
        is_fit = path.name == "leaderboard.json" and _is_own(path.with_name("recipe.toml"))
        return {
            "name": self._name(path),
            "command": "fit" if is_fit else COMMANDS[path.name],
            "changed_s": stamp[0] / 1e9,
            "files": beside,
            "problem": str(read) if isinstance(read, DataError) else None,
            "digest": None if isinstance(read, DataError) else asdict(read),
        }

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()


def _is_name(name: str) -> bool:
    return name == printable(name) and len(name) <= LONGEST_RUN and "\\" not in name and ":" not in name


def _is_own(path: Path) -> bool:
    """Whether a path is a plain file, and no link on the way leads elsewhere."""
    try:
        return stat.S_ISREG(path.lstat().st_mode) and path.resolve() == path
    except (OSError, ValueError):  # the latter: a name that no file can have
        return False


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DataError(
            f"{path.name} cannot be read ({reason(error)}); expected a file of a run. Look who may read it."
        ) from error
    if len(data) > MOST_BYTES:
        raise DataError(f"{path.name} has more than {MOST_BYTES:,} bytes; expected fewer. Open it without the lab.")
    return data


def _stamp(path: Path) -> Stamp:
    try:
        found = path.lstat()
    except OSError:
        return 0, 0  # gone meanwhile: reading it will say so
    return found.st_mtime_ns, found.st_size
