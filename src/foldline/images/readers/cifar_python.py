"""CIFAR-10 and CIFAR-100 in their Python version: pickles, read without letting them run anything.

A pickle may name any function and have it called. The unpickler here knows the few names that a batch holds, and
gives inert objects of this file for them, so that not even NumPy's own code runs at the pickle's word. It knows the
opcodes that a batch is written with, and no others.
"""

import math
import pickle
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
from jaxtyping import UInt8

from foldline.core.text import reason
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
    Layout(is_100=False, markers=("data_batch_1",), train=CIFAR10_BATCHES, test="test_batch", names="batches.meta"),
    Layout(is_100=True, markers=("train", "test", "meta"), train=("train",), test="test", names="meta"),
)

# What a batch is written with, by any protocol up to 4.
_OPCODES = (
    *(pickle.PROTO, pickle.FRAME, pickle.MARK, pickle.STOP, pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE),
    *(pickle.INT, pickle.BININT, pickle.BININT1, pickle.BININT2, pickle.LONG, pickle.LONG1),
    *(pickle.STRING, pickle.BINSTRING, pickle.SHORT_BINSTRING, pickle.BINBYTES, pickle.SHORT_BINBYTES),
    *(pickle.UNICODE, pickle.BINUNICODE, pickle.SHORT_BINUNICODE),
    *(pickle.EMPTY_LIST, pickle.LIST, pickle.APPEND, pickle.APPENDS),
    *(pickle.EMPTY_DICT, pickle.DICT, pickle.SETITEM, pickle.SETITEMS),
    *(pickle.PUT, pickle.BINPUT, pickle.LONG_BINPUT, pickle.GET, pickle.BINGET, pickle.LONG_BINGET, pickle.MEMOIZE),
    *(pickle.GLOBAL, pickle.STACK_GLOBAL, pickle.REDUCE, pickle.BUILD),
)

Load = Callable[[Any], None]


def recognises(tree: Tree) -> bool:
    """Look for the batches, in the folder itself or one below. Raises: DataError if there are several sets."""
    return find(tree, _LAYOUTS) is not None


def read(tree: Tree) -> PixelArrays:
    """Read all batches.

    Raises: DataError for pickles that hold anything but a batch, and for labels without a name.
    Convention: CIFAR-100's classes are its 100 fine labels.
    """
    return read_batches(tree, _LAYOUTS, read_names=_class_names, read_batch=_read_batch)


def _class_names(tree: Tree, name: str) -> tuple[str, ...]:
    meta = _unpickle(tree, name)
    names = meta.get("label_names", meta.get("fine_label_names"))
    texts = [_text(entry) for entry in names] if isinstance(names, list) else []
    if len(texts) < 2 or None in texts or len(set(texts)) != len(texts):
        raise damaged(tree, name, "it does not name each class once")
    return tuple(str(text) for text in texts)


def _read_batch(tree: Tree, name: str, is_100: bool) -> Batch:
    labels_key = "fine_labels" if is_100 else "labels"
    batch = _unpickle(tree, name)
    data, labels = batch.get("data"), batch.get(labels_key)
    pixels = data.pixels() if isinstance(data, _InertArray) else None
    if pixels is None or not isinstance(labels, list) or not all(type(label) is int for label in labels):
        raise damaged(tree, name, f"it does not hold bytes under 'data' and a list of numbers under {labels_key!r}")
    if len(labels) != len(pixels) or not labels:
        raise damaged(tree, name, f"it has {len(pixels)} images and {len(labels)} labels")
    if not all(0 <= label < 1000 for label in labels):
        raise damaged(tree, name, "it has labels far out of range")
    return pixels, np.array(labels, np.int32)


def _unpickle(tree: Tree, name: str) -> dict[str, object]:
    data = read_file(tree, name)
    try:
        loaded = _BatchUnpickler(BytesIO(data), encoding="bytes").load()
    except Exception as error:  # a pickle is a program, and a damaged one can fail in every way
        raise damaged(tree, name, f"its pickle cannot be read ({reason(error)})") from error
    if not isinstance(loaded, dict):
        raise damaged(tree, name, f"it holds a {type(loaded).__name__}, not a dictionary")
    return {text: value for key, value in loaded.items() if (text := _text(key)) is not None}


def _text(value: object) -> str | None:
    # Python 2 wrote the original's keys and names, as bytes; copies written by Python 3 hold text.
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else None


def _dispatch() -> dict[int, Load]:
    """Give what to do at each opcode. Tuples become lists: hashing a deep nest of tuples would end the process."""
    usual: dict[int, Load] = pickle._Unpickler.dispatch
    known = {opcode[0]: usual[opcode[0]] for opcode in _OPCODES}
    known[pickle.EMPTY_TUPLE[0]] = usual[pickle.EMPTY_LIST[0]]
    known[pickle.TUPLE[0]] = usual[pickle.LIST[0]]
    for length, opcode in enumerate((pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3), start=1):
        known[opcode[0]] = partial(_join_top, length=length)
    return dict.fromkeys(range(256), _refuse) | known


def _join_top(unpickler: Any, *, length: int) -> None:
    unpickler.stack[-length:] = [unpickler.stack[-length:]]


def _refuse(_: object) -> None:
    raise pickle.UnpicklingError("it holds an opcode that no CIFAR batch does")


# The unpickler written in Python: five bytes can make the one written in C reserve gigabytes for its memo.
class _BatchUnpickler(pickle._Unpickler):
    """Knows the opcodes and names that a CIFAR batch holds, and no others."""

    dispatch = _dispatch()

    def find_class(self, module: str, name: str) -> Callable[..., object]:
        """Give an inert stand-in, made afresh so that nothing a pickle does to it lasts."""
        stand_ins: Mapping[tuple[str, str], Callable[..., object]] = {
            ("numpy.core.multiarray", "_reconstruct"): lambda *_: _InertArray(),
            ("numpy._core.multiarray", "_reconstruct"): lambda *_: _InertArray(),
            ("numpy", "ndarray"): lambda *_: None,
            ("numpy", "dtype"): lambda code, *_: _InertDtype(code),
            # How Python 3 writes bytes for Python 2.
            ("_codecs", "encode"): lambda text, _: text.encode("latin-1"),
        }
        if (module, name) not in stand_ins:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no CIFAR batch does")
        return stand_ins[module, name]


class _InertDtype:
    """Remembers what element type was asked for."""

    __slots__ = ("code",)

    def __init__(self, code: object) -> None:
        self.code = code

    def __setstate__(self, state: object) -> None:
        """Byte order and alignment mean nothing for single bytes."""


class _InertArray:
    """Remembers shape, element type and bytes."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state: object = None

    def __setstate__(self, state: object) -> None:
        """Keep what would have been NumPy's: version, shape, dtype, whether column-major, bytes."""
        self.state = state

    def pixels(self) -> UInt8[np.ndarray, "n 3072"] | None:
        """Give the array if it is (N, 3072) uint8, else None."""
        match self.state:
            case [int(), [int() as n, int() as d], _InertDtype(code=code), False | 0, bytes() as data]:
                if d == PLANES and len(data) == math.prod((n, d)) and code in ("u1", b"u1", "uint8"):
                    return np.frombuffer(data, np.uint8).reshape(n, d)
        return None
