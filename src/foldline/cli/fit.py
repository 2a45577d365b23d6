"""`foldline fit`: train one model and keep it."""

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import click

from foldline.cli.options import features_option, loading_options, net_options

if TYPE_CHECKING:
    from foldline.estimators import LayerFeature


@click.command(
    "fit",
    epilog="\b\nExamples:\n  foldline fit photos/ --out run\n"
    "  foldline fit photos.zip --features hog,color --hidden 256,128 --dropout 0.3 --out run\n"
    "  foldline fit digits --features raw --loss svm --l2 0.01 --epochs 50 --out run\n"
    "  foldline fit photos/ --features words --solver lbfgs --l2 3e-4 --epochs 200 --out run\n"
    "  foldline fit photos/ --features words-large --loss squares --l2 0.01 --out run\n"
    "  foldline fit photos/ --features fisher --compress --out run\n"
    "  foldline fit photos/ --features raw --hidden 512 --flip --shift 2 --schedule one_cycle --out run\n"
    "  foldline fit photos/ --features raw --hidden 500 --stem --dropout 0.5 --lr 0.05 --out run\n"
    "  foldline fit photos/ --wiring ws --nodes 32 --node-width 64 --dropout 0.3 --out run\n"
    "  foldline fit photos/ --wiring ws --stages 3 --nodes 12 --node-width 24 --size 32 --flip --out run\n"
    "  foldline fit photos/ --alexnet small --size 32 --flip --shift 4 --out run\n"
    "  foldline fit birds/ --layer-of run/model.safetensors --out run2\n"
    "  foldline fit --resume run",
)
@click.argument("data", required=False)
@features_option
@click.option(
    "--layer-of",
    type=click.Path(),
    metavar="MODEL",
    help="Learn on what a hidden layer of that saved model gives, instead of --features or beside them. Images are "
    "brought to the model's size and colours.",
)
@click.option("--layer", type=int, default=None, help="Which: 0 the first hidden layer, -2 the last. Default: -2.")
@net_options
@click.option(
    "--alexnet",
    type=click.Choice(["small", "paper"]),
    default=None,
    help="A convolutional net on raw pixels: small, for images of 12 to 64 pixels a side; paper, for 227.",
)
@click.option(
    "--wiring",
    type=click.Choice(["ws", "er", "ba"]),
    default=None,
    help="A net wired as a random graph instead of layers: Watts-Strogatz, Erdos-Renyi or Barabasi-Albert.",
)
@click.option("--nodes", type=int, default=None, help="Of the graph. Default: 32.")
@click.option("--node-width", "width", type=int, default=None, help="Units of each node. Default: 64.")
@click.option(
    "--stages",
    type=int,
    default=None,
    help="Graphs one after the other, on raw pixels, whose nodes are convolutions. Default: one on features.",
)
@click.option("--graph-seed", type=int, default=None, help="Decides the graph. Default: 0.")
@click.option(
    "--loss",
    type=click.Choice(["softmax", "svm", "squares"]),
    default=None,
    help="squares: a linear classifier by least squares (ridge), solved exactly; of the options below it takes --l2. "
    "Default: softmax.",
)
@click.option(
    "--solver",
    type=click.Choice(["auto", "sgd", "lbfgs"]),
    default=None,
    help="Of a linear classifier: sgd, mini-batches; lbfgs, to the optimum; auto, by the data. Default: sgd.",
)
@click.option("--l1", type=float, default=None, help="Price on absolute weights. Default: 0.")
@click.option("--l2", type=float, default=None, help="Price on squared weights. Default: 0.0001; squares: 0.01.")
@click.option("--optimizer", type=click.Choice(["sgd", "adamw"]), default=None, help="Default: sgd.")
@click.option("--lr", type=float, default=None, help="Largest learning rate. Default: what the data allow.")
@click.option(
    "--schedule",
    type=click.Choice(["constant", "step", "cosine", "one_cycle"]),
    default=None,
    help="Of the learning rate over the run. Default: cosine.",
)
@click.option("--warmup", type=float, default=None, help="Share of the run over which the rate first rises.")
@click.option(
    "--label-smoothing", type=float, default=None, help="Share of the target probability that all classes are given."
)
@click.option("--clip-norm", type=float, default=None, help="Largest norm of a gradient; longer ones are shortened.")
@click.option("--micro-batches", type=int, default=None, help="Parts of a batch computed in turn, for less memory.")
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16", "auto"]),
    default=None,
    help="Of the steps of a net; auto: bfloat16 on a GPU or TPU. Default: float32.",
)
@click.option("--epochs", type=int, default=None, help="Passes over the training images. Default: 30.")
@click.option("--batch", "batch_size", type=int, default=None, help="Rows a step. Default: grows with the data to 128.")
@click.option(
    "--flip", is_flag=True, help="Mirror half of the images in each step; as the next three, raw pixels only."
)
@click.option("--shift", "shift_px", type=int, default=0, metavar="PX", help="Move images by up to so many pixels.")
@click.option("--zoom", type=float, default=0.0, metavar="SHARE", help="Cut off up to this share of the sides.")
@click.option("--cutout", "cutout_px", type=int, default=0, metavar="PX", help="Cover a square of this side.")
@click.option(
    "--average-views", is_flag=True, default=None, help="Predict by the mean of mirrored and moved views of an image."
)
@click.option(
    "--stem", "has_stem", is_flag=True, help="Let the net start with a bank of patches, for raw pixels; with --hidden."
)
@click.option("--patience", type=int, default=None, help="Stop after so many epochs without a better one.")
@click.option("--balanced", is_flag=True, help="Weigh classes by the inverse of their frequencies.")
@click.option(
    "--sampling",
    type=click.Choice(["shuffled", "balanced"]),
    default=None,
    help="Rows of an epoch: all of them; or as many, every class as often as any other. Default: shuffled.",
)
@click.option(
    "--compress", is_flag=True, help="Keep training vectors as a byte for every 8 numbers: many images, long vectors."
)
@click.option(
    "--tensorboard",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Write the numbers of every epoch there, for TensorBoard. Needs foldline[tensorboard].",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--out", type=click.Path(file_okay=False), help="Folder of the run. Default: foldline-fit-NAME.")
@click.option(
    "--resume",
    type=click.Path(file_okay=False),
    metavar="RUN",
    help="Go on with a run that was stopped, whose folder this is; ends with the very weights of one that was not.",
)
@click.option("--checkpoint-every", type=float, default=60.0, show_default=True, help="Seconds between checkpoints.")
@loading_options
@click.pass_context
def fit_command(
    context: click.Context,
    /,
    data: str | None,
    features: tuple[str, ...] | None,
    layer_of: str | None,
    layer: int | None,
    hidden: tuple[int, ...] | None,
    wiring: str | None,
    alexnet: str | None,
    loss: str | None,
    flip: bool,
    shift_px: int,
    zoom: float,
    cutout_px: int,
    has_stem: bool,
    patience: int | None,
    balanced: bool,
    compress: bool,
    tensorboard: str | None,
    seed: int,
    out: str | None,
    resume: str | None,
    checkpoint_every: float,
    size: int | tuple[int, int] | None,
    image_fit: Literal["crop", "pad"],
    strict: bool,
    **settings: str | float | tuple[str, ...] | None,
) -> None:
    """Train one classifier on DATA and write the model, its history and its report."""
    from foldline.cli.describe import print_run
    from foldline.compare import fit
    from foldline.compare.resuming import check_free
    from foldline.compare.saved_models import images_for
    from foldline.core.compiled import use_jax_cache
    from foldline.core.progress import showing_progress
    from foldline.core.text import short_name
    from foldline.estimators import make_classifier
    from foldline.features import ProductQuantizer
    from foldline.images import load_images
    from foldline.models import Stem
    from foldline.training import Augment, TensorBoard

    use_jax_cache()
    if resume is not None:
        _resume(context, data, resume, checkpoint_s=checkpoint_every, tensorboard=tensorboard)
        return
    if data is None:
        raise click.UsageError("Missing argument 'DATA': a folder of images, or --resume RUN.")
    make = partial(
        make_classifier,
        hidden=hidden or (),
        wiring=wiring,
        alexnet=alexnet,
        loss=loss,
        patience=patience,
        early_stopping=None if patience is None else True,
        class_weight="balanced" if balanced else None,
        random_state=seed,
        **settings,
    )
    classifier = make()  # before images are loaded: wrong settings are told at once
    learned = _learned(context, layer_of, layer)
    compression = ProductQuantizer(random_state=seed) if compress else None
    callbacks = [] if tensorboard is None else [TensorBoard(tensorboard)]
    with showing_progress():
        if learned is None:
            images = load_images(data, size=size, fit=image_fit, strict=strict)
        else:
            images = images_for(learned.pipeline, data, strict=strict)
        shape = images.images.shape[1:]
        of_pixels: dict[str, Any] = {}
        if flip or shift_px or zoom or cutout_px:
            of_pixels["augment"] = Augment(shape, flip=flip, shift_px=shift_px, zoom=zoom, cutout_px=cutout_px)
        if alexnet is not None or settings["stages"] is not None:
            of_pixels["image_shape"] = shape
        if has_stem:
            of_pixels["stem"] = Stem.for_images(shape)
        if of_pixels:
            classifier = make(**of_pixels)
        folder = out or f"foldline-fit-{short_name(images.source)}"
        check_free(folder)
        run = fit(
            images,
            features=features,
            layer=learned,
            classifier=classifier,
            compression=compression,
            callbacks=callbacks,
            seed=seed,
            folder=folder,
            checkpoint_s=checkpoint_every,
        )
    print_run(run, run.save(folder))


def _learned(context: click.Context, model: str | None, layer: int | None) -> "LayerFeature | None":
    from foldline.compare.saved_models import layer_of

    if model is None:
        if layer is not None:
            raise click.UsageError(f"--layer is {layer} and there is no model; expected --layer-of MODEL with it.")
        return None
    given = [f"--{name}" for name, param in (("size", "size"), ("fit", "image_fit")) if _is_given(context, param)]
    if given:
        raise click.UsageError(
            f"{', '.join(given)} and --layer-of do not go together: images are loaded as that model takes them. Leave "
            "it out."
        )
    return layer_of(model, -2 if layer is None else layer)


def _is_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def _resume(
    context: click.Context, data: str | None, folder: str, *, checkpoint_s: float, tensorboard: str | None
) -> None:
    from foldline.cli.describe import print_run
    from foldline.compare import fit
    from foldline.compare.resuming import UnfinishedRun
    from foldline.core.progress import showing_progress
    from foldline.training import TensorBoard

    given = [
        f"--{name.replace('_', '-')}"
        for name in context.params
        if name not in ("data", "resume", "checkpoint_every", "tensorboard") and _is_given(context, name)
    ]
    if given:
        raise click.UsageError(
            f"{', '.join(given)} and --resume do not go together: the run's own settings are taken. Leave it out."
        )
    stopped = UnfinishedRun.read(folder)
    with showing_progress():
        run = fit(
            stopped.load_images(data),
            features=stopped.features,
            layer=stopped.layer,
            classifier=stopped.classifier,
            compression=stopped.compression,
            callbacks=[] if tensorboard is None else [TensorBoard(tensorboard)],
            seed=stopped.seed,
            folder=folder,
            checkpoint_s=checkpoint_s,
        )
    print_run(run, run.save(folder))
