"""What CIFAR's binary and Python batches share: planes of 32x32 pixels, a few files in one folder."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Integer, UInt8

from foldline.core.errors import DataError
from foldline.images.problems import Problem, UnreadableError
from foldline.images.sources import PixelArrays, join_partitions
from foldline.images.trees import Tree, base_of, folder_of

PLANES = 3 * 32 * 32

# The training batches, and how many images the original has in each.
CIFAR10_BATCHES = tuple(f"data_batch_{i}" for i in range(1, 6))

Batch = tuple[UInt8[np.ndarray, "n 3072"], Integer[np.ndarray, " n"]]


def batch_folder(tree: Tree, *markers: str) -> str | None:
    """Give the folder, at the root or just below, that holds all these files; None if none does.

    Raises: DataError if several do.
    """
    present = set(tree.names)
    folders = {folder_of(name) for name in tree.names if base_of(name) == markers[0] and name.count("/") <= 1}
    found = sorted(folder for folder in folders if all(join(folder, marker) in present for marker in markers))
    if len(found) > 1:
        raise DataError(
            f"{tree.where} holds CIFAR in {', '.join(found)}; expected one copy. Name the one folder to read."
        )
    return found[0] if found else None


def join(folder: str, base: str) -> str:
    """Put a tree's folder and file name together."""
    return f"{folder}/{base}" if folder else base


def read_batches(
    tree: Tree,
    train_files: tuple[str, ...],
    test_file: str,
    *,
    class_names: tuple[str, ...],
    read_batch: Callable[[str], Batch],
) -> PixelArrays:
    """Read the training and test batches that are there; missing ones are told as warnings."""
    problems = []
    parts = {}
    for part, files in (("train", train_files), ("test", (test_file,))):
        there = [file for file in files if file in tree.names]
        problems += [Problem(kind="warning", where=file, what="batch missing") for file in files if file not in there]
        if there:
            batches = [read_batch(file) for file in there]
            labels = np.concatenate([labels for _, labels in batches]).astype(np.int32)
            parts[part] = (_pixels([planes for planes, _ in batches]), labels)
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
