"""The dual of the multiclass SVM: what bounds its objective from below."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64

from foldline.models import MLP
from foldline.training.epoch import Rows
from foldline.training.hinge import SmoothedHinge, gradient_of_duals, smoothed_hinge
from foldline.training.settings import TrainingSettings

GAP_WIDTHS = (1.0, 0.1)  # of smoothing, at which dual variables for given weights are looked for
BALANCE = 1e-12  # of a class, a mean over rows, that counts as 0: float32 gradients are known to 1e-7
NEWTON_STEPS = 50  # 3 to 8 are common
STIFFNESS = 1e-3  # how much of a change dual variables at 0 and 1 take, where those between take up to 1/4


class DualPoint(NamedTuple):
    """Dual variables a, and what the bound needs to know of them.

    Args:
        duals: (N, K), in [0, 1].
        dual_sum: (1/N) sum_i w_i sum_j a_ij.
        gradient: G = (1/N) sum_i w_i sum_j a_ij (e_j - e_{y_i}) x_i^T.
    """

    duals: Float[Array, "n k"]
    dual_sum: float
    gradient: Float64[np.ndarray, "k d"]

    @classmethod
    def zero(cls, model: MLP, rows: Rows) -> "DualPoint":
        """Make the point a = 0, whose bound is 0."""
        shape = model.layers[0].W.shape
        return cls(jnp.zeros((len(rows.y), shape[0]), jnp.float32), 0.0, np.zeros(shape))

    @classmethod
    def of(cls, rows: Rows, duals: Float64[np.ndarray, "n k"]) -> "DualPoint":
        """Compute what belongs to given dual variables; one pass over the rows."""
        weights = 1.0 if rows.weights is None else np.asarray(rows.weights, np.float64)[:, None]
        on_device = jnp.asarray(duals, jnp.float32)
        return cls(on_device, float(np.sum(weights * duals)) / len(duals), gradient_of_duals(rows, on_device))

    def bound(self, l2: float) -> float:
        """Give the dual objective, max over 0 <= t <= 1 of t dual_sum - t^2 |G|^2 / (4 l2), if the a are balanced."""
        square = float(np.sum(self.gradient**2)) / (4 * l2)
        t = min(1.0, self.dual_sum / (2 * square)) if square > 0 else 1.0
        return t * self.dual_sum - t * t * square

    def mixed(self, at: SmoothedHinge, duals: Float[Array, "n k"], *, l2: float) -> "DualPoint":
        """Give the point between this one and another whose dual objective is largest."""
        way = at.W_gradient - self.gradient
        rise = 2 * l2 * (at.dual_sum - self.dual_sum) - float(np.sum(self.gradient * way))
        t = min(max(rise / max(float(np.sum(way**2)), 1e-300), 0.0), 1.0)
        dual_sum = (1 - t) * self.dual_sum + t * at.dual_sum
        return DualPoint((1 - t) * self.duals + t * duals, dual_sum, self.gradient + t * way)

    def balanced(self, rows: Rows) -> "DualPoint":
        """Give the nearest point found whose bound holds; one pass over the rows."""
        found = balanced(np.asarray(self.duals, np.float64), rows)
        return self._replace(dual_sum=0.0, gradient=0.0 * self.gradient) if found is None else self.of(rows, found)


def svm_optimality_gap(model: MLP, rows: Rows, *, settings: TrainingSettings) -> float:
    """Bound how far the objective F of a linear SVM is above its minimum, by a duality gap.

    F = (1/N) sum_i w_i sum_{j != y_i} max(0, m_ij) + l2 * sum of W^2 with m_ij = s_j - s_{y_i} + 1. For all a_ij in
    [0, 1] that are balanced, sum_i w_i sum_j a_ij (e_j - e_{y_i}) = 0,

        min F >= (1/N) sum_i w_i sum_j a_ij - |G|^2 / (4 l2),  G = (1/N) sum_i w_i sum_j a_ij (e_j - e_{y_i}) x_i^T.

    The a are those that smoothed hinges of the model stand for, balanced: a few passes over the rows.

    Args:
        model: a net without hidden layers.
        rows: the training rows, with some weight for each class.
        settings: l2, above 0.
    Convention: biases are not regularised, which is what demands the balance; less than 1e-12 of it is rounding.
    Source: Weston and Watkins (1999), eq. 11 to 16, the dual, with these biases and penalty; a = 0 gives F itself.
    """
    l2 = settings.l2
    bound, objective = 0.0, np.inf
    half = jnp.full((len(rows.y), len(model.layers[0].b)), 0.5, jnp.float32)
    for width in GAP_WIDTHS:
        at, duals = smoothed_hinge(model, rows, centres=half, width=width)
        objective = at.hinge + l2 * float(np.sum(np.asarray(model.layers[0].W, np.float64) ** 2))
        point = DualPoint(duals, at.dual_sum, at.W_gradient).balanced(rows)
        bound = max(bound, point.bound(l2))
    return max(objective - bound, 0.0)


def balanced(duals: Float64[np.ndarray, "n k"], rows: Rows) -> Float64[np.ndarray, "n k"] | None:
    """Change dual variables a little so that each class is pulled up as much as it is pulled down.

    a_ij becomes clip(a_ij + v_ij (p_j - p_{y_i}), 0, 1), where v_ij = a_ij (1 - a_ij) + 0.001 moves those between 0 and
    1 first, and the K numbers p solve the balance by Newton's method. They minimise a convex function, so that there
    are such p where each class has weight.

    Args:
        duals: (N, K) in [0, 1]; 0 for the true classes.
        rows: labels and weights.
    Returns: balanced ones; None if rounding keeps Newton's method from it.
    """
    y = np.asarray(rows.y)
    n, n_classes = duals.shape
    true = np.arange(n_classes) == y[:, None]
    shares = (true if rows.weights is None else true * np.asarray(rows.weights, np.float64)[:, None]).T / n
    softness = np.where(true, 0.0, duals * (1 - duals) + STIFFNESS)
    pressure = np.zeros(n_classes)

    def moved(pressure: Float64[np.ndarray, " k"]) -> tuple[np.ndarray, np.ndarray]:
        wanted = duals + softness * (pressure - pressure[y][:, None])
        found = np.clip(wanted, 0.0, 1.0)
        flows = shares @ found  # (K, K), from the true class to the other
        return wanted, flows.sum(axis=0) - flows.sum(axis=1)

    wanted, surplus = moved(pressure)
    for _ in range(NEWTON_STEPS):
        if np.abs(surplus).max() <= BALANCE:
            return np.asarray(np.clip(wanted, 0.0, 1.0))
        stiff = shares @ (softness * ((wanted >= 0) & (wanted <= 1)))
        stiff += stiff.T
        step = np.linalg.lstsq(np.diag(stiff.sum(axis=0)) - stiff, -surplus, rcond=None)[0]
        tried, left = moved(pressure + step)
        while np.linalg.norm(left) >= np.linalg.norm(surplus) and np.abs(step).max() > 1e-12:
            step /= 2
            tried, left = moved(pressure + step)
        pressure, wanted, surplus = pressure + step, tried, left
    return None
