import os
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from foldline.core import memory
from foldline.core.errors import DataError, MissingDataError, SettingError
from foldline.images import load_files
from foldline.images.assembly import MADE_COLOURED, MADE_GREY, RESCALED
from image_files import encode, kinds, noise, plain, write_files

SHAPE = (4, 5, 3)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with new/a.png, new/deep/b.png, new/[c].png and new/notes.txt."""
    files = {f"new/{name}.png": encode(noise(*SHAPE, seed=seed)) for seed, name in enumerate(("a", "deep/b", "[c]"))}
    monkeypatch.chdir(write_files(tmp_path, files | {"new/notes.txt": b"notes"}))
    return tmp_path


NOTES = ("skipped", os.path.join("new", "notes.txt"), "unknown suffix '.txt'")


def named(*paths):
    """The images of paths, their names with forward slashes, the problems."""
    images, names, problems = load_files(paths, image_shape=SHAPE)
    assert len(images) == len(names)
    return images, [name.replace(os.sep, "/") for name in names], kinds(problems)


def test_files_come_in_the_order_of_their_paths(folder):
    images, names, problems = named("new/deep/b.png", Path("new/a.png"))
    assert_array_equal(images, np.stack([noise(*SHAPE, seed=1), noise(*SHAPE, seed=0)]))
    assert (names, problems) == (["new/deep/b.png", "new/a.png"], [])


def test_a_folder_gives_all_images_below_it_and_names_what_is_none(folder):
    _, names, problems = named("new")
    assert names == ["new/[c].png", "new/a.png", "new/deep/b.png"]
    assert problems == [NOTES]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("new/*.png", ["new/[c].png", "new/a.png"]),
        ("new/**/*.png", ["new/[c].png", "new/a.png", "new/deep/b.png"]),
        ("new/**", ["new/[c].png", "new/a.png", "new/deep/b.png"]),
        ("new/d*", ["new/deep/b.png"]),
        ("new/?.png", ["new/a.png"]),
        ("new/[c].png", ["new/[c].png"]),  # what exists by its very name is no pattern
    ],
)
def test_patterns_match_files_and_folders(pattern, expected, folder):
    assert named(pattern)[1] == expected


def test_each_file_is_read_once_however_often_it_is_named(folder):
    _, names, problems = named("new/a.png", "./new/a.png", "new", "new/*")
    assert names == ["new/a.png", "new/[c].png", "new/deep/b.png"]
    assert problems == [NOTES]


def test_problems_of_a_folder_are_named_from_where_the_user_stands(folder):
    (folder / "new" / "empty").mkdir()
    (folder / "other" / ".hidden").mkdir(parents=True)
    (folder / "other" / "d.png").write_bytes(b"no image")
    _, names, problems = named("new", "other")
    assert len(names) == 3
    assert [(kind, where.replace(os.sep, "/"), what) for kind, where, what in problems] == [
        ("warning", "new/empty", "the folder is empty"),
        ("skipped", "new/notes.txt", "unknown suffix '.txt'"),
        ("warning", "other/.hidden", "a hidden or system file, left out (1 in all)"),
        ("skipped", "other/d.png", "not an image of a known format"),
    ]


def test_files_in_a_hidden_folder_that_is_named_are_read(tmp_path):
    write_files(tmp_path / ".cache", {"a.png": encode(noise(*SHAPE)), ".b.png": b""})
    images, _, problems = load_files([tmp_path / ".cache"], image_shape=SHAPE)
    assert len(images) == 1
    what = "a hidden or system file, left out (1 in all)"
    assert kinds(problems) == [("warning", str(tmp_path / ".cache" / ".b.png"), what)]


def test_a_system_file_among_the_matches_is_left_out_and_strict_bears_it(folder):
    write_files(folder, {"new/Thumbs.db": b"", "new/.DS_Store": b""})
    (folder / "new" / "notes.txt").unlink()
    _, names, problems = load_files(["new/**"], image_shape=SHAPE, strict=True)
    assert len(names) == 3
    assert {problem.kind for problem in problems} == {"warning"}


@pytest.mark.parametrize("n_channels", [1, 3])
def test_images_come_to_the_shape_of_the_model(tmp_path, n_channels):
    write_files(tmp_path, {"a.png": encode(plain(9, (20, 10, 1))), "b.jpg": encode(plain(9, (7, 7, 3)), "JPEG")})
    images, _, problems = load_files([tmp_path], image_shape=(6, 8, n_channels))
    assert_array_equal(images, plain(9, (2, 6, 8, n_channels)))
    assert [problem.what for problem in problems] == [MADE_GREY if n_channels == 1 else MADE_COLOURED]
    padded, _, _ = load_files([tmp_path / "a.png"], image_shape=(6, 8, n_channels), fit="pad")
    assert padded[0, 3, :, 0].tolist() == [0, 0, 9, 9, 9, 0, 0, 0]


def test_images_that_should_be_native_and_are_not_are_cropped_and_listed(folder):
    write_files(folder, {"new/large.png": encode(plain(9, (8, 20, 3)))})
    images, _, problems = load_files(["new"], image_shape=SHAPE, fit="native")
    cropped, _, _ = load_files(["new"], image_shape=SHAPE)
    assert_array_equal(images, cropped)
    assert [(kind, where.replace(os.sep, "/"), what) for kind, where, what in kinds(problems) if kind == "changed"] == [
        ("changed", "new/large.png", RESCALED)
    ]


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_broken_link_among_the_matches_is_skipped(folder):
    (folder / "new" / "z.png").symlink_to("gone")
    _, names, problems = named("new/*.png")
    assert names == ["new/[c].png", "new/a.png"]
    assert problems == [("skipped", "new/z.png", "cannot be read (No such file or directory)")]


@pytest.mark.skipif(os.name == "nt", reason="Windows names are text")
def test_names_that_are_no_text_are_written_out(tmp_path):
    path = os.fsencode(tmp_path) + b"/caf\xe9.png"
    try:
        with open(path, "wb") as file:
            file.write(encode(noise(*SHAPE)))
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    for source in (tmp_path, os.fsdecode(path)):
        images, names, _ = load_files([source], image_shape=SHAPE)
        assert_array_equal(images[0], noise(*SHAPE))
        assert names == (f"{tmp_path}/caf\\udce9.png",)


@pytest.mark.parametrize("path", ["gone.png", "gone/", "new/*.gif", "a\0b", "a" * 5_000, "gone[", ""])
def test_a_path_or_pattern_that_names_nothing_is_refused(path, folder):
    with pytest.raises(
        MissingDataError, match=r"is not there, or not to be seen; expected a file, a folder or a pattern"
    ):
        load_files(["new/a.png", path], image_shape=SHAPE)


def test_paths_without_a_usable_image_are_refused_with_the_first_reason(folder):
    with pytest.raises(DataError) as caught:
        load_files(["new/notes.txt"], image_shape=SHAPE)
    assert str(caught.value) == (
        f"no image in new/notes.txt can be used; expected at least one. The first, {NOTES[1]}: unknown suffix '.txt'. "
        "Name files or folders of images."
    )
    with pytest.raises(DataError, match=r"^no image in  can be used; expected at least one\. Name files"):
        load_files([], image_shape=SHAPE)


def test_strict_turns_skips_into_an_error(folder):
    with pytest.raises(DataError, match=r"1 of the files cannot be used \(new.notes\.txt: unknown suffix '\.txt'\)"):
        load_files(["new"], image_shape=SHAPE, strict=True)
    assert len(load_files(["new/a.png"], image_shape=SHAPE, strict=True)[0]) == 1


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("paths", ["new", Path("new"), b"new"])
def test_a_path_that_stands_in_no_list_is_refused(paths, folder):
    # A text is a list of its letters: "/" would be the whole disk.
    with pytest.raises(SettingError, match=r"paths is .*; expected a list of paths\. Write \["):
        load_files(paths, image_shape=SHAPE)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 2), (4, 5, 4), (0, 5, 3), (4, 1, 3), (4, 1 << 15, 1), (4.0, 5, 3)])
def test_a_shape_that_images_cannot_have_is_refused(shape, folder):
    with pytest.raises(SettingError, match=r"image_shape is .*; expected .*\. Change image_shape"):
        load_files(["new"], image_shape=shape)


@pytest.mark.usefixtures("as_installed")
def test_another_fit_is_refused(folder):
    with pytest.raises(SettingError, match="fit is 'stretch'; expected one of 'native', 'crop', 'pad'"):
        load_files(["new"], image_shape=SHAPE, fit="stretch")


def test_more_pixels_than_the_memory_holds_are_refused(folder, monkeypatch):
    monkeypatch.setattr(memory, "_memory_bytes", lambda: 1e9)
    with pytest.raises(DataError, match=r"needs 2\.3 GB of memory; .* Name fewer files at a time"):
        load_files(["new"], image_shape=(16_000, 16_000, 3))
