"""All readers. A new kind of source is one file here, one line below, and one test."""

from collections.abc import Callable
from typing import NamedTuple

from foldline.images.readers import (
    cifar_binary,
    cifar_python,
    class_folders,
    digits,
    fashion_mini,
    idx,
    npz,
    parquet,
)
from foldline.images.sources import PixelArrays, Source
from foldline.images.trees import Tree


class Reader(NamedTuple):
    """How to tell a kind of source from its file names, and how to read it."""

    recognises: Callable[[Tree], bool]
    read: Callable[[Tree], Source]


CLASS_FOLDERS = "a folder, .tar, .tar.gz or .zip with a folder for each class"

# Of the others one at most may recognise the files; class folders are what is left.
READERS: dict[str, Reader] = {
    "CIFAR, binary version": Reader(cifar_binary.recognises, cifar_binary.read),
    "CIFAR, Python version": Reader(cifar_python.recognises, cifar_python.read),
    "IDX files as MNIST's": Reader(idx.recognises, idx.read),
    ".npz": Reader(npz.recognises, npz.read),
    "Parquet": Reader(parquet.recognises, parquet.read),
    CLASS_FOLDERS: Reader(class_folders.recognises, class_folders.read),
}

# Sources that need no files of the user's.
NAMED: dict[str, Callable[[], PixelArrays]] = {
    "fashion-mini": fashion_mini.read,
    "digits": digits.read,
}
