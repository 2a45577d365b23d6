"""Scores from feature vectors: linear classifiers and networks of several kinds as Equinox modules."""

from foldline.models.activations import ACTIVATIONS
from foldline.models.alexnet import PLANS, AlexNet
from foldline.models.convolution import Convolution
from foldline.models.linear import Linear
from foldline.models.mlp import MLP, each_activation
from foldline.models.net import Net, n_numbers
from foldline.models.randwire import RandWire
from foldline.models.randwire_images import RandWireOnImages
from foldline.models.stem import Stem
from foldline.models.wiring import Wiring, random_wiring

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "PLANS",
    "AlexNet",
    "Convolution",
    "Linear",
    "Net",
    "RandWire",
    "RandWireOnImages",
    "Stem",
    "Wiring",
    "each_activation",
    "n_numbers",
    "random_wiring",
]
