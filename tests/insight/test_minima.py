import numpy as np
import pytest

from foldline.insight.minima import local_minima


def test_minima_of_a_wave_are_counted_lowest_first():
    x = np.linspace(0, 6 * np.pi, 601)
    assert [i for (i,) in local_minima(np.cos(x) - 0.01 * x, depth=0.1)] == [500, 300, 100]


def test_ripples_less_deep_than_the_depth_are_none():
    x = np.linspace(-1, 1, 401)
    rough = x**2 + 1e-3 * np.random.default_rng(0).uniform(-1, 1, 401)
    assert len(local_minima(rough, depth=2e-3)) == 1
    assert len(local_minima(rough, depth=0.0)) > 5


@pytest.mark.parametrize("values", [[0, 1, 2], [2, 1, 0], [1, 1, 1], [0, 1, 0], [0, 1e-9, -1e-9, 5]])
def test_convention_what_falls_towards_the_border_or_is_flat_is_no_minimum(values):
    assert local_minima(np.array(values, np.float64), depth=1e-8) == []


def test_a_flat_bottom_is_one_minimum():
    assert len(local_minima(np.array([3.0, 1, 1, 1, 2]), depth=0.5)) == 1


def test_of_two_basins_the_shallower_counts_by_how_far_it_lies_below_the_pass():
    values = np.array([9.0, 0, 5, 4, 9])
    assert local_minima(values, depth=0.9) == [(1,), (3,)]
    assert local_minima(values, depth=1.0) == [(1,)]


def test_basins_of_a_grid_touch_across_corners():
    grid = np.full((5, 5), 9.0)
    grid[1, 1], grid[2, 2], grid[3, 3] = 1, 2, 0
    assert local_minima(grid, depth=3.0) == [(3, 3)]
    assert local_minima(grid, depth=0.5) == [(3, 3), (1, 1)]
    grid[3, 1] = 4  # touches the place of 2, and the lower ones by it
    assert local_minima(grid, depth=0.5) == [(3, 3), (1, 1)]


def test_saddles_of_a_plane_are_no_minima():
    a, b = np.meshgrid(np.linspace(-2, 2, 81), np.linspace(-1, 1, 41))
    assert sorted(local_minima((a**2 - 1) ** 2 + b**2, depth=1e-6)) == [(20, 20), (20, 60)]
    assert local_minima(a**2 - b**2, depth=1e-6) == []
