import dataclasses
import random
import subprocess
import sys
import time

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import foldline as fl
from foldline.compare import fit
from foldline.compare.resuming import UnfinishedRun, check_free
from foldline.compare.saved_models import images_for
from foldline.core.errors import MissingDataError, ModelFileError, SettingError
from foldline.features import ProductQuantizer
from killed_runs import killed_after


def stopped_run(images, folder, monkeypatch, *, after=5, **options):
    with killed_after(after, monkeypatch):
        fit(images, folder=folder, checkpoint_s=0.0, **options)


def gone_on(images, folder):
    stopped = UnfinishedRun.read(folder)
    return fit(
        images,
        features=stopped.features,
        layer=stopped.layer,
        classifier=stopped.classifier,
        compression=stopped.compression,
        seed=stopped.seed,
        folder=folder,
    )


@pytest.mark.parametrize(
    "options",
    [
        {"features": ["raw"], "classifier": fl.MLPClassifier(hidden=(8, 4), dropout=0.2, epochs=4, random_state=3)},
        {
            "features": ["raw"],
            "classifier": fl.MLPClassifier(
                hidden=(8,), epochs=4, augment=fl.Augment((8, 8, 1), shift_px=1), clip_norm=1.0
            ),
            "seed": 5,
        },
        {
            "features": ["raw"],
            "classifier": fl.MLPClassifier(
                hidden=(8,), epochs=4, stem=fl.Stem((8, 8, 1), n_patches=2, patch_px=3, grid=3, n_directions=9)
            ),
        },
        {
            "features": ["raw"],
            "classifier": fl.RandomlyWiredClassifier(graph="er", nodes=4, width=6, dropout=0.2, epochs=4),
        },
        {"features": ["hog", "raw"], "classifier": fl.LinearClassifier(epochs=4, class_weight="balanced")},
        {"features": ["raw"], "classifier": fl.LinearClassifier(epochs=4, sampling="balanced")},
        {
            "features": ["raw"],
            "classifier": fl.LinearClassifier(epochs=4, early_stopping=True, patience=2),
            "compression": ProductQuantizer(random_state=1),
        },
    ],
)
def test_the_folder_of_a_run_says_how_to_go_on_with_it(options, digits, tmp_path, monkeypatch):
    images = digits.subset(np.arange(300))
    whole = fit(images, **options)
    stopped_run(images, tmp_path, monkeypatch, **options)
    run = gone_on(images, tmp_path)
    assert run.recipe == whole.recipe
    assert_array_equal(run.model.decision_function(images.images), whole.model.decision_function(images.images))
    run.save(tmp_path)
    whole.save(tmp_path / "whole")
    assert (tmp_path / "model.safetensors").read_bytes() == (tmp_path / "whole" / "model.safetensors").read_bytes()
    assert not (tmp_path / "checkpoints").exists()


@pytest.mark.parametrize("features", [None, ["hog"]])
def test_a_run_on_a_layer_goes_on_without_the_model_that_learned_it(features, digits, tmp_path, monkeypatch):
    images = digits.subset(np.arange(300))
    net = fl.make_pipeline(fl.Pixels(), classifier=fl.MLPClassifier(hidden=(9,), epochs=2))
    learned = net.fit(images.images, images.labels).hidden_features()
    options = {"features": features, "layer": learned, "classifier": fl.LinearClassifier(epochs=4)}
    whole = fit(images, **options)
    stopped_run(images, tmp_path, monkeypatch, **options)
    assert UnfinishedRun.read(tmp_path).features == (None if features is None else ("hog",))
    run = gone_on(images, tmp_path)
    assert run.recipe == whole.recipe
    assert_array_equal(run.model.decision_function(images.images), whole.model.decision_function(images.images))
    run.save(tmp_path)
    assert not (tmp_path / "checkpoints").exists()


def test_images_of_a_run_on_a_layer_are_loaded_as_its_model_takes_them(digits, tmp_path, monkeypatch):
    coloured = np.repeat(digits.images[:, :6], 3, axis=3)
    net = fl.make_pipeline(fl.Pixels(), classifier=fl.MLPClassifier(hidden=(4,), epochs=1)).fit(coloured, digits.labels)
    learned = net.hidden_features()
    images = images_for(net, "digits")
    stopped_run(images, tmp_path, monkeypatch, layer=learned, classifier=fl.LinearClassifier(epochs=4))
    assert_array_equal(UnfinishedRun.read(tmp_path).load_images().images, images.images)


def test_a_layer_that_is_gone_or_another_thing_is_told(digits, tmp_path, monkeypatch):
    images = digits.subset(np.arange(300))
    net = fl.make_pipeline(fl.Pixels(), classifier=fl.MLPClassifier(hidden=(4,), epochs=1))
    net.fit(images.images, images.labels)
    options = {"layer": net.hidden_features(), "classifier": fl.LinearClassifier(epochs=4)}
    stopped_run(images, tmp_path, monkeypatch, **options)
    file = tmp_path / "checkpoints" / "layer.safetensors"
    net.save(file)
    with pytest.raises(ModelFileError, match="holds a ImagePipeline; expected the layer that the run learns on"):
        UnfinishedRun.read(tmp_path)
    file.unlink()
    with pytest.raises(MissingDataError, match="layer.safetensors is not a file"):
        UnfinishedRun.read(tmp_path)


def test_what_the_recipe_says_is_what_images_are_loaded_with(digits, tmp_path):
    fit(digits, features=["raw"], classifier=fl.LinearClassifier(epochs=1), folder=tmp_path)
    stopped = UnfinishedRun.read(tmp_path)
    assert (stopped.source, stopped.size, stopped.image_fit) == (digits.source, None, "crop")
    cropped = dataclasses.replace(digits, fit="pad")
    fit(cropped, features=["raw"], classifier=fl.LinearClassifier(epochs=1), folder=tmp_path / "other")
    stopped = UnfinishedRun.read(tmp_path / "other")
    assert (stopped.size, stopped.image_fit) == ((8, 8), "pad")


def test_a_recipe_written_before_a_setting_was_there_means_its_default(digits, tmp_path):
    fit(digits, features=["raw"], classifier=fl.LinearClassifier(epochs=1), folder=tmp_path)
    recipe = tmp_path / "checkpoints" / "recipe.toml"
    lines = recipe.read_text().splitlines()
    recipe.write_text("\n".join(line for line in lines if not line.startswith("sampling = ")))
    assert len(recipe.read_text().splitlines()) == len(lines) - 1
    assert UnfinishedRun.read(tmp_path).classifier.sampling == "shuffled"


def test_a_run_with_other_data_is_refused_and_can_still_go_on(digits, tmp_path, monkeypatch):
    images = digits.subset(np.arange(300))
    options = {"features": ["raw"], "classifier": fl.LinearClassifier(epochs=4)}
    stopped_run(images, tmp_path, monkeypatch, **options)
    changed = dataclasses.replace(images, images=255 - images.images)
    with pytest.raises(SettingError, match="a checkpoint of a run with other data; expected one of this run"):
        gone_on(changed, tmp_path)
    assert gone_on(images, tmp_path).board.best.val_accuracy is not None


def test_a_folder_with_a_stopped_run_is_not_for_another_one(digits, tmp_path, monkeypatch):
    check_free(tmp_path)
    images = digits.subset(np.arange(300))
    stopped_run(images, tmp_path, monkeypatch, features=["raw"], classifier=fl.LinearClassifier(epochs=4))
    with pytest.raises(SettingError, match=r"holds a run that was stopped; .* Go on with it by --resume"):
        check_free(tmp_path)


def test_a_run_in_the_folder_of_an_earlier_one_leaves_it_whole_until_it_is_saved(digits, tmp_path, monkeypatch):
    images = digits.subset(np.arange(300))
    fit(images, features=["raw"], classifier=fl.LinearClassifier(epochs=1), folder=tmp_path).save(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(fl.DivergedError):
        fit(images, features=["raw"], classifier=fl.MLPClassifier(lr=1e30), folder=tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    stopped_run(images, tmp_path, monkeypatch, features=["raw"], classifier=fl.MLPClassifier(epochs=4))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before
    gone_on(images, tmp_path).save(tmp_path)
    assert (tmp_path / "recipe.toml").read_bytes() != before["recipe.toml"]
    assert {path.name for path in tmp_path.iterdir()} == before.keys()


def test_what_is_no_stopped_run_is_told(digits, tmp_path):
    with pytest.raises(MissingDataError, match=r"holds no checkpoints/recipe.toml; expected the folder of a run"):
        UnfinishedRun.read(tmp_path)
    fit(digits, features=["raw"], classifier=fl.LinearClassifier(epochs=1), folder=tmp_path).save(tmp_path)
    with pytest.raises(SettingError, match="holds a finished run; expected one that was stopped"):
        UnfinishedRun.read(tmp_path)


@pytest.mark.parametrize(
    "text",
    ["", "data = 1", "[data]\nimage_fit = 'crop'", "not toml", "\x00", "[classifier]\nkind='Popen'\nargs=['ls']"],
)
def test_a_damaged_recipe_is_told(text, tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "recipe.toml").write_text(text)
    with pytest.raises(ModelFileError, match="cannot be read as a recipe: .* Expected it as `foldline fit` wrote it"):
        UnfinishedRun.read(tmp_path)


def test_a_classifier_that_is_not_ours_is_never_built(digits, tmp_path):
    fit(digits, features=["raw"], classifier=fl.LinearClassifier(epochs=1), folder=tmp_path)
    file = tmp_path / "checkpoints" / "recipe.toml"
    file.write_text(file.read_text().replace('kind = "LinearClassifier"', 'kind = "Popen"'))
    with pytest.raises(ModelFileError, match="cannot be read as a recipe"):
        UnfinishedRun.read(tmp_path)


def command(*words, folder):
    code = "import sys; from foldline.cli.main import main; sys.argv[0] = 'foldline'; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def finished(process):
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0, out.decode()
    return process


FIT = ("fit", "digits", "--features", "raw", "--hidden", "64", "--dropout", "0.3", "--checkpoint-every", "0.05")


def kill_and_resume(n_kills, folder, *, epochs):
    """Run to the end, run again and kill that n times at random moments, and give both models."""
    started = time.monotonic()
    finished(command(*FIT, "--epochs", epochs, "--out", "whole", folder=folder))
    takes_s = time.monotonic() - started
    rng = random.Random(0)
    process = command(*FIT, "--epochs", epochs, "--out", "killed", folder=folder)
    n_killed = 0
    while n_killed < n_kills:
        # Each life is shorter than what is left, most of them long enough to get somewhere.
        time.sleep(rng.uniform(0.0, takes_s / 2))
        if process.poll() is not None:
            finished(process)
            break
        process.kill()
        process.communicate()
        n_killed += 1
        if (folder / "killed" / "recipe.toml").exists() and not (folder / "killed" / "checkpoints").exists():
            break  # it was finished, and killed on its way out
        begun = (folder / "killed" / "checkpoints" / "recipe.toml").exists()
        again = ("--resume", "killed") if begun else (*FIT[1:], "--epochs", str(epochs), "--out", "killed")
        process = command("fit", *again, folder=folder)
    else:
        finished(process)
    models = [(folder / name / "model.safetensors").read_bytes() for name in ("whole", "killed")]
    return n_killed, *models


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_ends_with_the_weights_of_one_that_is_not(tmp_path):
    n_killed = 0
    for attempt in range(20):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        n, whole, killed = kill_and_resume(20 - n_killed, folder, epochs=800)
        assert whole == killed
        n_killed += n
        if n_killed >= 20:
            return
    pytest.fail(f"only {n_killed} kills met a running process; make the run longer")


def test_a_run_that_is_killed_ends_with_the_weights_of_one_that_is_not(tmp_path):
    _, whole, killed = kill_and_resume(2, tmp_path, epochs=100)
    assert whole == killed
