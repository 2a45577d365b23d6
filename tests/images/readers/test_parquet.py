import json
import sys

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from foldline.core.errors import DataError, MissingExtraError
from foldline.images import load_images
from foldline.images.problems import UnreadableError
from foldline.images.readers.parquet import read, recognises
from image_files import encode, kinds, noise, tar_of, write_files, zip_of

PICTURES = [encode(noise(4, 5, 3, seed=seed)) for seed in range(4)]


def table_of(labels, *, pictures=PICTURES, names=None, image="image", label="label", features=None):
    """A table in Hugging Face's layout; `names` declares the labels a ClassLabel with these names."""
    images = pa.array([{"bytes": data, "path": None} for data in pictures[: len(labels)]])
    table = pa.table({image: images, label: pa.array(labels)})
    if names is not None or features is not None:
        features = features or {image: {"_type": "Image"}, label: {"_type": "ClassLabel", "names": names}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    return table


def parquet_of(table, **options):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


def found(source):
    return [(entry.name, entry.class_name, entry.partition) for entry in source.entries]


def contents(source):
    return [(row, fetch()) for row, fetch in source.contents()]


@pytest.fixture
def source_of(tmp_path, tree_at):
    """Read tables that are saved under these names."""

    def source_of(**tables):
        files = {f"{name}.parquet": parquet_of(table) for name, table in tables.items()}
        return read(tree_at(write_files(tmp_path, files)))

    return source_of


def test_rows_are_images_with_the_names_of_their_labels(source_of):
    source = source_of(photos=table_of([1, 0, 1], names=["cat", "dog"]))
    assert found(source) == [("photos/0", "dog", None), ("photos/1", "cat", None), ("photos/2", "dog", None)]
    assert source.class_names == ("cat", "dog")
    assert contents(source) == list(enumerate(PICTURES[:3]))
    assert contents(source) == list(enumerate(PICTURES[:3]))  # every walk starts anew
    assert source.problems == ()


def test_declared_names_keep_their_order_when_loaded(tmp_path):
    write_files(tmp_path, {"a.parquet": parquet_of(table_of([2, 0, 2], names=["eel", "cat", "ape"]))})
    photos = load_images(tmp_path)
    assert photos.class_names == ("eel", "cat", "ape")  # the class without images as well
    assert photos.labels.tolist() == [2, 0, 2]


def test_numbers_without_names_and_texts_name_themselves(source_of):
    assert found(source_of(a=table_of([7, 3])))[0] == ("a/0", "7", None)
    texts = source_of(a=table_of(["dog", "cat"]))
    assert found(texts)[0] == ("a/0", "dog", None)
    assert texts.class_names is None


def test_names_of_classes_may_stand_in_the_table_as_texts(source_of):
    assert found(source_of(a=table_of(["dog", "cat"], names=["cat", "dog"])))[0] == ("a/0", "dog", None)


@pytest.mark.parametrize("names", [[], ["cat", None], "cat", None])
def test_names_that_are_no_list_of_texts_are_passed_over(names, source_of):
    features = {"label": {"_type": "ClassLabel", "names": names}}
    source = source_of(a=table_of([0, 1], features=features))
    assert source.class_names is None
    assert [entry.class_name for entry in source.entries] == ["0", "1"]


def test_plain_bytes_are_images_too(tmp_path, tree_at):
    table = pa.table({"img": pa.array(PICTURES[:2], pa.large_binary()), "labels": [0, 1]})
    tree = tree_at(write_files(tmp_path, {"a.parquet": parquet_of(table)}))
    assert contents(read(tree)) == list(enumerate(PICTURES[:2]))


@pytest.mark.parametrize("label", ["label", "labels", "fine_label", "class"])
@pytest.mark.parametrize("image", ["image", "img"])
def test_convention_columns_are_found_by_their_usual_names(image, label, source_of):
    source = source_of(a=table_of([0, 1], image=image, label=label))
    assert [entry.class_name for entry in source.entries] == ["0", "1"]
    assert contents(source) == list(enumerate(PICTURES[:2]))


def test_convention_other_columns_are_found_by_their_declared_type(source_of):
    features = {
        "note": {"_type": "Value"},
        "scan": {"_type": "Image"},
        "tissue": {"_type": "ClassLabel", "names": ["cat", "dog"]},
        "ward": {"_type": "ClassLabel", "names": ["north", "south"]},
    }
    table = table_of([1, 0], image="scan", label="tissue", features=features)
    table = table.append_column("ward", pa.array([0, 0])).append_column("note", pa.array(["x", "y"]))
    source = source_of(a=table)
    assert [entry.class_name for entry in source.entries] == ["dog", "cat"]
    assert source.class_names == ("cat", "dog")
    assert contents(source) == list(enumerate(PICTURES[:2]))


def test_columns_that_are_declared_but_not_there_are_passed_over(source_of):
    features = {"photo": {"_type": "Image"}, "kind": {"_type": "ClassLabel", "names": ["cat", "dog"]}}
    source = source_of(a=table_of([1, 0], image="img", label="class", features=features))
    assert [entry.class_name for entry in source.entries] == ["1", "0"]
    assert contents(source) == list(enumerate(PICTURES[:2]))


@pytest.mark.parametrize(
    ("name", "partition"),
    [
        ("train-00000-of-00001", "train"),
        ("data/validation-00000-of-00001", "val"),
        ("test", "test"),
        ("testing/0000", "test"),
        ("my.train.part", "train"),
        ("test-photos/train-0", "train"),
        ("contest", None),
        ("photos", None),
    ],
)
def test_convention_the_partition_stands_in_the_name_or_else_the_folders(name, partition, tmp_path, tree_at):
    files = {f"{name}.parquet": parquet_of(table_of([0, 1]))}
    assert {entry.partition for entry in read(tree_at(write_files(tmp_path, files))).entries} == {partition}


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_tables_of_an_archive_are_read_where_they_lie(pack, tmp_path, tree_at):
    names = ["cat", "dog"]
    files = {
        "data/train-1.parquet": parquet_of(table_of([1, 0], names=names)),
        "data/test-0.parquet": parquet_of(table_of([1], names=names, pictures=PICTURES[2:])),
    }
    path = tmp_path / f"photos.{pack.__name__[:3]}"
    path.write_bytes(pack(files))
    tree = tree_at(path)
    assert recognises(tree)
    source = read(tree)
    assert [entry.partition for entry in source.entries] == ["test", "train", "train"]
    assert contents(source) == [(0, PICTURES[2]), (1, PICTURES[0]), (2, PICTURES[1])]


def test_rows_over_several_groups_and_batches_stay_in_order(tmp_path, tree_at):
    labels = [i % 3 for i in range(150)]
    table = table_of(labels, pictures=[f"picture {i}".encode() for i in range(150)])
    tree = tree_at(write_files(tmp_path, {"a.parquet": parquet_of(table, row_group_size=40)}))
    source = read(tree)
    assert [entry.class_name for entry in source.entries] == [str(label) for label in labels]
    assert contents(source) == [(i, f"picture {i}".encode()) for i in range(150)]


def test_rows_without_a_label_are_skipped_and_named(source_of):
    source = source_of(a=table_of([1, None, -1, 0], names=["cat", "dog"]))
    assert found(source) == [("a/0", "dog", None), ("a/3", "cat", None)]
    assert contents(source) == [(0, PICTURES[0]), (1, PICTURES[3])]
    assert kinds(source.problems) == [("skipped", "a/1", "no label"), ("skipped", "a/2", "no label")]


@pytest.mark.parametrize("labels", [[], [None, None], [-1, -1]])
def test_a_table_without_any_label_is_refused(labels, source_of):
    table = table_of(labels, names=["cat", "dog"])
    if not labels:
        table = table_of([0], names=["cat", "dog"]).slice(0, 0)
    with pytest.raises(DataError, match=rf"has {len(labels)} rows and none with a label; expected labelled images"):
        source_of(test=table)


def test_an_image_that_lies_elsewhere_is_unreadable(tmp_path, tree_at):
    images = pa.array([{"bytes": PICTURES[0], "path": "a.png"}, {"bytes": None, "path": "b.png"}])
    tree = tree_at(write_files(tmp_path, {"a.parquet": parquet_of(pa.table({"image": images, "label": [0, 1]}))}))
    (_, first), (_, second) = read(tree).contents()
    assert first() == PICTURES[0]
    with pytest.raises(UnreadableError, match="the table holds no bytes for this image"):
        second()


def test_files_beside_the_tables_that_are_no_images_are_named(tmp_path, tree_at):
    files = {"a.parquet": parquet_of(table_of([0, 1])), "README.md": b"", "preview.png": PICTURES[0]}
    tree = tree_at(write_files(tmp_path, files))
    assert recognises(tree)
    assert kinds(read(tree).problems) == [("warning", "README.md", "not a .parquet file")]


def test_tables_in_several_folders_and_loose_pictures_are_recognised(tmp_path, tree_at):
    names = ["a/1.parquet", "b/2.parquet", "preview.png", "more/preview.png"]
    assert recognises(tree_at(write_files(tmp_path, dict.fromkeys(names, b""))))


def test_a_table_that_describes_folders_of_images_is_not_recognised(tmp_path, tree_at):
    files = {"metadata.parquet": b"", "cat/1.png": PICTURES[0], "dog/2.png": PICTURES[1]}
    assert not recognises(tree_at(write_files(tmp_path, files)))
    assert not recognises(tree_at(tmp_path / "cat"))


DAMAGED = {
    "empty": b"",
    "no table": b"PAR1 no table PAR1",
    "cut": parquet_of(table_of([0, 1]))[:-9],
    "bad footer": parquet_of(table_of([0, 1]))[:-60] + bytes(52) + parquet_of(table_of([0, 1]))[-8:],
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_table_is_refused(name, tmp_path, tree_at):
    tree = tree_at(write_files(tmp_path, {"a.parquet": DAMAGED[name]}))
    with pytest.raises(DataError, match=r"a\.parquet in .* cannot be used \(.*\); expected a Parquet file .*Fetch it"):
        read(tree)


def test_damage_behind_a_good_footer_is_refused_when_it_is_met(tmp_path, tree_at):
    data = bytearray(parquet_of(table_of([0, 1]), compression="none", use_dictionary=False))
    data[4:60] = b"\xff" * 56  # the first page of the images
    source = read(tree_at(write_files(tmp_path, {"a.parquet": bytes(data)})))
    with pytest.raises(DataError, match=r"a\.parquet in .* cannot be used"):
        list(source.contents())


def test_a_lost_page_is_refused_when_it_is_met(tmp_path, tree_at):
    data = bytearray(parquet_of(table_of([0, 1]), compression="none", use_dictionary=False))
    assert data[:6] == b"PAR1\x15\x00"  # the first page's kind, a data page
    data[5] = 1  # an index page: pyarrow passes over it in silence
    source = read(tree_at(write_files(tmp_path, {"a.parquet": bytes(data)})))
    with pytest.raises(DataError, match=r"cannot be used \(image has 0 of 2 rows\)"):
        list(source.contents())


def test_a_table_that_cannot_be_opened_is_refused(tmp_path, tree_at):
    tree = tree_at(write_files(tmp_path, {"a.parquet": b""}))
    (tmp_path / "a.parquet").unlink()
    with pytest.raises(DataError, match=r"cannot be used \(\[Errno 2\] No such file or directory"):
        read(tree)


def test_a_table_damaged_in_its_archive_is_refused(tmp_path, tree_at):
    data = bytearray(zip_of({"a.parquet": parquet_of(table_of([0, 1]))}))
    data[60:200] = bytes(140)
    (tmp_path / "photos.zip").write_bytes(data)
    with pytest.raises(DataError, match=r"a\.parquet in .* cannot be used"):
        read(tree_at(tmp_path / "photos.zip"))


@pytest.mark.parametrize("columns", [{"image": [b"x"]}, {"label": [1]}, {"picture": [b"x"], "label": [1]}])
def test_missing_columns_are_refused_with_what_is_there(columns, source_of):
    listed = ", ".join(columns)
    with pytest.raises(
        DataError, match=rf"has columns {listed}; expected one of images \(image, img\) and one of labels"
    ):
        source_of(a=pa.table(columns))


def test_column_names_cannot_steer_the_terminal(source_of):
    with pytest.raises(DataError, match=r"has columns \\x1b\[2J; expected"):
        source_of(a=pa.table({"\x1b[2J": [1]}))
    features = {"image": {"_type": "Image"}, "\x1b[2J": {"_type": "ClassLabel"}}
    with pytest.raises(DataError, match=r"\(\\x1b\[2J holds 0\.5, neither"):
        source_of(a=table_of([0.5], label="\x1b[2J", features=features))


@pytest.mark.parametrize("labels", [[0.5, 1.0], [True, False], [[0], [1]], [b"a", b"b"]])
def test_labels_that_are_neither_numbers_nor_texts_are_refused(labels, source_of):
    with pytest.raises(DataError, match="label holds .*, neither a whole number nor the name of a class"):
        source_of(a=table_of(labels))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 2], r"has label 2; expected 0 to 1 for its 2 class names\. Fetch it again"),
        ([0, -2], r"has label -2; expected 0 to 1"),
        (["cat", "cow"], "label holds 'cow', neither a whole number nor the name of a class"),
    ],
)
def test_a_label_out_of_range_is_refused(labels, message, source_of):
    with pytest.raises(DataError, match=message):
        source_of(a=table_of(labels, names=["cat", "dog"]))


def test_tables_of_different_classes_are_refused(source_of):
    with pytest.raises(DataError, match=r"has tables with different class names; expected one data set\. Put"):
        source_of(a=table_of([0, 1], names=["cat", "dog"]), b=table_of([0, 1], names=["cat", "eel"]))


@pytest.mark.parametrize(
    "metadata",
    [b"no json", b"[]", b'{"info": null}', b'{"info": {"features": [1]}}', b'{"info": {"features": {"label": 3}}}'],
)
def test_metadata_that_say_nothing_are_passed_over(metadata, source_of):
    table = table_of([0, 1]).replace_schema_metadata({"huggingface": metadata})
    assert source_of(a=table).class_names is None


def test_without_pyarrow_the_install_line_is_told(tmp_path, tree_at, monkeypatch):
    tree = tree_at(write_files(tmp_path, {"a.parquet": parquet_of(table_of([0, 1]))}))
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match=r"pyarrow is not installed; .*: pip install 'foldline\[parquet\]'"):
        read(tree)
