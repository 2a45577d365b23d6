"""A run that was killed: what its folder says it was."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sklearn.base import BaseEstimator

from foldline.compare.fitting import CHECKPOINTS, LAYER, LAYER_FILE, RECIPE
from foldline.compare.saved_models import images_for
from foldline.core.errors import FoldlineError, MissingDataError, ModelFileError, SettingError
from foldline.core.text import reason
from foldline.estimators import (
    AlexNetClassifier,
    LayerFeature,
    LinearClassifier,
    MLPClassifier,
    RandomlyWiredClassifier,
    RidgeClassifier,
    load,
)
from foldline.features import ProductQuantizer
from foldline.images import ImageSet, load_images
from foldline.models import Stem
from foldline.training import Augment

_KINDS: dict[str, type[BaseEstimator]] = {
    kind.__name__: kind
    for kind in (
        AlexNetClassifier,
        LinearClassifier,
        MLPClassifier,
        RandomlyWiredClassifier,
        RidgeClassifier,
        ProductQuantizer,
    )
}


@dataclass(frozen=True, kw_only=True)
class UnfinishedRun:
    """What `fit` was called with.

    Args:
        source: where the images came from, as it was given.
        size, image_fit: how they came to their size, for `load_images`.
        features: their names, if there are any.
        layer: of another model, beside them.
        classifier: unfitted.
        compression: of the training vectors.
        seed: of the split.
    """

    source: str
    size: tuple[int, int] | None
    image_fit: Literal["crop", "pad"]
    features: tuple[str, ...] | None
    layer: LayerFeature | None
    classifier: Any
    compression: ProductQuantizer | None
    seed: int

    @classmethod
    def read(cls, folder: str | os.PathLike[str]) -> "UnfinishedRun":
        """Read the recipe of a run.

        Raises: MissingDataError if the folder holds none; SettingError if the run is finished; ModelFileError if the
            recipe is damaged.
        """
        file = Path(folder) / CHECKPOINTS / RECIPE
        if not file.is_file():
            if (Path(folder) / RECIPE).is_file():
                raise SettingError(
                    f"{folder} holds a finished run; expected one that was stopped. Nothing is left to do; train "
                    "another with --out."
                )
            raise MissingDataError(
                f"{folder} holds no {CHECKPOINTS}/{RECIPE}; expected the folder of a run of `foldline fit` that was "
                "stopped. Name that folder."
            )
        try:
            recipe = tomllib.loads(file.read_text(encoding="utf-8"))
            data = recipe["data"]
            is_native = data["image_fit"] == "native"
            names = tuple(str(recipe["recipe"]).split("+"))
            return cls(
                source=str(data["source"]),
                size=None if is_native else (int(data["image_shape"][0]), int(data["image_shape"][1])),
                image_fit="crop" if is_native else data["image_fit"],
                features=tuple(name for name in names if name != LAYER) or None,
                layer=_layer(file.parent / LAYER_FILE) if LAYER in names else None,
                classifier=_estimator(recipe["classifier"]),
                compression=_estimator(recipe["compression"]) if "compression" in recipe else None,
                seed=data["split_seed"],
            )
        except FoldlineError:
            raise
        except Exception as error:  # a file that somebody changed can raise nearly anything
            raise ModelFileError(
                f"{file} cannot be read as a recipe: {reason(error).rstrip('.')}. Expected it as `foldline fit` wrote "
                "it. Train anew into another folder."
            ) from error

    def load_images(self, data: str | None = None) -> ImageSet:
        """Load the images again as they were; from another place if they have moved.

        Raises: what `load_images` of foldline raises.
        """
        if self.layer is not None:
            return images_for(self.layer.pipeline, data or self.source)
        return load_images(data or self.source, size=self.size, fit=self.image_fit)


def check_free(folder: str | os.PathLike[str]) -> None:
    """Check that no unfinished run is in a folder that is to hold another. Raises: SettingError if one is."""
    if (Path(folder) / CHECKPOINTS / RECIPE).is_file():
        raise SettingError(
            f"{folder} holds a run that was stopped; expected a folder without one. Go on with it by --resume "
            f"{folder}, delete {Path(folder) / CHECKPOINTS}, or choose another folder with --out."
        )


def _layer(file: Path) -> LayerFeature:
    layer = load(file)
    if not isinstance(layer, LayerFeature):
        raise ModelFileError(
            f"{file} holds a {type(layer).__name__}; expected the layer that the run learns on. Train anew into "
            "another folder."
        )
    return layer


def _estimator(settings: dict[str, Any]) -> BaseEstimator:
    chosen = {name: _setting(value) for name, value in settings.items() if name != "kind"}
    for name, kind in (("augment", Augment), ("stem", Stem)):
        if name in chosen:
            chosen[name] = kind(**chosen[name])
    return _KINDS[settings["kind"]](**chosen)


def _setting(value: Any) -> Any:
    """Give lists as tuples, which they were."""
    if isinstance(value, list):
        return tuple(map(_setting, value))
    return {key: _setting(item) for key, item in value.items()} if isinstance(value, dict) else value
