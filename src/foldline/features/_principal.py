"""Principal directions: the few numbers of a row that tell most of its differences from other rows."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Float32

from foldline.features._moments import Moments


@dataclass(frozen=True, kw_only=True)
class PrincipalDirections:
    """x -> (x - mean) W: coordinates of a row along the directions in which rows vary most.

    Args:
        mean: (D,).
        W: (D, D'), columns of length 1 at right angles, the direction of the largest variance first.
    """

    mean: Float32[np.ndarray, " d"]
    W: Float32[np.ndarray, "d p"]

    @classmethod
    def of(cls, moments: Moments, n_directions: int) -> Self:
        """Compute them from the covariance; n_directions is at most D.

        Convention: the largest component of every direction is positive.
        Source: Pearson (1901); Jolliffe (2002), section 1.1.
        """
        _, V = np.linalg.eigh(moments.covariance)
        W = V[:, ::-1][:, :n_directions]
        largest = W[np.abs(W).argmax(axis=0), np.arange(n_directions)]
        return cls(mean=moments.mean.astype(np.float32), W=(W * np.sign(largest)).astype(np.float32))

    def apply_(self, X: Float32[np.ndarray, "n d"], out: Float32[np.ndarray, "n p"]) -> None:
        """Project rows into `out`; X is left centred."""
        X -= self.mean
        np.matmul(X, self.W, out=out)
