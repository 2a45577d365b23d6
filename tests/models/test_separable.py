import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from numpy.testing import assert_allclose
from scipy.signal import correlate2d

from foldline.models.separable import SeparableConvolution, by_channel, normalised
from tolerances import TOLERANCE

KEY = jax.random.key(0)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("shape", [(2, 5, 7, 3), (1, 1, 1, 2), (3, 2, 1, 1)])
def test_every_channel_is_correlated_with_its_own_template(shape):
    x, D = numbers(*shape), numbers(3, 3, shape[-1], seed=1)
    expected = np.zeros(shape)
    for n in range(shape[0]):
        for c in range(shape[-1]):
            expected[n, :, :, c] = correlate2d(x[n, :, :, c], D[:, :, c], mode="same")
    with jax.enable_x64(True):
        assert_allclose(by_channel(jnp.asarray(x), jnp.asarray(D)), expected, **TOLERANCE[np.dtype(np.float64)])


@pytest.mark.parametrize(("n_units", "size"), [(16, 8), (8, 8), (6, 6), (1, 1), (12, 12)])
def test_convention_groups_of_eight_channels_have_mean_0_and_variance_1(n_units, size):
    x = 3 + 2 * numbers(2, 4, 5, n_units)
    expected = np.empty_like(x)
    for n in range(len(x)):
        for start in range(0, n_units, size):
            group = x[n, :, :, start : start + size]
            expected[n, :, :, start : start + size] = (group - group.mean()) / np.sqrt(group.var() + 1e-5)
    with jax.enable_x64(True):
        assert_allclose(normalised(jnp.asarray(x)), expected, **TOLERANCE[np.dtype(np.float64)])


def test_an_image_that_is_the_same_everywhere_stays_finite():
    assert_allclose(normalised(jnp.full((1, 3, 3, 8), 5.0)), 0, atol=1e-6)


def test_a_layer_mixes_normalises_scales_and_shifts():
    with jax.enable_x64(True):
        x = jnp.asarray(numbers(2, 4, 4, 3))
        layer = SeparableConvolution(*(jnp.asarray(numbers(*s, seed=3)) for s in ((3, 3, 3), (8, 3), (8,), (8,))))
        mixed = jnp.einsum("nijc,uc->niju", by_channel(x, layer.D), layer.W)
        assert_allclose(layer(x), np.asarray(layer.g) * normalised(mixed) + layer.b, **TOLERANCE[np.dtype(np.float64)])


def test_gradients_are_those_of_differences():
    with jax.enable_x64(True):
        layer = SeparableConvolution.random(n_in=2, n_out=8, key=KEY)
        layer = jax.tree.map(lambda a: a.astype(jnp.float64), layer)
        leaves, structure = jax.tree.flatten((layer, jnp.asarray(numbers(2, 3, 4, 2))))

        def responses(*leaves):
            layer, x = jax.tree.unflatten(structure, [jnp.asarray(leaf) for leaf in leaves])
            return layer(x)

        check_grads(responses, leaves, order=1, modes=["rev"])


def test_first_weights_keep_the_mean_square_of_what_a_relu_gives():
    x = jax.nn.relu(jax.random.normal(KEY, (8, 16, 16, 64)))
    layer = SeparableConvolution.random(n_in=64, n_out=64, key=jax.random.key(1))
    before = by_channel(x, layer.D) @ layer.W.T
    assert 0.6 < float(jnp.square(before).mean()) < 1.6  # ReLU halves the 1 of normal numbers, He's factor makes up
