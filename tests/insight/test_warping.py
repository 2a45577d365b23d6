import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import SettingError, ShapeError
from foldline.insight import Plane, find_warp
from insight.odd_nets import net_of, random_net

QUADRANTS = net_of([np.eye(2), [[1, 1], [-1, -1]]], [[0, 0], [-0.5, 0.5]])


def areas(corners, starts):
    found = []
    for piece in np.split(corners, starts[1:-1]):
        x, y = piece.T
        found.append(0.5 * (x @ np.roll(y, -1) - y @ np.roll(x, -1)))
    return np.array(found)


def test_relu_leaves_one_quadrant_and_lays_the_others_on_the_axes_and_the_origin():
    warp = find_warp(QUADRANTS, n_grid=4)
    pieces = np.split(warp.folded, warp.starts[1:-1])
    for pattern, piece, before in zip(
        warp.patterns.tolist(), pieces, np.split(warp.corners, warp.starts[1:-1]), strict=True
    ):
        expected = before * np.asarray(pattern)
        assert_allclose(piece, expected, atol=1e-12)
    assert areas(warp.folded, warp.starts).sum() == pytest.approx(1)


def test_the_grid_cuts_and_changes_nothing():
    coarse, fine = find_warp(random_net(2, 5, 3, seed=1), n_grid=1), find_warp(random_net(2, 5, 3, seed=1), n_grid=7)
    assert areas(fine.corners, fine.starts).sum() == pytest.approx(4)
    assert len(fine.starts) > len(coarse.starts) + 30
    assert {tuple(p) for p in fine.patterns.tolist()} == {tuple(p) for p in coarse.patterns.tolist()}
    assert fine.patterns.shape[1] == 5


@pytest.mark.parametrize(("layer", "n_units"), [(1, 6), (2, 10)])
def test_corners_go_where_the_layers_take_them(layer, n_units):
    net = random_net(9, 6, 4, 3, seed=2, activation="leaky_relu" if layer == 1 else ("relu", "leaky_relu"))
    plane = Plane.through(np.random.default_rng(0).standard_normal((3, 9)))
    warp = find_warp(net, plane, layer=layer, n_grid=3)
    z, h = warp(plane.at(warp.corners))
    assert_allclose(warp.linear, z, atol=1e-12)
    assert_allclose(warp.folded, h, atol=1e-12)
    assert_array_equal(warp.folded, np.where(warp.linear > 0, warp.linear, 0.2 * warp.linear))
    assert warp.patterns.shape[1] == n_units


def test_every_piece_is_one_affine_image():
    warp = find_warp(random_net(2, 5, 4, 3, seed=3), layer=2, n_grid=3)
    for before, after in zip(
        np.split(warp.corners, warp.starts[1:-1]), np.split(warp.folded, warp.starts[1:-1]), strict=True
    ):
        ends = np.column_stack([before, np.ones(len(before))])
        fitted, *_ = np.linalg.lstsq(ends, after, rcond=None)
        assert_allclose(ends @ fitted, after, atol=1e-9)


def test_convention_two_units_are_seen_as_they_are_and_more_along_their_main_directions():
    assert_array_equal(find_warp(QUADRANTS).view, np.eye(2))
    view = find_warp(random_net(2, 5, 3, seed=1)).view
    assert_allclose(view.T @ view, np.eye(2), atol=1e-12)
    assert find_warp(random_net(2, 1, 3, seed=1)).view.tolist() == [[1, 0]]


def test_warps_are_drawn(assert_golden):
    X = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    assert_golden(find_warp(QUADRANTS, n_grid=6).picture(X=X, labels=(X.sum(axis=1) > 0).astype(int)), "warp")


def test_deeper_warps_are_drawn(assert_golden):
    assert_golden(find_warp(random_net(2, 6, 5, 3, seed=4), layer=2, n_grid=6).picture(), "warp_deep")


def test_what_one_unit_makes_of_the_plane_is_drawn_as_a_line_in_the_colours_of_its_regions():
    plane, *line = find_warp(random_net(2, 1, 3, seed=1)).picture().axes
    assert plane.collections[0].get_linewidths()[0] < 1
    for axes in line:
        drawn = axes.collections[0]
        assert drawn.get_linewidths()[0] > 5
        assert_array_equal(drawn.get_edgecolors(), drawn.get_facecolors())


def test_a_label_is_wanted_for_each_vector(as_installed):
    with pytest.raises(ShapeError, match="labels has shape .2,.; expected .3.. Give one label for each vector"):
        find_warp(QUADRANTS).picture(X=np.zeros((3, 2)), labels=np.zeros(2, int))


def test_the_way_there_is_an_animation(tmp_path, monkeypatch):
    from PIL import Image

    monkeypatch.setattr("foldline.insight.warp_pictures.FRAMES", 3)
    monkeypatch.setattr("foldline.insight.warp_pictures.STILL_FRAMES", 1)
    find_warp(QUADRANTS, n_grid=2).animation(tmp_path / "warp.gif", X=np.zeros((1, 2)))
    with Image.open(tmp_path / "warp.gif") as found:
        assert found.n_frames == 4  # equal ones are shown longer


def test_more_pieces_than_asked_for_are_refused():
    assert len(find_warp(QUADRANTS, n_grid=2, max_regions=4).patterns) == 4
    with pytest.raises(SettingError, match="more than 3 regions; expected no more. Look at a smaller window, or raise"):
        find_warp(QUADRANTS, n_grid=2, max_regions=3)


def test_nets_and_layers_that_do_not_fold_are_refused():
    with pytest.raises(SettingError, match="no hidden layer that folds; expected one"):
        find_warp(random_net(2, 5, 3, activation="identity"))
    with pytest.raises(SettingError, match="layer is 2; expected a whole number from 1 to 1"):
        find_warp(QUADRANTS, layer=2)
    with pytest.raises(SettingError, match="n_grid is 0"):
        find_warp(QUADRANTS, n_grid=0)
    with pytest.raises(SettingError, match="n_grid is 501; expected a whole number from 1 to 500"):
        find_warp(QUADRANTS, n_grid=501)
