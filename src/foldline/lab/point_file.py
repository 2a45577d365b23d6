"""A user's file of points."""

from pathlib import Path

from foldline.core.errors import DataError, MissingDataError
from foldline.core.text import printable, reason
from foldline.lab.points import PointTable, read_points


def read_point_file(path: Path) -> PointTable:
    """Read a CSV file of columns of numbers and one of classes, the last.

    Raises: DataError as `read_points`, and for a file that cannot be read; MissingDataError if there is none.
    """
    shown = printable(path.name)
    try:
        text = path.read_text(encoding="utf-8-sig") if path.is_file() else None
    except UnicodeDecodeError as error:
        raise DataError(f"{shown} is no UTF-8; expected a CSV file. Save it as CSV in UTF-8.") from error
    except OSError as error:
        raise DataError(
            f"{shown} cannot be read ({reason(error)}); expected a CSV file. Change who may read it, or give another."
        ) from error
    if text is None:
        raise MissingDataError(
            f"{shown} is no file; expected a CSV file of numbers and a class, or a folder or archive of images. Check "
            f"the name."
        )
    return read_points(text, name=shown)
