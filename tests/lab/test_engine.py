import json
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import pytest

from foldline.lab.engine import ANSWER, COMMAND
from foldline.lab.engine_session import MOST_UNDER_WAY, EngineSession
from foldline.lab.frames import decode_frame
from foldline.lab.pages import LabPage, Picture
from foldline.lab.playground import Playground
from foldline.lab.state import LabState, state_to_json

SMALL = {"points": 60, "hidden": [6]}


@contextmanager
def engine():
    words = [sys.executable, "-m", "foldline.lab.engine"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def say(process, session, **command):
    data = json.dumps(command).encode()
    process.stdin.write(COMMAND.pack(session, len(data)) + data)
    process.stdin.flush()


def hear(process):
    session, is_frame, length = ANSWER.unpack(process.stdout.read(ANSWER.size))
    data = process.stdout.read(length)
    return session, decode_frame(data) if is_frame else json.loads(data)


def test_an_engine_serves_sessions_in_turn_and_ends_with_its_input():
    with engine() as process:
        for session, width in ((1, 4), (2, 5)):
            say(process, session, do="open")
            say(process, session, do="set", state=SMALL | {"hidden": [width]})
        seen = dict(hear(process) for _ in range(2))
        assert {session: frame.meta["layers"][0] for session, frame in seen.items()} == {1: [4, 2], 2: [5, 2]}
        say(process, 1, do="close")
        say(process, 1, do="look", x=0.0, y=0.0)
        say(process, 2, do="look", x=0.0, y=0.0)
        session, answer = hear(process)
        assert session == 2
        assert answer["look"]["exact"]
        process.stdin.close()
        assert process.wait(timeout=10) == 0
        assert process.stderr.read() == b""


def test_a_saved_net_comes_as_a_frame_that_nobody_acknowledges():
    with engine() as process:
        say(process, 1, do="open")
        say(process, 1, do="save")
        assert "there is no state yet" in hear(process)[1]["error"]
        say(process, 1, do="set", state=SMALL)
        assert hear(process)[1].kind == "playground"
        for _ in range(3):
            say(process, 1, do="save")
        files = [hear(process)[1] for _ in range(3)]
        assert {file.kind for file in files} == {"model"}
        assert len({file.arrays["bytes"].tobytes() for file in files}) == 1
        say(process, 1, do="play")
        assert hear(process)[1].kind == "playground"


def test_an_engine_whose_server_was_killed_ends_in_silence():
    with engine() as process:
        say(process, 1, do="open")
        say(process, 1, do="set", state=SMALL)
        hear(process)
        process.stdout.close()
        say(process, 1, do="look", x=0.0, y=0.0)
        assert process.wait(timeout=10) == 0
        assert process.stderr.read() == b""


def test_of_several_states_the_newest_alone_is_made(monkeypatch):
    made = []

    class Counted(Playground):
        def __init__(self, state, given):
            made.append(state.hidden)
            super().__init__(state, given)

    monkeypatch.setattr("foldline.lab.playground.Playground", Counted)
    session = EngineSession()
    for width in (3, 4, 5):
        assert session.do({"do": "set", "state": state_to_json(LabState(hidden=(width,)))}) is None
    frame, _ = session.frame()
    assert decode_frame(frame).meta["layers"][0] == [5, 2]
    assert made == [(5,)]
    assert session.due_s() is None


def test_a_page_that_draws_by_itself_pauses_the_one_before_and_asks_nothing_of_the_engine():
    session = EngineSession()
    session.do({"do": "set", "state": SMALL})
    session.do({"do": "play"})
    assert decode_frame(session.frame()[0]).meta["playing"]
    session.do({"do": "set", "state": SMALL | {"page": "warp"}})
    assert session.frame() == (None, None)
    assert session.due_s() is None
    assert "warp is drawn without the engine" in json.loads(session.do({"do": "play"}))["error"]
    session.do({"do": "set", "state": SMALL})
    frame = decode_frame(session.frame()[0])
    assert frame.kind == "playground"
    assert frame.meta["step"] > 0
    assert not frame.meta["playing"]


def test_a_page_with_more_to_compute_goes_on_frame_by_frame(monkeypatch):
    class Working(Playground):
        left = 3

        @property
        def is_working(self):
            return self.left > 0

        def work(self, until_s):
            self.left -= 1

    monkeypatch.setattr("foldline.lab.playground.Playground", Working)
    session = EngineSession()
    session.do({"do": "set", "state": SMALL})
    n_frames = 0
    while session.due_s() is not None:
        frame, _ = session.frame()
        session.do({"do": "ack", "frame": decode_frame(frame).number})
        n_frames += 1
    assert n_frames == 3


def test_a_mistake_of_ours_is_told_pauses_and_leaves_the_session(monkeypatch, capsys):
    session = EngineSession()
    session.do({"do": "set", "state": state_to_json(LabState(points=60, hidden=(6,)))})
    frame, text = session.frame()
    assert text is None
    assert decode_frame(frame).meta["step"] == 0
    monkeypatch.setattr("foldline.lab.playground.Playground.train", lambda self, n: 1 / 0)
    session.do({"do": "play"})
    frame, text = session.frame()
    assert "the engine stumbled (ZeroDivisionError: division by zero), a mistake of ours" in json.loads(text)["error"]
    assert not decode_frame(frame).meta["playing"]
    assert "ZeroDivisionError" in capsys.readouterr().err
    monkeypatch.undo()
    assert session.do({"do": "ack", "frame": 0}) is None
    assert session.do({"do": "step"}) is None
    assert decode_frame(session.frame()[0]).meta["step"] == 1


def test_a_state_that_was_refused_is_refused_until_another_comes():
    session = EngineSession()
    session.do({"do": "set", "state": SMALL})
    session.frame()
    session.do({"do": "set", "state": SMALL | {"data": "csv"}})
    assert "no CSV file was given" in json.loads(session.frame()[1])["error"]
    for do in ("play", "step"):
        assert "no CSV file was given" in json.loads(session.do({"do": do}))["error"]
    session.do({"do": "pause"})
    assert session.frame()[1] is None
    session.do({"do": "set", "state": SMALL | {"lr": 0.1}})
    assert session.do({"do": "step"}) is None
    meta = decode_frame(session.frame()[0]).meta
    assert meta["step"] == 1
    assert not meta["playing"]


def test_a_step_that_fails_is_shown_with_its_note():
    session = EngineSession()
    diverging = {"batch": 10, "optimizer": "sgd", "lr": 10, "momentum": 0.99, "hidden": [20, 20]}
    session.do({"do": "set", "state": SMALL | diverging})
    while (text := session.do({"do": "step"})) is None:
        session.do({"do": "ack", "frame": decode_frame(session.frame()[0]).number})
    assert "Lower lr" in json.loads(text)["error"]
    assert session.due_s() is not None
    assert "reset the net" in decode_frame(session.frame()[0]).meta["note"]


class Album(LabPage):
    """A page of one large array."""

    def __init__(self):
        self.photos = np.zeros(4, np.uint8)

    def change(self, state, given):
        """Nothing can be changed."""

    def picture(self, *, is_playing):
        return Picture(meta={}, arrays={"step": np.ones(1, np.uint8)}, kept={"photos": self.photos})


def test_an_array_that_stays_is_sent_once_for_each_page():
    session, albums = EngineSession(), {"playground": Album(), "images": Album()}
    session._pages.update(albums)

    def sent(page):
        session.do({"do": "set", "state": state_to_json(LabState(page=page))})
        data, _ = session.frame()
        found = decode_frame(data)
        session.do({"do": "ack", "frame": found.number})
        return sorted(found.arrays), found.meta["as_before"]

    everything, changed = (["photos", "step"], []), (["step"], ["photos"])
    assert [sent("playground"), sent("playground")] == [everything, changed]
    assert [sent("images"), sent("playground")] == [everything, changed]
    albums["playground"].photos = albums["playground"].photos.copy()
    assert [sent("playground"), sent("playground")] == [everything, changed]


def test_a_picture_that_cannot_be_written_is_not_under_way():
    class Broken(Album):
        left = 4

        def picture(self, *, is_playing):
            self.left -= 1
            return Picture(meta={"loss": float("nan") if self.left > 0 else 0.0}, arrays={})

    session = EngineSession()
    session._pages["playground"] = Broken()
    for _ in range(3):
        session.do({"do": "set", "state": SMALL})
        frame, text = session.frame()
        assert frame is None
        assert "a mistake of ours" in json.loads(text)["error"]
    session.do({"do": "set", "state": SMALL})
    assert session.due_s() is not None
    assert decode_frame(session.frame()[0]).meta["loss"] == 0.0


@pytest.mark.parametrize("command", [{"do": "reset"}, {"do": "seek", "step": 0}, {"do": "save"}])
def test_what_was_refused_is_not_reset_or_saved_as_what_was_before(command):
    session = EngineSession()
    session.do({"do": "set", "state": SMALL})
    session.frame()
    session.do({"do": "set", "state": SMALL | {"data": "csv"}})
    session.frame()
    assert "no CSV file was given" in json.loads(session.do(command))["error"]


def test_a_session_that_ends_ends_what_its_pages_have_begun():
    closed = []

    class Busy(Album):
        def close(self):
            closed.append(self)

    session = EngineSession()
    session._pages["images"] = Busy()
    session.close()
    assert closed == [session._pages["images"]]


class Waiting(Album):
    """A page whose work is done in a thread."""

    works_elsewhere = is_working = True

    def work(self, until_s):
        """Ask and go on."""
        assert until_s <= time.monotonic()


def test_a_page_that_waits_for_threads_holds_nobody_up_and_is_asked_less_often():
    session = EngineSession()
    session._pages["playground"] = Waiting()
    session.do({"do": "set", "state": SMALL})
    before = time.monotonic()
    session.frame()
    assert session.due_s() - before >= 0.1


def test_after_a_picture_that_failed_none_is_tried_before_the_next_command():
    class Broken(Waiting):
        def picture(self, *, is_playing):
            raise ValueError("no picture")

    session = EngineSession()
    session._pages["playground"] = Broken()
    session.do({"do": "set", "state": SMALL})
    assert "no picture" in session.frame()[1]
    assert session.due_s() is None
    session.do({"do": "ack", "frame": 0})
    assert session.due_s() is None
    session.do({"do": "set", "state": SMALL})
    assert session.due_s() is not None


def test_looking_where_nothing_is_pauses_nothing():
    session = EngineSession()
    session._pages["playground"] = Album()
    session.do({"do": "set", "state": SMALL})
    session._is_playing = True
    assert "nothing to point at" in json.loads(session.do({"do": "look", "x": 0.0, "y": 0.0}))["error"]
    assert session._is_playing


def test_a_changed_setting_waits_for_no_pictures_turn():
    session = EngineSession()
    session.do({"do": "set", "state": SMALL})
    session.frame()
    session.do({"do": "play"})
    turn_s = session.due_s()
    session.do({"do": "set", "state": SMALL | {"lr": 0.1}})
    assert session.due_s() <= time.monotonic()
    assert session.due_s() < turn_s


def test_a_changed_setting_waits_for_no_picture_that_is_still_drawn_but_does_not_pile_them_up():
    session = EngineSession()
    session.do({"do": "set", "state": SMALL})
    session.do({"do": "play"})
    frames = []
    while session.due_s() is not None:
        frames.append(session.frame()[0])
    assert len(frames) == MOST_UNDER_WAY
    session.do({"do": "set", "state": SMALL | {"lr": 0.1}})
    assert session.due_s() is not None
    session.frame()
    session.do({"do": "set", "state": SMALL | {"lr": 0.2}})
    assert session.due_s() is None


def test_a_changed_setting_is_shown_before_it_is_trained_with_and_training_goes_on_while_changes_come():
    session = EngineSession()
    session.do({"do": "set", "state": SMALL})
    session.do({"do": "play"})
    steps = []
    for lr in (0.1, 0.2, 0.3, 0.3):
        session.do({"do": "set", "state": SMALL | {"lr": lr}})
        frame = decode_frame(session.frame()[0])
        session.do({"do": "ack", "frame": frame.number})
        steps.append(frame.meta["steps"])
    assert [n > 0 for n in steps] == [False, True, False, True]
