"""What a saved model is asked for besides classes: images as it takes them, and its layers."""

import os
from dataclasses import replace

import numpy as np

from foldline.core.errors import ModelFileError
from foldline.estimators import ImagePipeline, LayerFeature, load
from foldline.images import ImageSet, load_images
from foldline.images.fitting import to_channels


def images_for(model: object, data: str, *, strict: bool = False) -> ImageSet:
    """Load images as a saved model takes them: its size, shape and colours.

    Args:
        model: a fitted pipeline of images.
        data: as in `load_images`.
        strict: as in `load_images`.
    Raises: ModelFileError for another model; and what `load_images` raises.
    """
    pipeline = _of_images(model)
    height, width, n_channels = pipeline.image_shape_
    images = load_images(
        data, size=(height, width), fit="pad" if pipeline.image_fit_ == "pad" else "crop", strict=strict
    )
    if images.images.shape[-1] == n_channels:
        return images
    return replace(images, images=np.stack([to_channels(pixels, n_channels) for pixels in images.images]))


def layer_of(path: str | os.PathLike[str], layer: int = -2) -> LayerFeature:
    """Read a saved model and give one of its hidden layers as a feature.

    Args:
        path: of a pipeline of images.
        layer: as in `ImagePipeline.hidden_features`.
    Raises: ModelFileError for another model; SettingError if it has no such layer; and what `load` raises.
    """
    return _of_images(load(path)).hidden_features(layer)


def _of_images(model: object) -> ImagePipeline:
    if isinstance(model, ImagePipeline) and len(model.image_shape_) == 3:
        return model
    raise ModelFileError(
        f"the model is no pipeline of images but a {type(model).__name__} of other rows; expected an ImagePipeline, as "
        "foldline fit saves. In Python, give the rows themselves to loss_slice, or to hidden_features of its net."
    )
