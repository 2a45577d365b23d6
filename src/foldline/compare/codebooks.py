"""What there is to see of a model's visual words."""

import numpy as np
from jaxtyping import Float32, Int

from foldline.compare.rows import Codebook
from foldline.estimators import ImagePipeline, LinearClassifier, RidgeClassifier
from foldline.features import Patches, VisualWords
from foldline.images import ImageSet
from foldline.insight import usual_answers, word_patches, word_votes, words_on_image

N_EXAMPLES = 3


def codebook_of(
    model: ImagePipeline, X: Float32[np.ndarray, "n d"], y: Int[np.ndarray, " n"], *, test: ImageSet
) -> Codebook | None:
    """Look at the first of a model's features whose words are patches; None if there is none.

    Args:
        model: fitted on the training images; its features are a scaled `Concat`.
        X, y: vectors and labels of these.
        test: images, of which the first of each of the first classes is told in words.
    """
    drawable = (
        f for f in model.features_.features_ if isinstance(f, VisualWords) and isinstance(f.descriptor_, Patches)
    )
    feature = next(drawable, None)
    if feature is None:
        return None
    labels, first = np.unique(test.labels, return_index=True)
    is_linear = isinstance(model.classifier_, LinearClassifier | RidgeClassifier)
    return Codebook(
        patches=word_patches(feature),
        usual=usual_answers(model, feature),
        examples=tuple(
            (test.class_names[label], test.images[row].copy(), words_on_image(feature, test.images[row]))
            for label, row in zip(labels[:N_EXAMPLES], first[:N_EXAMPLES], strict=True)
        ),
        votes=word_votes(model, feature, X, y) if is_linear else None,
    )
