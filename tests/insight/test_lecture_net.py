from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import foldline as fl
from foldline.core.seeds import key_from_seed
from foldline.insight.convexity import Convexity, Violation
from foldline.insight.lecture_net import KINDS, kind_of, lecture_slice
from foldline.models import MLP


@pytest.fixture(scope="module")
def found():
    return fl.lecture_slices(30)


def test_a_slice_is_that_of_one_weight_of_the_net_of_its_seed():
    found = lecture_slice(3)
    rng = np.random.default_rng(3)
    net = MLP.random(n_in=10, n_out=10, hidden=(32, 32, 32), key=key_from_seed(3))
    X, y = rng.standard_normal((20, 10)).astype(np.float32), rng.integers(10, size=20)
    layers = [[np.array(layer.W, np.float64), np.array(layer.b, np.float64)] for layer in net.layers]
    W = layers[rng.integers(4)][0]
    row, column = (rng.integers(n) for n in W.shape)
    length, start = np.linalg.norm(W[row]), W[row, column]
    expected = []
    for step in found.steps[::100]:
        W[row, column] = start + step * length
        h = X
        for V, b in layers[:-1]:
            h = np.maximum(h @ V.T + b, 0)
        s = h @ layers[-1][0].T + layers[-1][1]
        expected.append(np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(20), y]))
    assert_allclose(found.values[::100], expected, rtol=1e-5)
    assert (found.steps[0], found.steps[-1], found.seed, found.n_rows) == (-4, 4, 3, 20)


def test_the_same_seed_gives_the_same_slice():
    assert_array_equal(lecture_slice(5).values, lecture_slice(5).values)


def a_slice(*, amount, n_minima):
    """Values from 1 to 2, of which one lies so much above its chord."""
    violation = Violation(x1=0.0, x2=1.0, t=0.5, f1=1.0, f2=1.0, f_between=1.0 + amount, rounding=0.0)
    return replace(
        lecture_slice(0),
        values=np.linspace(1, 2, 401),
        convexity=Convexity(violation=violation if amount else None, n_samples=401),
        minima=tuple(range(n_minima)),
    )


@pytest.mark.parametrize(
    ("n_minima", "amount", "kind"),
    [
        (1, 0, "convex-looking"),
        (0, 0, None),
        (1, 0.04, None),
        (0, 0.06, "not convex"),
        (1, 0.06, "not convex"),
        (2, 0.06, "local minima"),
        (3, 0.06, "local minima"),
        (4, 0.06, "wild"),
        (9, 0.04, None),
    ],
)
def test_kinds_follow_from_violation_and_minima(n_minima, amount, kind):
    assert kind_of(a_slice(amount=amount, n_minima=n_minima)) == kind


def test_one_slice_of_each_kind_is_kept_with_its_seed_and_can_be_had_again(found):
    assert list(found.slices) == [kind for kind in KINDS if found.counts[kind]]
    assert len(found.slices) >= 3
    assert sum(found.counts.values()) <= 30
    for kind, one in found.slices.items():
        assert kind_of(one) == kind
        assert_array_equal(lecture_slice(one.seed).values, one.values)


def test_of_a_kind_the_slice_with_most_minima_is_kept(found):
    all_of_them = [lecture_slice(seed) for seed in range(30)]
    for kind, one in found.slices.items():
        assert len(one.minima) == max(len(s.minima) for s in all_of_them if kind_of(s) == kind)
        assert found.counts[kind] == sum(kind_of(s) == kind for s in all_of_them)


def test_the_number_of_seeds_is_checked():
    with pytest.raises(fl.SettingError, match="n_seeds is 0; expected a whole number from 1 to 10000"):
        fl.lecture_slices(0)
