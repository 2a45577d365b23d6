import io
import warnings

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import ShapeError
from foldline.insight import calibration, calibration_picture, confusion_picture, learning_curves_picture
from foldline.insight.style import COLORS
from foldline.training import History

THREE = np.array([[90, 9, 1], [4, 60, 0], [0, 25, 75]])
NAMES = ("cat", "dog", "fox")


@pytest.fixture(autouse=True)
def matplotlib_as_it_comes():
    """Draw with the defaults, whatever a user's own matplotlibrc says."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        yield


def many_classes(k):
    """Counts of k classes, most of them right, the mistakes beside the diagonal."""
    return 10 * np.eye(k, dtype=int) + 3 * np.eye(k, k=1, dtype=int) + np.eye(k, k=-2, dtype=int)


def history(n_epochs, *, has_val=True, best_epoch=None):
    """Curves that fall and rise, the validation rows' a little behind."""
    e = np.arange(1, n_epochs + 1)
    return History(
        train_loss=1.5 / e,
        train_accuracy=1 - 0.5 / e,
        val_loss=0.3 + 1.5 / e if has_val else None,
        val_accuracy=0.9 - 0.5 / e if has_val else None,
        elapsed_s=e / 10,
        best_epoch=n_epochs - 1 if best_epoch is None else best_epoch,
    )


def a_calibration():
    """Answers that are surer of themselves than they are right; no answer below 0.3."""
    confidence = np.repeat([0.35, 0.55, 0.75, 0.95], [10, 20, 30, 40])
    is_right = np.arange(100) % 10 < np.repeat([2, 4, 5, 8], [10, 20, 30, 40])
    return calibration(confidence, is_right)


@pytest.mark.parametrize(
    ("name", "draw"),
    [
        ("confusion-3", lambda: confusion_picture(THREE, NAMES)),
        ("confusion-17", lambda: confusion_picture(many_classes(17), tuple(f"class {i}" for i in range(17)))),
        ("confusion-41", lambda: confusion_picture(many_classes(41), tuple(f"class {i}" for i in range(41)))),
        ("calibration", lambda: calibration_picture(a_calibration())),
        ("learning-curves", lambda: learning_curves_picture(history(12, best_epoch=8))),
        ("learning-curves-training-only", lambda: learning_curves_picture(history(12, has_val=False))),
        ("learning-curves-one-epoch", lambda: learning_curves_picture(history(1))),
    ],
)
def test_drawings_look_like_their_golden_pictures(assert_golden, name, draw):
    assert_golden(draw(), name)


def test_a_cell_of_the_confusions_is_as_dark_as_its_share_of_the_row():
    rgba = confusion_picture(THREE, NAMES).axes[0].images[0].get_array()
    assert_allclose(rgba[..., 3], np.sqrt([[0.9, 0.09, 0.01], [0.0625, 0.9375, 0], [0, 0.25, 0.75]]))
    assert_allclose(rgba[0, 0, :3], to_rgb(COLORS["series-1"]))
    assert_allclose(rgba[0, 1, :3], to_rgb(COLORS["series-2"]))


def test_a_row_of_the_confusions_is_a_true_class():
    axes = confusion_picture(THREE, NAMES).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    counts = {(text.get_position()[1], text.get_position()[0]): text.get_text() for text in axes.texts}
    assert counts == {(row, col): str(THREE[row, col]) for row, col in np.argwhere(THREE)}


def test_a_class_without_images_is_an_empty_row():
    rgba = confusion_picture(np.array([[5, 0], [0, 0]]), ("cat", "dog")).axes[0].images[0].get_array()
    assert_array_equal(rgba[1, :, 3], [0, 0])


@pytest.mark.parametrize(
    ("k", "is_named", "is_numbered"),
    [(2, True, True), (16, True, True), (17, True, False), (40, True, False), (41, False, False)],
)
def test_names_and_numbers_are_left_out_where_they_have_no_room(k, is_named, is_numbered):
    names = tuple(f"class {i}" for i in range(k))
    axes = confusion_picture(many_classes(k), names).axes[0]
    assert ([label.get_text() for label in axes.get_yticklabels()] == list(names)) == is_named
    assert (len(axes.texts) > 0) == is_numbered


# Ink and paper of the report's style sheet, on a light page and on a dark one.
PAGES = {"light": ("#1d2126", "#fffffe"), "dark": ("#e6e9ed", "#16191d")}


def luminance(rgb):
    """WCAG 2."""
    rgb = np.asarray(rgb)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("page", PAGES)
def test_numbers_can_be_read_in_their_cells_on_light_and_dark_pages(page):
    ink, paper = PAGES[page]
    shares = np.linspace(1, 99, 16).astype(int)
    confusion = np.diag(shares) + np.roll(np.diag(100 - shares), 1, axis=1)
    axes = confusion_picture(confusion, tuple(f"{share} %" for share in shares)).axes[0]
    assert len(axes.texts) == 32
    for text in axes.texts:
        col, row = text.get_position()
        *rgb, alpha = axes.images[0].get_array()[row, col]
        # A page puts its own ink in the place of ours, and its paper shows through the cells; white stays white.
        color = to_rgb(ink if text.get_color() == COLORS["ink"] else text.get_color())
        cell = alpha * np.array(rgb) + (1 - alpha) * np.array(to_rgb(paper))
        darker, lighter = sorted([luminance(color), luminance(cell)])
        assert (lighter + 0.05) / (darker + 0.05) > 3.5


@pytest.mark.parametrize("names", [("cat",), ("cat", "dog"), ("cat", "dog", "fox", "eel")])
def test_as_many_names_as_classes_are_needed(names):
    k = len(names)
    with pytest.raises(ShapeError, match=rf"confusion has shape \(3, 3\); expected \({k}, {k}\)\. Give one name for"):
        confusion_picture(THREE, names)


@pytest.mark.parametrize("name", ["$\\frac{$", "$x$", "a\nb", "<b>&amp;", "", "größe"])
def test_class_names_are_drawn_as_they_are(name):
    figure = confusion_picture(THREE, (name, "dog", "fox"))
    svg, png = io.StringIO(), io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(svg, format="svg")
        figure.savefig(png, format="png")
    assert figure.axes[0].get_yticklabels()[0].get_text() == name


def test_calibration_draws_the_bins_that_hold_answers():
    top, bottom = calibration_picture(a_calibration()).axes
    diagonal, curve = top.lines
    assert_array_equal(diagonal.get_xydata(), [[0, 0], [1, 1]])
    assert_allclose(curve.get_xydata(), [[0.35, 0.2], [0.55, 0.4], [0.75, 0.5], [0.95, 0.8]])
    assert [bar.get_height() for bar in bottom.patches] == [0, 0, 0, 10, 0, 20, 0, 30, 0, 40]
    assert_allclose([bar.get_x() + bar.get_width() / 2 for bar in bottom.patches], np.arange(0.05, 1, 0.1))


def test_calibration_says_its_error():
    # |0.2 - 0.35| / 10 + |0.4 - 0.55| / 5 + 3 |0.5 - 0.75| / 10 + 2 |0.8 - 0.95| / 5
    top, _ = calibration_picture(a_calibration()).axes
    assert [text.get_text() for text in top.texts] == ["calibration error 0.180"]


def test_learning_curves_count_epochs_from_one_and_mark_the_one_that_was_kept():
    drawn = history(12, best_epoch=8)
    loss, accuracy = learning_curves_picture(drawn).axes
    for axes, train, val in (
        (loss, drawn.train_loss, drawn.val_loss),
        (accuracy, drawn.train_accuracy, drawn.val_accuracy),
    ):
        lines = {line.get_label(): line for line in axes.lines}
        assert_array_equal(lines["training"].get_xdata(), np.arange(1, 13))
        assert_array_equal(lines["training"].get_ydata(), train)
        assert_array_equal(lines["validation"].get_ydata(), val)
        *_, kept_line, kept_point = axes.lines
        assert_array_equal(kept_line.get_xdata(), [9, 9])
        assert_array_equal(kept_point.get_xydata(), [[9, val[8]]])


def test_without_validation_rows_only_training_is_drawn():
    for axes in learning_curves_picture(history(3, has_val=False)).axes:
        assert [line.get_label() for line in axes.lines] == ["training"]


@pytest.mark.parametrize("n_epochs", [1, 5])
def test_losses_start_at_zero_and_accuracies_end_at_one(n_epochs):
    loss, accuracy = learning_curves_picture(history(n_epochs)).axes
    assert loss.get_ylim()[0] == 0
    assert accuracy.get_ylim()[1] == 1


@pytest.mark.parametrize("n_epochs", [1, 2, 5])
def test_curves_keep_clear_of_the_frame(n_epochs):
    loss, accuracy = learning_curves_picture(history(n_epochs)).axes
    assert loss.get_ylim()[1] == pytest.approx(1.05 * 1.8)
    assert accuracy.get_ylim()[0] == pytest.approx(0.4 - 0.05 * 0.6)


@pytest.mark.parametrize("n_epochs", [1, 2, 3, 30])
def test_epochs_are_whole_numbers(n_epochs):
    figure = learning_curves_picture(history(n_epochs))
    figure.draw_without_rendering()
    for axes in figure.axes:
        low, high = axes.get_xlim()
        ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
        assert ticks
        assert all(tick == round(tick) and 1 <= tick <= n_epochs for tick in ticks)


def test_drawing_leaves_the_users_own_look_as_it_was():
    before = dict(matplotlib.rcParams)
    confusion_picture(THREE, NAMES)
    calibration_picture(a_calibration())
    learning_curves_picture(history(3))
    assert dict(matplotlib.rcParams) == before
