import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.models import MLP
from foldline.training import CodedRows, Rows, TrainingSettings, fit_model
from foldline.training.epoch import DECODED_ROWS, evaluate
from tolerances import TOLERANCE

FLOAT32 = TOLERANCE[np.dtype(np.float32)]
RNG = np.random.default_rng(0)
CODES = RNG.integers(0, 7, (600, 3), dtype=np.uint8)
CENTROIDS = RNG.normal(size=(3, 7, 4)).astype(np.float32)
DECODED = np.stack([CENTROIDS[g, CODES[:, g]] for g in range(3)], axis=1).reshape(600, 12)[:, :10]
LABELS = (DECODED[:, 0] + DECODED[:, 5] > 0).astype(np.int32)


def coded():
    return CodedRows(codes=jnp.asarray(CODES), centroids=jnp.asarray(CENTROIDS), n_columns=10)


def test_rows_are_those_the_codes_stand_for():
    index = np.array([5, 0, 599, 5])
    assert_array_equal(coded().rows(jnp.asarray(index)), DECODED[index])
    assert len(coded()) == 600


@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 1.5, 600, dtype=np.float32)])
def test_training_on_codes_is_training_on_what_they_stand_for(weights):
    assert len(CODES) > 2 * DECODED_ROWS  # several pieces, the last not whole
    model = MLP.random(n_in=10, n_out=2, hidden=(5,), key=jax.random.key(1))
    weights = None if weights is None else jnp.asarray(weights)
    outcomes = []
    for X in (jnp.asarray(DECODED), coded()):
        rows = Rows(X, jnp.asarray(LABELS), weights)
        fitted, history = fit_model(model, rows, settings=TrainingSettings(epochs=3), key=jax.random.key(0), val=rows)
        outcomes.append((np.asarray(fitted.layers[0].W), history.val_loss))
    for one, other in zip(*outcomes, strict=True):
        assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_codes_are_judged_as_what_they_stand_for():
    model = MLP.random(n_in=10, n_out=2, hidden=(), key=jax.random.key(1))
    plain = evaluate(model, Rows(jnp.asarray(DECODED), jnp.asarray(LABELS)), loss="svm")
    of_codes = evaluate(model, Rows(coded(), jnp.asarray(LABELS)), loss="svm")
    assert_allclose(np.asarray(of_codes), np.asarray(plain), **FLOAT32)
