import numpy as np
import pytest
from numpy.testing import assert_array_equal

from foldline.core.errors import DataError
from foldline.images.readers.cifar_binary import read, recognises
from image_files import kinds, noise, tar_of, write_files, zip_of

MISSING = [("warning", f"data_batch_{i}.bin", "batch missing") for i in range(2, 6)]
NAMES = b"airplane\nautomobile\nbird\n\n"


def records(labels, *, seed=0):
    """Rows of one or two label bytes and 3,072 bytes of pixels, and the pixels as images."""
    labels = np.array(labels, np.uint8).reshape(len(labels), -1)
    planes = noise(len(labels), 3072, seed=seed)
    images = np.empty((len(labels), 32, 32, 3), np.uint8)
    for n, row, column, channel in np.ndindex(images.shape):
        images[n, row, column, channel] = planes[n, 1024 * channel + 32 * row + column]
    return np.concatenate([labels, planes], axis=1).tobytes(), images


def test_a_record_is_a_label_and_the_planes_of_red_green_and_blue(tmp_path, tree_at):
    record, images = records([2])
    source = read(tree_at(write_files(tmp_path, {"data_batch_1.bin": record})))
    assert_array_equal(source.images, images)
    assert source.labels.tolist() == [2]


def test_batches_stand_in_order_and_the_test_batch_last(tmp_path, tree_at):
    batches = {f"data_batch_{i}.bin": records([i, i + 1], seed=i) for i in range(1, 6)}
    batches["test_batch.bin"] = records([9], seed=9)
    files = {name: data for name, (data, _) in batches.items()}
    source = read(tree_at(write_files(tmp_path, files)))
    assert_array_equal(source.images, np.concatenate([images for _, images in batches.values()]))
    assert source.labels.tolist() == [1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 9]
    assert source.partition == ("train",) * 10 + ("test",)
    assert source.class_names == tuple("0123456789")
    assert source.problems == ()


def test_missing_batches_are_told(tmp_path, tree_at):
    source = read(tree_at(write_files(tmp_path, {"data_batch_1.bin": records([0, 1])[0]})))
    assert source.partition == ("train",) * 2
    assert kinds(source.problems) == [*MISSING, ("warning", "test_batch.bin", "batch missing")]


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_names_beside_the_batches_and_a_folder_around_them_are_read(pack, tmp_path, tree_at):
    data, images = records([0, 1, 2])
    folder = "cifar-10-batches-bin"
    path = tmp_path / f"cifar.{pack.__name__[:3]}"
    path.write_bytes(pack({f"{folder}/data_batch_1.bin": data, f"{folder}/batches.meta.txt": NAMES}))
    assert recognises(tree_at(path))
    source = read(tree_at(path))
    assert source.class_names == ("airplane", "automobile", "bird")
    assert_array_equal(source.images, images)


def test_convention_the_classes_of_cifar_100_are_its_fine_labels(tmp_path, tree_at):
    train, images = records([(1, 2), (0, 0)])  # coarse, fine
    test, _ = records([(1, 1)])
    tree = tree_at(
        write_files(tmp_path, {"train.bin": train, "test.bin": test, "fine_label_names.txt": b"apple\nbaby\nbear\n"})
    )
    assert recognises(tree)
    source = read(tree)
    assert source.labels.tolist() == [2, 0, 1]
    assert source.class_names == ("apple", "baby", "bear")
    assert source.partition == ("train", "train", "test")
    assert_array_equal(source.images[:2], images)
    assert source.problems == ()


@pytest.mark.parametrize(
    "names", [["test_batch.bin"], ["train.bin"], ["a/b/data_batch_1.bin"], ["data_batch_1.bin/1.png"], ["cat/1.png"]]
)
def test_other_files_are_not_recognised(names, tmp_path, tree_at):
    assert not recognises(tree_at(write_files(tmp_path, dict.fromkeys(names, b""))))


def test_two_copies_are_refused(tmp_path, tree_at):
    tree = tree_at(write_files(tmp_path, {"a/data_batch_1.bin": b"", "b/data_batch_1.bin": b""}))
    with pytest.raises(
        DataError, match=r"holds CIFAR-10 in a and CIFAR-10 in b; expected one of them\. Name the folder"
    ):
        recognises(tree)


def test_cifar_10_beside_cifar_100_is_refused(tmp_path, tree_at):
    names = ["data_batch_1.bin", "cifar-100/train.bin", "cifar-100/fine_label_names.txt"]
    tree = tree_at(write_files(tmp_path, dict.fromkeys(names, b"")))
    with pytest.raises(DataError, match=r"holds CIFAR-10 in its top folder and CIFAR-100 in cifar-100; expected one"):
        recognises(tree)


@pytest.mark.parametrize("data", [b"", bytes(3072), bytes(3074), bytes(2 * 3073 - 1)])
def test_a_file_that_is_no_whole_number_of_records_is_refused(data, tmp_path, tree_at):
    tree = tree_at(write_files(tmp_path, {"data_batch_1.bin": data}))
    with pytest.raises(
        DataError, match=f"its {len(data)} bytes are no whole number of records of 3073 bytes; expected a"
    ):
        read(tree)


@pytest.mark.parametrize(("names", "highest"), [(None, 9), (NAMES, 2)])
def test_a_label_out_of_range_is_refused(names, highest, tmp_path, tree_at):
    files = {"data_batch_1.bin": records([highest])[0], "test_batch.bin": records([highest + 1])[0]}
    tree = tree_at(write_files(tmp_path, files | ({"batches.meta.txt": names} if names else {})))
    message = rf"has label {highest + 1} among its test images; expected 0 to {highest}\. Fetch the files again"
    with pytest.raises(DataError, match=message):
        read(tree)


def test_two_names_are_enough(tmp_path, tree_at):
    files = {"data_batch_1.bin": records([0, 1])[0], "batches.meta.txt": b"cat\r\ndog"}
    assert read(tree_at(write_files(tmp_path, files))).class_names == ("cat", "dog")


@pytest.mark.parametrize("names", [b"", b"cat\n", b"cat\ndog\ncat\n"])
def test_names_that_do_not_name_each_class_once_are_refused(names, tmp_path, tree_at):
    tree = tree_at(write_files(tmp_path, {"data_batch_1.bin": records([0])[0], "batches.meta.txt": names}))
    with pytest.raises(
        DataError, match=r"batches\.meta\.txt in .* cannot be used: it does not name each class once; exp"
    ):
        read(tree)


def test_a_batch_damaged_in_its_archive_is_refused(tmp_path, tree_at):
    data = bytearray(zip_of({"data_batch_1.bin": records([0, 1])[0]}))
    data[200] ^= 0xFF
    (tmp_path / "cifar.zip").write_bytes(data)
    with pytest.raises(
        DataError, match=r"data_batch_1\.bin in .* cannot be used: damaged in the archive .*Fetch the file"
    ):
        read(tree_at(tmp_path / "cifar.zip"))


def test_a_batch_that_cannot_be_read_is_refused(tmp_path, tree_at):
    tree = tree_at(write_files(tmp_path, {"data_batch_1.bin": records([0])[0]}))
    (tmp_path / "data_batch_1.bin").unlink()
    with pytest.raises(DataError, match=r"cannot be used: cannot be read \(No such file or directory\); expected"):
        read(tree)
