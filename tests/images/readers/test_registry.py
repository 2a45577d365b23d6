"""The contract of every reader: it reads its own kind, and damaged files end in our errors or are read."""

import gzip
import io
import pickle
import struct
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet as pq

from foldline.core.errors import FoldlineError
from foldline.images import ImageSet, load_images
from foldline.images.readers.registry import NAMED, READERS
from image_files import encode, idx_of, noise, npz_of, tar_of, two_classes, write_files, zip_of
from strategies import damaged_bytes

LABELS = np.array([0, 1, 0, 1], np.uint8)


def _parquet(**options):
    images = pa.array([{"bytes": encode(noise(4, 5, 3, seed=seed)), "path": None} for seed in range(4)])
    metadata = {"huggingface": '{"info": {"features": {"label": {"_type": "ClassLabel", "names": ["cat", "dog"]}}}}'}
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"image": images, "label": LABELS}).replace_schema_metadata(metadata), sink, **options)
    return sink.getvalue().to_pybytes()


CIFAR = np.concatenate([LABELS[:, None], noise(4, 3072)], axis=1).tobytes()
PICKLED = pickle.dumps({b"data": noise(4, 3072), b"labels": LABELS.tolist()}, protocol=2)
IDX = {"train-images-idx3-ubyte": idx_of(noise(4, 5, 6)), "train-labels-idx1-ubyte": idx_of(LABELS)}
NPZ = npz_of(images=noise(4, 5, 6), labels=LABELS, class_names=np.array(["cat", "dog"]))
FOLDERS = two_classes(2)

# For each entry of the registry the files of some small sources.
SAMPLES = {
    "CIFAR, binary version": [{"data_batch_1.bin": CIFAR, "batches.meta.txt": b"cat\ndog\n"}],
    "CIFAR, Python version": [
        {"data_batch_1": PICKLED, "batches.meta": pickle.dumps({"label_names": ["cat", "dog"]}, protocol=4)}
    ],
    "IDX files as MNIST's": [IDX],
    ".npz": [{"photos.npz": NPZ}],
    "Parquet": [{"photos.parquet": _parquet()}, {"photos.parquet": _parquet(compression="none", use_dictionary=False)}],
    "a folder, .tar, .tar.gz or .zip with a folder for each class": [
        FOLDERS,
        {"photos.tar": tar_of(FOLDERS)},
        {"photos.tar.gz": tar_of(FOLDERS, packing="gz")},
        {"photos.zip": zip_of(FOLDERS)},
        {"cifar.zip": zip_of({"data_batch_1.bin": CIFAR})},
        {"mnist.tar": tar_of(IDX)},
        {"photos.zip": zip_of({"a.parquet": _parquet()})},
    ],
}
CASES = [(name, files) for name, samples in SAMPLES.items() for files in samples]
IDS = [f"{name[:20]}-{'+'.join(files)[:30]}" for name, files in CASES]


def load(folder, files):
    """Load the files of a sample: a file alone by its own name, several as a folder."""
    write_files(Path(folder), files)
    return load_images(Path(folder) / next(iter(files)) if len(files) == 1 else folder)


def test_every_reader_has_a_sample_here():
    assert list(SAMPLES) == list(READERS)


@pytest.mark.parametrize(("reader", "files"), CASES, ids=IDS)
def test_a_source_is_recognised_by_its_reader_and_by_none_before_it(reader, files, tmp_path, tree_at):
    write_files(tmp_path, files)
    tree = tree_at(tmp_path / next(iter(files)) if len(files) == 1 else tmp_path)
    first = next(name for name in READERS if READERS[name].recognises(tree))
    assert first == reader or next(iter(files)).endswith((".zip", ".tar"))


@pytest.mark.parametrize(("reader", "files"), CASES, ids=IDS)
def test_a_whole_sample_is_read_with_both_classes(reader, files, tmp_path):
    photos = load(tmp_path, files)
    assert len(photos) == 4
    assert set(photos.labels.tolist()) == {0, 1}
    assert not any(problem.kind == "skipped" for problem in photos.problems)


@pytest.mark.parametrize(("reader", "files"), CASES, ids=IDS)
def test_reading_twice_gives_the_same_and_leaves_the_files_as_they_were(reader, files, tmp_path):
    first, second = load(tmp_path, files), load(tmp_path, files)
    assert first.images.tobytes() == second.images.tobytes()
    assert first.labels.tolist() == second.labels.tolist()
    assert (first.names, first.problems) == (second.names, second.problems)
    assert {path: (tmp_path / path).read_bytes() for path in files} == files


@pytest.mark.parametrize("name", NAMED)
def test_a_built_in_set_is_read_by_its_name(name):
    photos = load_images(name)
    assert photos.source == name
    assert len(photos.class_names) == 10


def _only_our_errors(files):
    with warnings.catch_warnings(record=True) as caught, TemporaryDirectory() as folder:
        warnings.simplefilter("always")
        try:
            photos = load(folder, files)
        except FoldlineError as error:
            photos = None
            message = str(error)
    assert caught == []
    if photos is None:
        message.encode("utf-8")
        assert "; expected " in message
        assert "\n" not in message
    else:
        assert isinstance(photos, ImageSet)


@st.composite
def damaged_files(draw, files, *, max_changes=4):
    """The files of a sample, one of them damaged."""
    name = draw(st.sampled_from(sorted(files)))
    return files | {name: draw(damaged_bytes(files[name], max_changes=max_changes))}


@pytest.mark.parametrize(("reader", "files"), CASES, ids=IDS)
def test_damaged_files_end_in_our_errors_or_are_read(reader, files):
    @given(damaged_files(files))
    def check(damaged):
        _only_our_errors(damaged)

    check()


@pytest.mark.slow
@given(st.sampled_from([files for _, files in CASES]).flatmap(lambda files: damaged_files(files, max_changes=12)))
def test_badly_damaged_files_end_in_our_errors_or_are_read(damaged):
    _only_our_errors(damaged)


@st.composite
def repacked_files(draw):
    """A sample whose damage lies under an intact packing: behind a checksum, plain damage never gets there."""
    kind = draw(st.sampled_from(["npy header", "idx.gz", "tar.gz", "zip", "parquet in zip"]))
    match kind:
        case "npy header":
            return {
                "photos.npz": zip_of(
                    {"images.npy": draw(damaged_bytes(_npy(noise(4, 5, 6)))), "labels.npy": _npy(LABELS)}
                )
            }
        case "idx.gz":
            return {f"{name}.gz": gzip.compress(draw(damaged_bytes(data))) for name, data in IDX.items()}
        case "tar.gz":
            return {"photos.tar.gz": gzip.compress(draw(damaged_bytes(tar_of(FOLDERS))))}
        case "zip":
            return {"photos.zip": zip_of({name: draw(damaged_bytes(data)) for name, data in FOLDERS.items()})}
        case _:
            return {"photos.zip": zip_of({"a.parquet": draw(damaged_bytes(_parquet()))})}


def _npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@given(repacked_files())
def test_damage_under_an_intact_packing_ends_in_our_errors_or_is_read(files):
    _only_our_errors(files)


@given(
    st.sampled_from(["x.npz", "x.parquet", "x.tar", "x.zip", "x.tar.gz", "data_batch_1", "data_batch_1.bin"]),
    st.binary(),
)
def test_any_bytes_under_a_known_name_end_in_our_errors_or_are_read(name, data):
    _only_our_errors({name: data})


OPCODES = [bytes([code]) for code in pickle._Unpickler.dispatch]
ARGUMENTS = [b"", b"\0", b"\x01", b"numpy\nndarray\n", b"\x04evil", b"0\n", struct.pack("<I", 3) + b"abc", b"\xff" * 8]


@given(st.lists(st.tuples(st.sampled_from(OPCODES), st.sampled_from(ARGUMENTS)), max_size=30))
def test_any_pickle_program_ends_in_our_errors(program):
    _only_our_errors({"data_batch_1": b"\x80\x04" + b"".join(code + argument for code, argument in program) + b"."})
