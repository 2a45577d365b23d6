import os

import pytest

from foldline.core import memory
from foldline.core.errors import DataError
from foldline.core.memory import check_memory


@pytest.fixture
def ten_gigabytes(monkeypatch):
    monkeypatch.setattr(memory, "_memory_bytes", lambda: 10e9)


@pytest.mark.usefixtures("ten_gigabytes")
def test_what_fits_into_the_share_passes():
    check_memory(7_000_000_000, "the set", fix="")


@pytest.mark.usefixtures("ten_gigabytes")
def test_what_does_not_fit_is_refused_with_both_sizes_and_the_mend():
    with pytest.raises(DataError) as caught:
        check_memory(7_000_000_001, "the set", fix="Choose a smaller size.")
    assert str(caught.value) == (
        "the set needs 7.0 GB of memory; expected at most 7.0 GB, 70% of this machine's. Choose a smaller size."
    )


@pytest.mark.skipif(not hasattr(os, "sysconf"), reason="Windows does not tell")
def test_the_machine_tells_its_memory(monkeypatch):
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1_000_000}.__getitem__)
    monkeypatch.setattr(memory, "_LIMIT_FILES", ())
    assert memory._memory_bytes() == 4096e6


def test_a_machine_that_does_not_tell_counts_for_16_gigabytes(monkeypatch):
    def untold(name):
        raise ValueError(name)

    monkeypatch.setattr(os, "sysconf", untold, raising=False)
    monkeypatch.setattr(memory, "_LIMIT_FILES", ())
    assert memory._memory_bytes() == 16e9


@pytest.mark.parametrize(("text", "expected"), [("5000000\n", 5e6), ("max\n", 16e9), ("9223372036854771712\n", 16e9)])
def test_a_container_may_use_what_its_limit_leaves(monkeypatch, tmp_path, text, expected):
    (tmp_path / "memory.max").write_text(text)
    monkeypatch.setattr(memory, "_installed_bytes", lambda: 16e9)
    monkeypatch.setattr(memory, "_LIMIT_FILES", (tmp_path / "memory.max", tmp_path / "not there"))
    assert memory._memory_bytes() == expected
