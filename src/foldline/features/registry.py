"""All features, by the versioned name that saved models use. A new one is one file, its line here, and one test."""

from sklearn.base import BaseEstimator

from foldline.features.color_histogram import ColorHistogram
from foldline.features.concat import Concat
from foldline.features.dense_sift import DenseSIFT
from foldline.features.fisher_vector import FisherVector
from foldline.features.hog import HOG
from foldline.features.image_feature import ImageFeature
from foldline.features.patches import Patches
from foldline.features.pixels import Pixels
from foldline.features.plane_inputs import PlaneInputs
from foldline.features.polar import Polar
from foldline.features.product_quantizer import ProductQuantizer
from foldline.features.visual_words import VisualWords

FEATURES: dict[str, type[BaseEstimator]] = {
    "raw.v1": Pixels,
    "color.v1": ColorHistogram,
    "hog.v1": HOG,
    "polar.v1": Polar,
    "plane.v1": PlaneInputs,
    "patches.v1": Patches,
    "sift.v1": DenseSIFT,
    "words.v1": VisualWords,
    "fisher.v1": FisherVector,
    "pq.v1": ProductQuantizer,
    "concat.v1": Concat,
}


def newest_image_features(features: dict[str, type[BaseEstimator]]) -> dict[str, type[ImageFeature]]:
    """Give the features that take images by the name that commands and recipes use, the newest version of each."""
    by_version = sorted(features.items(), key=lambda entry: int(entry[0].rpartition(".v")[2]))
    return {key.partition(".")[0]: kind for key, kind in by_version if issubclass(kind, ImageFeature)}


IMAGE_FEATURES = newest_image_features(FEATURES)
