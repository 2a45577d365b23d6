"""Fitted estimators as one .safetensors file, and back, without running anybody's code.

Arrays are tensors. The rest is JSON in the file's metadata, under "foldline": for every estimator its registry key,
its settings and its fitted attributes (public names that end in an underscore). Reading builds only classes of the
registry.
"""

import json
import os
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from foldline.core.checks import integer
from foldline.core.errors import FoldlineError, MissingDataError, ModelFileError
from foldline.core.files import atomic_path
from foldline.core.text import printable, reason
from foldline.estimators.encoding import Decoder, Encoder

FORMAT = 1

# The order that safetensors writes tensors in, which their offsets in the header depend on.
_SAVED_DTYPES = ("U64", "I64", "F64", "F32", "U32", "I32", "F16", "U16", "I16", "I8", "U8", "BOOL")


def save(estimator: BaseEstimator, path: str | os.PathLike[str]) -> None:
    """Write a fitted estimator of the registry as one file.

    Args:
        estimator: a fitted pipeline, classifier or feature of foldline.
        path: where to; usually ends in .safetensors. An older file there is replaced once the new one is whole.
    Raises: ModelFileError if a part is not foldline's; SaveError if the file cannot be written; scikit-learn's
        NotFittedError before `fit`.
    Convention: equal models are equal files, byte for byte; learning curves (`history_`) are left out.
    """
    tensors, metadata = _content(estimator)
    with atomic_path(path) as temporary:
        try:
            save_file(tensors, temporary, metadata)
        except SafetensorError as error:  # what safetensors 0.8 makes of a full disk
            raise OSError(str(error)) from error


def saved_bytes(estimator: BaseEstimator) -> int:
    """Compute the size in bytes of the file that `save` would write, without writing it.

    8 for the length of the header, the header rounded up to a multiple of 8, and the tensors.

    Args:
        estimator: a fitted pipeline, classifier or feature of foldline.
    Raises: ModelFileError if a part is not foldline's; scikit-learn's NotFittedError before `fit`.
    Source: the format of safetensors 0.8 (README, "Format"; `prepare` in tensor.rs).
    """
    tensors, metadata = _content(estimator)
    header: dict[str, Any] = {"__metadata__": metadata}
    end = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: (_SAVED_DTYPES.index(_dtype(item[1])), item[0])):
        start, end = end, end + tensor.nbytes
        header[name] = {"dtype": _dtype(tensor), "shape": tensor.shape, "data_offsets": (start, end)}
    n_header = len(json.dumps(header, separators=(",", ":")))
    return 8 + n_header + -n_header % 8 + end


def load(path: str | os.PathLike[str]) -> Any:
    """Read what `save` wrote.

    Args:
        path: a .safetensors file written by foldline.
    Returns: the fitted estimator; usually an `ImagePipeline`. It gives the same predictions bit for bit.
    Raises: MissingDataError if there is no such file; ModelFileError if it is damaged, from a newer version, or not
        a foldline model.
    """
    file = os.fspath(path)
    if os.path.isdir(file):
        raise ModelFileError(
            f"{printable(file)} is a folder; expected a model saved by foldline. Name the .safetensors file in it."
        )
    if not os.path.isfile(file):  # pathlib's own test fails for names that are too long, or in a locked folder
        raise MissingDataError(f"{printable(file)} is not a file; expected a model saved by foldline. Check the path.")
    recipe, tensors = _read(file)
    try:
        estimator = Decoder(tensors).estimator(recipe["estimator"])
        check_is_fitted(estimator)
        estimator.check_loaded()
    except FoldlineError as error:
        raise ModelFileError(f"{printable(file)}: {error}{_other_version(recipe)}") from error
    except Exception as error:
        # A file that somebody else wrote can make the parts of an estimator raise nearly every builtin there is.
        raise ModelFileError(f"{_damaged(file, reason(error))}{_other_version(recipe)}") from error
    return estimator


def _content(estimator: BaseEstimator) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    from foldline import __version__

    check_is_fitted(estimator)
    encoder = Encoder()
    recipe = {"version": __version__, "format": FORMAT, "estimator": encoder.estimator(estimator)}
    # One entry only: safetensors 0.8 writes several in an order that changes from one file to the next.
    return encoder.tensors, {"foldline": json.dumps(recipe, allow_nan=False)}


def _dtype(tensor: np.ndarray) -> str:
    return "BOOL" if tensor.dtype.kind == "b" else f"{tensor.dtype.kind.upper()}{8 * tensor.dtype.itemsize}"


def _read(file: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    try:
        with safe_open(file, framework="numpy") as opened:
            text = (opened.metadata() or {}).get("foldline")
            if text is None:
                raise ModelFileError(
                    f"{printable(file)} holds tensors but no foldline recipe; expected a model saved by foldline. "
                    f"Weights of other programs cannot be loaded."
                )
            recipe = json.loads(text)
            if integer(recipe["format"], name="format", low=1) > FORMAT:
                raise ModelFileError(
                    f"{printable(file)} has format {recipe['format']} and was written by foldline {recipe['version']}; "
                    f"expected format {FORMAT}. Install a newer foldline."
                )
            return recipe, {name: _finite(opened.get_tensor(name)) for name in opened.keys()}  # noqa: SIM118  (no iterator)
    except ModelFileError:
        raise
    except Exception as error:  # as in `load`
        raise ModelFileError(_damaged(file, reason(error))) from error


def _other_version(recipe: dict[str, Any]) -> str:
    """Tell of another foldline, whose settings and attributes this one may not know."""
    from foldline import __version__

    version = recipe.get("version")
    if version == __version__:
        return ""
    return f" It was written by foldline {printable(str(version))[:20]}, and this is {__version__}: try that version."


def _finite(tensor: np.ndarray) -> np.ndarray:
    if not np.isfinite(tensor).all():
        raise ValueError("a tensor holds NaN or infinity")
    return tensor


def _damaged(file: str, why: str) -> str:
    return (
        f"{printable(file)} cannot be read as a model: {why.rstrip('.')}. Expected a .safetensors file saved by "
        f"foldline, unchanged. Copy or save it again."
    )
