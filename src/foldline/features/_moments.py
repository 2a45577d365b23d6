"""Mean and scatter of rows, as sums over shards."""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from jaxtyping import Float32, Float64

SHARD_ROWS = 8192  # rows whose float64 copy is in memory at a time


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Number, mean and scatter of rows: what whitening and principal directions are computed from.

    Those of two shards of the rows merge into those of both, in any order.

    Args:
        n: number of rows.
        mean: (D,).
        scatter: (D, D) sum of (x - mean)(x - mean)^T.
    """

    n: int
    mean: Float64[np.ndarray, " d"]
    scatter: Float64[np.ndarray, "d d"]

    @classmethod
    def of(cls, X: Float32[np.ndarray, "n d"]) -> "Moments":
        """Compute those of at least one row, shard by shard."""
        shards = (X[start : start + SHARD_ROWS] for start in range(0, len(X), SHARD_ROWS))
        return reduce(Moments.merged, map(cls._of_shard, shards))

    @classmethod
    def _of_shard(cls, X: Float32[np.ndarray, "n d"]) -> "Moments":
        rows = X.astype(np.float64)
        mean = rows.mean(axis=0)
        rows -= mean
        return cls(n=len(X), mean=mean, scatter=rows.T @ rows)

    def merged(self, other: "Moments") -> "Moments":
        """Give those of both shards together.

        Source: Chan, Golub, LeVeque (1983), eq. 2.1, for vectors.
        """
        n, shift = self.n + other.n, other.mean - self.mean
        return Moments(
            n=n,
            mean=self.mean + shift * (other.n / n),
            scatter=self.scatter + other.scatter + np.outer(shift, shift) * (self.n * other.n / n),
        )

    @property
    def covariance(self) -> Float64[np.ndarray, "d d"]:
        """Scatter divided by n."""
        return self.scatter / self.n
