"""Many classifiers trained at once: every setting with every seed."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Int
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import ParameterGrid

from foldline.core.checks import integer, is_list
from foldline.core.errors import SettingError
from foldline.core.memory import check_memory
from foldline.core.progress import tracking
from foldline.estimators.net_classifier import NetClassifier, Start, check_is_descended
from foldline.estimators.rows import FeatureRows, ValidationRows
from foldline.models import Net
from foldline.training import Member, Population, TrainingSettings, fit_population, setting_bytes

Settings = dict[str, object]

# What may differ within one compiled program; whatever else differs parts the members into several.
NUMBERS = ("lr", "momentum", "l1", "l2", "dropout", "label_smoothing", "clip_norm")


@dataclass(frozen=True, kw_only=True)
class Trained:
    """One member of a population.

    Args:
        settings: what sets it apart, besides the seed.
        seed: its random_state.
        classifier: fitted; of one that diverged with its last sound weights, which are hardly trained.
        diverged_at: the epoch, from 1, in which it diverged; None for never.
        was_stopped: whether halving ended it before the other settings.
    """

    settings: Settings
    seed: int
    classifier: NetClassifier
    diverged_at: int | None
    was_stopped: bool = False

    @property
    def val_accuracy(self) -> float | None:
        """Share of validation rows that are right in the epoch whose weights were kept; None without such rows."""
        history = self.classifier.history_
        if history.val_accuracy is None or self.diverged_at is not None:
            return None
        return float(history.val_accuracy[history.best_epoch])


Watch = Callable[[Sequence[Trained]], None]


def train_population(
    model: BaseEstimator,
    X: FeatureRows,
    y: np.ndarray,
    *,
    hyper: Mapping[str, Sequence[object]] | Sequence[Mapping[str, object]] = (),
    seeds: Sequence[int] = (0,),
    sample_weight: np.ndarray | None = None,
    validation: tuple[ValidationRows, np.ndarray] | None = None,
    halving: int = 1,
    watch: Watch | None = None,
) -> list[Trained]:
    """Train one classifier with many settings and seeds, as many at once as one program can hold.

    Members that differ in numbers alone (lr, momentum, l1, l2, dropout, label_smoothing, clip_norm) and in their seeds
    are one compiled program, whose matrix products serve all of them; other differences, such as hidden, make groups.
    Each member is what `fit` would make of it alone, but for rounding. One that diverges is marked and the others go
    on.

    Args:
        model: an unfitted LinearClassifier, MLPClassifier, RandomlyWiredClassifier or AlexNetClassifier.
        X: (N, D) as in `fit`, or codes; in memory.
        y: (N,) as in `fit`.
        hyper: settings to change: lists of values by name, of which every combination is taken, or a list of settings.
        seeds: a random_state for each repetition.
        sample_weight: as in `fit`.
        validation: as in `fit`.
        halving: 1 trains all to the end. More, such as 3, keeps one setting in so many at each of a few stops, those
            whose best validation accuracies so far have the highest mean over seeds; the first stop is early enough
            that about one is left for the last stretch. The rest keep what they had learned by then.
        watch: called at every stop, or after each group of nets, with those that ended there.
    Returns: every setting with every seed, seeds of one setting side by side.
    Raises: SettingError for a setting that the classifier does not have or outside its range, or for halving without
        validation rows; DataError if the nets that halving holds at once would fill the memory; and what `fit` raises
        but for DivergedError.
    Source: Jamieson and Talwalkar (2016), algorithm 1, for successive halving.
    Example:
        >>> from sklearn.datasets import load_digits
        >>> from foldline.estimators import LinearClassifier
        >>> X, y = load_digits(return_X_y=True)
        >>> model = LinearClassifier(epochs=3)
        >>> trained = train_population(model, X / 16, y, hyper={"l2": [1e-4, 1e-2]}, seeds=[0, 1])
        >>> [(member.settings["l2"], member.seed) for member in trained]
        [(0.0001, 0), (0.0001, 1), (0.01, 0), (0.01, 1)]
    """
    combinations = _combinations(model, hyper)
    integer(halving, name="halving", low=1)
    if not is_list(seeds) or not len(seeds):
        found = "empty" if is_list(seeds) else repr(seeds)
        raise SettingError(f"seeds is {found}; expected one or more whole numbers. Give for example range(5).")
    for seed in seeds:
        integer(seed, name="a seed", low=0, high=2**32 - 1)
    members = [
        _Member(settings, seed, clone(model).set_params(**settings, random_state=seed))
        for settings in combinations
        for seed in seeds
    ]
    # Rows are put in place once for all that share them.
    in_place: dict[object, tuple[NetClassifier, Start]] = {}
    groups: dict[object, Group] = {}
    for member in members:
        key = _rows_key(member, has_validation=validation is not None)
        if key not in in_place:
            start = member.classifier._start(X, y, sample_weight=sample_weight, validation=validation)
            in_place[key] = member.classifier, start
        lead, of_lead = in_place[key]
        start = member.classifier._start_beside(lead, of_lead, seed=member.seed)
        groups.setdefault((key, _group_key(member, start)), []).append((member, start))
    order = {(id(member.settings), member.seed): i for i, member in enumerate(members)}
    trained: list[Trained] = []
    for new in _all_to_the_end(groups.values()) if halving == 1 else _halved(list(groups.values()), halving=halving):
        trained += new
        if watch is not None:
            watch(new)
    return sorted(trained, key=lambda one: order[id(one.settings), one.seed])


class _Member(NamedTuple):
    """One that is to be trained."""

    settings: Settings
    seed: int
    classifier: NetClassifier


Group = list[tuple[_Member, Start]]


def _rows_key(member: _Member, *, has_validation: bool) -> object:
    """Tell which rows a member learns from: those that classes weigh, without those that it draws to validate."""
    settings = member.classifier.get_params(deep=False)
    draws = settings["early_stopping"] and not has_validation
    return repr(settings["class_weight"]), (settings["validation_fraction"], member.seed) if draws else None


def _group_key(member: _Member, start: Start) -> object:
    """Tell what must be the same within one compiled program."""
    without_numbers = {name: getattr(TrainingSettings, name) for name in NUMBERS}
    stem = getattr(member.classifier, "stem", None)  # decides first weights, of which a seed has one set
    return replace(start.settings, **without_numbers), jax.tree.structure(start.model), _shapes(start.model), stem


def _shapes(model: Net) -> tuple[tuple[int, ...], ...]:
    return tuple(leaf.shape for leaf in jax.tree.leaves(model))


def _all_to_the_end(groups: Iterable[Group]) -> Iterator[list[Trained]]:
    with tracking("groups of nets", len(list(groups))) as advance:
        for group in groups:
            of_seeds = _by_seed(group)
            first = of_seeds[0][0][1]
            nets = fit_population(
                [of_seed[0][1].model for of_seed in of_seeds],
                first.train,
                settings=[[start.settings for _, start in of_seed] for of_seed in of_seeds],
                keys=[of_seed[0][1].key for of_seed in of_seeds],
                val=first.val,
            )
            yield [
                _adopted(member, start, net)
                for of_seed, nets_of_seed in zip(of_seeds, nets, strict=True)
                for (member, start), net in zip(of_seed, nets_of_seed, strict=True)
            ]
            advance(1, "")


def _halved(groups: Sequence[Group], *, halving: int) -> Iterator[list[Trained]]:
    """Give at every stop those that end there."""
    grids = [_by_seed(group) for group in groups]
    _check_memory_of(grids)
    running = [_population(grid) for grid in grids]
    left = [np.arange(len(grid[0])) for grid in grids]
    n_settings = sum(map(len, left))
    epochs = max(population.settings.epochs for population in running)
    n_stops = int(math.log(n_settings, halving) + 1e-9)
    for until in sorted({max(epochs // halving ** (n_stops - i), 1) for i in range(n_stops)}):
        for population, which in zip(running, left, strict=True):
            if len(which):
                population.run(min(until, population.settings.epochs))
        merits = [p.merits() if len(which) else np.empty(0) for p, which in zip(running, left, strict=True)]
        n_kept = -(-sum(map(len, left)) // halving)
        bar = np.sort(np.concatenate(merits))[::-1][n_kept - 1]
        ended: list[Trained] = []
        for g, (population, which) in enumerate(zip(running, left, strict=True)):
            kept = np.flatnonzero(merits[g] >= bar)
            dropped = np.setdiff1d(np.arange(len(which)), kept)
            ended += _ended(population, grids[g], which, dropped, was_stopped=True)
            left[g] = which[kept]
            if len(kept):
                population.keep(kept)
        yield ended
    for population, which in zip(running, left, strict=True):
        if len(which):
            population.run(population.settings.epochs)
    yield [
        one
        for population, grid, which in zip(running, grids, left, strict=True)
        for one in _ended(population, grid, which, np.arange(len(which)), was_stopped=False)
    ]


def _ended(
    population: Population,
    grid: list[Group],
    which: Int[np.ndarray, " left"],
    some: Int[np.ndarray, " some"],
    *,
    was_stopped: bool,
) -> list[Trained]:
    """Give some of the settings of a population, of which `which` are left."""
    if not len(some):
        return []
    nets = population.members()
    ended = ((grid[s][which[h]], nets[s][h]) for h in some for s in range(len(grid)))
    return [_adopted(member, start, net, was_stopped=was_stopped) for (member, start), net in ended]


def _check_memory_of(grids: Sequence[list[Group]]) -> None:
    """Refuse what the memory cannot hold: with halving, all settings are under way at once."""
    n_bytes = 0
    for grid in grids:
        first = grid[0][0][1]
        n_bytes += len(grid[0]) * setting_bytes([of_seed[0][1].model for of_seed in grid], first.train, first.settings)
    n_nets = sum(len(grid) * len(grid[0]) for grid in grids)
    check_memory(n_bytes, f"halving of {n_nets:,} nets", fix="Train fewer, or set halving=1: some after the others.")


def _population(grid: list[Group]) -> Population:
    first = grid[0][0][1]
    if first.val is None:
        raise SettingError(
            "halving is given and there are no validation rows; expected some, by which settings are chosen. Give "
            "validation, set early_stopping, or leave halving at 1."
        )
    return Population.of(
        [of_seed[0][1].model for of_seed in grid],
        first.train,
        settings=[[start.settings for _, start in of_seed] for of_seed in grid],
        keys=[of_seed[0][1].key for of_seed in grid],
        val=first.val,
    )


def _by_seed(group: Group) -> list[Group]:
    """Part a group, in which every setting has every seed, by its seeds."""
    seeds = dict.fromkeys(member.seed for member, _ in group)
    return [[(member, start) for member, start in group if member.seed == seed] for seed in seeds]


def _adopted(member: _Member, start: Start, net: Member, *, was_stopped: bool = False) -> Trained:
    member.classifier._adopt(start, net.model, net.history)
    return Trained(
        settings=member.settings,
        seed=member.seed,
        classifier=member.classifier,
        diverged_at=net.diverged_at,
        was_stopped=was_stopped,
    )


def _combinations(
    model: BaseEstimator, hyper: Mapping[str, Sequence[object]] | Sequence[Mapping[str, object]]
) -> list[Settings]:
    check_is_descended(model)
    known = model.get_params(deep=False).keys() - {"random_state"}
    given = _listed(hyper)
    for settings in given:
        for name in settings:
            if name not in known:
                raise SettingError(
                    f"hyper names {name!r}, which {type(model).__name__} does not have; expected settings of "
                    f"{', '.join(sorted(known))}; seeds are given by themselves. Correct the name."
                )
    solver = getattr(model, "solver", "sgd")
    if solver != "sgd" or any(settings.get("solver", "sgd") != "sgd" for settings in given):
        raise SettingError(
            f"solver is {solver!r}, or hyper changes it; expected 'sgd': a population is trained by mini-batch "
            "descent. Set solver='sgd', or call fit for each."
        )
    return given


def _listed(hyper: object) -> list[Settings]:
    if isinstance(hyper, Mapping) and all(map(is_list, hyper.values())):
        return list(ParameterGrid(hyper))
    if isinstance(hyper, Sequence) and all(isinstance(one, Mapping) for one in hyper):
        return [dict(one) for one in hyper] or [{}]
    raise SettingError(
        f"hyper is {hyper!r}; expected lists of values by the names of settings, or a list of settings. Write for "
        "example {'l2': [0.001, 0.1]}."
    )
