import numpy as np
import pytest

from foldline.training import History

TRAINING = ["train_loss", "train_accuracy", "elapsed_s"]


@pytest.mark.parametrize(
    ("val", "names"),
    [(None, TRAINING), (np.array([0.5, 0.4]), [*TRAINING[:2], "val_loss", "val_accuracy", "elapsed_s"])],
)
def test_curves_are_those_that_there_are(val, names):
    curve = np.array([0.7, 0.6])
    history = History(
        train_loss=curve, train_accuracy=curve, val_loss=val, val_accuracy=val, elapsed_s=curve, best_epoch=1
    )
    assert list(history.curves) == names
    assert all(values is getattr(history, name) for name, values in history.curves.items())
