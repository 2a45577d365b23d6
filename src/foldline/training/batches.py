"""Which rows the steps of an epoch meet."""

import numpy as np
from jaxtyping import Int32


def shuffled_batches(
    n_rows: int, batch_size: int, *, generator: np.random.Generator
) -> Int32[np.ndarray, "steps batch"]:
    """Draw a random order of the rows, cut into batches; the last is filled up from the beginning.

    Example:
        >>> shuffled_batches(5, 2, generator=np.random.default_rng(0)).shape
        (3, 2)
    """
    n_steps = -(-n_rows // batch_size)
    order = generator.permutation(n_rows).astype(np.int32)
    return np.concatenate([order, order[: n_steps * batch_size - n_rows]]).reshape(n_steps, batch_size)
