"""The run-time type checker of the tests: whole numbers pass for floats, as in static checking."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
