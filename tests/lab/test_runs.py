import json
import os
import re
from contextlib import suppress

import httpx
import pytest
from hypothesis import given

import foldline as fl
from foldline.core.errors import DataError, MissingDataError
from foldline.lab import runs
from foldline.lab.run_digest import digest
from foldline.lab.runs import Runs
from lab.live import running_lab
from strategies import damaged_bytes

TOLD = {"source": "moons", "verdict": "Best: 20 units.", "environment": {"date": "2026-11-27", "cores": "2"}}
LEARNED = {
    **TOLD,
    "n_test": 359,
    "seeds": 1,
    "done": 1,
    "planned": 3,
    "failures": [],
    "points": {
        "recipe": ["raw/softmax"],
        "n_train": [133],
        "test_accuracy": [0.9],
        "std": [0.01],
        "elapsed_s": [0.5],
        "share": [0.1],
    },
}
COMPARED = {
    **TOLD,
    "verdict": {"text": "HoG is best.", "ship": None},
    "data": {"source": "digits", "n_train": [3, 4], "n_test": [1, 2]},
    "seeds": 2,
    "failures": [{"recipe": "hog/svm", "title": "HoG, SVM", "reason": "too small"}],
    "rows": [
        {
            "recipe": "hog/mlp2",
            "title": "HoG, 2-layer net",
            "test_accuracy": {"mean": 0.5, "low": 0.25, "high": 0.75, "std": 0.1},
            "extract_s": 1.0,
            "train_s": 2.0,
            "predict_us": 3.0,
            "model_bytes": 4,
        }
    ],
}


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def names(folder):
    return [run["name"] for run in Runs(folder).listing()["runs"]]


@pytest.fixture
def folder(tmp_path):
    """A folder that the lab was started in, with a run, and a secret outside of it."""
    write(tmp_path / "inside" / "my run" / "leaderboard.json", COMPARED)
    write(tmp_path / "inside" / "my run" / "report.html", "<p>report</p>")
    write(tmp_path / "secret" / "leaderboard.json", COMPARED)
    write(tmp_path / "secret" / "report.html", "secret")
    return tmp_path / "inside"


def test_a_comparison_is_read_as_it_was_written(tmp_path):
    board = fl.compare(fl.load_images("digits"), recipes=["raw/ridge", "raw/knn"], seeds=1, out=tmp_path / "a")
    (run,) = Runs(tmp_path).listing()["runs"]
    assert (run["command"], run["problem"], run["files"]) == ("compare", None, ["report.html"])
    told = run["digest"]
    assert told["verdict"] == board.verdict.text
    assert told["ship"] == board.verdict.ship
    assert told["n_test"] == board.data.n_test.sum()
    assert told["environment"] == board.environment
    for row, measured in zip(told["rows"], board.rows, strict=True):
        accuracy = measured.test_accuracy
        assert row["accuracy"] == accuracy.mean
        assert (row["low"], row["high"], row["std"]) == (accuracy.low, accuracy.high, accuracy.std)
        assert (row["title"], row["time_s"]) == (measured.title, measured.extract_s + measured.train_s)
        assert (row["predict_us"], row["model_bytes"]) == (measured.predict_us, measured.model_bytes)


def test_learning_curves_tell_how_far_they_are():
    told = digest(json.dumps(LEARNED).encode(), name="learning.json")
    assert (told.done, told.planned) == (1, 3)
    assert [(row.recipe, row.images, row.accuracy, row.low) for row in told.rows] == [("raw/softmax", 133, 0.9, None)]


def test_runs_are_listed_newest_first_down_to_a_depth(tmp_path):
    deep = tmp_path.joinpath("a", "b", "c")
    paths = [folder / "leaderboard.json" for folder in (tmp_path, deep, tmp_path / "s")]
    for age, path in enumerate(paths):
        write(path, COMPARED)
        os.utime(path, (1e9 - age, 1e9 - age))
    write(deep / "d" / "leaderboard.json", COMPARED)
    write(tmp_path / ".hidden" / "leaderboard.json", COMPARED)
    assert names(tmp_path) == ["leaderboard.json", "a/b/c/leaderboard.json", "s/leaderboard.json"]


def test_a_run_that_was_written_again_is_read_again(folder):
    found = Runs(folder)
    before = found.listing()["runs"][0]["digest"]["seeds"]
    write(folder / "my run" / "leaderboard.json", {**COMPARED, "seeds": before + 10})
    assert found.listing()["runs"][0]["digest"]["seeds"] == before + 10


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is damaged: Expecting property name"),
        ("[" * 100_000, "is damaged"),
        ("[]", "the file is []"),
        ({**COMPARED, "rows": [{}]}, "it has no 'test_accuracy'"),
        ({**COMPARED, "rows": [{**COMPARED["rows"][0], "predict_us": 1e999}]}, "Infinity"),
        ({**COMPARED, "rows": [{**COMPARED["rows"][0], "model_bytes": 10**400}]}, "model_bytes is 1000"),
        ({**COMPARED, "rows": [COMPARED["rows"][0]] * 1001}, "rows is"),
        ({**COMPARED, "verdict": None}, "verdict is None"),
        ({**COMPARED, "environment": {"date": 3}}, "environment is 3"),
    ],
)
def test_a_damaged_summary_is_told_and_the_others_still_listed(folder, content, words):
    damaged = folder / "other" / "leaderboard.json"
    write(damaged, content)
    found = {run["name"]: run for run in Runs(folder).listing()["runs"]}
    problem = found["other/leaderboard.json"]["problem"]
    assert words in problem
    assert problem.endswith("Expected what foldline writes. Run the command again.")
    assert found["my run/leaderboard.json"]["problem"] is None


@pytest.mark.parametrize(
    ("content", "name"), [(COMPARED, "leaderboard.json"), (LEARNED, "learning.json"), (TOLD, "sweep.json")]
)
def test_any_damage_is_read_or_refused(content, name):
    @given(damaged_bytes(json.dumps(content).encode()))
    def check(data):
        with suppress(DataError):
            json.dumps(vars(digest(data, name=name)), allow_nan=False, default=vars).encode()

    check()


def test_a_huge_file_is_told_and_not_read(folder, monkeypatch):
    monkeypatch.setattr(runs, "MOST_BYTES", 1000)
    write(folder / "huge" / "leaderboard.json", json.dumps(COMPARED) + " " * 1000)
    write(folder / "huge" / "report.html", "a" * 1001)
    (problem,) = (run["problem"] for run in Runs(folder).listing()["runs"] if "huge" in run["name"])
    assert "more than 1,000 bytes" in problem
    with pytest.raises(DataError, match=r"report.html has more than 1,000 bytes; expected fewer"):
        Runs(folder).file("huge/report.html")


def test_a_huge_folder_is_looked_at_in_part_and_told(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "MOST_ENTRIES", 20)
    for i in range(15):
        write(tmp_path / f"run{i}" / "sweep.json", TOLD)
    found = Runs(tmp_path).listing()
    assert len(found["runs"]) == 5  # 15 folders, and 5 files in them
    assert found["notes"] == ["Only the first 20 files and folders were looked at. Start the lab nearer to the runs."]
    monkeypatch.setattr(runs, "MOST_RUNS", 3)
    assert "There are 5 runs; the newest 3 are shown." in Runs(tmp_path).listing()["notes"]


@pytest.mark.skipif(os.name != "posix", reason="such names are no files elsewhere")
def test_a_folder_whose_name_no_link_can_hold_is_told(folder):
    for name in ("a\nb", "a\\b", "a:b", "a" * 190):
        write(folder / name / "sweep.json", TOLD)
    os.makedirs(os.fsencode(folder) + b"/\xff")
    with open(os.fsencode(folder) + b"/\xff/sweep.json", "w") as file:
        json.dump(TOLD, file)
    assert names(folder) == ["my run/leaderboard.json"]
    assert Runs(folder).listing()["notes"] == ["5 left out: a folder's name is too long or no text. Rename it."]


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "/", "report.html", "my run", "my run/", "my run/.", "my run/model.safetensors",
        "../secret/report.html", "my run/../../secret/report.html", "/etc/passwd", "my run//report.html",
        "..\\secret\\report.html", "my run\\report.html", "my run/report.html\0", "C:report.html",
        "my run/learning.png", "./my run/report.html", "a/b/c/d/report.html",
    ],
)  # fmt: skip
def test_no_path_but_that_of_a_runs_file_is_read(folder, name):
    assert Runs(folder).file("my run/report.html") == b"<p>report</p>"
    with pytest.raises(MissingDataError, match="no run has such a file"):
        Runs(folder).file(name)


def test_links_are_not_followed(folder):
    secret = folder.parent / "secret"
    (folder / "linked").symlink_to(secret, target_is_directory=True)
    write(folder / "half" / "leaderboard.json", COMPARED)
    (folder / "half" / "report.html").symlink_to(secret / "report.html")
    (folder / "other").mkdir()
    (folder / "other" / "leaderboard.json").symlink_to(secret / "leaderboard.json")
    found = {run["name"]: run["files"] for run in Runs(folder).listing()["runs"]}
    assert found == {"half/leaderboard.json": [], "my run/leaderboard.json": ["report.html"]}
    for name in ("linked/report.html", "linked/leaderboard.json", "half/report.html", "other/leaderboard.json"):
        with pytest.raises(MissingDataError):
            Runs(folder).file(name)
    assert Runs(folder / "linked").listing()["runs"]  # where the lab itself is started, a link leads


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_no_file_of_a_run(folder):
    (folder / "my run" / "report.html").unlink()
    os.mkfifo(folder / "my run" / "report.html")
    assert Runs(folder).listing()["runs"][0]["files"] == []
    with pytest.raises(MissingDataError):
        Runs(folder).file("my run/report.html")


def test_files_are_served_with_their_types_and_reports_in_a_sandbox(folder):
    write(folder / "s" / "sweep.json", TOLD)
    (folder / "s" / "sweep.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with running_lab(folder=folder) as lab:
        listed = httpx.get(lab.url + "runs.json").json()
        assert listed["folder"] == "inside"
        assert {run["name"] for run in listed["runs"]} == {"my run/leaderboard.json", "s/sweep.json"}
        report = httpx.get(lab.url + "runs/my%20run/report.html")
        assert report.text == "<p>report</p>"
        (policy,) = report.headers.get_list("content-security-policy")
        assert policy.startswith("sandbox; default-src 'none';")
        assert "script" not in policy
        assert report.headers.get_list("cross-origin-opener-policy") == ["unsafe-none"]
        assert report.headers.get_list("referrer-policy") == ["no-referrer"]
        picture = httpx.get(lab.url + "runs/s/sweep.png")
        assert picture.headers["content-type"] == "image/png"
        assert picture.headers["x-content-type-options"] == "nosniff"
        assert "script-src 'self'" in picture.headers["content-security-policy"]
        assert httpx.get(lab.url + "runs/my run/leaderboard.json").json() == COMPARED
        for name in ("..%2fsecret%2freport.html", "my%20run/%2e%2e/%2e%2e/secret/report.html", "%2fetc%2fpasswd"):
            answer = httpx.get(lab.url + "runs/" + name)
            assert answer.status_code == 404
            assert "no run has such a file" in answer.text
        for path in ("runs.json", "runs/s/sweep.png", f"{lab.token[1:]}/runs.json", f"runs/{lab.token}/runs.json"):
            answer = httpx.get(f"http://{lab.host}/{path}")
            assert answer.status_code == 403
            assert re.search("has no token", answer.text)
        assert httpx.get(lab.url + "runs.json", headers={"Origin": "null"}).status_code == 403
