"""`foldline predict`: classes for new images."""

import click


@click.command(
    "predict",
    epilog="\b\nExamples:\n  foldline predict run/model.safetensors new/\n"
    "  foldline predict run/model.safetensors 'new/*.png' --format jsonl --out classes.jsonl",
)
@click.argument("model", type=click.Path())
@click.argument("paths", nargs=-1, required=True, metavar="PATHS...")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False), help="Write there instead of to standard output.")
@click.option("--strict", is_flag=True, help="End with an error if any file cannot be used, instead of listing it.")
def predict_command(model: str, paths: tuple[str, ...], form: str, out: str | None, strict: bool) -> None:
    """Classify images: files, folders (with all below) or glob patterns.

    Every row names its file, its class and how sure the model is (empty for an SVM, whose scores are no
    probabilities). Unreadable files are listed on standard error.
    """
    from foldline.cli.describe import print_problems
    from foldline.core.compiled import use_jax_cache
    from foldline.core.files import write_text
    from foldline.core.progress import showing_progress
    from foldline.estimators import predict_files

    use_jax_cache()
    with showing_progress():
        predictions = predict_files(model, paths, strict=strict)
    text = predictions.to_csv() if form == "csv" else predictions.to_jsonl()
    if out is None:
        click.echo(text, nl=False)
    else:
        write_text(out, text)
    print_problems(predictions.problems)
