"""All features, by the versioned name that saved models use. A new one is one file, one line here, and one test."""

from sklearn.base import BaseEstimator

from foldline.features.color_histogram import ColorHistogram
from foldline.features.concat import Concat
from foldline.features.hog import HOG
from foldline.features.image_feature import ImageFeature
from foldline.features.pixels import Pixels
from foldline.features.polar import Polar

FEATURES: dict[str, type[BaseEstimator]] = {
    "raw.v1": Pixels,
    "color.v1": ColorHistogram,
    "hog.v1": HOG,
    "polar.v1": Polar,
    "concat.v1": Concat,
}

# By the name that commands and recipes use: the newest version of each that takes images.
IMAGE_FEATURES: dict[str, type[ImageFeature]] = {
    key.partition(".")[0]: kind for key, kind in FEATURES.items() if issubclass(kind, ImageFeature)
}
