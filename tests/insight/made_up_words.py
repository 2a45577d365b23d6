"""Words of patches for tests, made up or learned from next to nothing."""

import numpy as np

from foldline.features import Patches, VisualWords

RIGHT = [-1, 1, -1, 1]  # of a patch of 2x2 the right half is bright
DOWN = [-1, -1, 1, 1]
BAR = np.array([[0, 100, 200], [0, 100, 200]], np.uint8)[..., None]


def with_words(words, image_shape, *, stride_px=1, **settings):
    """Words of 2x2 patches, not whitened, made up instead of learned."""
    words = np.array(words, np.float32)
    descriptor = Patches(patch_px=2, stride_px=stride_px, whiten=False)
    feature = VisualWords(n_words=len(words), descriptor=descriptor, **{"levels": (1,), **settings})
    feature.descriptor_ = Patches(**descriptor.get_params()).fit(np.zeros((1, *image_shape), np.uint8))
    feature.words_, feature.spread_, feature.image_shape_ = words, 1.0, image_shape
    return feature


def learned(images, **settings):
    descriptor = Patches(patch_px=3, n_sampled=300)
    return VisualWords(**{"n_words": 5, "n_sampled": 300, "descriptor": descriptor, **settings}).fit(images)
