"""Randomly wired nets beside a regular one of as many weights: how much does the wiring decide?"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
from sklearn.base import clone

from foldline.compare.environment import environment
from foldline.compare.recipes import pixels_alone
from foldline.compare.sweeping import Parts, Points, checked_points, outer_splits, row_of
from foldline.compare.wired import REGULAR, WiredNet, Wirings
from foldline.core.checks import choice, integer, is_list
from foldline.core.errors import DivergedError, SettingError
from foldline.core.progress import tracking
from foldline.estimators import MLPClassifier, RandomlyWiredClassifier, Trained, train_population
from foldline.estimators.image_rows import image_shape_of_rows
from foldline.estimators.randwire_classifier import MAX_WIDTH
from foldline.images import ImageSet
from foldline.models import RandWireOnImages, n_numbers, random_wiring
from foldline.models.mlp import regular_width
from foldline.models.wiring import GRAPHS

# Settings that both kinds of nets have, and share here.
SHARED = (
    *("dropout", "loss", "l1", "l2", "optimizer", "lr", "momentum", "nesterov", "schedule", "warmup"),
    *("label_smoothing", "clip_norm", "augment", "epochs", "batch_size", "sampling", "micro_batches", "precision"),
)


def wire(
    data: ImageSet | Points,
    *,
    model: RandomlyWiredClassifier | None = None,
    kinds: Sequence[str] = ("ws", "er", "ba"),
    graphs: int = 3,
    seeds: int = 3,
    features: Sequence[str] | None = None,
    seed: int = 0,
    watch: Callable[[Sequence[WiredNet]], None] | None = None,
) -> Wirings:
    """Train nets on several random graphs of each kind, and a regular net of as many weights, with several seeds.

    The regular net has two hidden layers of equal width, or two nodes in a row in each stage, and all other settings
    of `model`. Rows are split as in
    `sweep`: validation rows choose the epoch, test rows choose nothing. The seeds of a graph are one population.

    Args:
        data: images with labels, or (N, D) points and their (N,) labels.
        model: an unfitted RandomlyWiredClassifier; its graph, graph_seed, p, k and m are those of each kind in turn.
            None for the default.
        kinds: of graphs, of "ws", "er" and "ba".
        graphs: of each kind, with graph seeds 0, 1, ...
        seeds: trainings of each graph, and of the regular net.
        features: of images: names as in `fit`; None for HoG and, if there is any, colour, and for raw pixels where
            `model` has stages.
        seed: decides the split.
        watch: called with the nets so far, after each of them.
    Raises: SettingError for a setting outside its range; DataError if the data cannot be split; DivergedError if all
        trainings of a net diverge.
    Source: Xie, Kirillov, Girshick, He (2019), section 4, figure 3, for the spread over graphs of a kind.
    Example:
        >>> from sklearn.datasets import make_moons
        >>> model = RandomlyWiredClassifier(nodes=6, width=4, epochs=2)
        >>> found = wire(make_moons(60, random_state=0), model=model, kinds=["ws"], graphs=1, seeds=1)
        >>> [net.kind for net in found.nets]
        ['ws', 'layers']
    """
    model = RandomlyWiredClassifier() if model is None else model
    for name, value in (("graphs", graphs), ("seeds", seeds)):
        integer(value, name=name, low=1)
    integer(seed, name="seed", low=0, high=2**32 - 1)
    if not is_list(kinds) or not len(kinds):
        raise SettingError(f"kinds is {kinds!r}; expected a list of graphs. Write for example ['ws', 'er', 'ba'].")
    for kind in kinds:
        choice(kind, tuple(GRAPHS), name="a kind")
    plain_model = clone(model).set_params(p=None, k=None, m=None)
    wired = [
        clone(plain_model).set_params(graph=kind, graph_seed=graph_seed)
        for kind in dict.fromkeys(kinds)
        for graph_seed in range(graphs)
    ]
    for one in wired:
        one.wiring()  # wrong numbers of nodes are told before any training
    if not isinstance(data, ImageSet):
        data = checked_points(*data)
    elif model.stages is not None:
        features = pixels_alone(features, who="a RandomlyWiredClassifier with stages")
        image_shape = tuple(data.images.shape[1:])
        wired = [one.set_params(image_shape=image_shape) for one in wired]
    (parts,) = outer_splits(data, features, folds=1, seed=seed)
    nets: list[WiredNet] = []
    with tracking("wiring", len(wired) + 1) as advance:
        for one in [*wired, None]:
            nets.append(_trained(one or _regular(wired[0], nets[0].n_weights, parts), parts, seeds=seeds))
            advance(1, "")
            if watch is not None:
                watch(nets)
    source = data.source if isinstance(data, ImageSet) else f"{len(data[0]):,} points"
    return Wirings(nets=tuple(nets), source=source, environment=environment())


def _regular(model: RandomlyWiredClassifier, n_weights: int, parts: Parts) -> MLPClassifier | RandomlyWiredClassifier:
    X, y = parts.train
    if model.stages is not None:
        return _two_in_a_row(model, n_weights, n_stages=model.stages, n_out=len(set(y.tolist())), n_in=X.shape[1])
    width = regular_width(n_in=X.shape[1], n_out=len(set(y.tolist())), n_weights=n_weights)
    given = model.get_params(deep=False)
    return MLPClassifier(hidden=(width, width), **{name: given[name] for name in SHARED})


def _two_in_a_row(
    model: RandomlyWiredClassifier, n_weights: int, *, n_stages: int, n_out: int, n_in: int
) -> RandomlyWiredClassifier:
    """Give a net of two nodes in each stage, of the width with which it has about so many weights."""
    shape, wirings = image_shape_of_rows(model.image_shape, n_in=n_in), [random_wiring("chain", n=2)] * n_stages

    def count(width: int) -> int:
        make = partial(RandWireOnImages.random, image_shape=shape, n_out=n_out, width=width, wirings=wirings)
        return n_numbers(jax.eval_shape(make, key=jax.random.key(0)))

    above = bisect_left(range(1, MAX_WIDTH), n_weights, key=count) + 1  # the first with as many
    width = min(max(above - 1, 1), above, key=lambda one: abs(count(one) - n_weights))
    regular: RandomlyWiredClassifier = clone(model)
    regular.set_params(graph="chain", nodes=2, width=width, p=None, k=None, m=None, graph_seed=0)
    return regular


def _trained(model: RandomlyWiredClassifier | MLPClassifier, parts: Parts, *, seeds: int) -> WiredNet:
    trained: list[Trained] = train_population(model, *parts.train, seeds=range(seeds), validation=parts.val)
    sound = [one for one in trained if one.diverged_at is None]
    if not sound:
        raise DivergedError(
            f"all trainings of {model!r} diverged; expected one at least that does not. Give a smaller learning rate "
            "(lr), or scale the data."
        )
    first: Any = sound[0].classifier
    is_wired = isinstance(model, RandomlyWiredClassifier) and model.graph != "chain"
    return WiredNet(
        kind=model.graph if is_wired else REGULAR,
        graph_seed=model.graph_seed if is_wired else 0,
        wiring=model.wiring() if is_wired else None,
        n_weights=n_numbers(first.model_),
        rows=tuple(row_of(one, fold=0, parts=parts) for one in trained),
        first=first,
    )
