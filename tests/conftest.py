"""Settings of all tests: shapes are checked at run time, generated cases are the same on every machine."""

import os

import jax
import pytest
from hypothesis import HealthCheck, settings
from jaxtyping import config, install_import_hook

# Our modules have their shapes and types checked in the tests; users pay nothing for it.
install_import_hook("foldline", "typechecker.check")

from foldline.core.compiled import forget_programs, use_jax_cache  # noqa: E402  (the hook must come first)

use_jax_cache()
jax.config.update("jax_platforms", os.environ.get("JAX_PLATFORMS", "cpu"))

# No deadline: the first jitted call compiles. Derandomised: a merge check must not depend on luck.
settings.register_profile(
    "merge", deadline=None, derandomize=True, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "merge"))


@pytest.fixture(autouse=True, scope="module")
def room_for_programs():
    """Forget compiled programs after a file, before there are more than the system allows in one process."""
    yield
    forget_programs()


def pytest_addoption(parser):
    """Let only an explicit flag change what drawings are compared with."""
    parser.addoption(
        "--rewrite-golden", action="store_true", help="draw the golden pictures of the tests that run anew"
    )


@pytest.fixture
def assert_golden(request, tmp_path):
    """Compare a figure with tests/ROOM/golden/NAME.png."""
    from golden import assert_same_picture, pixels_of  # loads matplotlib, which most tests do without

    def assert_golden(figure, name):
        golden = request.path.parent / "golden" / f"{name}.png"
        assert_same_picture(
            pixels_of(figure), golden, failures=tmp_path, rewrite=request.config.getoption("--rewrite-golden")
        )

    return assert_golden


@pytest.fixture
def as_installed():
    """Leave the run-time type checks out, so that wrong input meets our own errors as it does in a user's process."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)
