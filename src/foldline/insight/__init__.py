"""Fitted things opened up: numbers and pictures of what a classifier has learned."""

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
from foldline.insight.templates import Templates, first_layer_templates, linear_templates, shaded

__all__ = [
    "Calibration",
    "ClassScores",
    "Difference",
    "Templates",
    "calibration",
    "class_scores",
    "confusion_counts",
    "first_layer_templates",
    "linear_templates",
    "paired_difference",
    "shaded",
    "wilson_interval",
]
