"""Archives as trees: .tar (plain or compressed) and .zip, read where they lie, nothing unpacked to disk."""

import tarfile
import zipfile
from abc import ABC, abstractmethod
from io import BufferedIOBase
from pathlib import Path, PurePosixPath
from typing import cast

from foldline.core.errors import DataError
from foldline.core.text import printable, reason
from foldline.images.problems import Kind, Problem, UnreadableError
from foldline.images.sources import Fetch
from foldline.images.trees import MAX_FILE_BYTES, FolderTree, Tree, is_hidden, note_hidden

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
ZIP_SUFFIXES = (".zip",)


def open_tree(path: Path) -> Tree:
    """Open a folder, an archive, or one file as a tree of one. Raises: DataError if an archive is damaged."""
    name = path.name.lower()
    if not path.is_dir() and name.endswith(TAR_SUFFIXES):
        return TarTree(path)
    if not path.is_dir() and name.endswith(ZIP_SUFFIXES):
        return ZipTree(path)
    return FolderTree(path)


class _ArchiveTree(ABC):
    """What tar and zip share: which members count, and how they are read."""

    def __init__(self, path: Path) -> None:
        self.where = printable(str(path))
        self._members: dict[str, object] = {}
        self._problems: list[Problem] = []
        self._hidden: list[str] = []
        try:
            self._read_index(path)
        except Exception as error:  # as in `decode`: the archive was written by anybody
            self.close()
            raise DataError(
                f"{self.where} cannot be read as an archive ({reason(error)}); expected a whole .tar, .tar.gz or .zip. "
                "Fetch or pack it again."
            ) from error
        self.names = tuple(self._members)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Members that were refused or left out, and what is wrong with the archive as a whole."""
        return (*self._problems, *note_hidden(self._hidden))

    def fetch(self, name: str) -> Fetch:
        """Read at once: one decompressor serves all threads, and only forwards."""
        try:
            with self.open(name) as file:
                data = file.read(MAX_FILE_BYTES + 1)
            if len(data) > MAX_FILE_BYTES:
                raise UnreadableError(f"larger than {MAX_FILE_BYTES >> 20} MiB")
        except UnreadableError as error:
            return _raising(error)
        except Exception as error:
            what = reason(error).partition(" for file ")[0]  # zipfile names the file once more
            return _raising(UnreadableError(f"damaged in the archive ({what})"))
        return lambda: data

    @abstractmethod
    def _read_index(self, path: Path) -> None: ...

    @abstractmethod
    def open(self, name: str) -> BufferedIOBase:
        """Open one member."""

    @abstractmethod
    def close(self) -> None:
        """Close the archive's file."""

    def _add(self, name: str, member: object, *, refused: str = "") -> None:
        path = PurePosixPath(printable(name.replace("\\", "/")))
        if path.is_absolute() or ".." in path.parts:
            refused = "its path leads out of the archive"
        elif is_hidden(str(path)):
            self._hidden.append(str(path))
            return
        if refused:
            self._note("skipped", str(path), refused)
            return
        if str(path) in self._members:
            self._note("skipped", str(path), "stands twice in the archive; the later one is read")
            del self._members[str(path)]  # the later one also takes its place in the reading order
        self._members[str(path)] = member

    def _note(self, kind: Kind, where: str, what: str) -> None:
        self._problems.append(Problem(kind=kind, where=where, what=what))


class TarTree(_ArchiveTree):
    """The regular files of a tar archive; links, devices and paths that lead out are refused."""

    _tar: tarfile.TarFile | None = None

    def _read_index(self, path: Path) -> None:
        self._tar = tarfile.open(path, "r:*")  # noqa: SIM115 (closed by close)
        for member in self._tar:
            if member.isdir():
                continue
            link = "a link in an archive" if member.issym() or member.islnk() else "not a regular file"
            self._add(member.name, member, refused="" if member.isreg() else link)
        self._look_behind_the_last_member()

    def open(self, name: str) -> BufferedIOBase:
        """Open one member, where it lies."""
        assert self._tar is not None
        file = self._tar.extractfile(cast(tarfile.TarInfo, self._members[name]))
        assert file is not None  # regular files always open
        return cast(BufferedIOBase, file)

    def close(self) -> None:
        """Close the archive's file."""
        if self._tar is not None:
            self._tar.close()

    def _look_behind_the_last_member(self) -> None:
        # tarfile takes a header that it cannot read, and a file that just ends, for the end of the archive.
        assert self._tar is not None
        assert self._tar.fileobj is not None
        self._tar.fileobj.seek(self._tar.offset)
        block = self._tar.fileobj.read(tarfile.BLOCKSIZE)
        if block.strip(b"\0"):
            raise tarfile.ReadError(f"damaged behind its first {len(self._members)} files")
        if len(block) < tarfile.BLOCKSIZE:
            self._note("warning", self.where, "the archive has no end mark: it may have been cut off")


class ZipTree(_ArchiveTree):
    """The regular files of a zip archive; links, encrypted members and paths that lead out are refused."""

    _zip: zipfile.ZipFile | None = None

    def _read_index(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        for member in self._zip.infolist():
            if member.is_dir():
                continue
            is_link = (member.external_attr >> 16) & 0o170000 == 0o120000  # Unix's mode, S_IFLNK
            encrypted = "encrypted" if member.flag_bits & 1 else ""
            self._add(member.filename, member, refused="a link in an archive" if is_link else encrypted)

    def open(self, name: str) -> BufferedIOBase:
        """Open one member, where it lies."""
        assert self._zip is not None
        return cast(BufferedIOBase, self._zip.open(cast(zipfile.ZipInfo, self._members[name])))

    def close(self) -> None:
        """Close the archive's file."""
        if self._zip is not None:
            self._zip.close()


def _raising(error: UnreadableError) -> Fetch:
    def read() -> bytes:
        raise error

    return read
