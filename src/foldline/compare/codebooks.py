"""What there is to see of a model's visual words."""

import numpy as np
from jaxtyping import Float32, Int

from foldline.compare.rows import Codebook
from foldline.estimators import ImagePipeline, LinearClassifier, RidgeClassifier
from foldline.features import DenseSIFT, Patches, VisualWords
from foldline.images import ImageSet
from foldline.insight import usual_answers, word_patches, word_votes, words_on_image

N_EXAMPLES = 3
MOST_LOOKED_THROUGH = 200  # test images: 4 s for 300 words of three scales in images of 32 pixels, on two busy cores


def codebook_of(
    model: ImagePipeline, X: Float32[np.ndarray, "n d"], y: Int[np.ndarray, " n"], *, test: ImageSet
) -> Codebook | None:
    """Look at the first of a model's features whose words are patches or SIFT; None if there is none.

    Args:
        model: fitted on the training images; its features are a scaled `Concat`.
        X, y: vectors and labels of these.
        test: images, of which the first of each of the first classes is told in words, and up to 200, evenly spread,
            are looked through for places that are like words of SIFT.
    """
    feature = next((f for f in model.features_.features_ if isinstance(f, VisualWords) and _is_drawable(f)), None)
    if feature is None:
        return None
    descriptor, looked_through = feature.descriptor_, None
    if isinstance(descriptor, DenseSIFT):
        n = min(len(test), MOST_LOOKED_THROUGH)
        looked_through = test.images[np.linspace(0, len(test) - 1, n).round().astype(int)]
    patches = word_patches(feature, looked_through)
    labels, first = np.unique(test.labels, return_index=True)
    is_linear = isinstance(model.classifier_, LinearClassifier | RidgeClassifier)
    return Codebook(
        patches=patches,
        n_looked_through=None if looked_through is None else len(looked_through),
        usual=usual_answers(model, feature),
        examples=tuple(
            (
                test.class_names[label],
                test.images[row].copy(),
                tuple(
                    words_on_image(feature, test.images[row], patches=patches, scale=scale)
                    for scale in range(len(descriptor.squares()))
                ),
            )
            for label, row in zip(labels[:N_EXAMPLES], first[:N_EXAMPLES], strict=True)
        ),
        votes=word_votes(model, feature, X, y) if is_linear else None,
    )


def _is_drawable(feature: VisualWords) -> bool:
    return isinstance(feature.descriptor_, Patches | DenseSIFT)
