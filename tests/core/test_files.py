import errno
import os

import pytest

from foldline.core.errors import MissingDataError, SaveError
from foldline.core.files import atomic_path, check_can_write, write_text


def test_a_finished_file_stands_under_its_name_alone(tmp_path):
    write_text(tmp_path / "new" / "report.html", "done")
    assert (tmp_path / "new" / "report.html").read_text() == "done"
    assert os.listdir(tmp_path / "new") == ["report.html"]


def test_an_interrupted_write_leaves_the_older_file(tmp_path):
    target = tmp_path / "model.safetensors"
    target.write_text("old")
    with pytest.raises(RuntimeError, match="interrupted"), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError("interrupted")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == [target.name]


def test_a_full_disk_is_a_save_error_and_leaves_the_older_file(tmp_path):
    target = tmp_path / "model.safetensors"
    target.write_text("old")
    with pytest.raises(SaveError, match=r"No space left on device.*Free some space"), atomic_path(target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == [target.name]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is always full")
def test_a_device_without_space_is_a_save_error(tmp_path):
    (tmp_path / "model").write_text("old")
    with (
        pytest.raises(SaveError, match="No space left"),
        atomic_path(tmp_path / "model"),
        open("/dev/full", "w") as full,
    ):
        full.write("x" * 100_000)
        full.flush()


def test_a_file_where_a_folder_is_needed_is_a_save_error(tmp_path):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(SaveError, match="could not be written"):
        write_text(tmp_path / "runs" / "report.html", "text")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_the_finished_file_has_the_users_usual_rights(tmp_path):
    write_text(tmp_path / "ours", "x")
    (tmp_path / "theirs").write_text("x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "theirs").stat().st_mode


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_is_followed_to_the_file_it_names(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "old").write_text("old")
    for name in ("old", "new"):
        (tmp_path / f"to {name}").symlink_to(f"far/{name}")
        write_text(tmp_path / f"to {name}", "done")
        assert (tmp_path / f"to {name}").is_symlink()
        assert (tmp_path / "far" / name).read_text() == "done"


def test_a_folder_is_not_replaced(tmp_path):
    with pytest.raises(
        SaveError, match=r"it is a folder\. Expected a file to replace, or a name that is free\. Choose"
    ):
        write_text(tmp_path, "text")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in folders")
def test_a_pipe_or_device_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SaveError, match=r"pipe could not be written: it is a device or the like\. Expected a file"):
        write_text(tmp_path / "pipe", "text")
    assert not (tmp_path / "pipe").is_file()
    assert os.listdir(tmp_path) == ["pipe"]


def test_an_error_of_ours_inside_keeps_its_name(tmp_path):
    with pytest.raises(MissingDataError, match="the data are gone"), atomic_path(tmp_path / "model"):
        raise MissingDataError("the data are gone")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_a_writer_that_narrows_the_rights_changes_nothing(tmp_path):
    (tmp_path / "theirs").write_text("x")
    with atomic_path(tmp_path / "ours") as temporary:
        temporary.chmod(0o600)
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "theirs").stat().st_mode


def test_the_rights_of_other_threads_files_are_never_touched(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "umask", None)  # it counts for the whole process
    write_text(tmp_path / "ours", "x")


def test_that_a_file_can_be_written_is_told_before_and_changes_nothing(tmp_path):
    kept = tmp_path / "kept.png"
    kept.write_text("old")
    check_can_write(kept)
    check_can_write(tmp_path / "new" / "folds.png")
    assert kept.read_text() == "old"
    assert os.listdir(tmp_path / "new") == []
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SaveError, match="could not be written"):
        check_can_write(tmp_path / "file" / "folds.png")
    with pytest.raises(SaveError, match="it is a folder"):
        check_can_write(tmp_path / "new")
