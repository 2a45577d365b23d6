import jax
import jax.numpy as jnp
from numpy.testing import assert_allclose

from foldline.models import Linear


def test_convention_weights_are_stored_out_by_in_so_that_rows_are_templates():
    layer = Linear(jnp.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.0]]), jnp.array([0.0, 1.0, -1.0]))
    assert_allclose(layer(jnp.array([[1.0, 1.0], [2.0, -1.0]])), [[3, 0, 2], [0, 2, 5]])


def test_a_random_layer_has_the_shape_asked_for_and_no_bias():
    layer = Linear.random(n_in=5, n_out=3, activation="relu", key=jax.random.key(0))
    assert layer.W.shape == (3, 5)
    assert not layer.b.any()
