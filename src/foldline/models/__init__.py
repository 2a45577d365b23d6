"""Scores from feature vectors: linear classifiers and fully-connected networks as Equinox modules."""

from foldline.models.activations import ACTIVATIONS
from foldline.models.linear import Linear
from foldline.models.mlp import MLP
from foldline.models.stem import Stem

__all__ = ["ACTIVATIONS", "MLP", "Linear", "Stem"]
