"""What the commands print: tables for people, on standard output; what went wrong, on standard error."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from foldline.compare.wording import file_size, microseconds, percent, seconds

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from foldline.compare import Leaderboard, Run
    from foldline.images import ImageSet, Problem

# A terminal is as wide as it is; a file or a pipe gets enough for every column.
PIPE_WIDTH = 140
PROBLEMS_SHOWN = 5


def print_leaderboard(board: "Leaderboard", folder: str | os.PathLike[str]) -> None:
    """Print the table of a comparison, its verdict, and where the files are."""
    table = _table(
        ("recipe", "left"),
        ("test accuracy", "right"),
        ("95 % interval", "right"),
        ("± seeds", "right"),
        ("balanced", "right"),
        ("extract", "right"),
        ("train", "right"),
        ("predict", "right"),
        ("model", "right"),
    )
    tied, ship = set(board.verdict.tied), board.verdict.ship
    for row in board.rows:
        accuracy = row.test_accuracy
        style = "bold" if row.recipe == board.best.recipe else "" if row.recipe in tied else "dim"
        table.add_row(
            f"{escape(row.recipe)}{' ← ship' if row.recipe == ship else ''}",
            percent(accuracy.mean),
            f"{percent(accuracy.low)} - {percent(accuracy.high)}",
            f"{100 * accuracy.std:.2f}" if row.n_seeds > 1 else "",
            percent(row.balanced_accuracy),
            seconds(row.extract_s),
            seconds(row.train_s),
            microseconds(row.predict_us),
            file_size(row.model_bytes),
            style=style,
        )
    console = _console()
    console.print(table)
    for failure in board.failures:
        console.print(f"[red]{escape(failure.recipe)} failed:[/] {escape(failure.reason)}")
    for note in board.notes:
        console.print(escape(note), style="dim")
    console.print(f"\n{escape(board.verdict.text)}\n", highlight=False)
    print_problems(board.data.problems)
    console.print(f"{seconds(board.elapsed_s)} in all. Wrote {_files(folder)}", highlight=False, soft_wrap=True)


def print_run(run: "Run", folder: str | os.PathLike[str]) -> None:
    """Print how good one fitted model is, and where its files are."""
    row, console = run.board.best, _console()
    accuracy = row.test_accuracy
    console.print(f"[bold]{escape(row.title)}[/] on {row.n_features:,} features", highlight=False)
    for name, value in (
        ("test accuracy", f"{percent(accuracy.mean)} (95 %: {percent(accuracy.low)} - {percent(accuracy.high)})"),
        ("balanced", percent(row.balanced_accuracy)),
        ("trained in", f"{seconds(row.train_s)}, features in {seconds(row.extract_s)}"),
        ("a prediction", f"{microseconds(row.predict_us)} from pixels to class"),
        ("model", file_size(row.model_bytes)),
    ):
        console.print(f"  {name:14s} {value}", highlight=False)
    print_problems(run.board.data.problems)
    console.print(f"Wrote {_files(folder)}", highlight=False, soft_wrap=True)


def print_model(model: "BaseEstimator", path: str) -> None:
    """Print what a saved model consists of."""
    console = _console()
    console.print(f"[bold]{escape(Path(path).name)}[/] {file_size(Path(path).stat().st_size)}", highlight=False)
    shape = getattr(model, "image_shape_", None)
    if shape is not None:
        names = model.class_names_
        sides = f"{shape[0]} x {shape[1]} pixels, {'grey' if shape[-1] == 1 else 'RGB'}"
        console.print(f"  images     {sides} ({model.image_fit_})", highlight=False)
        console.print(f"  classes    {len(names)}: {escape(', '.join(names))}", highlight=False)
        for feature in getattr(model.features_, "features", [model.features_]):
            console.print(f"  feature    {escape(repr(feature))}", highlight=False)
        model = model.classifier_
    console.print(f"  classifier {escape(' '.join(repr(model).split()))}", highlight=False, soft_wrap=True)
    layers = getattr(getattr(model, "model_", None), "layers", ())
    if layers:
        widths = [layers[0].W.shape[1], *(layer.W.shape[0] for layer in layers)]
        n_numbers = sum(layer.W.size + layer.b.size for layer in layers)
        console.print(f"  layers     {' -> '.join(map(str, widths))}, {n_numbers:,} numbers", highlight=False)


def print_data(images: "ImageSet", duplicates: "Sequence[Problem]") -> None:
    """Print what a data set holds: classes by split, sizes, problems, copies."""
    console = _console()
    n, height, width, n_channels = images.images.shape
    color = "grey" if n_channels == 1 else "RGB"
    console.print(
        f"[bold]{escape(images.source)}[/]: {n:,} {color} images of {height} x {width} pixels ({images.fit}), "
        f"{len(images.class_names)} classes",
        highlight=False,
    )
    partition = np.asarray(images.partition if images.partition is not None else ["images"] * n)
    parts = [part for part in ("images", "train", "val", "test") if (partition == part).any()]
    table = _table(("class", "left"), *((part, "right") for part in parts))
    for label, name in enumerate(images.class_names):
        of_class = images.labels == label
        table.add_row(escape(name), *(f"{int((of_class & (partition == part)).sum()):,}" for part in parts))
    console.print(table)
    print_problems([*images.problems, *duplicates])


def print_problems(problems: "Sequence[Problem]") -> None:
    """Print, on standard error, how many problems of each kind there are and the first few."""
    for kind, count in Counter(problem.kind for problem in problems).items():
        click.echo(f"{kind}: {count}", err=True)
        of_kind = [problem for problem in problems if problem.kind == kind]
        for problem in of_kind[:PROBLEMS_SHOWN]:
            click.echo(f"  {problem.where}: {problem.what}", err=True)
        if count > PROBLEMS_SHOWN:
            click.echo(f"  and {count - PROBLEMS_SHOWN} more", err=True)


def _files(folder: str | os.PathLike[str]) -> str:
    return ", ".join(str(path) for path in sorted(Path(folder).iterdir()) if path.is_file())


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=PIPE_WIDTH)


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in columns:
        table.add_column(name, justify="right" if justify == "right" else "left", no_wrap=True)
    return table
