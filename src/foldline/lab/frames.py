"""Binary frames: a small JSON header and arrays that a browser looks at in place (docs/lab-protocol.md)."""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from foldline.core.errors import DataError

MAGIC = b"FLF1"
MOST_BYTES = 2**32
ALIGNMENT = 8  # typed arrays of a browser begin at a multiple of their entries' size
DTYPES = {name: np.dtype(f"<{name}") for name in ("f4", "u1", "u2", "u4")}


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One picture's numbers.

    Args:
        kind: which page draws it.
        number: counts the frames of a session.
        meta: what is no array, as JSON; numbers are finite.
        arrays: by name, of the dtypes in DTYPES.
    """

    kind: str
    number: int
    meta: Mapping[str, object]
    arrays: Mapping[str, np.ndarray]


def encode_frame(frame: Frame) -> bytes:
    """Write a frame as bytes.

    Raises: DataError for arrays of other dtypes.
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in frame.arrays.items()}
    for name, array in arrays.items():
        if array.dtype not in DTYPES.values():
            raise DataError(f"{name} is {array.dtype}; expected one of {', '.join(DTYPES)}. Convert it before.")
    # Offsets count from the beginning, so the header's length hangs on how long they are written: room for long ones.
    room = len(_header(frame, arrays, first=MOST_BYTES))
    header = _header(frame, arrays, first=_aligned(8 + room)).ljust(room)
    pieces = [MAGIC, struct.pack("<I", len(header)), header]
    for block in (b"", *(array.tobytes() for array in arrays.values())):
        pieces.append(block)
        pieces.append(bytes(-sum(map(len, pieces)) % ALIGNMENT))
    return b"".join(pieces)


def decode_frame(data: bytes) -> Frame:
    """Read a frame.

    Raises: DataError for bytes that are none.
    """
    try:
        magic, length = struct.unpack_from("<4sI", data)
        header = json.loads(data[8 : 8 + length])
        if magic != MAGIC:
            raise ValueError(f"it begins with {magic!r}")
        arrays = {
            entry["name"]: np.frombuffer(
                data, DTYPES[entry["dtype"]], count=int(np.prod(entry["shape"])), offset=entry["offset"]
            ).reshape(entry["shape"])
            for entry in header["arrays"]
        }
        return Frame(kind=header["kind"], number=header["frame"], meta=header["meta"], arrays=arrays)
    except (struct.error, ValueError, KeyError, TypeError, OverflowError) as error:
        raise DataError(f"the frame is damaged ({error}); expected one of the lab. Record it again.") from error


def _header(frame: Frame, arrays: Mapping[str, np.ndarray], *, first: int) -> bytes:
    entries, offset = [], first
    for name, array in arrays.items():
        dtype = next(key for key, known in DTYPES.items() if known == array.dtype)
        entries.append({"name": name, "dtype": dtype, "shape": list(array.shape), "offset": offset})
        offset = _aligned(offset + array.nbytes)
    header = {"kind": frame.kind, "frame": frame.number, "meta": frame.meta, "arrays": entries}
    return json.dumps(header, allow_nan=False, separators=(",", ":")).encode()


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT
