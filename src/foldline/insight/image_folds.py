"""Exact folds around images: the plane through three of them, or along which many differ."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32, Int, UInt8
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from foldline.core.errors import DataError, ModelFileError
from foldline.estimators import ImagePipeline, load
from foldline.images import Problem, load_files
from foldline.insight.folds import Folds, find_folds
from foldline.insight.piecewise import piecewise_net
from foldline.insight.planes import Plane

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_THUMBNAILS = 3


@dataclass(frozen=True, kw_only=True)
class ImagePlane:
    """A plane through feature vectors of images.

    Args:
        plane: through three of them, or the principal one of more.
        images: (N, H, W, C) as the model sees them.
        X: (N, D) their feature vectors.
        winners: (N,) index of the class that the model takes each one for.
        class_names: (K) names of the classes.
        files: (N) path of each image.
        problems: files that were skipped, with the reason, and what was changed in others.
    """

    plane: Plane
    images: UInt8[np.ndarray, "n h w c"]
    X: Float32[np.ndarray, "n d"]
    winners: Int[np.ndarray, " n"]
    class_names: tuple[str, ...]
    files: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True)
class ImageFolds:
    """Folds on a plane of feature vectors, and the images that the plane was laid through.

    Args:
        folds: regions, folds and boundary.
        through: the images.
    """

    folds: Folds
    through: ImagePlane

    def picture(self) -> "Figure":
        """Draw the plane: three images as they are, more as marks, each in the colour of the class it is taken for."""
        from foldline.insight.fold_pictures import folds_picture

        of = self.through
        thumbnails = of.images if len(of.images) <= MOST_THUMBNAILS else None
        return folds_picture(self.folds, X=of.X, labels=of.winners, class_names=of.class_names, images=thumbnails)


def find_image_folds(
    model: BaseEstimator | str | os.PathLike[str],
    paths: Sequence[str | os.PathLike[str]],
    *,
    max_regions: int = 2_000_000,
    strict: bool = False,
) -> ImageFolds:
    """Compute the exact folds of an image model on the plane through three images, or the principal one of more.

    Args:
        model: a fitted ImagePipeline with a net, or the path of a saved one.
        paths: files, folders (with all below) and glob patterns: three images, or more.
        max_regions: as in `find_folds`.
        strict: whether an unreadable file is an error instead of a listed problem.
    Raises: what `plane_of_images` and `find_folds` raise.
    """
    pipeline = load(model) if isinstance(model, str | os.PathLike) else model
    through = plane_of_images(pipeline, paths, strict=strict)
    return ImageFolds(folds=find_folds(pipeline, through.plane, max_regions=max_regions), through=through)


def plane_of_images(
    pipeline: BaseEstimator, paths: Sequence[str | os.PathLike[str]], *, strict: bool = False
) -> ImagePlane:
    """Lay a plane through three images, or along the two directions in which more differ most.

    The plane lies in the space of feature vectors; with raw pixels it is one of images.

    Args:
        pipeline: a fitted ImagePipeline with a net of straight pieces.
        paths: as in `find_image_folds`.
        strict: as in `find_image_folds`.
    Raises: ModelFileError if the model does not take images; DataError for fewer than three images, or images that do
        not span a plane; and what `piecewise_net` raises.
    """
    check_is_fitted(pipeline)
    if not isinstance(pipeline, ImagePipeline) or len(pipeline.image_shape_) != 3:
        raise ModelFileError(
            f"the model is a {type(pipeline).__name__} of other rows than images; expected an ImagePipeline. Lay a "
            f"Plane yourself, or on the command line name no images."
        )
    net = piecewise_net(pipeline)  # first, because reading images takes longest
    height, width, n_channels = pipeline.image_shape_
    images, files, problems = load_files(
        paths, image_shape=(height, width, n_channels), fit=pipeline.image_fit_, strict=strict
    )
    if len(images) < 3:
        raise DataError(f"there are {len(images)} images; expected three or more, to lay a plane through. Name others.")
    X = np.asarray(pipeline.features_.transform(images))
    return ImagePlane(
        plane=Plane.through(X) if len(X) == 3 else Plane.principal(X),
        images=images,
        X=X,
        winners=net.scores(X).argmax(axis=1),
        class_names=pipeline.class_names_,
        files=files,
        problems=problems,
    )
