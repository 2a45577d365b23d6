"""What users may import. Adding a name means adding it to the list; removing one needs a release with a warning."""

from pathlib import Path

import foldline

NAMES = Path(__file__).with_name("public_names.txt").read_text().split()


def test_the_public_names_are_the_ones_on_the_list():
    assert sorted(foldline.__all__) == NAMES


def test_every_public_name_is_there_and_says_what_it_is():
    undocumented = [name for name in NAMES if not (name == "__version__" or getattr(foldline, name).__doc__)]
    assert undocumented == []
