"""`load_images`: from whatever holds a user's images to one `ImageSet`."""

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
from jaxtyping import UInt8

from foldline.core.checks import choice, integer
from foldline.core.errors import DataError, MissingDataError, SettingError
from foldline.core.memory import check_memory
from foldline.core.text import printable
from foldline.images.archives import open_tree
from foldline.images.assembly import Assembled, assemble, common_size
from foldline.images.decoding import MIN_SIDE
from foldline.images.fitting import MAX_SIDE, CropOrPad, Fit, fit_to
from foldline.images.image_set import ImageSet
from foldline.images.problems import Problem, refuse_skips
from foldline.images.readers.class_folders import why_not_an_image
from foldline.images.readers.registry import CLASS_FOLDERS, NAMED, READERS, Reader
from foldline.images.sources import EncodedImages, PixelArrays, Source
from foldline.images.trees import Tree

DEFAULT_SIZE = (64, 64)

# The lecture's picture, 320x240. Larger ones that happen to agree (photographs of one camera) come to DEFAULT_SIZE, or
# their raw pixels alone would fill the memory.
LARGEST_NATIVE_PIXELS = 320 * 240

Size = int | tuple[int, int] | None


def load_images(
    source: str | os.PathLike[str],
    *,
    size: Size = None,
    fit: CropOrPad = "crop",
    strict: bool = False,
) -> ImageSet:
    """Read labelled images and bring them to one size.

    Args:
        source: a folder with a folder for each class, with or without train, val and test above; the same in a .tar,
            .tar.gz or .zip; a folder or archive of CIFAR-10/100 (binary or Python batches), of IDX files (MNIST) or
            of .parquet files; an .npz or .parquet file; or, as text, a built-in name: "digits" or "fashion-mini".
        size: pixels of a side, or (height, width). None keeps the images' own size if all agree on one of at most
            76,800 pixels (as 320x240 has), else 64.
        fit: "crop" scales the short side and cuts the centre out; "pad" scales the long side and fills up with black.
        strict: whether a file that cannot be used is an error instead of a listed "skipped" problem.
    Returns: the images; `problems` lists everything that was skipped or changed. Files are never touched.
    Raises: MissingDataError if there is no such source; DataError, ShapeError or DtypeError if it cannot be used;
        MissingExtraError for Parquet without pyarrow; SettingError for a wrong size or fit.
    Convention: grey images among coloured ones are repeated to three channels; all grey stay one channel.
    Convention: where the source gives no order, classes stand in the order of their names; numbers by their value.
    Example:
        >>> load_images("digits").images.shape
        (1797, 8, 8, 1)
    """
    sides = _sides(size)
    choice(fit, get_args(CropOrPad), name="fit")
    name = os.fspath(source)
    if isinstance(source, str) and name in NAMED:
        images = _from_pixels(NAMED[name](), name, sides, fit)
        images = replace(images, problems=_namesake(name) + images.problems)
    else:
        tree = _opened(name)
        try:
            reader = _reader_of(tree)
            images = _from_any(reader.read(tree), printable(name), sides, fit)
            images = replace(images, problems=tree.problems + _not_looked_at(tree, reader) + images.problems)
        finally:
            tree.close()
    if strict:
        refuse_skips(images.problems)
    n_classes = len(np.unique(images.labels))
    if n_classes < 2:
        raise DataError(
            f"{images.source} holds images of {n_classes} class; expected at least 2 classes. Add images of another "
            "class."
        )
    return replace(images, problems=images.problems + _never_trained(images))


def _sides(size: Size) -> tuple[int, int] | None:
    if size is None:
        return None
    sides = size if isinstance(size, tuple) else (size, size)
    if len(sides) != 2:
        raise SettingError(f"size is {size!r}; expected a whole number or (height, width). Change size.")
    height, width = (integer(side, name="size", low=MIN_SIDE, high=MAX_SIDE) for side in sides)
    return height, width


def _namesake(name: str) -> tuple[Problem, ...]:
    if not os.path.exists(name):
        return ()
    what = f"the built-in set of this name was read, not what lies here; say ./{name} for that"
    return (Problem(kind="warning", where=name, what=what),)


def _opened(name: str) -> Tree:
    if not os.path.exists(name):  # pathlib's own test fails for names that are too long, or in a locked folder
        raise MissingDataError(
            f"{printable(name)} is not there, or not to be seen; expected a folder, an archive, a file of images, or "
            f"one of {', '.join(NAMED)}. Check the path."
        )
    return open_tree(Path(name))


def _reader_of(tree: Tree) -> Reader:
    kinds = [kind for kind, reader in READERS.items() if reader.recognises(tree)]
    if not kinds:
        raise DataError(
            f"{tree.where} is of no kind that foldline reads; expected one of: {'; '.join(READERS)}. Name the folder "
            "or archive that holds the images."
        )
    specific = [kind for kind in kinds if kind != CLASS_FOLDERS]
    if len(specific) > 1:
        raise DataError(
            f"{tree.where} holds {' and '.join(specific)}; expected one kind. Name the folder of one, or put it into "
            "a folder of its own."
        )
    return READERS[kinds[0]]


def _not_looked_at(tree: Tree, reader: Reader) -> tuple[Problem, ...]:
    n_images = sum(why_not_an_image(name) is None for name in tree.names)
    if reader is READERS[CLASS_FOLDERS] or not n_images:
        return ()
    what = f"image files were not looked at beside what was read ({n_images} in all)"
    return (Problem(kind="warning", where=tree.where, what=what),)


def _never_trained(images: ImageSet) -> tuple[Problem, ...]:
    if images.partition is None or not images.has_own_split:
        return ()
    held_out = np.asarray(images.partition) == ("test" if "test" in images.partition else "val")
    only_there = np.setdiff1d(images.labels[held_out], images.labels[~held_out])
    what = "all its images are held out for testing: no model can learn it from this split"
    return tuple(Problem(kind="warning", where=images.class_names[label], what=what) for label in only_there)


def _from_any(source: Source, name: str, size: tuple[int, int] | None, fit: CropOrPad) -> ImageSet:
    if isinstance(source, PixelArrays):
        return _from_pixels(source, name, size, fit)
    return _from_files(source, name, size, fit)


def _from_pixels(source: PixelArrays, name: str, size: tuple[int, int] | None, fit: CropOrPad) -> ImageSet:
    _, height, width, _ = source.images.shape
    target, too_large = _target((height, width), size, name)
    is_native = target == (height, width)
    return ImageSet(
        images=source.images if is_native else _scaled(source.images, target, name, fit),
        labels=source.labels.astype(np.int32),
        class_names=tuple(map(printable, source.class_names)),
        names=_row_names(source),
        partition=source.partition,
        problems=source.problems + too_large,
        source=name,
        fit="native" if is_native else fit,
    )


def _target(
    agreed: tuple[int, int] | None, size: tuple[int, int] | None, name: str
) -> tuple[tuple[int, int], tuple[Problem, ...]]:
    """Choose the size that all images come to, and tell of one that they agreed on and cannot keep."""
    if size is not None or agreed is None:
        return size or DEFAULT_SIZE, ()
    if agreed[0] * agreed[1] <= LARGEST_NATIVE_PIXELS:
        return agreed, ()
    what = "all images have {}x{} pixels and were scaled to {}x{}; choose a size to keep more"
    return DEFAULT_SIZE, (Problem(kind="warning", where=name, what=what.format(*agreed, *DEFAULT_SIZE)),)


def _scaled(
    images: UInt8[np.ndarray, "n _ _ c"], size: tuple[int, int], name: str, fit: CropOrPad
) -> UInt8[np.ndarray, "n h2 w2 c"]:
    n, _, _, n_channels = images.shape
    _check_size(size, n, n_channels, name)
    scaled = np.empty((n, *size, n_channels), np.uint8)
    for row, image in enumerate(images):
        scaled[row] = fit_to(image, size, fit=fit)
    return scaled


def _row_names(source: PixelArrays) -> tuple[str, ...]:
    """Number the rows within their split, as the source's own files do."""
    seen: Counter[str] = Counter()
    names = []
    for part in source.partition or ("images",) * len(source.labels):
        names.append(f"{part}/{seen[part]}")
        seen[part] += 1
    return tuple(names)


def _from_files(source: EncodedImages, name: str, size: tuple[int, int] | None, fit: CropOrPad) -> ImageSet:
    agreed = common_size(source) if size is None else None
    target, too_large = _target(agreed, size, name)
    is_native = target == agreed
    _check_size(target, len(source.entries), 3, name)
    assembled = assemble(source, target, fit="native" if is_native else fit)
    if not len(assembled.rows):
        first = assembled.problems[0]
        raise DataError(
            f"none of the {len(source.entries)} images in {name} can be used; expected at least one. The first, "
            f"{first.where}: {first.what}. Mend or replace the files."
        )
    images = _labelled(source, assembled, name, fit="native" if is_native else fit)
    return replace(images, problems=images.problems + too_large)


def _check_size(size: tuple[int, int], n_images: int, n_channels: int, name: str) -> None:
    n_bytes = n_images * size[0] * size[1] * n_channels
    check_memory(n_bytes, f"{name} at {size[0]}x{size[1]} pixels", fix="Choose a smaller size.")


def _labelled(source: EncodedImages, assembled: Assembled, name: str, *, fit: Fit) -> ImageSet:
    entries = [source.entries[row] for row in assembled.rows]
    class_names, problems = source.class_names, source.problems + assembled.problems
    if class_names is None:
        known, used = (_in_order({entry.class_name for entry in among}) for among in (source.entries, entries))
        lost = (known_name for known_name in known if known_name not in used)
        problems += tuple(
            Problem(kind="warning", where=lost_name, what="none of its images can be used: the class is left out")
            for lost_name in lost
        )
        class_names = tuple(used)
    label_of = {class_name: label for label, class_name in enumerate(class_names)}
    partition = tuple(entry.partition or "train" for entry in entries)
    return ImageSet(
        images=assembled.images,
        labels=np.array([label_of[entry.class_name] for entry in entries], np.int32),
        class_names=tuple(map(printable, class_names)),
        names=tuple(entry.name for entry in entries),
        partition=partition if any(entry.partition for entry in entries) else None,
        problems=problems,
        source=name,
        fit=fit,
    )


def _in_order(class_names: set[str]) -> list[str]:
    """Sort names as text, or by their values if all are whole numbers: "2" before "10"."""
    are_numbers = all(name.isdecimal() for name in class_names)
    return sorted(class_names, key=lambda name: (int(name) if are_numbers else 0, name))
