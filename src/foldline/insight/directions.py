"""Ways to go from a net: directions in the space of its weights, of the shape of the net itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float64

from foldline.core.errors import DataError, SettingError, ShapeError
from foldline.insight.piecewise import net_of
from foldline.models import MLP, Linear
from foldline.training import EpochReport

Kind = Literal["filter", "random", "weight"]


def random_direction(model: MLP, *, kind: Kind, generator: np.random.Generator) -> MLP:
    """Draw a direction, from a normal distribution or of one weight alone, and scale it to the weights.

    Args:
        model: the net.
        kind: "random": all weights and biases, scaled as a whole to the length of all of the net's; "filter": the
            weights of each unit, a row of W, scaled to the length of the net's own row, biases 0; "weight": one weight
            of one layer, both drawn, as long as the row it stands in.
        generator: decides the numbers.
    Raises: DataError if the weights are all 0, so that there is no length to scale to.
    Convention: a step of 1 is as long as the weights themselves.
    Source: Li et al. (2018), "Visualizing the loss landscape of neural nets", section 4, for "filter"; biases stand
        still as in their code.
    """
    if kind == "weight":
        return check_direction(_one_weight(model, generator))
    drawn = jax.tree.map(lambda a: generator.standard_normal(a.shape), model)
    if kind == "random":
        scaled = jax.tree.map(lambda d: d * (_length(model) / _length(drawn)), drawn)
    else:
        scaled = jax.tree.map(_scaled_rows, drawn, model)
    return check_direction(jax.tree.map(lambda d: jnp.asarray(d, jnp.float32), scaled))


def direction_between(model: MLP, other: MLP) -> MLP:
    """Give the direction that leads from one net to another in a step of 1.

    Raises: ShapeError if they are not of one shape; SettingError for other activations; DataError if they are equal.
    Source: Goodfellow, Vinyals, Saxe (2015), "Qualitatively characterizing neural network optimization problems", 2.
    """
    widths, of_other = ([layer.W.shape[::-1] for layer in net.layers] for net in (model, other))
    if widths != of_other:
        raise ShapeError(
            f"the other model has layers of {_told(of_other)} numbers; expected {_told(widths)}, as the first. Fit "
            "both with the same features and hidden layers."
        )
    if model.activations != other.activations:
        raise SettingError(
            f"the other model's activation is {other.activation!r}; expected {model.activation!r}, as the first's. Fit "
            "both with the same activation."
        )
    return check_direction(MLP(jax.tree.map(jnp.subtract, other.layers, model.layers), model.activation))


def reordered_net(model: MLP, *, generator: np.random.Generator) -> MLP:
    """Give the same function from other weights: the units of each hidden layer take one another's places.

    Args:
        model: the net; layers of one unit stay as they are.
        generator: decides how far the units of each layer move on.
    Convention: units move on in a ring, so that none keeps its place.
    Source: Goodfellow, Bengio, Courville (2016), "Deep learning", section 8.2.2: weight space symmetry.
    """
    layers = list(model.layers)
    for i in range(len(layers) - 1):
        n_units = len(layers[i].b)
        by = int(generator.integers(1, n_units)) if n_units > 1 else 0
        layers[i] = Linear(jnp.roll(layers[i].W, by, axis=0), jnp.roll(layers[i].b, by))
        layers[i + 1] = Linear(jnp.roll(layers[i + 1].W, by, axis=1), layers[i + 1].b)
    return MLP(tuple(layers), model.activation)


def check_direction(direction: MLP) -> MLP:
    """Check that a direction leads somewhere. Raises: DataError if it is 0 or not finite."""
    length = _length(direction)
    if not np.isfinite(length) or length == 0:
        raise DataError(
            f"the direction has length {length:g}; expected a finite one above 0. Take two models that differ, or one "
            "whose weights are not all 0."
        )
    return direction


@dataclass
class WeightPath:
    """A callback of `fit` that keeps the weights after every epoch, for `loss_plane`.

    Args:
        nets: what was kept, in order; filled while training.
    Example:
        >>> from sklearn.datasets import load_digits
        >>> from foldline.estimators import MLPClassifier
        >>> X, y = load_digits(return_X_y=True)
        >>> path = WeightPath()
        >>> model = MLPClassifier(hidden=(8,), epochs=3).fit(X / 16, y, callbacks=[path])
        >>> len(path.nets)
        3
    """

    nets: list[MLP] = field(default_factory=list)

    def __call__(self, report: EpochReport) -> None:
        """Keep the weights of this epoch."""
        self.nets.append(net_of(report.model))


@dataclass(frozen=True, kw_only=True, eq=False)
class PathPlane:
    """The plane that holds most of a path.

    Args:
        directions: two of length 1 and at right angles.
        places: (T, 2) where each net of the path falls on it; the model itself is at (0, 0).
        share: of the squared distances to the model, how much lies in the plane.
    """

    directions: tuple[MLP, MLP]
    places: Float64[np.ndarray, "t 2"]
    share: float


def plane_of_path(model: MLP, path: Sequence[MLP]) -> PathPlane:
    """Find the two directions from a net that hold most of the way there.

    Args:
        model: the net at the end of the path.
        path: at least three nets of its shape, of which two differ from it and from each other.
    Raises: DataError for fewer; ShapeError for nets of another shape.
    Convention: principal directions of the differences to `model`, from which they are not centred away.
    Source: Li et al. (2018), section 7.2.
    """
    if len(path) < 3:
        raise DataError(f"the path has {len(path)} nets; expected at least 3. Train for more epochs.")
    shapes = [layer.W.shape for layer in model.layers]
    if any([layer.W.shape for layer in net.layers] != shapes for net in path):
        raise ShapeError("the path holds nets of another shape than the model; expected its own. Give its own path.")
    steps = np.stack([_flat(net) - _flat(model) for net in path])
    # Of the products of steps, not of weights: a few epochs against many weights.
    values, vectors = np.linalg.eigh(steps @ steps.T)
    if not np.isfinite(values).all() or values[-2] <= 1e-9 * max(values[-1], 1e-300):
        raise DataError(
            "the nets of the path lie on one line, or are one and the same; expected a path that bends. Keep the "
            "weights of more epochs."
        )
    axes = np.stack([vectors[:, -1] @ steps, vectors[:, -2] @ steps])
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    axes *= np.where((axes @ steps[0]) < 0, -1.0, 1.0)[:, None]  # eigenvectors have no sign of their own
    first, second = (_shaped(axis, model) for axis in axes)
    return PathPlane(directions=(first, second), places=steps @ axes.T, share=float(values[-2:].sum() / values.sum()))


def moved(model: MLP, directions: Sequence[MLP], steps: Sequence[float]) -> MLP:
    """Give the net at W + sum_j c_j D_j, computed in float64; for use where float64 is on."""

    def sum_(w: jax.Array, *ds: jax.Array) -> np.ndarray:
        total = np.asarray(w, np.float64)
        for step, d in zip(steps, ds, strict=True):
            total = total + step * np.asarray(d, np.float64)
        return total

    result: MLP = jax.tree.map(sum_, model, *directions)
    return result


def _length(net: MLP) -> float:
    return float(np.sqrt(sum(np.sum(np.asarray(a, np.float64) ** 2) for a in jax.tree.leaves(net))))


def _one_weight(model: MLP, generator: np.random.Generator) -> MLP:
    arrays = [[np.zeros(layer.W.shape), np.zeros(layer.b.shape)] for layer in model.layers]
    depth = int(generator.integers(len(arrays)))
    W = np.asarray(model.layers[depth].W, np.float64)
    row, column = (int(generator.integers(n)) for n in W.shape)
    arrays[depth][0][row, column] = np.linalg.norm(W[row])
    return MLP(tuple(Linear(*(jnp.asarray(a, jnp.float32) for a in pair)) for pair in arrays), model.activation)


def _scaled_rows(drawn: np.ndarray, own: jax.Array) -> np.ndarray:
    if drawn.ndim == 1:
        return np.zeros_like(drawn)  # biases
    lengths = np.linalg.norm(np.asarray(own, np.float64), axis=1, keepdims=True)
    return np.asarray(drawn * (lengths / np.linalg.norm(drawn, axis=1, keepdims=True)))


def _flat(net: MLP) -> Float64[np.ndarray, " p"]:
    return np.concatenate([np.asarray(a, np.float64).ravel() for a in jax.tree.leaves(net)])


def _shaped(flat: Float64[np.ndarray, " p"], like: MLP) -> MLP:
    leaves, structure = jax.tree.flatten(like)
    ends = np.cumsum([leaf.size for leaf in leaves])[:-1]
    parts = (
        jnp.asarray(part.reshape(leaf.shape), jnp.float32)
        for part, leaf in zip(np.split(flat, ends), leaves, strict=True)
    )
    net: MLP = jax.tree.unflatten(structure, parts)
    return net


def _told(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join(" -> ".join(map(str, shape)) for shape in shapes)
