import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from numpy.testing import assert_allclose, assert_array_equal

from foldline.models.pooling import max_pool, pooled_side, response_normalised
from tolerances import TOLERANCE

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("height", "width"), [(3, 3), (7, 55), (8, 6), (4, 5), (2, 1)])
def test_pooling_takes_the_largest_of_each_window_and_leaves_no_pixel_out(height, width):
    x = RNG.standard_normal((2, height, width, 3)).astype(np.float32)
    y = np.asarray(max_pool(jnp.asarray(x)))
    for i, j in np.ndindex(*y.shape[1:3]):
        assert_array_equal(y[:, i, j], x[:, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3].max(axis=(1, 2)))
    assert 2 * (y.shape[1] - 1) + 3 >= height


@pytest.mark.parametrize(("side", "windows"), [(55, 27), (27, 13), (13, 6), (32, 16), (8, 4), (3, 1)])
def test_convention_windows_may_reach_over_the_edge(side, windows):
    assert pooled_side(side) == windows


def test_gradients_of_pooling():
    with jax.enable_x64(True):
        x = jnp.asarray(RNG.standard_normal((2, 6, 5, 2)))
        check_grads(jax.jit(max_pool), (x,), order=1, modes=["rev"])


def test_convention_the_first_of_equal_numbers_takes_the_gradient():
    slope = jax.grad(lambda x: jnp.sum(max_pool(x)))(jnp.ones((1, 3, 3, 1)))
    assert_array_equal(slope[0, ..., 0], [[1, 0, 0], [0, 0, 0], [0, 0, 0]])


def test_responses_are_normalised_as_the_paper_prints_it():
    with jax.enable_x64(True):
        x = 100 * RNG.standard_normal((1, 2, 2, 8))
        expected = np.empty_like(x)
        for i in range(8):
            near = x[..., max(0, i - 2) : min(7, i + 2) + 1]
            expected[..., i] = x[..., i] / (2 + 1e-4 * (near**2).sum(-1)) ** 0.75
        assert_allclose(response_normalised(jnp.asarray(x)), expected, **TOLERANCE[np.dtype(np.float64)])
