"""IDX files (MNIST, Fashion-MNIST, KMNIST, EMNIST), plain or compressed with gzip or xz."""

import gzip
import lzma
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import BufferedIOBase
from typing import IO, NamedTuple, cast

import numpy as np
from jaxtyping import UInt8

from foldline.core.errors import DataError, DtypeError, FoldlineError, ShapeError
from foldline.core.memory import check_memory
from foldline.core.text import reason
from foldline.images.decoding import MIN_SIDE
from foldline.images.problems import Problem, UnreadableError
from foldline.images.sources import PixelArrays, join_partitions
from foldline.images.trees import Tree, base_of

_NAME = re.compile(
    r"(?P<set>.*?)(?P<part>train|t10k|test|val)-(?P<what>images|labels)[-.]idx[13]-ubyte(?P<packing>\.gz|\.xz)?"
)
_PARTITIONS = {"train": "train", "t10k": "test", "test": "test", "val": "val"}

# Fashion-MNIST took over MNIST's file names; its labels tell it apart. SHA-256 of the 10,000 test labels.
_FASHION_TEST_LABELS = "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9"
FASHION_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


class _Files(NamedTuple):
    """The file names of one partition."""

    images: str
    labels: str


def recognises(tree: Tree) -> bool:
    """Look for the published file names, in the folder itself or one below."""
    return any(_NAME.fullmatch(base_of(name)) for name in tree.names if name.count("/") <= 1)


def read(tree: Tree, *, class_names: tuple[str, ...] | None = None) -> PixelArrays:
    """Read images and labels of every partition that is there.

    Args:
        tree: the files.
        class_names: what label 0, 1, ... is called; None lets the files say.
    Raises: DataError, ShapeError or DtypeError if files are missing, damaged or do not belong together.
    Convention: EMNIST stores its images with rows and columns exchanged; they are turned upright.
    Source: LeCun's MNIST page for the format; Cohen et al. (2017) for EMNIST's mapping files.
    """
    set_name, files = _one_set(tree)
    parts = {
        part: (_read_array(tree, pair.images, 3), _read_array(tree, pair.labels, 1)) for part, pair in files.items()
    }
    for part, (images, labels) in parts.items():
        if len(images) != len(labels):
            raise DataError(
                f"{files[part].images} in {tree.where} has {len(images)} images and {files[part].labels} "
                f"{len(labels)} labels; expected equal numbers. Fetch both files again."
            )
    sizes = {images.shape[1:] for images, _ in parts.values()}
    if len(sizes) > 1:
        raise ShapeError(f"{tree.where} has images of sizes {sorted(sizes)}; expected one size. Fetch the files again.")
    if min(min(size) for size in sizes) < MIN_SIDE:
        raise ShapeError(
            f"{tree.where} has images of {sizes.pop()} pixels; expected sides of at least {MIN_SIDE}. Fetch the files "
            "again."
        )
    values, names = _classes(tree, set_name, {part: labels for part, (_, labels) in parts.items()})
    is_emnist = base_of(set_name).startswith("emnist-")  # the files', not the folder's name
    upright = {
        part: ((images.swapaxes(1, 2) if is_emnist else images)[..., None], np.searchsorted(values, labels))
        for part, (images, labels) in parts.items()
    }
    turned = Problem(kind="changed", where=tree.where, what="EMNIST's images were turned upright, as is usual")
    return join_partitions(upright, class_names or names, problems=(turned,) if is_emnist else ())


def _one_set(tree: Tree) -> tuple[str, dict[str, _Files]]:
    """Sort the files by set and partition; expect one set."""
    sets: dict[str, dict[str, dict[str, str]]] = {}
    for name in sorted(tree.names, reverse=True):  # "x" comes last and wins over "x.gz"
        match = _NAME.fullmatch(base_of(name))
        if match and name.count("/") <= 1:
            set_name = name.removesuffix(base_of(name)) + match["set"]
            sets.setdefault(set_name, {}).setdefault(_PARTITIONS[match["part"]], {})[match["what"]] = name
    if len(sets) > 1:
        raise DataError(
            f"{tree.where} holds several sets of IDX files ({', '.join(sorted(sets))}); expected one. Put the one to "
            "read into a folder of its own."
        )
    ((set_name, parts),) = sets.items()
    files: dict[str, _Files] = {}
    for part in ("train", "val", "test"):
        if part in parts:
            missing = {"images", "labels"} - set(parts[part])
            if missing:
                raise DataError(
                    f"{tree.where} has no {part} {missing.pop()} beside {next(iter(parts[part].values()))}; expected "
                    "images and labels. Fetch the missing file."
                )
            files[part] = _Files(**parts[part])
    return set_name, files


def _read_array(tree: Tree, name: str, n_axes: int) -> UInt8[np.ndarray, "..."]:
    again = "Fetch the file again."
    try:
        with _opened(tree, name) as file:
            header = file.read(4 + 4 * n_axes)
            if len(header) < 4 + 4 * n_axes or header[:2] != b"\0\0":
                raise DataError(f"{name} in {tree.where} has no IDX header; expected an IDX file. {again}")
            if header[2] != 8:
                raise DtypeError(
                    f"{name} in {tree.where} has element type {header[2]:#x}; expected 0x8, uint8. {again}"
                )
            if header[3] != n_axes:
                raise ShapeError(f"{name} in {tree.where} has {header[3]} axes; expected {n_axes}. {again}")
            shape = tuple(int(length) for length in np.frombuffer(header, ">u4", offset=4))
            n_bytes = int(np.prod(shape, dtype=object))
            check_memory(n_bytes, f"{name} in {tree.where}", fix=again)
            data = file.read(n_bytes + 1)
    except FoldlineError:
        raise
    except Exception as error:  # gzip, zlib, lzma, tarfile and zipfile each have their own
        raise DataError(
            f"{name} in {tree.where} cannot be read ({reason(error)}); expected a whole file. {again}"
        ) from error
    if len(data) != n_bytes or not n_bytes:
        raise DataError(
            f"{name} in {tree.where} has {'more' if len(data) > n_bytes else len(data)} bytes of data; expected "
            f"{n_bytes}, more than none, as its header says. {again}"
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


@contextmanager
def _opened(tree: Tree, name: str) -> Iterator[BufferedIOBase]:
    with tree.open(name) as stored:
        if name.endswith(".gz"):
            with gzip.open(stored) as unpacked:
                yield unpacked
        elif name.endswith(".xz"):
            with lzma.open(cast(IO[bytes], stored)) as unpacked:  # the stubs ask for more than is used
                yield unpacked
        else:
            yield stored


def _classes(
    tree: Tree, set_name: str, labels: dict[str, UInt8[np.ndarray, " _"]]
) -> tuple[UInt8[np.ndarray, " k"], tuple[str, ...]]:
    """Give the label values in use, rising, and a name for each: a mapping file's, Fashion-MNIST's or their own."""
    values = np.unique(np.concatenate(list(labels.values())))
    mapping = _mapping(tree, f"{set_name}mapping.txt")
    strange = [value for value in values.tolist() if mapping and value not in mapping]
    if strange:
        raise DataError(
            f"{tree.where} has label {strange[0]}; expected those of its mapping file. Fetch the files again."
        )
    is_fashion = "test" in labels and sha256(labels["test"].tobytes()).hexdigest() == _FASHION_TEST_LABELS
    if is_fashion and len(values) == len(FASHION_NAMES):
        return values, FASHION_NAMES
    return values, tuple(mapping.get(value, str(value)) for value in values.tolist())


def _mapping(tree: Tree, name: str) -> dict[int, str]:
    """Read "label codepoint ..." lines; an empty dictionary if there is no such file."""
    if name not in tree.names:
        return {}
    try:
        lines = tree.fetch(name)().decode("ascii").splitlines()
        pairs = [[int(number) for number in line.split()[:2]] for line in lines if line.strip()]
        return {label: chr(codepoint) for label, codepoint in pairs}
    except (UnreadableError, ValueError, OverflowError) as error:
        raise DataError(
            f"{name} in {tree.where} is damaged ({reason(error)}); expected lines of a label and a character "
            "code. Fetch the file again."
        ) from error
