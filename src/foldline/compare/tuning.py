"""The same number of tries for every recipe: settings of its classifier, judged on validation rows alone."""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, clone

from foldline.compare.classifiers import ClassifierChoice, Range
from foldline.compare.fitted import Fitted, LabelledRows, fitted
from foldline.compare.rows import Tuning
from foldline.core.checks import integer, number
from foldline.core.errors import DataError, FoldlineError, SettingError
from foldline.core.seeds import generator_from_seed
from foldline.estimators import KNNClassifier, RidgeClassifier, Trained, train_population
from foldline.estimators.net_classifier import NetClassifier
from foldline.estimators.ridge_classifier import fit_ridges
from foldline.training import TrainingSettings, automatic_rate

Settings = dict[str, float | str | None]

HALVING = 3  # Jamieson and Talwalkar (2016) and those after them keep a third or a half; a third asks for fewer epochs


class Tuned(NamedTuple):
    """What was chosen, and the classifier that learned with it and the seed, where choosing took that."""

    tuning: Tuning
    first: Fitted | None


def tune(choice: ClassifierChoice, train: LabelledRows, val: LabelledRows, *, n: int, seed: int) -> Tuned:
    """Try settings of a classifier and choose the one that is right on most validation rows.

    The recipe's own settings are the first to be tried and stay where none is better. Nets are trained as one
    population with successive halving; the recipe's own settings and the winner are then trained alone, as they will be
    in the comparison, and compared by that.

    Args:
        choice: the classifier, with ranges.
        train: rows to learn from.
        val: rows that choose.
        n: how many settings are tried, at least 1; there may be fewer different ones.
        seed: of the trainings and of what is drawn from the ranges.
    Raises: SettingError for ranges of settings that the classifier does not have; FoldlineError if it can be trained
        with none of the settings.
    Convention: a range of one setting is tried in equal steps; several are drawn as scrambled Sobol points.
    """
    started_s = time.perf_counter()
    model = choice.build(len(train.X), seed)
    settings = _settings(choice, model, train, n=n, seed=seed)
    tries = _tries(model, settings, train, val, seed=seed)
    best = max(tries, key=lambda one: -1.0 if one.accuracy is None else one.accuracy)  # the first of equal ones
    if best.accuracy is None:
        raise DataError(
            f"none of the {len(settings)} settings that were tried could be trained; expected one at least. The "
            f"recipe's own said: {tries[0].error}"
        )
    first_s = 0.0 if best.fitted is None else best.fitted.elapsed_s
    tuning = Tuning(
        n_tried=len(settings),
        own=settings[0],
        chosen=best.settings,
        own_accuracy=tries[0].accuracy,
        accuracy=best.accuracy,
        tune_s=time.perf_counter() - started_s - first_s,
    )
    return Tuned(tuning, best.fitted)


class _Try(NamedTuple):
    """Settings and their accuracy on the validation rows; or why they could not be trained."""

    settings: Settings
    accuracy: float | None
    fitted: Fitted | None = None
    error: FoldlineError | None = None


def _settings(
    choice: ClassifierChoice, model: BaseEstimator, train: LabelledRows, *, n: int, seed: int
) -> list[Settings]:
    """Give different settings within the ranges, the recipe's own first."""
    known = model.get_params(deep=False)
    for name in choice.tuned:
        if name not in known:
            raise SettingError(
                f"tuned names {name!r}, which {type(model).__name__} does not have; expected settings of "
                f"{', '.join(sorted(known))}. Correct the ranges of {choice.key}."
            )
    own: Settings = {name: known[name] for name in choice.tuned}
    bases = {name: _base(name, own[name], range_, model, train, seed=seed) for name, range_ in choice.tuned.items()}

    def drawn(name: str, share: float) -> float:
        return choice.tuned[name].at(share, own=bases[name], n_train=len(train.X))

    if len(own) == 1:
        (name,) = own
        values = _steps([drawn(name, float(share)) for share in np.linspace(0, 1, n)], own=bases[name])
        others: list[Settings] = [{name: value} for value in values]
    else:
        points = _sobol_points(n - 1, n_axes=len(own), seed=seed)
        others = [{name: drawn(name, float(share)) for name, share in zip(own, point, strict=True)} for point in points]
    return list({tuple(one.values()): one for one in [own, *others]}.values())


def _base(name: str, own: object, range_: Range, model: BaseEstimator, train: LabelledRows, *, seed: int) -> float:
    """Give what factors multiply: the recipe's own value; of an automatic rate that which the rows give."""
    if name == "lr" and own == "auto" and isinstance(model, NetClassifier):
        return automatic_rate(
            train.X,
            l2=model.l2,
            batch_size=TrainingSettings(batch_size=model.batch_size).rows_a_step(len(train.X)),
            loss=model.loss,
            optimizer=model.optimizer,
            hidden=getattr(model, "hidden", ()),
            generator=generator_from_seed(seed),
        )
    return number(own, name=f"the recipe's own {name}", low=0.0) if range_.of != "values" else 0.0


def _sobol_points(n: int, *, n_axes: int, seed: int) -> np.ndarray:
    from scipy.stats import qmc

    # Sobol points are balanced in powers of two; the first ones of a longer sequence are the shorter sequence.
    return np.asarray(qmc.Sobol(n_axes, scramble=True, seed=seed).random_base2(max(n - 1, 0).bit_length())[:n])


def _steps(values: Sequence[float], *, own: float) -> list[float]:
    """Give equal steps without the one that the recipe's own value takes the place of."""
    steps: list[float] = []
    for value in values:
        # The first steps of odd counts are shorter than from one to the next.
        steps.append(max(value, steps[-1] + 2) if steps and isinstance(value, int) else value)
    others = [value for value in steps if value <= values[-1] and value != own]
    if len(others) == len(values):
        others.remove(min(others, key=lambda value: abs(value - own)))
    return others


def _tries(
    model: BaseEstimator, settings: Sequence[Settings], train: LabelledRows, val: LabelledRows, *, seed: int
) -> list[_Try]:
    """Judge the recipe's own settings, first, and others that may be better."""
    if isinstance(model, NetClassifier) and getattr(model, "solver", "sgd") == "sgd":
        ahead = _ahead(model, settings, train, val, seed=seed) if len(settings) > 1 else settings[0]
        return [_try(model, one, train, val) for one in (settings[0], *([ahead] if ahead != settings[0] else []))]
    if isinstance(train.X, np.ndarray) and isinstance(val.X, np.ndarray):
        if isinstance(model, KNNClassifier):
            model.fit(train.X, train.y)
            predictions = model.predict_each(
                val.X, [integer(one["n_neighbors"], name="n_neighbors", low=1) for one in settings]
            )
            return [_Try(one, float(np.mean(p == val.y))) for one, p in zip(settings, predictions, strict=True)]
        if isinstance(model, RidgeClassifier):
            # One strength may be too small for the numbers, or a matrix more too large; alone, others may do.
            with suppress(DataError):
                ridges = fit_ridges(train.X, train.y, l2=[number(one["l2"], name="l2", low=0.0) for one in settings])
                return [_Try(one, float(r.score(val.X, val.y))) for one, r in zip(settings, ridges, strict=True)]
    return [_try(model, one, train, val) for one in settings]


def _ahead(
    model: NetClassifier, settings: Sequence[Settings], train: LabelledRows, val: LabelledRows, *, seed: int
) -> Settings:
    """Train all of them, ever fewer the longer it goes on, and give the best of those that came to the end."""
    stops: list[Sequence[Trained]] = []
    train_population(
        model,
        train.X,
        train.y,
        hyper=settings,
        seeds=[seed],
        validation=(val.X, val.y),
        halving=HALVING,
        watch=stops.append,
    )
    best = max(stops[-1], key=lambda one: -1.0 if one.val_accuracy is None else one.val_accuracy)
    return next(one for one in settings if one == best.settings)


def _try(model: BaseEstimator, settings: Settings, train: LabelledRows, val: LabelledRows) -> _Try:
    try:
        one = fitted(clone(model).set_params(**settings), train, val)
    except FoldlineError as error:
        return _Try(settings, None, error=error)
    return _Try(settings, one.accuracy(val), one)
