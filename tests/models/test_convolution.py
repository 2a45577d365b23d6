import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from numpy.testing import assert_allclose

from convolution_loops import loops
from foldline.models import Convolution
from foldline.models.convolution import in_blocks, plain
from foldline.models.winograd import winograd
from tolerances import TOLERANCE

RNG = np.random.default_rng(0)


def arrays(x_shape, W_shape, dtype=np.float64):
    return RNG.standard_normal(x_shape).astype(dtype), RNG.standard_normal(W_shape).astype(dtype)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (4, 4), (3, 6), (9, 5)])
def test_winograd_equals_the_plain_sum_whatever_the_size(height, width):
    with jax.enable_x64(True):
        x, W = arrays((2, height, width, 3), (4, 3, 3, 3))
        assert_allclose(
            winograd(jnp.asarray(x), jnp.asarray(W)), loops(x, W, border=1), **TOLERANCE[np.dtype(np.float64)]
        )


def test_convention_winograd_in_float32_is_within_some_1e_5_of_the_largest_result():
    x, W = arrays((4, 8, 8, 32), (16, 3, 3, 32), np.float32)
    expected = loops(x.astype(float), W.astype(float), border=1)
    assert np.abs(winograd(jnp.asarray(x), jnp.asarray(W)) - expected).max() < 3e-5 * np.abs(expected).max()


@pytest.mark.parametrize("side", [1, 3, 5, 7])
def test_blocks_equal_the_plain_sum(side):
    with jax.enable_x64(True):
        x, W = arrays((2, 6, 4, 3), (5, side, side, 3))
        assert_allclose(
            in_blocks(jnp.asarray(x), jnp.asarray(W)),
            loops(x, W, border=(side - 1) // 2),
            **TOLERANCE[np.dtype(np.float64)],
        )


def test_plain_takes_strides_borders_and_groups():
    with jax.enable_x64(True):
        x, W = arrays((2, 7, 6, 4), (6, 3, 3, 2))
        settings = {"stride": 2, "border": 1, "groups": 2}
        found = plain(jnp.asarray(x), jnp.asarray(W), **settings)
        assert_allclose(found, loops(x, W, **settings), **TOLERANCE[np.dtype(np.float64)])


@pytest.mark.parametrize("convolve", [winograd, in_blocks])
def test_gradients_of_images_and_weights(convolve):
    with jax.enable_x64(True):
        x, W = arrays((2, 6, 4, 2), (3, 3, 3, 2))
        # Compiled: the check itself computes in NumPy, which typed functions refuse.
        check_grads(jax.jit(convolve), (jnp.asarray(x), jnp.asarray(W)), order=1, modes=["rev"])


@pytest.mark.parametrize("convolve", [winograd, in_blocks])
def test_an_image_moved_by_four_pixels_gives_the_same_moved_by_four(convolve):
    x, W = arrays((1, 20, 20, 3), (4, 3, 3, 3), np.float32)
    x[:, :4], x[:, -4:] = 0, 0
    moved = np.roll(x, 4, axis=1)
    y, y_moved = (convolve(jnp.asarray(images), jnp.asarray(W)) for images in (x, moved))
    assert_allclose(y_moved[:, 5:], y[:, 1:-4], atol=1e-4)


@pytest.mark.parametrize(
    ("n_in", "side", "settings"),
    [(8, 3, {"border": 1}), (3, 5, {"border": 2}), (3, 11, {"stride": 4}), (8, 5, {"border": 2, "groups": 2})],
)
def test_a_layer_gives_the_sum_and_its_bias_by_whatever_route(n_in, side, settings):
    layer = Convolution.random(n_in=n_in, n_out=4, side=side, **settings, key=jax.random.key(0))
    b = np.arange(4, dtype=np.float32)
    layer = Convolution(layer.W, jnp.asarray(b), layer.stride, layer.border, layer.groups)
    x = RNG.standard_normal((2, 12, 12, n_in)).astype(np.float32)
    assert_allclose(layer(jnp.asarray(x)), loops(x, np.asarray(layer.W), **settings) + b, atol=1e-4)


def test_convention_rows_of_w_are_templates_and_not_turned_around():
    W = jnp.arange(9.0).reshape(1, 3, 3, 1)
    dot = jnp.zeros((1, 3, 3, 1)).at[0, 0, 0, 0].set(1.0)
    layer = Convolution(W, jnp.zeros(1), border=1)
    assert layer(dot)[0, 1, 1, 0] == W[0, 0, 0, 0]
    assert layer(dot)[0, 0, 0, 0] == W[0, 1, 1, 0]


def test_convention_a_group_sees_only_its_own_channels():
    layer = Convolution.random(n_in=4, n_out=2, side=3, groups=2, key=jax.random.key(0))
    assert layer.W.shape == (2, 3, 3, 2)
    x = jnp.zeros((1, 3, 3, 4)).at[..., 2:].set(1.0)
    assert layer(x)[0, 0, 0, 0] == 0
    assert layer(x)[0, 0, 0, 1] != 0


def test_first_weights_have_hes_variance():
    W = Convolution.random(n_in=32, n_out=64, side=3, groups=2, key=jax.random.key(0)).W
    assert_allclose(np.std(W), np.sqrt(2 / (9 * 16)), rtol=0.05)
