"""What a saved model may consist of, by versioned name."""

from sklearn.base import BaseEstimator

from foldline.estimators.alexnet_classifier import AlexNetClassifier
from foldline.estimators.image_pipeline import ImagePipeline
from foldline.estimators.knn_classifier import KNNClassifier
from foldline.estimators.layer_feature import LayerFeature
from foldline.estimators.linear_classifier import LinearClassifier
from foldline.estimators.mlp_classifier import MLPClassifier
from foldline.estimators.randwire_classifier import RandomlyWiredClassifier
from foldline.estimators.ridge_classifier import RidgeClassifier
from foldline.features.registry import FEATURES

CLASSIFIERS: dict[str, type[BaseEstimator]] = {
    "linear.v1": LinearClassifier,
    "mlp.v1": MLPClassifier,
    "knn.v1": KNNClassifier,
    "ridge.v1": RidgeClassifier,
    "randwire.v1": RandomlyWiredClassifier,
    "alexnet.v1": AlexNetClassifier,
}

SAVEABLE: dict[str, type[BaseEstimator]] = {
    **FEATURES,
    **CLASSIFIERS,
    "pipeline.v1": ImagePipeline,
    "layer.v1": LayerFeature,
}
