"""Features, scaling and models behind scikit-learn's interface; saving and loading."""

from foldline.estimators.alexnet_classifier import AlexNetClassifier
from foldline.estimators.choosing import make_classifier
from foldline.estimators.hidden_layer import HiddenLayer
from foldline.estimators.image_pipeline import ImagePipeline, make_pipeline
from foldline.estimators.knn_classifier import KNNClassifier
from foldline.estimators.layer_feature import LayerFeature
from foldline.estimators.linear_classifier import LinearClassifier
from foldline.estimators.mlp_classifier import MLPClassifier
from foldline.estimators.population import Trained, train_population
from foldline.estimators.prediction import Predictions, predict_files
from foldline.estimators.randwire_classifier import RandomlyWiredClassifier
from foldline.estimators.rate_range import losses_over_rates
from foldline.estimators.ridge_classifier import RidgeClassifier
from foldline.estimators.saving import load, save

__all__ = [
    "AlexNetClassifier",
    "HiddenLayer",
    "ImagePipeline",
    "KNNClassifier",
    "LayerFeature",
    "LinearClassifier",
    "MLPClassifier",
    "Predictions",
    "RandomlyWiredClassifier",
    "RidgeClassifier",
    "Trained",
    "load",
    "losses_over_rates",
    "make_classifier",
    "make_pipeline",
    "predict_files",
    "save",
    "train_population",
]
