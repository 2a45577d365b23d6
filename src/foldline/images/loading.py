"""`load_images`: from whatever holds a user's images to one `ImageSet`."""

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from foldline.core.checks import choice, integer
from foldline.core.errors import DataError, MissingDataError, SettingError
from foldline.core.memory import check_memory
from foldline.images.archives import open_tree
from foldline.images.assembly import Assembled, assemble, common_size
from foldline.images.fitting import fit_to
from foldline.images.image_set import Fit, ImageSet
from foldline.images.problems import Problem, refuse_skips
from foldline.images.readers.registry import NAMED, READERS
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
    fit: Literal["crop", "pad"] = "crop",
    strict: bool = False,
) -> ImageSet:
    """Read labelled images and bring them to one size.

    Args:
        source: a folder with a folder for each class, with or without train, val and test above; the same in a .tar,
            .tar.gz or .zip; a folder or archive of CIFAR-10/100 (binary or Python batches) or IDX files (MNIST); an .npz
            or .parquet file; or a built-in name: "digits" or "fashion-mini".
        size: pixels of a side, or (height, width). None keeps the images' own size if all agree on one of at most
            320x240 pixels, else 64.
        fit: "crop" scales the short side and cuts the centre out; "pad" scales the long side and fills up with black.
        strict: whether a file that cannot be used is an error instead of a listed "skipped" problem.
    Returns: the images; `problems` lists everything that was skipped or changed. Files are never touched.
    Raises: MissingDataError if there is no such source; DataError, ShapeError or DtypeError if it cannot be used;
        SettingError for a wrong size.
    Convention: grey images among coloured ones are repeated to three channels; all grey stay one channel.
    Example:
        >>> load_images("digits").images.shape
        (1797, 8, 8, 1)
    """
    sides = _sides(size)
    choice(fit, ("crop", "pad"), name="fit")
    name = os.fspath(source)
    if name in NAMED:
        images = _from_pixels(NAMED[name](), name, sides, fit)
        images = replace(images, problems=_namesake(name) + images.problems)
    else:
        tree = _opened(name)
        try:
            images = _from_any(_read(tree), name, sides, fit)
        finally:
            tree.close()
    if strict:
        refuse_skips(images.problems)
    n_classes = len(np.unique(images.labels))
    if n_classes < 2:
        raise DataError(
            f"{name} holds images of {n_classes} class; expected at least 2 classes. Add a folder with images of another "
            "class."
        )
    return images


def _sides(size: Size) -> tuple[int, int] | None:
    if size is None:
        return None
    sides = size if isinstance(size, tuple) else (size, size)
    if len(sides) != 2:
        raise SettingError(f"size is {size!r}; expected a whole number or (height, width). Change size.")
    return integer(sides[0], name="size", low=2), integer(sides[1], name="size", low=2)


def _namesake(name: str) -> tuple[Problem, ...]:
    if not Path(name).exists():
        return ()
    what = f"the built-in set of this name was read, not what lies here; say ./{name} for that"
    return (Problem(kind="warning", where=name, what=what),)


def _opened(name: str) -> Tree:
    path = Path(name)
    if not path.exists():
        raise MissingDataError(
            f"{name} is not there; expected a folder, an archive, a file of images, or one of {', '.join(NAMED)}. Check "
            "the path."
        )
    return open_tree(path)


def _read(tree: Tree) -> Source:
    for reader in READERS.values():
        if reader.recognises(tree):
            return reader.read(tree)
    raise DataError(
        f"{tree.where} is of no kind that foldline reads; expected one of: {'; '.join(READERS)}. Name the folder or "
        "archive that holds the images."
    )


def _from_any(source: Source, name: str, size: tuple[int, int] | None, fit: Literal["crop", "pad"]) -> ImageSet:
    if isinstance(source, PixelArrays):
        return _from_pixels(source, name, size, fit)
    return _from_files(source, name, size, fit)


def _from_pixels(source: PixelArrays, name: str, size: tuple[int, int] | None, fit: Literal["crop", "pad"]) -> ImageSet:
    is_native = size is None or size == source.images.shape[1:3]
    images = source.images if is_native else np.stack([fit_to(image, size, fit=fit) for image in source.images])
    return ImageSet(
        images=images,
        labels=source.labels.astype(np.int32),
        class_names=source.class_names,
        names=_row_names(source),
        partition=source.partition,
        problems=source.problems,
        source=name,
        fit="native" if is_native else fit,
    )


def _row_names(source: PixelArrays) -> tuple[str, ...]:
    """Number the rows within their split, as the source's own files do."""
    seen: Counter[str] = Counter()
    names = []
    for part in source.partition or ("images",) * len(source.labels):
        names.append(f"{part}/{seen[part]}")
        seen[part] += 1
    return tuple(names)


def _from_files(
    source: EncodedImages, name: str, size: tuple[int, int] | None, fit: Literal["crop", "pad"]
) -> ImageSet:
    agreed = common_size(source) if size is None else None
    is_native = agreed is not None and agreed[0] * agreed[1] <= LARGEST_NATIVE_PIXELS
    target = (agreed if is_native else size) or DEFAULT_SIZE
    n_bytes = 3 * target[0] * target[1] * len(source.entries)
    check_memory(n_bytes, f"{name} at {target[0]}x{target[1]} pixels", fix="Choose a smaller size.")
    assembled = assemble(source, target, fit="native" if is_native else fit)
    if not len(assembled.rows):
        first = assembled.problems[0]
        raise DataError(
            f"none of the {len(source.entries)} images in {name} can be used; expected at least one. The first, "
            f"{first.where}: {first.what}. Mend or replace the files."
        )
    images = _labelled(source, assembled, name, fit="native" if is_native else fit)
    if agreed is not None and not is_native:
        what = (
            f"all images have {agreed[0]}x{agreed[1]} pixels and were scaled to {target[0]}x{target[1]}; choose a size to "
            "keep more"
        )
        images = replace(images, problems=(*images.problems, Problem(kind="warning", where=name, what=what)))
    return images


def _labelled(source: EncodedImages, assembled: Assembled, name: str, *, fit: Fit) -> ImageSet:
    entries = [source.entries[row] for row in assembled.rows]
    class_names, problems = source.class_names, source.problems + assembled.problems
    if class_names is None:
        known, used = (sorted({entry.class_name for entry in among}) for among in (source.entries, entries))
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
        class_names=class_names,
        names=tuple(entry.name for entry in entries),
        partition=partition if any(entry.partition for entry in entries) else None,
        problems=problems,
        source=name,
        fit=fit,
    )
