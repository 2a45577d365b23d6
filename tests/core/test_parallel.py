import os
import threading
from itertools import pairwise
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foldline.core.errors import SettingError
from foldline.core.parallel import in_threads, n_cores, n_threads, row_chunks


@pytest.fixture
def three_threads(monkeypatch):
    monkeypatch.setenv("FOLDLINE_THREADS", "3")


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux binds a process to cores")
def test_cores_are_those_the_process_may_use():
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert n_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert n_cores() == len(allowed)


def test_cores_of_the_machine_are_counted_where_processes_are_not_bound(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 12)
    assert n_cores() == 12
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert n_cores() == 1


@pytest.mark.parametrize(("value", "expected"), [("5", 5), ("1", 1), ("", n_cores()), (None, n_cores())])
def test_threads_are_as_the_variable_says_or_one_a_core(monkeypatch, value, expected):
    monkeypatch.delenv("FOLDLINE_THREADS", raising=False)
    if value is not None:
        monkeypatch.setenv("FOLDLINE_THREADS", value)
    assert n_threads() == expected


@pytest.mark.parametrize("value", ["0", "-2", "two", "1.5", "²"])
def test_a_variable_that_counts_no_threads_is_refused(monkeypatch, value):
    monkeypatch.setenv("FOLDLINE_THREADS", value)
    with pytest.raises(SettingError, match=r"FOLDLINE_THREADS is .*; expected a whole number at least 1. Change"):
        n_threads()


@given(st.lists(st.integers()), st.integers(1, 5))
def test_threads_give_what_a_loop_gives_in_its_order(items, threads):
    with patch.dict(os.environ, FOLDLINE_THREADS=str(threads)):
        assert list(in_threads(lambda item: 2 * item, items)) == [2 * item for item in items]


@pytest.mark.usefixtures("three_threads")
def test_results_wait_for_a_slow_first_item():
    others_done = threading.Event()

    def work(item):
        assert item != 0 or others_done.wait(10)
        if item == 2:
            others_done.set()
        return item

    assert list(in_threads(work, range(3))) == [0, 1, 2]


@pytest.mark.usefixtures("three_threads")
def test_as_many_items_are_at_work_as_there_are_threads():
    together = threading.Barrier(3)
    assert sorted(in_threads(lambda _: together.wait(10), range(3))) == [0, 1, 2]


@pytest.mark.usefixtures("three_threads")
def test_few_items_are_drawn_ahead_of_the_results():
    drawn = []
    stream = (drawn.append(item) or item for item in range(100))
    for n_given, _ in enumerate(in_threads(abs, stream), start=1):
        assert len(drawn) - n_given <= 6  # one at work and one waiting for each thread
    assert n_given == 100


def test_one_thread_is_the_callers_own_and_draws_nothing_ahead(monkeypatch):
    monkeypatch.setenv("FOLDLINE_THREADS", "1")
    drawn = []
    results = in_threads(lambda _: threading.current_thread(), (drawn.append(item) or item for item in range(3)))
    assert next(results) is threading.current_thread()
    assert drawn == [0]


@pytest.mark.parametrize("threads", ["1", "3"])
def test_an_error_in_the_work_reaches_the_caller(monkeypatch, threads):
    monkeypatch.setenv("FOLDLINE_THREADS", threads)
    with pytest.raises(ZeroDivisionError):
        list(in_threads(lambda item: 1 // item, [2, 1, 0, 1]))


def test_five_rows_by_two_at_most_are_three_chunks(monkeypatch):
    monkeypatch.setenv("FOLDLINE_THREADS", "1")
    assert row_chunks(5, most=2) == [slice(0, 1), slice(1, 3), slice(3, 5)]
    assert row_chunks(0, most=2) == []


@given(st.integers(0, 300), st.integers(1, 50), st.integers(1, 6))
def test_chunks_cover_all_rows_in_order_and_give_each_thread_work(n_rows, most, threads):
    with patch.dict(os.environ, FOLDLINE_THREADS=str(threads)):
        chunks = row_chunks(n_rows, most=most)
    assert [row for chunk in chunks for row in range(chunk.start, chunk.stop)] == list(range(n_rows))
    assert all(before.stop == after.start for before, after in pairwise(chunks))
    sizes = {chunk.stop - chunk.start for chunk in chunks}
    assert max(sizes, default=0) <= most
    assert max(sizes, default=0) - min(sizes, default=0) <= 1
    assert len(chunks) >= min(threads, n_rows)
