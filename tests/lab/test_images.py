import json
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

import foldline as fl
from foldline.core.errors import DataError, DivergedError, SettingError
from foldline.insight import linear_templates, shaded
from foldline.lab import images_set
from foldline.lab.engine_session import EngineSession
from foldline.lab.frames import decode_frame
from foldline.lab.images import Images
from foldline.lab.images_features import Vectors, box_colors, color_histogram, seen, shown_boxes
from foldline.lab.images_looks import explained, look_at_image, templates_of
from foldline.lab.images_points import image_points
from foldline.lab.images_set import even_sample, in_turns, load_lab_images
from foldline.lab.images_shelf import ImageShelf
from foldline.lab.images_source import ImageSource, holds_images
from foldline.lab.images_trainer import ImagesTrainer
from foldline.lab.pages import Given
from foldline.lab.playground import Playground
from foldline.lab.state import LabState, state_to_json
from tolerances import TOLERANCE

FLOAT32 = TOLERANCE[np.dtype(np.float32)]
DIGITS = LabState(page="images", images="digits")
PATIENCE_S = 60
FEATURES = ("raw", "color", "hog", "words")


@pytest.fixture(scope="module")
def digits():
    return load_lab_images(ImageSource(path="digits"))


@pytest.fixture(scope="module")
def vectors(digits):
    """Vectors of digits, by the features' names."""
    return {name: Vectors.of(digits, name) for name in FEATURES}


@pytest.fixture(scope="module")
def shelf():
    return ImageShelf()


def ready(page):
    """Wait until a page has what it asked for."""
    end_s = time.monotonic() + PATIENCE_S
    while page.is_working:
        page.work(time.monotonic() + 0.05)
        assert time.monotonic() < end_s
    return page


def page_of(shelf, state=DIGITS):
    return ready(Images(state, Given(images=shelf)))


def trained(trainer, n_steps):
    while trainer.step < n_steps:
        trainer.train(n_steps - trainer.step)
    return trainer


def photos(folder, *, n=5, shape=(10, 12, 3), classes=("cat", "dog")):
    """Write a folder of noise, each class of another colour."""
    rng = np.random.default_rng(0)
    for at, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for i in range(n):
            pixels = rng.integers(0, 100, shape, dtype=np.uint8)
            pixels[..., at] += 120
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return folder


def test_a_sample_has_the_same_share_of_every_class():
    labels = np.repeat([0, 1, 2], [600, 300, 2]).astype(np.int32)
    rows = even_sample(labels, 451)
    assert np.bincount(labels[rows]).tolist() == [300, 150, 1]
    assert (np.diff(rows) > 0).all()
    assert_array_equal(even_sample(labels, 1000), np.arange(902))


def test_test_images_stand_one_of_each_class_in_turn(digits):
    assert in_turns(np.array([2, 2, 0, 2, 1, 0], np.int32)).tolist() == [2, 4, 0, 5, 1, 3]
    assert digits.test.labels[:20].tolist() == [*range(10), *range(10)]


def test_a_set_that_is_too_large_is_sampled_and_this_is_told(monkeypatch):
    monkeypatch.setattr(images_set, "MOST_TRAIN", 200)
    found = load_lab_images(ImageSource(path="digits"))
    assert (len(found.train), len(found.test)) == (200, 359)
    assert found.told == (
        "200 of 1,438 training images and 359 test images, 8×8 pixels, grey; drawn evenly from every class."
    )
    monkeypatch.setattr(images_set, "MOST_NUMBERS", 64 * 120)
    found = load_lab_images(ImageSource(path="digits"))
    assert len(found.train) + len(found.test) <= 120


def test_large_photographs_are_scaled_unless_a_size_is_asked_for(tmp_path):
    folder = photos(tmp_path / "photos", shape=(80, 100, 3))
    (folder / "cat" / "5.png").write_text("no image")
    found = load_lab_images(ImageSource(path=str(folder)))
    assert found.shape == (64, 64, 3)
    assert found.told == (
        "8 training images and 2 test images, 64×64 pixels, colour; 1 file could not be used, and was left out."
    )
    assert load_lab_images(ImageSource(path=str(folder), size=(70, 90))).shape == (70, 90, 3)


def test_what_the_command_line_names_is_told_apart(tmp_path):
    (tmp_path / "points.csv").write_text("0,1,a\n")
    told = {str(tmp_path): True, "digits": True, "a.TAR.GZ": True, "b.npz": True, "points.csv": False, "x": False}
    assert {name: holds_images(name) for name in told} == told
    source = ImageSource(path="x", size=(3, 4), fit="pad")
    assert ImageSource.from_json({**source.to_json(), "size": [3, 4]}) == source


@pytest.mark.parametrize("shape", [(8, 8, 1), (8, 8, 3)])
def test_every_pixel_lies_in_a_box_that_is_shown_and_every_box_has_its_own_colour(shape):
    images = np.random.default_rng(0).integers(0, 256, (4, *shape), dtype=np.uint8)
    shares = color_histogram(shape).fit_transform(seen("color", images))[:, shown_boxes(shape)]
    assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    of_colors = color_histogram(shape).fit_transform(box_colors(shape)[:, None, None])
    assert_array_equal(of_colors[:, shown_boxes(shape)], np.eye(len(of_colors)))


@pytest.mark.parametrize("n_units", [0, 7])
@pytest.mark.parametrize("name", FEATURES)
def test_what_speaks_for_an_answer_adds_up_to_its_score(vectors, name, n_units):
    trainer = trained(ImagesTrainer(replace(DIGITS, images_units=n_units), vectors[name]), 60)
    scores = np.asarray(trainer.model(vectors[name].X_test), np.float64)
    labels, answers = vectors[name].images.test.labels, scores.argmax(axis=1)
    for row in (np.flatnonzero(answers == labels)[0], np.flatnonzero(answers != labels)[0]):
        told = explained(trainer.model, vectors[name], int(row))
        lead = scores[row, answers[row]] - (0 if answers[row] == labels[row] else scores[row, labels[row]])
        assert told["top"] == answers[row]
        assert told["against"] == (None if answers[row] == labels[row] else labels[row])
        assert_allclose(told["sum"], lead, rtol=1e-4, atol=1e-4)
        products = np.asarray(told["products"])
        assert products.shape == {"raw": (8, 8), "color": (8,), "hog": (4, 4), "words": (100,)}[name]
        # Grey images are in few of the boxes; the rest are 0 after scaling. Products come rounded to four digits.
        assert_allclose(products.sum() + told["bias"], lead, atol=2e-4 * products.size**0.5 + 1e-3)


def test_templates_are_those_that_insight_draws(vectors):
    raw = trained(ImagesTrainer(DIGITS, vectors["raw"]), 50)
    (expected, *_) = linear_templates(
        np.asarray(raw.model.layers[0].W), image_shape=(8, 8, 1), class_names=tuple("0123456789")
    ).weights
    rows, y = np.asarray(vectors["raw"].X_train), vectors["raw"].images.train.labels
    assert_array_equal(templates_of(raw.model, vectors["raw"], rows, y)[0], shaded(expected))
    net = ImagesTrainer(replace(DIGITS, images_units=30), vectors["hog"])
    assert templates_of(net.model, vectors["hog"], rows, y).shape == (24, 4, 4, 9)


def test_words_that_come_with_a_class_vote_for_it(vectors):
    found = vectors["words"]
    trainer = trained(ImagesTrainer(DIGITS, found), 200)
    rows, y = np.asarray(found.X_train), found.images.train.labels
    votes = templates_of(trainer.model, found, rows, y)
    assert votes.shape == (10, 100)
    have = found.laid_out(rows)
    for label, of_class in enumerate(votes):
        best = of_class.argmax()
        assert have[y == label, best].mean() > have[:, best].mean()


def test_an_image_is_looked_at_whatever_the_classifier_sees(vectors):
    plain, worded = (look_at_image(vectors[name], 3) for name in ("raw", "words"))
    assert np.shape(plain["hog"]) == (4, 4, 9)
    assert sum(plain["bars"]) == pytest.approx(1, abs=1e-3)
    assert plain["words"] is None
    assert np.shape(worded["words"]["nearest"]) == (5, 5)
    assert worded["words"]["squares"] == [0, 1, 4]


def test_training_hangs_on_the_seed_alone_however_it_is_cut(vectors):
    state = replace(DIGITS, images_units=5, batch=24)
    whole, cut = ImagesTrainer(state, vectors["raw"]), ImagesTrainer(state, vectors["raw"])
    for n in (1, 1, 5, 30, 3):
        trained(cut, cut.step + n)
    trained(whole, 40)
    assert_array_equal(whole.model.layers[0].W, cut.model.layers[0].W)
    assert whole.epoch == pytest.approx(40 * 24 / 1438)
    other = trained(ImagesTrainer(replace(state, seed=1), vectors["raw"]), 40)
    assert not np.array_equal(whole.model.layers[0].W, other.model.layers[0].W)


def test_digits_are_learned(shelf):
    page = page_of(shelf)
    while page.picture().meta["step"] < 600:
        page.train(200)
    picture = page.picture()
    assert picture.meta["accuracy"]["test"] > 0.9
    confusion, labels = picture.arrays["confusion"], picture.arrays["labels"]
    assert_array_equal(confusion.sum(axis=1), np.bincount(labels))
    right = (picture.arrays["scores"].argmax(axis=1) == labels).mean()
    assert right == pytest.approx(picture.meta["accuracy"]["test"])
    assert np.trace(confusion) == round(right * len(labels))
    assert_allclose(picture.arrays["curve"][-1, 4], right, rtol=1e-6)


def test_settings_of_training_leave_the_net_and_others_begin_a_new_one(shelf):
    page = page_of(shelf)
    page.train(5)
    for keeping in ({"lr": 0.01}, {"optimizer": "sgd"}, {"loss": "svm"}, {"images_row": 4}, {"images_cell": (1, 2)}):
        page.change(replace(page.state, **keeping), Given(images=shelf))
        assert page.picture().meta["step"] > 0
    assert len(page.picture().arrays["curve"]) == 1  # of the other loss
    page.change(replace(page.state, images_units=3), Given(images=shelf))
    assert page.picture().meta["step"] == 0
    assert page.picture().arrays["next"].shape == (10, 3)
    page.train(5)
    page.change(replace(page.state, images_features="hog"), Given(images=shelf))
    assert page.is_working
    assert page.train(5) == 0
    assert page.picture().meta["working"]["words"] == "Computing HoG"
    assert ready(page).picture().meta["features"] == "hog"
    page.train(5)
    page.reset()
    assert page.picture().meta["step"] == 0


def test_images_that_were_not_given_are_refused_and_nothing_changes(shelf):
    page = page_of(shelf)
    with pytest.raises(SettingError, match="no images were given, and images is 'given'; expected some on the command"):
        page.change(replace(DIGITS, images="given"), Given(images=shelf))
    assert page.state == DIGITS
    with pytest.raises(SettingError, match="no images were given"):
        Images(replace(DIGITS, images="given"), Given(images=shelf))


def test_a_folder_that_cannot_be_used_is_told_and_tried_again_when_it_was_mended(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "1.png").write_text("no image")
    page = page_of(ImageShelf(ImageSource(path=str(tmp_path))), replace(DIGITS, images="given"))
    words = page.picture().meta["note"]
    assert "none of the 1 images in" in words
    assert "Mend or replace the files." in words
    with pytest.raises(DataError, match="none of the 1 images"):
        page.train(1)
    (tmp_path / "cat" / "1.png").unlink()
    photos(tmp_path / "more")
    for name in ("cat", "dog"):
        for path in (tmp_path / "more" / name).iterdir():
            (tmp_path / name).mkdir(exist_ok=True)
            path.rename(tmp_path / name / path.name)
    for name in ("more/cat", "more/dog", "more"):
        (tmp_path / name).rmdir()
    page.reset()
    assert ready(page).picture().meta["note"] is None
    assert page.picture().meta["class_names"] == ["cat", "dog"]


def test_images_are_points_by_what_one_number_tells_of_them(digits, vectors, tmp_path):
    table = image_points(vectors["hog"])
    assert table.columns == ("HoG 1", "HoG 2", "HoG 3", "HoG 4", "brightness", "contrast")
    assert table.told == (
        "Each of 1,155 training images of the first 8 of 10 classes is a point. The set: 1,438 training images and 359 "
        "test images, 8×8 pixels, grey."
    )
    assert table.class_names == tuple("01234567")
    assert_allclose(table.numbers.mean(axis=0), 0, atol=1e-9)
    assert_allclose(table.numbers.std(axis=0), 1, rtol=1e-9)
    kept = digits.train.labels < 8
    assert_array_equal(table.labels, digits.train.labels[kept])
    assert_allclose(
        table.numbers[:, 4] * table.unit[4] + table.middle[4], digits.train.images[kept].mean(axis=(1, 2, 3)) / 255
    )
    X = np.asarray(vectors["hog"].X_train)[kept]
    _, lengths, V = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    assert_allclose(table.unit[:4], lengths[:4] / np.sqrt(len(X)), rtol=1e-3)
    assert_allclose(np.abs((X - X.mean(axis=0)) @ V[0] / table.unit[0]), np.abs(table.numbers[:, 0]), atol=1e-2)
    photographs = load_lab_images(ImageSource(path=str(photos(tmp_path / "photos"))))
    table = image_points(Vectors.of(photographs, "color"))
    assert table.columns[-3:] == ("red", "green", "blue")
    assert table.told.startswith("Each of 8 training images is a point. The set: 8 training images and 2 test")
    weights = np.array([0.299, 0.587, 0.114])  # of grey, ITU-R BT.601
    bright, *channels = (table.columns.index(name) for name in ("brightness", "red", "green", "blue"))
    measured = table.numbers * table.unit + table.middle
    assert_allclose(measured[:, bright], measured[:, channels] @ weights, rtol=1e-5)
    red = table.numbers[:, table.columns.index("red")]
    assert red[table.labels == 0].min() > red[table.labels == 1].max()


def test_a_number_that_tells_nothing_is_no_column(tmp_path):
    for name, level in (("day", 200), ("night", 40)):
        (tmp_path / name).mkdir()
        for i in range(5):
            Image.fromarray(np.full((8, 8), level + i, np.uint8)).save(tmp_path / name / f"{i}.png")
    table = image_points(Vectors.of(load_lab_images(ImageSource(path=str(tmp_path))), "raw"))
    assert table.columns == ("pixels 1", "brightness")
    for path in tmp_path.glob("*/*.png"):
        Image.fromarray(np.full((8, 8), 3, np.uint8)).save(path)
    with pytest.raises(DataError, match="hardly differ; expected two numbers that do"):
        image_points(Vectors.of(load_lab_images(ImageSource(path=str(tmp_path))), "raw"))


def told_and_frame(session):
    """Let a session read what it asks for; give the texts meanwhile, and the first frame after."""
    texts, end_s = [], time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        due_s = session.due_s()
        assert due_s is not None
        time.sleep(max(due_s - time.monotonic(), 0))
        frame, text = session.frame()
        if text is not None:
            texts.append(json.loads(text))
        if frame is not None:
            return texts, decode_frame(frame)
    raise AssertionError("no frame came")


@pytest.fixture
def slow(monkeypatch):
    """An event that reading images waits for."""
    slow, load = threading.Event(), images_set.load_lab_images
    monkeypatch.setattr(images_set, "load_lab_images", lambda source: slow.wait(PATIENCE_S) and load(source))
    yield slow
    slow.set()


def said(session, do, **more):
    """Let a session do a command; give the error."""
    answer = session.do({"do": do, **more})
    return answer and json.loads(answer)["error"]


OF_DIGITS = LabState(data="images", images="digits", images_features="hog", columns=(1, 4), hidden=(3,))


def test_a_net_learns_two_numbers_of_images_once_they_are_read(slow):
    session = EngineSession(Given(images=ImageShelf()))
    session.do({"do": "set", "state": state_to_json(OF_DIGITS)})
    frame, text = session.frame()
    assert (frame, json.loads(text)) == (None, {"told": "Reading digits"})
    assert session.due_s() > time.monotonic() + 0.01  # nobody else is held up
    assert session.frame() == (None, None)  # nothing new to tell
    assert said(session, "play") is None  # it plays as soon as it can
    slow.set()
    _, frame = told_and_frame(session)
    assert (frame.meta["axes"], frame.meta["playing"]) == (["HoG 2", "brightness"], True)
    assert frame.meta["told"].startswith("Each of 1,155 training images of the first 8 of 10 classes")
    session.do({"do": "ack", "frame": frame.number})
    assert decode_frame(session.frame()[0]).meta["step"] > 0
    assert len(json.loads(session.do({"do": "pairs"}))["pairs"]["columns"]) == 6
    session.do({"do": "set", "state": state_to_json(replace(OF_DIGITS, columns=(1, 9)))})
    assert "columns is 1,9 and there are 6 columns" in json.loads(session.frame()[1])["error"]


@pytest.mark.parametrize("page", ["playground", "warp", "images", "wiring"])
def test_while_images_are_read_nothing_is_done_to_the_page_before(slow, page):
    session = EngineSession(Given(images=ImageShelf()))
    before = LabState(page=page, hidden=(3,), data="spiral" if page != "images" else "images", images="digits")
    session.do({"do": "set", "state": state_to_json(before)})
    session.frame()
    session.do({"do": "play"})
    session.frame()
    session.do({"do": "set", "state": state_to_json(replace(OF_DIGITS, page="playground"))})
    assert session._is_playing == (page == "playground")  # who leaves a page pauses it
    for do in ("step", "reset", "save", "pairs"):
        assert "the images are still being read" in said(session, do)
    assert "the images are still being read" in said(session, "seek", step=0)
    assert said(session, "look", x=0.0, y=0.0) is None
    assert (said(session, "play"), session._is_playing) == (None, True)
    assert (said(session, "pause"), session._is_playing) == (None, False)
    assert session.frame()[0] is None
    assert said(session, "play") is None
    slow.set()
    session._reading.future.result(timeout=PATIENCE_S)
    found = decode_frame(session.frame()[0])
    assert (found.meta["axes"], found.meta["step"], found.meta["playing"]) == (["HoG 2", "brightness"], 0, True)


def test_a_net_of_two_numbers_of_images_is_saved_and_gives_its_scores(shelf, tmp_path):
    shelf.points("digits", "hog").future.result(timeout=PATIENCE_S)
    playground = Playground(OF_DIGITS, Given(images=shelf))
    playground.train(20)
    saved = playground.save()
    assert "(HoG 2, brightness) of an array, not of images but of these two numbers of each." in saved.meta["says"]
    path = tmp_path / "net.safetensors"
    path.write_bytes(saved.arrays["bytes"].tobytes())
    points = playground.points
    model = fl.load(path)
    assert_array_equal(model.classes_, list("01234567"))
    of_page = [playground.look(*map(float, xy))["scores"] for xy in points.xy[:20]]
    assert_allclose(model.decision_function(points.xy[:20] * points.unit + points.middle), of_page, **FLOAT32)


def test_without_images_on_the_command_line_there_are_no_points_of_them():
    session = EngineSession(Given(images=ImageShelf()))
    session.do({"do": "set", "state": state_to_json(replace(OF_DIGITS, images="given"))})
    frame, text = session.frame()
    assert frame is None
    assert "no images were given, and images is 'given'; expected some on the command line" in json.loads(text)["error"]
    assert "no images were given" in said(session, "play")
    assert not session._is_playing


def test_images_of_one_class_are_no_points(tmp_path):
    folder = photos(tmp_path / "photos", classes=("cat",))
    session = EngineSession(Given(images=ImageShelf(ImageSource(path=str(folder)))))
    session.do({"do": "set", "state": state_to_json(LabState(data="images", images="given"))})
    end_s = time.monotonic() + PATIENCE_S
    while not (text := session.frame()[1]) or "error" not in text:
        assert time.monotonic() < end_s
    assert "holds images of 1 class; expected at least 2 classes" in json.loads(text)["error"]


def test_images_of_another_page_keep_nobody_waiting(slow):
    session = EngineSession(Given(images=ImageShelf()))
    session.do({"do": "set", "state": state_to_json(replace(OF_DIGITS, page="images"))})
    session.frame()
    assert "of no table" in said(session, "pairs")


def test_images_that_cannot_be_read_are_told_and_tried_again_when_they_are_asked_for_again(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "1.png").write_text("no image")
    session = EngineSession(Given(images=ImageShelf(ImageSource(path=str(tmp_path)))))
    session.do({"do": "set", "state": state_to_json(LabState(data="images", images="given"))})
    texts, end_s = [], time.monotonic() + PATIENCE_S
    while session.due_s() is not None and time.monotonic() < end_s:
        frame, text = session.frame()
        assert frame is None
        texts += [json.loads(text)] if text else []
        time.sleep(0.01)
    assert "none of the 1 images" in texts[-1]["error"]
    assert sum("error" in text for text in texts) == 1
    (tmp_path / "cat" / "1.png").unlink()
    photos(tmp_path / "more")
    for name in ("cat", "dog"):
        (tmp_path / "more" / name).rename(tmp_path / "more" / f"a {name}")
        (tmp_path / "more" / f"a {name}").rename(tmp_path / f"a {name}")
    (tmp_path / "more").rmdir()
    (tmp_path / "cat").rmdir()
    session.do({"do": "reset"})
    _, frame = told_and_frame(session)
    assert frame.meta["class_names"] == ["a cat", "a dog"]


def test_divergence_is_told_and_the_last_good_net_stays(shelf):
    page = page_of(shelf, replace(DIGITS, images_units=20, optimizer="sgd", lr=10.0, momentum=0.99, loss="svm"))
    with pytest.raises(DivergedError, match="Lower lr"):
        for _ in range(200):
            page.train(20)
    picture = page.picture()
    assert "the loss became infinite or NaN" in picture.meta["note"]
    assert np.isfinite(picture.arrays["scores"]).all()
    assert np.isfinite(page.look(0, 0)["sum"])
    page.reset()
    assert page.picture().meta["note"] is None


def test_where_there_is_no_image_there_is_nothing_to_tell(shelf):
    assert Images(DIGITS, Given(images=ImageShelf())).look(0, 0) == {"row": 0, "features": None}
    assert page_of(shelf).look(359, 0) == {"row": 359, "features": None}
    assert page_of(shelf).look(358, 0)["features"] == "raw"
    with pytest.raises(SettingError, match="x is -1; expected a whole number at least 0"):
        page_of(shelf).look(-1, 0)


def test_images_go_to_the_browser_once_and_again_when_they_are_others():
    session = EngineSession(Given(images=ImageShelf()))

    def frame(state=None):
        if state is not None:
            session.do({"do": "set", "state": state_to_json(state)})
        session.do({"do": "pause"})
        data, text = session.frame()
        assert text is None
        found = decode_frame(data)
        session.do({"do": "ack", "frame": found.number})
        return found

    frames = [frame(DIGITS)]
    while frames[-1].meta["working"]:
        frames.append(frame())
    assert sum("images" in found.arrays for found in frames) == 1
    same = frame()
    assert set(same.meta["as_before"]) == {"images", "words"}
    assert "images" not in same.arrays
    frames = [frame(replace(DIGITS, images="fashion-mini", images_features="color"))]
    while frames[-1].meta["working"]:
        frames.append(frame())
    assert [found.arrays["images"].shape for found in frames if "images" in found.arrays] == [(1000, 28, 28, 1)]
    assert frame(DIGITS).arrays["images"].shape == (359, 8, 8, 1)  # there at once, as they were before


def test_playing_begins_when_the_images_are_there():
    session = EngineSession(Given(images=ImageShelf()))
    session.do({"do": "set", "state": state_to_json(DIGITS)})
    session.do({"do": "play"})
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        found = decode_frame(session.frame()[0])
        session.do({"do": "ack", "frame": found.number})
        assert found.meta["playing"]
        if found.meta["step"]:
            return
    raise AssertionError("it never began")


def test_a_slow_set_holds_up_no_other(monkeypatch):
    slow, load = threading.Event(), images_set.load_lab_images

    def loaded(source):
        if source.path == "slow":
            slow.wait(60)
        return load(ImageSource(path="digits"))

    monkeypatch.setattr(images_set, "load_lab_images", loaded)
    shelf = ImageShelf(ImageSource(path="slow"))
    waiting = shelf.vectors("given", "raw")
    try:
        assert shelf.vectors("digits", "raw").future.result(timeout=60)
        assert not waiting.future.done()
    finally:
        slow.set()
    assert waiting.future.result(timeout=60)
