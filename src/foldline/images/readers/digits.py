"""`digits`: the 1,797 handwritten 8x8 digits that come with scikit-learn."""

import numpy as np

from foldline.images.sources import PixelArrays


def read() -> PixelArrays:
    """Read scikit-learn's digits.

    Convention: their grey levels 0 to 16 become round(255 v / 16).
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    return PixelArrays(
        images=np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., None],
        labels=digits.target,
        class_names=tuple(str(name) for name in digits.target_names),
        partition=None,
    )
