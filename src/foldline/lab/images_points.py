"""Images as points of the plane: a table of what one number can tell of an image."""

import numpy as np
from jaxtyping import Float64, UInt8

from foldline.core.errors import DataError
from foldline.core.text import printable
from foldline.insight.word_patches import grey_levels
from foldline.lab.images_features import Vectors
from foldline.lab.images_set import LabImages, even_sample
from foldline.lab.points import PointTable
from foldline.lab.state import MOST_CLASSES
from foldline.lab.tables import check_n_classes, check_n_points

MOST_POINTS = 2_000
N_DIRECTIONS = 4  # of what a classifier sees
FLAT = 1e-5  # of a grey level of 0 to 1, or of the first direction: what is less was made by rounding
NAMES = {"raw": "pixels", "color": "colours", "hog": "HoG", "words": "words"}


def image_points(vectors: Vectors) -> PointTable:
    """Make a table of the training images.

    Args:
        vectors: of them, as the images page's classifier sees them.
    Returns: a row for each image, at most 2,000, the same share of each of the first 8 classes; the columns are the
        four directions in which the vectors differ most (principal components), then the mean and the standard
        deviation of the grey level, and of colour images the mean of each channel, 0 to 1. A column whose numbers are
        all alike is left out.
    Raises: DataError for images of one class, and for fewer than two columns or images.
    """
    from sklearn.utils.extmath import randomized_svd

    train, source = vectors.images.train, printable(vectors.images.train.source)
    names = train.class_names[:MOST_CLASSES]
    check_n_classes(len(names), name=source)
    of_these = np.flatnonzero(train.labels < len(names))
    rows = of_these[even_sample(train.labels[of_these], MOST_POINTS)]
    check_n_points(len(rows), name=source)
    X = np.asarray(vectors.X_train)[rows]
    # Not the covariance: of colour images of 64x64 pixels it has 150 million numbers.
    U, lengths, _ = randomized_svd(X - X.mean(axis=0), min(N_DIRECTIONS, *X.shape), random_state=0)
    along = U * lengths
    least = FLAT * along.std(axis=0).max()
    columns = {f"{NAMES[vectors.name]} {i + 1}": column for i, column in enumerate(along.T) if column.std() > least}
    columns |= {name: column for name, column in _levels(train.images[rows]).items() if column.std() > FLAT}
    if len(columns) < 2:
        raise DataError(f"the images of {source} hardly differ; expected two numbers that do. Take others.")
    numbers = np.stack(list(columns.values()), axis=1).astype(np.float64)
    return PointTable.scaled(
        numbers,
        columns=tuple(columns),
        labels=train.labels[rows],
        class_names=names,
        told=_told(len(rows), vectors.images, n_classes=len(names)),
    )


def _levels(images: UInt8[np.ndarray, "n h w c"]) -> dict[str, Float64[np.ndarray, " n"]]:
    grey = grey_levels(images)[..., 0].astype(np.float64) / 255
    found = {"brightness": grey.mean(axis=(1, 2)), "contrast": grey.std(axis=(1, 2))}
    if images.shape[3] == 3:
        means = images.mean(axis=(1, 2)) / 255
        found |= {name: means[:, channel] for channel, name in enumerate(("red", "green", "blue"))}
    return found


def _told(n: int, images: LabImages, *, n_classes: int) -> str:
    of_classes = len(images.class_names)
    few = f" of the first {n_classes} of {of_classes} classes" if n_classes < of_classes else ""
    return f"Each of {n:,} training images{few} is a point. The set: {images.told}"
