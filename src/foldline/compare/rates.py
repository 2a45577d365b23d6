"""The learning-rate range test on images."""

from collections.abc import Sequence

from foldline.compare.measuring import Splits
from foldline.compare.recipes import FeatureSet
from foldline.estimators import LinearClassifier, MLPClassifier
from foldline.features import Concat
from foldline.images import ImageSet
from foldline.insight import RateTest, find_rate


def find_rate_on(
    image_set: ImageSet,
    *,
    features: Sequence[str] | None = None,
    classifier: LinearClassifier | MLPClassifier,
    low: float = 1e-5,
    high: float = 10.0,
    n_steps: int = 200,
    seeds: int = 3,
    seed: int = 0,
) -> RateTest:
    """Look for a learning rate on the training part that `fit` would take.

    Args:
        image_set: images with labels, from `load_images`.
        features: names as in `fit`; None for HoG and, if there is any, colour.
        classifier: as in `find_rate`.
        low: as in `find_rate`.
        high: as in `find_rate`.
        n_steps: as in `find_rate`.
        seeds: how many runs are averaged, at least 1.
        seed: decides the split.
    Raises: SettingError for unknown features and whatever `find_rate` raises it for; DataError if the images cannot be
        split.
    """
    shape = image_set.images.shape[1:]
    feature_set = FeatureSet.chosen(features, image_shape=shape)
    train = Splits.of(image_set, seed=seed).train
    X = Concat(features=feature_set.build(shape)).fit_transform(train.images)
    return find_rate(classifier, X, train.labels, low=low, high=high, n_steps=n_steps, seeds=range(seeds))
