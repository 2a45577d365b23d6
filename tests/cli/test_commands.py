import csv
import io
import json
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from foldline.cli import main as cli
from foldline.cli.describe import print_run
from foldline.compare import fit
from foldline.estimators import KNNClassifier, LinearClassifier, MLPClassifier, load, make_pipeline, save
from foldline.features import Pixels
from foldline.images import load_images
from foldline.models import random_wiring


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Give a function that runs the command in a folder of its own: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["foldline", *map(str, words)])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code
        return code, *capsys.readouterr()

    return run


def write_photos(folder, *, classes=("cat", "dog"), n=10):
    rng = np.random.default_rng(0)
    for k, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for i in range(n):
            pixels = rng.integers(0, 120, (16, 16, 3), dtype=np.uint8)
            pixels[..., k % 3] += 100
            Image.fromarray(pixels).save(folder / name / f"{i}.png")


def test_help_has_examples_for_every_command(run):
    for words in ((), *((command,) for command in cli.foldline.commands)):
        code, out, _ = run(*words, "--help")
        assert code == 0
        assert "Examples:" in out
        assert f"foldline {words[0] if words else 'compare'} " in out


def test_the_version_is_told(run):
    from foldline import __version__

    assert run("--version")[1] == f"foldline {__version__}\n"


def test_compare_prints_a_table_and_writes_its_files(run, tmp_path):
    code, out, err = run("compare", "digits", "--recipes", "raw/softmax,raw/knn", "--seeds", "1", "--out", "out")
    assert code == 0, err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "leaderboard.json",
        "report.html",
        "model.safetensors",
    }
    rows = json.loads((tmp_path / "out" / "leaderboard.json").read_text())["rows"]
    for row in rows:
        assert row["recipe"] in out
        assert f"{100 * row['test_accuracy']['mean']:.1f} %" in out
    assert "out/report.html" in out.replace("\\", "/")


def test_compare_tells_what_tuning_chose(run, tmp_path):
    words = "compare digits --recipes raw/ridge,raw/knn --tune 3 --out out"
    code, out, err = run(*words.split())
    assert code == 0, err
    rows = json.loads((tmp_path / "out" / "leaderboard.json").read_text())["rows"]
    said = " ".join(out.split())
    for row in rows:
        assert row["tuning"]["n_tried"] == 3
        ((name, value),) = row["tuning"]["chosen"].items()
        assert re.search(rf"{row['recipe']}: 3 settings tried in [^:]*: [^.]*{name} {value:g}", said)
    assert "Settings of all recipes were tuned on validation images, with 3 tries each." in said
    assert "--tune 9" in run("compare", "--help")[1]


def lines_of_table(run, monkeypatch, columns):
    """Compare in a terminal of that width."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    code, out, err = run("compare", "digits", "--recipes", "raw/softmax,hog+raw/knn", "--seeds", "2", "--out", "out")
    assert code == 0, err
    lines = re.sub(r"\x1b\[[0-9;]*m", "", out).splitlines()
    return [line.rstrip() for line in lines[:3]]


@pytest.mark.parametrize(("columns", "left_out"), [(140, []), (80, ["balanced", "extract"]), (50, ["train", "seeds"])])
def test_a_narrow_terminal_gets_fewer_columns_and_every_number_whole(run, monkeypatch, columns, left_out):
    lines = lines_of_table(run, monkeypatch, columns)
    assert not any(name in lines[0] for name in left_out)
    assert "…" not in "".join(lines)
    assert columns < 80 or max(map(len, lines)) <= columns
    for line in lines[1:]:
        assert re.fullmatch(r"\S+( <- ship)? +\d+\.\d % +\d+\.\d % - \d+\.\d % .* [\d.,]+ µs +[\d.]+ [kM]?B", line)
    assert sum("<- ship" in line for line in lines) == 1


def test_only_files_that_were_written_are_named(run, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "of the user.txt").write_text("")
    out = run("compare", "digits", "--recipes", "raw/softmax", "--seeds", "1", "--out", "out")[1]
    assert "report.html" in out
    assert "of the user.txt" not in out


@pytest.fixture(scope="module")
def saved_models(tmp_path_factory):
    """Give the files of two nets and a linear classifier of the pixels of digits, and of nearest neighbours."""
    folder = tmp_path_factory.mktemp("models")
    train = load_images("digits").split(val=0.1, seed=0)[0].subset(range(400))
    for name, classifier in {
        "net": MLPClassifier(hidden=(8,), epochs=3),
        "other": MLPClassifier(hidden=(8,), epochs=3, random_state=1),
        "linear": LinearClassifier(epochs=3),
        "letters": LinearClassifier(epochs=3),
        "knn": KNNClassifier(),
    }.items():
        model = make_pipeline(Pixels(), classifier=classifier)
        names = "abcdefghij" if name == "letters" else train.class_names
        model.fit(train.images, train.labels, class_names=tuple(names)).save(folder / f"{name}.safetensors")
    return {path.stem: path for path in folder.iterdir()}


def test_landscape_says_what_the_samples_say_and_draws_it(run, tmp_path, saved_models):
    words = ["landscape", saved_models["net"], "digits", "--rows", "300", "--points", "41", "--hessian"]
    code, out, err = run(*words, "--with", saved_models["other"], "--out", "out")
    assert code == 0, err
    assert re.search(r"convexity  not convex: f\(.* = [\d.]+ > [\d.]+ = ", out)
    assert "minima     2 local, inside what is drawn" in out
    assert "on 300 of 1,293 training images" in out
    assert re.search(r"curvature  from -?[\d.e-]+ \(± [\de.-]+\) to [\d.]+ \(± ", out)
    assert f"Wrote {Path('out') / 'landscape.png'}" in out
    with Image.open(tmp_path / "out" / "landscape.png") as picture:
        assert picture.size[0] > 500
    assert run(*words, "--with", saved_models["other"], "--out", "out")[1] == out


def test_landscape_of_a_linear_classifier_is_convex_by_structure(run, saved_models):
    code, out, err = run("landscape", saved_models["linear"], "digits", "--2d", "--points", "9", "--rows", "200")
    assert code == 0, err
    assert "convexity  convex by structure: the scores W x + b are linear in W and b" in out
    assert "samples    no violation of convexity found in 81 samples" in out


def test_landscape_takes_the_images_that_fit_takes(run, saved_models):
    _, out, _ = run("landscape", saved_models["linear"], "digits", "--points", "3", "--span", "1e-6")
    train = load_images("digits").split(val=0.1, seed=0)[0]
    model = load(saved_models["linear"])
    probabilities = model.predict_proba(train.images)[np.arange(len(train)), train.labels]
    expected = -np.log(probabilities).mean() + 1e-4 * (model.classifier_.coef_**2).sum()
    assert float(re.search(r"objective  ([\d.]+) ", out)[1]) == pytest.approx(expected, rel=1e-4)


def test_landscape_along_a_path_trains_anew(run, tmp_path, saved_models):
    words = ("landscape", saved_models["net"], "digits", "--kind", "path", "--points", "9", "--rows", "200")
    code, out, err = run(*words)
    assert code == 0, err
    assert (tmp_path / "landscape.png").is_file()
    assert "on 200 of 1,293 training images" in out


def test_landscape_of_the_lecture_names_its_seeds(run, tmp_path):
    code, out, err = run("landscape", "--lecture", "--seeds", "8", "--out", "out")
    assert code == 0, err
    assert re.search(r"not convex +seed \d, \d of 8 seeds: not convex: f\(", out)
    assert (tmp_path / "out" / "lecture.png").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("{knn}", "digits"), "model is a KNNClassifier; expected a LinearClassifier"),
        (("{net}", "fashion-mini"), "the data have a class 'T-shirt/top'; expected only classes of the model: 0, 1"),
        (("{net}", "digits", "--with", "{linear}"), "the other model has layers of 64 -> 10 numbers; expected 64 -> 8"),
        (("{linear}", "digits", "--with", "{letters}"), "the other model knows the classes a, b, c, d"),
        (("{net}", "digits", "--with", "{net}"), "the direction has length 0"),
        (("{net}", "digits", "--points", "2"), "points is 2; expected a whole number from 3"),
        (("{net}", "digits", "--span", "inf"), "span is inf; expected a number above 0"),
        (("{net}", "digits", "--rows", "0"), "rows is 0; expected a whole number at least 1"),
        (("{net}", "digits", "--kind", "path", "--with", "{other}"), "kind is 'path' and another model is given"),
        (("{net}",), "Missing arguments: MODEL"),
        (("{net}", "--lecture"), "--lecture has a net of its own"),
        (("missing.safetensors", "digits"), "missing.safetensors is not a file"),
    ],
)
def test_landscape_tells_what_does_not_go(run, saved_models, words, message):
    code, out, err = run("landscape", *(word.format(**saved_models) for word in words))
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert out == ""


def test_info_lists_every_problem_and_other_commands_a_few(run, tmp_path):
    write_photos(tmp_path / "photos")
    for i in range(7):
        (tmp_path / "photos" / "cat" / f"broken{i}.png").write_bytes(b"")
    _, _, err = run("info", "photos")
    assert err.count("/broken") == 7
    _, _, err = run("compare", "photos", "--recipes", "color/softmax", "--seeds", "1", "--out", "out")
    assert err.count("/broken") == 5
    assert "and 2 more" in err


def test_compare_chooses_a_folder_by_the_name_of_the_data(run, tmp_path):
    write_photos(tmp_path / "pets")
    code, _, err = run("compare", "pets", "--recipes", "color/softmax", "--seeds", "1")
    assert code == 0, err
    assert (tmp_path / "foldline-compare-pets" / "report.html").exists()


def test_fit_predict_and_info_go_together(run, tmp_path):
    write_photos(tmp_path / "photos")
    code, out, err = run("fit", "photos", "--features", "color", "--epochs", "5", "--seed", "3", "--out", "run")
    assert code == 0, err
    assert "test accuracy" in out
    model = tmp_path / "run" / "model.safetensors"

    (tmp_path / "photos" / "dog" / "broken.png").write_bytes(b"not an image")
    code, out, err = run("predict", model, "photos/cat", "photos/dog/*.png")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["file"].replace("\\", "/") for row in rows[:2]] == ["photos/cat/0.png", "photos/cat/1.png"]
    assert len(rows) == 20
    assert np.mean([row["class"] in row["file"] for row in rows]) > 0.9
    assert all(0.5 <= float(row["probability"]) <= 1 for row in rows)
    assert "broken.png: not an image of a known format" in err

    code, out, _ = run("predict", model, "photos/cat/0.png", "--format", "jsonl", "--out", "classes.jsonl")
    assert (code, out) == (0, "")
    line = json.loads((tmp_path / "classes.jsonl").read_text())
    assert line["class"] == "cat"
    assert line["probabilities"].keys() == {"cat", "dog"}

    code, out, _ = run("info", model)
    assert code == 0
    assert "16 x 16 pixels, RGB" in out
    assert "2: cat, dog" in out
    assert "ColorHistogram" in out

    shutil.copy("photos/cat/0.png", "photos/dog/copy.png")
    code, out, err = run("info", "photos")
    assert code == 0
    assert "21 RGB images of 16 x 16 pixels (native), 2 classes" in out
    assert "skipped: 1" in err
    assert "dog/copy.png = cat/0.png: the same pixels stand twice, labelled differently" in err


@pytest.mark.parametrize("idle_share", [0.0, 0.125])
def test_waiting_for_rows_is_told_where_there_was_any(idle_share, capsys):
    fitted = fit(load_images("digits").subset(range(300)), features=["raw"], classifier=LinearClassifier(epochs=1))
    history = replace(fitted.board.best.history, idle_share=idle_share)
    board = replace(fitted.board, rows=(replace(fitted.board.best, history=history),))
    print_run(replace(fitted, board=board), ())
    said = "waited         12.5 % of the training, for rows of the file"
    assert (said in capsys.readouterr().out) == bool(idle_share)


def test_fit_takes_nets_svms_and_their_settings(run, tmp_path):
    words = "fit digits --features raw --hidden 12,8 --activation tanh,elu --dropout 0.1 --loss svm --l2 0.1 --epochs 2"
    code, out, err = run(*words.split(), "--optimizer", "adamw", "--balanced", "--patience", "2", "--out", "run")
    assert code == 0, err
    code, out, _ = run("info", tmp_path / "run" / "model.safetensors")
    assert "64 -> 12 -> 8 -> 10" in out
    for setting in ("hidden=(12, 8)", "('tanh', 'elu')", "loss='svm'", "l2=0.1", "optimizer='adamw'", "'balanced'"):
        assert setting in out


@pytest.mark.parametrize("net", ["", "--hidden 8", "--wiring ba --nodes 7 --node-width 6"])
def test_fit_samples_classes_alike(run, tmp_path, net):
    words = f"fit digits --features raw {net} --sampling balanced --epochs 2 --out run"
    code, _, err = run(*words.split())
    assert code == 0, err
    recipe = tomllib.loads((tmp_path / "run" / "recipe.toml").read_text())
    assert recipe["classifier"]["sampling"] == "balanced"


def test_fit_takes_a_wiring(run, tmp_path):
    words = "fit digits --features raw --wiring ba --nodes 7 --node-width 6 --graph-seed 3 --epochs 2 --out run"
    code, _, err = run(*words.split())
    assert code == 0, err
    settings = tomllib.loads((tmp_path / "run" / "recipe.toml").read_text())["classifier"]
    expected = {"kind": "RandomlyWiredClassifier", "graph": "ba", "nodes": 7, "width": 6, "graph_seed": 3, "epochs": 2}
    assert {name: settings[name] for name in expected} == expected
    assert "graph      7 nodes, 10 edges, " in run("info", tmp_path / "run" / "model.safetensors")[1]


def test_fit_takes_graphs_of_convolutions(run, tmp_path):
    write_photos(tmp_path / "photos")
    words = "fit photos --wiring ws --stages 2 --nodes 5 --node-width 8 --flip --epochs 1 --out run"
    code, _, err = run(*words.split())
    assert code == 0, err
    settings = tomllib.loads((tmp_path / "run" / "recipe.toml").read_text())["classifier"]
    assert (settings["stages"], settings["image_shape"], settings["augment"]["flip"]) == (2, [16, 16, 3], True)
    told = run("info", tmp_path / "run" / "model.safetensors")[1]
    assert told.count("graph      5 nodes, 10 edges, ") == 2
    # Of each stage a convolution, five nodes and weighted edges; then the two classes.
    n_first, n_second = 8 * (27 + 1) + 5 * (9 * 8 + 64 + 16), 16 * (72 + 1) + 5 * (9 * 16 + 256 + 32)
    assert "net " in told
    n_edges = sum(10 + len(random_wiring("ws", n=5, seed=seed).inlets) for seed in (0, 1))
    assert f"{n_first + n_second + n_edges + 2 * 17:,} numbers" in told
    code, _, err = run("fit", "photos", "--wiring", "ws", "--stages", "9", "--out", "other")
    assert (code, "Traceback" in err) == (2, False)
    assert "stages is 9; expected a whole number from 1 to 5" in err


def test_learn_tells_who_is_ahead_with_how_many_images(run, tmp_path):
    words = "learn digits --recipes raw/ridge,raw/softmax --shares 0.1,1 --out curves"
    code, out, err = run(*words.split())
    assert code == 0, err
    assert "raw pixels, ridge" in out
    assert "training images" in out
    assert json.loads((tmp_path / "curves" / "learning.json").read_text())["points"]["share"] == [0.1, 1.0] * 2
    code, _, err = run("learn", "digits", "--recipes", "raw/ridge", "--shares", "0,1")
    assert (code, "a share is 0.0; expected a number above 0" in err) == (2, True)


def test_fit_averages_views(run, tmp_path):
    words = "fit digits --features raw --hidden 8 --shift 1 --average-views --epochs 1 --out run"
    code, _, err = run(*words.split())
    assert code == 0, err
    assert "average_views=True" in run("info", tmp_path / "run" / "model.safetensors")[1]
    code, _, err = run("fit", "digits", "--features", "raw", "--hidden", "8", "--average-views")
    assert (code, "average_views is True and augment is None" in err) == (2, True)


def test_fit_takes_a_convolutional_net(run, tmp_path):
    write_photos(tmp_path / "photos")
    words = "fit photos --features raw --alexnet small --epochs 1 --out run"
    code, _, err = run(*words.split())
    assert code == 0, err
    settings = tomllib.loads((tmp_path / "run" / "recipe.toml").read_text())["classifier"]
    expected = {"kind": "AlexNetClassifier", "size": "small", "image_shape": [16, 16, 3], "epochs": 1}
    assert {name: settings[name] for name in expected} == expected
    # Templates of five convolutions; then 2 x 2 x 64 numbers are left.
    n_learned = 32 * (75 + 1) + 64 * (288 + 1) + 96 * (576 + 1) + 96 * (864 + 1) + 64 * (864 + 1)
    n_learned += 256 * (256 + 1) + 256 * (256 + 1) + 2 * (256 + 1)
    layers = "768 -> 32 of 5 x 5 -> 64 of 3 x 3 -> 96 of 3 x 3 -> 96 of 3 x 3 -> 64 of 3 x 3 -> 256 -> 256 -> 2"
    assert f"{layers}, {n_learned:,} numbers" in run("info", tmp_path / "run" / "model.safetensors")[1]


@pytest.mark.parametrize("solver", ["lbfgs", "auto"])
def test_fit_takes_a_solver(run, tmp_path, solver):
    code, _, err = run("fit", "digits", "--features", "raw", "--solver", solver, "--epochs", "9", "--out", "run")
    assert code == 0, err
    assert f"solver='{solver}'" in run("info", tmp_path / "run" / "model.safetensors")[1]


def test_fit_takes_all_that_nets_know_of_steps(run, tmp_path):
    words = "fit digits --features raw --hidden 8 --epochs 2 --batch 32 --schedule one_cycle --warmup 0.1 --out run"
    code, _, err = run(*words.split(), "--label-smoothing", "0.2", "--clip-norm", "3", "--micro-batches", "2")
    assert code == 0, err
    settings = tomllib.loads((tmp_path / "run" / "recipe.toml").read_text())["classifier"]
    expected = {"schedule": "one_cycle", "warmup": 0.1, "label_smoothing": 0.2, "clip_norm": 3.0, "micro_batches": 2}
    assert {name: settings[name] for name in expected} == expected
    assert "augment" not in settings


def test_fit_augments_pixels_of_the_loaded_size(run, tmp_path):
    write_photos(tmp_path / "photos")
    words = (
        "fit photos --features raw --size 8x10 --hidden 8 --epochs 2 --flip --shift 2 --zoom 0.1 --cutout 3 --out run"
    )
    code, _, err = run(*words.split())
    assert code == 0, err
    augment = tomllib.loads((tmp_path / "run" / "recipe.toml").read_text())["classifier"]["augment"]
    assert augment == {"image_shape": [8, 10, 3], "flip": True, "shift_px": 2, "zoom": 0.1, "cutout_px": 3}


def test_fit_starts_a_net_with_patches_of_the_loaded_size(run, tmp_path):
    write_photos(tmp_path / "photos")
    words = "fit photos --features raw --size 8x10 --hidden 8 --epochs 2 --stem --out run"
    code, _, err = run(*words.split())
    assert code == 0, err
    stem = tomllib.loads((tmp_path / "run" / "recipe.toml").read_text())["classifier"]["stem"]
    assert (stem["image_shape"], stem["patch_px"], stem["grid"]) == ([8, 10, 3], 8, 1)
    # The whitening, which training leaves as it is, is a layer like the others.
    assert "layers     240 -> 240 -> " in run("info", tmp_path / "run" / "model.safetensors")[1]
    code, _, err = run("fit", "photos", "--features", "raw", "--size", "8", "--stem", "--out", "other")
    assert code == 2
    assert "there is no hidden layer" in err


def test_fit_writes_event_files(run, tmp_path):
    code, _, err = run("fit", "digits", "--features", "raw", "--epochs", "2", "--tensorboard", "events", "--out", "run")
    assert code == 0, err
    (file,) = (tmp_path / "events").iterdir()
    assert b"loss/validation" in file.read_bytes()


def test_fit_solves_squares(run, tmp_path):
    code, _, err = run("fit", "digits", "--features", "raw", "--loss", "squares", "--l2", "0.3", "--out", "run")
    assert code == 0, err
    out = run("info", tmp_path / "run" / "model.safetensors")[1]
    assert "RidgeClassifier(l2=0.3)" in " ".join(out.split())


def test_fit_learns_from_compressed_vectors(run, tmp_path):
    words = "fit digits --features raw,hog --compress --epochs 9 --seed 5 --out run"
    code, _, err = run(*words.split())
    assert code == 0, err
    recipe = tomllib.loads((tmp_path / "run" / "recipe.toml").read_text())
    assert recipe["compression"] == {"kind": "ProductQuantizer", "group": 8, "random_state": 5}


def test_fit_learns_on_a_layer_of_a_saved_model(run, tmp_path, saved_models):
    write_photos(tmp_path / "photos")
    code, out, err = run("fit", "photos", "--layer-of", saved_models["net"], "--epochs", "5", "--out", "run")
    assert code == 0, err
    assert "hidden layer, linear on 8 features" in out
    code, out, _ = run("info", tmp_path / "run" / "model.safetensors")
    assert "8 x 8 pixels, grey (crop)" in out
    assert "8 units of hidden layer 0 (of 0 to 0) of MLPClassifier(epochs=3, hidden=(8,)) on Pixels(), which l" in out
    assert "layers     8 -> 2, 18 numbers" in out
    code, out, err = run("predict", tmp_path / "run" / "model.safetensors", "photos/cat")
    assert code == 0, err
    assert len(out.splitlines()) == 11


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--layer 0", "--layer is 0 and there is no model; expected --layer-of MODEL with it"),
        ("--layer-of {net} --layer -1", "layer is -1, which gives the scores; expected a hidden one: 0 or -2. Choose"),
        ("--layer-of {net} --layer 1.5", "'1.5' is not a valid integer"),
        ("--layer-of {linear}", "classifier is a LinearClassifier without hidden layers; expected a net with some"),
        ("--layer-of {knn}", "expected a FrozenEstimator of a net. Fit an MLPClassifier"),
        ("--layer-of {net} --size 8 --fit pad", "--size, --fit and --layer-of do not go together"),
        ("--layer-of {net} --features sift", "features is 'sift'; expected one of"),
        ("--layer-of {net} --hidden 4 --flip", "and features are layer; expected raw alone"),
        ("--layer-of {net} --alexnet small", "classifier is an AlexNetClassifier and features are layer"),
        ("--layer-of nowhere.safetensors", "nowhere.safetensors is not a file"),
        ("--resume run --layer-of {net}", "--layer-of and --resume do not go together"),
    ],
)
@pytest.mark.usefixtures("as_installed")
def test_fit_tells_which_layers_there_are_not(run, saved_models, words, message):
    code, _, err = run("fit", "digits", *words.format(**saved_models).split())
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_fit_without_settings_takes_those_of_the_classifier(run, tmp_path):
    code, _, err = run("fit", "digits", "--features", "raw", "--out", "run")
    assert code == 0, err
    settings = tomllib.loads((tmp_path / "run" / "recipe.toml").read_text())["classifier"]
    expected = {**LinearClassifier().get_params(), "kind": "LinearClassifier"}
    assert settings == {name: value for name, value in expected.items() if value is not None}


def test_predictions_of_an_svm_have_no_probability(run, tmp_path):
    write_photos(tmp_path / "photos")
    run("fit", "photos", "--features", "color", "--loss", "svm", "--epochs", "2", "--out", "run")
    _, out, _ = run("predict", "run/model.safetensors", "photos/cat/0.png")
    assert out.splitlines()[1] == "photos/cat/0.png,cat,"


def one_class(folder):
    write_photos(folder / "data", classes=("cat",))


def lookalikes(folder):
    write_photos(folder / "data", classes=("cat", "Cat"))


def too_few(folder):
    write_photos(folder / "data", n=2)


def all_broken(folder):
    for name in ("cat", "dog"):
        (folder / "data" / name).mkdir(parents=True)
        (folder / "data" / name / "0.jpg").write_bytes(b"")


def empty(folder):
    (folder / "data").mkdir()


def photos(folder):
    write_photos(folder / "data")


def one_broken(folder):
    write_photos(folder / "data")
    (folder / "data" / "cat" / "0.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")


@pytest.mark.parametrize(
    ("prepare", "words", "message"),
    [
        (None, "compare nowhere", "nowhere is not there"),
        (empty, "compare data", "data holds no images"),
        (one_class, "compare data", "expected at least 2 classes"),
        (too_few, "compare data", "class 'cat' has 2 images to split"),
        (all_broken, "compare data", "none of the 2 images in data can be used"),
        (one_broken, "compare data --strict", "1 of the files cannot be used (cat/0.png"),
        (photos, "compare data --recipes hog/forest", "recipes names 'hog/forest'"),
        (photos, "compare data --recipes ,", "recipes is empty; expected one or more keys"),
        (photos, "compare data --size 1", "size is 1; expected a whole number from 2"),
        (photos, "compare data --size 8x8x8", "size is (8, 8, 8); expected a whole number or (height, width)"),
        (photos, "compare data --size big", "'big' is no size"),
        (photos, "compare data --seeds 0", "seeds is 0"),
        (photos, "compare data --tune -1", "tune is -1; expected a whole number at least 0. Change tune"),
        (photos, "compare data --tune a", "'a' is not a valid integer"),
        (photos, "compare data --fit stretch", "'stretch' is not one of 'crop', 'pad'"),
        (photos, "fit data --features sift", "features is 'sift'"),
        (photos, "fit data --hidden wide", "'wide' is no list of widths"),
        (photos, "fit data --hidden 0", "a width in hidden is 0"),
        (photos, "fit data --dropout 0.5", "dropout is 0.5 and there is no hidden layer"),
        (photos, "fit data --hidden 8 --activation step", "activation is 'step'"),
        (photos, "fit data --hidden 8 --solver lbfgs", "solver is 'lbfgs' and hidden is (8,)"),
        (
            photos,
            "fit data --hidden 8 --loss squares",
            "loss is 'squares' and hidden is (8,); expected no hidden layer",
        ),
        (photos, "fit data --loss squares --epochs 30", "epochs is 30 with loss='squares'; expected no other setting"),
        (photos, "fit data --loss squares --balanced", "class_weight is 'balanced' with loss='squares'"),
        (photos, "fit data --loss squares --sampling balanced", "sampling is 'balanced' with loss='squares'"),
        (photos, "fit data --solver lbfgs --sampling balanced", "sampling is 'balanced' with solver='lbfgs'"),
        (photos, "fit data --loss squares --patience 3", "patience is 3 with loss='squares'"),
        (photos, "fit data --loss squares --tensorboard a", "callbacks are given for RidgeClassifier(), which is solv"),
        (photos, "fit data --solver lbfgs --tensorboard a", "(solver='lbfgs'), which is solved; expected mini-batch"),
        (photos, "fit data --epochs 1 --tensorboard data/cat/0.png", "Directory 'data/cat/0.png' is a file"),
        (photos, "fit data --loss squares --l2 0", "l2 is 0.0; expected a number above 0"),
        (
            photos,
            "fit data --loss squares --compress",
            "compression is ProductQuantizer() for a RidgeClassifier; expected",
        ),
        (photos, "fit data --solver lbfgs --compress", "solver is 'lbfgs' with compression; expected 'sgd'"),
        (photos, "fit data --l1 0.1 --solver lbfgs", "l1 is 0.1 with solver='lbfgs'; expected 0"),
        (photos, "fit data --solver newton", "'newton' is not one of 'auto', 'sgd', 'lbfgs'"),
        (photos, "fit data --l2 -1", "l2 is -1.0"),
        (photos, "fit data --warmup 0.1", "warmup is 0.1 and there is no hidden layer; expected hidden widths with it"),
        (photos, "fit data --hidden 8 --warmup 1", "warmup is 1.0; expected a number at least 0 and below 1"),
        (photos, "fit data --hidden 8 --batch 8 --micro-batches 3", "micro_batches is 3 and a batch has 8 rows"),
        (photos, "fit data --features raw --flip", "flip=True, shift_px=0, zoom=0.0, cutout_px=0) and there is no hid"),
        (photos, "fit data --hidden 8 --shift 1", "and features are hog, color; expected raw alone"),
        (photos, "fit data --features hog --hidden 8 --zoom 0.1", "and features are hog; expected raw alone"),
        (photos, "fit data --features raw --hidden 8 --shift 99", "shift_px is 99; expected a whole number from 0 to"),
        (photos, "fit data --features raw --hidden 8 --cutout -1", "cutout_px is -1; expected a whole number"),
        (photos, "fit data --wiring grid", "'grid' is not one of 'ws', 'er', 'ba'"),
        (photos, "fit data --wiring ws --hidden 8", "wiring is 'ws' and hidden is (8,); expected one of them"),
        (photos, "fit data --wiring ws --nodes 4", "nodes is 4, too few for k = 4; expected at least 5"),
        (photos, "fit data --wiring ws --nodes 999", "nodes is 999; expected a whole number from 2 to 512"),
        (photos, "fit data --wiring ws --loss squares", "wiring is 'ws' with loss='squares'"),
        (photos, "fit data --nodes 9", "nodes is 9 and there is no wiring"),
        (photos, "wire data --kinds ws,grid", "a kind is 'grid'"),
        (photos, "wire data --graphs 0", "graphs is 0"),
        (photos, "fit data --epochs 0", "epochs is 0"),
        (photos, "fit data --features raw --lr 1e30", "expected finite numbers. Lower lr"),
        (photos, "fit data --out data/cat/0.png", "data/cat/0.png"),
        (photos, "predict data/cat/0.png data", "cannot be read as a model"),
        (photos, "predict nowhere.safetensors data", "nowhere.safetensors is not a file"),
        (photos, "info data/cat/0.png", "is of no kind that foldline reads"),
        (None, "predict", "Missing argument"),
        (None, "shrink photos", "No such command 'shrink'"),
    ],
)
@pytest.mark.usefixtures("as_installed")
def test_what_a_user_can_mend_ends_with_code_2_and_a_sentence(run, tmp_path, prepare, words, message):
    if prepare is not None:
        prepare(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    code, _, err = run(*words.split())
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.skipif(sys.platform == "win32", reason="file systems that tell no case apart cannot hold both folders")
def test_class_folders_that_differ_only_in_case_are_refused(run, tmp_path):
    lookalikes(tmp_path)
    code, _, err = run("compare", "data")
    assert code == 2
    assert "'Cat' and 'cat', which differ only in case" in err


def test_an_interruption_ends_quietly(run, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("foldline.images.load_images", interrupted)
    code, _, err = run("compare", "digits")
    assert code == 130
    assert err.splitlines()[-1] == "foldline: stopped"


@pytest.mark.parametrize("words", [["--help"], ["info", "digits"]])  # printed by click and by rich
def test_a_reader_that_has_seen_enough_ends_the_command_quietly_with_code_1(words):
    script = f"import sys; sys.argv = ['foldline', *{words}]; from foldline.cli.main import main; main()"
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


def imported_by(statement):
    script = f"{statement}; import sys; print(*sorted(name for name in sys.modules if '.' not in name))"
    return set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )


HEAVY = {"jax", "numba", "scipy", "matplotlib", "sklearn", "pandas", "numpy"}


def test_importing_foldline_and_asking_for_help_load_nothing_heavy():
    assert not HEAVY & imported_by("import foldline")
    assert not HEAVY & imported_by("import foldline.cli.main")


def test_names_that_the_terminal_has_no_letters_for_are_written_out(run, tmp_path, monkeypatch):
    write_photos(tmp_path / "photos", classes=("café", "猫"))
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")  # a pipe on Windows
    monkeypatch.setattr(sys, "stdout", narrow)
    code, _, err = run("info", "photos")
    assert code == 0, err
    narrow.flush()
    said = narrow.buffer.getvalue().decode("cp1252")
    assert "café" in said
    assert "\\u732b" in said


def test_rates_prints_two_rates_and_draws(run, tmp_path):
    code, out, err = run("rates", "digits", "--features", "raw", "--hidden", "8", "--seeds", "2", "--out", "drawn")
    assert code == 0, err
    suggested, automatic, diverged = (float(line.split()[1]) for line in out.splitlines()[:3])
    assert 1e-4 < suggested < diverged
    assert 1e-3 < automatic <= 0.05
    assert out.splitlines()[3].replace("\\", "/") == "Wrote drawn/rates.png"
    assert (tmp_path / "drawn" / "rates.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--low", "0"), "low is 0.0; expected a number above 0"),
        (("--high", "1e-4"), "the loss still falls at high"),
        (("--steps", "3"), "n_steps is 3; expected a whole number from 20"),
        (("--dropout", "0.5"), "dropout is 0.5 and there is no hidden layer"),
        (("--features", "sift"), "features is 'sift'; expected one of 'raw'"),
        (("--features", ","), "features is empty; expected one or more of raw"),
    ],
)
def test_rates_tells_bad_settings(run, words, said):
    code, _, err = run("rates", "digits", *words)
    assert code == 2
    assert said in " ".join(err.split())


@pytest.fixture
def net_of_points(tmp_path):
    X = np.random.default_rng(0).standard_normal((80, 2)).astype(np.float32)
    save(MLPClassifier(hidden=(6,), epochs=5).fit(X, np.where(X[:, 0] > 0, "right", "left")), tmp_path / "points.st")


def test_folds_of_a_plane_are_counted_and_drawn(run, tmp_path, net_of_points):
    code, out, err = run("folds", "points.st", "--window", "-3,3,-2,2", "--out", "drawn")
    assert code == 0, err
    assert re.search(r"regions +\d+\nfolds +\d of 6 units fold here", out)
    shares = {name: float(share) for share, name in re.findall(r"([\d.]+) % +(\w+)", out)}
    assert set(shares) == {"left", "right"}
    assert sum(shares.values()) == pytest.approx(100, abs=0.2)
    assert (tmp_path / "drawn" / "folds.png").read_bytes().startswith(b"\x89PNG")


def test_folds_of_images_are_counted_and_drawn(run, tmp_path):
    write_photos(tmp_path / "photos")
    assert (
        run("fit", "photos", "--features", "raw", "--hidden", "8", "--size", "8", "--epochs", "2", "--out", "out")[0]
        == 0
    )
    code, out, err = run("folds", "out/model.safetensors", "photos")
    assert code == 0, err
    assert "boundary" in out
    assert (tmp_path / "folds.png").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere.st",), "nowhere.st"),
        (("points.st", "a.png"), "a MLPClassifier of other rows than images"),
        (("points.st", "--window", "1,0,0,1"), "expected (smallest a, largest a, smallest b, largest b)"),
        (("points.st", "--window", "1,0"), "'1,0' is no window; expected four numbers"),
        (("points.st", "--max-regions", "1"), "more than 1 regions; expected no more"),
        (("points.st", "a.png", "--window", "0,1,0,1"), "leave one out"),
    ],
)
def test_folds_tells_bad_input(run, net_of_points, words, said):
    code, _, err = run("folds", *words)
    assert code == 2
    assert said in " ".join(err.split())


def test_a_place_that_cannot_be_written_is_told_before_the_work(run, tmp_path):
    (tmp_path / "file").write_text("no folder")
    commands = (
        ("folds", "nowhere.st"),
        ("warp", "nowhere.st"),
        ("bumps", "sin(x)"),
        ("landscape", "nowhere.st", "digits"),
        ("landscape", "--lecture"),
        ("gallery",),
    )
    for words in commands:
        code, _, err = run(*words, "--out", "file/below")
        assert code == 2
        assert "could not be written" in err


def test_warps_are_drawn_and_animated(run, tmp_path, net_of_points):
    code, out, err = run("warp", "points.st", "--grid", "3", "--out", "drawn")
    assert code == 0, err
    assert re.search(r"regions +\d+ up to layer 1, cut by the grid into \d+ pieces", out)
    assert (tmp_path / "drawn" / "warp.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "drawn" / "warp.gif").read_bytes().startswith(b"GIF89a")


def test_warp_tells_bad_input(run, net_of_points):
    for words, said in ((("--layer", "2"), "layer is 2; expected"), (("a.png",), "other rows than images")):
        code, _, err = run("warp", "points.st", *words)
        assert code == 2
        assert said in " ".join(err.split())


def test_sweep_prints_the_best_and_writes_its_files(run, tmp_path):
    words = ("sweep", "moons", "--width", "0,4", "--l2", "1e-4:1e-2:2", "--epochs", "4", "--seeds", "2", "--out", "out")
    code, out, err = run(*words)
    assert code == 0, err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"sweep.parquet", "sweep.json", "sweep.png"}
    assert re.search(r"hidden +l2 +epochs +validation +± +test", out)
    assert "Best on validation rows: hidden " in out
    assert (tmp_path / "out" / "sweep.png").read_bytes().startswith(b"\x89PNG")


def test_wire_prints_every_graph_and_writes_its_files(run, tmp_path):
    words = "wire moons --kinds er --graphs 1 --seeds 2 --nodes 4 --width 4 --epochs 3 --out out"
    code, out, err = run(*words.split())
    assert code == 0, err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"wirings.json", "wirings.png", "graph.png"}
    assert re.search(r"wiring +graph +depth +edges +weights +validation +± +test", out)
    assert re.search(r"Erdős-Rényi +0 .* %", out)
    assert "Random wiring is" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--l2", "1e-1:1e-5:3"), "'1e-1:1e-5:3' is no list of numbers; expected numbers with commas, or FROM:TO:HOW"),
        (("--l2", "a"), "'a' is no list of numbers"),
        (("--width", "2.5"), "--width holds (2.5,); expected whole numbers of at least 0"),
        (("--features", "hog"), "and data are points; expected None. Leave features out"),
        (("--dropout", "1.5"), "dropout is 1.5; expected a number at least 0 and below 1"),
    ],
)
def test_sweep_tells_bad_settings(run, words, said):
    code, _, err = run("sweep", "moons", "--epochs", "1", "--seeds", "1", *words)
    assert code == 2
    assert said in " ".join(err.replace("\n", " ").split())


def test_resume_takes_the_settings_of_the_run_and_no_others(run, tmp_path):
    words = ("fit", "digits", "--features", "raw", "--epochs", "2", "--out", "out")
    assert run(*words)[0] == 0
    for extra, said in (
        (("--hidden", "5", "--seed", "1"), "--hidden, --seed and --resume do not go together"),
        ((), "holds a finished run; expected one that was stopped"),
    ):
        code, _, err = run("fit", "--resume", "out", *extra)
        assert code == 2
        assert said in err
    code, _, err = run("fit", "--resume", "nothing")
    assert code == 2
    assert "nothing holds no checkpoints/recipe.toml" in err


def test_fit_wants_data_or_a_run(run):
    code, _, err = run("fit")
    assert code == 2
    assert "Missing argument 'DATA': a folder of images, or --resume RUN." in err


@pytest.mark.skipif(sys.platform == "win32", reason="rights of folders are not those of POSIX")
def test_a_folder_that_cannot_be_written_is_told_before_any_training(run, tmp_path):
    (tmp_path / "taken").write_text("a file")
    code, _, err = run("fit", "digits", "--features", "raw", "--out", "taken/run")
    assert code == 2
    assert "recipe.toml could not be written" in err
    assert (tmp_path / "taken").read_text() == "a file"


def test_bumps_prints_bounds_and_writes_a_picture(run, tmp_path):
    code, out, err = run("bumps", "x**2", "--eps", "0.05", "--seeds", "0", "--out", "out")
    assert code == 0, err
    lines = dict(re.findall(r"^([a-z ]+?) {2,}\d+ units   largest error <= ([\d.e-]+)", out, re.MULTILINE))
    assert list(lines) == ["free knots", "hats", "overlapping bumps", "bumps", "sigmoid steps", "tanh steps"]
    assert all(float(bound) <= 0.05 for name, bound in lines.items() if name != "bumps")
    assert "No ReLU net of one hidden layer with fewer than 1 unit is within 0.05: proved." in out
    assert "Bumps side by side leave gaps: at x = 1 they are 1 off." in out
    with Image.open(tmp_path / "out" / "bumps.png") as picture:
        assert picture.size == (1650, 810)


def test_bumps_counts_one_and_none_in_words_that_fit(run):
    code, out, err = run("bumps", "7", "--seeds", "0")
    assert code == 0, err
    assert re.search(r"^free knots +0 units   largest", out, re.MULTILINE)
    assert re.search(r"^sigmoid steps +1 unit    largest", out, re.MULTILINE)
    assert re.search(r"^overlapping bumps .*   1 bump$", out, re.MULTILINE)
    assert "fewer than" not in out


def test_bumps_of_points_and_units(run, tmp_path):
    (tmp_path / "curve.csv").write_text("x,y\n0,0\n1,2\n3,1\n")
    code, out, err = run("bumps", "--points", "curve.csv", "--units", "6", "--seeds", "0")
    assert code == 0, err
    assert "Proved for every x from 0 to 3." in out
    assert (tmp_path / "bumps.png").is_file()


def test_bumps_of_two_variables_are_towers(run, tmp_path):
    code, out, err = run("bumps", "x*y", "--units", "3")
    assert code == 0, err
    assert re.search(r"^pyramids +30 \+ +16 units", out, re.MULTILINE)
    assert re.search(r"^towers .* 1 <= largest error <= 1\.001$", out, re.MULTILINE)
    assert (tmp_path / "bumps.png").is_file()


@pytest.mark.slow
def test_bumps_compares_with_training(run):
    code, out, err = run("bumps", "abs(x)", "--from", "-1", "--seeds", "2", "--eps", "0.1")
    assert code == 0, err
    assert "Largest errors with 4, 8, 12, 24, 48 units:" in out
    for name in ("free knots", "hats", "trained, best of 2", "trained, median of 2", "nearest neighbour"):
        assert re.search(rf"^{name}( +[\d.e-]+){{5}}$", out, re.MULTILINE), name


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["__import__('os')"], "the function '__import__'; expected one that is on the list"),
        (["x^2"], "has ^; expected ** for a power"),
        (["x", "--eps", "nan"], "eps is nan; expected a number above 0"),
        (["x", "--eps", "-1"], "eps is -1.0; expected a number above 0"),
        (["x", "--units", "0"], "units is 0; expected a whole number from 1 to 300"),
        (["x", "--from", "1", "--to", "0"], "the interval goes from 1 to 0; expected"),
        (["x", "--to", "inf"], "high is inf; expected a number"),
        (["1/x"], "no bound or no value near x = 0"),
        (["x*y", "--from", "1", "--to", "0"], "the box goes from 1 to 0 in x"),
        (["x*y", "--units", "0"], "units is 0; expected a whole number from 1 to 100"),
        (["x*y", "--units", "3", "--eps", "0.1"], "eps and units are both given; expected one of them"),
        ([], "neither a formula nor --points is given; expected one of them"),
        (["x", "--points", "a.csv"], "a formula and --points are both given; expected one of them"),
        (["--points", "none.csv"], "there is no file none.csv"),
        (["1/x", "--seeds", "-1"], "Invalid value for '--seeds': -1 is not in the range 0<=x<=256"),
        (["1/x", "--seeds", "257"], "Invalid value for '--seeds': 257 is not in the range 0<=x<=256"),
    ],
)
def test_bumps_tells_bad_input_without_a_traceback(run, words, message):
    code, _, err = run("bumps", *words)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
