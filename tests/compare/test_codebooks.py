import base64
import dataclasses
import io
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from compare.conftest import NAMES, coloured_set, small_recipe
from foldline.compare import Recipe, codebooks, compare
from foldline.compare.classifiers import CLASSIFIERS
from foldline.compare.features import FeatureChoice
from foldline.compare.measuring import Splits
from foldline.compare.recipes import FeatureSet
from foldline.features import DenseSIFT, VisualWords
from foldline.insight import (
    marked_places,
    shaded,
    usual_answers,
    word_patches,
    word_sheet,
    word_votes,
    words_on_image,
)

RECIPES = ("words/softmax", "hog+words/svm", "words/mlp2", "words/knn", "hog/softmax")


@pytest.fixture(scope="module")
def words_board():
    return compare(coloured_set(), recipes=[small_recipe(key) for key in RECIPES], seeds=1, seed=3)


@pytest.fixture(scope="module")
def section(words_board, tmp_path_factory):
    return section_of(words_board, tmp_path_factory.mktemp("report"))


def section_of(board, folder):
    """The part of the report about words, with single spaces."""
    board.report(folder / "report.html")
    page = " ".join((folder / "report.html").read_text(encoding="utf-8").split())
    assert page.count('<section id="words">') == 1
    return page[page.index('<section id="words">') : page.index('<section id="data">')]


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))))


def shown(section, alt):
    """The pictures of that description."""
    return [pixels(png) for png in re.findall(rf'src="data:image/png;base64,([^"]*)" alt="{alt}"', section)]


@pytest.mark.parametrize("recipe", RECIPES[:4])
def test_a_codebook_is_that_of_its_rows_model(words_board, recipe):
    row, splits = words_board.row(recipe), Splits.of(coloured_set(), seed=3)
    model, codebook, test = row.model, row.codebook, splits.test
    feature = model.features_.features_[-1]
    assert_array_equal(codebook.patches, word_patches(feature))
    assert_array_equal(codebook.usual, usual_answers(model, feature))
    assert codebook.n_looked_through is None
    for label, (name, image, (words,)) in enumerate(codebook.examples):
        first = np.flatnonzero(test.labels == label)[0]
        assert name == NAMES[label]
        assert_array_equal(image, test.images[first])
        assert_array_equal(words.drawn, words_on_image(feature, image).drawn)
    if recipe in ("words/softmax", "hog+words/svm"):
        X = model.features_.transform(splits.train.images)
        assert_allclose(codebook.votes, word_votes(model, feature, X, splits.train.labels), rtol=1e-5, atol=1e-6)
    else:
        assert codebook.votes is None


def test_without_words_there_is_no_codebook(words_board):
    assert words_board.row("hog/softmax").codebook is None


def test_feature_sets_that_learned_the_same_words_share_a_sheet(words_board, section):
    (sheet,) = shown(section, "sheet of 5 words")
    codebook = words_board.row("words/mlp2").codebook
    assert_array_equal(sheet, word_sheet(codebook.patches[np.argsort(-codebook.usual)], n_cols=25))
    assert ": the 5 words</h3>" in section
    assert "visual words" in section
    assert "HoG + visual words" in section


def test_words_are_shown_a_whole_number_of_times_their_size(section):
    sheets = re.findall(r'class="words" src="data:image/png;base64,([^"]*)" alt="[^"]*" width="(\d+)"', section)
    assert len(sheets) > 2  # the codebook, and words for and against classes
    for png, width_px in sheets:
        assert int(width_px) % pixels(png).shape[1] == 0


def test_examples_are_shown_as_they_are_in_words_and_with_brightness_put_back(words_board, section):
    alts = ('a test image of [^"]*', 'the same image, every place [^"]*', 'the same words with [^"]*')
    images, drawn, restored = (shown(section, alt) for alt in alts)
    examples = words_board.best.codebook.examples
    assert len(images) == len(drawn) == len(restored) == len(examples) == 3
    for n, (_, image, (words,)) in enumerate(examples):
        assert_array_equal(images[n], image)
        assert_array_equal(drawn[n], shaded(words.drawn))
        assert_array_equal(restored[n], np.clip(words.restored, 0, 255).round())


def test_words_vote_in_the_order_of_their_votes_in_linear_classifiers_only(words_board, section):
    codebook = words_board.row("words/softmax").codebook
    linear = [row.title for row in words_board.rows if row.codebook is not None and row.codebook.votes is not None]
    assert re.findall(r"<summary><b>([^<]*)</b>", section) == linear
    where = section.index("<summary><b>visual words, softmax</b>")
    table = section[where : section.index("</table>", where)]
    for label, name in enumerate(("&lt;b&gt;&amp; bold&lt;/b&gt;", "grün", "3 \\$x\\^2\\$")):
        for sign, alt in ((1, "for"), (-1, "against")):
            votes = sign * codebook.votes[label]
            chosen = [word for word in np.argsort(-votes, kind="stable") if votes[word] > 0]
            pictures = shown(table, f"words {alt} {name}")
            assert len(pictures) == (len(chosen) > 0)
            for picture in pictures:
                assert_array_equal(picture, word_sheet(codebook.patches[chosen], n_cols=7))


def test_without_linear_classifiers_nothing_is_said_of_votes(words_board, tmp_path):
    for recipes, is_said in ((("words/softmax", "words/mlp2"), True), (("words/mlp2", "words/knn"), False)):
        rows = tuple(words_board.row(recipe) for recipe in recipes)
        dataclasses.replace(words_board, rows=rows).report(tmp_path / "report.html")
        page = (tmp_path / "report.html").read_text(encoding="utf-8")
        assert ("vote for a class" in page) == is_said
        assert 'alt="sheet of 5 words"' in page


def test_without_words_there_is_no_section(words_board, tmp_path):
    rows = (words_board.row("hog/softmax"),)
    dataclasses.replace(words_board, rows=rows).report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "#words" not in page
    assert 'id="words"' not in page


def small_words_of_sift(image_shape):
    return VisualWords(n_words=6, descriptor=DenseSIFT(step_px=3, bin_px=(4, 2)), n_sampled=300, levels=(1,))


@pytest.fixture(scope="module")
def sift_board():
    sift = FeatureChoice(key="sift", title="words of SIFT", build=small_words_of_sift)
    recipe = Recipe(
        key="sift/softmax", features=FeatureSet(key="sift", parts=(sift,)), classifier=CLASSIFIERS["softmax"]
    )
    return compare(coloured_set(), recipes=[recipe, "color/softmax"], seeds=1, seed=3)


def test_words_of_sift_are_looked_for_in_the_test_images(sift_board):
    row, test = sift_board.row("sift/softmax"), Splits.of(coloured_set(), seed=3).test
    codebook, feature = row.codebook, row.model.features_.features_[0]
    assert codebook.n_looked_through == len(test.images)
    assert_array_equal(codebook.patches, word_patches(feature, test.images))
    for _, image, scales in codebook.examples:
        assert len(scales) == 2
        for scale, words in enumerate(scales):
            told = words_on_image(feature, image, patches=codebook.patches, scale=scale)
            assert_array_equal(words.nearest, told.nearest)
            assert_array_equal(words.drawn, told.drawn)
    assert codebook.votes.shape == (3, 6)


def test_no_more_test_images_are_looked_through_than_the_report_says(sift_board, monkeypatch):
    row, test = sift_board.row("sift/softmax"), Splits.of(coloured_set(), seed=3).test
    monkeypatch.setattr(codebooks, "MOST_LOOKED_THROUGH", 3)
    n_numbers = row.model.classifier_.n_features_in_
    codebook = codebooks.codebook_of(row.model, np.zeros((3, n_numbers), np.float32), np.arange(3), test=test)
    assert codebook.n_looked_through == 3
    spread = test.images[[0, round((len(test) - 1) / 2), len(test) - 1]]
    assert_array_equal(codebook.patches, word_patches(row.model.features_.features_[0], spread))


def test_a_report_says_that_words_of_sift_are_places_in_test_images(sift_board, tmp_path):
    section, codebook = section_of(sift_board, tmp_path), sift_board.row("sift/softmax").codebook
    assert f"by its nearest places in {codebook.n_looked_through} test images" in section
    (sheet,) = shown(section, "sheet of 6 words")
    assert_array_equal(sheet, word_sheet(codebook.patches[np.argsort(-codebook.usual)], n_cols=25))
    assert shown(section, "words for grün")


def test_the_framed_word_of_sift_is_the_one_that_exceeds_the_usual_most(sift_board, tmp_path):
    section, codebook = section_of(sift_board, tmp_path), sift_board.row("sift/softmax").codebook
    framed, drawn = shown(section, 'a test image of [^"]*'), shown(section, 'the same image, every place [^"]*')
    for n, (_, image, (large, small)) in enumerate(codebook.examples):
        found = {*large.nearest.ravel().tolist(), *small.nearest.ravel().tolist()}
        word = max(found, key=lambda word: small.answers[word] - codebook.usual[word])
        expected = Image.fromarray(marked_places(image, (large, small), word=word))
        expected.thumbnail((168, 168))
        assert_array_equal(framed[n], np.asarray(expected))
        assert_array_equal(drawn[n], shaded(small.drawn)[..., 0])


def test_words_of_patches_are_not_said_to_be_places(section):
    assert "nearest places" not in section
    assert "frames" not in section
