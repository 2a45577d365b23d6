"""Files under one roof, be it a folder or an archive: every reader works on either."""

import os
from collections.abc import Callable, Iterator, Sequence
from io import BufferedIOBase
from pathlib import Path
from typing import Protocol, runtime_checkable

from foldline.core.text import printable
from foldline.images.problems import Kind, Problem, UnreadableError
from foldline.images.sources import Fetch

# Larger than any picture of 8 bits a channel within the pixel limit; it keeps one odd file from filling the memory.
MAX_FILE_BYTES = 1 << 29

# What desktops leave beside the user's files, apart from names that begin with a dot.
_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", "icon\r", "icon\\r"})
_SYSTEM_FOLDER = "__MACOSX"


@runtime_checkable
class Tree(Protocol):
    """Files below a root, without hidden and system files, by their names: paths from the root with forward slashes."""

    where: str
    names: tuple[str, ...]
    """In the order in which they are read best."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was found and is not among the names."""
        ...

    def fetch(self, name: str) -> Fetch:
        """Prepare the reading of one small file; asked for in the order of `names`."""
        ...

    def open(self, name: str) -> BufferedIOBase:
        """Open one file for reading, with seeking. Raises: OSError and what damaged archives raise."""
        ...

    def close(self) -> None:
        """Let go of the archive."""
        ...


class FolderTree:
    """The files below a folder, or one file alone.

    Links to files and folders are followed, a folder that contains itself only once.
    """

    def __init__(self, path: Path) -> None:
        self.where = printable(str(path))
        self._problems: list[Problem] = []
        self._hidden: list[str] = []
        self._root = path if path.is_dir() else path.parent
        self._paths: dict[str, Path] = {}
        for file in self._walk(path) if path.is_dir() else [path]:
            if self._name(file) in self._paths:
                self._note("skipped", file, "its name is written like that of another file")
            else:
                self._paths[self._name(file)] = file
        self.names = tuple(sorted(self._paths))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was not looked into or left out."""
        return (*self._problems, *note_hidden(self._hidden))

    def fetch(self, name: str) -> Fetch:
        """Give a function that reads the file: threads wait for disks side by side."""
        return file_reader(self._paths[name])

    def open(self, name: str) -> BufferedIOBase:
        """Open the file."""
        return self._paths[name].open("rb")

    def close(self) -> None:
        """Nothing is held open."""

    def _walk(self, root: Path) -> Iterator[Path]:
        waiting = [(root, frozenset[tuple[int, int]]())]  # folders, each with the identities of those above it
        while waiting:
            folder, above = waiting.pop()
            try:
                here = _identity(folder)
                if here in above:
                    self._note("skipped", folder, "a link to a folder that holds it")
                    continue
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError as error:
                self._note("skipped", folder, f"the folder cannot be opened ({error.strerror})")
                continue
            if not entries:
                self._note("warning", folder, "the folder is empty")
            for entry in entries:
                path = folder / entry.name
                if is_hidden(entry.name):
                    self._hidden.append(self._name(path))
                elif _holds(entry.is_dir):
                    waiting.append((path, above | {here}))
                elif _holds(entry.is_file):
                    yield path
                else:
                    self._note("skipped", path, "a broken link" if entry.is_symlink() else "not a regular file")

    def _note(self, kind: Kind, path: Path, what: str) -> None:
        self._problems.append(Problem(kind=kind, where=self._name(path), what=what))

    def _name(self, path: Path) -> str:
        return printable(path.relative_to(self._root).as_posix())


def is_hidden(name: str) -> bool:
    """Tell from a name, or path, whether a desktop or a program put it there for itself."""
    parts = name.split("/")
    return parts[-1].lower() in _SYSTEM_FILES or any(part.startswith(".") or part == _SYSTEM_FOLDER for part in parts)


def note_hidden(names: Sequence[str]) -> tuple[Problem, ...]:
    """Tell once of all hidden and system files that were left out; nothing if there were none."""
    what = f"a hidden or system file, left out ({len(names)} in all)"
    return tuple(Problem(kind="warning", where=name, what=what) for name in names[:1])


def file_reader(path: Path) -> Fetch:
    """Give a function that reads a whole file; it raises UnreadableError if that fails."""

    def read() -> bytes:
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise UnreadableError(f"larger than {MAX_FILE_BYTES >> 20} MiB")
            return path.read_bytes()
        except OSError as error:
            raise UnreadableError(f"cannot be read ({error.strerror or error})") from error

    return read


def folder_of(name: str) -> str:
    """Give the folder part of a tree's file name, "" for the root."""
    return name.rpartition("/")[0]


def base_of(name: str) -> str:
    """Give the last part of a tree's file name."""
    return name.rpartition("/")[2]


def _holds(test: Callable[[], bool]) -> bool:
    try:
        return test()
    except OSError:  # a link that leads to itself
        return False


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
