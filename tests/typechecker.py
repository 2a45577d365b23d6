"""The run-time type checker of the tests: whole numbers pass for floats, as in static checking."""

from typing import Self

from beartype import BeartypeConf, beartype

_check = beartype(conf=BeartypeConf(is_pep484_tower=True))


def check(decorated):
    """Check a function or class; `Self`, which beartype knows in whole classes only, passes for anything."""
    annotations = getattr(decorated, "__annotations__", {})
    if annotations.get("return") is Self:
        decorated.__annotations__ = {**annotations, "return": object}
    return _check(decorated)
