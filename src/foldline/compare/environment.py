"""Where and with what a comparison was run, so that its numbers can be read later."""

import platform
from datetime import UTC, datetime
from importlib.metadata import version

from foldline.core.parallel import n_cores

PACKAGES = ("numpy", "jax", "numba", "scikit-learn", "scipy")


def environment() -> dict[str, str]:
    """Describe this run: date, machine, device and versions, in the order to be shown in."""
    import jax

    from foldline import __version__

    device = jax.devices()[0]
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "foldline": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(n_cores()),
        "device": f"{device.platform} ({device.device_kind})",
    }
