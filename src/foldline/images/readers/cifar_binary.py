"""CIFAR-10 and CIFAR-100 in their binary version: records of one or two label bytes and 3,072 pixel bytes."""

import numpy as np

from foldline.images.readers.cifar import (
    CIFAR10_BATCHES,
    PLANES,
    Batch,
    batch_folder,
    damaged,
    join,
    read_batches,
    read_file,
)
from foldline.images.sources import PixelArrays
from foldline.images.trees import Tree

_CIFAR100_NAMES = "fine_label_names.txt"


def recognises(tree: Tree) -> bool:
    """Look for the batches, in the folder itself or one below."""
    return _folder(tree, is_100=False) is not None or _folder(tree, is_100=True) is not None


def read(tree: Tree) -> PixelArrays:
    """Read all batches. Raises: DataError for files of a wrong length or labels without a name.

    Convention: CIFAR-100's classes are its 100 fine labels.
    Source: Krizhevsky (2009); the layout is that of its web page.
    """
    folder = _folder(tree, is_100=False)
    is_100 = folder is None
    folder = _folder(tree, is_100=True) if folder is None else folder
    assert folder is not None  # `recognises` came first
    train = ("train.bin",) if is_100 else tuple(f"{batch}.bin" for batch in CIFAR10_BATCHES)
    return read_batches(
        tree,
        tuple(join(folder, file) for file in train),
        join(folder, "test.bin" if is_100 else "test_batch.bin"),
        class_names=_class_names(tree, join(folder, _CIFAR100_NAMES if is_100 else "batches.meta.txt")),
        read_batch=lambda name: _read_batch(tree, name, n_label_bytes=2 if is_100 else 1),
    )


def _folder(tree: Tree, *, is_100: bool) -> str | None:
    # "train.bin" alone could be anything's; the list of names beside it is CIFAR-100's.
    return batch_folder(tree, *(("train.bin", _CIFAR100_NAMES) if is_100 else ("data_batch_1.bin",)))


def _class_names(tree: Tree, name: str) -> tuple[str, ...]:
    if name not in tree.names:
        return tuple(str(label) for label in range(10))
    lines = read_file(tree, name).decode("utf-8", errors="replace").split("\n")
    names = tuple(line.strip() for line in lines if line.strip())
    if len(set(names)) != len(names) or len(names) < 2:
        raise damaged(tree, name, "it does not name each class once")
    return names


def _read_batch(tree: Tree, name: str, *, n_label_bytes: int) -> Batch:
    data = np.frombuffer(read_file(tree, name), np.uint8)
    record = n_label_bytes + PLANES
    if not len(data) or len(data) % record:
        raise damaged(tree, name, f"its {len(data)} bytes are no whole number of records of {record} bytes")
    records = data.reshape(-1, record)
    return records[:, n_label_bytes:], records[:, n_label_bytes - 1]
