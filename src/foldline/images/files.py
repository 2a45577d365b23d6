"""Image files without labels, brought to the shape that a model was trained on."""

import glob
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import get_args

import numpy as np
from jaxtyping import UInt8

from foldline.core.checks import choice, integer
from foldline.core.errors import DataError, MissingDataError, SettingError
from foldline.core.memory import check_memory
from foldline.core.text import printable
from foldline.images.assembly import assemble
from foldline.images.decoding import MIN_SIDE
from foldline.images.fitting import MAX_SIDE, Fit
from foldline.images.problems import Problem, refuse_skips
from foldline.images.readers.class_folders import why_not_an_image
from foldline.images.sources import EncodedImages, Entry, Fetch
from foldline.images.trees import FolderTree, file_reader, is_hidden, note_hidden


def load_files(
    paths: Sequence[str | os.PathLike[str]],
    *,
    image_shape: tuple[int, int, int],
    fit: Fit = "crop",
    strict: bool = False,
) -> tuple[UInt8[np.ndarray, "n h w c"], tuple[str, ...], tuple[Problem, ...]]:
    """Read image files that need no labels.

    Args:
        paths: files, folders (with all below) and glob patterns ("new/*.jpg", "**" for any depth; folders that match
            count with all below).
        image_shape: (H, W, C) that all are brought to; grey is repeated to RGB, RGB weighed to grey.
        fit: "crop" or "pad", as in `load_images`; "native" for "crop" where all should have that size already: each
            that has another is listed as "changed".
        strict: whether a file that cannot be used is an error instead of a listed "skipped" problem.
    Returns: (N, H, W, C) uint8; the path of each, each once; what was skipped or changed.
    Raises: MissingDataError if a path or pattern names nothing; DataError if no image is left; SettingError for one
        path that stands in no list, or a shape that images cannot have.
    """
    height, width, n_channels = _checked_shape(image_shape)
    choice(fit, get_args(Fit), name="fit")
    if isinstance(paths, str | bytes | os.PathLike):
        raise SettingError(f"paths is {paths!r}; expected a list of paths. Write [{paths!r}].")
    found: dict[str, Fetch | Problem] = {}
    for path in paths:
        found |= _found(os.fspath(path))
    fetches = {name: what for name, what in found.items() if not isinstance(what, Problem)}
    problems = [what for what in found.values() if isinstance(what, Problem)]
    check_memory(len(fetches) * height * width * n_channels, "holding the images", fix="Name fewer files at a time.")
    source = EncodedImages(
        entries=tuple(Entry(name, "", None) for name in fetches), contents=lambda: enumerate(fetches.values())
    )
    assembled = assemble(source, (height, width), fit=fit, n_channels=n_channels)
    problems += assembled.problems
    if strict:
        refuse_skips(problems)
    if not len(assembled.rows):
        first = f" The first, {problems[0].where}: {problems[0].what}." if problems else ""
        raise DataError(
            f"no image in {', '.join(printable(os.fspath(path)) for path in paths)} can be used; expected at least "
            f"one.{first} Name files or folders of images."
        )
    return assembled.images, tuple(source.entries[row].name for row in assembled.rows), tuple(problems)


def _checked_shape(image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
    if len(image_shape) != 3 or image_shape[2] not in (1, 3):
        raise SettingError(
            f"image_shape is {image_shape!r}; expected (height, width, 1) or (height, width, 3). Change image_shape."
        )
    height, width = (integer(side, name="image_shape", low=MIN_SIDE, high=MAX_SIDE) for side in image_shape[:2])
    return height, width, image_shape[2]


def _found(path: str) -> dict[str, Fetch | Problem]:
    """Walk a folder, take a file, or match a pattern; what exists by its very name is never a pattern."""
    if os.path.exists(path):
        return _found_at(Path(path))
    matches = sorted(glob.glob(path, recursive=True))
    if not matches:
        raise MissingDataError(
            f"{printable(path)} is not there, or not to be seen; expected a file, a folder or a pattern that matches "
            "some. Check the path."
        )
    found: dict[str, Fetch | Problem] = {}
    for match in matches:
        found |= _found_at(Path(match))
    return found


def _found_at(path: Path) -> dict[str, Fetch | Problem]:
    if not path.is_dir():
        name = printable(str(path))
        if is_hidden(path.name):
            return {name: note_hidden([name])[0]}
        return {name: _image_or_problem(name, file_reader(path))}
    tree, where = FolderTree(path), PurePath(printable(str(path)))
    found: dict[str, Fetch | Problem] = {}
    for problem in tree.problems:
        name = str(where / problem.where)
        found[name] = replace(problem, where=name)
    for name_below in tree.names:
        name = str(where / name_below)
        found[name] = _image_or_problem(name, tree.fetch(name_below))
    return found


def _image_or_problem(name: str, fetch: Fetch) -> Fetch | Problem:
    what = why_not_an_image(PurePath(name).name)
    return fetch if what is None else Problem(kind="skipped", where=name, what=what)
