import os
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from foldline.core import memory
from foldline.core.errors import DataError, MissingDataError, SettingError
from foldline.images import load_images, loading
from foldline.images.assembly import MADE_COLOURED, RESCALED
from image_files import (
    encode,
    idx_of,
    kinds,
    noise,
    npz_of,
    plain,
    png_with_header,
    tar_of,
    two_classes,
    write_files,
    zip_of,
)


def photos(tmp_path, files=None, **options):
    return load_images(write_files(tmp_path / "photos", two_classes() if files is None else files), **options)


def of_size(*sizes, form="PNG"):
    """A tree of two classes, each with one picture of every size."""
    return {
        f"{name}/{i}.{form.lower()}": encode(plain(40 + i, (*size, 3)), form)
        for name in ("cat", "dog")
        for i, size in enumerate(sizes)
    }


def test_a_folder_for_each_class_becomes_labelled_images(tmp_path):
    loaded = photos(tmp_path)
    assert_array_equal(loaded.images, np.stack([noise(4, 5, 3, seed=seed) for seed in (0, 1, 2, 100, 101, 102)]))
    assert loaded.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert loaded.labels.dtype == np.int32
    assert loaded.class_names == ("cat", "dog")
    assert loaded.names == tuple(f"{name}/{i}.png" for name in ("cat", "dog") for i in range(3))
    assert (loaded.partition, loaded.problems, loaded.fit) == (None, (), "native")
    assert loaded.source == str(tmp_path / "photos")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("photos.tar", tar_of(two_classes())),
        ("photos.tar.gz", tar_of(two_classes(), packing="gz")),
        ("photos.zip", zip_of(two_classes())),
    ],
    ids=["tar", "tar.gz", "zip"],
)
def test_an_archive_gives_the_same_as_the_folder(name, data, tmp_path):
    (tmp_path / name).write_bytes(data)
    packed, folder = load_images(tmp_path / name), photos(tmp_path)
    assert_array_equal(packed.images, folder.images)
    assert_array_equal(packed.labels, folder.labels)
    assert (packed.names, packed.class_names, packed.problems) == (folder.names, folder.class_names, folder.problems)


def test_partitions_of_folders_are_kept(tmp_path):
    files = {f"{part}/{name}": data for part in ("train", "test") for name, data in two_classes(1).items()}
    loaded = photos(tmp_path, files)
    assert loaded.partition == ("test", "test", "train", "train")
    assert [len(part) for part in loaded.split()] == [2, 2]


def test_files_are_never_touched(tmp_path):
    files = two_classes() | {"cat/bad.png": b"no image", "notes.txt": b"notes"}
    photos(tmp_path, files)
    assert {path.relative_to(tmp_path / "photos").as_posix() for path in (tmp_path / "photos").rglob("*.*")} == set(
        files
    )
    assert all((tmp_path / "photos" / name).read_bytes() == data for name, data in files.items())


def test_a_name_says_nothing_of_the_format(tmp_path):
    files = {"cat/1.png": encode(plain(50, (8, 8, 3)), "JPEG"), "dog/2.jpg": encode(plain(50, (8, 8, 3)), "GIF")}
    assert_array_equal(photos(tmp_path, files).images, plain(50, (2, 8, 8, 3)))


def test_convention_grey_images_among_coloured_ones_are_repeated_and_all_grey_stay_grey(tmp_path):
    grey, colour = noise(4, 5, 1), noise(4, 5, 3)
    mixed = photos(tmp_path / "mixed", {"cat/1.png": encode(grey), "dog/2.png": encode(colour)})
    assert_array_equal(mixed.images, np.stack([np.repeat(grey, 3, axis=2), colour]))
    assert kinds(mixed.problems) == [("changed", "cat/1.png", MADE_COLOURED)]
    alone = photos(tmp_path / "alone", {"cat/1.png": encode(grey), "dog/2.png": encode(grey)})
    assert_array_equal(alone.images, np.stack([grey, grey]))
    assert alone.problems == ()


@pytest.mark.parametrize(
    ("names", "order"), [(("10", "9", "2"), ("2", "9", "10")), (("10", "9", "two"), ("10", "9", "two"))]
)
def test_convention_classes_stand_in_the_order_of_their_names_and_numbers_by_value(names, order, tmp_path):
    files = {f"{name}/0.png": encode(noise(4, 4, 3, seed=i), "PNG") for i, name in enumerate(names)}
    assert photos(tmp_path, files).class_names == order


def test_images_that_agree_on_a_size_keep_it(tmp_path):
    loaded = photos(tmp_path, of_size((240, 320)))
    assert loaded.images.shape == (2, 240, 320, 3)
    assert (loaded.fit, loaded.problems) == ("native", ())


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_images_of_several_sizes_come_to_64(tmp_path, fit):
    loaded = photos(tmp_path, of_size((30, 40), (90, 20)), fit=fit)
    assert loaded.images.shape == (4, 64, 64, 3)
    assert (loaded.fit, loaded.problems) == (fit, ())
    assert (loaded.images[0, 0, 0, 0] == 0) == (fit == "pad")


def test_images_that_agree_on_a_large_size_come_to_64_and_it_is_told(tmp_path):
    loaded = photos(tmp_path, of_size((240, 321), form="JPEG"))
    assert loaded.images.shape == (2, 64, 64, 3)
    assert loaded.fit == "crop"
    what = "all images have 240x321 pixels and were scaled to 64x64; choose a size to keep more"
    assert kinds(loaded.problems) == [("warning", str(tmp_path / "photos"), what)]


def test_arrays_of_a_large_size_come_to_64_like_files_and_it_is_told(tmp_path):
    for width, expected in ((320, (240, 320)), (321, (64, 64))):
        (tmp_path / "x.npz").write_bytes(npz_of(images=noise(2, 240, width), labels=[0, 1]))
        loaded = load_images(tmp_path / "x.npz")
        assert loaded.images.shape == (2, *expected, 1)
    assert loaded.fit == "crop"
    what = "all images have 240x321 pixels and were scaled to 64x64; choose a size to keep more"
    assert kinds(loaded.problems) == [("warning", str(tmp_path / "x.npz"), what)]


def test_an_image_whose_header_lied_comes_to_the_size_of_the_others_and_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "common_size", lambda source: (4, 5))
    loaded = photos(tmp_path, two_classes(1) | {"dog/9.png": encode(plain(7, (8, 10, 3)))})
    assert_array_equal(loaded.images[2], plain(7, (4, 5, 3)))
    assert kinds(loaded.problems) == [("changed", "dog/9.png", RESCALED)]
    assert loaded.fit == "native"


@pytest.mark.parametrize(("size", "shape"), [(10, (10, 10)), ((8, 12), (8, 12)), (240, (240, 240))])
def test_a_size_that_is_asked_for_is_given(tmp_path, size, shape):
    assert photos(tmp_path, of_size((30, 40), (90, 20)), size=size).images.shape == (4, *shape, 3)


def test_a_size_that_the_images_have_leaves_them_as_they_are(tmp_path):
    loaded = photos(tmp_path, size=(4, 5))
    assert_array_equal(loaded.images[0], noise(4, 5, 3))
    pixels = load_images("digits", size=8)
    assert_array_equal(pixels.images, load_images("digits").images)
    assert pixels.fit == "native"


def test_arrays_are_scaled_like_files(tmp_path):
    images = np.stack([np.repeat(np.arange(0, 80, 10, np.uint8)[None], 4, axis=0)] * 2)  # 4x8, columns 0, 10, ..., 70
    (tmp_path / "x.npz").write_bytes(npz_of(images=images, labels=[0, 1]))
    crop = load_images(tmp_path / "x.npz", size=4)
    assert crop.images[0, 0, :, 0].tolist() == [20, 30, 40, 50]
    assert crop.fit == "crop"
    pad = load_images(tmp_path / "x.npz", size=8, fit="pad")
    assert pad.images[0, :, 3, 0].tolist() == [0, 0, 30, 30, 30, 30, 0, 0]
    assert pad.fit == "pad"


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("size", [0, 1, -5, 2.5, "64", True, (8,), (8, 8, 3), (8, 0), (8, 1.5), 16_385, [8, 8]])
def test_a_size_that_images_cannot_have_is_refused(size):
    with pytest.raises(SettingError, match=r"size is .*; expected .*\. Change size"):
        load_images("digits", size=size)


@pytest.mark.usefixtures("as_installed")
def test_another_fit_is_refused():
    with pytest.raises(SettingError, match="fit is 'stretch'; expected one of 'crop', 'pad'. Choose one of these"):
        load_images("digits", fit="stretch")


@pytest.mark.parametrize("kind", ["files", "arrays"])
def test_more_pixels_than_the_memory_holds_are_refused_before_they_are_made(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_memory_bytes", lambda: 0.4e9)
    source = "digits" if kind == "arrays" else write_files(tmp_path / "photos", two_classes())
    # 1,797 x 8,000 x 4,000 bytes; 6 x 8,000 x 4,000 x 3.
    gigabytes = {"files": "0.6", "arrays": "57.5"}[kind]
    message = rf"at 8000x4000 pixels needs {gigabytes} GB of memory; expected at most 0\.3 GB.* Choose a smaller size"
    with pytest.raises(DataError, match=message):
        load_images(source, size=(8_000, 4_000))


BOMB = png_with_header(height=60_000, width=60_000, depth=8, colour_type=0, rows=bytes(99))
BAD_FILES = {
    "cat/bomb.png": BOMB,
    "cat/cut.jpg": encode(noise(40, 40, 3), "JPEG")[:500],
    "cat/empty.png": b"",
    "cat/notes.txt": b"notes",
    "cat/pixel.png": encode(plain(0, (1, 1, 3))),
    "cat/text.jpg": b"this is no image",
    "loose.png": encode(plain(0, (4, 5, 3))),
}


def test_files_that_cannot_be_used_are_skipped_named_and_told_why(tmp_path):
    loaded = photos(tmp_path, two_classes() | BAD_FILES)
    assert len(loaded) == 6
    assert loaded.names == tuple(sorted(two_classes()))
    assert loaded.images.shape == (6, 4, 5, 3)  # the size is agreed on without them
    reasons = {where: what for kind, where, what in kinds(loaded.problems) if kind == "skipped"}
    assert len(loaded.problems) == len(reasons) == len(BAD_FILES)
    assert reasons["cat/bomb.png"] == "more than 89,478,485 pixels"
    assert "damaged image" in reasons["cat/cut.jpg"]
    assert reasons["cat/empty.png"] == "the file is empty"
    assert reasons["cat/notes.txt"] == "unknown suffix '.txt'"
    assert reasons["cat/pixel.png"] == "a side of less than 2 pixels, too small to show anything"
    assert reasons["cat/text.jpg"] == "not an image of a known format"
    assert reasons["loose.png"] == "not inside a class folder"


@pytest.mark.parametrize("name", BAD_FILES)
def test_strict_turns_each_skip_into_an_error(tmp_path, name):
    with pytest.raises(DataError, match=rf"1 of the files cannot be used \({name}: .*\); expected none with strict\."):
        photos(tmp_path, two_classes() | {name: BAD_FILES[name]}, strict=True)


def test_strict_takes_what_was_only_changed(tmp_path):
    files = {"cat/1.png": encode(noise(4, 5, 1)), "dog/2.png": encode(noise(4, 5, 3))}
    assert len(photos(tmp_path, files, strict=True).problems) == 1


def test_what_was_refused_in_an_archive_is_told_and_strict_refuses_it(tmp_path):
    cifar = np.concatenate([np.array([[0], [1]], np.uint8), noise(2, 3072)], axis=1).tobytes()
    (tmp_path / "x.tar").write_bytes(tar_of({"data_batch_1.bin": cifar, "../data_batch_2.bin": cifar}))
    refused = ("skipped", "../data_batch_2.bin", "its path leads out of the archive")
    assert kinds(load_images(tmp_path / "x.tar").problems)[0] == refused
    with pytest.raises(DataError, match="leads out of the archive"):
        load_images(tmp_path / "x.tar", strict=True)


def test_a_class_without_a_usable_image_is_left_out_and_told(tmp_path):
    loaded = photos(tmp_path, two_classes() | {"bee/1.png": b"no image"})
    assert loaded.class_names == ("cat", "dog")
    assert ("warning", "bee", "none of its images can be used: the class is left out") in kinds(loaded.problems)


def test_images_of_which_none_can_be_used_are_refused_with_the_first_reason(tmp_path):
    with pytest.raises(DataError) as caught:
        photos(tmp_path, {"cat/1.png": b"", "dog/2.png": b"no image"})
    assert str(caught.value) == (
        f"none of the 2 images in {tmp_path / 'photos'} can be used; expected at least one. The first, cat/1.png: the "
        "file is empty. Mend or replace the files."
    )


def test_one_class_alone_is_refused(tmp_path):
    files = {name: data for name, data in two_classes().items() if name.startswith("cat")}
    with pytest.raises(DataError) as caught:
        photos(tmp_path, files)
    assert str(caught.value) == (
        f"{tmp_path / 'photos'} holds images of 1 class; expected at least 2 classes. Add images of another class."
    )


def test_one_class_alone_in_an_array_is_refused(tmp_path):
    write_files(tmp_path, {"train-images-idx3-ubyte": idx_of(noise(2, 3, 3))})
    write_files(tmp_path, {"train-labels-idx1-ubyte": idx_of(np.array([4, 4], np.uint8))})
    with pytest.raises(DataError, match="holds images of 1 class; expected at least 2 classes"):
        load_images(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(
        DataError, match=r"holds no images \(0 files were looked at\); expected a folder for each class"
    ):
        load_images(tmp_path)


def test_two_class_folders_that_differ_only_in_case_are_refused(tmp_path):
    (tmp_path / "x.zip").write_bytes(zip_of({"Cat/1.png": b"", "cat/2.png": b""}))
    with pytest.raises(DataError, match="'Cat' and 'cat', which differ only in case"):
        load_images(tmp_path / "x.zip")


@pytest.mark.parametrize("source", ["not there", "not/there.zip", "", "a\0b", "a" * 5_000])
def test_a_source_that_is_not_there_is_refused(source):
    with pytest.raises(MissingDataError, match=r"is not there, or not to be seen; expected .* digits\. Check the path"):
        load_images(source)


@pytest.mark.parametrize("name", ["photo.png", "model.safetensors", "README"])
def test_a_file_of_no_known_kind_is_refused_with_the_kinds(tmp_path, name):
    write_files(tmp_path, {name: encode(noise(4, 5, 3))})
    with pytest.raises(
        DataError, match=r"is of no kind that foldline reads; expected one of: CIFAR.*Name the folder or"
    ):
        load_images(tmp_path / name)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_tree_that_leads_back_to_itself_is_read_once(tmp_path):
    write_files(tmp_path / "photos", two_classes())
    (tmp_path / "photos" / "cat" / "again").symlink_to("..")
    (tmp_path / "photos" / "round").symlink_to("round")
    loaded = load_images(tmp_path / "photos")
    assert len(loaded) == 6
    assert kinds(loaded.problems) == [
        ("skipped", "round", "a broken link"),
        ("skipped", "cat/again", "a link to a folder that holds it"),
    ]


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="only Linux has a file that fails to be read")
def test_an_image_that_fails_to_be_read_is_skipped(tmp_path):
    write_files(tmp_path / "photos", two_classes())
    (tmp_path / "photos" / "cat" / "9.png").symlink_to("/proc/self/mem")
    loaded = load_images(tmp_path / "photos")
    assert kinds(loaded.problems) == [("skipped", "cat/9.png", "cannot be read (Input/output error)")]


@pytest.mark.skipif(getattr(os, "getuid", lambda: 0)() == 0, reason="root reads everything")
def test_a_locked_image_is_skipped(tmp_path):
    write_files(tmp_path / "photos", two_classes())
    (tmp_path / "photos" / "cat" / "1.png").chmod(0)
    loaded = load_images(tmp_path / "photos")
    assert kinds(loaded.problems) == [("skipped", "cat/1.png", "cannot be read (Permission denied)")]


@pytest.mark.skipif(getattr(os, "getuid", lambda: 0)() == 0, reason="root reads everything")
def test_a_source_in_a_locked_folder_is_refused(tmp_path):
    write_files(tmp_path / "locked" / "photos", two_classes())
    (tmp_path / "locked").chmod(0)
    try:
        with pytest.raises(MissingDataError, match="is not there, or not to be seen"):
            load_images(tmp_path / "locked" / "photos")
    finally:
        (tmp_path / "locked").chmod(0o700)


def test_a_built_in_name_wins_over_a_folder_of_that_name_and_says_so(tmp_path, monkeypatch):
    write_files(tmp_path / "digits", two_classes())
    monkeypatch.chdir(tmp_path)
    what = "the built-in set of this name was read, not what lies here; say ./digits for that"
    built_in = load_images("digits")
    assert len(built_in) == 1797
    assert kinds(built_in.problems) == [("warning", "digits", what)]


def test_a_built_in_set_alone_has_no_problems(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_images("digits").problems == ()


@pytest.mark.parametrize("source", ["./digits", Path("digits"), Path("./digits")])
def test_a_path_is_never_a_built_in_name(source, tmp_path, monkeypatch):
    write_files(tmp_path / "digits", two_classes())
    monkeypatch.chdir(tmp_path)
    assert len(load_images(source)) == 6


def test_rows_of_arrays_are_numbered_within_their_part(tmp_path):
    arrays = {"x_train": noise(2, 3, 3), "y_train": [0, 1], "x_test": noise(1, 3, 3), "y_test": [1]}
    (tmp_path / "x.npz").write_bytes(npz_of(**arrays))
    assert load_images(tmp_path / "x.npz").names == ("train/0", "train/1", "test/0")
    assert load_images("digits").names[:2] == ("images/0", "images/1")


@pytest.mark.skipif(os.name == "nt", reason="Windows names are text")
def test_names_that_are_no_text_can_be_written_into_a_report(tmp_path):
    (tmp_path / "x.tar").write_bytes(
        tar_of({"caf\udce9/1.png": encode(noise(4, 5, 3)), "b/2.png": encode(noise(4, 5, 3))})
    )
    loaded = load_images(tmp_path / "x.tar")
    assert len(loaded) == 2
    " ".join((*loaded.names, *loaded.class_names)).encode("utf-8")


def test_an_archive_is_let_go_of_even_after_an_error(tmp_path, monkeypatch):
    closed = []
    (tmp_path / "x.tar").write_bytes(tar_of({"cat/1.png": b""}))
    open_tree = loading.open_tree

    def watched(path):
        tree = open_tree(path)
        close = tree.close
        tree.close = lambda: closed.append(close())
        return tree

    monkeypatch.setattr(loading, "open_tree", watched)
    with pytest.raises(DataError):
        load_images(tmp_path / "x.tar")
    assert closed == [None]


NPZ = npz_of(images=noise(2, 3, 3), labels=[0, 1])
IDX = {
    "train-images-idx3-ubyte": idx_of(noise(2, 3, 3)),
    "train-labels-idx1-ubyte": idx_of(np.array([0, 1], np.uint8)),
}


@pytest.mark.parametrize("files", [two_classes(), {"x.npz": NPZ}, IDX], ids=["class folders", "npz", "IDX"])
@pytest.mark.parametrize("pack", [None, tar_of, zip_of])
def test_what_desktops_leave_behind_hides_no_images_and_strict_bears_it(pack, files, tmp_path):
    litter = [f"{folder}{name}" for name in files for folder in ("._", "__MACOSX/._")] + [".DS_Store", "Thumbs.db"]
    littered = files | dict.fromkeys(litter, b"")
    path = tmp_path / f"photos.{pack.__name__[:3]}" if pack else write_files(tmp_path / "photos", littered)
    if pack:
        path.write_bytes(pack(littered))
    loaded = load_images(path, strict=True)
    assert len(loaded) == (6 if "cat/1.png" in files else 2)
    [(kind, _, what)] = kinds(loaded.problems)
    assert kind == "warning"
    assert what.startswith("a hidden or system file, left out (")


def cifar_of(*labels):
    return np.concatenate([np.array(labels, np.uint8)[:, None], noise(len(labels), 3072)], axis=1).tobytes()


@pytest.mark.parametrize(
    ("files", "both"),
    [
        (IDX | {"data_batch_1.bin": cifar_of(0, 1)}, "CIFAR, binary version and IDX files as MNIST's"),
        ({"a/data_batch_1.bin": b"", "b/data_batch_1": b""}, "CIFAR, binary version and CIFAR, Python version"),
    ],
)
def test_a_tree_of_two_kinds_is_refused_with_both(files, both, tmp_path):
    with pytest.raises(DataError, match=f"holds {both}; expected one kind. Name the folder of one, or put it into"):
        photos(tmp_path, files)


def test_images_that_the_reader_of_other_files_passes_over_are_counted(tmp_path):
    loaded = photos(tmp_path, IDX | two_classes() | {"notes.txt": b""})
    assert len(loaded) == 2
    what = "image files were not looked at beside what was read (6 in all)"
    assert kinds(loaded.problems) == [("warning", str(tmp_path / "photos"), what)]


@pytest.mark.parametrize(
    ("parts", "never"),
    [
        ({"train": [0, 1], "test": [0, 1, 2]}, ["2"]),
        ({"train": [0, 1], "val": [2], "test": [0, 1, 2]}, []),
        ({"train": [0, 1], "val": [0, 3]}, ["3"]),
        ({"train": [0, 1, 2], "test": [0]}, []),
        ({"val": [0], "test": [1]}, []),
    ],
)
def test_a_class_that_only_the_test_part_has_is_told(parts, never, tmp_path):
    arrays = {f"{part}_labels": labels for part, labels in parts.items()}
    arrays |= {f"{part}_images": noise(len(labels), 3, 3) for part, labels in parts.items()}
    (tmp_path / "x.npz").write_bytes(npz_of(**arrays))
    what = "all its images are held out for testing: no model can learn it from this split"
    assert kinds(load_images(tmp_path / "x.npz").problems) == [("warning", name, what) for name in never]
