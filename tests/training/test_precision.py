"""Steps that compute in bfloat16: what is rough, and what is not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits

from foldline.core.errors import SettingError
from foldline.models import MLP, AlexNet, Net, RandWire, random_wiring
from foldline.training import Rows, TrainingSettings, fit_model, fit_population, objective

KEY = jax.random.key(0)
X, Y = load_digits(return_X_y=True)
X, Y = ((X - 8) / 6).astype(np.float32), Y.astype(np.int32)
TRAIN, VAL = (Rows(jnp.asarray(X[some]), jnp.asarray(Y[some])) for some in (slice(1000), slice(1000, None)))
PIXELS = jax.random.normal(jax.random.key(1), (20, 16 * 16 * 3))
NETS = {
    "MLP": MLP.random(n_in=768, n_out=3, hidden=(20, 10), key=KEY),
    "RandWire": RandWire.random(n_in=768, n_out=3, width=8, wiring=random_wiring("ws", n=6, k=4), key=KEY),
    "AlexNet": AlexNet.random(image_shape=(16, 16, 3), n_out=3, key=KEY),
}
SETTINGS = {"epochs": 4, "batch_size": 25, "lr": 0.02, "dropout": 0.1}


def net(hidden=(30,)):
    return MLP.random(n_in=64, n_out=10, hidden=hidden, key=KEY)


def of_objective(model, *, in_bfloat16):
    y = jnp.arange(20) % 3

    @jax.jit
    def cost(model):
        return objective(
            model, PIXELS, y, None, loss="softmax", l1=0.0, l2=1e-3, dropout=0.3, in_bfloat16=in_bfloat16, key=KEY
        )

    (value, progress), gradients = jax.value_and_grad(cost, has_aux=True)(model)
    return value, progress, gradients


# A digit less moves the largest number of a pooling window to another place here and there: rounding AlexNet's weights
# alone moves the float32 gradient of its first layer by 13 %.
@pytest.mark.parametrize(("name", "tolerance"), [("MLP", 0.02), ("RandWire", 0.03), ("AlexNet", 0.25)])
def test_gradients_are_those_of_float32_up_to_the_digits_of_bfloat16(name, tolerance):
    exact, rough = (of_objective(NETS[name], in_bfloat16=in_bfloat16) for in_bfloat16 in (False, True))
    assert_allclose(rough[0], exact[0], rtol=0.01)
    for a, b in zip(jax.tree.leaves(exact[2]), jax.tree.leaves(rough[2]), strict=True):
        assert float(jnp.linalg.norm(a - b)) < tolerance * float(jnp.linalg.norm(a))
    assert any((a != b).any() for a, b in zip(*map(jax.tree.leaves, (exact[2], rough[2])), strict=True))


@pytest.mark.parametrize("name", NETS)
def test_convention_losses_penalty_and_gradients_are_float32(name):
    assert {leaf.dtype for leaf in jax.tree.leaves(of_objective(NETS[name], in_bfloat16=True))} == {
        np.dtype(np.float32),
        np.dtype(np.int32),
    }


@pytest.mark.parametrize("name", NETS)
def test_no_layer_falls_back_to_float32(name):
    rough = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), (NETS[name], PIXELS))

    def scores(net: Net, X, dropout):
        return net(X, dropout=dropout, key=KEY)

    assert jax.eval_shape(scores, *rough, jnp.float32(0.3)).dtype == jnp.bfloat16


def test_the_penalty_is_that_of_the_weights_and_not_of_their_copies():
    model, large = net(hidden=()), 1 + 2.0**-12  # bfloat16 would take it for 1
    model = jax.tree.map(lambda leaf: jnp.full(leaf.shape, large), model)
    options = {"loss": "softmax", "l1": 0.0, "in_bfloat16": True}
    with_l2, without = (objective(model, TRAIN.X, TRAIN.y, None, l2=l2, **options)[0] for l2 in (1.0, 0.0))
    assert_allclose(with_l2 - without, 640 * large**2, rtol=1e-6)


def fitted(precision, **settings):
    chosen = TrainingSettings(precision=precision, **{**SETTINGS, **settings})
    return fit_model(net(), TRAIN, settings=chosen, key=KEY, val=VAL)


@pytest.mark.parametrize("settings", [{}, {"optimizer": "adamw", "lr": 0.003}, {"micro_batches": 5, "loss": "svm"}])
def test_weights_stay_float32_and_are_as_good(settings):
    (exact, of_exact), (rough, of_rough) = (fitted(precision, **settings) for precision in ("float32", "bfloat16"))
    assert {leaf.dtype for leaf in jax.tree.leaves(rough)} == {np.dtype(np.float32)}
    assert any((a.astype(jnp.bfloat16) != a).any() for a in jax.tree.leaves(rough))
    assert any((a != b).any() for a, b in zip(*map(jax.tree.leaves, (exact, rough)), strict=True))
    assert abs(max(of_rough.val_accuracy) - max(of_exact.val_accuracy)) < 0.02  # 16 of 797 rows; seeds differ by 0.01


def test_steps_too_small_for_bfloat16_add_up():
    # Weights of 1 in bfloat16 have 1 + 2^-7 beside them: steps of a thousandth would all be lost.
    rows = Rows(jnp.ones((8, 1)), jnp.zeros(8, jnp.int32))
    start = jax.tree.map(lambda leaf: jnp.ones(leaf.shape), MLP.random(n_in=1, n_out=2, key=KEY))
    settings = TrainingSettings(
        precision="bfloat16", lr=1e-3, l2=0.0, momentum=0.0, nesterov=False, schedule="constant", epochs=20
    )
    model, _ = fit_model(start, rows, settings=settings, key=KEY)
    assert_allclose(model.layers[0].W[0, 0], 1 + 20 * 1e-3 / 2, rtol=1e-3)


def test_members_of_a_population_compute_in_bfloat16_too():
    settings = [TrainingSettings(precision="bfloat16", l2=l2, **SETTINGS) for l2 in (0.0, 0.01)]
    (members,) = fit_population([net()], TRAIN, settings=[settings], keys=[KEY], val=VAL)
    for member, one in zip(members, settings, strict=True):
        history = fit_model(net(), TRAIN, settings=one, key=KEY, val=VAL)[1]
        assert {leaf.dtype for leaf in jax.tree.leaves(member.model)} == {np.dtype(np.float32)}
        assert_allclose(member.history.train_loss, history.train_loss, rtol=0.02)
        assert_allclose(member.history.val_accuracy, history.val_accuracy, atol=0.02)
    with pytest.raises(SettingError, match="differ in more than numbers; expected one plan"):
        fit_population(
            [net()], TRAIN, settings=[[settings[0], TrainingSettings(l2=0.01, **SETTINGS)]], keys=[KEY], val=VAL
        )


def test_auto_is_bfloat16_where_the_hardware_has_it(monkeypatch):
    for backend, expected in (("cpu", False), ("gpu", True), ("tpu", True)):
        monkeypatch.setattr(jax, "default_backend", lambda backend=backend: backend)
        found = [TrainingSettings(precision=p).computes_in_bfloat16 for p in ("float32", "bfloat16", "auto")]
        assert found == [False, True, expected]


def test_auto_on_a_cpu_gives_the_bits_of_float32():
    for a, b in zip(*(jax.tree.leaves(fitted(precision)[0]) for precision in ("float32", "auto")), strict=True):
        assert_array_equal(a, b)
