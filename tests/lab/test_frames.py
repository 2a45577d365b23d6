import json
import struct
from contextlib import suppress

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from foldline.core.errors import DataError
from foldline.lab.frames import DTYPES, Frame, decode_frame, encode_frame
from strategies import damaged_bytes

SMALL = Frame(kind="playground", number=3, meta={"step": 20}, arrays={"points": np.zeros((2, 2), np.float32)})


@st.composite
def frames(draw):
    """Frames of any arrays, header of any length."""
    shapes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5)
    arrays = {
        f"array{i}": draw(hnp.arrays(draw(st.sampled_from(list(DTYPES.values()))), draw(shapes)))
        for i in range(draw(st.integers(0, 4)))
    }
    return Frame(kind="playground", number=draw(st.integers(0)), meta={"note": draw(st.text())}, arrays=arrays)


@given(frames())
def test_a_frame_that_was_written_is_read_back(frame):
    data = encode_frame(frame)
    again = decode_frame(data)
    assert (again.kind, again.number, again.meta) == (frame.kind, frame.number, frame.meta)
    assert list(again.arrays) == list(frame.arrays)
    for name, array in frame.arrays.items():
        assert again.arrays[name].dtype == array.dtype
        assert_array_equal(again.arrays[name], array)


@given(frames())
def test_every_array_begins_at_a_multiple_of_eight(frame):
    data = encode_frame(frame)
    header = json.loads(data[8 : 8 + struct.unpack_from("<4sI", data)[1]])
    assert len(data) % 8 == 0
    assert all(entry["offset"] % 8 == 0 for entry in header["arrays"])


def test_a_frame_on_paper():
    data = encode_frame(Frame(kind="k", number=1, meta={}, arrays={"a": np.array([1, 2], np.uint8)}))
    assert data.startswith(b"FLF1")
    assert data.endswith(b"\x01\x02\0\0\0\0\0\0")


@given(damaged_bytes(encode_frame(SMALL)))
def test_a_damaged_frame_is_read_or_refused(data):
    with suppress(DataError):
        decode_frame(data)


def test_other_dtypes_are_refused():
    with pytest.raises(DataError, match="points is float64; expected one of f4"):
        encode_frame(Frame(kind="k", number=1, meta={}, arrays={"points": np.zeros(2)}))
