"""One image set, many recipes, the same rules for all of them."""

import os
import time
from collections import Counter
from collections.abc import Sequence

import numpy as np
from jax.errors import JaxRuntimeError
from jaxtyping import Int64

from foldline.compare.environment import environment
from foldline.compare.features import FeatureChoice
from foldline.compare.leaderboard import Leaderboard
from foldline.compare.measuring import Extracted, Splits, check_image_set, extract, extract_codes, measure, side_by_side
from foldline.compare.recipes import FeatureSet, Recipe, choose_recipes
from foldline.compare.rows import DataSummary, Failure, Row
from foldline.core.checks import boolean, integer
from foldline.core.errors import DataError, FoldlineError
from foldline.core.progress import tracking
from foldline.core.text import reason
from foldline.features import ProductQuantizer
from foldline.images import ImageSet, Problem, duplicates_across

# What ends one recipe and leaves the others: JAX's own error is that of a device, which may be out of memory.
FAILURES = (FoldlineError, MemoryError, JaxRuntimeError)
N_EXAMPLES = 8  # images a class that the report shows


def compare(
    image_set: ImageSet,
    *,
    recipes: Sequence[str | Recipe] | None = None,
    seeds: int = 3,
    seed: int = 0,
    tune: int | None = None,
    learned: bool = False,
    out: str | os.PathLike[str] | None = None,
) -> Leaderboard:
    """Train every recipe on the same split and measure what each one buys.

    Test images are those the source sets aside itself, else a fifth of each class. The source's own validation images,
    else a tenth of the rest, choose the epoch whose weights are kept. Each feature is extracted once;
    scaling sees training rows only.

    Args:
        image_set: images with labels, from `load_images`.
        recipes: keys of RECIPES such as "hog/mlp2", patterns such as "hog/*", or recipes of one's own; None for all
            that fit the images.
        seeds: how often each recipe is trained; the split stays the same.
        seed: decides the split; trainings take seed, seed + 1, ...
        tune: how many settings of each recipe's classifier are tried on the validation images with the first seed, its
            own among them; the best one is trained with every seed. None or 0 for its own only.
        learned: whether nets that learn their features are added, by the same rules: randomly wired ones, a net of
            pixels at its best, AlexNet. They take minutes.
        out: folder to save the leaderboard and its report to; None saves nothing.
    Returns: a leaderboard, best recipe first. A recipe that cannot be trained is listed in its `failures`.
    Raises: SettingError for unknown recipes, none at all, or seeds or tune outside their range; DataError if the images
        cannot be split or no recipe can be trained; SaveError if `out` cannot be written.
    Example:
        >>> import foldline as fl
        >>> board = fl.compare(fl.load_images("digits"), recipes=["raw/softmax"], seeds=1)
        >>> board.rows[0].test_accuracy.mean > 0.9
        True
    """
    boolean(learned, name="learned")
    leaderboard = measured(
        image_set, recipes=recipes, seeds=seeds, seed=seed, tune=tune, learned=learned, listed=FAILURES
    )
    if out is not None:
        leaderboard.save(out)
    return leaderboard


def measured(
    image_set: ImageSet,
    *,
    recipes: Sequence[str | Recipe] | None,
    seeds: int,
    seed: int,
    tune: int | None = None,
    learned: bool = False,
    listed: tuple[type[Exception], ...],
) -> Leaderboard:
    """Compare; of the errors that end one recipe, those of the kinds `listed` are listed and the others raised."""
    check_image_set(image_set)
    integer(seeds, name="seeds", low=1)
    integer(seed, name="seed", low=0, high=2**32 - 1 - seeds)
    n_settings = 0 if tune is None else integer(tune, name="tune", low=0)
    chosen, notes = choose_recipes(recipes, is_grey=image_set.images.shape[-1] == 1, learned=learned)
    started_s = time.perf_counter()
    splits = Splits.of(image_set, seed=seed)
    rows, failures = measure_all(chosen, splits, seeds=range(seed, seed + seeds), n_settings=n_settings, listed=listed)
    if not rows:
        raise DataError(
            f"none of {len(failures)} recipes could be trained; expected at least one. The first, "
            f"{failures[0].recipe}, said: {failures[0].reason}"
        )
    return Leaderboard(
        rows=tuple(sorted(rows, key=lambda row: -row.test_accuracy.mean)),
        failures=tuple(failures),
        notes=(*notes, *_notes_on_tuning(rows, n_settings=n_settings)),
        data=_summary(image_set, splits),
        n_seeds=seeds,
        seed=seed,
        n_settings=n_settings,
        environment=environment(),
        elapsed_s=time.perf_counter() - started_s,
    )


def measure_all(
    recipes: list[Recipe],
    splits: Splits,
    *,
    seeds: range,
    n_settings: int,
    listed: tuple[type[Exception], ...],
) -> tuple[list[Row], list[Failure]]:
    """Train and measure recipes, those of one set of features after those of another; what `measured` says."""
    rows: list[Row] = []
    failures: list[Failure] = []
    groups: dict[tuple[FeatureSet, ProductQuantizer | None], list[Recipe]] = {}
    for recipe in recipes:
        groups.setdefault((recipe.features, recipe.compression), []).append(recipe)
    with tracking("comparing recipes", len(recipes)) as advance:
        # One feature set after the other: in memory are its vectors, and those of features that a later set has too.
        kept: dict[FeatureChoice, Extracted] = {}
        awaited = Counter(part for features, compression in groups if compression is None for part in features.parts)
        for (features, compression), same_features in groups.items():
            advance(0, f"{features.title}: extracting")
            try:
                if compression is None:
                    awaited.subtract(features.parts)
                    for part in features.parts:
                        kept[part] = kept.get(part) or extract(part, splits)
                    extracted = side_by_side([kept[part] for part in features.parts])
                else:
                    extracted = extract_codes(same_features[0], splits)
            except listed as error:
                failures += [_failure(recipe, error) for recipe in same_features]
                advance(len(same_features), "")
                continue
            finally:
                kept = {part: block for part, block in kept.items() if awaited[part]}
            for recipe in same_features:
                advance(0, recipe.title)
                try:
                    rows.append(measure(recipe, splits, extracted, seeds=seeds, n_settings=n_settings))
                except listed as error:
                    failures.append(_failure(recipe, error))
                advance(1, recipe.title)
            del extracted
    return rows, failures


def _notes_on_tuning(rows: list[Row], *, n_settings: int) -> list[str]:
    """Say which recipes had fewer tries than the others."""
    if not n_settings:
        return []
    notes = []
    for row in rows:
        if row.tuning is None:
            notes.append(f"{row.recipe} was not tuned: nothing says which of its settings may change.")
        elif row.tuning.n_tried < n_settings:
            notes.append(f"{row.recipe}: {row.tuning.n_tried} settings tried of {n_settings}; there are no others.")
    return notes


def _failure(recipe: Recipe, error: Exception) -> Failure:
    told = str(error) if isinstance(error, FoldlineError) else _what_the_machine_lacks(error)
    return Failure(recipe=recipe.key, title=recipe.title, reason=told)


def _what_the_machine_lacks(error: Exception) -> str:
    return (
        f"the machine could not do it: {reason(error).rstrip('.')}. Expected enough memory, of the device too. Load "
        "the images smaller (size=32), compare fewer, or leave this recipe out."
    )


def _summary(image_set: ImageSet, splits: Splits) -> DataSummary:
    return DataSummary(
        source=image_set.source,
        image_shape=tuple(image_set.images.shape[1:]),
        image_fit=image_set.fit,
        class_names=tuple(image_set.class_names),
        n_train=_class_sizes(splits.train),
        n_val=_class_sizes(splits.val),
        n_test=_class_sizes(splits.test),
        own_split=image_set.has_own_split,
        # A source with a single held-out part tests with it, whatever it is called.
        own_val=image_set.has_own_split and {"val", "test"} <= set(image_set.partition or ()),
        examples=tuple(
            splits.train.images[np.flatnonzero(splits.train.labels == label)[:N_EXAMPLES]]
            for label in range(len(image_set.class_names))
        ),
        problems=_problems(image_set, splits),
    )


def _problems(image_set: ImageSet, splits: Splits) -> tuple[Problem, ...]:
    # Which copies cross the split depends on this split, so they are looked for again.
    others = tuple(problem for problem in image_set.problems if problem.kind != "duplicate")
    return others + tuple(duplicates_across(splits.train, splits.val, splits.test))


def _class_sizes(image_set: ImageSet) -> Int64[np.ndarray, " k"]:
    return np.bincount(image_set.labels, minlength=len(image_set.class_names)).astype(np.int64)
