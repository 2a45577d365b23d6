"""A folder for each class, with or without train, val and test above; in a folder or an archive."""

import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from foldline.core.errors import DataError
from foldline.images.decoding import SUFFIXES
from foldline.images.problems import Problem
from foldline.images.sources import EncodedImages, Entry, Fetch
from foldline.images.trees import Tree

PARTITIONS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


def recognises(tree: Tree) -> bool:
    """Any folder or archive will do: this reader comes last."""
    return len(tree.names) != 1 or "/" in tree.names[0] or Path(tree.where).name != tree.names[0]


def read(tree: Tree) -> EncodedImages:
    """Find classes and partitions in the paths of image files.

    Raises: DataError if there are no images, no class folders, or two that differ only in case.
    Convention: a folder that stands alone and has most of its images in folders below (an archive's wrapping folder)
        is no class.
    Convention: images deeper inside a class folder belong to that class.
    Convention: train/ beside test/ or val/ are partitions; a test/ without a train/ beside it is a class.
    """
    problems: list[Problem] = []
    names = list(_image_names(tree.names, problems))
    if not names:
        first = "".join(f" The first, {problem.where}: {problem.what}." for problem in (*tree.problems, *problems)[:1])
        raise DataError(
            f"{tree.where} holds no images ({len(tree.names)} files were looked at); expected a folder for each class "
            f"with images inside.{first} Check the path."
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
    suffix = PurePosixPath(name).suffix.lower()
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
    """Count the folders at the top that stand alone and have most of their images in folders below."""
    depth, inside = 0, [name.split("/")[:-1] for name in names]
    while True:
        inside = [path for path in inside if len(path) > depth]
        deeper = [path for path in inside if len(path) > depth + 1]
        if len({path[depth] for path in inside}) != 1 or 2 * len(deeper) <= len(inside):
            return depth
        depth += 1


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
