"""What the lab shows of a run, read out of the summary that a command wrote: checked, and the same for all commands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foldline.core.checks import integer, number
from foldline.core.errors import DataError, FoldlineError
from foldline.core.text import printable, reason

LONGEST_TEXT = 4000  # characters of one text
MOST_ROWS = 1000
MOST_FACTS = 100  # about where a run was made
MOST_COUNTED = 2**53  # whole numbers that a browser holds

Content = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One line of a run's table; None for what its command does not measure.

    Args:
        recipe, title: the key, and what a reader calls it.
        images: training images.
        accuracy, std: share of test images that are right, mean over seeds and standard deviation between them.
        low, high: 95 % interval for the choice of test images.
        time_s: seconds from pixels to a trained model.
        predict_us: microseconds an image.
        model_bytes: size of the saved model.
    """

    recipe: str
    title: str
    images: int
    accuracy: float
    std: float
    low: float | None = None
    high: float | None = None
    time_s: float
    predict_us: float | None = None
    model_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Digest:
    """A run in short.

    Args:
        source: the data, as they were named.
        verdict: what was found, in sentences.
        ship: the recipe that the verdict says to ship; None if there is none.
        n_test: test images; None where it is not told.
        seeds: trainings of each recipe; None where it is not told.
        done, planned: how far it is; None for what is written at its end alone.
        environment: date, machine and versions.
        failures: what could not be trained, and why.
        rows: empty where the picture says all.
    """

    source: str
    verdict: str
    ship: str | None = None
    n_test: int | None = None
    seeds: int | None = None
    done: int | None = None
    planned: int | None = None
    environment: dict[str, str]
    failures: tuple[str, ...] = ()
    rows: tuple[RunRow, ...] = ()


def digest(data: bytes, *, name: str) -> Digest:
    """Read a summary, whichever command wrote it.

    Args:
        data: the file.
        name: of the file, one of READERS.
    Raises: DataError if it is damaged.
    """
    try:
        content = json.loads(data, parse_constant=_refuse)
        return READERS[name](_object(content, name="the file"))
    except (ValueError, RecursionError, KeyError, FoldlineError) as error:
        told = f"it has no {error}" if isinstance(error, KeyError) else reason(error).partition(";")[0]
        raise DataError(f"{name} is damaged: {told}. Expected what foldline writes. Run the command again.") from error


def _compared(content: Content) -> Digest:
    data, verdict = _object(content["data"], name="data"), _object(content["verdict"], name="verdict")
    images = sum(_count(n, name="a number of images") for n in _list(data["n_train"], name="n_train"))
    return Digest(
        **_common({**content, "source": data["source"], "verdict": verdict["text"]}),
        ship=None if verdict["ship"] is None else _text(verdict["ship"], name="ship"),
        n_test=sum(_count(n, name="a number of images") for n in _list(data["n_test"], name="n_test")),
        seeds=_count(content["seeds"], name="seeds"),
        failures=tuple(
            f"{_text(one['recipe'], name='recipe')}: {_text(one['reason'], name='reason')}"
            for one in (_object(one, name="a failure") for one in _list(content["failures"], name="failures"))
        ),
        rows=tuple(_compared_row(_object(row, name="a row"), images) for row in _list(content["rows"], name="rows")),
    )


def _compared_row(row: Content, images: int) -> RunRow:
    accuracy = _object(row["test_accuracy"], name="test_accuracy")
    mean, low, high = (number(accuracy[key], name=key, low=0, high=1) for key in ("mean", "low", "high"))
    extract_s, train_s = (number(row[key], name=key, low=0) for key in ("extract_s", "train_s"))
    return RunRow(
        recipe=_text(row["recipe"], name="recipe"),
        title=_text(row["title"], name="title"),
        images=images,
        accuracy=mean,
        std=number(accuracy["std"], name="std", low=0),
        low=low,
        high=high,
        time_s=extract_s + train_s,
        predict_us=number(row["predict_us"], name="predict_us", low=0),
        model_bytes=_count(row["model_bytes"], name="model_bytes"),
    )


def _learned(content: Content) -> Digest:
    points = _object(content["points"], name="points")
    names = ("recipe", "n_train", "test_accuracy", "std", "elapsed_s")
    columns = [_list(points[name], name=name) for name in names]
    return Digest(
        **_common(content),
        n_test=_count(content["n_test"], name="n_test"),
        seeds=_count(content["seeds"], name="seeds"),
        done=_count(content["done"], name="done") if "done" in content else None,
        planned=_count(content["planned"], name="planned") if "planned" in content else None,
        failures=tuple(_text(one, name="a failure") for one in _list(content["failures"], name="failures")),
        rows=tuple(
            RunRow(
                recipe=_text(recipe, name="recipe"),
                title=_text(recipe, name="recipe"),
                images=_count(images, name="n_train"),
                accuracy=number(accuracy, name="test_accuracy", low=0, high=1),
                std=number(std, name="std", low=0),
                time_s=number(time_s, name="elapsed_s", low=0),
            )
            for recipe, images, accuracy, std, time_s in zip(*columns, strict=True)
        ),
    )


def _told(content: Content) -> Digest:
    return Digest(**_common(content))


# By the names of their files: those of compare and fit, learn, sweep, and wire.
READERS = {"leaderboard.json": _compared, "learning.json": _learned, "sweep.json": _told, "wirings.json": _told}


def _common(content: Content) -> dict[str, Any]:
    environment = _object(content["environment"], name="environment")
    if len(environment) > MOST_FACTS:
        raise DataError(f"environment has {len(environment):,} entries; expected at most {MOST_FACTS}")
    return {
        "source": _text(content["source"], name="source"),
        "verdict": _text(content["verdict"], name="verdict"),
        "environment": {
            _text(key, name="environment"): _text(value, name="environment") for key, value in environment.items()
        },
    }


def _text(value: object, *, name: str) -> str:
    if not isinstance(value, str):
        raise DataError(f"{name} is {value!r:.40}; expected a text")
    return printable(value[:LONGEST_TEXT])


def _count(value: object, *, name: str) -> int:
    return integer(value, name=name, low=0, high=MOST_COUNTED)


def _list(value: object, *, name: str) -> list[Any]:
    if not isinstance(value, list) or len(value) > MOST_ROWS:
        raise DataError(f"{name} is {value!r:.40}; expected a list of at most {MOST_ROWS} entries")
    return value


def _object(value: object, *, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f"{name} is {value!r:.40}; expected an object")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"it holds {constant}, which is no number")
