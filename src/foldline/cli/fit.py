"""`foldline fit`: train one model and keep it."""

from typing import Literal

import click

from foldline.cli.options import loading_options, widths_option, words_option


@click.command(
    "fit",
    epilog="\b\nExamples:\n  foldline fit photos/ --out run\n"
    "  foldline fit photos.zip --features hog,color --hidden 256,128 --dropout 0.3 --out run\n"
    "  foldline fit digits --features raw --loss svm --l2 0.01 --epochs 50 --out run\n"
    "  foldline fit photos/ --features words --solver lbfgs --l2 3e-4 --epochs 200 --out run",
)
@click.argument("data")
@click.option(
    "--features",
    type=words_option,
    help="Of raw, color, hog, words, words-large, fisher. Default: hog,color; grey: hog.",
)
@click.option("--hidden", type=widths_option, default=None, help="Widths of hidden layers; none: a linear classifier.")
@click.option("--activation", help="Of the hidden layers. Default: relu.")
@click.option("--dropout", type=float, help="Share of hidden units switched off in training.")
@click.option("--loss", type=click.Choice(["softmax", "svm"]), default="softmax", show_default=True)
@click.option(
    "--solver",
    type=click.Choice(["auto", "sgd", "lbfgs"]),
    default=None,
    help="Of a linear classifier: sgd, mini-batches; lbfgs, to the optimum; auto, by the data. Default: sgd.",
)
@click.option("--l1", type=float, default=0.0, show_default=True, help="Price on absolute weights.")
@click.option("--l2", type=float, default=1e-4, show_default=True, help="Price on squared weights.")
@click.option("--optimizer", type=click.Choice(["sgd", "adamw"]), default="sgd", show_default=True)
@click.option("--lr", type=float, default=None, help="Largest learning rate. Default: what the data allow.")
@click.option("--schedule", type=click.Choice(["constant", "step", "cosine"]), default="cosine", show_default=True)
@click.option("--epochs", type=int, default=30, show_default=True, help="Passes over the training images.")
@click.option("--batch", "batch_size", type=int, default=None, help="Rows a step. Default: grows with the data to 128.")
@click.option("--patience", type=int, default=None, help="Stop after so many epochs without a better one.")
@click.option("--balanced", is_flag=True, help="Weigh classes by the inverse of their frequencies.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--out", type=click.Path(file_okay=False), help="Folder of the run. Default: foldline-fit-NAME.")
@loading_options
def fit_command(
    data: str,
    features: tuple[str, ...] | None,
    hidden: tuple[int, ...] | None,
    patience: int | None,
    balanced: bool,
    seed: int,
    out: str | None,
    size: int | tuple[int, int] | None,
    image_fit: Literal["crop", "pad"],
    strict: bool,
    **settings: str | float | None,
) -> None:
    """Train one classifier on DATA and write the model, its history and its report."""
    from foldline.cli.describe import print_run
    from foldline.compare import fit
    from foldline.core.compiled import use_jax_cache
    from foldline.core.progress import showing_progress
    from foldline.estimators import make_classifier
    from foldline.images import load_images

    use_jax_cache()
    classifier = make_classifier(
        hidden=hidden or (),
        patience=patience,
        early_stopping=patience is not None,
        class_weight="balanced" if balanced else None,
        random_state=seed,
        **settings,
    )
    with showing_progress():
        images = load_images(data, size=size, fit=image_fit, strict=strict)
        run = fit(images, features=features, classifier=classifier, seed=seed)
    folder = out or f"foldline-fit-{run.board.name}"
    print_run(run, run.save(folder))
