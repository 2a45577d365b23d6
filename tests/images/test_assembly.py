from contextlib import contextmanager

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from foldline.images import assembly
from foldline.images.assembly import MADE_COLOURED, MADE_GREY, RESCALED, assemble, common_size
from foldline.images.problems import UnreadableError
from foldline.images.sources import EncodedImages, Entry
from image_files import encode, kinds, noise, plain

COLOUR, GREY = noise(6, 8, 3), noise(6, 8, 1)


def source(*files, order=None):
    """Encoded images named 0, 1, ...; None is a file that cannot be read."""

    def fetch(data):
        def read():
            if data is None:
                raise UnreadableError("cannot be read (gone)")
            return data

        return read

    rows = order or range(len(files))
    return EncodedImages(
        entries=tuple(Entry(str(row), "class", None) for row in range(len(files))),
        contents=lambda: ((row, fetch(files[row])) for row in rows),
    )


def test_a_size_that_all_share_is_the_common_one():
    assert common_size(source(encode(COLOUR), encode(GREY, "BMP"), encode(COLOUR, "JPEG"))) == (6, 8)


def test_sizes_that_differ_have_nothing_in_common():
    assert common_size(source(encode(COLOUR), encode(noise(8, 6, 3)))) is None


def test_unreadable_images_do_not_count_for_the_common_size():
    assert common_size(source(None, encode(plain(0, (1, 1, 3))), b"no image", encode(COLOUR))) == (6, 8)
    assert common_size(source(None, b"no image")) is None
    assert common_size(source()) is None


def test_images_stand_in_the_order_of_their_entries_however_they_are_stored():
    pixels = [noise(6, 8, 3, seed=i) for i in range(5)]
    assembled = assemble(source(*map(encode, pixels), order=[3, 0, 4, 1, 2]), (6, 8), fit="native")
    assert_array_equal(assembled.images, np.stack(pixels))
    assert assembled.rows.tolist() == [0, 1, 2, 3, 4]
    assert assembled.problems == ()


def test_what_cannot_be_used_is_skipped_and_named():
    files = (None, encode(COLOUR), b"no image", encode(COLOUR[::-1]), b"")
    assembled = assemble(source(*files), (6, 8), fit="native")
    assert_array_equal(assembled.images, np.stack([COLOUR, COLOUR[::-1]]))
    assert assembled.rows.tolist() == [1, 3]
    assert kinds(assembled.problems) == [
        ("skipped", "0", "cannot be read (gone)"),
        ("skipped", "2", "not an image of a known format"),
        ("skipped", "4", "the file is empty"),
    ]


def test_nothing_usable_is_no_image():
    assembled = assemble(source(None, b"no image"), (6, 8), fit="crop")
    assert assembled.images.shape[0] == len(assembled.rows) == 0
    assert len(assembled.problems) == 2


def test_grey_images_alone_keep_one_channel():
    assembled = assemble(source(encode(GREY), None, encode(GREY, "BMP")), (6, 8), fit="native")
    assert_array_equal(assembled.images, np.stack([GREY, GREY]))
    assert [problem.kind for problem in assembled.problems] == ["skipped"]


def test_grey_images_among_coloured_ones_are_repeated_and_told():
    assembled = assemble(source(encode(COLOUR), encode(GREY)), (6, 8), fit="native")
    assert_array_equal(assembled.images, np.stack([COLOUR, np.repeat(GREY, 3, axis=2)]))
    assert kinds(assembled.problems) == [("changed", "1", MADE_COLOURED)]


@pytest.mark.parametrize("n_channels", [1, 3])
def test_a_number_of_channels_that_is_asked_for_is_given(n_channels):
    assembled = assemble(source(encode(COLOUR), encode(GREY)), (6, 8), fit="crop", n_channels=n_channels)
    assert assembled.images.shape == (2, 6, 8, n_channels)
    assert_array_equal(assembled.images[1], np.repeat(GREY, n_channels, axis=2))
    changed = {1: ("changed", "0", MADE_GREY), 3: ("changed", "1", MADE_COLOURED)}
    assert kinds(assembled.problems) == [changed[n_channels]]


def test_an_odd_one_out_comes_to_the_size_of_the_others_and_is_told():
    assembled = assemble(source(encode(COLOUR), encode(plain(7, (12, 16, 3)))), (6, 8), fit="native")
    assert_array_equal(assembled.images[1], plain(7, (6, 8, 3)))
    assert kinds(assembled.problems) == [("changed", "1", RESCALED)]


@pytest.mark.parametrize(("fit", "corner"), [("crop", 7), ("pad", 0)])
def test_other_sizes_are_cropped_or_padded_as_asked(fit, corner):
    assembled = assemble(source(encode(plain(7, (10, 30, 3)), "JPEG", quality=100)), (8, 8), fit=fit)
    assert assembled.images[0, 0, 0].tolist() == [corner] * 3
    assert assembled.images[0, 4, 4].tolist() == [7] * 3
    assert assembled.problems == ()


@pytest.mark.parametrize(("fit", "at_least"), [("native", None), ("crop", (6, 8)), ("pad", (6, 8))])
def test_only_images_that_will_be_scaled_may_be_decoded_small(fit, at_least, monkeypatch):
    asked = []
    decode = assembly.decode
    monkeypatch.setattr(assembly, "decode", lambda data, *, at_least: asked.append(at_least) or decode(data))
    assemble(source(encode(COLOUR)), (6, 8), fit=fit)
    assert asked == [at_least]


def test_what_decoding_did_to_the_pixels_is_told():
    deep = np.full((6, 8), 0x1234, np.uint16)
    assembled = assemble(source(encode(COLOUR), encode(deep, "TIFF")), (6, 8), fit="native")
    assert kinds(assembled.problems) == [
        ("changed", "1", "16 bits a channel became 8"),
        ("changed", "1", MADE_COLOURED),
    ]


def test_any_number_of_threads_gives_the_same(monkeypatch):
    files = [None if i % 4 == 1 else encode(noise(6 + i % 2, 8, 3, seed=i)) for i in range(12)]
    results = []
    for threads in "13":
        monkeypatch.setenv("FOLDLINE_THREADS", threads)
        results.append(assemble(source(*files), (6, 8), fit="pad"))
    assert_array_equal(results[0].images, results[1].images)
    assert_array_equal(results[0].rows, results[1].rows)
    assert results[0].problems == results[1].problems


def test_progress_counts_every_image_usable_or_not(monkeypatch):
    steps = []

    @contextmanager
    def counting(description, total):
        assert (description, total) == ("decoding images", 3)
        yield lambda n_done, note: steps.append(n_done)

    monkeypatch.setattr(assembly, "tracking", counting)
    assemble(source(encode(COLOUR), None, encode(COLOUR)), (6, 8), fit="native")
    assert sum(steps) == 3
