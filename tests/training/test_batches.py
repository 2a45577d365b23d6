import numpy as np
import pytest

from foldline.training.batches import shuffled_batches


@pytest.mark.parametrize(("n_rows", "batch_size"), [(5, 2), (6, 2), (1, 1), (7, 7)])
def test_an_epoch_meets_every_row(n_rows, batch_size):
    order = shuffled_batches(n_rows, batch_size, generator=np.random.default_rng(0))
    assert order.shape == (-(-n_rows // batch_size), batch_size)
    assert set(order.ravel()) == set(range(n_rows))


def test_convention_the_last_batch_is_filled_from_the_epochs_beginning():
    order = shuffled_batches(5, 3, generator=np.random.default_rng(0)).ravel()
    assert order[5] == order[0]
