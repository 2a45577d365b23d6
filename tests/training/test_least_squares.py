import numpy as np
import pytest
from numpy.testing import assert_allclose

from foldline.training.least_squares import factorise_


@pytest.mark.parametrize("block_rows", [1, 3, 5, 10, 16])
def test_factors_do_not_depend_on_the_blocks(block_rows):
    root = np.random.default_rng(0).standard_normal((10, 12))
    A = root @ root.T
    L = A.copy()
    factorise_(L, block_rows=block_rows)
    assert_allclose(np.tril(L), np.linalg.cholesky(A), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("where", [0, 4, 9])
def test_a_matrix_that_is_not_positive_definite_is_refused_in_any_block(where):
    A = np.eye(10)
    A[where, where] = -1.0
    with pytest.raises(np.linalg.LinAlgError):
        factorise_(A, block_rows=3)
