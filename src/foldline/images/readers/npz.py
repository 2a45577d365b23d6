"""NumPy's .npz files of images and labels, never unpickled."""

import warnings
from dataclasses import replace
from zipfile import ZipFile

import numpy as np
from jaxtyping import Integer, UInt8

from foldline.core.checks import axes
from foldline.core.errors import DataError, DtypeError, FoldlineError, ShapeError
from foldline.core.memory import check_memory
from foldline.core.parallel import row_chunks
from foldline.core.text import printable, reason
from foldline.images.decoding import MIN_SIDE
from foldline.images.problems import Problem
from foldline.images.sources import PixelArrays, join_partitions
from foldline.images.trees import Tree

_IMAGE_KEYS = ("images", "image", "x", "X", "data")
_LABEL_KEYS = ("labels", "label", "y", "targets")
_LAYOUT = (
    "expected images and labels, or train_images, train_labels, test_images, test_labels (x and y will do; val too)"
)

MAX_LABEL = np.iinfo(np.int32).max

_CHUNK = 1 << 18  # numbers that are floats and bytes at the same time

Arrays = dict[str, np.ndarray]


def recognises(tree: Tree) -> bool:
    """Look for one .npz file alone."""
    return len(tree.names) == 1 and tree.names[0].lower().endswith(".npz")


def read(tree: Tree) -> PixelArrays:
    """Read the arrays of the file.

    Raises: DataError, ShapeError or DtypeError if keys are missing, arrays are of the wrong kind, or hold NaN.
    Convention: float images must be in [0, 1]; they become round(255 x).
    Convention: labels may be numbers (named by `class_names`, or by themselves) or texts (their own names).
    Convention: the images of one part alone, all training or all testing, have no split of their own.
    """
    where = tree.where
    arrays = _load(tree)
    parts = _parts(arrays, where)
    read_keys = {"class_names"}.union(*parts.values())
    problems = [
        Problem(kind="warning", where=printable(key), what="an array not read")
        for key in arrays
        if key not in read_keys
    ]
    images = {part: _pixels(arrays[key], f"{key} in {where}", problems) for part, (key, _) in parts.items()}
    labels = {part: _label_values(arrays[key], f"{key} in {where}") for part, (_, key) in parts.items()}
    for part, (image_key, label_key) in parts.items():
        if len(images[part]) != len(labels[part]) or not len(labels[part]):
            raise ShapeError(
                f"{where} has {len(images[part])} {image_key} and {len(labels[part])} {label_key}; expected equal "
                "numbers, more than none. Save both anew."
            )
    sizes = {pixels.shape[1:] for pixels in images.values()}
    if len(sizes) > 1:
        raise ShapeError(f"{where} has images of shapes {sorted(sizes)}; expected one shape. Save them at one size.")
    indices, names = _indexed(labels, arrays.get("class_names"), where)
    joined = join_partitions({part: (images[part], indices[part]) for part in parts}, names, problems=tuple(problems))
    return joined if len(parts) > 1 else replace(joined, partition=None)


def _load(tree: Tree) -> Arrays:
    try:
        with tree.open(tree.names[0]) as stored, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy's opinion of old or damaged headers
            file = np.load(stored, allow_pickle=False)
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise DataError(f"{tree.where} holds a single array; {_LAYOUT}. Save with numpy.savez.")
            n_bytes = sum(member.file_size for member in ZipFile(stored).infolist())
            check_memory(n_bytes, tree.where, fix="Save fewer images.")
            return {key: _whole(file[key]) for key in file.files}
    except FoldlineError:
        raise
    except Exception as error:  # zipfile, zlib and NumPy's header parser each have their own
        raise DataError(
            f"{tree.where} cannot be read ({reason(error)}); expected an .npz file of plain arrays. Save it with "
            "numpy.savez, without object arrays."
        ) from error


def _whole(array: object) -> np.ndarray:
    if not isinstance(array, np.ndarray):
        raise ValueError("a file inside is no array")  # NumPy gives the bytes of whatever else a zip holds
    if array.dtype.kind == "U":
        "".join(array.flat).encode("utf-8")  # fails for numbers that are no characters
    return array


def _parts(arrays: Arrays, where: str) -> dict[str, tuple[str, str]]:
    """Find the keys of images and labels of each partition; without partitions all are "train"."""
    parts = {}
    for part in ("train", "val", "test"):
        image_keys = [key for name in _IMAGE_KEYS for key in (f"{part}_{name}", f"{name}_{part}") if key in arrays]
        label_keys = [key for name in _LABEL_KEYS for key in (f"{part}_{name}", f"{name}_{part}") if key in arrays]
        if image_keys and label_keys:
            parts[part] = (image_keys[0], label_keys[0])
    if not parts:
        plain = [key for key in _IMAGE_KEYS if key in arrays], [key for key in _LABEL_KEYS if key in arrays]
        if not all(plain):
            listed = ", ".join(map(printable, arrays)) or "none"
            raise DataError(f"{where} has arrays {listed}; {_LAYOUT}. Rename them.")
        parts["train"] = (plain[0][0], plain[1][0])
    return parts


def _pixels(array: np.ndarray, name: str, problems: list[Problem]) -> UInt8[np.ndarray, "n h w c"]:
    fix = "Save it as (n, h, w), (n, h, w, 1) or (n, h, w, 3) uint8."
    images = array[..., None] if array.ndim == 3 else array
    _, h, w, c = axes(images, "n h w c", name=name, fix=fix)
    if c not in (1, 3) or min(h, w) < MIN_SIDE:
        raise ShapeError(f"{name} has shape {array.shape}; expected 1 or 3 channels and sides of at least 2. {fix}")
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind != "f":
        raise DtypeError(f"{name} has dtype {array.dtype}; expected uint8, or floats in [0, 1]. {fix}")
    lowest, highest = (images.min(), images.max()) if images.size else (0, 1)
    if not np.isfinite([lowest, highest]).all():
        raise DataError(f"{name} holds NaN or infinity; expected uint8, or floats in [0, 1]. {fix}")
    if lowest < 0 or highest > 1:
        raise DataError(f"{name} is from {lowest:g} to {highest:g}; expected uint8, or floats in [0, 1]. {fix}")
    problems.append(Problem(kind="changed", where=name, what="floats in [0, 1] became whole numbers from 0 to 255"))
    pixels = np.empty(images.shape, np.uint8)
    for rows in row_chunks(len(images), most=max(1, _CHUNK // (h * w * c))):
        pixels[rows] = np.rint(images[rows] * 255)
    return pixels


def _label_values(array: np.ndarray, name: str) -> np.ndarray:
    labels = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    axes(labels, "n", name=name, fix="Save one label for each image.")
    if labels.dtype.kind not in "iuU":
        raise DtypeError(f"{name} has dtype {array.dtype}; expected whole numbers or texts. Convert the labels.")
    if labels.dtype.kind == "U" or not labels.size:
        return labels
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0 or highest > MAX_LABEL:
        strange = lowest if lowest < 0 else highest
        raise DataError(f"{name} holds {strange}; expected 0 to {MAX_LABEL}. Correct the labels.")
    return labels.astype(np.int32)


def _indexed(
    labels: Arrays, class_names: np.ndarray | None, where: str
) -> tuple[dict[str, Integer[np.ndarray, " _"]], tuple[str, ...]]:
    """Give labels as 0 ... K-1 and the names of the K classes."""
    kinds = {values.dtype.kind == "U" for values in labels.values()}
    if len(kinds) > 1:
        raise DtypeError(f"{where} has labels that are texts and labels that are numbers; expected one kind. Convert.")
    if class_names is None or kinds == {True}:
        used = np.unique(np.concatenate(list(labels.values())))
        return {part: np.searchsorted(used, values) for part, values in labels.items()}, tuple(map(str, used.tolist()))
    if class_names.ndim != 1 or class_names.dtype.kind != "U":
        raise DtypeError(
            f"class_names in {where} is {class_names.dtype} of shape {class_names.shape}; expected a list of texts. "
            "Save them as an array of str."
        )
    for values in labels.values():
        if values.max() >= len(class_names):
            raise DataError(
                f"{where} has label {values.max()}; expected 0 to {len(class_names) - 1} for its {len(class_names)} "
                "class names. Correct the label or name its class."
            )
    return dict(labels), tuple(class_names.tolist())
