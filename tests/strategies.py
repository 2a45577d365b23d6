"""Generators of test data, named after shapes."""

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st


@st.composite
def scores_and_labels_NK(draw, *, max_rows=8, max_classes=6):
    """(N, K) float64 scores in [-20, 20] and (N,) labels in 0 ... K-1."""
    n, k = draw(st.integers(1, max_rows)), draw(st.integers(2, max_classes))
    scores = draw(hnp.arrays(np.float64, (n, k), elements=st.floats(-20, 20, width=32)))
    return scores, draw(hnp.arrays(np.int32, n, elements=st.integers(0, k - 1)))


@st.composite
def images_NHWC(draw, *, max_images=3, min_side=1, max_side=40, channels=(1, 3)):
    """(N, H, W, C) uint8 images of any content."""
    shape = (
        draw(st.integers(1, max_images)),
        draw(st.integers(min_side, max_side)),
        draw(st.integers(min_side, max_side)),
        draw(st.sampled_from(channels)),
    )
    seed = draw(st.integers(0, 2**32 - 1))
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
