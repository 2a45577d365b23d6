"""Fitted things opened up: numbers and pictures of what a classifier has learned."""

from foldline.insight.activation_pictures import ActivationCurve, activation_curves, activations_picture
from foldline.insight.built_nets import Built
from foldline.insight.bump_nets import bump_units
from foldline.insight.bumps import Approximation, approximate
from foldline.insight.capacity import Capacity, compare_capacity
from foldline.insight.codebook_pictures import bag_picture, marked_places, word_sheet
from foldline.insight.codebooks import usual_answers, word_answers, word_votes
from foldline.insight.collapse import Collapse, find_collapse
from foldline.insight.collapse_pictures import collapse_picture
from foldline.insight.convexity import (
    Convexity,
    Structure,
    Violation,
    convexity,
    convexity_by_structure,
    convexity_of_samples,
)
from foldline.insight.dendrites import DendriticNeuron, DendriticResponse, dendritic_response
from foldline.insight.directions import WeightPath
from foldline.insight.feature_pictures import (
    color_histogram_picture,
    concatenation_picture,
    hog_picture,
    oriented_cells,
    telling_cells,
)
from foldline.insight.firing_curves import FiringCurve, RateFit, firing_curve
from foldline.insight.fold_pictures import folds_picture
from foldline.insight.folds import Boundary, Folds, Parts, find_folds
from foldline.insight.formula import Formula, read_formula
from foldline.insight.hessian import HessianExtremes, hessian_extremes
from foldline.insight.image_folds import ImageFolds, ImagePlane, find_image_folds, plane_of_images
from foldline.insight.landscape_pictures import surfaces_picture
from foldline.insight.landscapes import LossSlice, loss_slice
from foldline.insight.learned_units import ErrorCurves, error_curves
from foldline.insight.lecture_net import LectureSlices, lecture_slices
from foldline.insight.linear_threshold import Separation, ThresholdUnit, best_threshold_unit, find_separation
from foldline.insight.loss_planes import LossPlane, loss_plane
from foldline.insight.measures import (
    Calibration,
    ClassScores,
    Difference,
    calibration,
    class_scores,
    confusion_counts,
    paired_difference,
    wilson_interval,
)
from foldline.insight.net_pictures import bends, net_picture, relu_sum_picture
from foldline.insight.neuron_pictures import dendrite_picture, neuron_picture
from foldline.insight.neurons import SpikingNeuron, VoltageTrace, firing_rates, voltage_trace
from foldline.insight.pictures import calibration_picture, confusion_picture, learning_curves_picture
from foldline.insight.piecewise import PiecewiseNet, affine_map, piecewise_net
from foldline.insight.planes import Plane
from foldline.insight.polar_pictures import PolarBoundary, polar_boundary
from foldline.insight.rate_finder import RateTest, find_rate
from foldline.insight.recombination import Recombination, recombine, template_sheet
from foldline.insight.style import svg_text
from foldline.insight.templates import Templates, filter_templates, first_layer_templates, linear_templates, shaded
from foldline.insight.towers import BuiltOnPlane, PlaneApproximation, towers
from foldline.insight.unit_sums import UnitSum
from foldline.insight.warp_pictures import warp_picture, write_warp_animation
from foldline.insight.warping import Warp, find_warp
from foldline.insight.wiring_pictures import wiring_picture
from foldline.insight.word_patches import WordsOnImage, word_patches, words_on_image

__all__ = [
    "ActivationCurve",
    "Approximation",
    "Boundary",
    "Built",
    "BuiltOnPlane",
    "Calibration",
    "Capacity",
    "ClassScores",
    "Collapse",
    "Convexity",
    "DendriticNeuron",
    "DendriticResponse",
    "Difference",
    "ErrorCurves",
    "FiringCurve",
    "Folds",
    "Formula",
    "HessianExtremes",
    "ImageFolds",
    "ImagePlane",
    "LectureSlices",
    "LossPlane",
    "LossSlice",
    "Parts",
    "PiecewiseNet",
    "Plane",
    "PlaneApproximation",
    "PolarBoundary",
    "RateFit",
    "RateTest",
    "Recombination",
    "Separation",
    "SpikingNeuron",
    "Structure",
    "Templates",
    "ThresholdUnit",
    "UnitSum",
    "Violation",
    "VoltageTrace",
    "Warp",
    "WeightPath",
    "WordsOnImage",
    "activation_curves",
    "activations_picture",
    "affine_map",
    "approximate",
    "bag_picture",
    "bends",
    "best_threshold_unit",
    "bump_units",
    "calibration",
    "calibration_picture",
    "class_scores",
    "collapse_picture",
    "color_histogram_picture",
    "compare_capacity",
    "concatenation_picture",
    "confusion_counts",
    "confusion_picture",
    "convexity",
    "convexity_by_structure",
    "convexity_of_samples",
    "dendrite_picture",
    "dendritic_response",
    "error_curves",
    "filter_templates",
    "find_collapse",
    "find_folds",
    "find_image_folds",
    "find_rate",
    "find_separation",
    "find_warp",
    "firing_curve",
    "firing_rates",
    "first_layer_templates",
    "folds_picture",
    "hessian_extremes",
    "hog_picture",
    "learning_curves_picture",
    "lecture_slices",
    "linear_templates",
    "loss_plane",
    "loss_slice",
    "marked_places",
    "net_picture",
    "neuron_picture",
    "oriented_cells",
    "paired_difference",
    "piecewise_net",
    "plane_of_images",
    "polar_boundary",
    "read_formula",
    "recombine",
    "relu_sum_picture",
    "shaded",
    "surfaces_picture",
    "svg_text",
    "telling_cells",
    "template_sheet",
    "towers",
    "usual_answers",
    "voltage_trace",
    "warp_picture",
    "wilson_interval",
    "wiring_picture",
    "word_answers",
    "word_patches",
    "word_sheet",
    "word_votes",
    "words_on_image",
    "write_warp_animation",
]
