import numpy as np
import pytest

from foldline.core.errors import SettingError
from foldline.core.seeds import generator_from_seed, key_from_seed, seed_from_random_state


def test_equal_seeds_give_equal_numbers():
    assert (generator_from_seed(3).random(5) == generator_from_seed(3).random(5)).all()
    assert key_from_seed(3) == key_from_seed(3)
    assert key_from_seed(3) != key_from_seed(4)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("seed", [-1, 1.5, 2**32, "0"])
def test_a_seed_outside_its_range_is_refused(seed):
    with pytest.raises(SettingError, match="seed is"):
        generator_from_seed(seed)


def test_random_state_none_does_not_touch_the_global_state():
    before = np.random.get_state()[1].copy()  # noqa: NPY002  (this is the state that must not be used)
    assert seed_from_random_state(None) != seed_from_random_state(None)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_a_random_state_draws_the_same_seed_when_it_starts_the_same():
    first, second = (seed_from_random_state(np.random.RandomState(5)) for _ in range(2))
    assert first == second


def test_a_generator_is_refused_with_a_hint():
    with pytest.raises(SettingError, match="Pass an integer"):
        seed_from_random_state(np.random.default_rng(0))
