"""The comparison of drawings can fail, and tells where to look."""

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from golden import TOLERATED_LEVELS, assert_same_picture

WHITE = np.full((20, 30, 3), 255, np.uint8)


def with_line(row, *, level=0, width=1):
    picture = WHITE.copy()
    picture[row : row + width, 5:25] = level
    return picture


@pytest.fixture
def golden(tmp_path):
    """The golden picture of a black line."""
    with pytest.raises(pytest.skip.Exception):
        assert_same_picture(with_line(10), tmp_path / "line.png", failures=tmp_path, rewrite=True)
    return tmp_path / "line.png"


@pytest.mark.parametrize("level", [0, TOLERATED_LEVELS])
def test_a_picture_like_the_golden_one_passes(golden, tmp_path, level):
    assert_same_picture(with_line(10, level=level), golden, failures=tmp_path)
    assert list(tmp_path.iterdir()) == [golden]


@pytest.mark.parametrize(
    "actual",
    [
        WHITE,
        with_line(11),
        with_line(10, level=TOLERATED_LEVELS + 1),
        with_line(10, width=2),
        with_line(10) - np.array([0, 0, TOLERATED_LEVELS + 1], np.uint8),
        with_line(10)[:, :-3],
        np.concatenate([with_line(10), WHITE]),
    ],
    ids=["no line", "lower", "lighter", "thicker", "another colour", "narrower", "taller"],
)
def test_another_picture_fails_and_shows_all_three(golden, tmp_path, actual):
    with pytest.raises(AssertionError, match=r"line\.png differs by up to .*--rewrite-golden") as caught:
        assert_same_picture(actual, golden, failures=tmp_path)
    shown = tmp_path / "line-expected-actual-difference.png"
    assert str(shown) in str(caught.value)
    height, width = np.maximum(actual.shape[:2], (20, 30))
    assert np.asarray(Image.open(shown)).shape == (height, 3 * width, 3)


def test_a_missing_golden_picture_fails(tmp_path):
    # Were it drawn instead, the test would be skipped, and a skip in here must not go unseen.
    with pytest.raises(
        (AssertionError, pytest.skip.Exception), match=r"no golden picture .*new\.png; draw it"
    ) as caught:
        assert_same_picture(WHITE, tmp_path / "new.png", failures=tmp_path)
    assert caught.type is AssertionError
    assert not list(tmp_path.iterdir())


def test_only_the_flag_writes_a_golden_picture_and_the_test_does_not_pass_by_it(tmp_path):
    with pytest.raises(pytest.skip.Exception, match=r"new\.png was drawn anew: look at it"):
        assert_same_picture(with_line(3), tmp_path / "golden" / "new.png", failures=tmp_path, rewrite=True)
    assert_same_picture(with_line(3), tmp_path / "golden" / "new.png", failures=tmp_path)


def test_a_picture_that_another_matplotlib_drew_is_not_compared(tmp_path):
    about = PngImagePlugin.PngInfo()
    about.add_text("Software", "matplotlib 2.0")
    Image.fromarray(with_line(3)).save(tmp_path / "old.png", pnginfo=about)
    with pytest.raises(pytest.skip.Exception, match=r"old\.png was drawn by matplotlib 2\.0, this is matplotlib 3"):
        assert_same_picture(WHITE, tmp_path / "old.png", failures=tmp_path)
