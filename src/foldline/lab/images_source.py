"""Where the images of the lab come from: a built-in set, or what the command line names."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class ImageSource:
    """What `load_images` is asked for.

    Args:
        path: a folder, an archive, a file of images, or the name of a built-in set.
        size: pixels of a side, or (height, width); None as `load_images` takes it.
        fit: how images of other shapes come to that size.
    """

    path: str
    size: int | tuple[int, int] | None = None
    fit: Literal["crop", "pad"] = "crop"

    def to_json(self) -> dict[str, object]:
        """Give everything as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: Mapping[str, object]) -> "ImageSource":
        """Take what `to_json` gave."""
        size = found["size"]
        return cls(
            path=str(found["path"]),
            size=tuple(size) if isinstance(size, list) else size,  # type: ignore[arg-type]  # from to_json
            fit=found["fit"],  # type: ignore[arg-type]
        )


def holds_images(data: str | os.PathLike[str]) -> bool:
    """Tell whether DATA of the command line names images, and not a CSV file of points."""
    from foldline.images.archives import TAR_SUFFIXES, ZIP_SUFFIXES
    from foldline.images.readers.registry import NAMED

    data = os.fspath(data)
    files = (*TAR_SUFFIXES, *ZIP_SUFFIXES, ".npz", ".parquet")
    return data in NAMED or Path(data).is_dir() or data.lower().endswith(files)
