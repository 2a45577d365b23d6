"""Linear multiclass SVMs solved to their optimum, with a proof of how near they came."""

from contextlib import suppress

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float64
from scipy.optimize import minimize

from foldline.core.progress import Advance, tracking
from foldline.models import MLP, Linear
from foldline.training.curves import Curves
from foldline.training.epoch import Rows
from foldline.training.hinge import SmoothedHinge, smoothed_hinge
from foldline.training.history import History
from foldline.training.metric import Metric, features_diverged
from foldline.training.quasi_newton import MEMORY, UNBOUNDED
from foldline.training.settings import TrainingSettings
from foldline.training.solvable import check_classes_have_weight
from foldline.training.svm_dual import DualPoint

TOLERANCE = 1e-3  # the duality gap, as a share of the dual objective, at which the work is done
# Measured on HoG of CIFAR-10, 50,000 x 3,528 at l2 of 1e-3 and 10,000 at 1e-2, and on sets of 30 rows: passes to the
# tolerance were 121, 125 and 31 to 90. A share of 2 and a width of 4 saved none on the first two, and some of the third
# did not get there in 400; a share of 0.1 took 147, 137 and 31 to 102. A first width of 0.25 or 1 took 10 % more.
FIRST_WIDTH = 0.5
GRADIENT_SHARE = 0.5  # of the smoothing's part of the gap: a round ends when the gradient's is at most that
WIDTH_OF_GAP = 16.0  # widths go no lower: the gap that smoothing makes is a small part of its width
LEAST_WIDTH = 1e-4  # below, float32 scores are too coarse
ROUND_PASSES = 12  # at least: SciPy forgets the curvature between rounds; 3 took small sets up to 1.6 times as many
IDLE_ROUNDS = 5  # that leave the gap as it was, after which it is left to float32
SMOOTHING_SHARE = 0.25  # of the tolerance that the smoothing may keep; less of it is not what is missing


class _Enough(Exception):
    """Ends the rounds: the optimum, the last epoch or the end of patience is reached."""


class _NextRound(Exception):
    """Ends SciPy's loop: what is left of the gap is the smoothing's."""


def fit_svm_to_optimum(
    model: MLP, train: Rows, *, settings: TrainingSettings, val: Rows | None = None
) -> tuple[MLP, History, float]:
    """Minimise F = (1/N) sum_i w_i L_i + l2 * sum of W^2 over W and b, with the multiclass hinge, on all rows at once.

    Each hinge is smoothed around dual variables a (see `smoothed_hinge`) and the sum minimised by L-BFGS in the
    variables of `fit_to_optimum`; then a becomes what the smoothed hinges stand for, the width is halved, and so on:
    proximal steps on the dual, which end at the optimum of the hinge itself. An epoch is one evaluation, which is one
    pass over the rows. The mixture of all a met so far with the largest dual objective, balanced, bounds min F from
    below. It ends when the duality gap is at most 1e-3 of that bound, after `settings.epochs` passes, after
    `settings.patience` of them without a better validation accuracy, or when float32 scores are too coarse to go on.

    Args:
        model: a net without hidden layers, with its first weights.
        train: rows to learn from.
        settings: l1 of 0 and l2 above 0; how long to train. What belongs to mini-batches is not used.
        val: rows that choose the weights that are kept: the first with the best validation accuracy; without them,
            those with the lowest F.
    Returns: the fitted net, its learning curves and its duality gap (see `svm_optimality_gap`).
    Raises: DivergedError if F or its gradient is not finite; DataError if all rows of a class have weight 0.
    Convention: a pass that balances a is no epoch; there is one a round, and a few at the end.
    Source: Rockafellar (1976), "Augmented Lagrangians and applications of the proximal point algorithm", section 4; Liu
        and Nocedal (1989) for L-BFGS, as SciPy's L-BFGS-B.
    """
    n_out, _ = model.layers[0].W.shape
    check_classes_have_weight(train, n_classes=n_out)
    metric = Metric.of(train, n_classes=n_out, l2=settings.l2)
    with tracking("training", settings.epochs) as advance:
        search = _Search(model, train, val, settings, metric, advance)
        with suppress(_Enough):
            while search.n_idle_rounds < IDLE_ROUNDS and search.width >= LEAST_WIDTH:
                with suppress(_NextRound):
                    minimize(
                        search.evaluate,
                        search.variables,
                        jac=True,
                        method="L-BFGS-B",
                        options={"maxcor": MEMORY, **UNBOUNDED},
                    )
                search.begin_round()
    search.improve_bound()
    return search.curves.best_model, search.curves.history(), max(search.kept_objective - search.bound, 0.0)


class _Search:
    """What the rounds hand to each other.

    Args:
        variables: the latest ones.
        centres: (N, K) that hinges are smoothed around.
        width: that they are smoothed by.
        curves: the learning curves, and the weights that are kept.
        kept_objective: F of these.
        bound: of min F from below.
    """

    def __init__(
        self,
        model: MLP,
        train: Rows,
        val: Rows | None,
        settings: TrainingSettings,
        metric: Metric,
        advance: Advance,
    ) -> None:
        layer = model.layers[0]
        self.train, self.val, self.settings, self.metric, self.advance = train, val, settings, metric, advance
        self.activation, self.n_out = model.activation, len(layer.b)
        self.variables = metric.variables(np.column_stack([layer.W, layer.b]).astype(np.float64)).ravel()
        self.centres = jnp.full((len(train.y), self.n_out), 0.5, jnp.float32)
        self.latest_duals = self.centres
        self.width = FIRST_WIDTH
        self.curves = Curves(model)
        self.kept_objective = self.lowest = np.inf
        self.point = DualPoint.zero(model, train)
        self.bound = 0.0
        self.round_passes = self.n_idle_rounds = 0
        self.gap_before = np.inf
        self.wanted = TOLERANCE  # the gap at which balancing is worth its pass

    def evaluate(self, variables: Float64[np.ndarray, " v"]) -> tuple[float, Float64[np.ndarray, " v"]]:
        """Compute the smoothed objective and its gradient, write the epoch down, and see whether it is time to end."""
        l2, epoch = self.settings.l2, len(self.curves.train_loss) + 1
        weights = self.metric.weights(variables.reshape(self.n_out, -1)).astype(np.float32)
        model = MLP((Linear(jnp.asarray(weights[:, :-1]), jnp.asarray(weights[:, -1])),), self.activation)
        at, duals = smoothed_hinge(model, self.train, centres=self.centres, width=self.width)
        W = weights[:, :-1].astype(np.float64)
        penalty = l2 * float(np.sum(W**2))
        W_gradient = at.W_gradient + 2 * l2 * W
        if not (np.isfinite(at.hinge + penalty) and np.isfinite(W_gradient).all()):
            raise features_diverged(f"the loss or its gradient became infinite or NaN in epoch {epoch}")
        self.variables, self.latest_duals = variables.copy(), duals
        self.point = self.point.mixed(at, duals, l2=l2)
        self._write_down(model, at, at.hinge + penalty)
        of_weights = float(np.sum(W_gradient**2)) / (4 * l2)
        from_smoothing = at.hinge + penalty - of_weights - at.dual_sum + float(np.sum(at.W_gradient**2)) / (4 * l2)
        # Biases have no part in the dual objective: what they can gain is estimated with the metric's curvature, 1 / K.
        from_gradient = of_weights + self.n_out / 2 * float(np.sum(at.b_gradient**2))
        self._end_if_done()
        is_smooth_enough = from_smoothing <= SMOOTHING_SHARE * TOLERANCE * self.lowest
        self.round_passes += 1
        is_solved = self.round_passes >= ROUND_PASSES and from_gradient <= GRADIENT_SHARE * from_smoothing
        if is_solved and not is_smooth_enough:
            raise _NextRound
        gradient = np.concatenate([W_gradient, at.b_gradient[:, None]], axis=1)
        return at.smoothed + penalty, self.metric.gradient(gradient).ravel()

    def begin_round(self) -> None:
        """Smooth less, as far as that is what is missing, and around what has been learned."""
        self.improve_bound()
        gap = self.lowest - self.bound
        self.n_idle_rounds = self.n_idle_rounds + 1 if gap >= self.gap_before else 0
        self.centres, self.width, self.gap_before = self.latest_duals, self._next_width(gap), gap
        self.round_passes = 0

    def _next_width(self, gap: float) -> float:
        return max(self.width / 2, min(self.width, WIDTH_OF_GAP * gap))

    def improve_bound(self) -> None:
        """Balance the mixture of dual variables, which makes its bound a true one."""
        self.point = self.point.balanced(self.train)
        self.bound = max(self.bound, self.point.bound(self.settings.l2))

    def _write_down(self, model: MLP, at: SmoothedHinge, objective: float) -> None:
        self.curves.add(loss=at.hinge, accuracy=at.n_right)
        if self.val is not None:
            self.curves.judge(model, self.val, loss=self.settings.loss)
        elif objective < self.lowest:
            self.curves.keep(model)
        if self.curves.best_epoch == len(self.curves.train_loss) - 1:
            self.kept_objective = objective
        self.lowest = min(self.lowest, objective)
        self.advance(1, self.curves.note())

    def _end_if_done(self) -> None:
        if self.lowest - self.point.bound(self.settings.l2) <= self.wanted * self.lowest:
            self.improve_bound()
            if self.lowest - self.bound <= TOLERANCE * self.bound:
                raise _Enough
            self.wanted *= 0.8
        epochs, patience = self.settings.epochs, self.settings.patience
        if len(self.curves.train_loss) == epochs or self.curves.has_stalled(patience):
            raise _Enough
