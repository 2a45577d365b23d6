"""Training rows that stay small in memory: codes on the device, turned into numbers a batch at a time."""

from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt8


@partial(jax.tree_util.register_dataclass, data_fields=("codes", "centroids"), meta_fields=("n_columns",))
@dataclass(frozen=True, kw_only=True)
class CodedRows:
    """Feature vectors of which every group of s numbers is one of 256 typical ones.

    Args:
        codes: (N, G) which one.
        centroids: (G, 256, s) the typical numbers of each group; fewer than 256 where that is all.
        n_columns: D; the last group may be filled up.
    """

    codes: UInt8[Array, "n g"]
    centroids: Float[Array, "g m s"]
    n_columns: int

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def shape(self) -> tuple[int, int]:
        """N and D."""
        return len(self.codes), self.n_columns

    def subset(self, index: Int[np.ndarray, " b"]) -> "CodedRows":
        """Give some rows, as codes."""
        return replace(self, codes=self.codes[index])

    def rows(self, index: Int[Array | np.ndarray, " b"]) -> Float[Array, "b d"]:
        """Give some rows, whose indices are in [0, N), as numbers."""
        codes = self.codes.at[index].get(mode="promise_in_bounds")
        numbers = self.centroids.at[jnp.arange(codes.shape[1]), codes].get(mode="promise_in_bounds")
        return numbers.reshape(len(codes), -1)[:, : self.n_columns]
