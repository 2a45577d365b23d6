"""The steepest and the flattest (or most downward) curvature of the objective: extreme eigenvalues of its Hessian."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Float32, Int
from scipy.linalg import eigh_tridiagonal
from sklearn.base import BaseEstimator

from foldline.core.checks import integer, number
from foldline.core.errors import DivergedError
from foldline.core.memory import check_memory
from foldline.core.progress import tracking
from foldline.core.seeds import generator_from_seed
from foldline.insight.landscape_problem import Problem, row_losses
from foldline.models import ACTIVATIONS, MLP, Linear

# Rows of a block: 500, 1,000 and 2,000 were equally fast, 10,000 slower by a fifth (10-32-32-32-10 and 784-100-10).
BLOCK_ROWS = 1_000
# Of products with the Hessian in float32, as a share of its largest eigenvalue: what explicit residuals end at.
ROUNDING = 2.0**-20
CHECKED_EVERY = 5  # steps
CHANCE = 0.01  # of a first vector for which `beyond` does not hold, for each end

Layers = tuple[Linear, ...]
Parts = tuple[Array, Array, Layers]


@dataclass(frozen=True, kw_only=True)
class HessianExtremes:
    """What `hessian_extremes` gives back.

    Args:
        largest, smallest: Rayleigh quotients of the vectors found: the true extremes lie at or beyond them.
        largest_error, smallest_error: an eigenvalue lies at most so far from each.
        beyond: with 99 % probability over first vectors, the true extremes lie at most so far beyond; a bound for the
            worst of matrices, which falls with the square of the steps.
        n_steps: products with the Hessian that were made.
        n_weights: size of the Hessian, weights and biases.
    """

    largest: float
    largest_error: float
    smallest: float
    smallest_error: float
    beyond: float
    n_steps: int
    n_weights: int

    @property
    def text(self) -> str:
        """Both eigenvalues with their errors, and what their signs say."""
        # A quotient below 0 is proof enough; that none was found is none.
        curves_down = self.smallest < -ROUNDING * max(self.largest, -self.smallest)
        shape = "not convex here: some direction curves down" if curves_down else "no direction found that curves down"
        return (
            f"from {self.smallest:.4g} (± {self.smallest_error:.1g}) to {self.largest:.4g} "
            f"(± {self.largest_error:.1g}): {shape}"
        )


def hessian_extremes(
    model: BaseEstimator,
    X: np.ndarray,
    y: np.ndarray,
    *,
    tolerance: float = 1e-3,
    max_steps: int = 200,
    seed: int = 0,
) -> HessianExtremes:
    """Compute the largest and the smallest eigenvalue of the Hessian of the objective at the fitted weights.

    Lanczos: T = Q^T H Q on the Krylov space of a random vector, with all of Q orthogonalised against twice; theta and s
    an eigenpair of T, |beta_k s_k| bounds the distance from theta to an eigenvalue of H. It ends when the bound of both
    extremes is at most `tolerance` times the larger of |theta|; the errors told are residuals |H q - theta q|,
    computed anew, plus the rounding of float32.

    Args:
        model: as in `loss_slice`.
        X, y: as in `loss_slice`.
        tolerance: of the errors, as a share of the largest absolute eigenvalue; in [1e-6, 1].
        max_steps: products with the Hessian at most, from 2; each costs about as much as two gradients.
        seed: decides the first vector.
    Returns: both eigenvalues, with errors that are larger than asked for if `max_steps` did not suffice.
    Raises: as `loss_slice`; SettingError for settings outside their ranges; DataError if so many vectors do not fit
        into memory; DivergedError if the Hessian is not finite.
    Convention: at kinks (of ReLU, of the hinge) second derivatives are those of one side, as JAX takes them; l1 adds
        none.
    Source: Golub and Van Loan (2013), section 10.1, for Lanczos and residuals; Pearlmutter (1994), "Fast exact
        multiplication by the Hessian"; Kuczynski and Wozniakowski (1992), theorem 4.2, for `beyond`.
    Example:
        >>> from sklearn.datasets import load_digits
        >>> from foldline.estimators import LinearClassifier
        >>> X, y = load_digits(return_X_y=True)
        >>> found = hessian_extremes(LinearClassifier(l2=0.01, epochs=5).fit(X / 16, y), X / 16, y)
        >>> found.largest > 10 * abs(found.smallest)
        True
    """
    number(tolerance, name="tolerance", low=1e-6, high=1.0)
    integer(max_steps, name="max_steps", low=2)
    generator = generator_from_seed(seed)
    return extremes_of(Problem.of(model, X, y), tolerance=tolerance, max_steps=max_steps, generator=generator)


def extremes_of(
    problem: Problem, *, tolerance: float, max_steps: int, generator: np.random.Generator
) -> HessianExtremes:
    """Compute the extreme eigenvalues at the weights of a problem (see `hessian_extremes`)."""
    hessian = Hessian(problem)
    n, n_steps = hessian.n, min(max_steps, hessian.n)
    check_memory(4 * n * (n_steps + 4), f"{n_steps} vectors of {n:,} weights", fix="Lower max_steps.")
    basis = np.empty((n_steps, n), np.float32)
    alphas, betas = np.empty(n_steps), np.empty(n_steps)
    q = generator.standard_normal(n)
    q = (q / np.linalg.norm(q)).astype(np.float32)
    done = 0
    with tracking("curvature", n_steps) as advance:
        while done < n_steps:
            basis[done] = q
            w = hessian @ q
            alphas[done] = float(np.dot(w, q))
            for _ in range(2):  # once leaves what rounding put there
                w -= (basis[: done + 1] @ w) @ basis[: done + 1]
            betas[done] = float(np.linalg.norm(w))
            done += 1
            advance(1, "")
            if done % CHECKED_EVERY == 0 or done == n_steps:
                thetas, vectors = eigh_tridiagonal(alphas[:done], betas[: done - 1])
                scale = float(np.abs(thetas[[0, -1]]).max())
                if betas[done - 1] * np.abs(vectors[-1, [0, -1]]).max() <= tolerance * scale:
                    break
            if betas[done - 1] <= ROUNDING * np.abs(alphas[:done]).max():  # the space holds all there is
                break
            q = w / np.float32(betas[done - 1])
    thetas, vectors = eigh_tridiagonal(alphas[:done], betas[: done - 1])
    (smallest, low_error), (largest, high_error) = (_refined(hessian, vectors[:, i] @ basis[:done]) for i in (0, -1))
    rounding = ROUNDING * max(abs(smallest), abs(largest))
    return HessianExtremes(
        largest=largest,
        largest_error=high_error + rounding,
        smallest=smallest,
        smallest_error=low_error + rounding,
        beyond=_beyond(n, done, spread=largest - smallest),
        n_steps=done + 2,
        n_weights=n,
    )


class Hessian:
    """The matrix of second derivatives of F at the weights of a problem, known by its products."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        X, y, weights = (jnp.asarray(np.stack(part)) for part in zip(*problem.blocks(BLOCK_ROWS), strict=True))
        # What does not change from product to product: the rows, and the first layer's answers to them.
        self._rows = (X, y, weights, _first_layer(problem.model, X))
        flat, self._shaped = ravel_pytree(problem.model)
        self.n = len(flat)
        bent = jax.tree.map(lambda a: jnp.full(a.shape, 2 * problem.l2 * (a.ndim == 2), a.dtype), problem.model)
        self._of_penalty = np.asarray(ravel_pytree(bent)[0])

    def __matmul__(self, v: Float32[np.ndarray, " n"]) -> Float32[np.ndarray, " n"]:
        """Compute H v. Raises: DivergedError if it is not finite."""
        problem = self._problem
        sums = _product_sum(
            problem.model,
            self._shaped(jnp.asarray(v)),
            *self._rows,
            loss=problem.loss,
            label_smoothing=problem.label_smoothing,
        )
        product = np.asarray(sums) / np.float32(len(problem.y)) + self._of_penalty * v
        if not np.isfinite(product).all():
            raise DivergedError(
                "the curvature of the loss is not finite at these weights; expected finite numbers. Scale the features."
            )
        return np.asarray(product)


@jax.jit
def _first_layer(model: MLP, X: Float[Array, "blocks m d"]) -> Float[Array, "blocks h m"]:
    first = model.layers[0]
    answers: Array = jax.lax.map(lambda rows: first.W @ rows.T + first.b[:, None], X)
    return answers


@partial(jax.jit, static_argnames=("loss", "label_smoothing"))
def _product_sum(
    model: MLP,
    v: MLP,
    X: Float[Array, "blocks m d"],
    y: Int[Array, "blocks m"],
    weights: Float[Array, "blocks m"],
    firsts: Float[Array, "blocks h m"],
    *,
    loss: str,
    label_smoothing: float,
) -> Float[Array, " n"]:
    """Compute N times the product of the Hessian of the mean loss with v, both of the net's shape.

    The first layer is linear: a block of rows enters by two products, v_W X^T and (change of dL/dz) X, and all else
    happens between its answers z and the loss.
    """

    def of_block(total: Parts, block: tuple[Array, Array, Array, Array]) -> tuple[Parts, None]:
        X, y, weights, z = block

        def loss_sum(z: Array, rest: Layers) -> Array:
            h = z
            for layer, activation in zip(rest, model.activations, strict=True):
                h = layer.W @ ACTIVATIONS[activation](h) + layer.b[:, None]
            return jnp.sum(weights * row_losses(h.T, y, loss=loss, label_smoothing=label_smoothing))

        z_moves = v.layers[0].W @ X.T + v.layers[0].b[:, None]
        _, (pulls, rest) = jax.jvp(jax.grad(loss_sum, argnums=(0, 1)), (z, model.layers[1:]), (z_moves, v.layers[1:]))
        part = (pulls @ X, jnp.sum(pulls, axis=1), rest)
        return jax.tree.map(jnp.add, total, part), None

    first = model.layers[0]
    nothing = jax.tree.map(jnp.zeros_like, (first.W, first.b, model.layers[1:]))
    (W, b, rest), _ = jax.lax.scan(of_block, nothing, (X, y, weights, firsts))
    return ravel_pytree(MLP((Linear(W, b), *rest), model.activation))[0]


def _beyond(n: int, n_steps: int, *, spread: float) -> float:
    """Bound how far an extreme eigenvalue lies beyond that of n_steps of Lanczos, with probability 1 - CHANCE."""
    if n_steps >= n:
        return 0.0
    share = (np.log(1.648 * np.sqrt(n) / CHANCE) / (2 * n_steps - 1)) ** 2
    # The theorem's spread is that of the true extremes, each of which may lie so far beyond.
    return float(spread * share / (1 - 2 * share)) if share < 0.5 else float("inf")


def _refined(hessian: Hessian, vector: Float[np.ndarray, " n"]) -> tuple[float, float]:
    """Give the Rayleigh quotient of a vector and the length of its residual: an eigenvalue lies so near."""
    q = (vector / np.linalg.norm(vector)).astype(np.float32)
    w = (hessian @ q).astype(np.float64)
    theta = float(w @ q) / float(np.dot(q.astype(np.float64), q))
    return theta, float(np.linalg.norm(w - theta * q))
