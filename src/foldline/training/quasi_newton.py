"""Linear softmax classifiers solved to their optimum, with a proof of how near they came."""

from contextlib import suppress

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float64
from scipy.optimize import minimize
from scipy.special import logsumexp

from foldline.core.progress import tracking
from foldline.models import MLP, Linear
from foldline.training.curves import Curves
from foldline.training.epoch import Rows
from foldline.training.full_batch import full_batch
from foldline.training.history import History
from foldline.training.metric import Metric, features_diverged
from foldline.training.settings import TrainingSettings
from foldline.training.solvable import check_classes_have_weight

# The bound on the gap, as a share of the first objective, at which the work is done.
TOLERANCE = 1e-6
MEMORY = 20  # pairs of steps and gradients; 30 saved 4 to 9 % of the passes of 10 on bags of visual words
UNBOUNDED = {"maxiter": 10**9, "maxfun": 10**9, "ftol": 0.0, "gtol": 0.0}  # we stop SciPy, it does not stop itself


class _Enough(Exception):
    """Ends SciPy's loop: the optimum, the last epoch or the end of patience is reached."""


def fit_to_optimum(
    model: MLP, train: Rows, *, settings: TrainingSettings, val: Rows | None = None
) -> tuple[MLP, History, float]:
    """Minimise F = (1/N) sum_i w_i L_i + l2 * sum of W^2 over W and b by L-BFGS on all rows at once.

    The variables are [W b] R^T with R^T R = mean w x x^T / K + 2 l2 I: the curvature at the start, in which strongly
    correlated features are no harder than others. An epoch is one evaluation of F and its gradient, which is one pass
    over the rows. It ends when |gradient|^2 / (4 l2) is at most 1e-6 times the first F, when float32 scores can no
    longer lower F, after `settings.epochs` passes or after `settings.patience` of them without a better validation
    accuracy.

    Args:
        model: a net without hidden layers, with its first weights.
        train: rows to learn from.
        settings: loss "softmax", l1 of 0 and l2 above 0; how long to train. What belongs to mini-batches is not used.
        val: rows that choose the weights that are kept: the first with the best validation accuracy; without them,
            those at which it ended as above, else those with the lowest F.
    Returns: the fitted net, its learning curves and a bound on F - min F (see `optimality_gap`).
    Raises: DivergedError if F or its gradient is not finite; DataError if all rows of a class have weight 0.
    Convention: the curvature is that of evenly spaced rows, two a feature; above 10,000 features its diagonal
        alone, of about 2,048 rows.
    Source: Liu and Nocedal (1989) for L-BFGS, as SciPy's L-BFGS-B with its strong Wolfe line search; Boehning (1992),
        section 2, for a fixed curvature of the multinomial likelihood, here its value at W = 0 and not its bound.
    """
    n_out, n_in = model.layers[0].W.shape
    check_classes_have_weight(train, n_classes=n_out)
    metric = Metric.of(train, n_classes=n_out, l2=settings.l2)
    curves = Curves(model)
    objectives: list[float] = []

    with tracking("training", settings.epochs) as advance:

        def cost(variables: np.ndarray) -> tuple[float, np.ndarray]:
            weights = metric.weights(variables.reshape(n_out, n_in + 1)).astype(np.float32)
            at = MLP((Linear(jnp.asarray(weights[:, :-1]), jnp.asarray(weights[:, -1])),), model.activation)
            objective, gradient, loss, accuracy = _objective(at, train, settings)
            if not (np.isfinite(objective) and np.isfinite(gradient).all()):
                raise features_diverged(
                    f"the loss or its gradient became infinite or NaN in epoch {len(objectives) + 1}"
                )
            objectives.append(objective)
            curves.add(loss=loss, accuracy=accuracy)
            is_solved = np.sum(gradient**2) <= 4 * settings.l2 * TOLERANCE * objectives[0]
            if val is not None:
                curves.judge(at, val, loss=settings.loss)
            elif is_solved or objective <= min(objectives):  # near the optimum the gradient is the finer measure
                curves.keep(at)
            advance(1, curves.note())
            if is_solved or len(objectives) == settings.epochs or curves.has_stalled(settings.patience):
                raise _Enough
            return objective, metric.gradient(gradient).ravel()

        start = np.column_stack([model.layers[0].W, model.layers[0].b]).astype(np.float64)
        options = {"maxcor": MEMORY, **UNBOUNDED}
        with suppress(_Enough):
            minimize(cost, metric.variables(start).ravel(), jac=True, method="L-BFGS-B", options=options)
    return curves.best_model, curves.history(), optimality_gap(curves.best_model, train, settings=settings)


def optimality_gap(model: MLP, rows: Rows, *, settings: TrainingSettings) -> float:
    """Bound how far the objective F of a linear softmax classifier is above its minimum.

    F(W, b) - min F <= F(W, b) - F(W, b*) + |dF/dW (W, b*)|^2 / (4 l2), where b* are the best biases for W. With b free,
    min over b of F is 2 l2-strongly convex in W, and its gradient is that of F at b*, hence the bound. It is also the
    duality gap of the probabilities at (W, b*). As no loss is negative, it is F itself at most.

    Args:
        model: a net without hidden layers.
        rows: the training rows.
        settings: l2, above 0.
    Convention: b* is found in float64 from float32 scores; their rounding leaves the bound uncertain by about 1e-7.
    Source: Boyd and Vandenberghe (2004), eq. 9.9, with m = 2 l2.
    """
    (layer,) = model.layers
    scores = np.asarray(model(rows.numbers), np.float64)
    true = np.arange(scores.shape[1]) == np.asarray(rows.y)[:, None]
    weights = np.ones(len(scores)) if rows.weights is None else np.asarray(rows.weights, np.float64)

    def cost(shift: np.ndarray) -> tuple[float, np.ndarray]:
        moved = scores + shift
        log_sums = logsumexp(moved, axis=1)
        residuals = np.exp(moved - log_sums[:, None]) - true
        return float(np.mean(weights * (log_sums - moved[true]))), weights @ residuals / len(residuals)

    best = minimize(cost, np.zeros(len(layer.b)), jac=True, method="L-BFGS-B", options={**UNBOUNDED, "gtol": 1e-10})
    centred = MLP((Linear(layer.W, layer.b + jnp.asarray(best.x, jnp.float32)),), model.activation)
    _, gradient, *_ = _objective(centred, rows, settings)
    gained = cost(np.zeros(len(layer.b)))[0] - float(best.fun)
    bound = max(gained, 0.0) + float(np.sum(gradient[:, :-1] ** 2)) / (4 * settings.l2)
    objective = cost(np.zeros(len(layer.b)))[0] + settings.l2 * float(np.sum(np.asarray(layer.W, np.float64) ** 2))
    return min(bound, objective)  # which is never below 0


def _objective(
    model: MLP, rows: Rows, settings: TrainingSettings
) -> tuple[float, Float64[np.ndarray, "k d"], float, float]:
    """Compute F, its gradient by [W b], the mean loss and the share of right rows."""
    at = full_batch(model, rows, loss=settings.loss)
    W = np.asarray(model.layers[0].W, np.float64)
    gradient = np.concatenate([at.W_gradient + 2 * settings.l2 * W, at.b_gradient[:, None]], axis=1)
    return at.loss + settings.l2 * float(np.sum(W**2)), gradient, at.loss, at.accuracy
