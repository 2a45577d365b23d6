import io
import threading

from rich.progress import Progress

from foldline.core import progress
from foldline.core.progress import showing_progress, telling_progress, tracking


def test_work_is_silent_when_nobody_watches(capsys):
    with tracking("decoding", 3) as advance:
        advance(3, "")
    assert capsys.readouterr() == ("", "")


def test_a_watched_bar_shows_what_was_done(monkeypatch):
    from rich.console import Console

    seen = io.StringIO()
    bars = Progress(console=Console(file=seen, force_terminal=True, width=100))
    token = progress._bars.set(bars)
    with bars, tracking("decoding", 3) as advance:
        advance(2, "almost")
        assert bars.tasks[0].completed == 2
        assert bars.tasks[0].fields["note"] == "almost"
        bars.refresh()
    progress._bars.reset(token)
    assert "decoding" in seen.getvalue()


def test_the_bar_ends_with_its_block(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # a terminal, says rich
    monkeypatch.setenv("TERM", "xterm")
    with showing_progress():
        assert progress._bars.get() is not None
    assert progress._bars.get() is None


def test_nothing_is_written_where_no_terminal_is(monkeypatch, capsys):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    with showing_progress(), tracking("decoding", 3) as advance:
        advance(3, "")
    assert capsys.readouterr() == ("", "")


def test_only_the_thread_that_listens_is_told():
    told = []

    def work(name):
        with tracking(name, 3) as advance:
            advance(2, "")

    with telling_progress(lambda *what: told.append(what)):
        work("here")
        other = threading.Thread(target=work, args=["elsewhere"])
        other.start()
        other.join()
    work("later")
    assert told == [("here", 0, 3), ("here", 2, 3)]
