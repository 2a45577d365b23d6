"""What CIFAR's binary and Python batches share: planes of 32x32 pixels, a few files in one folder."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Integer, UInt8

from foldline.core.errors import DataError
from foldline.images.problems import Problem, UnreadableError
from foldline.images.sources import PixelArrays, join_partitions
from foldline.images.trees import Tree, folder_of

PLANES = 3 * 32 * 32

# The training batches of CIFAR-10.
CIFAR10_BATCHES = tuple(f"data_batch_{i}" for i in range(1, 6))

Batch = tuple[UInt8[np.ndarray, "n 3072"], Integer[np.ndarray, " n"]]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The files of one CIFAR in one folder.

    Args:
        is_100: whether it is CIFAR-100.
        markers: the files that it is known by.
        train: the training batches.
        test: the test batch.
        names: the list of class names.
    """

    is_100: bool
    markers: tuple[str, ...]
    train: tuple[str, ...]
    test: str
    names: str


def find(tree: Tree, layouts: tuple[Layout, ...]) -> tuple[Layout, str] | None:
    """Give the layout that is there and its folder, at the root or just below; None if there is none.

    Raises: DataError if there are several.
    """
    present = set(tree.names)
    folders = sorted({folder_of(name) for name in tree.names if name.count("/") <= 1})
    found = [
        (layout, folder)
        for layout in layouts
        for folder in folders
        if present.issuperset(_join(folder, marker) for marker in layout.markers)
    ]
    if len(found) > 1:
        listed = " and ".join(
            f"CIFAR-{100 if layout.is_100 else 10} in {folder or 'its top folder'}" for layout, folder in found
        )
        raise DataError(f"{tree.where} holds {listed}; expected one of them. Name the folder of one to read.")
    return found[0] if found else None


def read_batches(
    tree: Tree,
    layouts: tuple[Layout, ...],
    *,
    read_names: Callable[[Tree, str], tuple[str, ...]],
    read_batch: Callable[[Tree, str, bool], Batch],
) -> PixelArrays:
    """Read the training and test batches that are there; missing ones are told as warnings.

    Args:
        tree: the files.
        layouts: how they may lie there.
        read_names: reads the class names of one file.
        read_batch: reads one batch; it is told whether it is of CIFAR-100.
    """
    found = find(tree, layouts)
    assert found is not None  # the reader recognised it
    layout, folder = found
    problems = []
    parts = {}
    for part, files in (("train", layout.train), ("test", (layout.test,))):
        names = [_join(folder, file) for file in files]
        there = [name for name in names if name in tree.names]
        problems += [Problem(kind="warning", where=name, what="batch missing") for name in names if name not in there]
        if there:
            batches = [read_batch(tree, name, layout.is_100) for name in there]
            labels = np.concatenate([labels for _, labels in batches]).astype(np.int32)
            parts[part] = (_pixels([planes for planes, _ in batches]), labels)
    names_file = _join(folder, layout.names)
    ten_numbers = tuple(str(label) for label in range(10))
    class_names = read_names(tree, names_file) if names_file in tree.names else ten_numbers
    _check_labels({part: labels for part, (_, labels) in parts.items()}, class_names, tree.where)
    return join_partitions(parts, class_names, problems=tuple(problems))


def read_file(tree: Tree, name: str) -> bytes:
    """Read one batch or list of names whole. Raises: DataError if it cannot be read."""
    try:
        return tree.fetch(name)()
    except UnreadableError as error:
        raise damaged(tree, name, str(error)) from error


def damaged(tree: Tree, name: str, what: str) -> DataError:
    """Make the error for a batch that is not what its name says."""
    return DataError(
        f"{name} in {tree.where} cannot be used: {what}; expected a CIFAR batch as published. Fetch the file again."
    )


def _join(folder: str, base: str) -> str:
    return f"{folder}/{base}" if folder else base


def _pixels(batches: list[UInt8[np.ndarray, "_ 3072"]]) -> UInt8[np.ndarray, "n 32 32 3"]:
    n = sum(len(planes) for planes in batches)
    images = np.empty((n, 32, 32, 3), np.uint8)
    start = 0
    for planes in batches:
        images[start : start + len(planes)] = planes.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        start += len(planes)
    return images


def _check_labels(labels: dict[str, Integer[np.ndarray, " _"]], class_names: tuple[str, ...], where: str) -> None:
    for part, values in labels.items():
        outside = values[(values < 0) | (values >= len(class_names))]
        if outside.size:
            raise DataError(
                f"{where} has label {outside[0]} among its {part} images; expected 0 to {len(class_names) - 1}. "
                "Fetch the files again."
            )
