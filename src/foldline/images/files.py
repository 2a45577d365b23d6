"""Image files without labels, brought to the shape that a model was trained on."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import UInt8

from foldline.core.checks import choice
from foldline.core.errors import DataError, MissingDataError
from foldline.images.assembly import assemble
from foldline.images.problems import Problem, refuse_skips
from foldline.images.readers.class_folders import why_not_an_image
from foldline.images.sources import EncodedImages, Entry, Fetch
from foldline.images.trees import FolderTree, file_reader


def load_files(
    paths: Sequence[str | os.PathLike[str]],
    *,
    image_shape: tuple[int, int, int],
    fit: Literal["crop", "pad"] = "crop",
    strict: bool = False,
) -> tuple[UInt8[np.ndarray, "n h w c"], tuple[str, ...], tuple[Problem, ...]]:
    """Read image files that need no labels.

    Args:
        paths: files, folders (with all below) and glob patterns ("new/*.jpg", "**" for any depth).
        image_shape: (H, W, C) that all are brought to; grey is repeated to RGB, RGB weighed to grey.
        fit: "crop" or "pad", as in `load_images`.
        strict: whether a file that cannot be used is an error instead of a listed "skipped" problem.
    Returns: (N, H, W, C) uint8; the path of each, each once; what was skipped or changed.
    Raises: MissingDataError if a path or pattern names nothing; DataError if no image is left.
    """
    choice(fit, ("crop", "pad"), name="fit")
    problems: list[Problem] = []
    files = list(dict.fromkeys(file for path in paths for file in _found(os.fspath(path), problems)))
    source = EncodedImages(
        entries=tuple(Entry(str(file), "", None) for file in files), contents=lambda: _contents(files)
    )
    assembled = assemble(source, image_shape[:2], fit=fit, n_channels=image_shape[2])
    problems += assembled.problems
    if strict:
        refuse_skips(problems)
    if not len(assembled.rows):
        first = f" The first, {problems[0].where}: {problems[0].what}." if problems else ""
        raise DataError(
            f"no image in {', '.join(os.fspath(path) for path in paths)} can be used; expected at least one.{first} "
            "Name files or folders of images."
        )
    return assembled.images, tuple(str(files[row]) for row in assembled.rows), tuple(problems)


def _found(path: str, problems: list[Problem]) -> Iterator[Path]:
    """Walk a folder, take a file, or match a pattern; what exists by its very name is never a pattern."""
    if Path(path).is_dir():
        tree = FolderTree(Path(path))
        problems += tree.problems
        yield from _images((Path(path) / name for name in tree.names), problems)
    elif Path(path).exists():
        yield from _images([Path(path)], problems)
    else:
        matches = sorted(glob.glob(path, recursive=True))
        if not matches:
            raise MissingDataError(
                f"{path} is not there; expected a file, a folder or a pattern that matches some. Check the path."
            )
        yield from _images((Path(match) for match in matches if Path(match).is_file()), problems)


def _images(files: Iterator[Path] | list[Path], problems: list[Problem]) -> Iterator[Path]:
    for file in files:
        reason = why_not_an_image(file.name)
        if reason is None:
            yield file
        else:
            problems.append(Problem(kind="skipped", where=str(file), what=reason))


def _contents(files: list[Path]) -> Iterator[tuple[int, Fetch]]:
    for row, file in enumerate(files):
        yield row, file_reader(file)
