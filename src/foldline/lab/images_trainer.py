"""Trains a classifier of images, and measures it."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Int

from foldline.core.seeds import generator_from_seed
from foldline.lab.images_features import Vectors
from foldline.lab.state import LabState
from foldline.lab.stepper import Stepper
from foldline.models import MLP, Linear
from foldline.models.initialisation import fan_of
from foldline.training import LOSSES, Rows

# Training images that the curves speak of, and the numbers of them all: more would cost more than the steps.
MEASURED_ROWS, MEASURED_NUMBERS = 1_000, 2**22


class Measured(NamedTuple):
    """How well a classifier does.

    Args:
        numbers: mean loss without penalty, and accuracy, of training images and of test images.
        scores: of every test image.
    """

    numbers: Float32[np.ndarray, "2 2"]
    scores: Float32[np.ndarray, "n k"]


class ImagesTrainer(Stepper):
    """A linear classifier, or a net with one hidden layer of ReLU, in training on images.

    Args:
        state: of it images_units, seed and the settings of training.
        vectors: of the images.
    Convention: as that of `Trainer`: everything hangs on the seed alone.
    """

    model: MLP

    def __init__(self, state: LabState, vectors: Vectors) -> None:
        labels, generator = vectors.images.train.labels, generator_from_seed(state.seed)
        super().__init__(_first_net(state, vectors, generator), state, generator)
        self.place(Rows(vectors.X_train, jnp.asarray(labels)), np.arange(len(labels), dtype=np.int32))
        n_measured = min(len(labels), MEASURED_ROWS, max(MEASURED_NUMBERS // vectors.X_train.shape[1], 1))
        self.measured_rows = measured = np.linspace(0, len(labels) - 1, n_measured).astype(np.int32)
        self._measured_rows = Rows(vectors.X_train[measured], self._rows.y[measured])
        self._test = Rows(vectors.X_test, jnp.asarray(vectors.images.test.labels))

    def measured(self) -> Measured:
        """Measure the classifier on some of the training images and on all test images."""
        numbers, scores = _measured(self.model, self._measured_rows, self._test, loss=self._state.loss)
        return Measured(np.asarray(numbers), np.asarray(scores))


def _first_net(state: LabState, vectors: Vectors, generator: np.random.Generator) -> MLP:
    """Draw a net as `MLP.random` does, with NumPy: JAX would compile a generator for every new width."""
    n_in, n_out, n_units = vectors.X_train.shape[1], len(vectors.images.class_names), state.images_units
    if not n_units:
        return MLP((_layer(np.zeros((n_out, n_in))),), "relu")
    layers = []
    for out, fan_in, activation in ((n_units, n_in, "relu"), (n_out, n_units, "identity")):
        spread = np.sqrt(fan_of(n_out=out, n_in=fan_in, activation=activation))
        layers.append(_layer(generator.normal(size=(out, fan_in)) / spread))
    return MLP(tuple(layers), "relu")


def _layer(W: Float[np.ndarray, "out in"]) -> Linear:
    return Linear(jnp.asarray(W, jnp.float32), jnp.zeros(len(W), jnp.float32))


@partial(jax.jit, static_argnames=("loss",))
def _measured(model: MLP, train: Rows, test: Rows, *, loss: str) -> tuple[Float[Array, "2 2"], Float[Array, "n k"]]:
    def told(scores: Float[Array, "m k"], y: Int[Array, " m"]) -> Float[Array, " 2"]:
        return jnp.stack([LOSSES[loss](scores, y).mean(), jnp.mean(jnp.argmax(scores, axis=1) == y)])

    scores = model(test.numbers)
    return jnp.stack([told(model(train.numbers), train.y), told(scores, test.y)]), scores
