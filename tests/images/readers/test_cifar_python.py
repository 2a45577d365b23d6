import os
import pickle
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from foldline.core.errors import DataError
from foldline.images.readers.cifar_python import read, recognises
from image_files import kinds, noise, tar_of, write_files


def batch(labels, *, key=b"labels", seed=0, **more):
    return {b"batch_label": b"batch 1 of 1", b"data": noise(len(labels), 3072, seed=seed), key: list(labels), **more}


def images_of(planes):
    return planes.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


def by_python_2(labels, pixels):
    """A batch opcode by opcode as Python 2 and its NumPy wrote the published ones: protocol 2, texts as bytes."""

    def short(text):
        return b"U" + bytes([len(text)]) + text

    array = b"cnumpy.core.multiarray\n_reconstruct\n" + b"cnumpy\nndarray\n" + b"K\0\x85" + short(b"b") + b"\x87R"
    dtype = b"cnumpy\ndtype\n" + short(b"u1") + b"K\0K\x01\x87R" + b"(K\x03" + short(b"|") + b"NNNJ" + b"\xff" * 4
    dtype += b"J" + b"\xff" * 4 + b"K\0tb"
    raw = pixels.tobytes()
    state = b"(K\x01" + b"K" + bytes([len(labels)]) + b"M\0\x0c\x86" + dtype + b"\x89"
    state += b"T" + len(raw).to_bytes(4, "little") + raw + b"tb"
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}(" + short(b"labels") + numbers + short(b"data") + array + state + b"u."


@pytest.mark.parametrize("protocol", range(5))
def test_a_batch_of_any_protocol_gives_its_pixels_and_labels(protocol, tmp_path, tree_at):
    stored = batch([3, 0, 9])
    tree = tree_at(write_files(tmp_path, {"data_batch_1": pickle.dumps(stored, protocol=protocol)}))
    assert recognises(tree)
    source = read(tree)
    assert_array_equal(source.images, images_of(stored[b"data"]))
    assert source.labels.tolist() == [3, 0, 9]
    assert source.class_names == tuple("0123456789")
    assert source.partition == ("train",) * 3


def test_the_published_layout_of_python_2_is_read(tmp_path, tree_at):
    pixels = noise(2, 3072)
    source = read(tree_at(write_files(tmp_path, {"data_batch_1": by_python_2([7, 1], pixels)})))
    assert_array_equal(source.images, images_of(pixels))
    assert source.labels.tolist() == [7, 1]


def test_numpys_old_and_new_module_names_are_both_known(tmp_path, tree_at):
    data = pickle.dumps(batch([1, 2]), protocol=2)
    old, new = b"numpy.core.multiarray", b"numpy._core.multiarray"
    for name in (old, new):
        renamed = data.replace(new, old).replace(old, name)
        tree = tree_at(write_files(tmp_path / name.decode(), {"data_batch_1": renamed}))
        assert read(tree).labels.tolist() == [1, 2]


def test_batches_stand_in_order_and_names_come_from_the_meta_file(tmp_path, tree_at):
    files = {f"data_batch_{i}": pickle.dumps(batch([i], seed=i), protocol=2) for i in range(1, 6)}
    files |= {"test_batch": pickle.dumps(batch([0], seed=9), protocol=2)}
    files |= {"batches.meta": pickle.dumps({b"label_names": [f"name {i}".encode() for i in range(10)]}, protocol=2)}
    (tmp_path / "cifar.tar.gz").write_bytes(tar_of({f"cifar/{name}": files[name] for name in files}, packing="gz"))
    source = read(tree_at(tmp_path / "cifar.tar.gz"))
    assert source.labels.tolist() == [1, 2, 3, 4, 5, 0]
    assert_array_equal(source.images, images_of(np.concatenate([noise(1, 3072, seed=i) for i in (1, 2, 3, 4, 5, 9)])))
    assert source.class_names == tuple(f"name {i}" for i in range(10))
    assert source.partition == ("train",) * 5 + ("test",)
    assert source.problems == ()


def test_missing_batches_are_told(tmp_path, tree_at):
    source = read(tree_at(write_files(tmp_path, {"data_batch_1": pickle.dumps(batch([0, 1]), protocol=2)})))
    names = [f"data_batch_{i}" for i in range(2, 6)] + ["test_batch"]
    assert kinds(source.problems) == [("warning", name, "batch missing") for name in names]


def test_convention_the_classes_of_cifar_100_are_its_fine_labels(tmp_path, tree_at):
    def part(fine, seed):
        return pickle.dumps(
            batch(fine, key=b"fine_labels", seed=seed, **{"coarse_labels": [0] * len(fine)}), protocol=2
        )

    names = {"fine_label_names": ["apple", "baby", "bear"], "coarse_label_names": ["things", "others"]}
    files = {"train": part([2, 0], 1), "test": part([1], 2), "meta": pickle.dumps(names, protocol=2)}
    tree = tree_at(write_files(tmp_path, files))
    assert recognises(tree)
    source = read(tree)
    assert source.labels.tolist() == [2, 0, 1]
    assert source.class_names == ("apple", "baby", "bear")
    assert source.partition == ("train", "train", "test")


@pytest.mark.parametrize("names", [["train", "test"], ["test_batch"], ["a/b/data_batch_1"], ["data_batch_1.bin"]])
def test_other_files_are_not_recognised(names, tmp_path, tree_at):
    assert not recognises(tree_at(write_files(tmp_path, dict.fromkeys(names, b""))))


class Runs:
    """Pickles to a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("inside", [False, True])
def test_a_pickle_that_runs_a_command_is_refused_and_nothing_is_run(inside, protocol, tmp_path, tree_at):
    proof = tmp_path / "proof"
    evil = Runs(os.system, f"echo run > {proof}")
    data = pickle.dumps(batch([1, 2]) | {b"labels": [1, evil]} if inside else evil, protocol=protocol)
    pickle.loads(data)
    assert proof.exists()  # the pickle does what it says
    proof.unlink()
    with pytest.raises(DataError, match=rf"asks for {os.name}\.system, which no CIFAR batch does.*Fetch the file"):
        read(tree_at(write_files(tmp_path / "cifar", {"data_batch_1": data})))
    assert not proof.exists()


@pytest.mark.parametrize(
    "evil",
    [
        Runs(eval, "1 + 1"),
        Runs(getattr, "", "join"),
        Runs(np.load, "x.npy"),
        Runs(np.ones, 3),
        Runs(bytearray, 10),
        np.int64,
        pickle.Unpickler,
    ],
)
def test_a_pickle_that_names_anything_else_is_refused(evil, tmp_path, tree_at):
    tree = tree_at(write_files(tmp_path, {"data_batch_1": pickle.dumps(batch([1]) | {b"more": evil}, protocol=4)}))
    with pytest.raises(DataError, match=r"its pickle cannot be read \(it asks for .*, which no CIFAR batch does\)"):
        read(tree)


def test_a_batch_changes_nothing_for_the_one_after_it(tmp_path, tree_at):
    # The first asks for _codecs.encode and sets attributes on what it gets.
    marked = b"\x80\x02}(U\x01xc_codecs\nencode\n}U\x04evilK\x01sbu."
    write_files(tmp_path, {"data_batch_1": marked})
    with pytest.raises(DataError, match="does not hold bytes under 'data'"):
        read(tree_at(tmp_path))
    import _codecs

    assert not hasattr(_codecs.encode, "evil")
    write_files(tmp_path, {"data_batch_1": pickle.dumps(batch([1, 2]), protocol=2)})
    assert read(tree_at(tmp_path)).labels.tolist() == [1, 2]


ODD_OPCODES = {
    "a buffer of 4 GiB": b"\x80\x05\x96" + (4 << 30).to_bytes(8, "little"),
    "an object outside": b"\x80\x02U\x01xQ",
    "an extension": b"\x80\x02\x82\x01",
    "a new object": b"\x80\x02cnumpy\nndarray\n)\x81",
    "an old instance": b"(inumpy\nndarray\n",
    "a set": b"\x80\x04\x8f",
    "no opcode": b"\x80\x02\x07",
}


@pytest.mark.parametrize("name", ODD_OPCODES)
def test_opcodes_that_no_batch_needs_are_refused(name, tmp_path, tree_at):
    tree = tree_at(write_files(tmp_path, {"data_batch_1": ODD_OPCODES[name] + b"."}))
    with pytest.raises(DataError, match=r"\(it holds an opcode that no CIFAR batch does\)"):
        read(tree)


@pytest.mark.skipif(find_spec("resource") is None, reason="Windows does not tell the memory that was used")
def test_a_memo_far_away_takes_no_memory(tmp_path, tree_at):
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tree = tree_at(write_files(tmp_path, {"data_batch_1": b"\x80\x02}r" + (1 << 30).to_bytes(4, "little") + b"."}))
    with pytest.raises(DataError, match="does not hold"):
        read(tree)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB; a list would take 8 GiB


def test_a_deep_nest_of_tuples_as_a_key_does_not_end_the_process(tmp_path, tree_at):
    # Hashing it would recurse in C, once a level.
    depth = 300_000
    tree = tree_at(write_files(tmp_path, {"data_batch_1": b"\x80\x02}" + b"(" * depth + b"t" * depth + b"K\x01s."}))
    with pytest.raises(DataError, match="unhashable"):
        read(tree)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({b"data": noise(2, 3071)}, "does not hold bytes under 'data'"),
        ({b"data": noise(2, 3072).astype(np.float32)}, "does not hold bytes under 'data'"),
        ({b"data": np.asfortranarray(noise(2, 3072))}, "does not hold bytes under 'data'"),
        ({b"data": noise(6144)}, "does not hold bytes under 'data'"),
        ({b"data": [[0] * 3072] * 2}, "does not hold bytes under 'data'"),
        ({b"data": None}, "does not hold bytes under 'data'"),
        ({b"labels": None}, "a list of numbers under 'labels'"),
        ({b"labels": [1, None]}, "a list of numbers under 'labels'"),
        ({b"labels": [1, True]}, "a list of numbers under 'labels'"),
        ({b"labels": ["1", "2"]}, "a list of numbers under 'labels'"),
        ({b"labels": [1]}, "has 2 images and 1 labels"),
        ({b"labels": [], b"data": noise(0, 3072)}, "has 0 images and 0 labels"),
        ({b"labels": [1, -1]}, "labels far out of range"),
        ({b"labels": [1, 1 << 40]}, "labels far out of range"),
    ],
)
def test_a_dictionary_that_is_no_batch_is_refused(changes, reason, tmp_path, tree_at):
    tree = tree_at(write_files(tmp_path, {"data_batch_1": pickle.dumps(batch([1, 2]) | changes, protocol=4)}))
    with pytest.raises(DataError, match=f"data_batch_1 in .* cannot be used: .*{reason}.*; expected a CIFAR batch as"):
        read(tree)


@pytest.mark.parametrize("data", [b"", b"no pickle", b"\x80\x02", pickle.dumps([1, 2], protocol=2)])
def test_what_is_no_pickled_dictionary_is_refused(data, tmp_path, tree_at):
    with pytest.raises(DataError, match=r"its pickle cannot be read \(|it holds a list, not a dictionary"):
        read(tree_at(write_files(tmp_path, {"data_batch_1": data})))


def test_a_label_without_a_name_is_refused(tmp_path, tree_at):
    tree = tree_at(write_files(tmp_path, {"data_batch_1": pickle.dumps(batch([1, 10]), protocol=2)}))
    with pytest.raises(DataError, match="has label 10 among its train images; expected 0 to 9"):
        read(tree)


def test_two_names_are_enough(tmp_path, tree_at):
    files = {"data_batch_1": pickle.dumps(batch([0, 1]), protocol=2)}
    files["batches.meta"] = pickle.dumps({"label_names": ["cat", "dog"]}, protocol=2)
    assert read(tree_at(write_files(tmp_path, files))).class_names == ("cat", "dog")


@pytest.mark.parametrize(
    "meta", [{}, {b"label_names": [b"cat"]}, {b"label_names": [b"cat", b"cat"]}, {b"label_names": [b"cat", 3]}]
)
def test_a_meta_file_that_does_not_name_each_class_once_is_refused(meta, tmp_path, tree_at):
    files = {"data_batch_1": pickle.dumps(batch([1]), protocol=2), "batches.meta": pickle.dumps(meta, protocol=2)}
    with pytest.raises(DataError, match=r"batches\.meta in .* cannot be used: it does not name each class once"):
        read(tree_at(write_files(tmp_path, files)))


@given(st.integers(1, 4), st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_any_pixels_come_back(n, protocol, seed):
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from foldline.images.trees import FolderTree

    stored = batch(range(n), seed=seed)
    with TemporaryDirectory() as folder:
        write_files(Path(folder), {"data_batch_1": pickle.dumps(stored, protocol=protocol)})
        assert_array_equal(read(FolderTree(Path(folder))).images, images_of(stored[b"data"]))


def test_cifar_10_beside_cifar_100_is_refused(tmp_path, tree_at):
    names = ["a/data_batch_1", "b/train", "b/test", "b/meta"]
    with pytest.raises(DataError, match=r"holds CIFAR-10 in a and CIFAR-100 in b; expected one of them\. Name the"):
        recognises(tree_at(write_files(tmp_path, dict.fromkeys(names, b""))))
