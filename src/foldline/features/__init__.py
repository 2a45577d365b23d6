"""Images to feature vectors, one file a feature."""

from foldline.features.color_histogram import ColorHistogram
from foldline.features.concat import Concat
from foldline.features.dense_sift import DenseSIFT
from foldline.features.fisher_vector import FisherVector
from foldline.features.hog import HOG
from foldline.features.image_feature import ImageFeature
from foldline.features.local_descriptor import LocalDescriptor
from foldline.features.patches import Patches
from foldline.features.pixels import Pixels
from foldline.features.plane_inputs import PlaneInputs
from foldline.features.polar import Polar
from foldline.features.product_quantizer import ProductQuantizer
from foldline.features.registry import FEATURES, IMAGE_FEATURES
from foldline.features.visual_words import VisualWords

__all__ = [
    "FEATURES",
    "HOG",
    "IMAGE_FEATURES",
    "ColorHistogram",
    "Concat",
    "DenseSIFT",
    "FisherVector",
    "ImageFeature",
    "LocalDescriptor",
    "Patches",
    "Pixels",
    "PlaneInputs",
    "Polar",
    "ProductQuantizer",
    "VisualWords",
]
