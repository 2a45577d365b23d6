"""One recipe of the user's own on one image set: a fitted model in a folder that says how it came about."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w
from sklearn.base import BaseEstimator, clone

from foldline.compare.classifiers import ClassifierChoice
from foldline.compare.leaderboard import Leaderboard
from foldline.compare.recipes import FeatureSet, Recipe
from foldline.compare.run import compare
from foldline.core.errors import SettingError
from foldline.core.files import write_text
from foldline.estimators import ImagePipeline
from foldline.features import IMAGE_FEATURES
from foldline.images import ImageSet


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
    recipe: dict[str, Any]

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write model.safetensors, recipe.toml, history.jsonl (a line an epoch), leaderboard.json and report.html.

        Raises: SaveError if a file cannot be written.
        """
        self.board.save(folder)
        self.model.save(Path(folder) / "model.safetensors")
        write_text(Path(folder) / "recipe.toml", tomli_w.dumps(self.recipe))
        write_text(Path(folder) / "history.jsonl", self._history_lines())

    def _history_lines(self) -> str:
        history = self.board.best.history
        if history is None:
            return ""
        curves = history.curves
        rows = ({name: float(curve[e]) for name, curve in curves.items()} for e in range(history.n_epochs))
        return "".join(json.dumps({"epoch": epoch, **row}) + "\n" for epoch, row in enumerate(rows, start=1))


def fit(image_set: ImageSet, *, features: Sequence[str] | None = None, classifier: BaseEstimator, seed: int = 0) -> Run:
    """Fit one classifier on one feature vector and measure it as `compare` would.

    The source's own test images, else a fifth of each class, measure it; a tenth of the rest chooses the epoch whose
    weights are kept.

    Args:
        image_set: images with labels, from `load_images`.
        features: one or more names of the registry ("raw", "color", "hog"), side by side; None for HoG and, if there is
            any, colour.
        classifier: an unfitted LinearClassifier or MLPClassifier.
        seed: decides the split; the classifier has its own.
    Returns: the fitted model with its measurements; `run.save(folder)` writes both.
    Raises: SettingError for unknown features; DataError if the images cannot be split; DivergedError if training
        diverges.
    """
    if features is None:
        features = ("hog",) if image_set.images.shape[-1] == 1 else ("hog", "color")
    if not features:
        raise SettingError(f"features is empty; expected one or more of {', '.join(IMAGE_FEATURES)}. Name one.")
    described = ClassifierChoice(
        title="net" if getattr(classifier, "hidden", ()) else "linear",
        description=repr(classifier),
        build=lambda n_train, seed: clone(classifier),
    )
    features_set = FeatureSet.named("+".join(features))
    recipe = Recipe(key=f"{features_set.key}/{described.title}", features=features_set, classifier=described)
    board = compare(image_set, recipes=[recipe], seeds=1, seed=seed)
    model = board.best.model
    assert model is not None  # only nearest neighbours can be too large to be kept
    return Run(model=model, board=board, recipe=_plain_recipe(image_set, model, seed=seed))


def _plain_recipe(image_set: ImageSet, model: ImagePipeline, *, seed: int) -> dict[str, Any]:
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
    }


def _settings(estimator: BaseEstimator) -> dict[str, Any]:
    # TOML has no null; a setting that is None is the default and is left out.
    given = {name: value for name, value in estimator.get_params(deep=False).items() if value is not None}
    return {"kind": type(estimator).__name__, **{n: list(v) if isinstance(v, tuple) else v for n, v in given.items()}}
