"""`ImageSet`: labelled images of one size, ready for features and classifiers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
from jaxtyping import Int, Int32, UInt8

from foldline.core.checks import axes
from foldline.core.errors import DataError, DtypeError, ShapeError
from foldline.images.fitting import Fit
from foldline.images.problems import Problem
from foldline.images.splits import PARTS, is_split, split_rows


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageSet:
    """Labelled images of one size.

    Args:
        images: (N, H, W, C) uint8, C is 1 (grey) or 3 (RGB), origin top left.
        labels: (N,) int32 in 0 ... K-1.
        class_names: K names, one for each label.
        names: the file of each image, or "split/row" where the source has no files.
        partition: "train", "val" or "test" for each image, or None when the source does not mark them.
        problems: what was skipped or changed on the way.
        source: where the images come from, as the user said it.
        fit: how images came to one size: "native" (untouched), "crop" (short side scaled, centre cropped) or "pad"
            (long side scaled, black borders).
    Raises: ShapeError, DtypeError or DataError when these do not belong together.
    """

    images: UInt8[np.ndarray, "n h w c"]
    labels: Int32[np.ndarray, " n"]
    class_names: tuple[str, ...]
    names: tuple[str, ...]
    partition: tuple[str, ...] | None = None
    problems: tuple[Problem, ...] = ()
    source: str = "arrays"
    fit: Fit = "native"

    def __post_init__(self) -> None:
        fix = "Give images as (n, h, w, 1) or (n, h, w, 3) uint8."
        n, _, _, c = axes(self.images, "n h w c", name="images", fix=fix)
        if c not in (1, 3):
            raise ShapeError(f"images has {c} channels; expected 1 or 3. {fix}")
        if self.images.dtype != np.uint8:
            raise DtypeError(f"images has dtype {self.images.dtype}; expected uint8. {fix}")
        axes(self.labels, str(n), name="labels", fix="Give one label for each image.")
        if self.labels.dtype != np.int32:
            raise DtypeError(f"labels has dtype {self.labels.dtype}; expected int32. Use labels.astype(np.int32).")
        k = len(self.class_names)
        twice = [name for name, count in Counter(self.class_names).items() if count > 1]
        if twice:
            raise DataError(f"class_names holds {twice[0]!r} twice; expected {k} different names. Rename or join them.")
        outside = self.labels[(self.labels < 0) | (self.labels >= k)]
        if outside.size:
            raise DataError(
                f"labels holds {outside[0]}; expected 0 to {k - 1} for {k} class names. Correct the label or name its "
                "class."
            )
        for name, given in (("names", self.names), ("partition", self.partition)):
            if given is not None and len(given) != n:
                raise ShapeError(
                    f"{name} has {len(given)} entries; expected {n}, one for each image. Give all of them."
                )
        unknown = set(self.partition or ()).difference(PARTS)
        if unknown:
            raise DataError(
                f"partition holds {min(unknown)!r}; expected 'train', 'val' or 'test' for each image. Rename the mark."
            )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def has_own_split(self) -> bool:
        """Whether the source itself says which images train and which test."""
        return is_split(self.partition)

    def subset(self, rows: Int[np.ndarray, " m"] | Sequence[int]) -> "ImageSet":
        """Give the images of these rows, in their order; problems, source and fit stay.

        Raises: DtypeError for anything but whole numbers: a mask of True and False would be taken for rows 1 and 0.
        """
        given = np.asarray(rows)
        if given.dtype.kind not in "iu" and given.size:
            raise DtypeError(
                f"rows has dtype {given.dtype}; expected whole numbers. Turn a mask into rows with "
                "np.flatnonzero(mask)."
            )
        rows = given.astype(np.intp)
        return replace(
            self,
            images=self.images[rows],
            labels=self.labels[rows],
            names=tuple(self.names[row] for row in rows),
            partition=None if self.partition is None else tuple(self.partition[row] for row in rows),
        )

    @overload
    def split(self, test: float | None = None, val: None = None, *, seed: int = 0) -> tuple["ImageSet", "ImageSet"]: ...

    @overload
    def split(
        self, test: float | None = None, *, val: float, seed: int = 0
    ) -> tuple["ImageSet", "ImageSet", "ImageSet"]: ...

    def split(self, test: float | None = None, val: float | None = None, *, seed: int = 0) -> tuple["ImageSet", ...]:
        """Part the images into (train, test), or with `val` into (train, val, test).

        Args:
            test: fraction of the images for testing, in (0, 1). None: the source's own split where it has one, else
                0.2.
            val: fraction of the remaining training images for validation, in (0, 1). None: no validation set.
            seed: which images are drawn; the same seed draws the same images.
        Returns: the parts, each in the order of the source.
        Raises: SettingError for a fraction outside (0, 1); DataError if a class has too few images to be in each part.
        Convention: draws are stratified: every class is parted in the same proportion, rounded to whole images (half
            up), and is in every part.
        Convention: in the source's own split, images marked "val" are the validation set when one is asked for, else
            they train; if nothing is marked "test", "val" is the test set.
        Example:
            >>> from foldline.images import load_images
            >>> train, test = load_images("digits").split(test=0.2, seed=0)
            >>> len(train), len(test)
            (1438, 359)
        """
        parts = split_rows(self.labels, self.class_names, partition=self.partition, test=test, val=val, seed=seed)
        return tuple(self.subset(rows) for rows in parts)
