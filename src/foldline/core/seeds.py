"""Seeds become keys and generators at the doors; inside, randomness is always an argument."""

from typing import TYPE_CHECKING

import numpy as np

from foldline.core.checks import integer
from foldline.core.errors import SettingError

if TYPE_CHECKING:
    import jax


def generator_from_seed(seed: int) -> np.random.Generator:
    """Give a NumPy generator for host-side randomness. Raises: SettingError if seed is not in [0, 2**32)."""
    return np.random.default_rng(integer(seed, name="seed", low=0, high=2**32 - 1))


def key_from_seed(seed: int) -> "jax.Array":
    """Give a JAX PRNG key. Raises: SettingError if seed is not in [0, 2**32)."""
    import jax

    return jax.random.key(integer(seed, name="seed", low=0, high=2**32 - 1))


def seed_from_random_state(random_state: object) -> int:
    """Turn scikit-learn's `random_state` (None, int or RandomState) into one integer seed.

    None draws a fresh seed from the operating system, never from NumPy's global state.
    Raises: SettingError for anything else.
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(0, 2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        raise SettingError(
            "random_state is a numpy Generator; expected None, a whole number or a RandomState, as everywhere in "
            "scikit-learn. Pass an integer."
        )
    return integer(random_state, name="random_state", low=0, high=2**32 - 1)
