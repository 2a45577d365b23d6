import io
import os
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from foldline.core import memory
from foldline.core.errors import DataError, DtypeError, ShapeError
from foldline.images.readers.npz import read, recognises
from image_files import kinds, noise, npz_of, tar_of, zip_of

IMAGES, LABELS = noise(4, 5, 6, 3), np.array([1, 0, 1, 3])


@pytest.fixture
def source_of(tmp_path, tree_at):
    """Read arrays, or bytes, that are saved as an .npz file."""

    def source_of(data=None, /, **arrays):
        (tmp_path / "photos.npz").write_bytes(data if data is not None else npz_of(**arrays))
        return read(tree_at(tmp_path / "photos.npz"))

    return source_of


@pytest.mark.parametrize("image_key", ["images", "image", "x", "X", "data"])
@pytest.mark.parametrize("label_key", ["labels", "label", "y", "targets"])
def test_images_and_labels_are_found_by_their_usual_names(image_key, label_key, source_of):
    source = source_of(**{image_key: IMAGES, label_key: LABELS})
    assert_array_equal(source.images, IMAGES)
    assert source.class_names == ("0", "1", "3")
    assert source.labels.tolist() == [1, 0, 1, 2]
    assert source.partition is None
    assert source.problems == ()


@pytest.mark.parametrize(
    "keys",
    [
        ("train_images", "train_labels", "test_images", "test_labels"),  # MedMNIST
        ("x_train", "y_train", "x_test", "y_test"),  # Keras
        ("train_x", "train_y", "test_x", "test_y"),
    ],
)
def test_partitions_are_found_by_their_usual_names(keys, source_of):
    source = source_of(**dict(zip(keys, (IMAGES, LABELS, IMAGES[:1], LABELS[:1]), strict=True)))
    assert_array_equal(source.images, np.concatenate([IMAGES, IMAGES[:1]]))
    assert source.partition == ("train",) * 4 + ("test",)
    assert source.problems == ()


def test_val_stands_between_train_and_test_and_labels_may_be_columns(source_of):
    parts = {f"{part}_images": IMAGES[:n] for n, part in enumerate(("val", "train", "test"), start=1)}
    labels = {f"{part}_labels": LABELS[:n, None] for n, part in enumerate(("val", "train", "test"), start=1)}
    source = source_of(**parts, **labels)
    assert source.partition == ("train",) * 2 + ("val",) + ("test",) * 3
    assert [source.class_names[label] for label in source.labels] == ["1", "0", "1", "1", "0", "1"]


@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_convention_one_part_alone_has_no_split_of_its_own(part, source_of):
    assert source_of(**{f"{part}_images": IMAGES, f"{part}_labels": LABELS}).partition is None


def test_arrays_that_are_not_read_are_told(source_of):
    source = source_of(train_images=IMAGES, train_lables=LABELS, test_images=IMAGES, test_labels=LABELS)
    assert len(source.labels) == 4
    assert kinds(source.problems) == [
        ("warning", "train_images", "an array not read"),
        ("warning", "train_lables", "an array not read"),
    ]


def test_grey_images_may_lack_the_channel_axis(source_of):
    assert_array_equal(source_of(images=IMAGES[..., 0], labels=LABELS).images, IMAGES[..., :1])
    assert_array_equal(source_of(images=IMAGES[..., :1], labels=LABELS).images, IMAGES[..., :1])


def test_column_major_arrays_are_the_same_images(source_of):
    assert_array_equal(source_of(images=np.asfortranarray(IMAGES), labels=LABELS).images, IMAGES)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
def test_convention_floats_from_0_to_1_become_255_levels(dtype, source_of):
    # 255 * 0.25 = 63.75, 255 * 0.5 = 127.5, which rounds to the even 128.
    images = np.broadcast_to(np.array([0, 0.25, 0.5, 1], dtype)[:, None, None], (4, 2, 2))
    source = source_of(images=images, labels=LABELS)
    assert source.images[:, 1, 1, 0].tolist() == [0, 64, 128, 255]
    [(kind, where, what)] = kinds(source.problems)
    assert (kind, what) == ("changed", "floats in [0, 1] became whole numbers from 0 to 255")
    assert where.startswith("images in ")


def test_convention_number_labels_are_named_by_class_names(source_of):
    source = source_of(images=IMAGES, labels=LABELS.astype(np.uint64), class_names=np.array(["a", "b", "c", "d"]))
    assert source.class_names == ("a", "b", "c", "d")
    assert source.labels.tolist() == [1, 0, 1, 3]


def test_convention_text_labels_are_their_own_names(source_of):
    source = source_of(images=IMAGES, labels=np.array(["dog", "cat", "dog", "eel"]))
    assert source.class_names == ("cat", "dog", "eel")
    assert source.labels.tolist() == [1, 0, 1, 2]


def test_signed_and_unsigned_labels_of_two_parts_are_the_same_classes(source_of):
    # Joined as they are they would become floats: "0.0".
    parts = {"train_images": IMAGES, "test_images": IMAGES}
    source = source_of(**parts, train_labels=LABELS.astype(np.int64), test_labels=LABELS.astype(np.uint64))
    assert source.class_names == ("0", "1", "3")


def test_an_npz_in_an_archive_is_read(tmp_path, tree_at):
    (tmp_path / "photos.tar").write_bytes(tar_of({"deep/photos.npz": npz_of(images=IMAGES, labels=LABELS)}))
    tree = tree_at(tmp_path / "photos.tar")
    assert recognises(tree)
    assert_array_equal(read(tree).images, IMAGES)


def test_one_file_alone_is_recognised(tmp_path, tree_at):
    (tmp_path / "A.NPZ").write_bytes(b"")
    assert recognises(tree_at(tmp_path / "A.NPZ"))
    assert recognises(tree_at(tmp_path))
    (tmp_path / "b.npz").write_bytes(b"")
    assert not recognises(tree_at(tmp_path))


class Runs:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"echo run > {self.path}",)


@pytest.mark.parametrize("key", ["labels", "other"])
def test_an_array_of_objects_is_refused_and_nothing_is_run(key, source_of, tmp_path):
    arrays = {"images": IMAGES, "labels": LABELS, key: np.array([Runs(tmp_path / "proof")] * 4, object)}
    with pytest.raises(DataError, match=r"cannot be read \(Object arrays cannot be loaded.*without object arrays"):
        source_of(**arrays)
    assert not (tmp_path / "proof").exists()


def test_a_pickle_under_the_name_of_an_npz_is_refused_and_nothing_is_run(source_of, tmp_path):
    import pickle

    with pytest.raises(DataError, match="cannot be read"):
        source_of(pickle.dumps(Runs(tmp_path / "proof")))
    assert not (tmp_path / "proof").exists()


def _single_array():
    buffer = io.BytesIO()
    np.save(buffer, IMAGES)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"cannot be read \(.*\); expected an \.npz file of plain arrays\. Save it with numpy\.savez"),
        (b"no zip", "cannot be read"),
        (npz_of(images=IMAGES, labels=LABELS)[:-30], "cannot be read"),
        (_single_array(), r"holds a single array; expected images and labels, .*\. Save with numpy\.savez"),
        (zip_of({"images": b"no array", "labels": b"no array"}), r"cannot be read \(a file inside is no array\)"),
    ],
    ids=["empty", "no zip", "cut", "a single array", "no arrays"],
)
def test_what_is_no_npz_of_arrays_is_refused(data, message, source_of):
    with pytest.raises(DataError, match=message):
        source_of(data)


def _array_of_shape(shape, data):
    """An .npy file of bytes whose header says this of its shape."""
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': " + shape + b", }"
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


def test_a_header_that_says_more_than_there_is_is_refused(source_of):
    with pytest.raises(DataError, match="cannot be read"):
        source_of(zip_of({"images.npy": _array_of_shape(b"(1000000000000,)", bytes(9))}))


def test_a_header_that_python_2_wrote_is_read_without_a_warning(source_of):
    labels = _array_of_shape(b"(4L,)", bytes([1, 0, 1, 3]))
    images = _array_of_shape(b"(4L, 5L, 6L, 3L)", IMAGES.tobytes())
    assert_array_equal(source_of(zip_of({"images.npy": images, "labels.npy": labels})).images, IMAGES)


@pytest.mark.parametrize("code", [0x110000, 0xD800])
@pytest.mark.parametrize("key", ["labels", "class_names"])
def test_texts_of_numbers_that_are_no_characters_are_refused(key, code, source_of):
    texts = np.array([0x41, code, 0x42, 0x43], np.uint32).view("=U1")
    with pytest.raises(DataError, match="cannot be read"):
        source_of(**{"images": IMAGES, "labels": LABELS, key: texts})


def test_arrays_that_unpack_to_more_than_the_memory_are_refused_before_that(source_of, monkeypatch):
    monkeypatch.setattr(memory, "_memory_bytes", lambda: 1e6)
    data = npz_of(images=np.zeros((1000, 30, 30), np.uint8), labels=np.zeros(1000, np.uint8))
    assert len(data) < 10_000
    with pytest.raises(DataError, match=r"needs 0\.0 GB of memory; expected at most 0\.0 GB.*Save fewer images"):
        source_of(data)


@pytest.mark.parametrize("arrays", [{}, {"images": IMAGES}, {"labels": LABELS}, {"pictures": IMAGES, "labels": LABELS}])
def test_missing_arrays_are_refused_with_what_is_there(arrays, source_of):
    listed = ", ".join(arrays) or "none"
    with pytest.raises(DataError, match=rf"has arrays {listed}; expected images and labels, .*\. Rename them"):
        source_of(**arrays)


NAN, HALF = np.full((4, 5, 6), np.nan, np.float32), np.full((4, 5, 6), 0.5)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"images": noise(4, 90)},
            ShapeError,
            r"images in .* has shape \(4, 90\); expected \(n, h, w, c\)\. Save",
        ),
        ({"images": noise(4, 5, 6, 2)}, ShapeError, r"has shape \(4, 5, 6, 2\); expected 1 or 3 channels and sides of"),
        ({"images": noise(4, 3, 5, 6)}, ShapeError, "expected 1 or 3 channels"),
        ({"images": noise(4, 1, 6, 3)}, ShapeError, "sides of at least 2"),
        (
            {"images": IMAGES.astype(np.int64)},
            DtypeError,
            r"has dtype int64; expected uint8, or floats in \[0, 1\]",
        ),
        ({"images": IMAGES > 5}, DtypeError, "has dtype bool; expected uint8"),
        ({"images": IMAGES * 1j}, DtypeError, "has dtype complex128; expected uint8"),
        (
            {"images": NAN},
            DataError,
            r"images in .* holds NaN or infinity; expected uint8, or floats in \[0, 1\]",
        ),
        ({"images": np.where(HALF > 0, np.inf, HALF)}, DataError, "holds NaN or infinity"),
        ({"images": HALF * 4}, DataError, r"is from 2 to 2; expected uint8, or floats in \[0, 1\]"),
        ({"images": HALF - 1}, DataError, r"is from -0\.5 to -0\.5; expected uint8"),
        (
            {"labels": LABELS / 2},
            DtypeError,
            r"labels in .* has dtype float64; expected whole numbers or texts\. Con",
        ),
        ({"labels": np.array([b"a"] * 4)}, DtypeError, r"has dtype \|S1; expected whole numbers or texts"),
        ({"labels": np.eye(4)}, ShapeError, r"labels in .* has shape \(4, 4\); expected \(n\)\. Save one label"),
        ({"labels": LABELS - 1}, DataError, r"holds -1; expected 0 to 2147483647\. Correct the labels"),
        ({"labels": LABELS.astype(np.uint64) << 60}, DataError, "holds 3458764513820540928; expected 0 to 2147483647"),
        ({"labels": LABELS[:3]}, ShapeError, "has 4 images and 3 labels; expected equal numbers, more than none"),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, ShapeError, "has 0 images and 0 labels"),
        (
            {"class_names": np.array(["a", "b", "c"])},
            DataError,
            "has label 3; expected 0 to 2 for its 3 class names",
        ),
        (
            {"class_names": np.array([1, 2, 3, 4])},
            DtypeError,
            r"class_names in .* is int64 of shape \(4,\); expected a",
        ),
        (
            {"class_names": np.array([["a", "b"]])},
            DtypeError,
            r"class_names in .* of shape \(1, 2\); expected a list",
        ),
    ],
)
def test_arrays_of_a_wrong_kind_are_refused(changes, error, message, source_of):
    with pytest.raises(error, match=message):
        source_of(**({"images": IMAGES, "labels": LABELS} | changes))


def test_texts_in_one_part_and_numbers_in_the_other_are_refused(source_of):
    with pytest.raises(DtypeError, match=r"has labels that are texts and labels that are numbers; expected one kind"):
        source_of(x_train=IMAGES, y_train=LABELS, x_test=IMAGES, y_test=np.array(list("abcd")))


def test_images_of_two_shapes_are_refused(source_of):
    with pytest.raises(ShapeError, match=r"has images of shapes \[\(4, 6, 3\), \(5, 6, 3\)\]; expected one shape"):
        source_of(x_train=IMAGES, y_train=LABELS, x_test=IMAGES[:, 1:], y_test=LABELS)


def test_names_of_arrays_cannot_steer_the_terminal(source_of):
    with pytest.raises(DataError, match=r"has arrays \\x1b\[2J; expected"):
        source_of(**{"\x1b[2J": IMAGES})
    source = source_of(images=IMAGES, labels=LABELS, **{"\x1b[2J": LABELS})
    assert kinds(source.problems) == [("warning", "\\x1b[2J", "an array not read")]


def test_floats_are_never_in_memory_twice(source_of):
    images = np.zeros((40, 300, 300))  # 29 MB, as bytes 4 MB
    tracemalloc.start()
    try:
        source_of(images=images, labels=np.arange(40))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.7 * images.nbytes
