"""CIFAR-10 and CIFAR-100 in their binary version: records of one or two label bytes and 3,072 pixel bytes."""

import numpy as np

from foldline.images.readers.cifar import (
    CIFAR10_BATCHES,
    PLANES,
    Batch,
    Layout,
    damaged,
    find,
    read_batches,
    read_file,
)
from foldline.images.sources import PixelArrays
from foldline.images.trees import Tree

_LAYOUTS = (
    Layout(
        is_100=False,
        markers=("data_batch_1.bin",),
        train=tuple(f"{batch}.bin" for batch in CIFAR10_BATCHES),
        test="test_batch.bin",
        names="batches.meta.txt",
    ),
    Layout(
        is_100=True,
        # "train.bin" alone could be anything's; the list of names beside it is CIFAR-100's.
        markers=("train.bin", "fine_label_names.txt"),
        train=("train.bin",),
        test="test.bin",
        names="fine_label_names.txt",
    ),
)


def recognises(tree: Tree) -> bool:
    """Look for the batches, in the folder itself or one below. Raises: DataError if there are several sets."""
    return find(tree, _LAYOUTS) is not None


def read(tree: Tree) -> PixelArrays:
    """Read all batches. Raises: DataError for files of a wrong length or labels without a name.

    Convention: CIFAR-100's classes are its 100 fine labels.
    Source: Krizhevsky (2009); the layout is that of its web page.
    """
    return read_batches(tree, _LAYOUTS, read_names=_class_names, read_batch=_read_batch)


def _class_names(tree: Tree, name: str) -> tuple[str, ...]:
    lines = read_file(tree, name).decode("utf-8", errors="replace").split("\n")
    names = tuple(line.strip() for line in lines if line.strip())
    if len(set(names)) != len(names) or len(names) < 2:
        raise damaged(tree, name, "it does not name each class once")
    return names


def _read_batch(tree: Tree, name: str, is_100: bool) -> Batch:
    n_label_bytes = 2 if is_100 else 1  # the coarse label first
    data = np.frombuffer(read_file(tree, name), np.uint8)
    record = n_label_bytes + PLANES
    if not len(data) or len(data) % record:
        raise damaged(tree, name, f"its {len(data)} bytes are no whole number of records of {record} bytes")
    records = data.reshape(-1, record)
    return records[:, n_label_bytes:], records[:, n_label_bytes - 1]
