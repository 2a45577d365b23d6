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


@st.composite
def damaged_bytes(draw, data, *, max_changes=4):
    """Bytes of a file after a few accidents: flipped bits, other bytes, parts lost, doubled, blanked or put in."""
    damaged = bytearray(data)
    for _ in range(draw(st.integers(1, max_changes))):
        first = draw(st.integers(0, max(len(damaged) - 1, 0)))
        part = slice(first, first + draw(st.integers(1, 16)))
        match draw(st.sampled_from(["flip", "overwrite", "insert", "lose", "double", "blank", "cut"])):
            case "flip":
                damaged[first : first + 1] = bytes(
                    byte ^ 1 << draw(st.integers(0, 7)) for byte in damaged[first : first + 1]
                )
            case "overwrite":
                damaged[part] = draw(st.binary(min_size=len(damaged[part]), max_size=len(damaged[part])))
            case "insert":
                damaged[first:first] = draw(st.binary(max_size=16))
            case "lose":
                del damaged[part]
            case "double":
                damaged[first:first] = damaged[part]
            case "blank":
                damaged[part] = draw(st.sampled_from([b"\0", b"\xff"])) * len(damaged[part])
            case "cut":
                del damaged[first:]
    return bytes(damaged)


@st.composite
def labels_and_predictions_NK(draw, *, max_rows=20, max_classes=5):
    """(N,) labels and (N,) predictions in 0 ... K-1, and K; some classes may have no row."""
    n, k = draw(st.integers(1, max_rows)), draw(st.integers(2, max_classes))
    labels, predictions = (draw(hnp.arrays(np.int32, n, elements=st.integers(0, k - 1))) for _ in range(2))
    return labels, predictions, k


@st.composite
def answers_of_classifiers_N(draw, *, max_rows=20):
    """(N,) float64 answers of two classifiers, 1 where right and 0 where wrong, to the same questions."""
    n = draw(st.integers(1, max_rows))
    a, b = (draw(hnp.arrays(np.float64, n, elements=st.sampled_from([0.0, 1.0]))) for _ in range(2))
    return a, b
