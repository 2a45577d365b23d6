"""Images in, classes out: features and a classifier as one estimator."""

import math
import os
from collections.abc import Callable, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Shaped
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from foldline.core.checks import axes, choice
from foldline.core.errors import DataError, ModelFileError, SettingError, ShapeError
from foldline.core.loaded import FIX
from foldline.core.progress import tracking
from foldline.core.seeds import generator_from_seed, seed_from_random_state
from foldline.estimators.class_names import named_classes
from foldline.estimators.loaded import check_loaded_images, loaded_length
from foldline.estimators.net_classifier import NetClassifier
from foldline.features import Concat, ProductQuantizer
from foldline.training import CodedRows

if TYPE_CHECKING:
    from foldline.estimators.layer_feature import LayerFeature

LEARNING_IMAGES = 5_000  # that quantisation, and features before it, learn from
# In an image that a loaded model tries itself out on. One of 16,384x16,384 pixels took words of patches a minute.
MOST_TRIED_NUMBERS = 3 << 16
CODED_AT_ONCE = 1_000  # images whose vectors are in memory as numbers

ImageFit = Literal["native", "crop", "pad"]
Images = Shaped[np.ndarray, "n ..."]


def _classifier_has(name: str) -> Callable[["ImagePipeline"], bool]:
    # Asking for the attribute lets the classifier say itself why it has none.
    return lambda pipeline: bool(getattr(pipeline.classifier, name))


class ImagePipeline(ClassifierMixin, BaseEstimator):
    """Features with their scaling, then a classifier; what is saved, loaded and shipped.

    Args:
        features: a transformer from images to feature vectors, usually a `Concat`.
        classifier: a classifier of feature vectors.
        compression: how training vectors are kept while the classifier learns: None for as they are; a
            `ProductQuantizer` for a byte every few numbers, so that 50,000 vectors of 65,536 numbers take 0.4 GB and
            not 13. The classifier, a LinearClassifier by SGD or an MLPClassifier, decodes a batch at a time; what it
            predicts from is never compressed.
    Convention: with compression, what features, scaling and quantiser learn, they learn from 5,000 of the images.
    Source: Sanchez and Perronnin (2011), section 4, for learning from codes.
    """

    def __init__(
        self, features: BaseEstimator, classifier: BaseEstimator, compression: ProductQuantizer | None = None
    ) -> None:
        self.features = features
        self.classifier = classifier
        self.compression = compression

    def fit(
        self,
        images: Images,
        labels: np.ndarray,
        *,
        class_names: Sequence[str] | None = None,
        image_fit: ImageFit = "native",
        validation: tuple[Shaped[np.ndarray, "m ..."], np.ndarray] | None = None,
        sample_weight: np.ndarray | None = None,
    ) -> Self:
        """Learn scaling and classifier from training images.

        Args:
            images: (N, H, W, C) uint8.
            labels: (N,) labels of any type; indices of `class_names` if these are given.
            class_names: what label 0, 1, ... is called; None takes the labels themselves.
            image_fit: how the images came to their size, told to whoever loads the model.
            validation: images and labels that choose the epoch whose weights are kept.
            sample_weight: (N,) non-negative weights of the images.
        Raises: ShapeError if there are more or fewer labels than images; DataError if a label has no name of its own;
            SettingError if the classifier has no use for validation or weights; and what features and classifier raise.
        """
        labels = np.asarray(labels)
        extra: dict[str, Any] = {"sample_weight": sample_weight, "validation": validation}
        extra = {name: value for name, value in extra.items() if value is not None}
        self._check_given(images, labels, class_names, extra)
        choice(image_fit, get_args(ImageFit), name="image_fit")
        features, classifier = clone(self.features), clone(self.classifier)
        if self.compression is None:
            X: np.ndarray | CodedRows = np.asarray(features.fit_transform(images, labels))
            if validation is not None:
                extra["validation"] = (np.asarray(features.transform(validation[0])), validation[1])
        else:
            code = self.learn_codes(features, images, labels)
            X = code(images)
            if validation is not None:
                extra["validation"] = (code(validation[0]), validation[1])
        classifier.fit(X, labels, **extra)
        return self._adopt(features, classifier, class_names, images.shape[1:], image_fit)

    @classmethod
    def from_fitted(
        cls,
        features: BaseEstimator,
        classifier: BaseEstimator,
        *,
        class_names: Sequence[str] | None,
        image_shape: Sequence[int],
        image_fit: ImageFit = "native",
        compression: ProductQuantizer | None = None,
    ) -> "ImagePipeline":
        """Put parts together that were fitted already, for example on features shared with other classifiers.

        Args:
            features: a fitted transformer.
            classifier: a classifier fitted on its output.
            class_names: what label 0, 1, ... is called; None takes the labels themselves.
            image_shape: (H, W, C) of the training images.
            image_fit: how the images came to their size.
            compression: how training vectors were kept.
        Raises: DataError if a label has no name of its own.
        """
        choice(image_fit, get_args(ImageFit), name="image_fit")
        pipeline = cls(clone(features), clone(classifier), None if compression is None else clone(compression))
        return pipeline._adopt(features, classifier, class_names, image_shape, image_fit)

    def check_compression(self) -> None:
        """Check that the classifier can learn from what the compression gives.

        Raises: SettingError otherwise.
        """
        if self.compression is None:
            return
        if not isinstance(self.compression, ProductQuantizer) or not isinstance(self.classifier, NetClassifier):
            raise SettingError(
                f"compression is {self.compression!r} for a {type(self.classifier).__name__}; expected a "
                f"ProductQuantizer, for a LinearClassifier or an MLPClassifier. Leave compression out, or change these."
            )
        if getattr(self.classifier, "solver", "sgd") == "lbfgs":
            raise SettingError(
                f"solver is {self.classifier.solver!r} with compression; expected 'sgd', which decodes a batch at a "
                f"time. Take solver='sgd', or leave compression out."
            )

    def learn_codes(self, features: BaseEstimator, images: Images, labels: np.ndarray) -> Callable[[Images], CodedRows]:
        """Fit features and quantiser to some of the images, and give what turns images into codes.

        Args:
            features: fitted in place, in the stead of `features`.
            images: (N, H, W, C) uint8.
            labels: (N,).
        Raises: as `check_compression`; SettingError if there is no compression; and what features raise.
        """
        self.check_compression()
        if self.compression is None:
            raise SettingError("compression is None; expected a ProductQuantizer. Give one for example of group=8.")
        seed = seed_from_random_state(self.compression.random_state)
        rows = np.sort(generator_from_seed(seed).permutation(len(images))[:LEARNING_IMAGES])
        X = features.fit_transform(images[rows], labels[rows])
        quantizer = clone(self.compression).fit(X)
        centroids = jnp.asarray(quantizer.centroids_)
        del X

        def code(images: Images) -> CodedRows:
            codes = np.empty((len(images), len(centroids)), np.uint8)
            with tracking("images as codes", len(images)) as advance:
                for start in range(0, len(images), CODED_AT_ONCE):
                    some = images[start : start + CODED_AT_ONCE]
                    codes[start : start + len(some)] = quantizer.transform(features.transform(some))
                    advance(len(some), "")
            return CodedRows(codes=jnp.asarray(codes), centroids=centroids, n_columns=quantizer.n_features_in_)

        return code

    def predict(self, images: Images) -> np.ndarray:
        """Give the class of every image: an element of `classes_`."""
        X = self._X(images)
        return np.asarray(self.classifier_.predict(X))

    @available_if(_classifier_has("predict_proba"))
    def predict_proba(self, images: Images) -> Float[np.ndarray, "n k"]:
        """Give the probability of each class, a column a class in the order of `classes_`; rows sum to 1."""
        X = self._X(images)
        return np.asarray(self.classifier_.predict_proba(X))

    @available_if(_classifier_has("decision_function"))
    def decision_function(self, images: Images) -> Float[np.ndarray, "n ..."]:
        """Give the scores of the classifier, in the order of `classes_`."""
        X = self._X(images)
        return np.asarray(self.classifier_.decision_function(X))

    @property
    def classes_(self) -> np.ndarray:
        """The different labels, sorted."""
        return np.asarray(self.classifier_.classes_)

    def hidden_features(self, layer: int = -2) -> "LayerFeature":
        """Give a hidden layer of the net as a feature of images, for another pipeline: what was learned is kept.

        Args:
            layer: as in `NetClassifier.hidden_features`.
        Returns: a fitted feature, (N, H, W, C) uint8 images of this model's shape to (N, U) float32. It stays as it is
            when this model is fitted anew.
        Raises: SettingError if the classifier is no net, the net has no such hidden layer, or the model takes no
            images; scikit-learn's NotFittedError before `fit`.
        Example:
            >>> import foldline as fl
            >>> digits = fl.load_images("digits")
            >>> model = fl.make_pipeline(fl.Pixels(), classifier=fl.MLPClassifier(hidden=(32,), epochs=5))
            >>> learned = model.fit(digits.images, digits.labels).hidden_features()
            >>> fl.make_pipeline(learned, classifier=fl.LinearClassifier()).fit(digits.images, digits.labels).classes_
            array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], dtype=int32)
        """
        from foldline.estimators.layer_feature import LayerFeature

        check_is_fitted(self)
        feature = LayerFeature(FrozenEstimator(copy(self)), layer)
        height, width, n_channels = feature.pipeline.image_shape_
        feature.image_shape_ = height, width, n_channels
        feature.length(feature.image_shape_)  # a wrong layer is told at once
        return feature

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model as one .safetensors file (see `foldline.load`).

        Raises: SaveError if the file cannot be written.
        """
        from foldline.estimators.saving import save

        save(self, path)

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together.

        Raises: ModelFileError if they do not; and whatever one prediction with them raises, of large images one from
            a vector.
        """
        self.features_.check_loaded()
        self.classifier_.check_loaded()
        choice(self.image_fit_, get_args(ImageFit), name="image_fit_")
        if self.class_names_ != named_classes(np.arange(len(self.classes_)), self.class_names_):
            raise ModelFileError(
                f"class_names_ is {str(self.class_names_)[:60]} for {len(self.classes_)} classes; expected a name for "
                f"each. {FIX}"
            )
        # Before anything of that size is made: a few bytes of a file can ask for more than the memory.
        n_numbers = loaded_length(self.features_, self.image_shape_)
        if n_numbers != self.classifier_.n_features_in_:
            raise ModelFileError(
                f"the features give {n_numbers} numbers and the classifier takes {self.classifier_.n_features_in_}; "
                f"expected as many. {FIX}"
            )
        if math.prod(self.image_shape_) <= MOST_TRIED_NUMBERS:
            self.predict(np.zeros((1, *self.image_shape_), np.uint8))
        else:
            check_loaded_images(self.features_, self.image_shape_)
            self.classifier_.predict(np.zeros((1, n_numbers), np.float32))

    def _check_given(
        self, images: Images, labels: np.ndarray, class_names: Sequence[str] | None, extra: dict[str, Any]
    ) -> None:
        if not getattr(images, "shape", ()) or len(images) == 0:
            found = f"a {type(images).__name__}" if not hasattr(images, "shape") else f"of shape {images.shape}"
            raise ShapeError(f"images is {found}; expected an array (n, h, w, c) of images. Give at least one.")
        axes(labels, str(len(images)), name="labels", fix="Give one label for each image.")
        if class_names is not None:
            named_classes(np.unique(labels), class_names)
        for name in extra:
            if not has_fit_parameter(self.classifier, name):
                kind = type(self.classifier).__name__
                raise SettingError(f"{name} is given and {kind} has no use for it; expected None. Leave {name} out.")

    def _adopt(
        self,
        features: BaseEstimator,
        classifier: BaseEstimator,
        class_names: Sequence[str] | None,
        image_shape: Sequence[int],
        image_fit: ImageFit,
    ) -> Self:
        self.features_, self.classifier_ = features, classifier
        self.image_shape_ = tuple(int(length) for length in image_shape)
        self.image_fit_ = image_fit
        self.class_names_ = named_classes(classifier.classes_, class_names)
        return self

    def _X(self, images: Images) -> Float[np.ndarray, "n d"]:
        check_is_fitted(self)
        pattern = " ".join(["n", *map(str, self.image_shape_)])
        axes(images, pattern, name="images", fix="Load them with the size and the channels of the training images.")
        return np.asarray(self.features_.transform(images))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classifier_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags


def make_pipeline(
    *features: BaseEstimator, classifier: BaseEstimator, compression: ProductQuantizer | None = None
) -> ImagePipeline:
    """Put features side by side, scale them on training rows, and classify.

    Args:
        features: one or more features.
        classifier: a classifier of feature vectors.
        compression: how training vectors are kept in memory (see `ImagePipeline`).
    Raises: DataError if there is no feature.
    Example:
        >>> import foldline as fl
        >>> model = fl.make_pipeline(fl.HOG(cell_px=4), fl.Pixels(), classifier=fl.LinearClassifier())
        >>> len(model.features.features)
        2
    """
    if not features:
        raise DataError("make_pipeline got no feature; expected at least one. Add for example foldline.Pixels().")
    return ImagePipeline(Concat(features=list(features)), classifier, compression)
