"""What the commands print: tables for people, on standard output; what went wrong, on standard error."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from foldline.compare.wording import choice_of_settings, file_size, microseconds, percent, seconds
from foldline.core.text import printable

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from foldline.compare import Leaderboard, Run
    from foldline.compare.landscapes import Landscape
    from foldline.images import ImageSet, Problem
    from foldline.insight import Folds
    from foldline.models.net import Layer

# A terminal is as wide as it is; a file or a pipe gets enough for every column.
PIPE_WIDTH = 140
PROBLEMS_SHOWN = 5
# In a narrow terminal; all of it stands in the report.
LEFT_OUT_FIRST = ("balanced", "extract", "train", "± seeds")


def print_leaderboard(board: "Leaderboard", written: Sequence[Path]) -> None:
    """Print the table of a comparison, its verdict, and where the files are."""
    console, table = _console(), _leaderboard_table(board)
    for n_left_out in range(1, len(LEFT_OUT_FIRST) + 1):
        if _width(table) <= console.width:
            break
        table = _leaderboard_table(board, without=LEFT_OUT_FIRST[:n_left_out])
    # What is wider still is for the terminal to break: a number cut short would be another number.
    Console(width=max(console.width, _width(table))).print(table)
    for failure in board.failures:
        console.print(f"[red]{escape(failure.recipe)} failed:[/] {escape(failure.reason)}")
    for note in board.notes:
        console.print(escape(note), style="dim")
    for row in board.rows:
        if row.tuning is not None:
            console.print(f"{escape(row.recipe)}: {escape(choice_of_settings(row.tuning))}", style="dim")
    console.print(f"\n{escape(board.verdict.text)}\n", highlight=False)
    print_problems(board.data.problems)
    console.print(f"{seconds(board.elapsed_s)} in all. Wrote {_files(written)}", highlight=False, soft_wrap=True)


def _leaderboard_table(board: "Leaderboard", *, without: Sequence[str] = ()) -> Table:
    ship, rows = board.verdict.ship, board.rows
    columns = {
        "test accuracy": [percent(row.test_accuracy.mean) for row in rows],
        "95 % interval": [f"{percent(row.test_accuracy.low)} - {percent(row.test_accuracy.high)}" for row in rows],
        "± seeds": [f"{100 * row.test_accuracy.std:.2f}" if row.n_seeds > 1 else "" for row in rows],
        "balanced": [percent(row.balanced_accuracy) for row in rows],
        "extract": [seconds(row.extract_s) for row in rows],
        "train": [seconds(row.train_s) for row in rows],
        "predict": [microseconds(row.predict_us) for row in rows],
        "model": [file_size(row.model_bytes) for row in rows],
    }
    shown = {name: column for name, column in columns.items() if name not in without}
    table = _table(("recipe", "left"), *((name, "right") for name in shown))
    for i, row in enumerate(rows):
        style = "bold" if row is board.best else "" if row.recipe in board.verdict.tied else "dim"
        name = f"{escape(row.recipe)}{' <- ship' if row.recipe == ship else ''}"
        table.add_row(name, *(column[i] for column in shown.values()), style=style)
    return table


def print_run(run: "Run", written: Sequence[Path]) -> None:
    """Print how good one fitted model is, and where its files are."""
    row, console = run.board.best, _console()
    accuracy = row.test_accuracy
    console.print(f"[bold]{escape(row.title)}[/] on {row.n_features:,} features", highlight=False)
    idle_share = 0.0 if row.history is None else row.history.idle_share
    for name, value in (
        ("test accuracy", f"{percent(accuracy.mean)} (95 %: {percent(accuracy.low)} - {percent(accuracy.high)})"),
        ("balanced", percent(row.balanced_accuracy)),
        ("trained in", f"{seconds(row.train_s)}, features in {seconds(row.extract_s)}"),
        *([("waited", f"{percent(idle_share)} of the training, for rows of the file")] if idle_share else []),
        ("a prediction", f"{microseconds(row.predict_us)} from pixels to class"),
        ("model", file_size(row.model_bytes)),
    ):
        console.print(f"  {name:14s} {value}", highlight=False)
    print_problems(run.board.data.problems)
    console.print(f"Wrote {_files(written)}", highlight=False, soft_wrap=True)


def print_landscape(landscape: "Landscape") -> None:
    """Print what a loss landscape says: convex or not and why, local minima, values, curvature."""
    found = landscape.found
    click.echo(f"convexity  {found.verdict}")
    if found.structure.is_convex:
        click.echo(f"samples    {found.convexity.text}")
    click.echo(f"minima     {len(found.minima)} local, inside what is drawn")
    values = f"{found.values.min():.6g} to {found.values.max():.6g} (± {found.rounding:.1g})"
    click.echo(f"objective  {values}, on {found.n_rows:,} of {landscape.n_train:,} training images")
    if landscape.curvature is not None:
        click.echo(f"curvature  {landscape.curvature.text}")


def print_model(model: "BaseEstimator", path: str) -> None:
    """Print what a saved model consists of."""
    from foldline.estimators import LayerFeature
    from foldline.models import n_numbers

    console = _console()
    console.print(f"[bold]{escape(Path(path).name)}[/] {file_size(Path(path).stat().st_size)}", highlight=False)
    shape = getattr(model, "image_shape_", None)
    if shape is not None:
        names = model.class_names_
        if len(shape) == 1:
            console.print(f"  rows       of {shape[0]} numbers", highlight=False)
        else:
            sides = f"{shape[0]} x {shape[1]} pixels, {'grey' if shape[-1] == 1 else 'RGB'}"
            console.print(f"  images     {sides} ({model.image_fit_})", highlight=False)
        console.print(f"  classes    {len(names)}: {escape(', '.join(names))}", highlight=False)
        for feature in getattr(model.features_, "features", [model.features_]):
            what = feature.describe() if isinstance(feature, LayerFeature) else repr(feature)
            console.print(f"  feature    {escape(what)}", highlight=False, soft_wrap=True)
        model = model.classifier_
    console.print(f"  classifier {escape(' '.join(repr(model).split()))}", highlight=False, soft_wrap=True)
    net = getattr(model, "model_", None)
    if net is None:
        return
    layers = getattr(net, "layers", net.learned)  # with those that stay as they are
    n_learned = n_numbers(net)
    graphs = [one.wiring for one in getattr(net, "stages", [net]) if hasattr(one, "wiring")]
    for graph in graphs:
        told = f"{graph.n_nodes} nodes, {len(graph.edges)} edges, {graph.depth} deep"
        console.print(f"  graph      {told}", highlight=False)
    if graphs:
        console.print(f"  net        {n_learned:,} numbers", highlight=False)
        return
    widths = " -> ".join([str(model.n_features_in_), *map(_width_of_layer, layers)])
    console.print(f"  layers     {widths}, {n_learned:,} numbers", highlight=False, soft_wrap=True)


def _width_of_layer(layer: "Layer") -> str:
    n_units, *template = layer.W.shape
    return f"{n_units} of {template[0]} x {template[1]}" if len(template) > 1 else str(n_units)


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
    print_problems([*images.problems, *duplicates], most=None)


def print_folds(folds: "Folds", class_names: Sequence[str]) -> None:
    """Print what exact folds count and measure."""
    left, right, bottom, top = folds.plane.window
    whole = (right - left) * (top - bottom)
    n_bent = int((folds.fold_lengths > 0).sum())
    click.echo(f"regions    {folds.n_regions:,}")
    click.echo(
        f"folds      {n_bent:,} of {folds.n_units:,} units fold here, {folds.fold_lengths.sum():.4g} long in all"
    )
    click.echo(f"boundary   {folds.boundary.length:.4g} long, {len(folds.boundary.segments):,} straight pieces")
    for k in np.argsort(-folds.class_areas, kind="stable"):
        if folds.class_areas[k] > 0:
            click.echo(f"  {100 * folds.class_areas[k] / whole:5.1f} %  {printable(class_names[k])}")


def print_problems(problems: "Sequence[Problem]", *, most: int | None = PROBLEMS_SHOWN) -> None:
    """Print, on standard error, how many problems of each kind there are, and at most so many of each; None: all."""
    for kind, count in Counter(problem.kind for problem in problems).items():
        click.echo(f"{kind}: {count}", err=True)
        of_kind = [problem for problem in problems if problem.kind == kind]
        for problem in of_kind[:most]:
            click.echo(f"  {problem.where}: {problem.what}", err=True)
        if most is not None and count > most:
            click.echo(f"  and {count - most} more", err=True)


def _files(written: Sequence[Path]) -> str:
    return escape(", ".join(map(str, written)))


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=PIPE_WIDTH)


def _width(table: Table) -> int:
    console = Console(width=10_000)
    return console.measure(table).maximum


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in columns:
        table.add_column(name, justify="right" if justify == "right" else "left", no_wrap=True)
    return table
