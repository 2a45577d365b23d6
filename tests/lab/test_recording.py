import base64
import json
import re
import signal
import subprocess
import sys
import zlib

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from websockets.sync.client import connect

from foldline.core.errors import DataError, DivergedError, SaveError, SettingError
from foldline.lab import recording
from foldline.lab.frames import Frame, decode_frame, encode_frame
from foldline.lab.one_file import modules_of, one_file
from foldline.lab.playground import Playground
from foldline.lab.recording import PAGE, Recorder, record_training
from foldline.lab.state import LabState
from lab.live import PATIENCE_S, running_lab

SMALL = LabState(points=60, hidden=(6,), batch=10)


def recorded(path):
    """Give the runs and the frames of a file."""
    text = path.read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])
    frames = [decode_frame(zlib.decompress(base64.b64decode(frame["deflated"]))) for frame in data["frames"]]
    return data["runs"], [frame["run"] for frame in data["frames"]], frames


def frame_of(step, *, kind="playground", n=10):
    arrays = {"points": np.zeros((n, 2), np.float32)}
    return encode_frame(Frame(kind=kind, number=step, meta={"step": step}, arrays=arrays))


def steps_of(recorder):
    return [decode_frame(frame).meta["step"] for _, frame in recorder.shown]


def test_a_recording_has_the_frames_of_the_playground(tmp_path):
    path = tmp_path / "a.html"
    told = record_training(path, SMALL, steps=50)
    runs, _, frames = recorded(path)
    assert told.startswith(f"{path}: 4 frames, 0.")
    assert runs == [{"link": "points=60&hidden=6&batch=10", "loss": "softmax"}]
    assert [frame.meta["step"] for frame in frames] == [0, 20, 40, 50]
    assert [frame.meta["playing"] for frame in frames] == [True, True, True, False]
    playground = Playground(SMALL)
    for frame in frames:
        while playground.picture().meta["step"] < frame.meta["step"]:
            playground.train(frame.meta["step"] - playground.picture().meta["step"])
        for name in ("weights", "corners", "boundary", "points"):
            assert_array_equal(frame.arrays[name], playground.picture().arrays[name])


def test_a_long_run_is_thinned_evenly_and_ends_with_its_last_step(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "MOST_FRAMES", 10)
    record_training(tmp_path / "a.html", SMALL, steps=1010)
    steps = [frame.meta["step"] for frame in recorded(tmp_path / "a.html")[2]]
    assert steps == [0, 140, 280, 420, 560, 700, 840, 980, 1010]


def test_a_recorder_keeps_few_frames_of_few_bytes_and_the_newest(monkeypatch):
    recorder = Recorder()
    for step in range(1001):
        recorder.add(SMALL, frame_of(step))
    steps = steps_of(recorder)
    assert 100 <= len(steps) <= recording.MOST_FRAMES
    assert steps[0] == 0
    assert steps[-1] == 1000
    assert len(set(np.diff(steps[:-1]))) == 1
    monkeypatch.setattr(recording, "MOST_BYTES", 5.5 * len(frame_of(0)))
    few = Recorder()
    for step in range(20):
        few.add(SMALL, frame_of(step))
    assert steps_of(few) == [0, 4, 8, 12, 16, 19]


def test_frames_of_other_pages_are_passed_over():
    recorder = Recorder()
    recorder.add(SMALL, frame_of(0, kind="bumps"))
    assert recorder.shown == []
    recorder.add(SMALL, frame_of(1))
    recorder.add(SMALL, frame_of(2, kind="bumps"))
    assert steps_of(recorder) == [1]


def test_nothing_shown_is_told_and_leaves_no_file(tmp_path):
    with pytest.raises(DataError, match="no page showed the playground"):
        Recorder().write(tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []


def test_a_recording_is_replaced_and_nothing_else_is(tmp_path):
    path = tmp_path / "a.html"
    record_training(path, SMALL, steps=20)
    record_training(path, SMALL, steps=40)
    assert len(recorded(path)[2]) == 3
    other = tmp_path / "thesis.html"
    other.write_text("<!doctype html>\n<title>Years of work</title>")
    with pytest.raises(SaveError, match=r"thesis.html could not be written: it is no recording of the lab"):
        record_training(other, SMALL, steps=20)
    assert "Years" in other.read_text()


@pytest.mark.parametrize("steps", [0, 1_000_001])
def test_steps_out_of_range_are_refused(steps, tmp_path):
    with pytest.raises(SettingError, match="steps is .*; expected a whole number from 1 to 1000000"):
        record_training(tmp_path / "a.html", SMALL, steps=steps)


def test_another_page_and_a_run_that_diverges_leave_no_file(tmp_path):
    with pytest.raises(SettingError, match="page is warp; expected playground"):
        record_training(tmp_path / "a.html", LabState(page="warp"), steps=20)
    wild = LabState(points=60, optimizer="sgd", lr=10, momentum=0.99, batch=10, hidden=(20, 20))
    with pytest.raises(DivergedError, match="Lower lr"):
        record_training(tmp_path / "a.html", wild, steps=2000)
    assert list(tmp_path.iterdir()) == []


def test_modules_name_one_another_without_addresses(tmp_path):
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\n/** @type {import("./d.js").D} */\nimport "./c.js";\n')
    (tmp_path / "b.js").write_text('import {\n  c,\n} from "./c.js";\nexport const b = c;\n')
    (tmp_path / "c.js").write_text('export { b } from "./b.js";\nexport const c = "./b.js";\n')
    modules = modules_of(tmp_path, "a.js")
    assert modules["a.js"] == 'import { b } from "b.js";\n/** @type {import("./d.js").D} */\nimport "c.js";\n'
    assert modules["b.js"] == 'import {\n  c,\n} from "c.js";\nexport const b = c;\n'
    assert modules["c.js"] == 'export { b } from "b.js";\nexport const c = "./b.js";\n'
    assert set(modules) == {"a.js", "b.js", "c.js"}


def test_one_file_loads_nothing_and_no_data_end_a_script():
    text = one_file(PAGE, mark="mark", data={"said": "</script><script>alert(1)</script>"})
    assert text.startswith("<!doctype html>\n<!-- mark -->\n")
    assert not re.search(r'(?:src|href)="(?!data:)', text)
    assert json.loads(re.search(r'id="data">(.*?)</script>', text)[1])["said"].startswith("</script>")
    assert "alert(1)</script>" not in text
    addresses = json.loads(re.search(r'"importmap">(.*?)</script>', text)[1])["imports"]
    for name, address in addresses.items():
        module = base64.b64decode(address.partition("base64,")[2]).decode()
        assert set(re.findall(r'^(?:import|export) .*from "(.*)";$', module, re.MULTILINE)) <= set(addresses), name


def test_the_page_open_longest_is_recorded_with_its_settings():
    recorder = Recorder()
    with running_lab(recorder) as lab, lab.page() as first:
        first.say("set", state={"points": 60, "hidden": [6]})
        first.frame()
        with lab.page() as second:
            second.say("set", state={"points": 60, "hidden": [7]})
            second.frame()
        first.say("set", state={"points": 60, "hidden": [6], "lr": 0.1})
        first.say("step")
        first.frame(lambda meta: meta["step"] == 1)
    assert {state.hidden for state, _ in recorder.shown} == {(6,)}
    assert recorder.shown[0].state.lr == 0.003
    assert recorder.shown[-1].state.lr == 0.1
    assert decode_frame(recorder.shown[-1].frame).meta["step"] == 1


def command(*words):
    program = "import sys; sys.argv[0] = 'foldline'; from foldline.cli.main import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", program, "lab", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_command_records_a_run_of_a_users_points_without_a_page(tmp_path):
    (tmp_path / "points.csv").write_text("0,1,cat\n1,0,dog\n2,2,cat\n")
    with command(
        tmp_path / "points.csv", "--record", tmp_path / "a.html", "--link", "hidden=3&x=1", "--steps", 40
    ) as ran:
        out, err = ran.communicate(timeout=PATIENCE_S)
    assert (ran.returncode, err) == (0, "")
    assert "'x' is no field of the lab" in out
    assert "a.html: 3 frames" in out
    runs, _, frames = recorded(tmp_path / "a.html")
    assert runs[0]["link"] == "data=csv&hidden=3"
    assert frames[0].meta["class_names"] == ["cat", "dog"]
    with command("--steps", 40) as ran:
        _, err = ran.communicate(timeout=PATIENCE_S)
    assert ran.returncode == 2
    assert "--steps needs --record FILE" in err


def test_the_command_records_two_numbers_of_images(tmp_path):
    words = ("--record", tmp_path / "a.html", "--steps", 40)
    with command("digits", *words) as ran:
        _, err = ran.communicate(timeout=PATIENCE_S)
    assert ran.returncode == 2
    assert "Take two numbers of each as points, with --link data=images" in " ".join(err.split())
    with command("digits", *words, "--link", "data=images&hidden=3") as ran:
        _, err = ran.communicate(timeout=PATIENCE_S)
    assert (ran.returncode, "Traceback" in err) == (0, False)
    runs, _, frames = recorded(tmp_path / "a.html")
    assert runs[0]["link"] == "data=images&hidden=3&images=given"
    assert frames[0].meta["axes"] == ["pixels 1", "pixels 2"]


def test_the_command_writes_what_was_shown_when_it_is_stopped(tmp_path):
    with command("--no-browser", "--record", tmp_path / "a.html", "--link", "hidden=3") as lab:
        try:
            address = lab.stdout.readline().split()[-1]
            assert address.endswith("/#hidden=3")
            host, token = address.split("/")[2:4]
            with connect(f"ws://{host}/{token}/ws", origin=f"http://{host}", compression=None) as socket:
                socket.send(json.dumps({"do": "set", "state": {"hidden": [3]}}))
                assert socket.recv(timeout=PATIENCE_S)[:4] == b"FLF1"
                lab.send_signal(signal.SIGINT)
                out, err = lab.communicate(timeout=30)
        finally:
            lab.kill()
    assert "a.html: 1 frame, 0." in out
    assert "Traceback" not in err
    assert [frame.meta["step"] for frame in recorded(tmp_path / "a.html")[2]] == [0]
