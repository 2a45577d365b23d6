"""Parquet tables in the layout of Hugging Face image data sets: a column of image bytes and one of labels."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from foldline.core.errors import DataError, FoldlineError, MissingExtraError
from foldline.core.text import printable, reason
from foldline.images.problems import Problem, UnreadableError
from foldline.images.readers.class_folders import PARTITIONS, why_not_an_image
from foldline.images.sources import EncodedImages, Entry, Fetch
from foldline.images.trees import Tree, folder_of

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

_LABEL_COLUMNS = ("label", "labels", "fine_label", "class")
_BATCH_ROWS = 64  # of Arrow's rows made Python's at a time


class _Table(NamedTuple):
    """One .parquet file, what its columns are called, and the number of its first row in the whole."""

    name: str
    image: str
    label: str
    class_names: tuple[str, ...] | None


def recognises(tree: Tree) -> bool:
    """Look for .parquet files; with two folders of images beside it, such a file only describes them."""
    folders = {folder_of(name) for name in tree.names if "/" in name and why_not_an_image(name) is None}
    return len(folders) < 2 and any(name.lower().endswith(".parquet") for name in tree.names)


def read(tree: Tree) -> EncodedImages:
    """Read the labels, and the images when asked for.

    Raises: MissingExtraError without pyarrow; DataError if a file is damaged or not laid out so.
    Convention: train, validation or test in a file's name or, failing that, its folders is its partition.
    Convention: the label column is "label", "labels", "fine_label" or "class", else the first of type ClassLabel.
    Source: Hugging Face's `datasets`: the features stand as JSON in the schema's metadata under "huggingface".
    """
    _require_pyarrow()
    files = sorted(name for name in tree.names if name.lower().endswith(".parquet"))
    tables = [_table(tree, name) for name in files]
    class_names = {table.class_names for table in tables}
    if len(class_names) > 1:
        raise DataError(
            f"{tree.where} has tables with different class names; expected one data set. Put each into its own folder."
        )
    problems = [
        Problem(kind="warning", where=name, what="not a .parquet file")
        for name in tree.names
        if name not in files and why_not_an_image(name) is not None
    ]
    entries: list[Entry] = []
    rows: dict[str, list[int | None]] = {}
    for table in tables:
        rows[table.name] = []
        for row, class_name in enumerate(_labels(tree, table)):
            where = f"{table.name.removesuffix('.parquet')}/{row}"
            if class_name is None:
                problems.append(Problem(kind="skipped", where=where, what="no label"))
            rows[table.name].append(None if class_name is None else len(entries))
            if class_name is not None:
                entries.append(Entry(where, class_name, _partition(table.name)))
    if not entries:
        raise DataError(
            f"{tree.where} has {sum(map(len, rows.values()))} rows and none with a label; expected labelled images. "
            "Fetch the training part, or fill the column of labels."
        )

    def contents() -> Iterator[tuple[int, Fetch]]:
        for table in tables:
            for row, value in zip(rows[table.name], _column(tree, table.name, table.image), strict=True):
                if row is not None:
                    yield row, _fetch(value)

    return EncodedImages(
        entries=tuple(entries), contents=contents, class_names=class_names.pop(), problems=tuple(problems)
    )


def _require_pyarrow() -> None:
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "pyarrow is not installed; expected for .parquet files. Install it with: pip install 'foldline[parquet]'"
        ) from error


@contextmanager
def _opened(tree: Tree, name: str) -> Iterator["ParquetFile"]:
    """Open a table; whatever fails while it is open is told as damage."""
    from pyarrow.parquet import ParquetFile

    try:
        with tree.open(name) as file:
            yield ParquetFile(file)
    except FoldlineError:
        raise
    except Exception as error:  # as in `decode`
        raise _damaged(tree, name, reason(error)) from error


def _damaged(tree: Tree, name: str, what: str) -> DataError:
    return DataError(
        f"{name} in {tree.where} cannot be used ({what}); expected a Parquet file with a column of images and one of "
        "labels. Fetch it again."
    )


def _table(tree: Tree, name: str) -> _Table:
    with _opened(tree, name) as file:
        schema = file.schema_arrow
        features = _features(schema.metadata or {})
        images = [column for column, kind in features.items() if kind.get("_type") == "Image"]
        images += [field.name for field in schema if field.name in ("image", "img")]
        labels = list(_LABEL_COLUMNS)
        labels += [column for column, kind in features.items() if kind.get("_type") == "ClassLabel"]
        images = [column for column in images if column in schema.names]
        labels = [column for column in labels if column in schema.names]
        if not images or not labels:
            columns = ", ".join(map(printable, schema.names))
            raise DataError(
                f"{name} in {tree.where} has columns {columns}; expected one of images (image, img) and one of labels "
                "(label). Rename them."
            )
        names = features.get(labels[0], {}).get("names")
        is_named = isinstance(names, list) and len(names) > 0 and all(isinstance(text, str) for text in names)
        return _Table(name, images[0], labels[0], tuple(names or ()) if is_named else None)


def _features(metadata: dict[bytes, bytes]) -> dict[str, dict[str, Any]]:
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        return {str(column): kind for column, kind in features.items() if isinstance(kind, dict)}
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}


def _labels(tree: Tree, table: _Table) -> Iterator[str | None]:
    for value in _column(tree, table.name, table.label):
        if value is None:
            yield None
        elif isinstance(value, str) and (table.class_names is None or value in table.class_names):
            yield value
        elif not isinstance(value, int) or isinstance(value, bool):
            raise _damaged(
                tree,
                table.name,
                f"{printable(table.label)} holds {value!r}, neither a whole number nor the name of a class",
            )
        elif table.class_names is None:
            yield str(value)
        elif value == -1:  # how unlabelled test rows are stored
            yield None
        elif not 0 <= value < len(table.class_names):
            raise DataError(
                f"{table.name} in {tree.where} has label {value}; expected 0 to {len(table.class_names) - 1} for its "
                f"{len(table.class_names)} class names. Fetch it again."
            )
        else:
            yield table.class_names[value]


def _column(tree: Tree, name: str, column: str) -> Iterator[object]:
    n_rows = 0
    with _opened(tree, name) as table:
        for batch in table.iter_batches(batch_size=_BATCH_ROWS, columns=[column]):
            n_rows += batch.num_rows
            yield from batch.column(0).to_pylist()
        if n_rows != table.metadata.num_rows:
            raise _damaged(tree, name, f"{printable(column)} has {n_rows} of {table.metadata.num_rows} rows")


def _fetch(value: object) -> Fetch:
    data = value.get("bytes") if isinstance(value, dict) else value

    def read() -> bytes:
        if not isinstance(data, bytes):
            raise UnreadableError("the table holds no bytes for this image")
        return data

    return read


def _partition(name: str) -> str | None:
    for part in reversed(name.lower().split("/")):
        for word in re.split(r"[_.-]", part):
            if word in PARTITIONS:
                return PARTITIONS[word]
    return None
