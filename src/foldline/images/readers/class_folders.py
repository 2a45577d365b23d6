"""A folder for each class, with or without train, val and test above; in a folder or an archive."""

import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from foldline.core.errors import DataError
from foldline.images.decoding import SUFFIXES
from foldline.images.problems import Problem
from foldline.images.sources import EncodedImages, Entry, Fetch
from foldline.images.trees import Tree, base_of

PARTITIONS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}

# What desktops leave in folders; their suffix may be that of an image ("._cat.jpg").
_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", "icon\r"})


def recognises(tree: Tree) -> bool:
    """Any folder or archive will do: this reader comes last."""
    return len(tree.names) != 1 or "/" in tree.names[0] or base_of(tree.where) != tree.names[0]


def read(tree: Tree) -> EncodedImages:
    """Find classes and partitions in the paths of image files.

    Raises: DataError if there are no images, no class folders, or two that differ only in case.
    Convention: folders that hold everything else (an archive's wrapping folder) are left out of the names' meaning.
    Convention: images deeper inside a class folder belong to that class.
    Convention: train/ beside test/ or val/ are partitions; a test/ without a train/ beside it is a class.
    """
    problems = list(tree.problems)
    names = list(_image_names(tree.names, problems))
    if not names:
        raise DataError(
            f"{tree.where} holds no images ({len(tree.names)} files were looked at); expected a folder for each class "
            "with images inside. Check the path."
        )
    entries = sorted(_entries(names, tree, problems))
    if not entries:
        raise DataError(
            f"{tree.where} holds {len(names)} images, but none inside a class folder; expected a folder for each "
            "class. Move the images into folders named after their classes."
        )
    _refuse_lookalikes(sorted({entry.class_name for entry in entries}), tree.where)
    row_of = {entry.name: row for row, entry in enumerate(entries)}

    def contents() -> Iterator[tuple[int, Fetch]]:
        for name in tree.names:
            if name in row_of:
                yield row_of[name], tree.fetch(name)

    return EncodedImages(entries=tuple(entries), contents=contents, problems=tuple(problems))


def why_not_an_image(name: str) -> str | None:
    """Tell from its name why a file is no image of the user's, or None if it may be one."""
    base = base_of(name)
    if base.startswith(".") or base.lower() in _SYSTEM_FILES or "__MACOSX" in name.split("/"):
        return "a hidden or system file"
    suffix = PurePosixPath(base).suffix.lower()
    return None if suffix in SUFFIXES else f"unknown suffix {suffix!r}" if suffix else "no suffix"


def _image_names(names: Iterable[str], problems: list[Problem]) -> Iterator[str]:
    for name in names:
        reason = why_not_an_image(name)
        if reason is None:
            yield name
        else:
            problems.append(Problem(kind="skipped", where=name, what=reason))


def _entries(names: list[str], tree: Tree, problems: list[Problem]) -> Iterator[Entry]:
    depth = _wrapping_depth(names)
    tops = {name.split("/")[depth].lower() for name in names if name.count("/") > depth}
    kinds = {PARTITIONS[top] for top in tops if top in PARTITIONS}
    partitioned = "train" in kinds and len(kinds) > 1
    for name in names:
        folders = name.split("/")[depth:-1]
        partition = PARTITIONS.get(folders[0].lower()) if partitioned and folders else None
        if partitioned and folders and partition is None:
            problems.append(Problem(kind="skipped", where=name, what="stands beside train and test, in neither"))
        elif len(folders) <= (partition is not None):
            problems.append(Problem(kind="skipped", where=name, what="not inside a class folder"))
        else:
            yield Entry(name, folders[1] if partition else folders[0], partition)


def _wrapping_depth(names: list[str]) -> int:
    """Count the folders at the top that hold all images and are not the class folder itself."""
    folders = [name.split("/")[:-1] for name in names]
    depth = 0
    while all(len(path) > depth + 1 for path in folders) and len({path[depth] for path in folders}) == 1:
        depth += 1
    return depth


def _refuse_lookalikes(class_names: list[str], where: str) -> None:
    seen: dict[str, str] = {}
    for name in class_names:
        key = unicodedata.normalize("NFC", name).casefold()
        if key in seen:
            raise DataError(
                f"{where} has class folders {seen[key]!r} and {name!r}, which differ only in case; expected one folder "
                "for each class. Join or rename them."
            )
        seen[key] = name
