"""Accuracy of bags of visual words and Fisher vectors on whole data sets, settings chosen on validation images.

usage: python benchmarks/codebook_accuracy.py [--fashion-mnist FOLDER] [--cifar10 FOLDER] [--caltech101 TAR]
           [--columns NAME ...] [--seeds 3]

Features are learned and computed once a seed, from all training images and, but for Caltech-101, their mirror images.
With the first seed's, each classifier learns from nine tenths of the training images (and their mirror images) and is
judged on the last tenth; the best is then trained on all, once a seed, and asked about the test images. Of Caltech-101
15 images a class are for training and 10 for testing, another draw each seed, at 256x256 pixels.
Adds its rows to benchmarks/results/codebook_accuracy.json and prints them. Up to 16 GB of memory; minutes a column and
seed.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from common import RESULTS, print_table, write_result
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import train_test_split

import foldline as fl
from foldline.core.compiled import use_jax_cache
from foldline.training import solve_least_squares

Build = Callable[[int], list[BaseEstimator]]

RIDGE = [fl.RidgeClassifier(l2=l2) for l2 in (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1)]
# Where features are many times the rows.
RIDGE_FEW = [fl.RidgeClassifier(l2=l2) for l2 in (3e-2, 0.1, 0.3, 1.0, 3.0, 10.0)]
NETS = [
    fl.MLPClassifier(hidden=(512,), lr=0.02, dropout=dropout, l2=1e-3, epochs=20, random_state=0)
    for dropout in (0.4, 0.6)
]
SMALL_SIFT = {"step_px": 2, "bin_px": (2, 3, 4)}


@dataclass(frozen=True)
class Column:
    """One cell of the table."""

    data: str
    name: str
    goal: float
    build: Build
    classifiers: list[BaseEstimator]


def words(n_words: int, **settings: object) -> Build:
    return lambda seed: [
        fl.VisualWords(n_words=n_words, descriptor=fl.Patches(random_state=seed), random_state=seed, **settings)
    ]


def fisher(descriptor: BaseEstimator, **settings: object) -> Build:
    return lambda seed: [fl.FisherVector(descriptor=clone(descriptor), random_state=seed, **settings)]


def sift_words(seed: int) -> list[BaseEstimator]:
    sift = fl.DenseSIFT(step_px=6, bin_px=(4, 6, 8))
    settings = {"encoding": "llc", "pooling": "max", "levels": (1, 2, 4)}
    return [fl.VisualWords(n_words=1024, descriptor=sift, random_state=seed, **settings)]


def words_of_both(n_patches: int, n_sift: int) -> Build:
    """Give words of colour patches beside words of gradients."""
    sift = fl.DenseSIFT(**SMALL_SIFT)
    return lambda seed: [
        *words(n_patches, levels=(3,))(seed),
        fl.VisualWords(n_words=n_sift, descriptor=sift, levels=(3,), random_state=seed),
    ]


def fisher_of_both(*, n_gaussians: int, n_principal: int) -> Build:
    settings = {"n_gaussians": n_gaussians, "n_principal": n_principal, "levels": (3,)}
    return lambda seed: [
        fl.FisherVector(descriptor=descriptor, random_state=seed, **settings)
        for descriptor in (fl.Patches(random_state=seed), fl.DenseSIFT(**SMALL_SIFT))
    ]


def everything(seed: int) -> list[BaseEstimator]:
    return [
        *words_of_both(400, 400)(seed),
        fl.HOG.for_images((32, 32, 3)),
        fl.ColorHistogram.for_images((32, 32, 3)),
    ]


COLUMNS = [
    Column("Fashion-MNIST", "words-1600", 92.0, words(1600, levels=(3,)), RIDGE),
    Column("Fashion-MNIST", "words-best", 93.0, words_of_both(800, 800), RIDGE),
    Column("Fashion-MNIST", "fisher", 92.0, fisher_of_both(n_gaussians=16, n_principal=20), RIDGE),
    Column("CIFAR-10", "words-1600", 78.0, words(1600, levels=(3,)), RIDGE),
    Column("CIFAR-10", "words-best", 85.0, words_of_both(1200, 600), RIDGE),
    Column("CIFAR-10", "fisher", 75.0, fisher_of_both(n_gaussians=16, n_principal=32), RIDGE),
    Column("CIFAR-10", "mlp", 87.0, everything, NETS),
    Column("Caltech-101", "words-best", 60.0, sift_words, RIDGE_FEW),
    Column(
        "Caltech-101",
        "fisher",
        65.0,
        fisher(fl.DenseSIFT(step_px=4, bin_px=(4, 6, 8)), n_gaussians=64, levels=(1, 2, (3, 1))),
        RIDGE_FEW,
    ),
]


def parts(data: str, images: fl.ImageSet, seed: int) -> tuple[fl.ImageSet, fl.ImageSet]:
    """Give training and test images."""
    if data != "Caltech-101":
        return images.split()
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(np.flatnonzero(images.labels == c)) for c in range(len(images.class_names))]
    return tuple(images.subset(np.concatenate([rows[some] for rows in drawn])) for some in (slice(15), slice(15, 25)))


def measured(column: Column, images: fl.ImageSet, seeds: int) -> dict[str, object]:
    accuracies, seconds, chosen, val_accuracy = [], [], None, 0.0
    for seed in range(seeds):
        train, test = parts(column.data, images, seed)
        pixels, labels = train.images, train.labels
        if column.data != "Caltech-101":
            pixels, labels = np.concatenate([pixels, pixels[:, :, ::-1]]), np.concatenate([labels, labels])
        started = time.perf_counter()
        # One feature after the other: all of them beside their joined copy would not fit into 24 GB.
        parts_ = [fl.Concat(features=[feature]) for feature in column.build(seed)]
        lengths = [part.length(pixels.shape[1:]) for part in parts_]
        X, X_test = (np.empty((len(some), sum(lengths)), np.float32) for some in (pixels, test.images))
        for part, start, length in zip(parts_, np.cumsum([0, *lengths]), lengths, strict=False):
            X[:, start : start + length] = part.fit_transform(pixels)
            X_test[:, start : start + length] = part.transform(test.images)
        extract_s = time.perf_counter() - started
        print(f"    seed {seed}: {X.shape[1]:,} numbers, {extract_s:.0f} s", flush=True)
        if chosen is None:
            chosen, val_accuracy = best_on_validation(column.classifiers, X, labels, n=len(train))
        started = time.perf_counter()
        model = clone(chosen)
        if "random_state" in model.get_params():
            model.set_params(random_state=seed)
        model.fit(X, labels)
        accuracies.append(100 * float(model.score(X_test, test.labels)))
        seconds.append(time.perf_counter() - started)
        print(f"    seed {seed}: {accuracies[-1]:.2f} % on test images, {seconds[-1]:.0f} s", flush=True)
        del X, X_test
    return {
        "data": column.data,
        "column": column.name,
        "mean": float(np.mean(accuracies)),
        "std": float(np.std(accuracies, ddof=1)) if seeds > 1 else 0.0,
        "goal": column.goal,
        "validation": 100 * float(val_accuracy),
        "seeds": seeds,
        "extract_s": extract_s,
        "train_s": float(np.median(seconds)),
        "settings": " ".join(repr(chosen).split()),
        "features": ", ".join(" ".join(repr(feature).split()) for feature in column.build(0)),
    }


def best_on_validation(
    classifiers: list[BaseEstimator], X: np.ndarray, labels: np.ndarray, *, n: int
) -> tuple[BaseEstimator, float]:
    """Judge each on a tenth of the n training images, of which mirror images, if any, follow in X."""
    fit, val = train_test_split(np.arange(n), test_size=0.1, stratify=labels[:n], random_state=0)
    fit = np.concatenate([fit + start for start in range(0, len(X), n)])
    if all(isinstance(classifier, fl.RidgeClassifier) for classifier in classifiers):
        accuracies = ridge_accuracies([c.l2 for c in classifiers], X, labels, fit=fit, val=val)
    else:
        accuracies = [clone(c).fit(X[fit], labels[fit]).score(X[val], labels[val]) for c in classifiers]
    for classifier, accuracy in zip(classifiers, accuracies, strict=True):
        print(f"    {accuracy:.4f} on validation images: {' '.join(repr(classifier).split())}", flush=True)
    return classifiers[int(np.argmax(accuracies))], max(accuracies)


def ridge_accuracies(
    l2: list[float], X: np.ndarray, labels: np.ndarray, *, fit: np.ndarray, val: np.ndarray
) -> list[float]:
    """Judge RidgeClassifiers, for which the sums over rows are made once."""
    targets = np.where(labels[:, None] == np.arange(labels.max() + 1), 1.0, -1.0)
    weights = np.zeros(len(X))
    weights[fit] = 1.0  # instead of a copy of these rows
    solutions = solve_least_squares(X, targets, weights, l2=l2)
    return [float(np.mean(np.argmax(X[val] @ W.T + b, axis=1) == labels[val])) for W, b in solutions]


def earlier_rows() -> Iterator[dict[str, object]]:
    file = RESULTS / "codebook_accuracy.json"
    if file.exists():
        yield from json.loads(file.read_text())["rows"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fashion-mnist", dest="Fashion-MNIST", metavar="FOLDER")
    parser.add_argument("--cifar10", dest="CIFAR-10", metavar="FOLDER")
    parser.add_argument("--caltech101", dest="Caltech-101", metavar="TAR")
    parser.add_argument("--columns", nargs="*", help=f"of {', '.join(dict.fromkeys(c.name for c in COLUMNS))}")
    parser.add_argument("--seeds", type=int, default=3)
    chosen = vars(parser.parse_args())
    use_jax_cache()
    for column in COLUMNS:
        source = chosen[column.data]
        if source is None or (chosen["columns"] and column.name not in chosen["columns"]):
            continue
        print(f"{column.data}, {column.name}", flush=True)
        images = fl.load_images(source, size=256 if column.data == "Caltech-101" else None)
        row = measured(column, images, chosen["seeds"])
        place = (row["data"], row["column"])
        rows = [*(old for old in earlier_rows() if (old["data"], old["column"]) != place), row]
        print_table([{k: row[k] for k in ("data", "column", "mean", "std", "goal", "extract_s", "train_s")}])
        write_result("codebook_accuracy", {"rows": rows})


if __name__ == "__main__":
    main()
