"""Fitted estimators as one .safetensors file, and back, without running anybody's code.

Arrays are tensors. The rest is JSON in the file's metadata: for every estimator its registry key, its settings and
its fitted attributes (public names that end in an underscore). Reading builds only classes of the registry.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from foldline.core.errors import FoldlineError, MissingDataError, ModelFileError
from foldline.core.files import atomic_path
from foldline.estimators.encoding import Decoder, Encoder

FORMAT = 1


def save(estimator: BaseEstimator, path: str | os.PathLike[str]) -> None:
    """Write a fitted estimator of the registry as one file.

    Args:
        estimator: a fitted pipeline, classifier or feature of foldline.
        path: where to; usually ends in .safetensors. An older file there is replaced once the new one is whole.
    Raises: ModelFileError if a part is not foldline's; SaveError if the file cannot be written.
    """
    from foldline import __version__

    check_is_fitted(estimator)
    encoder = Encoder()
    recipe = encoder.estimator(estimator)
    metadata = {
        "foldline": __version__,
        "format": str(FORMAT),
        "recipe": json.dumps(recipe, allow_nan=False),
    }
    with atomic_path(path) as temporary:
        save_file(encoder.tensors, temporary, metadata)


def load(path: str | os.PathLike[str]) -> Any:
    """Read what `save` wrote.

    Args:
        path: a .safetensors file written by foldline.
    Returns: the fitted estimator; usually an `ImagePipeline`.
    Raises: MissingDataError if there is no such file; ModelFileError if it is damaged, from a newer version, or not
        a foldline model.
    """
    file = Path(path)
    if not file.is_file():
        raise MissingDataError(f"{file} is not a file; expected a model saved by foldline. Check the path.")
    metadata, tensors = _read(file)
    try:
        estimator = Decoder(tensors).estimator(json.loads(metadata["recipe"]))
        _try_out(estimator)
    except ModelFileError as error:
        raise ModelFileError(f"{file}: {error}") from error
    except (FoldlineError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise _damaged(file, str(error)) from error
    return estimator


def _read(file: Path) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    try:
        with safe_open(file, framework="numpy") as opened:
            metadata = opened.metadata() or {}
            if "foldline" not in metadata or "recipe" not in metadata:
                raise ModelFileError(
                    f"{file} holds tensors but no foldline recipe; expected a model saved by foldline. Weights of "
                    f"other programs cannot be loaded."
                )
            if metadata.get("format") != str(FORMAT):
                raise ModelFileError(
                    f"{file} has format {metadata.get('format')} and was written by foldline {metadata['foldline']}; "
                    f"expected format {FORMAT}. Install a newer foldline."
                )
            return metadata, {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118  (no iterator)
    except (SafetensorError, OSError, ValueError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise _damaged(file, str(error)) from error


def _try_out(estimator: Any) -> None:
    # A file can be well-formed and still hold arrays that do not fit together; one prediction shows it.
    if hasattr(estimator, "image_shape_"):
        estimator.predict(np.zeros((1, *estimator.image_shape_), np.uint8))
    elif hasattr(estimator, "n_features_in_") and hasattr(estimator, "predict"):
        estimator.predict(np.zeros((1, estimator.n_features_in_), np.float32))


def _damaged(file: Path, reason: str) -> ModelFileError:
    return ModelFileError(
        f"{file} cannot be read as a model: {reason}. Expected a .safetensors file saved by foldline, unchanged. Copy "
        f"or save it again."
    )
