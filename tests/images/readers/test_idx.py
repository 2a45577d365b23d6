import gzip
import lzma
import struct
from hashlib import sha256
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from foldline.core import memory
from foldline.core.errors import DataError, DtypeError, ShapeError
from foldline.images.readers import idx
from foldline.images.readers.idx import FASHION_NAMES, read, recognises
from image_files import idx_of, kinds, noise, tar_of, write_files, zip_of

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def labels_of(*values):
    return np.array(values, np.uint8)


def pair(images, labels, *, part="train", prefix="", pack=lambda data: data, suffix=""):
    """The two files of one partition."""
    return {
        f"{prefix}{part}-images-idx3-ubyte{suffix}": pack(idx_of(images)),
        f"{prefix}{part}-labels-idx1-ubyte{suffix}": pack(idx_of(labels)),
    }


def test_images_and_labels_are_read_from_their_bytes_on_paper(tmp_path, tree_at):
    # Magic number, lengths of the axes as 4 bytes each, then the bytes, rows first.
    images = b"\0\0\x08\x03" + b"\0\0\0\x02" + b"\0\0\0\x02" + b"\0\0\0\x03" + bytes(range(12))
    labels = b"\0\0\x08\x01" + b"\0\0\0\x02" + b"\x07\x01"
    source = read(tree_at(write_files(tmp_path, {IMAGES: images, LABELS: labels})))
    assert source.images[..., 0].tolist() == [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]]
    assert [source.class_names[label] for label in source.labels] == ["7", "1"]
    assert source.partition == ("train",) * 2
    assert source.problems == ()


@pytest.mark.parametrize(("pack", "suffix"), [(bytes, ""), (gzip.compress, ".gz"), (lzma.compress, ".xz")])
def test_packed_files_are_the_same(pack, suffix, tmp_path, tree_at):
    images = noise(3, 4, 5)
    source = read(tree_at(write_files(tmp_path, pair(images, labels_of(0, 1, 1), pack=pack, suffix=suffix))))
    assert_array_equal(source.images[..., 0], images)


def test_partitions_stand_train_first_then_val_and_test(tmp_path, tree_at):
    files = {}
    for n, part in enumerate(("t10k", "train", "val"), start=1):
        files |= pair(np.full((n, 2, 2), n, np.uint8), np.full(n, n % 2, np.uint8), part=part)
    source = read(tree_at(write_files(tmp_path, files)))
    assert source.partition == ("train",) * 2 + ("val",) * 3 + ("test",)
    assert source.images[:, 0, 0, 0].tolist() == [2, 2, 3, 3, 3, 1]


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_archives_with_a_folder_around_the_files_are_read(pack, tmp_path, tree_at):
    images = noise(2, 3, 3)
    path = tmp_path / f"mnist.{pack.__name__[:3]}"
    path.write_bytes(pack(pair(images, labels_of(0, 1), prefix="mnist/", pack=gzip.compress, suffix=".gz")))
    assert recognises(tree_at(path))
    assert_array_equal(read(tree_at(path)).images[..., 0], images)


def test_the_dotted_names_of_copies_are_known(tmp_path, tree_at):
    files = {"train-images.idx3-ubyte": idx_of(noise(2, 3, 3)), "train-labels.idx1-ubyte": idx_of(labels_of(0, 1))}
    tree = tree_at(write_files(tmp_path, files))
    assert recognises(tree)
    assert read(tree).labels.tolist() == [0, 1]


def test_files_deeper_down_are_not_looked_at(tmp_path, tree_at):
    files = pair(noise(2, 3, 3), labels_of(0, 1)) | pair(noise(2, 4, 4), labels_of(0, 1), prefix="a/b/")
    assert read(tree_at(write_files(tmp_path, files))).images.shape == (2, 3, 3, 1)


def test_an_unpacked_file_wins_over_its_packed_copy(tmp_path, tree_at):
    old = pair(noise(2, 3, 3, seed=1), labels_of(0, 1), pack=gzip.compress, suffix=".gz")
    new = pair(noise(2, 3, 3, seed=2), labels_of(1, 0))
    assert_array_equal(read(tree_at(write_files(tmp_path, old | new))).images[..., 0], noise(2, 3, 3, seed=2))


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte.zip", "images-idx3-ubyte", "a/b/" + IMAGES, "train/1.png"])
def test_other_names_are_not_recognised(name, tmp_path, tree_at):
    assert not recognises(tree_at(write_files(tmp_path, {name: b""})))


def test_convention_emnists_exchanged_rows_and_columns_are_turned_upright(tmp_path, tree_at):
    images = noise(2, 3, 4)
    tree = tree_at(write_files(tmp_path, pair(images, labels_of(0, 1), prefix="emnist-digits-")))
    source = read(tree)
    for n, row, column in product(range(2), range(4), range(3)):
        assert source.images[n, row, column, 0] == images[n, column, row]
    assert kinds(source.problems) == [("changed", str(tmp_path), "EMNIST's images were turned upright, as is usual")]


def test_a_folders_name_turns_no_images(tmp_path, tree_at):
    images = noise(2, 3, 4)
    source = read(tree_at(write_files(tmp_path, pair(images, labels_of(0, 1), prefix="emnist-x/"))))
    assert_array_equal(source.images[..., 0], images)
    assert source.problems == ()


def test_a_mapping_names_the_labels_it_holds(tmp_path, tree_at):
    # EMNIST's letters start at 1; the numbers are codes of capital and small letters.
    files = pair(noise(3, 2, 2), labels_of(1, 26, 1), prefix="emnist-letters-")
    files["emnist-letters-mapping.txt"] = b"1 65 97\n\n2 66 98\n26 90 122\n"
    source = read(tree_at(write_files(tmp_path, files)))
    assert source.class_names == ("A", "Z")
    assert source.labels.tolist() == [0, 1, 0]


@pytest.mark.parametrize("mapping", [b"1\n", b"one A\n", b"1 -5\n", b"1 99999999\n", b"\xff\xfe\n"])
def test_a_damaged_mapping_is_refused(mapping, tmp_path, tree_at):
    files = pair(noise(2, 2, 2), labels_of(1, 2), prefix="emnist-letters-") | {"emnist-letters-mapping.txt": mapping}
    with pytest.raises(DataError, match=r"mapping\.txt in .* is damaged \(.*\); expected lines of a label and a"):
        read(tree_at(write_files(tmp_path, files)))


def test_a_label_that_the_mapping_does_not_hold_is_refused(tmp_path, tree_at):
    files = pair(noise(2, 2, 2), labels_of(1, 3), prefix="emnist-letters-")
    files["emnist-letters-mapping.txt"] = b"1 65\n2 66\n"
    with pytest.raises(DataError, match=r"has label 3; expected those of its mapping file\. Fetch the files again"):
        read(tree_at(write_files(tmp_path, files)))


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ((3, 0, 9), "039"),
        ((1, 2), "12"),
        *((labels, [str(label) for label in labels]) for labels in (range(26), range(1, 27), (0, 10, 200), (17, 18))),
    ],
)
def test_labels_name_themselves(labels, names, tmp_path, tree_at):
    source = read(tree_at(write_files(tmp_path, pair(noise(len(labels), 2, 2), labels_of(*labels)))))
    assert source.class_names == tuple(names)
    assert [source.class_names[label] for label in source.labels] == [str(label) for label in labels]


def test_fashion_mnist_is_known_by_its_test_labels(tmp_path, tree_at, monkeypatch):
    labels = labels_of(*range(10), 3)
    monkeypatch.setattr(idx, "_FASHION_TEST_LABELS", sha256(labels.tobytes()).hexdigest())
    files = pair(noise(10, 2, 2), labels[:10]) | pair(noise(11, 2, 2), labels, part="t10k")
    source = read(tree_at(write_files(tmp_path, files)))
    assert source.class_names == FASHION_NAMES
    monkeypatch.undo()
    assert read(tree_at(tmp_path)).class_names == tuple("0123456789")


def test_the_test_labels_of_fashion_mnist_name_no_eleventh_class(tmp_path, tree_at, monkeypatch):
    labels = labels_of(*range(10))
    monkeypatch.setattr(idx, "_FASHION_TEST_LABELS", sha256(labels.tobytes()).hexdigest())
    files = pair(noise(11, 2, 2), labels_of(*range(11))) | pair(noise(10, 2, 2), labels, part="t10k")
    assert read(tree_at(write_files(tmp_path, files))).class_names == tuple(str(label) for label in range(11))


def test_names_that_are_given_win(tmp_path, tree_at):
    tree = tree_at(write_files(tmp_path, pair(noise(2, 2, 2), labels_of(0, 1))))
    assert read(tree, class_names=("cat", "dog")).class_names == ("cat", "dog")


@given(st.integers(1, 5), st.integers(2, 9), st.integers(2, 9), st.integers(0, 2**32 - 1))
def test_any_array_comes_back(n, height, width, seed):
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from foldline.images.trees import FolderTree

    images, labels = noise(n, height, width, seed=seed), noise(n, seed=seed) % 2
    with TemporaryDirectory() as folder:
        source = read(FolderTree(write_files(Path(folder), pair(images, labels))))
    assert_array_equal(source.images[..., 0], images)
    assert [source.class_names[label] for label in source.labels] == [str(label) for label in labels]


GOOD_IMAGES, GOOD_LABELS = idx_of(noise(2, 3, 4)), idx_of(labels_of(0, 1))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({IMAGES: b""}, DataError, f"{IMAGES} in .* has no IDX header; expected an IDX file. Fetch the file again"),
        ({IMAGES: GOOD_IMAGES[:15]}, DataError, "has no IDX header"),
        ({IMAGES: b"\1" + GOOD_IMAGES[1:]}, DataError, "has no IDX header"),
        ({IMAGES: b"\0\0\x0d" + GOOD_IMAGES[3:]}, DtypeError, "has element type 0xd; expected 0x8, uint8. Fetch"),
        ({IMAGES: GOOD_LABELS + bytes(20)}, ShapeError, f"{IMAGES} in .* has 1 axes; expected 3. Fetch the file again"),
        ({LABELS: GOOD_IMAGES}, ShapeError, f"{LABELS} in .* has 3 axes; expected 1"),
        (
            {IMAGES: GOOD_IMAGES[:-1]},
            DataError,
            "has 23 bytes of data; expected 24, more than none, as its header says",
        ),
        ({IMAGES: GOOD_IMAGES + b"\0"}, DataError, "has more bytes of data; expected 24"),
        ({IMAGES: idx_of(noise(0, 3, 4))}, DataError, "has 0 bytes of data; expected 0, more than none"),
        (
            {IMAGES: idx_of(noise(3, 3, 4))},
            DataError,
            "has 3 images and .* 2 labels; expected equal numbers",
        ),
        (
            {IMAGES: idx_of(noise(2, 1, 4))},
            ShapeError,
            r"has images of \(1, 4\) pixels; expected sides of at least 2",
        ),
    ],
)
def test_damaged_files_are_refused(changes, error, message, tmp_path, tree_at):
    with pytest.raises(error, match=message):
        read(tree_at(write_files(tmp_path, {IMAGES: GOOD_IMAGES, LABELS: GOOD_LABELS} | changes)))


def _cut(data):
    return data[: len(data) - 6]


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [
        (".gz", lambda data: _cut(gzip.compress(data))),
        (".gz", bytes),
        (".gz", lambda data: gzip.compress(data)[:12] + b"\xff" * 9 + gzip.compress(data)[21:]),
        (".xz", lambda data: _cut(lzma.compress(data))),
        (".xz", bytes),
    ],
)
def test_damaged_packing_is_refused(suffix, pack, tmp_path, tree_at):
    files = pair(noise(2, 30, 30), labels_of(0, 1), pack=pack, suffix=suffix)
    with pytest.raises(DataError, match=r"cannot be read \(.*\); expected a whole file\. Fetch the file again"):
        read(tree_at(write_files(tmp_path, files)))


def test_a_header_that_asks_for_more_than_the_memory_is_refused_before_reading(tmp_path, tree_at, monkeypatch):
    monkeypatch.setattr(memory, "_memory_bytes", lambda: 10e9)
    huge = b"\0\0\x08\x03" + struct.pack(">III", 100_000, 1_000, 1_000)
    tree = tree_at(write_files(tmp_path, {IMAGES: huge, LABELS: GOOD_LABELS}))
    with pytest.raises(DataError, match=r"needs 100\.0 GB of memory; expected at most 7\.0 GB.* Fetch the file again"):
        read(tree)


def test_images_of_two_sizes_are_refused(tmp_path, tree_at):
    files = pair(noise(1, 3, 3), labels_of(0)) | pair(noise(1, 4, 3), labels_of(1), part="test")
    with pytest.raises(ShapeError, match=r"has images of sizes \[\(3, 3\), \(4, 3\)\]; expected one size\. Fetch"):
        read(tree_at(write_files(tmp_path, files)))


@pytest.mark.parametrize(("lost", "what"), [(IMAGES, "images"), (LABELS, "labels")])
def test_a_missing_half_is_named(lost, what, tmp_path, tree_at):
    files = pair(noise(1, 3, 3), labels_of(0))
    del files[lost]
    with pytest.raises(DataError, match=rf"has no train {what} beside train-.*; expected images and labels\. Fetch"):
        read(tree_at(write_files(tmp_path, files)))


def test_several_sets_in_one_folder_are_refused(tmp_path, tree_at):
    files = pair(noise(1, 3, 3), labels_of(0)) | pair(noise(1, 3, 3), labels_of(0), prefix="emnist-digits-")
    with pytest.raises(DataError, match=r"holds several sets of IDX files \(, emnist-digits-\); expected one\. Put"):
        read(tree_at(write_files(tmp_path, files)))
