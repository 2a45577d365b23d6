"""One recipe of the user's own on one image set: a fitted model in a folder that says how it came about."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tomli_w
from sklearn.base import BaseEstimator, clone

from foldline.compare.classifiers import ClassifierChoice
from foldline.compare.features import FEATURE_CHOICES
from foldline.compare.leaderboard import Leaderboard
from foldline.compare.recipes import FeatureSet, Recipe
from foldline.compare.run import compare
from foldline.core.errors import SettingError
from foldline.core.files import write_text
from foldline.estimators import ImagePipeline, LinearClassifier, MLPClassifier, RidgeClassifier
from foldline.features import Concat, ProductQuantizer
from foldline.images import ImageSet
from foldline.training import Augment, Callback


@dataclass(frozen=True, kw_only=True)
class Run:
    """A fitted model and how it came about.

    Args:
        model: the fitted pipeline.
        board: its row of a leaderboard: accuracy on test images, times, sizes, curves.
        recipe: features, classifier and split, as plain values.
    """

    model: ImagePipeline
    board: Leaderboard
    recipe: dict[str, object]

    def save(self, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
        """Write model.safetensors, recipe.toml, history.jsonl (a line an epoch), leaderboard.json and report.html.

        Args:
            folder: where to; made if it is not there.
        Returns: the files that were written.
        Raises: SaveError if a file cannot be written.
        """
        texts = {"recipe.toml": tomli_w.dumps(self.recipe), "history.jsonl": self._history_lines()}
        written = self.board.save(folder)  # the model too: nothing else can be shipped
        for name, text in texts.items():
            write_text(Path(folder) / name, text)
        return (*written, *(Path(folder) / name for name in texts))

    def _history_lines(self) -> str:
        history = self.board.best.history
        if history is None:
            return ""
        curves = history.curves
        rows = ({name: float(curve[e]) for name, curve in curves.items()} for e in range(history.n_epochs))
        return "".join(json.dumps({"epoch": epoch, **row}) + "\n" for epoch, row in enumerate(rows, start=1))


def fit(
    image_set: ImageSet,
    *,
    features: Sequence[str] | None = None,
    classifier: LinearClassifier | MLPClassifier | RidgeClassifier,
    compression: ProductQuantizer | None = None,
    callbacks: Sequence[Callback] = (),
    seed: int = 0,
) -> Run:
    """Fit one classifier on one feature vector and measure it as `compare` would.

    The source's own test images, else a fifth of each class, measure it; its own validation images, else a tenth of
    the rest, choose the epoch whose weights are kept.

    Args:
        image_set: images with labels, from `load_images`.
        features: one or more names (such as "raw", "hog", "words-large"), side by side; None for HoG and, if there is
            any, colour.
        classifier: an unfitted LinearClassifier, MLPClassifier or RidgeClassifier.
        compression: how training vectors are kept while the classifier learns (see `ImagePipeline`), which a
            RidgeClassifier cannot do; None for as they are.
        callbacks: called with the report of every epoch of mini-batch descent; one that gives True ends it.
        seed: decides the split; the classifier has its own.
    Returns: the fitted model with its measurements; `run.save(folder)` writes both.
    Raises: SettingError for unknown features, another classifier, one that cannot learn from compressed vectors, has no
        epochs to call back after or would augment what are no pixels, or a seed outside its range; DataError if the
        images cannot be split or the classifier cannot be trained.
    """
    if not isinstance(classifier, LinearClassifier | MLPClassifier | RidgeClassifier):
        raise SettingError(
            f"classifier is a {type(classifier).__name__}; expected a LinearClassifier, an MLPClassifier or a "
            "RidgeClassifier. Give one, or call compare for nearest neighbours."
        )
    if isinstance(features, str):
        raise SettingError(
            f"features is the text {features!r}; expected a list of names. Write features=[{features!r}]."
        )
    if features is None:
        features = ("hog",) if image_set.images.shape[-1] == 1 else ("hog", "color")
    if not features:
        raise SettingError(f"features is empty; expected one or more of {', '.join(FEATURE_CHOICES)}. Name one.")
    ImagePipeline(Concat(features=[]), classifier, compression).check_compression()
    _check_augment(classifier, features, image_set)
    if callbacks and (isinstance(classifier, RidgeClassifier) or getattr(classifier, "solver", "sgd") != "sgd"):
        raise SettingError(
            f"callbacks are given for {classifier!r}, which is solved; expected mini-batch descent, which has epochs "
            "to tell of. Leave callbacks (--tensorboard) out, or take another loss or solver='sgd'."
        )
    kind = "net" if getattr(classifier, "hidden", ()) else "linear"
    choice = ClassifierChoice(
        key=kind, title=kind, description=repr(classifier), build=lambda n_train, seed: clone(classifier)
    )
    feature_set = FeatureSet.named("+".join(features))
    key = f"{feature_set.key}/{kind}"
    recipe = Recipe(
        key=key, features=feature_set, classifier=choice, compression=compression, callbacks=tuple(callbacks)
    )
    board = compare(image_set, recipes=[recipe], seeds=1, seed=seed)
    model = board.best.model
    assert model is not None  # only nearest neighbours can be too large to be kept
    return Run(model=model, board=board, recipe=_plain_recipe(image_set, model, seed=seed))


def _check_augment(classifier: BaseEstimator, features: Sequence[str], image_set: ImageSet) -> None:
    augment = getattr(classifier, "augment", None)
    if augment is None:
        return
    if list(features) != ["raw"]:
        raise SettingError(
            f"augment is {augment!r} and features are {', '.join(features)}; expected raw alone, because only pixels "
            "can be moved, mirrored and covered. Take the features raw, or leave augment (--flip, --shift, --zoom, "
            "--cutout) out."
        )
    augment.checked(n_in=math.prod(image_set.images.shape[1:]))


def _plain_recipe(image_set: ImageSet, model: ImagePipeline, *, seed: int) -> dict[str, object]:
    from foldline import __version__

    return {
        "foldline": __version__,
        "data": {
            "source": image_set.source,
            "image_shape": list(model.image_shape_),
            "image_fit": model.image_fit_,
            "class_names": list(model.class_names_),
            "split_seed": seed,
        },
        "features": [_settings(feature) for feature in model.features_.features],
        "classifier": _settings(model.classifier_),
        **({} if model.compression is None else {"compression": _settings(model.compression)}),
    }


def _settings(estimator: BaseEstimator) -> dict[str, object]:
    # TOML has no null; a setting that is None is the default and is left out.
    given = {name: value for name, value in estimator.get_params(deep=False).items() if value is not None}
    return {"kind": type(estimator).__name__, **{name: _plain(value) for name, value in given.items()}}


def _plain(value: object) -> object:
    """Give a setting as TOML knows it: class_weight has whole numbers for keys, a search over settings NumPy's."""
    match value:
        case BaseEstimator():
            return _settings(value)
        case np.generic() | np.ndarray():
            return _plain(value.tolist())
        case Augment():
            return _plain(value._asdict())
        case list() | tuple():
            return [_plain(item) for item in value]
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
    return value
