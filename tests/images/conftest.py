"""What the tests of readers share."""

from contextlib import ExitStack

import pytest

from foldline.images.archives import open_tree


@pytest.fixture
def tree_at():
    """Open a folder, a file or an archive, to be closed at the end of the test."""
    with ExitStack() as stack:

        def tree_at(path):
            tree = open_tree(path)
            stack.callback(tree.close)
            return tree

        yield tree_at
