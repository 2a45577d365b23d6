"""What several exhibits share: data, and models that are trained once."""

from functools import cached_property

import numpy as np
from jaxtyping import Float32, Int64, UInt8
from sklearn.datasets import load_sample_image, make_moons

from foldline.estimators import ImagePipeline, LinearClassifier, MLPClassifier, make_pipeline
from foldline.features import Pixels
from foldline.images import ImageSet, load_images

PHOTO_SIZE = (320, 240)  # the lecture's width and height, 40 x 30 cells of 8 pixels
Points = tuple[Float32[np.ndarray, "n 2"], Int64[np.ndarray, " n"]]


class Material:
    """Data and models of a gallery, made when they are first asked for.

    Args:
        seed: decides first weights, orders and drawn points.
    """

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    @cached_property
    def _split(self) -> tuple[ImageSet, ImageSet]:
        return load_images("fashion-mini").split(test=0.2, seed=0)

    @property
    def train(self) -> ImageSet:
        """Images of clothes to learn from."""
        return self._split[0]

    @property
    def test(self) -> ImageSet:
        """Images of clothes that nothing is learned from."""
        return self._split[1]

    def photo(self, name: str) -> UInt8[np.ndarray, "h w 3"]:
        """Give scikit-learn's photograph of "china" or "flower", 320x240 pixels."""
        from PIL import Image

        return np.asarray(Image.fromarray(load_sample_image(f"{name}.jpg")).resize(PHOTO_SIZE))

    @cached_property
    def linear(self) -> ImagePipeline:
        """A linear classifier of the clothes' pixels, regularised so that its templates can be seen."""
        return self.trained(LinearClassifier(l2=0.01, epochs=15, random_state=self.seed))

    @cached_property
    def two_layers(self) -> ImagePipeline:
        """A net with 64 hidden units on the clothes' pixels."""
        return self.trained(MLPClassifier(hidden=(64,), l2=0.003, epochs=20, random_state=self.seed))

    def trained(self, classifier: LinearClassifier | MLPClassifier) -> ImagePipeline:
        """Train a classifier on the clothes' pixels."""
        names = self.train.class_names
        model = make_pipeline(Pixels(), classifier=classifier)
        return model.fit(self.train.images, self.train.labels, class_names=names)

    def moons(self, n: int, *, seed: int) -> Points:
        """Draw points of two moons that reach into each other."""
        X, y = make_moons(n, noise=0.3, random_state=self.seed + seed)
        return X.astype(np.float32), y
