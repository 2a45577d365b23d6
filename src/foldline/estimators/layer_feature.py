"""A hidden layer of a trained model as a feature of images: what was learned on some, for a classifier of others."""

from typing import ClassVar

import numpy as np
from jaxtyping import Float32, UInt8
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from foldline.core.errors import SettingError
from foldline.estimators.hidden_layer import HiddenLayer
from foldline.estimators.image_pipeline import ImagePipeline
from foldline.features import ImageFeature
from foldline.features.image_feature import CHUNK_IMAGES
from foldline.features.input_images import ImageShape, check_image_shape


class LayerFeature(ImageFeature):
    """What a hidden layer of a trained model gives for images; see `ImagePipeline.hidden_features`, which makes it.

    Args:
        model: the pipeline of features and net, as a FrozenEstimator, so that a clone of this keeps what it learned.
        layer: counted as in Python: 0 the first hidden layer, -2 the last; -1 is that of the scores, and none.
    Convention: as `HiddenLayer`.
    Source: Donahue et al. (2014), "DeCAF", for linear classifiers on the layers of a net that learned elsewhere.
    """

    title: ClassVar[str] = "hidden layer"

    def __init__(self, model: FrozenEstimator, layer: int = -2) -> None:
        self.model = model
        self.layer = layer

    @property
    def pipeline(self) -> ImagePipeline:
        """The model that learned the layer. Raises: SettingError if it is none of images."""
        pipeline: object = getattr(self.model, "estimator", None)
        if not isinstance(self.model, FrozenEstimator) or not isinstance(pipeline, ImagePipeline):
            raise SettingError(
                f"model is {' '.join(str(self.model).split())[:60]}; expected a FrozenEstimator of an ImagePipeline. "
                "Call hidden_features of one."
            )
        check_is_fitted(pipeline)
        if len(pipeline.image_shape_) != 3:
            raise SettingError(
                f"the model takes rows of shape {pipeline.image_shape_}; expected images (height, width, channels). "
                "Call hidden_features of its classifier_, for rows."
            )
        return pipeline

    def describe(self) -> str:
        """Say in a few words what the numbers are."""
        pipeline, depth, widths = self.pipeline, self._hidden.depth(), self._hidden.widths()
        features = getattr(pipeline.features_, "features", [pipeline.features_])
        return (
            f"{widths[depth]:,} units of hidden layer {depth} (of 0 to {len(widths) - 1}) of "
            f"{_in_a_line(pipeline.classifier_)} on {', '.join(map(_in_a_line, features))}, which learned "
            f"{len(pipeline.classes_)} classes"
        )

    def length(self, image_shape: ImageShape) -> int:
        """Give the number of units of the layer.

        Raises: SettingError if there is no such layer; ShapeError for images that the model does not take.
        """
        height, width, n_channels = self.pipeline.image_shape_
        check_image_shape(image_shape, (height, width, n_channels))
        return self._hidden.widths()[self._hidden.depth()]

    def check_loaded(self) -> None:
        """Check that attributes which came from a file fit together.

        Raises: as `length`, and as `ImagePipeline.check_loaded`.
        """
        super().check_loaded()
        self.pipeline.check_loaded()
        self.length(self.image_shape_)

    def _working_bytes(self, image_shape: ImageShape) -> int:
        n_features: int = self.pipeline.classifier_.n_features_in_
        return 4 * CHUNK_IMAGES * (n_features + sum(self._hidden.widths()))

    def _fill(self, images: UInt8[np.ndarray, "n h w c"], out: Float32[np.ndarray, "n d"]) -> None:
        out[:] = self._hidden.transform(self.pipeline.features_.transform(images))

    @property
    def _hidden(self) -> HiddenLayer:
        return HiddenLayer(FrozenEstimator(self.pipeline.classifier_), self.layer)


def _in_a_line(estimator: object) -> str:
    return estimator.describe() if isinstance(estimator, LayerFeature) else " ".join(repr(estimator).split())
