import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from foldline.models import MLP, Linear
from foldline.training import Rows
from foldline.training import full_batch as module
from foldline.training.full_batch import full_batch

RNG = np.random.default_rng(0)
X = RNG.standard_normal((23, 4)).astype(np.float32)
Y = RNG.integers(0, 3, 23).astype(np.int32)
WEIGHTS = RNG.exponential(size=23).astype(np.float32)
W, B = RNG.standard_normal((3, 4)).astype(np.float32), RNG.standard_normal(3).astype(np.float32)
MODEL = MLP((Linear(jnp.asarray(W), jnp.asarray(B)),), "relu")


def by_hand(X, y, weights):
    """Bishop (2006), eqs. 4.108 and 4.109, row by row in float64."""
    loss, n_right, gW, gb = 0.0, 0, np.zeros((3, 4)), np.zeros(3)
    for x, label, weight in zip(X.astype(np.float64), y, weights.astype(np.float64), strict=True):
        s = W @ x + B
        p = np.exp(s) / np.exp(s).sum()
        loss -= weight * np.log(p[label])
        n_right += np.argmax(s) == label
        p[label] -= 1
        gW, gb = gW + weight * np.outer(p, x), gb + weight * p
    return loss / len(X), n_right / len(X), gW / len(X), gb / len(X)


@pytest.mark.parametrize("block_rows", [1, 5, 22, 23, 24])  # with and without a rest, and one block
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_blocks_of_any_size_sum_to_the_textbooks_mean(monkeypatch, block_rows, weights):
    monkeypatch.setattr(module, "BLOCK_NUMBERS", 4 * block_rows)
    rows = Rows(jnp.asarray(X), jnp.asarray(Y), None if weights is None else jnp.asarray(weights))
    found = full_batch(MODEL, rows, loss="softmax")
    for value, expected in zip(found, by_hand(X, Y, np.ones(23) if weights is None else weights), strict=True):
        assert_allclose(value, expected, rtol=1e-5, atol=1e-6)


def test_convention_rounding_does_not_grow_with_the_number_of_blocks(monkeypatch):
    monkeypatch.setattr(module, "BLOCK_NUMBERS", 4)  # a row a block: plain float32 sums would be wrong by 1e-5
    many = 1000
    rows = Rows(jnp.asarray(np.tile(X, (many, 1))), jnp.asarray(np.tile(Y, many)))
    few = full_batch(MODEL, Rows(jnp.asarray(X), jnp.asarray(Y)), loss="softmax")
    assert_allclose(full_batch(MODEL, rows, loss="softmax").loss, few.loss, rtol=2e-7)
