import io
import tarfile
import zipfile

import pytest

from foldline.core.errors import DataError
from foldline.images import archives
from foldline.images.archives import open_tree
from foldline.images.problems import UnreadableError
from foldline.images.trees import FolderTree
from image_files import kinds, tar_of, write_files, zip_of

FILES = {"a/1.png": b"one", "b/2.png": b"two", "b/deep/3.png": b"three" * 500}
ARCHIVES = {
    "photos.tar": tar_of(FILES),
    "photos.tar.gz": tar_of(FILES, packing="gz"),
    "photos.TGZ": tar_of(FILES, packing="gz"),
    "photos.tar.bz2": tar_of(FILES, packing="bz2"),
    "photos.tar.xz": tar_of(FILES, packing="xz"),
    "photos.zip": zip_of(FILES),
    "stored.zip": zip_of(FILES, packing=zipfile.ZIP_STORED),
}


@pytest.fixture
def opened(tmp_path, tree_at):
    """Open bytes as an archive of that name."""

    def opened(data, name):
        (tmp_path / name).write_bytes(data)
        return tree_at(tmp_path / name)

    return opened


def member(name, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_is_the_tree_that_was_packed(name, opened, tmp_path):
    tree = opened(ARCHIVES[name], name)
    folder = FolderTree(write_files(tmp_path / "folder", FILES))
    assert set(tree.names) == set(folder.names)
    for file in folder.names:
        assert tree.fetch(file)() == folder.fetch(file)()
        with tree.open(file) as stored:
            stored.seek(1)
            assert stored.read() == FILES[file][1:]
    assert tree.problems == ()
    assert tree.where == str(tmp_path / name)


@pytest.mark.parametrize("name", ARCHIVES)
def test_nothing_is_unpacked_and_the_archive_stays_as_it_was(name, opened, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tree = opened(ARCHIVES[name], name)
    for file in tree.names:
        tree.fetch(file)()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == ARCHIVES[name]


def test_names_stand_in_the_order_in_which_they_are_stored(opened):
    files = dict.fromkeys(("z.png", "a.png", "m.png"), b"")
    assert opened(tar_of(files), "x.tar").names == tuple(files)
    assert opened(zip_of(files), "x.zip").names == tuple(files)


def test_a_folder_and_a_plain_file_are_no_archives(tmp_path):
    (tmp_path / "folder.tar").mkdir()
    (tmp_path / "one.npz").write_bytes(b"")
    assert isinstance(open_tree(tmp_path / "folder.tar"), FolderTree)
    assert isinstance(open_tree(tmp_path / "one.npz"), FolderTree)


def test_links_and_devices_in_a_tar_are_refused(opened):
    others = [
        member("a/soft.png", tarfile.SYMTYPE, "/etc/passwd"),
        member("a/hard.png", tarfile.LNKTYPE, "a/1.png"),
        member("a/pipe.png", tarfile.FIFOTYPE),
        member("a/disk.png", tarfile.BLKTYPE),
        member("a/folder", tarfile.DIRTYPE),
    ]
    tree = opened(tar_of(FILES, others=others), "x.tar")
    assert tree.names == tuple(FILES)
    assert kinds(tree.problems) == [
        ("skipped", "a/soft.png", "a link in an archive"),
        ("skipped", "a/hard.png", "a link in an archive"),
        ("skipped", "a/pipe.png", "not a regular file"),
        ("skipped", "a/disk.png", "not a regular file"),
    ]


def test_a_link_in_a_zip_is_refused(opened):
    link = zipfile.ZipInfo("a/soft.png")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/1.png", b"one")
        archive.writestr(link, "/etc/passwd")
        archive.mkdir("a/folder")
    tree = opened(buffer.getvalue(), "x.zip")
    assert tree.names == ("a/1.png",)
    assert kinds(tree.problems) == [("skipped", "a/soft.png", "a link in an archive")]


@pytest.mark.parametrize("pack", [tar_of, zip_of])
@pytest.mark.parametrize("name", ["../out.png", "a/../../out.png", "/etc/out.png", "..\\out.png"])
def test_paths_that_lead_out_are_refused(name, pack, opened):
    tree = opened(pack({name: b"evil", "a/1.png": b"one"}), f"x.{pack.__name__[:3]}")
    assert tree.names == ("a/1.png",)
    assert kinds(tree.problems) == [("skipped", name.replace("\\", "/"), "its path leads out of the archive")]


def test_names_are_cleared_of_detours(opened):
    assert opened(tar_of({"./a//1.png": b"", "b\\2.png": b""}), "x.tar").names == ("a/1.png", "b/2.png")


def test_names_that_are_no_text_are_written_out_and_still_read(opened):
    tree = opened(tar_of({"caf\udce9/1.png": b"one"}), "x.tar")
    assert tree.names == ("caf\\udce9/1.png",)
    assert tree.fetch(tree.names[0])() == b"one"


def _twice(pack):
    data = io.BytesIO(pack({"a/1.png": b"old", "b/2.png": b"two"}))
    if pack is tar_of:
        with tarfile.open(fileobj=data, mode="a") as archive:
            info = member("./a/1.png")
            info.size = 3
            archive.addfile(info, io.BytesIO(b"new"))
    else:
        with zipfile.ZipFile(data, "a") as archive:
            archive.writestr("./a/1.png", b"new")
    return data.getvalue()


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_of_a_name_that_stands_twice_the_later_is_read_and_told(pack, opened):
    tree = opened(_twice(pack), f"x.{pack.__name__[:3]}")
    assert tree.names == ("b/2.png", "a/1.png")
    assert tree.fetch("a/1.png")() == b"new"
    assert kinds(tree.problems) == [("skipped", "a/1.png", "stands twice in the archive; the later one is read")]


def test_an_encrypted_member_is_refused(opened):
    data = bytearray(zip_of({"a/1.png": b"one", "a/2.png": b"two"}))
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    tree = opened(bytes(data), "x.zip")
    assert tree.names == ("a/2.png",)
    assert kinds(tree.problems) == [("skipped", "a/1.png", "encrypted")]


def test_a_damaged_member_of_a_zip_is_unreadable_and_the_others_are_not(opened):
    data = bytearray(zip_of(FILES, packing=zipfile.ZIP_STORED))
    data[data.index(b"one")] ^= 1
    tree = opened(bytes(data), "x.zip")
    with pytest.raises(UnreadableError, match=r"damaged in the archive \(Bad CRC-32\)"):
        tree.fetch("a/1.png")()
    assert tree.fetch("b/2.png")() == b"two"


def test_an_unknown_way_of_packing_is_unreadable(opened):
    data = bytearray(zip_of({"a/1.png": b"one"}))
    data[data.index(b"PK\x03\x04") + 8] = data[data.index(b"PK\x01\x02") + 10] = 99
    with pytest.raises(UnreadableError, match=r"damaged in the archive \(That compression method is not supported\)"):
        opened(bytes(data), "x.zip").fetch("a/1.png")()


@pytest.mark.parametrize("name", ["photos.tar.gz", "photos.zip"])
def test_a_member_that_unpacks_to_too_much_is_not_read(name, opened, monkeypatch):
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 2500)
    assert opened(ARCHIVES[name], name).fetch("b/deep/3.png")() == FILES["b/deep/3.png"]
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 2499)
    tree = opened(ARCHIVES[name], name)
    with pytest.raises(UnreadableError, match="larger than"):
        tree.fetch("b/deep/3.png")()
    assert tree.fetch("a/1.png")() == b"one"


@pytest.mark.parametrize("name", ["photos.tar", "photos.zip"])
def test_a_closed_archive_gives_nothing_more(name, opened):
    tree = opened(ARCHIVES[name], name)
    tree.close()
    with pytest.raises(UnreadableError, match="closed"):
        tree.fetch("a/1.png")()


@pytest.mark.parametrize("data", [b"", b"no archive at all", bytes(100)])
@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz", "x.zip"])
def test_what_is_no_archive_is_refused(name, data, opened, tmp_path):
    with pytest.raises(DataError) as caught:
        opened(data, name)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / name} cannot be read as an archive (")
    assert message.endswith("); expected a whole .tar, .tar.gz or .zip. Fetch or pack it again.")
    assert "\n" not in message


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_cut_in_half_is_refused(name, opened):
    data = ARCHIVES[name]
    with pytest.raises(DataError, match="cannot be read as an archive"):
        opened(data[: len(data) // 2 - 100 * (name == "photos.tar")], name)


@pytest.mark.parametrize("packing", ["", "gz"])
def test_a_damaged_header_in_the_middle_does_not_end_a_tar_in_silence(packing, opened):
    data = bytearray(ARCHIVES["photos.tar"])
    data[1024] ^= 0xFF  # the second of three headers
    if packing:
        import gzip

        data = gzip.compress(data)
    with pytest.raises(DataError, match=r"cannot be read as an archive \(damaged behind its first 1 files\)"):
        opened(bytes(data), f"x.tar.{packing}" if packing else "x.tar")


def test_zeros_behind_a_damaged_header_are_not_taken_for_the_end(opened):
    data = bytearray(tar_of({"a/1.png": bytes(2_000)}))
    data[0] ^= 0xFF
    two = tar_of({"a/0.png": bytes(10)})[:1024] + bytes(data)
    with pytest.raises(DataError, match="damaged behind its first 1 files"):
        opened(two, "x.tar")


def test_a_tar_cut_off_between_two_members_is_told(opened, tmp_path):
    tree = opened(ARCHIVES["photos.tar"][:2048], "x.tar")
    assert tree.names == ("a/1.png", "b/2.png")
    what = "the archive has no end mark: it may have been cut off"
    assert kinds(tree.problems) == [("warning", str(tmp_path / "x.tar"), what)]
