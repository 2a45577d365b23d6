"""Files under one roof, be it a folder or an archive: every reader works on either."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from foldline.images.problems import Kind, Problem, UnreadableError
from foldline.images.sources import Fetch

# Larger than any picture within the pixel limit; it keeps one odd file from filling the memory.
MAX_FILE_BYTES = 1 << 29


class Tree(Protocol):
    """Files below a root, by their names: paths from the root with forward slashes."""

    where: str
    names: tuple[str, ...]
    """In the order in which they are read best."""
    problems: tuple[Problem, ...]

    def fetch(self, name: str) -> Fetch:
        """Prepare the reading of one small file; asked for in the order of `names`."""
        ...

    def open(self, name: str) -> BinaryIO:
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
        self.where = str(path)
        self._problems: list[Problem] = []
        if path.is_dir():
            self._root = path
            self.names = tuple(sorted(self._walk(path, (path.resolve(),))))
        else:
            self._root = path.parent
            self.names = (path.name,)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Folders that were not looked into."""
        return tuple(self._problems)

    def fetch(self, name: str) -> Fetch:
        """Give a function that reads the file: threads wait for disks side by side."""
        return file_reader(self._root / name)

    def open(self, name: str) -> BinaryIO:
        """Open the file."""
        return (self._root / name).open("rb")

    def close(self) -> None:
        """Nothing is held open."""

    def _walk(self, folder: Path, above: tuple[Path, ...]) -> Iterator[str]:
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            self._note("skipped", folder, f"the folder cannot be opened ({error.strerror})")
            return
        if not entries:
            self._note("warning", folder, "the folder is empty")
        for entry in entries:
            path = folder / entry.name
            if entry.is_dir():
                real = path.resolve()
                if entry.name.startswith("."):
                    self._note("skipped", path, "a hidden folder")
                elif real in above:
                    self._note("skipped", path, "a link to a folder that holds it")
                else:
                    yield from self._walk(path, (*above, real))
            elif entry.is_file():
                yield path.relative_to(self._root).as_posix()
            else:
                self._note("skipped", path, "a broken link" if entry.is_symlink() else "not a regular file")

    def _note(self, kind: Kind, path: Path, what: str) -> None:
        self._problems.append(Problem(kind=kind, where=path.relative_to(self._root).as_posix(), what=what))


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
    return PurePosixPath(name).name
