"""How much each idea makes of few and of many training images."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Int

from foldline.compare.environment import environment
from foldline.compare.learned import LearningCurves, Point
from foldline.compare.measuring import Splits, check_image_set
from foldline.compare.recipes import Recipe, choose_recipes
from foldline.compare.run import FAILURES, measure_all
from foldline.core.checks import integer, is_list, number
from foldline.core.errors import DataError, SettingError
from foldline.core.progress import tracking
from foldline.core.seeds import generator_from_seed
from foldline.images import ImageSet

SHARES = (0.01, 0.03, 0.1, 0.3, 1.0)
# One of each kind: pixels, features by hand, a codebook, fully-connected, wired at random, convolutional.
FAMILIES = ("raw/softmax", "hog+color/mlp2", "words/softmax", "mlp-best", "hog+color/wired", "alexnet")


def learning_curves(
    image_set: ImageSet,
    *,
    recipes: Sequence[str | Recipe] | None = None,
    shares: Sequence[float] = SHARES,
    seeds: int = 1,
    seed: int = 0,
    watch: Callable[[LearningCurves], None] | None = None,
) -> LearningCurves:
    """Train recipes on growing shares of the training images and ask the same test images every time.

    Args:
        image_set: images with labels.
        recipes: as in `compare`; None for one of each kind of idea, from pixels to AlexNet.
        shares: of the training and validation images, above 0 and at most 1.
        seeds: how often; each seed draws other images, of which those of a smaller share are among those of a larger
            one, and trains on them.
        seed: the first seed, which also decides the split.
        watch: called with what is known so far, after each share.
    Raises: SettingError for a setting outside its range; DataError if the images cannot be split or nothing can be
        trained.
    Convention: of every class a share is rounded up, so that one image at least is left of each; of shares that come
        to the same number of images only the largest is trained on.
    Convention: recipes choose their passes over the rows by how many there are, as in `compare`.
    Example:
        >>> import foldline as fl
        >>> found = learning_curves(fl.load_images("digits"), recipes=["raw/softmax"], shares=[0.1, 1.0])
        >>> few, all_ = (point.accuracy.mean for point in found.points)
        >>> few < all_
        True
    """
    check_image_set(image_set)
    if watch is not None and not callable(watch):
        raise SettingError(f"watch is {watch!r}; expected a function or None. Leave it out.")
    integer(seeds, name="seeds", low=1)
    integer(seed, name="seed", low=0, high=2**32 - 1 - seeds)
    if not is_list(shares) or not len(shares):
        raise SettingError(f"shares is {shares!r}; expected a list of numbers. Write for example [0.1, 1.0].")
    growing = sorted({float(number(share, name="a share", low=0.0, above=True, high=1.0)) for share in shares})
    is_grey = image_set.images.shape[-1] == 1
    if recipes is None:
        recipes = [key.replace("hog+color", "hog") if is_grey else key for key in FAMILIES]
    chosen, _ = choose_recipes(recipes, is_grey=is_grey)
    splits = Splits.of(image_set, seed=seed)
    # Shares of few images may be the same ones; they are trained on once, under the largest name.
    growing = sorted({len(_part(splits, share, seed=seed).train): share for share in growing}.values())
    found: dict[tuple[str, float], list[tuple[float, float]]] = {}
    n_images: dict[float, int] = {}
    reasons: list[str] = []
    n_done = 0

    def known() -> LearningCurves:
        return LearningCurves(
            points=tuple(_points(chosen, found, n_images)),
            failures=tuple(reasons),
            n_test=len(splits.test),
            source=image_set.source,
            n_seeds=seeds,
            n_done=n_done,
            n_planned=seeds * len(growing),
            environment=environment(),
        )

    with tracking("learning curves", seeds * len(growing)) as advance:
        for number_ in range(seed, seed + seeds):
            for share in growing:
                part = _part(splits, share, seed=number_)
                n_images[share] = len(part.train)
                rows, failures = measure_all(
                    chosen, part, seeds=range(number_, number_ + 1), n_settings=0, listed=FAILURES
                )
                for row in rows:
                    outcome = (row.test_accuracy.mean, row.extract_s + row.train_s)
                    found.setdefault((row.recipe, share), []).append(outcome)
                reasons += [f"{failure.recipe} on {100 * share:.3g}%: {failure.reason}" for failure in failures]
                n_done += 1
                advance(1, "")
                if watch is not None and found:
                    watch(known())
    if not found:
        raise DataError(f"nothing could be trained; expected one recipe at least. The first said: {reasons[0]}")
    return known()


def _part(splits: Splits, share: float, *, seed: int) -> Splits:
    if share == 1.0:
        return splits
    train, val = (some.subset(_rows(some.labels, share, seed=seed)) for some in (splits.train, splits.val))
    return Splits(train=train, val=val, test=splits.test)


def _rows(labels: Int[np.ndarray, " n"], share: float, *, seed: int) -> Int[np.ndarray, " m"]:
    """Draw a share of each class; those of a smaller share are among those of a larger one."""
    generator = generator_from_seed(seed)
    order = [generator.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    return np.sort(np.concatenate([rows[: int(np.ceil(share * len(rows) - 1e-9))] for rows in order]))


def _points(
    recipes: Sequence[Recipe], found: dict[tuple[str, float], list[tuple[float, float]]], n_images: dict[float, int]
) -> list[Point]:
    return [
        Point.of(recipe.key, recipe.title, share, n_images[share], found[recipe.key, share])
        for recipe in recipes
        for share in n_images
        if (recipe.key, share) in found
    ]
