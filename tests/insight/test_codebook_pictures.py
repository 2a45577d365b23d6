import matplotlib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import SettingError, ShapeError
from foldline.features.local_descriptor import Squares
from foldline.insight import WordsOnImage, bag_picture, marked_places, shaded, word_sheet
from foldline.insight.codebook_pictures import FRAME


@pytest.fixture(autouse=True)
def matplotlib_as_it_comes():
    """Draw with the defaults, whatever a user's own matplotlibrc says."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        yield


def edges(n, *, patch_px=6, n_channels=3):
    """Words that are edges in n directions, each of a colour."""
    row, col = np.mgrid[:patch_px, :patch_px] - (patch_px - 1) / 2
    angle_rad = np.linspace(0, 2 * np.pi, n, endpoint=False)[:, None, None]
    edge = np.tanh(col * np.cos(angle_rad) + row * np.sin(angle_rad))
    tint = 1 + 0.8 * np.cos(angle_rad[..., None] + np.arange(n_channels))
    return (edge[..., None] * tint).astype(np.float32)


def test_words_stand_row_by_row_with_a_clear_pixel_between_them():
    patches = np.array([0.5, -2, 0], np.float32).reshape(3, 1, 1, 1)
    sheet = word_sheet(patches, n_cols=2)
    assert_array_equal(sheet[..., 3], [[255, 0, 255], [0, 0, 0], [255, 0, 0]])
    assert [sheet[place].tolist() for place in ((0, 0), (0, 2), (2, 0))] == [
        [level] * 3 + [255] for level in (255, 1, 128)
    ]


def test_pixels_and_channels_of_words_are_in_their_places():
    patches = np.random.default_rng(0).normal(size=(4, 3, 3, 3)).astype(np.float32)
    sheet = word_sheet(patches, n_cols=3)
    assert sheet.shape == (7, 11, 4)
    for (row, col), patch in zip([(0, 0), (0, 4), (0, 8), (4, 0)], patches, strict=True):
        assert_array_equal(sheet[row : row + 3, col : col + 3, :3], shaded(patch))


def test_convention_each_word_has_a_contrast_of_its_own():
    patches = edges(2)
    patches[1] *= 1000
    sheet = word_sheet(patches, n_cols=2)
    assert sheet[:, :6, :3].max() == sheet[:, 7:, :3].max() == 255


def test_a_sheet_is_no_wider_than_its_words():
    assert word_sheet(edges(3), n_cols=9).shape == (6, 20, 4)


def test_bars_are_the_words_by_which_an_image_exceeds_others_most():
    answers, usual = np.array([0.5, 0.9, 0.2, 0.7]), np.array([0.5, 0.8, 0.6, 0.1])
    top, bottom = bag_picture(answers, usual, edges(4), n_words=3).axes
    assert_allclose([bar.get_height() for bar in top.patches], [0.7, 0.9, 0.5])
    lines = [segment.tolist() for segment in top.collections[0].get_segments()]
    assert_allclose([line[0][1] for line in lines], [0.1, 0.8, 0.5])
    assert_array_equal(bottom.images[0].get_array(), word_sheet(edges(4)[[3, 1, 0]], n_cols=3))


def test_words_stand_under_their_bars():
    n, side = 5, 6
    top, bottom = bag_picture(np.arange(n)[::-1] / 1.0, np.zeros(n), edges(n)).axes
    left, right, _, _ = bottom.images[0].get_extent()
    px = (right - left) / (n * (side + 1) - 1)
    middles = [left + (word * (side + 1) + side / 2) * px for word in range(n)]
    assert_allclose(middles, [bar.get_x() + bar.get_width() / 2 for bar in top.patches], atol=1e-12)


def test_a_bag_of_words_looks_like_its_golden_picture(assert_golden):
    answers = 0.5 + 0.4 * np.cos(np.arange(12.0))
    assert_golden(bag_picture(answers, np.full(12, 0.5), edges(12), n_words=10), "bag-of-words")


@pytest.mark.usefixtures("as_installed")
def test_numbers_and_patches_that_do_not_belong_together_are_refused():
    with pytest.raises(ShapeError, match=r"answers has shape \(3,\); expected \(4\)\. Give one number for each word"):
        bag_picture(np.zeros(3), np.zeros(4), edges(4))
    with pytest.raises(ShapeError, match=r"usual has shape \(5,\); expected \(4\)"):
        bag_picture(np.zeros(4), np.zeros(5), edges(4))
    with pytest.raises(ShapeError, match=r"patches has shape \(4, 108\); expected \(a, p, p, c\)\. Take them from"):
        word_sheet(edges(4).reshape(4, -1), n_cols=2)
    with pytest.raises(SettingError, match="n_cols is 0; expected a whole number at least 1"):
        word_sheet(edges(4), n_cols=0)
    with pytest.raises(SettingError, match="n_words is 0; expected a whole number at least 1"):
        bag_picture(np.zeros(4), np.zeros(4), edges(4), n_words=0)


def in_words(nearest, *, start_px, step_px, side_px):
    nothing = np.zeros((1, 1, 1), np.float32)
    return WordsOnImage(
        nearest=np.array(nearest),
        distance=np.zeros(np.shape(nearest), np.float32),
        squares=Squares(start_px, step_px, side_px),
        answers=np.zeros(9, np.float32),
        drawn=nothing,
        restored=nothing,
    )


def is_frame(picture):
    return (picture == [int(FRAME[i : i + 2], 16) for i in (1, 3, 5)]).all(axis=2)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_places_of_a_word_are_framed_at_every_scale_and_others_are_not(n_channels):
    image = np.random.default_rng(0).integers(0, 200, (84, 56, n_channels), dtype=np.uint8)
    small = in_words([[7, 2, 7], [2, 2, 2]], start_px=1, step_px=20, side_px=10)
    large = in_words([[7]], start_px=30, step_px=20, side_px=25)
    picture = marked_places(image, [small, large], word=7)
    times = 4  # 84 pixels become 336
    assert picture.shape == (336, 224, 3)
    expected = np.zeros((336, 224), bool)
    for top, left, side in ((1, 1, 10), (1, 41, 10), (30, 30, 25)):
        first_row, first_col = times * top, times * left
        last_row, last_col = times * (top + side) - 1, times * (left + side) - 1
        expected[first_row : last_row + 1, first_col : last_col + 1] = True
        expected[first_row + 1 : last_row, first_col + 1 : last_col] = False
    assert_array_equal(is_frame(picture), expected)
    untouched = marked_places(image, [small, large], word=5)
    assert_array_equal(untouched, np.kron(np.broadcast_to(image, (84, 56, 3)), np.ones((4, 4, 1), np.uint8)))


def test_frames_beyond_the_image_are_cut_off():
    picture = marked_places(
        np.zeros((336, 336, 1), np.uint8), [in_words([[0]], start_px=-5, step_px=1, side_px=9)], word=0
    )
    rows, cols = np.nonzero(is_frame(picture))
    assert (rows.max(), cols.max()) == (3, 3)
    assert len(rows) == 7
