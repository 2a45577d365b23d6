import pytest

from foldline.core.errors import DataError
from foldline.images.readers.class_folders import read, recognises, why_not_an_image
from image_files import encode, kinds, noise, tar_of, two_classes, write_files, zip_of


@pytest.fixture(params=["folder", "tar", "zip"])
def tree_of(request, tmp_path, tree_at):
    """Make a tree of files, in a folder or an archive; only their names matter, so they may be empty."""

    def tree_of(names):
        files = dict.fromkeys(names, b"")
        if request.param == "folder":
            return tree_at(write_files(tmp_path / "photos", files))
        path = tmp_path / f"photos.{request.param}"
        path.write_bytes({"tar": tar_of, "zip": zip_of}[request.param](files))
        return tree_at(path)

    return tree_of


def found(source):
    return [tuple(entry) for entry in source.entries]


def test_a_folder_is_a_class_and_its_files_are_the_images(tree_of):
    source = read(tree_of(["dog/2.jpg", "cat/1.png", "dog/1.JPEG"]))
    assert found(source) == [("cat/1.png", "cat", None), ("dog/1.JPEG", "dog", None), ("dog/2.jpg", "dog", None)]
    assert source.class_names is None
    assert source.problems == ()


def test_contents_walk_the_files_as_they_are_stored_and_name_their_rows(tmp_path, tree_at):
    files = {"dog/2.png": b"two", "cat/1.png": b"one", "cat/notes.txt": b"", "bee/3.png": b"three"}
    (tmp_path / "photos.tar").write_bytes(tar_of(files))
    source = read(tree_at(tmp_path / "photos.tar"))
    for _ in range(2):  # every walk starts anew
        assert [(row, fetch()) for row, fetch in source.contents()] == [(2, b"two"), (1, b"one"), (0, b"three")]


def test_convention_images_deeper_inside_belong_to_the_class(tree_of):
    source = read(tree_of(["cat/indoors/old/1.png", "cat/2.png", "dog/3.png"]))
    assert [entry.class_name for entry in source.entries] == ["cat", "cat", "dog"]


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["photos/cat/1.png", "photos/dog/2.png"], ["cat", "dog"]),
        (["a/b/cat/1.png", "a/b/dog/2.png"], ["cat", "dog"]),
        (["photos/cat/1.png", "photos/dog/2.png", "photos/logo.png"], ["cat", "dog"]),
        (["photos/cat/1.png", "photos/dog/2.png", "logo.png"], ["cat", "dog"]),
        (["photos/cat/1.png", "photos/dog/2.png", "readme.txt"], ["cat", "dog"]),
        # One class folder alone, which has a few images set aside.
        (["cat/1.png", "cat/2.png", "cat/old/3.png"], ["cat", "cat", "cat"]),
        (["cat/1.png", "cat/old/2.png"], ["cat", "cat"]),
        (["cat/1.png", "cat/2.png"], ["cat", "cat"]),
    ],
)
def test_convention_a_wrapping_folder_is_no_class(names, classes, tree_of):
    assert [entry.class_name for entry in read(tree_of(names)).entries] == classes


@pytest.mark.parametrize("top", ["", "photos/"])
@pytest.mark.parametrize(
    ("folders", "partitions"),
    [
        (("train", "val", "test"), ["test", "train", "val"]),
        (("Training", "Testing"), ["test", "train"]),
        (("train", "validation"), ["train", "val"]),
        (("TRAIN", "valid"), ["train", "val"]),
    ],
)
def test_convention_train_beside_test_or_val_are_partitions(top, folders, partitions, tree_of):
    names = [f"{top}{folder}/{name}/1.png" for folder in folders for name in ("cat", "dog")]
    entries = read(tree_of(names)).entries
    assert {entry.class_name for entry in entries} == {"cat", "dog"}
    assert sorted({entry.partition for entry in entries}) == partitions
    assert all(entry.partition[:3] in entry.name.lower() for entry in entries)


@pytest.mark.parametrize(
    "names", [["test/1.png", "cat/2.png"], ["train/1.png", "boat/2.png"], ["val/1.png", "test/2.png"]]
)
def test_convention_such_names_without_the_other_part_are_classes(names, tree_of):
    entries = read(tree_of(names)).entries
    assert [entry.class_name for entry in entries] == sorted(name.split("/")[0] for name in names)
    assert {entry.partition for entry in entries} == {None}


def test_train_alone_wraps_its_classes(tree_of):
    entries = read(tree_of(["train/cat/1.png", "train/dog/2.png"])).entries
    assert [(entry.class_name, entry.partition) for entry in entries] == [("cat", None), ("dog", None)]


def test_images_outside_any_class_are_skipped_and_named(tree_of):
    source = read(tree_of(["top.png", "cat/1.png", "dog/2.png"]))
    assert len(source.entries) == 2
    assert kinds(source.problems) == [("skipped", "top.png", "not inside a class folder")]


def test_images_outside_any_partition_are_skipped_and_named(tree_of):
    source = read(tree_of(["train/cat/1.png", "test/cat/2.png", "train/3.png", "more/cat/4.png"]))
    assert found(source) == [("test/cat/2.png", "cat", "test"), ("train/cat/1.png", "cat", "train")]
    assert sorted(kinds(source.problems)) == [
        ("skipped", "more/cat/4.png", "stands beside train and test, in neither"),
        ("skipped", "train/3.png", "not inside a class folder"),
    ]


def test_other_files_are_skipped_and_say_why(tree_of):
    source = read(tree_of(["cat/1.png", "cat/notes.txt", "cat/README", "dog/2.gif"]))
    assert len(source.entries) == 2
    assert sorted(kinds(source.problems)) == [
        ("skipped", "cat/README", "no suffix"),
        ("skipped", "cat/notes.txt", "unknown suffix '.txt'"),
    ]


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_hidden_folders_of_an_archive_are_no_classes(pack, tmp_path, tree_at):
    files = two_classes(1) | {".ipynb_checkpoints/1.png": b"", "__MACOSX/cat/1.png": b""}
    path = tmp_path / f"photos.{pack.__name__[:3]}"
    path.write_bytes(pack(files))
    tree = tree_at(path)
    assert [entry.class_name for entry in read(tree).entries] == ["cat", "dog"]
    what = "a hidden or system file, left out (2 in all)"
    assert kinds(tree.problems) == [("warning", ".ipynb_checkpoints/1.png", what)]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a/b.png", None),
        ("B.JPG", None),
        ("a.tar.jpeg", None),
        ("notes.txt", "unknown suffix '.txt'"),
        ("a.png.bak", "unknown suffix '.bak'"),
        ("README", "no suffix"),
    ],
)
def test_a_name_tells_why_a_file_is_no_image(name, reason):
    assert why_not_an_image(name) == reason


def test_a_source_without_images_is_refused_with_the_first_reason(tree_of):
    with pytest.raises(DataError) as caught:
        read(tree_of(["cat/notes.txt", "dog/more.txt"]))
    assert "photos" in str(caught.value)
    assert str(caught.value).endswith(
        " holds no images (2 files were looked at); expected a folder for each class with images inside. The first, "
        "cat/notes.txt: unknown suffix '.txt'. Check the path."
    )


def test_an_empty_folder_is_refused(tmp_path, tree_at):
    with pytest.raises(
        DataError, match=r"holds no images \(0 files were looked at\).*The first, \.: the folder is empty\."
    ):
        read(tree_at(tmp_path))


def test_images_without_class_folders_are_refused(tree_of):
    with pytest.raises(
        DataError, match=r"holds 2 images, but none inside a class folder; .* Move the images into folders"
    ):
        read(tree_of(["1.png", "2.png"]))


@pytest.mark.parametrize(
    ("first", "second"), [("Cat", "cat"), ("STRASSE", "straße"), ("caf\u00e9", "cafe\u0301"), ("Ä", "ä")]
)
def test_two_class_folders_that_differ_only_in_case_are_refused(first, second, tmp_path, tree_at):
    (tmp_path / "photos.tar").write_bytes(tar_of({f"{first}/1.png": b"", f"{second}/2.png": b"", "dog/3.png": b""}))
    with pytest.raises(DataError) as caught:
        read(tree_at(tmp_path / "photos.tar"))
    pair = " and ".join(repr(name) for name in sorted([first, second]))
    assert f"has class folders {pair}, which differ only in case; expected one folder for each class. Join or" in str(
        caught.value
    )


def test_the_same_class_in_train_and_test_may_not_differ_in_case_either(tmp_path, tree_at):
    (tmp_path / "photos.tar").write_bytes(
        tar_of({"train/cat/1.png": b"", "test/Cat/2.png": b"", "train/dog/3.png": b""})
    )
    with pytest.raises(DataError, match="'Cat' and 'cat', which differ only in case"):
        read(tree_at(tmp_path / "photos.tar"))


def test_any_folder_or_archive_is_recognised_but_no_file_alone(tmp_path, tree_at):
    write_files(tmp_path, {"cat/1.png": encode(noise(4, 4, 3)), "photos.zip": zip_of({"1.png": b""}), "empty/x": b""})
    (tmp_path / "empty" / "x").unlink()
    assert recognises(tree_at(tmp_path))
    assert recognises(tree_at(tmp_path / "cat"))
    assert recognises(tree_at(tmp_path / "empty"))
    assert recognises(tree_at(tmp_path / "photos.zip"))
    assert not recognises(tree_at(tmp_path / "cat" / "1.png"))
