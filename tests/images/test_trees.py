import inspect
import os
import sys

import pytest

from foldline.core.text import printable
from foldline.images import trees
from foldline.images.problems import UnreadableError
from foldline.images.trees import FolderTree, base_of, file_reader, folder_of, is_hidden
from image_files import kinds, write_files

needs_links = pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
not_as_root = pytest.mark.skipif(getattr(os, "getuid", lambda: 0)() == 0, reason="root reads everything")


def test_files_are_named_by_their_path_from_the_root_in_order(tmp_path):
    write_files(tmp_path, {"b/2.png": b"two", "b/10.png": b"ten", "a/deep/er/1.png": b"one", "top.txt": b"t"})
    tree = FolderTree(tmp_path)
    assert tree.names == ("a/deep/er/1.png", "b/10.png", "b/2.png", "top.txt")
    assert tree.fetch("a/deep/er/1.png")() == b"one"
    with tree.open("b/10.png") as file:
        assert file.read() == b"ten"
    assert tree.problems == ()
    assert tree.where == str(tmp_path)
    tree.close()


def test_a_file_alone_is_a_tree_of_one(tmp_path):
    write_files(tmp_path, {"one.npz": b"1", "other.npz": b"2"})
    tree = FolderTree(tmp_path / "one.npz")
    assert tree.names == ("one.npz",)
    assert tree.fetch("one.npz")() == b"1"


def test_a_relative_path_works_like_a_whole_one(tmp_path, monkeypatch):
    write_files(tmp_path / "photos", {"a/1.png": b"1"})
    monkeypatch.chdir(tmp_path)
    assert FolderTree(trees.Path("photos")).names == ("a/1.png",)
    monkeypatch.chdir(tmp_path / "photos")
    assert FolderTree(trees.Path()).names == ("a/1.png",)
    assert FolderTree(trees.Path("a/1.png")).fetch("1.png")() == b"1"


def test_empty_folders_are_told(tmp_path):
    write_files(tmp_path, {"a/1.png": b""})
    (tmp_path / "b" / "c").mkdir(parents=True)
    tree = FolderTree(tmp_path)
    assert tree.names == ("a/1.png",)
    assert kinds(tree.problems) == [("warning", "b/c", "the folder is empty")]


def test_hidden_and_system_files_are_left_out_and_told_once(tmp_path):
    left_out = [".git/x.png", "__MACOSX/a/1.png", "a/._1.png", "a/.DS_Store", "a/Thumbs.db", "desktop.ini"]
    write_files(tmp_path, dict.fromkeys([*left_out, "a/1.png", "a/2.png"], b""))
    tree = FolderTree(tmp_path)
    assert tree.names == ("a/1.png", "a/2.png")
    assert kinds(tree.problems) == [("warning", ".git", "a hidden or system file, left out (6 in all)")]


def test_a_hidden_file_or_folder_that_is_named_is_opened(tmp_path):
    write_files(tmp_path / ".cache", {".x.npz": b"x", "a/1.png": b""})
    assert FolderTree(tmp_path / ".cache" / ".x.npz").names == (".x.npz",)
    assert FolderTree(tmp_path / ".cache").names == ("a/1.png",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/b.png", False),
        ("a.b/MACOSX.png", False),
        (".png", True),
        ("a/._b.png", True),
        ("a/.cache/b.png", True),
        ("__MACOSX/b.png", True),
        ("DESKTOP.INI", True),
        ("a/Thumbs.db", True),
        ("Icon\r", True),
        ("thumbs.db/b.png", False),
    ],
)
def test_a_name_tells_whether_it_is_hidden_or_the_systems(name, expected):
    assert is_hidden(name) is expected


def test_an_empty_root_is_told(tmp_path):
    assert kinds(FolderTree(tmp_path).problems) == [("warning", ".", "the folder is empty")]


@needs_links
def test_links_to_files_and_folders_are_followed(tmp_path):
    write_files(tmp_path / "elsewhere", {"1.png": b"1", "more/2.png": b"2"})
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "file.png").symlink_to("../elsewhere/1.png")
    (tmp_path / "root" / "folder").symlink_to("../elsewhere/more")
    tree = FolderTree(tmp_path / "root")
    assert tree.names == ("file.png", "folder/2.png")
    assert [tree.fetch(name)() for name in tree.names] == [b"1", b"2"]
    assert tree.problems == ()


@needs_links
def test_a_folder_that_contains_itself_is_entered_once(tmp_path):
    write_files(tmp_path, {"a/1.png": b""})
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "a" / "same").symlink_to(".")
    tree = FolderTree(tmp_path)
    assert tree.names == ("a/1.png",)
    assert sorted(kinds(tree.problems)) == [
        ("skipped", "a/same", "a link to a folder that holds it"),
        ("skipped", "a/up", "a link to a folder that holds it"),
    ]


@needs_links
def test_two_folders_that_hold_each_other_end(tmp_path):
    write_files(tmp_path, {"a/1.png": b"", "b/2.png": b""})
    (tmp_path / "a" / "to b").symlink_to("../b")
    (tmp_path / "b" / "to a").symlink_to("../a")
    tree = FolderTree(tmp_path)
    assert tree.names == ("a/1.png", "a/to b/2.png", "b/2.png", "b/to a/1.png")
    assert sorted(problem.where for problem in tree.problems) == ["a/to b/to a", "b/to a/to b"]


@needs_links
def test_links_that_lead_nowhere_or_to_themselves_are_told(tmp_path):
    (tmp_path / "1.png").symlink_to("not there")
    (tmp_path / "2.png").symlink_to("2.png")
    tree = FolderTree(tmp_path)
    assert tree.names == ()
    assert kinds(tree.problems) == [("skipped", "1.png", "a broken link"), ("skipped", "2.png", "a broken link")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in folders")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    tree = FolderTree(tmp_path)
    assert tree.names == ()
    assert kinds(tree.problems) == [("skipped", "pipe.png", "not a regular file")]


@not_as_root
def test_a_locked_folder_is_told(tmp_path):
    write_files(tmp_path, {"a/1.png": b"", "b/2.png": b""})
    (tmp_path / "b").chmod(0)
    try:
        tree = FolderTree(tmp_path)
    finally:
        (tmp_path / "b").chmod(0o700)
    assert tree.names == ("a/1.png",)
    assert kinds(tree.problems) == [("skipped", "b", "the folder cannot be opened (Permission denied)")]


def test_a_folder_that_cannot_be_listed_is_told(tmp_path, monkeypatch):
    write_files(tmp_path, {"a/1.png": b"", "b/2.png": b""})
    scandir = os.scandir

    def locked(path):
        if os.path.basename(path) == "b":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    tree = FolderTree(tmp_path)
    assert tree.names == ("a/1.png",)
    assert kinds(tree.problems) == [("skipped", "b", "the folder cannot be opened (Permission denied)")]


def test_a_tree_deeper_than_python_recurses_is_walked(tmp_path):
    deepest = "/".join("a" * 120)
    write_files(tmp_path, {f"{deepest}/1.png": b""})
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 80)
    try:
        names = FolderTree(tmp_path).names
    finally:
        sys.setrecursionlimit(limit)
    assert names == (f"{deepest}/1.png",)


@pytest.mark.skipif(os.name == "nt", reason="Windows names are text")
def test_names_that_are_no_text_are_written_out_and_still_opened(tmp_path):
    try:
        os.mkdir(os.fsencode(tmp_path) + b"/caf\xe9")
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    with open(os.fsencode(tmp_path) + b"/caf\xe9/1.png", "wb") as file:
        file.write(b"one")
    tree = FolderTree(tmp_path)
    assert tree.names == ("caf\\udce9/1.png",)
    assert tree.fetch(tree.names[0])() == b"one"
    with tree.open(tree.names[0]) as file:
        assert file.read() == b"one"


@pytest.mark.skipif(os.name == "nt", reason="Windows names are text")
def test_of_two_files_whose_names_are_written_alike_one_is_read_and_the_other_told(tmp_path):
    write_files(tmp_path, {"a\n.png": b"one", "a\\n.png": b"two"})
    tree = FolderTree(tmp_path)
    assert tree.names == ("a\\n.png",)
    assert tree.fetch("a\\n.png")() == b"one"
    assert kinds(tree.problems) == [("skipped", "a\\n.png", "its name is written like that of another file")]


def test_printable_names_are_utf_8_and_texts_stay():
    assert printable("Äpfel/数.png") == "Äpfel/数.png"
    printable("\udce9").encode("utf-8")


def test_a_file_that_is_gone_is_unreadable(tmp_path):
    with pytest.raises(UnreadableError, match=r"cannot be read \(No such file or directory\)"):
        file_reader(tmp_path / "gone.png")()


@not_as_root
def test_a_locked_file_is_unreadable(tmp_path):
    (tmp_path / "1.png").write_bytes(b"1")
    (tmp_path / "1.png").chmod(0)
    with pytest.raises(UnreadableError, match=r"cannot be read \(Permission denied\)"):
        file_reader(tmp_path / "1.png")()


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="only Linux has a file that fails to be read")
def test_a_file_that_fails_to_be_read_is_unreadable():
    with pytest.raises(UnreadableError, match=r"cannot be read \(Input/output error\)"):
        file_reader(trees.Path("/proc/self/mem"))()


def test_a_huge_file_is_not_read(tmp_path):
    with (tmp_path / "1.png").open("wb") as file:
        file.truncate(trees.MAX_FILE_BYTES + 1)  # a hole, no bytes on the disk
    with pytest.raises(UnreadableError, match="larger than 512 MiB"):
        file_reader(tmp_path / "1.png")()


def test_the_largest_file_that_is_read_has_just_that_many_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(trees, "MAX_FILE_BYTES", 3)
    write_files(tmp_path, {"1.png": b"one", "2.png": b"more"})
    assert file_reader(tmp_path / "1.png")() == b"one"
    with pytest.raises(UnreadableError, match="larger than"):
        file_reader(tmp_path / "2.png")()


def test_names_come_apart_at_the_last_slash():
    assert (folder_of("a/b/c.png"), base_of("a/b/c.png")) == ("a/b", "c.png")
    assert (folder_of("c.png"), base_of("c.png")) == ("", "c.png")
