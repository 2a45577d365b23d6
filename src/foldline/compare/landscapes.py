"""The loss landscape of a saved model, on the images that it was, or would be, trained on."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn.base import BaseEstimator, clone

from foldline.compare.measuring import Splits
from foldline.core.checks import choice, integer, number
from foldline.core.errors import DataError, SettingError
from foldline.core.seeds import generator_from_seed
from foldline.estimators import ImagePipeline, RidgeClassifier
from foldline.images import ImageSet
from foldline.insight import (
    HessianExtremes,
    LossPlane,
    LossSlice,
    WeightPath,
    hessian_extremes,
    loss_plane,
    loss_slice,
)
from foldline.insight.landscapes import FARTHEST

MOST_ROWS = 10_000
KINDS = ("filter", "random", "weight", "path")
SLICE_POINTS, PLANE_POINTS = 201, 51


@dataclass(frozen=True, kw_only=True, eq=False)
class Landscape:
    """What `landscape_of` gives back.

    Args:
        found: values along a line or over a plane.
        curvature: extreme eigenvalues of the Hessian; None if they were not asked for.
        n_train: training images there are; `found.n_rows` of them were looked at.
    """

    found: LossSlice | LossPlane
    curvature: HessianExtremes | None
    n_train: int


def landscape_of(
    pipeline: ImagePipeline,
    image_set: ImageSet,
    *,
    kind: Literal["filter", "random", "weight", "path"] = "filter",
    other: BaseEstimator | None = None,
    is_plane: bool = False,
    points: int | None = None,
    span: float | None = None,
    with_curvature: bool = False,
    most_rows: int = MOST_ROWS,
    seed: int = 0,
) -> Landscape:
    """Look at the objective around the weights of a model, on the training images that `fit` would take.

    Args:
        pipeline: a fitted pipeline of images.
        image_set: from `images_for`.
        kind: as in `loss_slice`; or "path": the model is trained anew on these images, and the plane holds its way.
        other: another pipeline or its classifier, which lies at step 1; the features are those of the first.
        is_plane: whether a plane is wanted instead of a line.
        points: on the line (default 201), or on each side of the plane (51).
        span: steps to both ends; None for 1, and between models for -0.5 to 1.5.
        with_curvature: whether the extreme curvatures are wanted too.
        most_rows: images above that are left out by chance, at least 1.
        seed: decides the split, as that of `fit`, what is left out, and the direction.
    Raises: DataError for classes that the model does not know, or images that cannot be split; SettingError for
        settings outside their ranges, or a path of a model that takes no steps; and what `loss_slice` raises.
    """
    choice(kind, KINDS, name="kind")
    if kind == "path" and other is not None:
        raise SettingError("kind is 'path' and another model is given; expected one of them. Leave one out.")
    if isinstance(other, ImagePipeline) and other.class_names_ != pipeline.class_names_:
        raise DataError(
            f"the other model knows the classes {', '.join(other.class_names_)[:60]}; expected "
            f"{', '.join(pipeline.class_names_)[:60]}, as the first. Fit both to the same images."
        )
    X, y, n_train = _rows(pipeline, image_set, most_rows=integer(most_rows, name="rows", low=1), seed=seed)
    model = pipeline.classifier_
    second = getattr(other, "classifier_", other)
    n_points = points if points is not None else PLANE_POINTS if is_plane or kind == "path" else SLICE_POINTS
    found: LossSlice | LossPlane
    if kind == "path":
        model, path = _trained_anew(model, X, y)
        found = loss_plane(model, X, y, path=path.nets, span=1.0 if span is None else span, points=n_points, seed=seed)
    elif is_plane:
        found = loss_plane(
            model, X, y, kind=kind, other=second, span=1.0 if span is None else span, points=n_points, seed=seed
        )
    else:
        steps = None if span is None else number(span, name="span", low=0.0, high=FARTHEST, above=True)
        low, high = (None, None) if steps is None else (-steps, steps)
        found = loss_slice(model, X, y, kind=kind, other=second, low=low, high=high, points=n_points, seed=seed)
    curvature = hessian_extremes(model, X, y, seed=seed) if with_curvature else None
    return Landscape(found=found, curvature=curvature, n_train=n_train)


def _rows(
    pipeline: ImagePipeline, image_set: ImageSet, *, most_rows: int, seed: int
) -> tuple[np.ndarray, np.ndarray, int]:
    unknown = [name for name in image_set.class_names if name not in pipeline.class_names_]
    if unknown:
        raise DataError(
            f"the data have a class {unknown[0]!r}; expected only classes of the model: "
            f"{', '.join(pipeline.class_names_)[:120]}. Give the data that it was trained on."
        )
    train = Splits.of(image_set, seed=seed).train
    rows = np.arange(len(train))
    if len(rows) > most_rows:
        rows = np.sort(generator_from_seed(seed).permutation(len(rows))[:most_rows])
    columns = np.array([pipeline.class_names_.index(name) for name in train.class_names])
    X = np.asarray(pipeline.features_.transform(train.images[rows]), np.float32)
    return X, pipeline.classes_[columns[train.labels[rows]]], len(train)


def _trained_anew(model: BaseEstimator, X: np.ndarray, y: np.ndarray) -> tuple[BaseEstimator, WeightPath]:
    if isinstance(model, RidgeClassifier) or getattr(model, "solver", "sgd") != "sgd":
        raise SettingError(
            f"kind is 'path' and the model a {type(model).__name__} that is solved; expected mini-batch descent, which "
            "leaves a path. Take another kind."
        )
    path = WeightPath()
    return clone(model).fit(X, y, callbacks=[path]), path
