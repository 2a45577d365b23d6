"""Mixtures of diagonal Gaussians, fitted by EM as sums over shards of rows: the vocabulary of Fisher vectors."""

from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Self

import numpy as np
from jaxtyping import Float32, Float64

from foldline.core.parallel import in_threads, one_blas_thread
from foldline.core.progress import tracking
from foldline.features._codebook import first_words, kmeans
from foldline.features._posteriors import LANES, NOWHERE, PosteriorSums

# Not one shard a thread: a mixture must not depend on how many threads there are. Sums of a shard are float32.
SHARD_ROWS = 2048
N_KMEANS_ROUNDS = 5
# On 100,000 dense SIFT descriptors and 256 Gaussians the log likelihood of a descriptor that was not learned from grows
# by 7.3 in the first three rounds, 1.1 from there to the 20th, and 0.3 in 40 more.
N_ROUNDS = 20
SMALLEST_VARIANCE = 1e-4  # of a Gaussian, as a share of the rows' largest variance: VLFeat's recognition demo
FEWEST_ROWS = 0.5  # posteriors of a Gaussian added up; one row far from all others has a Gaussian of its own

Rows = Float32[np.ndarray, "n d"]


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Sum of w_k u_k(x), u_k a Gaussian whose numbers do not depend on each other.

    Args:
        weights: (K,) w, above 0, their sum is 1.
        means: (K, D).
        variances: (K, D), above 0.
    """

    weights: Float64[np.ndarray, " k"]
    means: Float64[np.ndarray, "k d"]
    variances: Float64[np.ndarray, "k d"]

    @cached_property
    def coefficients(self) -> Float32[np.ndarray, "w p"]:
        """Give B with log(w_k u_k(x)) = ([x, x^2, 1] B)_k, (2D + 1, P), P the next multiple of 16 from K."""
        n_gaussians, d = self.means.shape
        B = np.zeros((2 * d + 1, -(-n_gaussians // LANES) * LANES), np.float32)
        B[:d, :n_gaussians] = (self.means / self.variances).T
        B[d:-1, :n_gaussians] = (-0.5 / self.variances).T
        squares = np.log(2 * np.pi * self.variances) + self.means**2 / self.variances
        B[-1, :n_gaussians] = np.log(self.weights) - 0.5 * squares.sum(axis=1)
        B[-1, n_gaussians:] = NOWHERE
        return B


@dataclass(frozen=True, kw_only=True)
class GaussianSums:
    """What one round of EM needs to know of the rows; those of two shards add up to those of both.

    Args:
        counts: (K,) posteriors, added up over the rows.
        sums: (K, D) of rows times posteriors.
        square_sums: (K, D) of their squares times posteriors.
        log_likelihood: log p(x), added up over the rows.
    """

    counts: Float64[np.ndarray, " k"]
    sums: Float64[np.ndarray, "k d"]
    square_sums: Float64[np.ndarray, "k d"]
    log_likelihood: float

    @classmethod
    def of(cls, X: Rows, mixture: Mixture) -> Self:
        """Compute those of one shard."""
        d = X.shape[1]
        posterior = PosteriorSums(mixture.coefficients, n_gaussians=len(mixture.weights), n_cells=1)
        log_likelihood = posterior.add(X, np.zeros(len(X), np.int32))
        sums, square_sums, counts = np.split(posterior.sums[0].astype(np.float64), [d, 2 * d], axis=1)
        return cls(counts=counts[:, 0], sums=sums, square_sums=square_sums, log_likelihood=log_likelihood)

    def merged(self, other: "GaussianSums") -> "GaussianSums":
        """Give those of both shards together."""
        return GaussianSums(
            counts=self.counts + other.counts,
            sums=self.sums + other.sums,
            square_sums=self.square_sums + other.square_sums,
            log_likelihood=self.log_likelihood + other.log_likelihood,
        )

    def mixture(self, smallest_variance: float) -> Mixture:
        """Give the likeliest mixture for these posteriors; a Gaussian without rows is put elsewhere."""
        counts = np.maximum(self.counts, FEWEST_ROWS)[:, None]
        means = self.sums / counts
        variances = np.maximum(self.square_sums / counts - means**2, smallest_variance)
        weights = counts[:, 0].copy()
        for k in np.flatnonzero(self.counts < FEWEST_ROWS):
            _split_(weights, means, variances, into=int(k))
        return Mixture(weights=weights / weights.sum(), means=means, variances=variances)


def fit_mixture(X: Rows, n_gaussians: int, *, generator: np.random.Generator) -> Mixture:
    """Fit a mixture by EM.

    k-means gives the first means; as all variances are equal and small then, the first round of EM gives weights,
    means and variances of its clusters.

    Args:
        X: (N, D) rows, centred or nearly so.
        n_gaussians: K, at least 2.
        generator: what the first means are drawn from.
    Raises: DataError if there are fewer different rows than Gaussians.
    Convention: 5 rounds of k-means, 20 of EM.
    Convention: no variance is below 1e-4 of the largest of any column of X.
    Convention: a Gaussian that has less than half a row moves beside the one with the largest scatter and takes half
        of its weight; both keep its variances, their means half a deviation to both sides of its own along its widest
        column.
    Source: Dempster, Laird, Rubin (1977), section 4.3; Bishop (2006), eq. 9.23 to 9.27.
    """
    words = first_words(X, n_gaussians, setting="n_gaussians", generator=generator)
    words = kmeans(X, words, n_rounds=N_KMEANS_ROUNDS).astype(np.float64)
    smallest = SMALLEST_VARIANCE * float(X.var(axis=0, dtype=np.float64).max())
    weights = np.full(n_gaussians, 1 / n_gaussians)
    mixture = Mixture(weights=weights, means=words, variances=np.full_like(words, smallest))
    with tracking("mixture", N_ROUNDS) as advance, one_blas_thread():
        for _ in range(N_ROUNDS):
            sums = gaussian_sums(X, mixture)
            mixture = sums.mixture(smallest)
            advance(1, f"log likelihood {sums.log_likelihood / len(X):.2f}")
    return mixture


def gaussian_sums(X: Rows, mixture: Mixture) -> GaussianSums:
    """Compute those of all rows, shards in threads."""
    shards = (X[start : start + SHARD_ROWS] for start in range(0, len(X), SHARD_ROWS))
    return reduce(GaussianSums.merged, in_threads(lambda shard: GaussianSums.of(shard, mixture), shards))


def _split_(
    weights: Float64[np.ndarray, " k"],
    means: Float64[np.ndarray, "k d"],
    variances: Float64[np.ndarray, "k d"],
    *,
    into: int,
) -> None:
    parent = np.argmax(weights * variances.sum(axis=1))
    widest = np.argmax(variances[parent])
    step = 0.5 * np.sqrt(variances[parent, widest])
    weights[parent] /= 2
    for values in (weights, means, variances):
        values[into] = values[parent]
    means[parent, widest] -= step
    means[into, widest] += step
