"""Trains a small net on points of the plane, and measures it."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Int

from foldline.core.plane_inputs import plane_inputs
from foldline.core.seeds import generator_from_seed
from foldline.lab.inputs import window_grid
from foldline.lab.points import LabPoints
from foldline.lab.state import LabState, activations_of
from foldline.lab.stepper import Stepper
from foldline.models import MLP, Linear, Net
from foldline.models.initialisation import fan_of
from foldline.training import LOSSES, Rows

LEAST_ROWS = 512  # points are filled up to this or a double of it, so that a new point compiles nothing
RESPONSE_SIDE = 20  # pixels of the picture of a unit
MOST_RESPONSES = 32  # units of each layer that have one

Layers = Sequence[tuple[Float[np.ndarray, "_ _"], Float[np.ndarray, " _"]]]  # W (out, in) and b (out,)


class Measured(NamedTuple):
    """How well a net does, and what its hidden units hand on over the window.

    Args:
        numbers: mean loss without penalty, and accuracy, of training points and of testing points; 0 of none.
        responses: a picture a unit, the top row first.
    """

    numbers: Float32[np.ndarray, "2 2"]
    responses: Float32[np.ndarray, "units side side"]


class Trainer(Stepper):
    """A net in training on points.

    Args:
        state: settings and seed.
        points: to learn from, and to be tested on.
        model: the net before its first step; None for one of the state's layers.
    Convention: net, order of points and dropout hang on the seed alone.
    """

    def __init__(self, state: LabState, points: LabPoints, model: Net | None = None) -> None:
        generator = generator_from_seed(state.seed)
        if model is None:
            model = first_net(state, n_classes=points.n_classes, generator=generator)
        super().__init__(model, state, generator)
        self._place(points)
        self._look(state)

    def take(self, state: LabState, points: LabPoints) -> None:
        """Go on with other settings, and other points of as many classes."""
        self.use(state)
        self._look(state)
        if points is not self._points:
            self._place(points)

    def measured(self, model: Net) -> Measured:
        """Measure a net of this architecture on the points and the window."""
        rows, loss = self._rows, self._state.loss
        numbers, responses = _measured(model, rows.numbers, rows.y, self._shares, self._grid, loss=loss)
        pictures = np.asarray(responses).T.reshape(-1, RESPONSE_SIDE, RESPONSE_SIDE)
        return Measured(np.asarray(numbers), pictures)

    def _look(self, state: LabState) -> None:
        self._grid = jnp.asarray(plane_inputs(window_grid(state.window, side=RESPONSE_SIDE), state.inputs))

    def _place(self, points: LabPoints) -> None:
        self._points = points
        rows, self._shares = _on_device(points, self._state)
        self.place(rows, np.flatnonzero(~points.is_test).astype(np.int32))


def first_net(state: LabState, *, n_classes: int, generator: np.random.Generator) -> MLP:
    """Draw a net as `MLP.random` does, with NumPy: JAX would compile a generator for every new width."""
    widths = [len(state.inputs), *state.hidden, n_classes]
    follows = [*activations_of(state), "identity"]
    layers = []
    for n_in, n_out, activation in zip(widths[:-1], widths[1:], follows, strict=True):
        W = generator.normal(size=(n_out, n_in)) / np.sqrt(fan_of(n_out=n_out, n_in=n_in, activation=activation))
        if not state.hidden:
            W = np.zeros_like(W)
        layers.append((W, np.zeros(n_out)))
    return net_of_layers(layers, state)


def net_of_layers(layers: Layers, state: LabState) -> MLP:
    """Make a net with the activations of a state."""
    made = (Linear(jnp.asarray(W, jnp.float32), jnp.asarray(b, jnp.float32)) for W, b in layers)
    return MLP(tuple(made), activations_of(state))


def _on_device(points: LabPoints, state: LabState) -> tuple[Rows, Float[Array, "2 n"]]:
    """Give points as rows, filled up, and the share of each in the means of training and of testing points."""
    n, n_rows = len(points.labels), LEAST_ROWS
    while n_rows < n:
        n_rows *= 2
    X, y = np.zeros((n_rows, len(state.inputs)), np.float32), np.zeros(n_rows, np.int32)
    X[:n], y[:n] = plane_inputs(points.xy, state.inputs), points.labels
    shares = np.zeros((2, n_rows), np.float32)
    for row, chosen in enumerate((~points.is_test, points.is_test)):
        shares[row, :n] = chosen / max(chosen.sum(), 1)
    return Rows(jnp.asarray(X), jnp.asarray(y)), jnp.asarray(shares)


@partial(jax.jit, static_argnames=("loss",))
def _measured(
    model: Net,
    X: Float[Array, "n d"],
    y: Int[Array, " n"],
    shares: Float[Array, "2 n"],
    grid: Float[Array, "pixels d"],
    *,
    loss: str,
) -> tuple[Float[Array, "2 2"], Float[Array, "pixels units"]]:
    scores = model(X)
    each = jnp.stack([LOSSES[loss](scores, y), jnp.argmax(scores, axis=1) == y], axis=1)
    shown = [h[:, :MOST_RESPONSES] for h in model.hidden(grid)]
    return shares @ each, jnp.concatenate([jnp.zeros((len(grid), 0)), *shown], axis=1)
