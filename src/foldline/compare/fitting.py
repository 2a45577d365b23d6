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
from foldline.compare.features import FeatureChoice, ImageShape
from foldline.compare.leaderboard import Leaderboard
from foldline.compare.recipes import FeatureSet, Recipe, pixels_alone
from foldline.compare.run import measured
from foldline.core.errors import FoldlineError, SettingError
from foldline.core.files import write_text
from foldline.estimators import (
    AlexNetClassifier,
    ImagePipeline,
    LayerFeature,
    LinearClassifier,
    MLPClassifier,
    RandomlyWiredClassifier,
    RidgeClassifier,
    save,
)
from foldline.estimators.net_classifier import NetClassifier
from foldline.features import Concat, ProductQuantizer
from foldline.images import ImageSet
from foldline.models import Stem
from foldline.training import Augment, Callback, Checkpoints, has_checkpoints, remove_checkpoints

# What the folder of a run holds besides its outcome.
RECIPE, CHECKPOINTS = "recipe.toml", "checkpoints"
LAYER = "layer"  # in the key of a recipe
LAYER_FILE = "layer.safetensors"  # among the checkpoints: the model it was taken from may be gone when a run goes on


@dataclass(frozen=True, kw_only=True)
class Run:
    """A fitted model and how it came about.

    Args:
        model: the fitted pipeline.
        board: its row of a leaderboard: accuracy on test images, times, sizes, curves.
        recipe: data, features, classifier and split, as plain values.
    """

    model: ImagePipeline
    board: Leaderboard
    recipe: dict[str, object]

    def save(self, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
        """Write model.safetensors, recipe.toml, history.jsonl (a line an epoch), leaderboard.json and report.html.

        Once all of it is there, checkpoints that the folder may hold are removed: the run is finished.

        Args:
            folder: where to; made if it is not there.
        Returns: the files that were written.
        Raises: SaveError if a file cannot be written.
        """
        texts = {RECIPE: tomli_w.dumps(self.recipe), "history.jsonl": self._history_lines()}
        written = self.board.save(folder)  # the model too: nothing else can be shipped
        for name, text in texts.items():
            write_text(Path(folder) / name, text)
        _forget(Path(folder))
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
    layer: LayerFeature | None = None,
    classifier: AlexNetClassifier | LinearClassifier | MLPClassifier | RandomlyWiredClassifier | RidgeClassifier,
    compression: ProductQuantizer | None = None,
    callbacks: Sequence[Callback] = (),
    seed: int = 0,
    folder: str | os.PathLike[str] | None = None,
    checkpoint_s: float = 60.0,
) -> Run:
    """Fit one classifier on one feature vector and measure it as `compare` would.

    The source's own test images, else a fifth of each class, measure it; its own validation images, else a tenth of
    the rest, choose the epoch whose weights are kept.

    Args:
        image_set: images with labels, from `load_images`.
        features: one or more names (such as "raw", "hog", "words-large"), side by side; None for HoG and, if there is
            any, colour, and for raw pixels with an AlexNetClassifier or a RandomlyWiredClassifier with stages.
        layer: what another model learned (see `ImagePipeline.hidden_features`), beside the features that are named;
            without names, alone.
        classifier: an unfitted LinearClassifier, MLPClassifier, RandomlyWiredClassifier, AlexNetClassifier or
            RidgeClassifier.
        compression: how training vectors are kept while the classifier learns (see `ImagePipeline`), which a
            RidgeClassifier cannot do; None for as they are.
        callbacks: called with the report of every epoch of mini-batch descent; one that gives True ends it.
        seed: decides the split; the classifier has its own.
        folder: of the run. Its recipe and the checkpoints of mini-batch descent are kept in checkpoints/ there, from
            which the same call goes on if it was killed; what an earlier run left in the folder stays as it is until
            `run.save`. None writes nothing.
        checkpoint_s: seconds between checkpoints.
    Returns: the fitted model with its measurements; `run.save(folder)` writes both.
    Raises: SettingError for unknown features, a layer that is none, another classifier, one that cannot learn from
        compressed vectors, has no epochs to call back after or would augment what are no pixels, a seed outside its
        range, or a folder with checkpoints of another run; ShapeError for images that the layer does not take;
        DataError if the images cannot be split or the classifier cannot be trained; SaveError if the folder cannot be
        written.
    """
    if not isinstance(classifier, NetClassifier | RidgeClassifier):
        raise SettingError(
            f"classifier is a {type(classifier).__name__}; expected a LinearClassifier, an MLPClassifier, a "
            "RandomlyWiredClassifier, an AlexNetClassifier or a RidgeClassifier. Give one, or call compare for "
            "nearest neighbours."
        )
    if layer is not None:
        if not isinstance(layer, LayerFeature):
            raise SettingError(
                f"layer is {layer!r}; expected None or a layer of a fitted model. Call hidden_features of one."
            )
        layer = clone(layer).fit(image_set.images[:1])
    if isinstance(classifier, AlexNetClassifier):
        features = pixels_alone(_names(features, layer), who="an AlexNetClassifier")
    if getattr(classifier, "stages", None) is not None:
        features = pixels_alone(_names(features, layer), who="a RandomlyWiredClassifier with stages")
    feature_set = _feature_set(features, layer, image_shape=tuple(image_set.images.shape[1:]))
    ImagePipeline(Concat(features=[]), classifier, compression).check_compression()
    _check_pixels(classifier, feature_set, image_set)
    if callbacks and (isinstance(classifier, RidgeClassifier) or getattr(classifier, "solver", "sgd") != "sgd"):
        raise SettingError(
            f"callbacks are given for {classifier!r}, which is solved; expected mini-batch descent, which has epochs "
            "to tell of. Leave callbacks (--tensorboard) out, or take another loss or solver='sgd'."
        )
    plain = _plain_recipe(image_set, feature_set, classifier, compression, seed=seed)
    options: dict[str, object] = {"callbacks": tuple(callbacks)} if callbacks else {}
    if folder is not None:
        if layer is not None:
            save(layer, Path(folder) / CHECKPOINTS / LAYER_FILE)
        write_text(Path(folder) / CHECKPOINTS / RECIPE, tomli_w.dumps(plain))
        if isinstance(classifier, NetClassifier):
            options["checkpoints"] = Checkpoints(folder=Path(folder) / CHECKPOINTS, every_s=checkpoint_s)
    is_net = isinstance(classifier, AlexNetClassifier | RandomlyWiredClassifier)
    kind = "net" if is_net or bool(getattr(classifier, "hidden", ())) else "linear"
    choice = ClassifierChoice(
        key=kind,
        title=kind,
        description=repr(classifier),
        build=lambda n_train, seed: clone(classifier),
        fit_options=options,
    )
    key = f"{feature_set.key}/{kind}"
    recipe = Recipe(key=key, features=feature_set, classifier=choice, compression=compression)
    try:
        board = measured(image_set, recipes=[recipe], seeds=1, seed=seed, listed=())
    except FoldlineError:
        if folder is not None and not has_checkpoints(Path(folder) / CHECKPOINTS):
            _forget(Path(folder))  # there is nothing to go on from
        raise
    model = board.best.model
    assert model is not None  # only nearest neighbours can be too large to be kept
    return Run(model=model, board=board, recipe=plain)


def _names(features: Sequence[str] | None, layer: LayerFeature | None) -> Sequence[str] | None:
    return features if layer is None else (*(features or ()), "layer")


def _forget(folder: Path) -> None:
    """Remove what a run that goes on needs; the recipe, which tells that there is one, after its checkpoints."""
    remove_checkpoints(folder / CHECKPOINTS, last=(RECIPE, LAYER_FILE))


def _feature_set(features: Sequence[str] | None, layer: LayerFeature | None, *, image_shape: ImageShape) -> FeatureSet:
    if layer is None:
        return FeatureSet.chosen(features, image_shape=image_shape)
    learned = FeatureChoice(key=LAYER, title=layer.title, build=lambda image_shape: layer)
    if features is None:
        return FeatureSet(key=LAYER, parts=(learned,))
    named = FeatureSet.chosen(features, image_shape=image_shape)
    return FeatureSet(key=f"{named.key}+{LAYER}", parts=(*named.parts, learned))


def _check_pixels(classifier: BaseEstimator, features: FeatureSet, image_set: ImageSet) -> None:
    augment, stem = getattr(classifier, "augment", None), getattr(classifier, "stem", None)
    names = ", ".join(part.key for part in features.parts)
    if augment is not None and features.key != "raw":
        raise SettingError(
            f"augment is {augment!r} and features are {names}; expected raw alone, because only pixels can be moved, "
            "mirrored and covered. Take the features raw, or leave augment (--flip, --shift, --zoom, --cutout) out."
        )
    if stem is not None and features.key != "raw":
        raise SettingError(
            f"stem is {stem!r} and features are {names}; expected raw alone, because only pixels have patches. Take "
            "the features raw, or leave stem (--stem) out."
        )
    for of_pixels in (augment, stem):
        if of_pixels is not None:
            of_pixels.checked(n_in=math.prod(image_set.images.shape[1:]))


def _plain_recipe(
    image_set: ImageSet,
    features: FeatureSet,
    classifier: BaseEstimator,
    compression: ProductQuantizer | None,
    *,
    seed: int,
) -> dict[str, object]:
    from foldline import __version__

    image_shape = tuple(image_set.images.shape[1:])
    return {
        "foldline": __version__,
        "recipe": features.key,
        "data": {
            "source": image_set.source,
            "image_shape": list(image_shape),
            "image_fit": image_set.fit,
            "class_names": list(image_set.class_names),
            "split_seed": seed,
        },
        "features": [_settings(feature) for feature in features.build(image_shape)],
        "classifier": _settings(classifier),
        **({} if compression is None else {"compression": _settings(compression)}),
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
        case Augment() | Stem():
            return _plain(value._asdict())
        case np.generic() | np.ndarray():
            return _plain(value.tolist())
        case list() | tuple():
            return [_plain(item) for item in value]
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
    return value
