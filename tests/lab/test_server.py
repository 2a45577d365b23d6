import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from foldline.core.errors import DataError, MissingDataError, MissingExtraError, SettingError
from foldline.lab import engine_link, server
from foldline.lab.address import kept_token, listen
from foldline.lab.frames import decode_frame
from foldline.lab.serving import run_lab
from foldline.lab.state import schema
from lab.live import PATIENCE_S, Page, running_lab

SMALL = {"points": 60, "hidden": [6], "batch": 10}
DIVERGING = {"optimizer": "sgd", "lr": 10, "momentum": 0.99, "hidden": [20, 20]}


@pytest.fixture(scope="module")
def lab():
    with running_lab() as lab:
        yield lab


def test_the_page_is_served_with_its_types_and_policy(lab):
    answer = httpx.get(lab.url)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    for name in server.PAGE.iterdir():
        expected = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}
        assert httpx.get(lab.url + name.name).headers["content-type"].split(";")[0] == expected[name.suffix]
    assert httpx.get(lab.url + "schema.json").json() == json.loads(json.dumps(schema()))


@pytest.mark.parametrize(
    "name", ["missing.js", "..%2fserver.py", "a%00.js", "..%2f..%2fcompare%2fpage%2freport.css", "%2fetc%2fpasswd"]
)
def test_nothing_but_the_page_is_served(lab, name):
    answer = httpx.get(lab.url + name)
    assert answer.status_code == 404
    assert answer.text == "there is no such file in the lab"


@pytest.mark.parametrize("path", ["", "schema.json", "x/schema.json", "{token}", "{token}x/", "%20{token}/", "ü/"])
def test_without_the_token_nothing_is_answered(lab, path):
    answer = httpx.get(f"http://{lab.host}/{path.format(token=lab.token)}")
    assert answer.status_code == 403
    assert "has no token" in answer.text
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "0.0.0.0:{port}", ""]
)
def test_another_host_is_refused(lab, host):
    host = host.format(port=lab.port)
    assert httpx.get(lab.url, headers={"Host": host}).status_code == 403
    for origin in (f"http://{host}", None) if host else ():
        with pytest.raises(InvalidStatus, match="403"), lab.page(host=host, origin=origin):
            pass


def test_localhost_is_another_name_of_this_machine(lab):
    assert httpx.get(lab.url, headers={"Host": f"localhost:{lab.port}"}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "https://127.0.0.1:{port}", "http://127.0.0.1:1"]
)
def test_a_foreign_origin_is_refused(lab, origin):
    origin = origin.format(port=lab.port)
    with pytest.raises(InvalidStatus, match="403"), lab.page(origin=origin):
        pass
    headers = {"Origin": origin} if origin else {}
    assert httpx.post(lab.url + "data", content="0,1,a\n1,0,b", headers=headers).status_code == 403
    if origin:
        assert httpx.get(lab.url, headers=headers).status_code == 403


def test_a_connection_without_the_token_is_refused(lab):
    for path in ("/ws", f"/{lab.token[1:]}/ws", f"/ws?token={lab.token}"):
        with pytest.raises(InvalidStatus, match="403"), lab.page(path=path):
            pass


def test_other_methods_are_refused(lab):
    assert httpx.request("DELETE", lab.url).status_code == 403


def test_a_page_trains_a_net_and_looks_at_it(lab):
    with lab.page() as page:
        page.say("set", state=SMALL | {"lr": 0.03})
        first = page.frame()
        assert first.meta["step"] == 0
        assert not first.meta["playing"]
        page.say("play")
        trained = page.frame(lambda meta: meta["step"] > 300)
        assert trained.meta["playing"]
        assert trained.meta["loss"]["train"] < first.meta["loss"]["train"]
        page.say("pause")
        paused = page.frame(lambda meta: not meta["playing"])
        page.say("look", x=0.5, y=-0.5)
        look = page.text()["look"]
        scores = np.array(look["W"]) @ [0.5, -0.5] + look["b"]
        assert look["top"] == int(scores.argmax())
        page.say("step")
        assert page.frame().meta["step"] == paused.meta["step"] + 1
        page.say("seek", step=0)
        assert page.frame().meta["step"] == 0
        page.say("reset")
        again = page.frame()
        assert again.meta["last_step"] == 0
        assert np.array_equal(again.arrays["weights"], first.arrays["weights"])


def test_no_more_than_two_frames_are_under_way(lab):
    with lab.page() as page:
        page.say("set", state=SMALL)
        page.frame()
        page.say("play")
        frames = [page.socket.recv(timeout=PATIENCE_S) for _ in range(2)]
        with pytest.raises(TimeoutError):
            page.socket.recv(timeout=1.0)
        for frame in frames:
            page.say("ack", frame=decode_frame(frame).number)
        page.frame()


def test_numbers_change_while_it_plays(lab):
    with lab.page() as page:
        page.say("set", state=SMALL)
        page.say("play")
        page.frame(lambda meta: meta["step"] > 20)
        page.say("set", state=SMALL | {"lr": 0.5})
        page.frame(lambda meta: meta["step"] > 60)
        page.say("set", state=SMALL | {"hidden": [5, 5]})
        other = page.frame(lambda meta: meta["layers"] == [[5, 2], [5, 5], [3, 5]])
        assert other.meta["playing"]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("", "the message is no JSON"),
        ("nonsense", "the message is no JSON"),
        ("[" * 60_000, "the message is no JSON"),
        ("9" * 60_000, "the message is no JSON"),
        ("[]", "the message asks for"),
        ('{"do": "fly"}', "the message asks for 'fly'; expected"),
        ('{"do": []}', "the message asks for"),
        ('{"do": "set"}', "state is None; expected an object"),
        ('{"do": "set", "state": {"lr": NaN}}', "lr is nan; expected a number"),
        ('{"do": "set", "state": {"\\ud800": 1}}', "state has a field"),
        ('{"do": "seek", "step": -1}', "step is -1; expected a whole number"),
        ('{"do": "look", "x": 1e999, "y": 0}', "x is inf; expected a number"),
        ('{"do": "ack"}', "frame is None; expected a whole number"),
        (b"\x00\x01", "the message is binary; expected a text"),
        ('{"do": "set", "state": {"clicked": "' + "a" * 70_000 + '"}}', "the message has 70,"),
        ("ü" * 40_000, "the message has 40,000 characters; expected at most 65,536 bytes"),
    ],
)
def test_what_cannot_be_understood_is_told_and_the_session_lives_on(lab, message, words):
    with lab.page() as page:
        page.say("set", state=SMALL)
        page.frame()
        page.socket.send(message)
        error = page.text()["error"]
        assert words in error
        assert len(error) < 600
        page.say("step")
        assert page.frame().meta["step"] == 1


def test_a_thousand_random_messages_do_not_end_a_session(lab):
    chance = random.Random(0)
    with lab.page() as page:
        page.say("set", state=SMALL)
        page.frame()
        heard = 0
        for _ in range(1000):
            data = chance.randbytes(chance.randrange(200))
            page.socket.send(data if chance.random() < 0.5 else data.decode("latin-1"))
        while heard < 1000:
            heard += "error" in page.text()
        page.say("step")
        assert page.frame().meta["step"] == 1


def test_random_commands_do_not_end_a_session(lab):
    chance = random.Random(1)
    words = ("set", "play", "pause", "step", "reset", "seek", "look", "save", "ack")
    fields = [field["name"] for field in schema()["fields"]]
    values = [0, 1, -1, 2.5, True, None, "x", [], [1], ["x", "y"], {}, 1e300, "points", "relu", [0, 1, 0, 1]]
    with lab.page() as page:
        for _ in range(300):
            state = {chance.choice(fields): chance.choice(values) for _ in range(chance.randrange(3))}
            more = {"step": chance.choice(values), "x": chance.choice(values), "y": 0, "frame": chance.choice(values)}
            page.say(chance.choice(words), state=state, **more)
        page.say("set", state=SMALL | {"hidden": [4]})
        while not (isinstance(answer := page.hear(), dict) or answer.meta["layers"] == [[4, 2], [3, 4]]):
            pass
        page.say("pause")
        page.say("look", x=0, y=0)
        while "look" not in page.text():
            pass


def test_a_far_too_large_message_closes_that_connection_alone(lab):
    with lab.page() as other, lab.page() as page:
        other.say("set", state=SMALL)
        other.frame()
        with pytest.raises(ConnectionClosed) as closed:
            page.socket.send("a" * (2**20 + 1))
            page.socket.recv(timeout=10)
        assert closed.value.rcvd.code == 1009
        other.say("step")
        assert other.frame().meta["step"] == 1


def test_commands_before_a_state_are_told(lab):
    with lab.page() as page:
        page.say("play")
        assert "expected 'set' before anything else" in page.text()["error"]


def test_a_loss_that_diverges_pauses_and_is_told(lab):
    with lab.page() as page:
        page.say("set", state=SMALL | DIVERGING)
        page.say("play")
        assert "Lower lr" in page.text()["error"]
        assert not page.frame().meta["playing"]


def test_sessions_are_apart_and_their_number_is_bounded(lab, monkeypatch):
    monkeypatch.setattr(server, "MOST_SESSIONS", 3)
    with ExitStack() as stack:
        pages = [stack.enter_context(lab.page()) for _ in range(3)]
        for i, page in enumerate(pages):
            page.say("set", state=SMALL | {"hidden": [i + 2]})
        for i, page in enumerate(pages):
            assert page.frame().meta["layers"][0] == [i + 2, 2]
        with lab.page() as page:
            assert "3 pages are open; expected no more" in page.text()["error"]
            with pytest.raises(ConnectionClosed):
                page.hear()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:  # the server sees the pages leave a little later
        with lab.page() as page:
            page.say("set", state=SMALL)
            if not isinstance(page.hear(), dict):
                return
    raise AssertionError("closed pages still count")


def test_a_file_is_taken_and_learned_from(lab):
    headers = {"Origin": f"http://{lab.host}"}
    with lab.page() as page:
        answer = httpx.post(lab.url + "data", content="x,y,kind\n0,1,cat\n1,0,dog\n2,2,cat", headers=headers)
        assert answer.json() == {"points": 3, "classes": ["cat", "dog"], "columns": ["x", "y"]}
        page.say("set", state={"data": "csv"})
        assert page.frame().meta["class_names"] == ["cat", "dog"]
    for content, words in ((b"0,1\n", "has 1 point;"), (b"\xff\xfe", "no UTF-8"), (b"1,1,a\n" * 2_000_000, "bytes")):
        refused = httpx.post(lab.url + "data", content=content, headers=headers)
        assert refused.status_code == 422
        assert words in refused.json()["error"]


def test_two_columns_of_a_file_are_learned_from_and_a_few_rows_of_it_told():
    with running_lab() as lab, lab.page() as page:
        text = "a,b,c,kind\n0,1,5,cat\n1,0,3,dog\n2,2,1,cat"
        httpx.post(lab.url + "data", content=text, headers={"Origin": f"http://{lab.host}"})
        page.say("set", state={"data": "csv", "columns": [2, 0]})
        meta = page.frame().meta
        assert (meta["axes"], meta["columns"]) == (["c", "a"], ["a", "b", "c"])
        page.say("pairs")
        told = page.text()["pairs"]
        assert (told["columns"], told["labels"], np.shape(told["rows"])) == (["a", "b", "c"], [0, 1, 0], (3, 3))
        page.say("set", state=SMALL)
        page.say("pairs")
        assert "these points are of no table; expected a CSV file or images." in page.text()["error"]
        page.say("set", state={"data": "csv", "columns": [2, 3]})
        assert "columns is 2,3 and there are 3 columns of numbers" in page.text()["error"]


def test_an_engine_that_died_is_started_again_and_the_page_told(lab, monkeypatch):
    monkeypatch.setattr(engine_link, "QUICK_DEATH_S", 0.0)
    with lab.page() as page:
        page.say("set", state=SMALL | {"hidden": [9]})
        page.say("play")
        page.frame(lambda meta: meta["step"] > 20)
        kill_engines_of_this_process()
        while "restarted" not in (told := page.text()):
            pass
        assert "started again with your settings" in told["error"]
        again = page.frame(lambda meta: meta["step"] > 20)
        assert again.meta["layers"] == [[9, 2], [3, 9]]
        assert again.meta["playing"]


def test_an_engine_that_is_started_again_does_not_play_what_had_paused_itself(lab, monkeypatch):
    monkeypatch.setattr(engine_link, "QUICK_DEATH_S", 0.0)
    with lab.page() as page:
        page.say("set", state=SMALL | DIVERGING)
        page.say("play")
        assert "Lower lr" in page.text()["error"]
        page.frame(lambda meta: not meta["playing"])
        kill_engines_of_this_process()
        while "restarted" not in page.text():
            pass
        first = page.frame()
        assert not first.meta["playing"]
        assert first.meta["step"] == 0


def test_an_engine_that_is_started_again_plays_on_after_an_error_that_paused_nothing(lab, monkeypatch):
    monkeypatch.setattr(engine_link, "QUICK_DEATH_S", 0.0)
    with lab.page() as page:
        page.say("set", state=SMALL)
        page.say("play")
        page.frame(lambda meta: meta["step"] > 20)
        page.say("pairs")
        told = page.text()
        assert ("of no table" in told["error"], told["pauses"]) == (True, False)
        assert page.frame().meta["playing"]
        kill_engines_of_this_process()
        while "restarted" not in page.text():
            pass
        page.frame(lambda meta: meta["playing"] and meta["step"] > 20)


def test_an_engine_that_is_started_again_plays_on_once_it_has_read_the_images(lab, monkeypatch):
    monkeypatch.setattr(engine_link, "QUICK_DEATH_S", 0.0)

    def plays(page):
        """Wait until it trains; give the texts meanwhile."""
        texts = []
        while True:
            answer = page.hear()
            if isinstance(answer, dict):
                texts.append(answer)
            elif answer.meta["playing"] and answer.meta["step"] > 20:
                return texts

    with lab.page() as page:
        page.say("set", state=SMALL | {"data": "images", "images": "digits"})
        page.say("play")
        plays(page)
        kill_engines_of_this_process()
        while "restarted" not in page.text():  # frames from before tell nothing
            pass
        assert [text for text in plays(page) if "error" in text] == []


def engines_of_this_process():
    found = subprocess.run(["ps", "-o", "pid=,ppid=,args=", "-A"], capture_output=True, text=True, check=True).stdout
    processes = [line.split(maxsplit=2) for line in found.splitlines()]
    return {int(pid) for pid, parent, args in processes if int(parent) == os.getpid() and "foldline.lab.engine" in args}


def kill_engines_of_this_process():
    for pid in engines_of_this_process():
        os.kill(pid, signal.SIGKILL)


def test_a_token_is_kept_for_this_user_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("FOLDLINE_CACHE", str(tmp_path))
    token = kept_token()
    assert len(token) >= 32
    assert kept_token() == token
    if os.name == "posix":
        assert (tmp_path / "lab" / "token").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "damaged",
    [b"short", b"\xff\xfe", b"", "ü".encode() * 40, b"a\x00" * 20],
    ids=["short", "no text", "empty", "no ASCII", "zeros"],
)
def test_a_damaged_token_is_made_anew(tmp_path, monkeypatch, damaged):
    monkeypatch.setenv("FOLDLINE_CACHE", str(tmp_path))
    token = kept_token()
    (tmp_path / "lab" / "token").write_bytes(damaged)
    assert kept_token() != token
    assert len(kept_token()) >= 32
    assert kept_token().isascii()
    assert (tmp_path / "lab" / "token").read_bytes() != damaged


def test_a_port_that_is_taken_is_told():
    with listen(None) as taken:
        port = taken.getsockname()[1]
        assert taken.getsockname()[0] == "127.0.0.1"
        with pytest.raises(SettingError, match=f"port is {port} .*; expected a free one"):
            listen(port)
        with listen(None) as other:
            assert other.getsockname()[1] != port
    with pytest.raises(SettingError, match="port is 80; expected a whole number from 1024"):
        listen(80)


def test_a_file_that_is_not_there_is_told_and_no_engine_is_left_behind(tmp_path):
    before = engines_of_this_process()
    with pytest.raises(MissingDataError, match="a.csv is no file"):
        run_lab(tmp_path / "a.csv", browser=False)
    assert engines_of_this_process() <= before


def test_images_of_the_command_line_open_their_page_and_reach_the_engine(lab, tmp_path):
    program = "import sys; sys.argv[0] = 'foldline'; from foldline.cli.main import main; main()"
    words = [sys.executable, "-c", program, "lab", "digits", "--size", "6x7", "--no-browser"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            host, token, begin = process.stdout.readline().split()[-1].split("/")[2:]
            assert begin == "#page=images&images=given"
            with connect(f"ws://{host}/{token}/ws", origin=f"http://{host}", compression=None) as socket:
                page = Page(socket)
                page.say("set", state={"page": "images", "images": "given"})
                found = page.frame(lambda meta: not meta["working"])
                assert "6×7 pixels" in found.meta["told"]
                page.say("set", state={"page": "images", "images": "digits"})
                assert "8×8 pixels" in page.frame(lambda meta: not meta["working"]).meta["told"]
        finally:
            process.terminate()
    with pytest.raises(SettingError, match="size is 32 and there are no images; expected a folder"):
        run_lab(tmp_path / "a.csv", size=32, browser=False)


def test_a_file_that_cannot_be_read_is_told(tmp_path, monkeypatch):
    def refuse(path, **more):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.csv").write_text("0,1,a\n1,0,b\n")
    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(DataError, match=r"a.csv cannot be read .*Permission denied.*; expected a CSV file"):
        run_lab(tmp_path / "a.csv", browser=False)


def test_without_the_packages_of_the_lab_the_install_line_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingExtraError, match=re.escape("uvicorn is not installed; expected for the lab's page")):
        run_lab(browser=False)


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a signal")
def test_the_command_serves_until_ctrl_c_and_ends_without_a_traceback(tmp_path):
    (tmp_path / "points.csv").write_text("0,1,cat\n1,0,dog\n")
    program = "import sys; sys.argv[0] = 'foldline'; from foldline.cli.main import main; main()"
    words = [sys.executable, "-c", program, "lab", str(tmp_path / "points.csv"), "--no-browser"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().split()[-1]
            assert address.startswith("http://127.0.0.1:")
            assert address.endswith("/#data=csv")
            host, token = address.split("/")[2:4]
            with connect(f"ws://{host}/{token}/ws", origin=f"http://{host}", compression=None) as socket:
                socket.send(json.dumps({"do": "set", "state": {"data": "csv"}}))
                assert socket.recv(timeout=60)[:4] == b"FLF1"
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert "The lab is closed." in out
    assert "Traceback" not in err
    assert process.returncode == 0
