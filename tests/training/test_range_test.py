import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from foldline.core.errors import SettingError
from foldline.models import MLP
from foldline.training import Rows, StreamedRows, TrainingSettings, fit_model, range_losses

RNG = np.random.default_rng(0)
X = RNG.standard_normal((48, 4)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] > 0).astype(np.int32)
ROWS = Rows(jnp.asarray(X), jnp.asarray(Y))
KEYS = [jax.random.key(0), jax.random.key(1)]
NETS = [MLP.random(n_in=4, n_out=2, hidden=(6,), key=jax.random.key(7 + i)) for i in range(2)]


@pytest.mark.parametrize("changes", [{}, {"dropout": 0.3}, {"optimizer": "adamw"}, {"micro_batches": 2}])
def test_at_a_rate_that_stands_still_the_losses_are_those_of_a_training(changes):
    settings = TrainingSettings(lr=0.05, epochs=3, batch_size=8, schedule="constant", **changes)
    losses = range_losses(NETS, ROWS, settings=settings, keys=KEYS, rates=np.full(18, 0.05))
    assert losses.shape == (2, 18)
    for net, key, of_seed in zip(NETS, KEYS, losses, strict=True):
        _, history = fit_model(net, ROWS, settings=settings, key=key)
        assert_allclose(of_seed.reshape(3, 6).mean(axis=1), history.train_loss, rtol=1e-4)


def test_every_step_takes_its_own_rate():
    # A step moves weights by its rate times the gradient: without momentum two steps are those of two trainings.
    settings = TrainingSettings(lr=1.0, epochs=2, batch_size=48, momentum=0.0, nesterov=False, l2=0.0)
    rates = np.array([0.3, 0.7, 0.1])
    losses = range_losses(NETS[:1], ROWS, settings=settings, keys=KEYS[:1], rates=rates)[0]
    net, expected = NETS[0], []
    for rate in rates:

        def mean_loss(net):
            return -jnp.mean(jax.nn.log_softmax(net(ROWS.X))[jnp.arange(48), ROWS.y])

        loss, gradient = jax.value_and_grad(mean_loss)(net)
        net = jax.tree.map(lambda leaf, slope, rate=rate: leaf - rate * slope, net, gradient)
        expected.append(float(loss))
    assert_allclose(losses, expected, rtol=1e-4)


def test_the_schedule_and_the_warmup_of_the_settings_do_not_count():
    plain, other = (
        range_losses(NETS, ROWS, settings=TrainingSettings(batch_size=8, **changes), keys=KEYS, rates=np.full(9, 0.1))
        for changes in ({"schedule": "constant"}, {"schedule": "one_cycle", "warmup": 0.5, "epochs": 7})
    )
    assert_allclose(plain, other)


def test_rows_of_a_file_are_refused(tmp_path):
    file = np.memmap(tmp_path / "X", np.float32, "w+", shape=(48, 4))
    with pytest.raises(SettingError, match=r"the rows stay in their file; expected some of them in memory, .* Give "):
        range_losses(
            NETS, Rows(StreamedRows(file=file), ROWS.y), settings=TrainingSettings(), keys=KEYS, rates=np.ones(3)
        )
